"""Kinds of figures: the keys of each, and their types. Read from results by
`replicon.view.series`.
"""

from __future__ import annotations

from typing import Any

from replicon._declare import Interval
from replicon._domains import show
from replicon._errors import InputError
from replicon.study.schema import (
    Either,
    Flag,
    Kind,
    ListOf,
    MapOf,
    Number,
    OneOf,
    Plain,
    Table,
    Text,
)

# Of a legend, where nothing is drawn there.
PLACES = (
    "best",
    "outside",
    "upper right",
    "upper left",
    "lower left",
    "lower right",
    "center right",
    "center left",
    "upper center",
    "lower center",
    "center",
)

_DRAWN = Text(drawn=True)
_NAME = Text(longest=200)
_NAMES = ListOf(Text(longest=200))
_COORDINATE = Number(Interval(-1e30, 1e30))
_LIMITS = ListOf(_COORDINATE, length=2)
_REGION = Table(
    {"label": _DRAWN, "x": _COORDINATE, "y": _COORDINATE, "rotation": Number(Interval(-360, 360))},
    required=("label", "x", "y"),
)


class _Colours:
    def check(self, value: Any, place: str) -> str:
        from matplotlib import colormaps

        if not isinstance(value, str) or value not in colormaps:
            raise InputError(
                f"{place} = {show(value)}: expected the name of a colour map of matplotlib, such as"
                " gray_r or RdBu_r."
            )
        return value


class _Heading:
    """A format of `value` and `count`."""

    def check(self, value: Any, place: str) -> str:
        value = _DRAWN.check(value, place)
        try:
            if len(value) > 60 or any(
                len(piece) > 8
                for piece in value.split("{")[1:]
                for piece in piece.partition("}")[0].split(":")[1:]
            ):
                raise ValueError("it is too long")
            value.format(value=0.5, count=3)
        except (ValueError, KeyError, IndexError, AttributeError, TypeError) as error:
            raise InputError(
                f"{place} = {show(value)} is no heading of a column ({error}): give a text with"
                " {value:g} or {count} in it."
            ) from None
        return value


_SCALE = OneOf(("linear", "log", "symlog"))
_COMMON: dict[str, Kind] = {"kind": _NAME, "title": _DRAWN, "caption": Text()}
_LABELS: dict[str, Kind] = {"labels": MapOf(_DRAWN)}
_AXES: dict[str, Kind] = {
    "xlabel": _DRAWN,
    "ylabel": _DRAWN,
    "xlim": _LIMITS,
    "ylim": _LIMITS,
    "xscale": _SCALE,
    "yscale": _SCALE,
    "legend": Text(),
}
_AT: dict[str, Kind] = {"at": MapOf(Plain(deep=False))}
_THEORY: dict[str, Kind] = {"theory": _NAMES}
_SIMULATION: dict[str, Kind] = {"simulation": _NAMES}
_TRANSITION: dict[str, Kind] = {"transition": _NAMES}
_SEVERAL = Either(_NAME, _NAMES)
_EXPONENT = Number(Interval(-100, 100))

# Each kind with the keys it cannot do without, and all that it takes; read by replicon.view.series.
FIGURES = {
    "curves": Table(
        _COMMON
        | _LABELS
        | _AXES
        | _AT
        | _THEORY
        | _SIMULATION
        | _TRANSITION
        | {
            "x": _NAME,
            "y": _SEVERAL,
            "along": MapOf(_NAME),
            "y_of": MapOf(_NAME),
            "join": Flag(),
        },
        required=("x", "y"),
    ),
    "phase-diagram": Table(
        _COMMON
        | _LABELS
        | _AXES
        | _TRANSITION
        | {
            "x": _NAME,
            "y": _NAME,
            "dashed": _NAMES,
            "regions": ListOf(_REGION, distinct=False),
        },
        required=("x", "y", "transition"),
    ),
    "heat-map": Table(
        _COMMON
        | _LABELS
        | _AXES
        | _AT
        | _THEORY
        | _SIMULATION
        | _TRANSITION
        | {
            "x": _NAME,
            "y": _NAME,
            "observables": _SEVERAL,
            "colours": _Colours(),
        },
        required=("x", "y", "observables"),
    ),
    "distribution": Table(
        _COMMON
        | _LABELS
        | _AT
        | _THEORY
        | _SIMULATION
        | {
            "density": _NAME,
            "levels": _NAME,
            "weights": _NAME,
            "xlabel": _DRAWN,
            "ylabel": _DRAWN,
        },
        required=("simulation", "density", "levels", "weights"),
    ),
    "collapse": Table(
        _COMMON
        | _LABELS
        | _THEORY
        | _SIMULATION
        | {
            "x": _NAME,
            "y": _NAME,
            "critical": _NAME,
            "x_exponent": _EXPONENT,
            "y_exponent": _EXPONENT,
        }
        | {"xlabel": _DRAWN, "ylabel": _DRAWN, "xlim": _LIMITS, "legend": Text()},
        required=("x", "y", "simulation", "critical", "x_exponent", "y_exponent"),
    ),
    "images": Table(
        _COMMON
        | _LABELS
        | _SIMULATION
        | {
            "x": _NAME,
            "arrays": _NAMES,
            "column": _Heading(),
            "colours": _Colours(),
        },
        required=("x", "simulation", "arrays"),
    ),
    "gallery": Table(
        _COMMON | _LABELS | _AT | _SIMULATION | {"arrays": _NAMES},
        required=("simulation", "arrays"),
    ),
    "profile": Table(
        _COMMON | _LABELS | _AXES | _AT | _SIMULATION | {"array": _NAME},
        required=("simulation", "array"),
    ),
    "function": Table(
        _COMMON
        | _LABELS
        | _AXES
        | _AT
        | _THEORY
        | _SIMULATION
        | {
            "abscissa": _NAME,
            "ordinate": _SEVERAL,
            "dashed": _NAMES,
            "join": Flag(),
        },
        required=("abscissa", "ordinate"),
    ),
    "spectrum": Table(
        _COMMON
        | _LABELS
        | _AT
        | _SIMULATION
        | {
            "real": _NAME,
            "imaginary": _NAME,
            "xlabel": _DRAWN,
            "ylabel": _DRAWN,
        },
        required=("simulation", "real", "imaginary"),
    ),
    "landscape": Table(_COMMON | _AT | _THEORY | _SIMULATION, required=("theory", "simulation")),
}
