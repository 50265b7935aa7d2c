"""Every kind of figure as a function of results. `replicon.draw` chooses a kind by itself; here it
is named, and its details are set.

All take what `solve`, `simulate`, `find_transition` and `compare` return, as many as you like, also
by name, in a dictionary or a DataTree, whose keys then stand in the legend; theory is lines, dashed
where it is unstable, simulations are means with standard errors over samples. Symbols, words and
units at the axes are those of the declarations. `look`: `title`, `xlabel`, `ylabel`, `xlim`,
`ylim`, `xscale` and `yscale` (linear, log, symlog), `legend` (a place such as 'upper left', taken
if nothing is drawn there, or 'outside'), `at`, {control: value}, which values of listed controls
are shown; an unknown one, or one that a kind has not, is refused.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypedDict, Unpack

import xarray as xr
from matplotlib.figure import Figure

from replicon._declare import Interval
from replicon._domains import check_argument, show
from replicon._errors import InputError
from replicon.study.figure_kinds import FIGURES
from replicon.view.figure import drawn
from replicon.view.given import Given, checked, gather

Names = str | Sequence[str]


class Look(TypedDict, total=False):
    """What any figure may be told: texts, limits (low, high), scales, the legend's place, and the
    values at which listed controls are shown.
    """

    title: str
    xlabel: str
    ylabel: str
    xlim: Sequence[float]
    ylim: Sequence[float]
    xscale: str
    yscale: str
    legend: str
    at: dict[str, float | str]


def curves(*results: Any, x: str, y: Names, join: bool = False, **look: Unpack[Look]) -> Figure:
    """Observables against a control, a panel each: returns a matplotlib Figure.

    `x`: a control listed by all results, (values,), or 'size'; `y`: observables, in the units of
    their declarations. Whatever else is listed is a line each. Transitions that are one number, of
    the control x, are vertical lines. `join`: lines between points. Raises InputError.

    >>> import replicon
    >>> theory = replicon.solve("curie-weiss", temperature="0.5:1.5:30")
    >>> end = replicon.find_transition("curie-weiss", "critical")
    >>> figure = replicon.view.curves(theory, end, x="temperature", y="magnetization")

    **Source**: none, what is drawn is what was given. **Referee**: the numbers of the marks are
    those of the results (tests/view/test_pictures.py); means, errors and binomial intervals as in
    `replicon.summarize`.
    """
    return _figure("curves", gather(results), {"x": x, "y": _list(y), "join": join}, look)


def phase_diagram(
    *transitions: Any,
    x: str,
    y: str,
    regions: Sequence[tuple[str, float, float]] = (),
    dashed: Sequence[str] = (),
    **look: Unpack[Look],
) -> Figure:
    """Transitions as lines in the plane of two controls: returns a matplotlib Figure.

    `transitions`: what `find_transition` returns, each with one of the two controls listed,
    (values,), so that it gives the other. `regions`: (name, x, y), in the units of the controls;
    `dashed`: names of transitions (keys of a dictionary, or of the transition). Raises InputError.

    >>> import replicon
    >>> line = replicon.find_transition("hopfield", "spin-glass", load="0.01:0.2:8")
    >>> regions = [("paramagnet", 0.1, 1.45), ("spin glass", 0.15, 1.2)]
    >>> figure = replicon.view.phase_diagram(line, x="load", y="temperature", regions=regions)

    **Source**: none. **Referee**: the line of the Hopfield memory is 1 + sqrt(load)
    (tests/view/test_pictures.py).
    """
    given = gather(transitions)
    if not all(isinstance(one, Sequence) and len(one) == 3 for one in regions):
        raise InputError(f"regions = {show(regions)}: give (name, x, y) for each.")
    dashed = _list(dashed)
    unknown = [name for name in dashed if name not in given.labels.values()]
    if unknown:
        raise InputError(
            f"dashed has {show(unknown[0])}: the lines are {', '.join(given.labels.values())}."
        )
    places = [{"label": name, "x": across, "y": up} for name, across, up in regions]
    lines = [name for name, label in given.labels.items() if label in dashed]
    own = {"x": x, "y": y, "regions": places, "dashed": lines}
    return _figure("phase-diagram", given, own, look)


def heat_map(
    *results: Any,
    x: str,
    y: str,
    observables: Names,
    colours: str | None = None,
    **look: Unpack[Look],
) -> Figure:
    """Observables over the plane of two listed controls, in colours, a panel each: returns a
    matplotlib Figure.

    Values (values of x, values of y), in the units of their declarations, about zero where they
    have both signs; empty where they are not known. Transitions with one of the controls listed are
    lines upon them. `colours`: a map of matplotlib. Raises InputError.

    >>> import replicon
    >>> plane = replicon.solve("curie-weiss", temperature="0.5:1.5:12", field="0:0.5:10")
    >>> figure = replicon.view.heat_map(
    ...     plane, x="temperature", y="field", observables="magnetization"
    ... )

    **Source**: none. **Referee**: the cells hold the numbers of the results, however the controls
    are listed (tests/view/test_pictures.py).
    """
    own = {"x": x, "y": y, "observables": _list(observables), "colours": colours}
    return _figure("heat-map", gather(results), own, look)


def distribution(
    *results: Any, density: str, levels: str, weights: str, **look: Unpack[Look]
) -> Figure:
    """Probability densities of simulations, and their cumulatives beside the staircases of theory:
    returns a matplotlib Figure of two panels.

    `density`: a histogram (bins,) over [0, 1], of integral one; `levels` and `weights`, (steps,):
    the values that theory allows, rising, and their probabilities. Raises InputError.

    >>> import replicon
    >>> finite = replicon.simulate("sherrington-kirkpatrick", temperature=0.5, size=16, samples=4)
    >>> names = dict(density="overlap_density", levels="overlap_level", weights="overlap_weight")
    >>> figure = replicon.view.distribution(finite, **names)

    **Source**: none. **Referee**: the density is of integral one, the cumulative ends at one
    (tests/view/test_figure.py).
    """
    own = {"density": density, "levels": levels, "weights": weights}
    return _figure("distribution", gather(results), own, look)


def function(
    *results: Any,
    abscissa: str,
    ordinate: Names,
    dashed: Sequence[str] = (),
    join: bool = False,
    **look: Unpack[Look],
) -> Figure:
    """Arrays against another, or against the numbers along their axis (an autocorrelation against
    the lag, a trajectory against time): returns a matplotlib Figure.

    `abscissa`, `ordinate`: names of arrays of one axis, (points,), in the units of their
    declarations; of `ordinate` several may be given, and `dashed` says which of them are lines.
    About 24 points of a simulation's are shown. `join`: lines between them. Raises InputError.

    >>> import replicon
    >>> theory = replicon.solve("recurrent-dynamics", gain=2)
    >>> figure = replicon.view.function(theory, abscissa="lag", ordinate="autocorrelation")

    **Source**: none. **Referee**: the numbers of the marks are those of the results
    (tests/view/test_pictures.py).
    """
    names = _list(ordinate)
    own = {
        "abscissa": abscissa,
        "ordinate": names if len(names) > 1 else names[0],
        "dashed": _list(dashed),
    }
    given = gather(results)
    if len(names) > 1:
        given.labels.update({str(name): str(name).replace("_", " ") for name in names})
    return _figure("function", given, {**own, "join": join}, look)


def profile(*results: Any, array: str, **look: Unpack[Look]) -> Figure:
    """An array of simulations (sorted eigenvalues, say), (entries,), against the place in it, a
    fraction of its length: means over samples, returned as a matplotlib Figure.

    `array`: its name; in the units of its declaration. Raises InputError.

    >>> import replicon
    >>> finite = replicon.simulate("attention", size=6, samples=2)
    >>> figure = replicon.view.profile(finite, array="coupling_spectrum", yscale="log")

    **Source**: none. **Referee**: tests/view/test_pictures.py.
    """
    return _figure("profile", gather(results), {"array": array}, look)


def spectrum(*results: Any, real: str, imaginary: str, **look: Unpack[Look]) -> Figure:
    """Eigenvalues of the first sample in the complex plane, a panel for each point and result, in
    the circle of their `bulk_radius`: returns a matplotlib Figure.

    `real`, `imaginary`: names of the arrays (eigenvalues,). Raises InputError.

    >>> import replicon
    >>> finite = replicon.simulate("recurrent-network", size=300, samples=1)
    >>> figure = replicon.view.spectrum(
    ...     finite, real="eigenvalues_real", imaginary="eigenvalues_imaginary"
    ... )

    **Source**: none. **Referee**: tests/view/test_pictures.py.
    """
    own = {"real": real, "imaginary": imaginary}
    return _figure("spectrum", gather(results), own, look)


def images(
    *results: Any,
    x: str,
    arrays: Names,
    colours: str = "gray_r",
    column: str | None = None,
    **look: Unpack[Look],
) -> Figure:
    """States of the first sample as pictures, from -1 to 1, a column for each value of a listed
    control, rows `arrays`: returns a matplotlib Figure.

    `arrays`: names of arrays (pixels,), drawn as squares where they are; `colours`: a map of
    matplotlib; `column`: a heading, with {value:g} or {count} in it. Raises InputError.

    >>> import replicon
    >>> finite = replicon.simulate(
    ...     "hopfield", patterns="digits", load=[0.003, 0.005], size=784, samples=1
    ... )
    >>> figure = replicon.view.images(finite, x="load", arrays=["pattern", "final_state"])

    **Source**: none. **Referee**: the pixels are those of the results (tests/view/test_figure.py).
    """
    own = {"x": x, "arrays": _list(arrays), "colours": colours, "column": column}
    return _figure("images", gather(results), own, look)


def gallery(*results: Any, arrays: Names, **look: Unpack[Look]) -> Figure:
    """Pictures of the first sample, a row for each of `arrays`, black and white from 0 to 1, in
    colours where they have both signs: returns a matplotlib Figure.

    `arrays`: names of arrays (pictures, pixels), of one point of each result. Raises InputError.

    >>> import replicon
    >>> finite = replicon.simulate("rbm-training", size=4, samples=1, epochs=2)
    >>> figure = replicon.view.gallery(finite, arrays=["samples", "receptive_fields"])

    **Source**: none. **Referee**: tests/view/test_pictures.py.
    """
    return _figure("gallery", gather(results), {"arrays": _list(arrays)}, look)


def collapse(
    *results: Any,
    x: str,
    y: str,
    critical: float | xr.Dataset,
    x_exponent: float,
    y_exponent: float,
    **look: Unpack[Look],
) -> Figure:
    """Finite-size scaling: left an observable against a control, right y L^y_exponent against
    (x - critical) L^x_exponent at all sizes L: returns a matplotlib Figure of two panels.

    `x`: a control listed by all, (values,); `critical`: its value at the transition, a number or
    what `find_transition` returns. Results of theory are lines on the left. Raises InputError.

    >>> import replicon
    >>> lattice = dict(temperature=[2.2, 2.3], samples=4, sweeps=50)
    >>> sizes = [replicon.simulate("square-lattice", size=size, **lattice) for size in (8, 16)]
    >>> exponents = dict(critical=2.2692, x_exponent=1, y_exponent=1 / 8)
    >>> figure = replicon.view.collapse(*sizes, x="temperature", y="magnetization", **exponents)

    **Source**: none. **Referee**: both axes are scaled as written (tests/view/test_figure.py).
    """
    given = gather(results)
    if not isinstance(critical, xr.Dataset):
        critical = xr.Dataset({"value": check_argument("critical", critical, Interval())})
        critical.attrs = {"kind": "transition", "transition": "critical", "control": x}
    given.data["critical"] = critical
    exponents = {"x_exponent": x_exponent, "y_exponent": y_exponent}
    return _figure("collapse", given, {"x": x, "y": y, "critical": "critical", **exponents}, look)


def landscape(theory: Any, simulation: Any, **look: Unpack[Look]) -> Figure:
    """The pseudo-potential of the first two neurons, with its zeros: left trajectories, coloured by
    it, right its landscape with samples: returns a matplotlib Figure of two panels.

    `theory`, `simulation`: one point of `recurrent-pseudo-potential` each, with arrays (places,
    places) and (runs, moments, neurons). Raises InputError.

    >>> import replicon
    >>> theory = replicon.solve("recurrent-pseudo-potential")
    >>> finite = replicon.simulate("recurrent-pseudo-potential", size=3, samples=1, sweeps=50)
    >>> figure = replicon.view.landscape(theory, finite)

    **Source**: none. **Referee**: tests/study/test_checks.py.
    """
    return _figure("landscape", gather([theory, simulation]), {}, look)


def _list(names: Any) -> list[Any]:
    """One or several as a list; what is neither is left for the table's check to refuse."""
    several = isinstance(names, Sequence) and not isinstance(names, str)
    return list(names) if several else [names]


def _figure(kind: str, given: Given, own: dict[str, Any], look: Any) -> Figure:
    """A figure of a kind: its series, its own keys but empty ones, and its look."""
    if not given.kinds:
        raise InputError(
            f"A figure of kind '{kind}' was given no results: give what solve, simulate,"
            " find_transition or compare return."
        )
    keys = FIGURES[kind].keys
    surplus = [name for name in given.kinds if name not in keys]
    if surplus:
        raise InputError(f"A figure of kind '{kind}' shows no {surplus[0]}: leave it out.")
    labels = {"labels": given.labels} if "labels" in keys else {}
    said = {name: value for name, value in own.items() if value not in (None, [])}
    table = {"kind": kind, **given.kinds, **labels, **said, **look}
    return drawn(checked(table, given.data), given.data)
