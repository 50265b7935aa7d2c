"""Completion in the shell: models, their controls with `=`, words, branches and transitions, and
studies, read from the declarations each time that they are asked for.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from cyclopts.completion import CompletionContext

    from replicon._declare import Control, Model

# Bash alone ends a completed word with a space, also one that ends in `=`.
BASH = """
_replicon_assign() {
  _replicon "$@"
  [[ "${COMPREPLY[0]}" == *= ]] && compopt -o nospace 2>/dev/null
}
complete -F _replicon_assign replicon
"""


class Typed(NamedTuple):
    """An assignment under the cursor: the `name` before `=`, None while that is being typed, and
    `prefix`, what a candidate must repeat: shells hand over `name=va` as one word, bash as three.
    """

    name: str | None
    prefix: str


def models(context: CompletionContext) -> list[tuple[str, str]]:
    """Names of models, with their titles."""
    from replicon.study import catalogue

    return [(m.name, m.title) for members in catalogue.by_system().values() for m in members]


def transitions(context: CompletionContext) -> list[tuple[str, str]]:
    """Transitions of the model that was typed."""
    model = _model(context)
    return [] if model is None else [(t.name, t.meaning) for t in model.transitions]


def branches(context: CompletionContext) -> list[tuple[str, str]]:
    """Branches of the model that was typed."""
    model = _model(context)
    return [] if model is None else [(b.name, b.meaning) for b in model.branches]


def studies(context: CompletionContext) -> list[str]:
    """Names of the shipped studies."""
    from replicon.study.sources import shipped

    return shipped()


def changes(context: CompletionContext) -> list[str]:
    """`name=` of what `--set` may replace in the study that was typed."""
    from replicon._errors import InputError
    from replicon.study import catalogue
    from replicon.study.sources import read_table

    try:
        _, table = read_table(context["study"].raw or "")
    except InputError:
        return []
    series = [one for kind in ("theory", "transition", "simulation") for one in table.get(kind, ())]
    named = [c.name for one in series for c in catalogue.get(one["model"]).controls]
    return [f"{name}=" for name in dict.fromkeys([*named, "sizes", "samples", "seed"])]


def assignments(context: CompletionContext) -> list[tuple[str, str]]:
    """`name=` of the controls that the command takes; after `=`, the control's words."""
    model = _model(context)
    if model is None:
        return []
    typed = typed_assignment(context.incomplete, context["assignments"].raw_tokens)
    offered = _controls(model, context)
    if typed.name is None:
        return [(f"{c.name}=", c.meaning) for c in offered]
    return [
        (typed.prefix + word, c.meaning)
        for c in offered
        if c.name == typed.name
        for word in getattr(c.domain, "words", ())
    ]


def typed_assignment(word: str, before: Sequence[str]) -> Typed:
    """What of an assignment `word`, under the cursor, and the words `before` it hold."""
    if before[-1:] == ("=",):
        return Typed(before[-2] if len(before) > 1 else "", "")
    if word == "=":
        return Typed(before[-1] if before else "", "")
    name, sign, _ = word.partition("=")
    return Typed(name, f"{name}=") if sign else Typed(None, "")


def _model(context: CompletionContext) -> Model | None:
    from replicon._errors import InputError
    from replicon.study import catalogue

    try:
        return catalogue.get(context["model"].raw or "")
    except InputError:
        return None


def _controls(model: Model, context: CompletionContext) -> list[Control]:
    """Controls of theory for a command that takes no size, of simulation for one that takes no
    branch, without the one that a transition finds.
    """
    if context.get("size") is None:
        role = "theory"
    else:
        role = "simulation" if context.get("branch") is None else "both"
    named = context.get("name")
    found = [t.control for t in model.transitions if named is not None and t.name == named.raw]
    return [c for c in model.controls_for(role) if c.name not in found]
