"""Studies: TOML files of series (theory, transition, simulation) and figures, checked whole and planned into tasks."""

from __future__ import annotations

import hashlib
import tomllib
from pathlib import Path
from typing import Any

from replicon import __version__, models
from replicon._errors import InputError
from replicon.study import evaluate, grid

SHIPPED = Path(__file__).parent / "studies"
_SERIES = ("theory", "transition", "simulation")
_KEYS = {
    "study": {"title", "text", "seed", *_SERIES, "figure"},
    "theory": {"name", "model", "branch", "controls", "quick"},
    "transition": {"name", "model", "transition", "controls", "quick"},
    "simulation": {"name", "model", "controls", "sizes", "samples", "quick"},
}
_REQUIRED = {
    "theory": ("name", "model"),
    "transition": ("name", "model", "transition"),
    "simulation": ("name", "model", "sizes", "samples"),
}

# Kinds of figures, each with the keys it cannot do without; drawn by replicon.view.figure.
FIGURES = {
    "curves": ("x", "y"),
    "phase-diagram": ("x", "y", "transition"),
    "distribution": ("simulation", "density", "levels", "weights"),
    "collapse": ("x", "y", "simulation", "critical", "x_exponent", "y_exponent"),
    "images": ("x", "simulation", "arrays"),
    "gallery": ("simulation", "arrays"),
    "profile": ("simulation", "array"),
    "function": ("abscissa", "ordinate"),
    "spectrum": ("simulation", "real", "imaginary"),
    "landscape": ("theory", "simulation"),
}
_FIGURE_KEYS = (
    "kind",
    "title",
    "caption",
    "theory",
    "simulation",
    "transition",
    "along",
    "y_of",
    "labels",
    "legend",
    "at",
    "join",
    "dashed",
    "regions",
    "column",
    "colours",
    "xlabel",
    "ylabel",
    "xlim",
    "ylim",
    "xscale",
    "yscale",
)

_PLACES = ("best", "upper right", "upper left", "lower left", "lower right", "center right", "center left", "upper center", "lower center")

Task = dict[str, Any]


def shipped() -> list[str]:
    """Names of the studies that come with the package."""
    return sorted(path.stem for path in SHIPPED.glob("*.toml"))


def read_study(study: str | Path, *, quick: bool = False) -> dict[str, Any]:
    """A shipped study by name, or a TOML file, checked whole before anything runs. `quick` applies each series' `quick`."""
    path = SHIPPED / f"{study}.toml" if str(study) in shipped() else Path(study)
    if not path.is_file():
        raise InputError(f"No study '{study}': give a TOML file or one of {', '.join(shipped())}.")
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"'{path}' is not valid TOML: {error}.") from None
    out = _checked(content, path)
    for kind in _SERIES:
        for series in out[kind]:
            small = series.pop("quick", {})
            if quick:
                controls = {**series.get("controls", {}), **small.pop("controls", {})}
                series.update(small, controls=controls)
    out["name"] = path.stem + ("-quick" if quick else "")
    # A user's model or file of patterns beside the study file is found from anywhere.
    for kind in _SERIES:
        for series in out[kind]:
            if str(series["model"]).endswith(".py"):
                series["model"] = str((path.parent / series["model"]).resolve())
            for name, value in series.get("controls", {}).items():
                if isinstance(value, str) and (path.parent / value).is_file():
                    series["controls"][name] = str((path.parent / value).resolve())
    plan(out)
    series = {one["name"]: (kind, one) for kind in _SERIES for one in out[kind]}
    for number, figure in enumerate(out["figure"], start=1):
        _check_figure(figure, series, f"'{path}', [[figure]] {number}")
    return out


def _checked(content: dict[str, Any], path: Path) -> dict[str, Any]:
    _known("study", content, str(path))
    out = {"title": content.get("title", path.stem), "text": content.get("text", ""), "seed": content.get("seed", 0)}
    names: set[str] = set()
    for kind in _SERIES:
        out[kind] = content.get(kind, [])
        if not isinstance(out[kind], list):
            raise InputError(f"'{path}': write [[{kind}]], with double brackets: there may be several.")
        for series in out[kind]:
            _known(kind, series, f"{path}, [[{kind}]]")
            for key in _REQUIRED[kind]:
                if key not in series:
                    raise InputError(f"'{path}': a [[{kind}]] has no '{key}': it needs {', '.join(_REQUIRED[kind])}.")
            if series["name"] in names or not str(series["name"]).replace("-", "").replace("_", "").isalnum():
                raise InputError(f"'{path}': the name '{series['name']}' is used twice or is not of letters, digits, - and _.")
            names.add(series["name"])
            if not isinstance(series.get("sizes", []), list):
                raise InputError(f"'{path}': sizes must be a list, for example sizes = [{series['sizes']}].")
    out["figure"] = content.get("figure", [])
    if not names:
        raise InputError(f"'{path}' has no series: add a [[theory]], [[transition]] or [[simulation]].")
    return out


def _check_figure(figure: dict[str, Any], series: dict[str, tuple[str, dict[str, Any]]], place: str) -> None:
    """Kind, keys, series and names of one figure; `series`: name -> (kind, series)."""
    kind = figure.get("kind", "curves")
    if kind not in FIGURES:
        raise InputError(f"{place}: unknown figure kind '{kind}'. Kinds: {', '.join(sorted(FIGURES))}.")
    for key in figure:
        if key not in (*FIGURES[kind], *_FIGURE_KEYS):
            raise InputError(f"{place}: unknown key '{key}'. Keys: {', '.join(sorted({*FIGURES[kind], *_FIGURE_KEYS}))}.")
    for key in FIGURES[kind]:
        if key not in figure:
            raise InputError(f"{place} of kind '{kind}' has no '{key}': it needs {', '.join(FIGURES[kind])}.")
    places = (*_PLACES, "center", *(["outside"] if kind == "curves" else []))
    if figure.get("legend", "best") not in places:
        raise InputError(f"{place} has legend = '{figure['legend']}': a figure of kind '{kind}' takes one of {', '.join(places)}.")
    shown = {kind: figure.get(kind, []) for kind in _SERIES}
    shown["transition"] = [*shown["transition"], *([figure["critical"]] if "critical" in figure else [])]
    if not any(shown.values()):
        raise InputError(f"{place} shows no series: give it theory, simulation or transition.")
    for kind_of, names in shown.items():
        for name in names:
            if name not in series or series[name][0] != kind_of:
                known = [n for n, (k, _) in series.items() if k == kind_of]
                raise InputError(f"{place} shows '{name}' as {kind_of}: series of that kind are {', '.join(known) or 'none'}.")
    if kind not in ("curves", "collapse"):
        return
    observables = figure["y"] if isinstance(figure["y"], list) else [figure["y"]]
    for kind_of in ("theory", "simulation"):
        for name in shown[kind_of]:
            one = series[name][1]
            model = models.get(one["model"])
            listed = {key for key, value in parsed_controls(one).items() if isinstance(value, list)}
            along = figure.get("along", {}).get(name, figure["x"]) if kind_of == "theory" else figure["x"]
            if along not in listed | ({"size"} if kind_of == "simulation" else set()):
                raise InputError(f"{place} has x = '{along}', which series '{name}' does not list: it lists {', '.join(listed) or 'none'}.")
            for observable in [figure["y_of"][name]] if name in figure.get("y_of", {}) else observables:
                if observable == model.potential and kind_of == "theory":
                    continue
                if model.observable(observable).role not in ("both", kind_of):
                    raise InputError(f"{place}: the {kind_of} of {model.name} does not give '{observable}'.")


def _known(kind: str, table: Any, place: str) -> None:
    if not isinstance(table, dict):
        raise InputError(f"'{place}' must be a table of key = value.")
    for key in table:
        if key not in _KEYS[kind]:
            raise InputError(f"'{place}': unknown key '{key}'. Keys: {', '.join(sorted(_KEYS[kind]))}.")


def plan(study: dict[str, Any]) -> list[Task]:
    """The tasks of a study in order: one for each theory or transition series, one for each point and size of a simulation.

    Everything is validated here, before the first task runs.
    """
    tasks: list[Task] = []
    for series in study["theory"]:
        model = models.get(series["model"])
        model.branch(series.get("branch"))
        model.check(parsed_controls(series), "theory")
        tasks.append(
            {
                "kind": "theory",
                "series": series["name"],
                "model": series["model"],
                "branch": series.get("branch"),
                "controls": parsed_controls(series),
            }
        )
    for series in study["transition"]:
        model = models.get(series["model"])
        model.transition(series["transition"])
        model.check(parsed_controls(series), "theory")
        tasks.append(
            {
                "kind": "transition",
                "series": series["name"],
                "model": series["model"],
                "transition": series["transition"],
                "controls": parsed_controls(series),
            }
        )
    for series in study["simulation"]:
        model = models.get(series["model"])
        for size in series["sizes"]:
            coordinates = evaluate.check_simulation(model, size, series["samples"], study["seed"], parsed_controls(series))
            for point in grid.points(coordinates):
                tasks.append(
                    {
                        "kind": "simulation",
                        "series": series["name"],
                        "model": series["model"],
                        "controls": point,
                        "size": size,
                        "samples": series["samples"],
                        "seed": study["seed"],
                    }
                )
    for task in tasks:
        task["version"] = __version__
        # What a file held is part of what was computed from it.
        used = [str(v) for v in (task["model"], *task["controls"].values()) if isinstance(v, str) and Path(v).is_file()]
        if used:
            task["files"] = {name: hashlib.sha256(Path(name).read_bytes()).hexdigest() for name in used}
    return tasks


def parsed_controls(series: dict[str, Any]) -> dict[str, Any]:
    """The controls of a series as values and lists."""
    return {name: grid.parse_value(name, value) for name, value in series.get("controls", {}).items()}
