"""What a model is: a declaration. Everything a user can name is declared once, here validated, and read by every other room."""

from __future__ import annotations

import difflib
import importlib
import keyword
import math
import numbers
from collections import namedtuple
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from replicon._errors import InputError
from replicon._files import split_member

Value = float | int | str

# Names that mean something else wherever controls are given or results are read.
RESERVED = ("model", "branch", "size", "samples", "sample", "seed", "observable", "value", "converged", "stable", "residual", "reason")
_LARGEST_WHOLE = 2**63 - 1  # what the store and NumPy hold


@dataclass(frozen=True)
class Interval:
    """Real numbers from low to high; `open_low`, `open_high` exclude the ends; `integer` admits whole numbers only."""

    low: float = -math.inf
    high: float = math.inf
    open_low: bool = False
    open_high: bool = False
    integer: bool = False
    infinite: bool = False  # whether +inf itself is a value

    def admits(self, value: Any) -> bool:
        value = as_number(value)
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            return False
        if isinstance(value, int) and abs(value) > _LARGEST_WHOLE:
            return False
        if math.isinf(value):
            return self.infinite and value > 0
        if math.isnan(value) or (self.integer and (value != int(value) or abs(value) > _LARGEST_WHOLE)):
            return False
        above = value > self.low if self.open_low else value >= self.low
        below = value < self.high if self.open_high else value <= self.high
        return above and below

    def __str__(self) -> str:
        kind = "a whole number" if self.integer else "a number"
        bounds = []
        if self.low > -math.inf:
            bounds.append(f"{'>' if self.open_low else '>='} {self.low:g}")
        if self.high < math.inf:
            bounds.append(f"{'<' if self.open_high else '<='} {self.high:g}")
        text = " and ".join(bounds) if bounds and not self.integer else " ".join([kind, " and ".join(bounds)]).strip()
        return text + (" (or inf)" if self.infinite else "")


@dataclass(frozen=True)
class Words:
    """One of a few words, or, where `files` lists endings, the path of a file with one of them (or 'path:name' of an array)."""

    words: tuple[str, ...]
    files: tuple[str, ...] = ()

    def admits(self, value: Any) -> bool:
        return isinstance(value, str) and (value in self.words or self.names_file(value))

    def names_file(self, value: Any) -> bool:
        """Whether a value is the path of a file, or 'path:name' of an array in one, and no word."""
        if not isinstance(value, str) or value in self.words or not self.files:
            return False
        return split_member(value)[0].lower().endswith(self.files)

    def __str__(self) -> str:
        return "one of " + ", ".join(self.words) + (f", or a file ({', '.join(self.files)})" if self.files else "")


@dataclass(frozen=True)
class Control:
    """A number or word that the user sets. `role`: whether theory, simulation or both read it. `shared`: simulations at all its
    values get the same random streams, hence the same instances (algorithms that race).
    """

    name: str
    symbol: str
    default: Value
    domain: Interval | Words
    meaning: str
    role: Literal["both", "theory", "simulation"] = "both"
    shared: bool = False

    def check(self, value: Any) -> Value:
        """The value as float, int or word; raises InputError with the domain otherwise."""
        if isinstance(self.domain, Interval) and isinstance(value, str):
            value = _read_number(value)
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
    """A named solution. `ends_at`: the transition at which it ceases to exist, quoted when it cannot be found."""

    name: str
    meaning: str
    ends_at: str | None = None


@dataclass(frozen=True)
class Transition:
    """A special value of one control given the others. `find(controls) -> (values, converged)`, arrays of one shape (points,),
    or (values, converged, reasons): for each point a phrase that says why no such value exists there, empty where the search
    merely failed. "Not found" and "does not exist" are different sentences, and the second needs a reason.

    `find` may be a string 'package.module:function', imported at first use.
    """

    name: str
    control: str
    meaning: str
    find: Callable | str


@dataclass(frozen=True)
class Model:
    """One system of the statistical physics of neural networks, as data.

    Attributes: `name` and `title`; `controls`, `observables`, `branches` (the first is the default), `transitions`;
    `potential`, the name under which the value of the potential is reported ('free_energy' or 'free_entropy', per spin; None
    for a theory without one); `source`, the paper; `size_meaning` and `size_symbol`, what `size` counts in a simulation;
    `size_control`, the control of the theory, if any, that is this size: `compare` sets it; `arrays`, what is returned beside the
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
            if len(set(names)) < len(names):
                raise InputError(f"Model '{self.name}' declares one of its {kind} twice: {', '.join(names)}.")
        for transition in self.transitions:
            self.control(transition.control)

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


def check_argument(name: str, value: Any, domain: Interval | Words, meaning: str = "") -> Any:
    """An argument of any public function as float, int or word; InputError, with the domain, for what it does not admit."""
    if not domain.admits(value):
        note = f" ({meaning})" if meaning else ""
        raise InputError(f"{name} = {show(value)} is outside its domain: {name} must be {domain}{note}.")
    if isinstance(domain, Words):
        return value
    value = as_number(value)
    return int(value) if domain.integer and math.isfinite(value) else float(value)


SEED = Interval(0, integer=True)


def check_seed(seed: Any) -> int:
    """A user's seed, a whole number; InputError otherwise (None would give other numbers at each call)."""
    return check_argument("seed", seed, SEED, "random seed")


def as_number(value: Any) -> Any:
    """A number of Python's, NumPy's or any other kind as int or float; booleans and everything else unchanged, to be refused."""
    if getattr(value, "ndim", None) == 0 and hasattr(value, "item"):
        value = value.item()
    if isinstance(value, bool):
        return value
    if isinstance(value, numbers.Integral):
        return int(value)
    return float(value) if isinstance(value, numbers.Real) else value


def _read_number(text: str) -> Any:
    """The number that a text is, else the text, for the domain to refuse."""
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text


def show(value: Any) -> str:
    """A value in a sentence: short, whatever it is."""
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) > _LARGEST_WHOLE:
        return "a whole number beyond 2^63"
    shape = getattr(value, "shape", ())
    if shape:
        return f"an array of shape {tuple(shape)}"
    text = repr(value)
    return text if len(text) <= 80 else text[:77] + "..."
