"""What a model is: a declaration. Everything a user can name is declared once, here validated, and read by every other room."""

from __future__ import annotations

import difflib
import importlib
import keyword
import math
from collections import namedtuple
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from replicon._domains import Interval, Words, check_argument, read_number, show
from replicon._errors import InputError

Value = float | int | str

# Names that mean something else wherever controls are given or results are read.
RESERVED = ("model", "branch", "size", "samples", "sample", "seed", "observable", "value", "converged", "stable", "residual", "reason")


@dataclass(frozen=True)
class Control:
    """A number or word that the user sets. `role`: whether theory, simulation or both read it. `shared`: simulations at all its
    values get the same random streams, hence the same instances (algorithms that race). `quick`: a cheap value, for a first
    look and for the common tests (few sweeps, say), where the default takes its time.
    `realized(value, size)`: the value that a finite system has instead, where it counts something whole
    (patterns, rows): `compare` asks theory at that one.
    """

    name: str
    symbol: str
    default: Value
    domain: Interval | Words
    meaning: str
    role: Literal["both", "theory", "simulation"] = "both"
    shared: bool = False
    quick: Value | None = None
    realized: Callable[[float, int], float] | None = None

    def check(self, value: Any) -> Value:
        """The value as float, int or word; raises InputError with the domain otherwise."""
        if isinstance(self.domain, Interval) and isinstance(value, str):
            value = read_number(value)
        return check_argument(self.name, value, self.domain, self.meaning)


@dataclass(frozen=True)
class Observable:
    """A measured quantity. Theory and simulation both give it, unless `role` says that only one can.

    `estimate`: how simulation forms it from per-sample moments of other names (`moments`), when it is no plain mean over
    samples (a Binder ratio, say); its error is then by jackknife. `fraction`: each sample gives 0 or 1, and a binomial
    confidence interval goes with the mean. `low`, `high`: values beyond them are never right; a solution that has one is not
    marked converged. `partial`: theory may leave it NaN where it is not defined or not known, and be right in the rest.
    """

    name: str
    symbol: str
    meaning: str
    low: float = -math.inf
    high: float = math.inf
    role: Literal["both", "theory", "simulation"] = "both"
    moments: tuple[str, ...] = ()
    estimate: Callable[..., Any] | None = None
    fraction: bool = False
    partial: bool = False


@dataclass(frozen=True)
class Array:
    """A longer array that comes with the observables: a histogram, states, a spectrum. `axes`: names of its axes after those of
    the grid and the sample; arrays that share the name of an axis are as long along it. `unless`: (control, word) with which it
    is not given. Figures show arrays that are declared.
    """

    name: str
    axes: tuple[str, ...]
    role: Literal["both", "theory", "simulation"] = "simulation"
    unless: tuple[str, str] | None = None


@dataclass(frozen=True)
class Branch:
    """A named solution. `ends_at`: the transition at which it ceases to exist, quoted when it cannot be found. `example`:
    controls, beside the defaults, at which it exists, where it does not exist at the defaults.
    """

    name: str
    meaning: str
    ends_at: str | None = None
    example: Mapping[str, Value] = field(default_factory=dict)


@dataclass(frozen=True)
class Transition:
    """A special value of one control given the others. `find(controls) -> (values, converged)`, arrays of one shape (points,),
    or (values, converged, reasons): for each point a phrase that says why no such value exists there, empty where the search
    merely failed. "Not found" and "does not exist" are different sentences, and the second needs a reason.
    `example`: controls, beside the defaults, at which it exists, where it does not exist at the defaults.

    `find` may be a string 'package.module:function', imported at first use.
    """

    name: str
    control: str
    meaning: str
    find: Callable | str
    example: Mapping[str, Value] = field(default_factory=dict)


@dataclass(frozen=True)
class Model:
    """One system of the statistical physics of neural networks, as data.

    Attributes: `name` and `title`; `controls`, `observables`, `branches` (the first is the default), `transitions`;
    `potential`, the name under which the value of the potential is reported ('free_energy' or 'free_entropy', per spin; None
    for a theory without one); `source`, the paper; `size_meaning` and `size_symbol`, what `size` counts in a simulation;
    `size_control`, the control of the theory, if any, that is this size: `compare` sets it; `quick_size`, a small size;
    `remarks`, a function (controls of one point, size, {observable: (mean, error)}) -> sentences on what stands
    between theory and this simulation, which `compare` hands on; `arrays`, what is returned beside the
    observables; `revision`, raised when its numbers change, so that kept results of before are not taken for it; `origin` and
    `content`, the file it was read from and 64 digits of what that held, set on reading.

    For developers
    --------------
    Write one file in `replicon/models/` (or anywhere: the command line takes a path to a .py file, the library an object)
    with a module-level `model = Model(...)` and two functions, either of which may be None:

    `solve(controls, branch) -> dict`: `controls` is a named tuple; numeric controls are float arrays of shape (points,),
    words are single words (grids over words are split before the call). Return arrays of shape (points,): every theory
    observable, the potential under its name, `converged` (bool), and, where known, `longitudinal_stability` and `replicon`
    (positive = stable), `branch` (the name of the branch really found) and `reason` (why there is no solution). `stable`
    is derived from the two stabilities.
    Use `replicon.theory`: write the potential once, `stationary.solve` finds its saddle points for the whole grid.

    `simulate(controls, size, samples, streams) -> dict`: all controls scalar; `streams` is a list of `samples`
    `numpy.random.SeedSequence`, one for each independent chain or disorder sample. Return arrays whose first axis is the
    sample: every simulation observable or the moments it is estimated from. Longer arrays (histograms, states) may be
    returned under further names; they are stored with the rest, and figures show those that `arrays` declares.

    `check_size(controls, size)`, optional: raises InputError for a size that does not fit; controls as lists of values.

    What then works by itself: validation and error sentences, `replicon models | solve | transition | simulate | compare |
    run`, grids, studies, parallel and resumable runs, figures, and the common tests (tests/test_models_common.py).
    """

    name: str
    title: str
    controls: tuple[Control, ...]
    observables: tuple[Observable, ...]
    branches: tuple[Branch, ...] = ()
    transitions: tuple[Transition, ...] = ()
    solve: Callable | str | None = None
    simulate: Callable | str | None = None
    potential: Literal["free_energy", "free_entropy"] | None = "free_energy"
    source: str = ""
    size_meaning: str = "spins"
    size_symbol: str = "N"
    size_control: str = "size"
    check_size: Callable[[dict, int], None] | str | None = None
    quick_size: int = 20
    remarks: Callable[[dict, int, dict], list[str]] | str | None = None
    arrays: tuple[Array, ...] = ()
    revision: int = 1
    origin: str = ""
    content: str = ""

    def __post_init__(self) -> None:
        for control in self.controls:
            name = control.name
            own_size = name == "size" and name == self.size_control and control.role == "theory"
            if name in RESERVED and not own_size:
                raise InputError(
                    f"Model '{self.name}' declares a control '{name}': that name is taken; reserved are {', '.join(RESERVED)}."
                )
            if not (isinstance(name, str) and name.isidentifier()) or keyword.iskeyword(name) or name.startswith("_"):
                raise InputError(f"Model '{self.name}' declares a control {name!r}: give a name that Python takes as an argument.")
            control.check(control.default)
        for kind in ("controls", "observables", "branches", "transitions", "arrays"):
            names = [item.name for item in getattr(self, kind)]
            for name in names if kind != "controls" else []:
                # They name variables, groups and words of the command line.
                if not (isinstance(name, str) and name.replace("-", "_").replace("_", "a").isalnum()):
                    raise InputError(f"Model '{self.name}' declares one of its {kind} as {name!r}: give letters, digits, - and _.")
            if len(set(names)) < len(names):
                raise InputError(f"Model '{self.name}' declares one of its {kind} twice: {', '.join(names)}.")
        for transition in self.transitions:
            self.control(transition.control)

    def as_dict(self) -> dict[str, Any]:
        """The declaration as plain values, for JSON."""
        return {
            "model": self.name,
            "title": self.title,
            "source": self.source,
            "potential": self.potential,
            "size": self.size_meaning,
            "controls": [
                {
                    "name": c.name,
                    "symbol": c.symbol,
                    "default": "inf" if c.default == math.inf else c.default,
                    "domain": str(c.domain),
                    "meaning": c.meaning,
                    "role": c.role,
                }
                for c in self.controls
            ],
            "observables": [{"name": o.name, "symbol": o.symbol, "meaning": o.meaning, "role": o.role} for o in self.observables],
            "branches": [{"name": b.name, "meaning": b.meaning} for b in self.branches],
            "transitions": [{"name": t.name, "control": t.control, "meaning": t.meaning} for t in self.transitions],
        }

    def control(self, name: str) -> Control:
        return self._named("control", self.controls, name)

    def observable(self, name: str) -> Observable:
        return self._named("observable", self.observables, name)

    def branch(self, name: str | None) -> Branch:
        if name is None:
            return self.branches[0]
        return self._named("branch", self.branches, name)

    def transition(self, name: str) -> Transition:
        return self._named("transition", self.transitions, name)

    def controls_for(self, role: str) -> tuple[Control, ...]:
        return tuple(c for c in self.controls if role == "both" or c.role in ("both", role))

    def check(self, given: Mapping[str, Any], role: Literal["both", "theory", "simulation"]) -> dict[str, list[Value]]:
        """Every control of the role in declared order, each as a list of valid values (defaults filled in)."""
        known = {c.name: c for c in self.controls_for(role)}
        for name in given:
            self.control(name)
            if name not in known:
                other = "simulation" if role == "theory" else "theory"
                raise InputError(f"Control '{name}' of {self.name} belongs to the {other} only: leave it out here.")
        return {name: check_values(control, given.get(name, control.default)) for name, control in known.items()}

    def _named(self, kind: str, items: Sequence, name: str):
        if not isinstance(name, str):
            name = show(name)
        for item in items:
            if item.name == name:
                return item
        candidates = {item.name: item for item in items}
        symbols = {getattr(item, "symbol", ""): item.name for item in items}
        near = difflib.get_close_matches(str(name), [*candidates, *filter(None, symbols)], n=1, cutoff=0.5)
        hint = ""
        if near:
            best = candidates.get(near[0]) or candidates[symbols[near[0]]]
            symbol = getattr(best, "symbol", "")
            hint = f" Did you mean '{best.name}'{f' ({symbol})' if symbol and symbol != best.name else ''}?"
        plural = {"branch": "Branches"}.get(kind, f"{kind.capitalize()}s")
        listing = ", ".join(candidates) or "none"
        raise InputError(f"Unknown {kind} '{name}' of {self.name}.{hint} {plural}: {listing}.")


def whole(value: float, size: int, least: int = 0) -> float:
    """`realized` of a control that counts in units of the size: round(value size)/size, with at least `least` of them."""
    if math.isinf(value):
        return value
    count = max(least, round(value * size))
    return value if abs(count - value * size) <= 1e-9 * count else count / size


def check_values(control: Control, given: Any) -> list[Value]:
    """A value, or a sequence of values, each checked against the control's domain."""
    if hasattr(given, "tolist"):
        given = given.tolist()
    values = list(given) if isinstance(given, (list, tuple)) else [given]
    if not values:
        raise InputError(f"{control.name} was given an empty list: give at least one value.")
    return [control.check(value) for value in values]


def resolve(target: Callable | str) -> Callable:
    """A function, or the one that 'package.module:function' names."""
    if callable(target):
        return target
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
