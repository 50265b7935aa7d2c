"""Commands that ask a model, made from its declaration, such that each finds something."""

from __future__ import annotations

import contextlib
import math
import shlex
from collections.abc import Mapping

from replicon import Control, InputError, Interval, Model
from replicon._declare import Value, resolve
from replicon.study.catalogue import finite

POINTS = 11  # of a curve
SAMPLES = 10
FEW = 2  # samples where there is no theory: such networks are dear (a transformer takes a minute)


def commands(model: Model) -> dict[str, list[str]]:
    """{what it asks: words of the command line}, without `replicon` itself."""
    point = words(shown(model))
    found = {"declaration": ["models", model.name]}
    if model.solve is not None:
        found |= {
            f"branch {branch.name}": [
                "solve",
                model.name,
                *(words(branch.example) or point),
                *(["--branch", branch.name] if k else []),
            ]
            for k, branch in enumerate(model.branches)
        }
        control = along(model)
        if control is not None:
            rest = words({k: v for k, v in model.branches[0].example.items() if k != control.name})
            found["curve"] = [
                "solve",
                model.name,
                f"{control.name}={grid(control)}",
                *rest,
                *("--plot", "curve.png"),
            ]
    for one in model.transitions:
        held = one.example or shown(model)
        given = {name: value for name, value in held.items() if name != one.control}
        found[f"transition {one.name}"] = ["transition", model.name, one.name, *words(given)]
    if model.simulated:
        both = model.solve is not None and any(o.role == "both" for o in model.observables)
        size = network_size(model)
        numbers = [] if size is None else ["--size", str(size)]
        numbers += ["--samples", str(SAMPLES if both else FEW)]
        question = "compare" if both else "simulate"
        found["networks"] = [question, model.name, *point, *words(finite(model)), *numbers]
    return found


def line(command: list[str]) -> str:
    """A command as it is typed."""
    return shlex.join(["replicon", *command])


def shown(model: Model) -> dict[str, Value]:
    """The controls that an example names, with their defaults: the first two finite numbers that
    theory and networks both read.
    """
    numbers = [c for c in model.controls if c.role == "both" and isinstance(c.domain, Interval)]
    some = [c for c in numbers if not math.isinf(float(c.default))]
    return {c.name: c.default for c in some[:2]}


def along(model: Model) -> Control | None:
    """The control of a curve: that of the first transition, else the first number that theory
    reads, where it has a typical range.
    """
    crossed = [model.control(one.control) for one in model.transitions]
    for control in (*crossed[:1], *model.controls_for("theory")):
        if isinstance(control.domain, Interval) and control.typical and not control.domain.integer:
            return control
    return None


def network_size(model: Model) -> int | None:
    """A size in the middle of the typical ones, to one digit, that the model takes at its defaults;
    None where its data give it.
    """
    given = finite(model)
    controls = {c.name: [given.get(c.name, c.default)] for c in model.controls_for("simulation")}
    if model.size.of is not None and len(resolve(model.size.of)(controls)) == 1:
        return None
    middle = math.sqrt(model.size.typical[0] * model.size.typical[1])
    unit = 10 ** math.floor(math.log10(middle))
    for size in (round(middle / unit) * unit, *model.size.typical):
        with contextlib.suppress(InputError):
            if model.check_size is not None:
                resolve(model.check_size)(controls, size)
            return size
    return model.size.quick


def words(controls: Mapping[str, Value]) -> list[str]:
    """name=value, each."""
    return [f"{name}={value_word(value)}" for name, value in controls.items()]


def value_word(value: Value) -> str:
    """A value as one types it."""
    return f"{value:g}" if isinstance(value, float) else str(value)


def grid(control: Control) -> str:
    """The typical range as values: inside an open end of the domain, and even factors of a control
    on a logarithmic scale.
    """
    assert control.typical is not None
    low, high = control.typical
    if control.scale == "log" and low > 0:
        factor = (high / low) ** (1 / (POINTS - 1))
        listed = [float(f"{low * factor**k:.2g}") for k in range(POINTS)]
        return ",".join(f"{value:g}" for value in listed)
    step = (high - low) / (POINTS - 1)
    if not control.domain.admits(low):
        low += step
    if not control.domain.admits(high):
        high -= step
    return f"{low:g}:{high:g}:{POINTS}"


def python(model: Model) -> str:
    """The same from Python: a curve of theory as a picture, networks as means with errors."""
    lines = ["import replicon", ""]
    point = "".join(f", {name}={value!r}" for name, value in shown(model).items())
    if model.solve is not None:
        control = along(model)
        curve = point if control is None else f', {control.name}="{grid(control)}"'
        lines.append(f'theory = replicon.solve("{model.name}"{curve})')
        drawn = 'replicon.draw(theory).savefig("curve.png")'
        lines.append("print(theory)" if control is None else drawn)
    if model.simulated:
        size = network_size(model)
        counted = "" if size is None else f", size={size}"
        samples = FEW if model.solve is None else SAMPLES
        point += "".join(f", {name}={value!r}" for name, value in finite(model).items())
        lines += [
            f'networks = replicon.simulate("{model.name}"{point}{counted}, samples={samples})',
            f'print(replicon.summarize("{model.name}", networks))',
        ]
    return "\n".join(lines)
