"""What a declaration is made of: controls, observables and their axes, views, branches,
transitions, the size, and how long a process runs. Frozen dataclasses; `_declare.Model` puts them
together. `as_dict` gives each as plain values, for JSON.
"""

from __future__ import annotations

import importlib
import math
from collections import namedtuple
from collections.abc import Callable, Iterator, Mapping, MappingView, Sequence, Set
from dataclasses import dataclass, field
from typing import Any, Literal

from replicon._domains import (
    Interval,
    Words,
    as_number,
    check_argument,
    read_number,
    show,
)
from replicon._errors import InputError
from replicon._objects import items

Value = float | int | str
Role = Literal["both", "theory", "simulation"]
# What a page knows to draw.
KINDS_OF_VIEW = ("spins", "image", "lattice", "weights", "trajectory", "spectrum", "histogram")


@dataclass(frozen=True)
class Control:
    """A number or word that the user sets.

    `role`: whether theory, simulation or both read it. `typical`: the ends of a slider, numbers of
    the domain between which something is seen to happen; `scale`: how they are spaced. `live`: a
    process may change it while it runs (`set`); the others need a new start. `quick`: a cheap
    value, for a first look and for the common tests (few sweeps, say), where the default takes its
    time. `shared`: simulations at all its values get the same random streams, hence the same
    instances (algorithms that race). `realized(value, size)`: the value that a finite system has
    instead, where it counts something whole (patterns, rows): `compare` asks theory at that one.
    `inverse`: names under which 1/value may be given (an inverse temperature).
    """

    name: str
    symbol: str
    default: Value
    domain: Interval | Words
    meaning: str
    role: Role = "both"
    typical: tuple[float, float] | None = field(default=None, kw_only=True)
    scale: Literal["linear", "log"] = field(default="linear", kw_only=True)
    live: bool = field(default=False, kw_only=True)
    quick: Value | None = field(default=None, kw_only=True)
    shared: bool = field(default=False, kw_only=True)
    realized: Callable[[float, int], float] | None = field(default=None, kw_only=True)
    inverse: tuple[str, ...] = field(default=(), kw_only=True)

    def check(self, value: Any) -> Value:
        """The value as float, int, word or object; raises InputError with the domain otherwise."""
        if isinstance(self.domain, Words):
            value = self.domain.take(self.name, value)
        elif isinstance(value, str):
            value = read_number(value)
        return check_argument(self.name, value, self.domain, self.meaning)

    @property
    def range(self) -> tuple[float, float] | None:
        """The ends of a slider: `typical`, else the domain where it is bounded, else about the
        default; None for words.
        """
        if isinstance(self.domain, Words) or self.typical is not None:
            return self.typical
        low = self.domain.low
        high = self.domain.high
        reach = (
            2 * max(1.0, abs(float(self.default))) if math.isfinite(float(self.default)) else 10.0
        )
        return (max(low, -reach), min(high, reach)) if low < reach else (low, min(high, 10 * low))

    def as_dict(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "symbol": self.symbol,
            "meaning": self.meaning,
            "default": plain(self.default),
            "quick": plain(self.quick),
            "domain": self.domain.as_dict(),
            "typical": None if self.range is None else [plain(end) for end in self.range],
            "scale": self.scale,
            "role": self.role,
            "live": self.live,
            "shared": self.shared,
            "inverse": list(self.inverse),
        }


@dataclass(frozen=True)
class Axis:
    """An axis of an array, after those of the grid and the sample. Arrays that share the name of
    an axis are as long along it. `coordinate`: the numbers along it, the same always, or the name
    of an array of this axis alone that holds them, or nothing where entries are only counted.
    """

    name: str
    symbol: str = ""
    meaning: str = ""
    coordinate: tuple[float, ...] | str = ""

    def as_dict(self) -> dict[str, Any]:
        numbers = not isinstance(self.coordinate, str)
        return {
            "name": self.name,
            "symbol": self.symbol,
            "meaning": self.meaning,
            "coordinate": list(self.coordinate) if numbers else self.coordinate,
        }


@dataclass(frozen=True)
class Observable:
    """A measured quantity. Theory and simulation both give it, unless `role` says that only one
    can. One number, or, with `axes`, an array: a histogram, a spectrum, states.

    `low`, `high`: values beyond them are never right; a solution that has one is not marked
    converged. `partial`: theory may leave it NaN where it is not defined or not known, and be right
    in the rest. `fraction`: each sample gives 0 or 1, and a binomial confidence interval goes with
    the mean. `unless`: (control, word) with which an array is not given.

    A process measures it at each step and its value for a sample is the mean over time, unless
    `series(measured, controls, size)` forms it from what all samples measured: {name: (samples,
    times)} -> (samples,). Over samples it is a plain mean, unless `estimate` forms it from means of
    other names (`moments`), a Binder ratio, say; its error is then by jackknife. `series` may use
    `moments` too, which are then measured and not kept.
    """

    name: str
    symbol: str
    meaning: str
    low: float = -math.inf
    high: float = math.inf
    role: Role = "both"
    axes: tuple[Axis, ...] = field(default=(), kw_only=True)
    moments: tuple[str, ...] = field(default=(), kw_only=True)
    estimate: Callable[..., Any] | None = field(default=None, kw_only=True)
    series: Callable[..., Any] | str | None = field(default=None, kw_only=True)
    fraction: bool = field(default=False, kw_only=True)
    partial: bool = field(default=False, kw_only=True)
    unless: tuple[str, str] | None = field(default=None, kw_only=True)

    def as_dict(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "symbol": self.symbol,
            "meaning": self.meaning,
            "low": plain(self.low),
            "high": plain(self.high),
            "role": self.role,
            "axes": [axis.name for axis in self.axes],
            "fraction": self.fraction,
            "partial": self.partial,
            "unless": None if self.unless is None else list(self.unless),
        }


@dataclass(frozen=True)
class View:
    """What an eye would see of a running network: an array of a kind that a page knows to draw.

    Kinds and shapes: spins (N,) or (copies, N) of +-1; image (rows, columns) or (pictures, pixels);
    lattice (L, L) of +-1; weights (rows, columns); trajectory (times, curves); spectrum
    (eigenvalues, 2), real and imaginary parts; histogram (bars, 2), their positions and heights.
    """

    name: str
    kind: Literal["spins", "image", "lattice", "weights", "trajectory", "spectrum", "histogram"]
    meaning: str

    def as_dict(self) -> dict[str, Any]:
        return {"name": self.name, "kind": self.kind, "meaning": self.meaning}


@dataclass(frozen=True)
class Branch:
    """A named solution. `ends_at`: the transition at which it ceases to exist, quoted when it
    cannot be found. `example`: controls, beside the defaults, at which it exists, where it does not
    exist at the defaults. `dear`: its solution takes a second a point or more, so that a page shows
    it only when asked to.
    """

    name: str
    meaning: str
    ends_at: str | None = None
    example: Mapping[str, Value] = field(default_factory=dict)
    dear: bool = field(default=False, kw_only=True)

    def as_dict(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "meaning": self.meaning,
            "ends_at": self.ends_at,
            "example": dict(self.example),
            "dear": self.dear,
        }


@dataclass(frozen=True)
class Transition:
    """A special value of one control given the others.

    `find(controls) -> (values, converged)`, arrays of one shape (points,), or (values, converged,
    reasons): for each point a phrase that says why no such value exists there, empty where the
    search merely failed. "Not found" and "does not exist" are different sentences, and the second
    needs a reason. `bounds`: the branches that the line bounds (one ends there, or two exchange
    stability). `example`: controls, beside the defaults, at which it exists, where it does not
    exist at the defaults. `find` may be a string 'package.module:function', imported at first use.
    `evidence`: numbers beside the value, a bracket, say, which `find` then gives too, as `evidence`
    of a `replicon.theory.Found`.
    """

    name: str
    control: str
    meaning: str
    find: Callable | str
    bounds: tuple[str, ...] = field(default=(), kw_only=True)
    example: Mapping[str, Value] = field(default_factory=dict, kw_only=True)
    evidence: tuple[Observable, ...] = field(default=(), kw_only=True)

    def as_dict(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "control": self.control,
            "meaning": self.meaning,
            "bounds": list(self.bounds),
            "example": dict(self.example),
            "evidence": [one.name for one in self.evidence],
        }


@dataclass(frozen=True)
class Size:
    """What the size of a simulation counts. `typical`: the ends of a slider; `greatest`: the
    largest at which a simulation at the defaults is reasonable; `cost`: the work of one step grows
    as size to this power (inf: exponentially); `quick`: a small one; `least`: the smallest allowed.
    `control`: the control of the theory, if there is one, that is this size: `compare` sets it.
    `of(controls)`, controls as lists of values: the sizes that these ask for, of a network or of
    patterns that are given; where it is one, it need not be said.
    """

    meaning: str = "spins"
    symbol: str = "N"
    typical: tuple[int, int] = (20, 1000)
    greatest: int = 10_000
    cost: float = 2.0
    quick: int = 20
    least: int = 2
    control: str = "size"
    of: Callable[[dict], set[int]] | str | None = None

    def as_dict(self) -> dict[str, Any]:
        return {
            "symbol": self.symbol,
            "meaning": self.meaning,
            "typical": list(self.typical),
            "least": self.least,
            "greatest": self.greatest,
            "quick": self.quick,
            "cost_exponent": plain(self.cost),
            "control": self.control,
        }


@dataclass(frozen=True)
class Schedule:
    """How long a process runs. `steps`: the control that counts its steps, or a function of the
    controls that does. `burn`: the fraction of them before anything is measured; 1: measured once,
    at the end. `beside`: the burn-in comes beside the steps, and all of these are measured.
    `every`: steps between measurements.
    """

    steps: str | Callable[[Any], int]
    burn: float = 0.5
    every: int = 1
    beside: bool = False

    def plan(self, controls: Any) -> tuple[int, int]:
        """(unmeasured steps, measured steps) at a point."""
        if callable(self.steps) or ":" in self.steps:
            steps = int(resolve(self.steps)(controls))
        else:
            steps = int(getattr(controls, self.steps))
        burn = math.floor(steps * self.burn)
        return burn, steps if self.beside else steps - burn


def whole(value: float, size: int, least: int = 0) -> float:
    """`realized` of a control that counts in units of the size: round(value size)/size, with at
    least `least` of them.
    """
    if math.isinf(value):
        return value
    count = max(least, round(value * size))
    return value if abs(count - value * size) <= 1e-9 * count else count / size


def reciprocal(value: Any) -> Any:
    """1/value of a number, infinite for 0, or of each of a list; what is no number, as it is."""
    listed = items(value)
    if listed is not None:
        return [reciprocal(item) for item in listed]
    number = as_number(read_number(value) if isinstance(value, str) else value)
    if isinstance(number, bool) or not isinstance(number, (int, float)):
        return value
    return 1 / number if number else math.inf


def check_values(control: Control, given: Any) -> list[Value]:
    """A value, or a sequence of values, each checked against the control's domain."""
    if isinstance(given, (Set, Iterator, MappingView)):
        raise InputError(f"{control.name} = {show(given)} is no list: give its values as a list.")
    listed = control.domain.listed(given)
    values = [given] if listed is None else listed
    if not values:
        raise InputError(f"{control.name} was given an empty list: give at least one value.")
    return [control.check(value) for value in values]


def resolve(target: Callable | str | None) -> Callable:
    """A function, or the one that 'package.module:function' names."""
    if callable(target):
        return target
    assert target is not None
    module, _, name = target.partition(":")
    return getattr(importlib.import_module(module), name)


def controls_tuple(names: Sequence[str], values: Sequence[Any]):
    """A named tuple of controls, the second argument of every potential and residual."""
    return _tuple_type(tuple(names))(*values)


_TYPES: dict[tuple[str, ...], type] = {}


def _tuple_type(names: tuple[str, ...]):
    if names not in _TYPES:
        _TYPES[names] = namedtuple("Controls", names)
    return _TYPES[names]


def plain(value: Any) -> Any:
    """A JSON value: infinities as the words 'inf' and '-inf'."""
    if isinstance(value, float) and math.isinf(value):
        return "inf" if value > 0 else "-inf"
    return value
