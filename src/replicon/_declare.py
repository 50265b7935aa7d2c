"""What a model is: a declaration. Everything a user can name is declared once, here validated, and
read by every other room.
"""

from __future__ import annotations

import keyword
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from replicon._about import About
from replicon._domains import Interval, Words, check_argument, show
from replicon._errors import InputError
from replicon._items import (
    KINDS_OF_VIEW,
    Axis,
    Branch,
    Control,
    Observable,
    Role,
    Schedule,
    Size,
    Transition,
    Value,
    View,
    check_values,
    controls_tuple,
    reciprocal,
    resolve,
    whole,
)
from replicon._names import nearest, spelled

__all__ = [
    "KINDS_OF_VIEW",
    "About",
    "Axis",
    "Branch",
    "Control",
    "Interval",
    "Model",
    "Observable",
    "Schedule",
    "Size",
    "Transition",
    "Value",
    "View",
    "Words",
    "check_values",
    "controls_tuple",
    "nearest",
    "resolve",
    "whole",
]

# Names that mean something else wherever controls are given or results are read.
RESERVED = (
    "model",
    "branch",
    "size",
    "samples",
    "sample",
    "seed",
    "observable",
    "value",
    "converged",
    "stable",
    "residual",
    "reason",
)


@dataclass(frozen=True)
class Model:
    """One system of the statistical physics of neural networks, as data.

    Attributes: `name` and `title`; `controls`, `observables`, `branches` (the first is the
    default), `transitions`, `views`; `potential`, the name under which the value of the potential
    is reported ('free_energy' or 'free_entropy', per spin; None for a theory without one);
    `source`, the paper; `size`, what the size of a simulation counts; `schedule`, how long a
    process runs; `remarks`, a function (controls of one point, size, {observable: (mean, error)})
    -> sentences on what stands between theory and this simulation, which `compare` hands on;
    `revision`, raised when its numbers change, so that kept results of before are not taken for it;
    `about`, what a reader is told of it; `origin` and `content`, the file it was read from and 64
    digits of what that held, set on reading.

    For developers
    --------------
    Write one file (in a system's folder, or anywhere: the command line takes a path to a .py file,
    the library an object) with a module-level `model = Model(...)` and functions, which may also be
    given as strings 'package.module:function', imported at first use:

    `solve(controls) -> dict`, or `solve(controls, branch)` where several branches are declared:
    `controls` is a named tuple; numeric controls are checked float arrays of one shape (points,),
    words are single words (grids over words are split before the call). Return arrays of shape
    (points,): every theory observable, the potential under its name, `converged` (bool), and, where
    known, `longitudinal_stability` and `replicon` (positive = stable), `branch` (the name of the
    branch really found) and `reason` (why there is no solution). `stable` is derived from the two
    stabilities. Use `replicon.theory`: write the potential once, `stationary.solve` finds its
    saddle points for the whole grid.

    A finite network is a process: `start(controls, size, rng)`, all controls scalar, `rng` a NumPy
    generator, returns an object with

    - `step(count)`: so many sweeps, time steps, iterations or epochs;
    - `measure() -> dict`: the observables of the simulation (or the moments they are estimated
      from), now, each one number or an array of its declared axes;
    - `finish() -> dict`, optional: what is measured once, when the run is over;
    - `view() -> dict`, where views are declared: an array for each;
    - `set(control, value)`, where there are controls declared `live`;
    - `done`, optional: True where there is nothing more to do.

    What is one shot (an enumeration, a ground state) gives `sample(controls, size, rng) -> dict`
    instead, the observables of one sample; a kernel that runs many samples at once gives
    `start_many(controls, size, streams)`, one `numpy.random.SeedSequence` a sample, whose `measure`
    has a leading axis of samples. `check_size(controls, size)`, optional: raises InputError for a
    size that does not fit; controls as lists of values.

    What then works by itself: validation and error sentences, `replicon models | solve | transition
    | simulate | compare | run`, grids, studies, parallel and resumable runs, figures, and the
    common tests (tests/test_models_common.py).
    """

    name: str
    title: str
    controls: tuple[Control, ...]
    observables: tuple[Observable, ...]
    branches: tuple[Branch, ...] = ()
    transitions: tuple[Transition, ...] = ()
    solve: Callable | str | None = None
    start: Callable | str | None = None
    sample: Callable | str | None = None
    start_many: Callable | str | None = None
    schedule: Schedule | None = None
    potential: Literal["free_energy", "free_entropy"] | None = "free_energy"
    source: str = ""
    size: Size = Size()  # noqa: RUF009 (it is frozen)
    views: tuple[View, ...] = ()
    check_size: Callable[[dict, int], None] | str | None = None
    remarks: Callable[[dict, int, dict], list[str]] | str | None = None
    revision: int = 1
    about: About | None = None
    origin: str = ""
    content: str = ""

    def __post_init__(self) -> None:
        _check_declaration(self)

    @property
    def scalars(self) -> tuple[Observable, ...]:
        """The observables that are one number."""
        return tuple(o for o in self.observables if not o.axes)

    @property
    def arrays(self) -> tuple[Observable, ...]:
        """The observables that have axes."""
        return tuple(o for o in self.observables if o.axes)

    @property
    def simulated(self) -> bool:
        """Whether there are finite networks of it."""
        ways = (self.start, self.sample, self.start_many)
        return any(way is not None for way in ways)

    def control(self, name: str) -> Control:
        """The control of a name, of a symbol (`alpha`, `α`), or of the name of its inverse;
        InputError where there is none, or several have the symbol.
        """
        symbol = spelled(name) if isinstance(name, str) else ""
        found = (
            [c for c in self.controls if c.name == name]
            or [c for c in self.controls if symbol and c.symbol == symbol]
            or [c for c in self.controls if symbol in c.inverse]
        )
        if len(found) > 1:
            named = " and ".join(control.name for control in found)
            raise InputError(f"'{name}' stands for {named} in {self.name}: give the name of one.")
        return found[0] if found else self._named("control", self.controls, name)

    def inverts(self, name: str) -> bool:
        """Whether a name is that of a control's inverse: 1/value is given under it."""
        return not any(name == c.name or spelled(name) == c.symbol for c in self.controls)

    def canonical(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """Parsed values under the controls' own names; InputError for an unknown name, or two
        names of one control.
        """
        under: dict[str, str] = {}
        out: dict[str, Any] = {}
        for name, value in given.items():
            control = self.control(name)
            if control.name in under:
                raise InputError(
                    f"{under[control.name]} and {name} are the same control of {self.name},"
                    f" {control.name}: give one of them."
                )
            under[control.name] = name
            out[control.name] = _inverted(control, name, value) if self.inverts(name) else value
        return out

    def observable(self, name: str) -> Observable:
        return self._named("observable", self.observables, name)

    def branch(self, name: str | None) -> Branch:
        """The branch of a name, the first by default; InputError where there is none."""
        if name is None:
            return self.branches[0]
        return self._named("branch", self.branches, name)

    def transition(self, name: str) -> Transition:
        return self._named("transition", self.transitions, name)

    def controls_for(self, role: str) -> tuple[Control, ...]:
        return tuple(c for c in self.controls if role == "both" or c.role in ("both", role))

    def check(self, given: Mapping[str, Any], role: Role) -> dict[str, list[Value]]:
        """Every control of the role in declared order, each as a list of valid values (defaults
        filled in).
        """
        known = {c.name: c for c in self.controls_for(role)}
        meant = self.canonical(given)
        for name in meant:
            if name not in known:
                other = "simulation" if role == "theory" else "theory"
                raise InputError(
                    f"Control '{name}' of {self.name} belongs to the {other} only: "
                    "leave it out here."
                )
        return {
            name: check_values(control, meant.get(name, control.default))
            for name, control in known.items()
        }

    def as_dict(self) -> dict[str, Any]:
        """The declaration as plain values, for JSON: all that a program needs to ask the model and
        to show its answers. Domains and ranges are numbers ('inf' where infinite); `id` names the
        sentence beside it in `messages`.
        """
        out: dict[str, Any] = {
            "model": self.name,
            "title": self.title,
            "id": f"{self.name}.title",
            "source": self.source,
            "potential": self.potential,
            "theory": self.solve is not None,
            "simulation": self.simulated,
            "process": self.start is not None or self.start_many is not None,
            "revision": self.revision,
            "size": {"id": f"{self.name}.size", **self.size.as_dict()},
            "about": None if self.about is None else self.about.as_dict(),
        }
        for kind in _SINGULAR:
            out[kind] = [
                {"id": message_id(self, kind, item.name), **item.as_dict()}
                for item in _declared(self, kind)
            ]
        return out

    def messages(self) -> dict[str, str]:
        """Every declared sentence by its id, such as 'hopfield.control.load': what a translation
        translates.
        """
        return dict(self._messages())

    def _messages(self) -> Iterator[tuple[str, str]]:
        yield f"{self.name}.title", self.title
        yield f"{self.name}.size", self.size.meaning
        for what, text in self.about.messages().items() if self.about else ():
            yield f"{self.name}.{what}", text
        for kind in _SINGULAR:
            for item in _declared(self, kind):
                yield message_id(self, kind, item.name), item.meaning

    def _named(self, kind: str, items: Sequence, name: str):
        if not isinstance(name, str):
            name = show(name)
        for item in items:
            if item.name == name:
                return item
        candidates = {item.name: item for item in items}
        symbols = {
            other: item.name
            for item in items
            for other in (getattr(item, "symbol", ""), *getattr(item, "inverse", ()))
        }
        hint = nearest(str(name), [*candidates, *filter(None, symbols)], cutoff=0.5)
        if hint:
            best = candidates.get(hint) or candidates[symbols[hint]]
            symbol = getattr(best, "symbol", "")
            also = f" ({symbol})" if symbol and symbol != best.name else ""
            hint = f" Did you mean '{best.name}'{also}?"
        plural = {"branch": "Branches"}.get(kind, f"{kind.capitalize()}s")
        listing = ", ".join(candidates) or "none"
        raise InputError(f"Unknown {kind} '{name}' of {self.name}.{hint} {plural}: {listing}.")


_SINGULAR = {
    "controls": "control",
    "observables": "observable",
    "branches": "branch",
    "transitions": "transition",
    "views": "view",
    "axes": "axis",
    "evidence": "evidence",
}


def _inverted(control: Control, name: str, given: Any) -> Any:
    """1/value, checked, so that the sentence shows what was given."""
    value = reciprocal(given)
    try:
        check_values(control, value)
    except InputError as error:
        raise InputError(f"{name} = {show(given)}, that is, {error}") from None
    return value


def _declared(model: Model, kind: str) -> Sequence:
    """All of a kind that a model declares, where it says so itself or within others."""
    within = {"axes": axes, "evidence": evidence}
    return within[kind](model) if kind in within else getattr(model, kind)


def message_id(model: Model, kind: str, name: str) -> str:
    """The stable id of a declared sentence; `kind` as the attribute of the model is called."""
    return f"{model.name}.{_SINGULAR[kind]}.{name}"


def axes(model: Model) -> tuple[Axis, ...]:
    """Every axis of a model's arrays, each name once."""
    found: dict[str, Axis] = {}
    for array in model.arrays:
        for axis in array.axes:
            found.setdefault(axis.name, axis)
    return tuple(found.values())


def evidence(model: Model) -> tuple[Observable, ...]:
    """What a model's transitions give beside their values, each name once."""
    found = {one.name: one for t in model.transitions for one in t.evidence}
    return tuple(found.values())


def _check_declaration(model: Model) -> None:
    """InputError for a declaration that could not be asked or read."""
    if model.about is not None and not isinstance(model.about, About):
        raise InputError(
            f"Model '{model.name}' declares about = {show(model.about)}: give an"
            " About(summary, formulas, assumes), or leave it out."
        )
    for control in model.controls:
        name = control.name
        own_size = name == "size" and name == model.size.control and control.role == "theory"
        if name in RESERVED and not own_size:
            raise InputError(
                f"Model '{model.name}' declares a control '{name}': that name is taken; "
                f"reserved are {', '.join(RESERVED)}."
            )
        sound = isinstance(name, str) and name.isidentifier() and not keyword.iskeyword(name)
        if not sound or name.startswith("_"):
            raise InputError(
                f"Model '{model.name}' declares a control {name!r}: give a name that Python takes "
                "as an argument."
            )
        control.check(control.default)
        for value in control.typical or ():
            check_argument(f"typical {name}", value, control.domain)
    for kind in ("controls", "observables", "branches", "transitions", "views"):
        names = [item.name for item in getattr(model, kind)]
        for name in names if kind != "controls" else []:
            # They name variables, groups and words of the command line.
            plain = isinstance(name, str) and name.replace("-", "_").replace("_", "a").isalnum()
            if not plain:
                raise InputError(
                    f"Model '{model.name}' declares one of its {kind} as {name!r}: give letters, "
                    "digits, - and _."
                )
        if len(set(names)) < len(names):
            raise InputError(
                f"Model '{model.name}' declares one of its {kind} twice: {', '.join(names)}."
            )
    for one in evidence(model):
        if one.name in RESERVED or one.name in {control.name for control in model.controls}:
            raise InputError(
                f"Model '{model.name}' declares the evidence '{one.name}' of a transition: that"
                " name is taken by a control, or reserved."
            )
    for transition in model.transitions:
        model.control(transition.control)
        for name in transition.bounds:
            model.branch(name)
    for branch in model.branches:
        if branch.ends_at is not None:
            model.transition(branch.ends_at)
