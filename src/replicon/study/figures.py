"""Kinds of figures: the keys of each, their types, and whether the study's series give what a
figure shows.

Everything that drawing needs is asked here, of the declarations, before the first point is
computed.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

from replicon._declare import Model, Transition, Words
from replicon._domains import show
from replicon._errors import InputError
from replicon.study.figure_kinds import FIGURES, PLACES

_MOST_PANELS = (
    40  # pictures beside or below one another, beyond which an image of them is too large
)

# The arrays that a landscape is drawn of.
LANDSCAPE = {
    "theory": ("axis_1", "axis_2", "landscape", "fixed_point", "growth"),
    "simulation": ("trajectory", "trajectory_energy", "states"),
}


class Series(NamedTuple):
    """A series as figures see it. `controls`: every control, as a value or a list."""

    name: str
    kind: str
    model: Model
    controls: dict[str, Any]
    sizes: list[int]
    transition: Transition | None

    def lists(self, at: dict[str, Any] | None = None) -> dict[str, list]:
        """What it lists, sizes included, but for what a figure fixes."""
        listed = {"size": self.sizes} if self.kind == "simulation" else {}
        listed |= {name: value for name, value in self.controls.items() if isinstance(value, list)}
        return {name: values for name, values in listed.items() if name not in (at or {})}


def check_figure(figure: Any, series: dict[str, Series], place: str) -> dict[str, Any]:
    """One figure, checked: keys, types, and whether its series give what it shows. `place` begins
    the sentence.
    """
    figure = check_keys(figure, place)
    _Checker(figure, figure.get("kind", "curves"), series, place).check()
    return figure


def check_keys(figure: Any, place: str) -> dict[str, Any]:
    """The table of a figure with its kind, keys and types checked, and nothing of its series."""
    kind = figure.get("kind", "curves") if isinstance(figure, dict) else "curves"
    if not isinstance(kind, str) or kind not in FIGURES:
        raise InputError(
            f"{place}: unknown figure kind {show(kind)}. Kinds: {', '.join(sorted(FIGURES))}."
        )
    figure = FIGURES[kind].check(figure, place)
    if figure.get("legend", "best") not in PLACES:
        raise InputError(
            f"{place} has legend = {show(figure['legend'])}: it is one of {', '.join(PLACES)}."
        )
    return figure


class _Checker:
    def __init__(self, figure: dict[str, Any], kind: str, series: dict[str, Series], place: str):
        self.figure = figure
        self.kind = kind
        self.place = place
        self.at = figure.get("at", {})
        self.theory = self._shown(series, "theory", figure.get("theory", []))
        self.simulation = self._shown(series, "simulation", figure.get("simulation", []))
        critical = [figure["critical"]] if "critical" in figure else []
        self.transition = self._shown(
            series, "transition", [*figure.get("transition", []), *critical]
        )
        self.all = [*self.theory, *self.simulation, *self.transition]

    def _shown(self, series: dict[str, Series], kind: str, names: list[str]) -> list[Series]:
        for name in names:
            if name not in series or series[name].kind != kind:
                known = [n for n, one in series.items() if one.kind == kind]
                raise InputError(
                    f"{self.place} shows '{name}' as {kind}: series of that kind are"
                    f" {', '.join(known) or 'none'}."
                )
        return [series[name] for name in names]

    def refuse(self, sentence: str) -> InputError:
        return InputError(f"{self.place} {sentence}")

    def check(self) -> None:
        if not self.all:
            raise self.refuse("shows no series: give it theory, simulation or transition.")
        self._fixed()
        for scale, limit, coordinate in (("xscale", "xlim", "x"), ("yscale", "ylim", "y")):
            if self.figure.get(scale) == "log":
                low = [
                    *self.figure.get(limit, []),
                    *(region[coordinate] for region in self.figure.get("regions", [])),
                ]
                if low and min(low) <= 0:
                    raise self.refuse(
                        f"has {scale} = 'log' and shows {min(low):g}: on a logarithmic scale give"
                        " positive numbers."
                    )
        getattr(self, "_" + self.kind.replace("-", "_"))()
        extra = [*self.figure.get("arrays", []), *_several(self.figure.get("ordinate", []))]
        known = [*(one.name for one in self.all), *extra]
        for name in self.figure.get("labels", {}):
            if name not in known:
                raise self.refuse(
                    f"has a label for '{name}', which it does not show: it shows"
                    f" {', '.join(known)}."
                )

    def _fixed(self) -> None:
        for name, value in self.at.items():
            lists = [
                one.lists()[name] for one in (*self.theory, *self.simulation) if name in one.lists()
            ]
            if not lists:
                raise self.refuse(
                    f"has at = {{ {name} = {show(value)} }}, which no series of it lists."
                )
            for values in lists:
                if value not in values:
                    raise self.refuse(
                        f"has at = {{ {name} = {show(value)} }}: listed are"
                        f" {', '.join(map(show, values[:12]))}."
                    )

    def _along(self, one: Series, name: str, *, words: bool = False) -> None:
        """The series lists a control, of numbers or also of `words`, along which it is drawn."""
        listed = one.lists()
        if name not in listed:
            raise self.refuse(
                f"has x = '{name}', which series '{one.name}' does not list: it lists"
                f" {', '.join(listed) or 'none'}."
            )
        if name in self.at:
            raise self.refuse(f"has x = '{name}' and fixes it in at: give one of the two.")
        if name != "size" and not words and isinstance(one.model.control(name).domain, Words):
            raise self.refuse(
                f"has x = '{name}', whose values are words: give a control of numbers."
            )

    def _gives(self, one: Series, name: str) -> None:
        if one.kind == "theory" and name == one.model.potential:
            return
        if one.model.observable(name).role not in ("both", one.kind):
            raise self.refuse(
                f"shows '{name}': the {one.kind} of {one.model.name} does not give it."
            )

    def _array(
        self, one: Series, name: str, *axes: str, count: int | None = None
    ) -> tuple[str, ...]:
        """Axes of an array that the series gives; `count` of them."""
        given = [array for array in one.model.arrays if array.role in ("both", one.kind)]
        for axis in (axis for array in given for axis in array.axes):
            if axis.name == name and axis.coordinate and not isinstance(axis.coordinate, str):
                return (name,)
        known = {array.name: array for array in given}
        if name not in known:
            raise self.refuse(
                f"shows the array '{name}', which the {one.kind} of {one.model.name} does not"
                f" declare: it declares {', '.join(known) or 'none'}."
            )
        array = known[name]
        if array.unless is not None and array.unless[1] in _several(
            one.controls.get(array.unless[0], [])
        ):
            raise self.refuse(
                f"shows the array '{name}', which series '{one.name}' does not give with"
                f" {array.unless[0]} = {array.unless[1]}."
            )
        if count is not None and len(array.axes) != count:
            told = ", ".join(axis.name for axis in array.axes)
            raise self.refuse(
                f"shows the array '{name}' with the axes {told}: expected {count} of them."
            )
        return tuple(axis.name for axis in array.axes)

    def _alike(self, one: Series, *names: str) -> None:
        """Arrays of one axis, the same for all."""
        found = {name: self._array(one, name, count=1) for name in names}
        if len(set(found.values())) > 1:
            told = ", ".join(f"{name} of {axes[0]}" for name, axes in found.items())
            raise self.refuse(f"sets arrays of different axes against one another: {told}.")

    def _single(self, one: Series, *besides: str) -> None:
        """Nothing is listed but `besides`, once `at` is applied."""
        left = {
            name: values
            for name, values in one.lists(self.at).items()
            if name not in besides and len(values) > 1
        }
        if left:
            name = next(iter(left))
            raise self.refuse(
                f"shows one point of series '{one.name}', which lists {name}: fix it, at = {{"
                f" {name} = ... }}."
            )

    def _curves(self) -> None:
        observables = _several(self.figure["y"])
        y_of = self.figure.get("y_of", {})
        along = self.figure.get("along", {})
        for key, table, those in (("along", along, self.theory), ("y_of", y_of, [*self.theory])):
            for name in table:
                if name not in [one.name for one in those]:
                    raise self.refuse(f"has {key} for '{name}', which it does not show as theory.")
        for one in (*self.theory, *self.simulation):
            self._along(one, along.get(one.name, self.figure["x"]), words=True)
            for name in [y_of[one.name]] if one.name in y_of else observables:
                self._gives(one, name)
        for one in self.transition:
            assert one.transition is not None
            if one.transition.control != self.figure["x"] or one.lists():
                raise self.refuse(
                    f"shows the transition '{one.name}' as a vertical line: it must be "
                    f"one value of x = '{self.figure['x']}', with nothing listed."
                )
        if not (self.theory or self.simulation):
            raise self.refuse("shows no curve: give it theory or simulation.")

    def _lines_in_the_plane(self) -> None:
        """Each transition gives one of x and y, and lists the other."""
        axes = [self.figure["x"], self.figure["y"]]
        for one in self.transition:
            assert one.transition is not None
            listed = list(one.lists())
            if len(listed) != 1 or sorted([one.transition.control, *listed]) != sorted(axes):
                raise self.refuse(
                    f"shows '{one.name}', the {one.transition.control} at which something happens,"
                    f" with {', '.join(listed) or 'nothing'} listed: it must give one of x ="
                    f" '{axes[0]}' and y = '{axes[1]}' and list the other."
                )
            self._along(one, listed[0])

    def _heat_map(self) -> None:
        axes = [self.figure["x"], self.figure["y"]]
        if axes[0] == axes[1]:
            raise self.refuse(f"has x and y = '{axes[0]}': give two controls.")
        self._lines_in_the_plane()
        shown = [*self.theory, *self.simulation]
        if not shown:
            raise self.refuse("shows no heights: give it theory or simulation.")
        panels = 0
        for one in shown:
            for name in axes:
                self._along(one, name)
            for name in _several(self.figure["observables"]):
                self._gives(one, name)
            rest = (len(v) for n, v in one.lists(self.at).items() if n not in axes)
            panels += math.prod(rest) * len(_several(self.figure["observables"]))
        self._few(panels)

    def _few(self, panels: int) -> None:
        if panels > _MOST_PANELS // 4:
            raise self.refuse(
                f"has {panels} panels: fix controls with at, so that {_MOST_PANELS // 4} or fewer"
                " are left."
            )

    def _phase_diagram(self) -> None:
        self._lines_in_the_plane()
        for limit, coordinate in (("xlim", "x"), ("ylim", "y")):
            for region in self.figure.get("regions", []) if limit in self.figure else []:
                if not min(self.figure[limit]) <= region[coordinate] <= max(self.figure[limit]):
                    raise self.refuse(
                        f"has the region {show(region['label'])} at {coordinate} ="
                        f" {region[coordinate]:g}, beyond {limit}."
                    )
        for name in self.figure.get("dashed", []):
            if name not in self.figure["transition"]:
                raise self.refuse(
                    f"has '{name}' dashed, which it does not show: it shows"
                    f" {', '.join(self.figure['transition'])}."
                )

    def _distribution(self) -> None:
        for one in self.theory:
            self._single(one)
            self._alike(one, self.figure["levels"], self.figure["weights"])
        for one in self.simulation:
            self._array(one, self.figure["density"], count=1)

    def _collapse(self) -> None:
        for one in (*self.theory, *self.simulation):
            self._along(one, self.figure["x"])
            self._gives(one, self.figure["y"])
        for one in self.theory:
            self._single(one, self.figure["x"])
        if self.figure["x"] == "size":
            raise self.refuse("has x = 'size', along which nothing collapses: give a control.")
        for one in self.transition:
            assert one.transition is not None
            if one.lists() or one.transition.control != self.figure["x"]:
                raise self.refuse(
                    f"has critical = '{one.name}': it must be one value of x ="
                    f" '{self.figure['x']}', with nothing listed."
                )

    def _images(self) -> None:
        widths = set()
        for one in self.simulation:
            self._along(one, self.figure["x"])
            if self.figure["x"] == "size":
                raise self.refuse(
                    "has x = 'size': pictures of different sizes stand in no row; give a control."
                )
            self._single(one, self.figure["x"], "size")
            widths.add(len(one.lists()[self.figure["x"]]))
            for name in self.figure["arrays"]:
                self._array(one, name, count=1)
        if (
            len(widths) > 1
            or max(widths) > _MOST_PANELS
            or len(self.simulation) * len(self.figure["arrays"]) > _MOST_PANELS
        ):
            raise self.refuse(
                f"has rows of {' and '.join(map(str, sorted(widths)))} pictures: give each as many,"
                f" at most {_MOST_PANELS}."
            )

    def _gallery(self) -> None:
        for one in self.simulation:
            self._single(one, "size")
            for name in self.figure["arrays"]:
                self._array(one, name, count=2)
        if len(self.simulation) * len(self.figure["arrays"]) > _MOST_PANELS:
            raise self.refuse(f"has more than {_MOST_PANELS} rows: show fewer arrays or series.")

    def _profile(self) -> None:
        for one in self.simulation:
            self._array(one, self.figure["array"], count=1)

    def _function(self) -> None:
        names = _several(self.figure["ordinate"])
        for one in (*self.theory, *self.simulation):
            self._alike(one, self.figure["abscissa"], *names)
        for name in self.figure.get("dashed", []):
            if name not in names:
                raise self.refuse(
                    f"has '{name}' dashed, which it does not show: it shows {', '.join(names)}."
                )

    def _spectrum(self) -> None:
        panels = 0
        for one in self.simulation:
            self._alike(one, self.figure["real"], self.figure["imaginary"])
            self._gives(one, "bulk_radius")
            panels += math.prod(len(values) for values in one.lists(self.at).values())
        self._few(panels)

    def _landscape(self) -> None:
        for one in (*self.theory, *self.simulation):
            self._single(one)
            for name in LANDSCAPE[one.kind]:
                self._array(one, name)
        for kind in ("theory", "simulation"):
            if len(self.figure[kind]) > 1:
                raise self.refuse(f"has {len(self.figure[kind])} series as {kind}: give one.")


def _several(value: Any) -> list:
    return list(value) if isinstance(value, (list, tuple)) else [value]
