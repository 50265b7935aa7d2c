"""`docs/models`: a page a model and an index of them, told by the declarations, by the numbers in
tests/reference, and by the studies that ask the model.

What a declaration says stands in paragraphs and cells of its own, so that the catalogue of the live
page translates it as a whole.
"""

from __future__ import annotations

import math
from typing import Any

import markdown_tables
import model_commands
from catalogue import live
from declared_markdown import allowed, linked, named, value
from markdown_tables import number
from model_studies import lessons_of, picture_of, studies_of
from notation_pages import formula
from reference_pages import known, known_numbers, ours

from replicon import Control, Interval, Model, Observable
from replicon._declare import axes, evidence
from replicon.study import catalogue, sources
from replicon.view.frame import system_title

REVIEW = "H. Huang, *Physics thoughts in neural network theory* (2024)"
BOOK = "H. Huang, *Statistical Mechanics of Neural Networks* (Springer, 2021)"
# Rows of known numbers that a page shows: all of them up to MOST_OPEN, else the first OPEN.
MOST_OPEN = 24
OPEN = 12
ROLES = {"both": "theory and networks", "theory": "theory", "simulation": "networks"}
MEASURES = (
    r"$\mathrm{D}z$ is the standard normal measure $e^{-z^2/2}\,\mathrm{d}z/\sqrt{2\pi}$, and"
    r" $H(x) = \int_x^\infty \mathrm{D}z$. Logarithms are natural, $k_B = 1$, and quantities are"
    " per spin, weight or neuron."
)


def pages() -> dict[str, str]:
    """{path: Markdown} of the index and of every shipped model."""
    models = sorted(catalogue.shipped(), key=lambda model: model.title)
    found = {f"models/{model.name}.md": page(model) for model in models}
    return {"models/index.md": index(models), **found}


def index(models: list[Model]) -> str:
    """All models from A to Z, then as cards by system."""
    rows = [[f"[]({one.name}.md)", f"`{one.name}`", _answers(one)] for one in models]
    parts = [
        "# Models",
        "A model has controls, which you set, observables, which theory and finite networks give"
        " under the same names, branches, and transitions. Every page is told by the model's"
        " declaration.",
        "## A to Z",
        table(["Model", "Name", "Answered by"], rows),
    ]
    for system, group in by_system().items():
        cards = "\n".join(card(model) for model in group)
        parts += [f"## {system_title(system)}", f"::::{{grid}} 1 2 2 2\n:gutter: 3\n{cards}\n::::"]
    names = "\n".join(model.name for model in models)
    parts.append(f"```{{toctree}}\n:hidden:\n:maxdepth: 1\n\n{names}\n```")
    return "\n\n".join(parts) + "\n"


def by_system() -> dict[str, list[Model]]:
    """{system: its models}, in the order in which the studies meet the systems."""
    order = {sources.headline(name)["system"]: None for name in sources.shipped()}
    found = catalogue.by_system()
    return {system: found[system] for system in [*order, *catalogue.systems()]}


def card(model: Model) -> str:
    """A model's picture, title and summary, which lead to its page."""
    assert model.about is not None
    picture = picture_of(model.name)
    shown = "" if picture is None else f":img-top: {picture.path}\n:img-alt: {picture.title}\n"
    return (
        f"\n:::{{grid-item-card}} {model.title}\n:link: {model.name}\n:link-type: doc\n{shown}\n"
        f"{model.about.summary}\n:::"
    )


def page(model: Model) -> str:
    """The page of a model."""
    assert model.about is not None
    parts = [
        f"# {model.title}",
        model.about.summary,
        *_drawn(model),
        "## Formula",
        *_formulas(model),
        "## What theory assumes",
        "\n".join(f"- {text}" for text in model.about.assumes),
        "## Controls",
        *_controls(model),
        "## Observables",
        *_observables(model),
        *_branches(model),
        *_transitions(model),
        "## Size and cost",
        *_size(model),
        *_known(model),
        "## Ask it",
        *_examples(model),
        *_studies(model),
        "## Papers",
        *_papers(model),
        "## In the review",
        *_chapter(model),
    ]
    return "\n\n".join(parts) + "\n"


def table(head: list[str], rows: list[list[str]]) -> str:
    """A table of cells in which a bar may stand."""
    cells = [[cell.replace("|", r"\|") for cell in row] for row in rows]
    return markdown_tables.table(head, cells).rstrip()


def _formulas(model: Model) -> list[str]:
    assert model.about is not None
    shown = [f"{caption}\n: $${latex}$$" for caption, latex in model.about.formulas.items()]
    measures = r"\mathrm{D}" in "".join(model.about.formulas.values())
    return [*shown, *([MEASURES] if measures else [])]


def _controls(model: Model) -> list[str]:
    head = ["Control", "Meaning", "Default (typical)", "Allowed", "Read by"]
    rows = [
        [
            named(control.name, control.symbol),
            control.meaning,
            _default(control),
            allowed(control.domain),
            _readers(model, control.role) + (", live" if control.live else ""),
        ]
        for control in model.controls
    ]
    parts = [table(head, rows)]
    if any(control.live for control in model.controls):
        parts.append("A live control may be changed while a network runs.")
    others = [row for control in model.controls for row in _synonyms(control)]
    return [*parts, *([table(["Also understood", "is"], others)] if others else [])]


def _default(control: Control) -> str:
    """The default, and between which values something is seen to happen."""
    if control.typical is None:
        return value(control.default)
    low, high = control.typical
    return f"{value(control.default)} ({number(low)} … {number(high)})"


def _synonyms(control: Control) -> list[list[str]]:
    """Other names of a control and of its words, and what they stand for."""
    if isinstance(control.domain, Interval):
        names = ", ".join(f"`{name}`" for name in control.inverse)
        return [[names, f"1/`{control.name}`"]] if names else []
    known: dict[str, list[str]] = {}
    for other, word in control.domain.synonyms.items():
        known.setdefault(word, []).append(f"`{other}`")
    return [[", ".join(names), f"`{control.name}={word}`"] for word, names in known.items()]


def _observables(model: Model) -> list[str]:
    head = ["Observable", "Meaning", "Values", "Given by"]
    parts = [table(head, [_observable(model, one) for one in model.scalars])]
    if model.potential is not None:
        parts.append(f"The potential of a solution is its `{model.potential}`.")
    if model.arrays:
        rows = [
            [*_observable(model, one), ", ".join(f"`{axis.name}`" for axis in one.axes)]
            for one in model.arrays
        ]
        along = [[named(axis.name, axis.symbol), axis.meaning] for axis in axes(model)]
        parts += [
            "### Arrays",
            table([*head, "Axes"], rows),
            table(["Axis", "Meaning"], along),
        ]
    if model.views:
        rows = [[f"`{v.name}`", v.meaning, f"`{v.kind}`"] for v in model.views]
        parts += ["### Views of a running network", table(["View", "Meaning", "Kind"], rows)]
    return parts


def _observable(model: Model, one: Observable) -> list[str]:
    bounds = Interval(one.low, one.high)
    return [
        named(one.name, one.symbol),
        one.meaning,
        "" if bounds == Interval() else allowed(bounds),
        _readers(model, one.role),
    ]


def _branches(model: Model) -> list[str]:
    if not model.branches:
        return []
    head = ["Branch", "Meaning"]
    rows = [[f"`{one.name}`", one.meaning] for one in model.branches]
    if any(one.ends_at for one in model.branches):
        head.append("Ends at")
        rows = [
            [*row, f"`{one.ends_at}`" if one.ends_at else ""]
            for row, one in zip(rows, model.branches, strict=True)
        ]
    return ["## Branches", table(head, rows)]


def _transitions(model: Model) -> list[str]:
    if not model.transitions:
        return []
    rows = [
        [
            f"`{one.name}`",
            one.meaning,
            f"`{one.control}`",
            ", ".join(f"`{name}`" for name in one.bounds),
        ]
        for one in model.transitions
    ]
    parts = ["## Transitions", table(["Transition", "Meaning", "Value of", "Bounds"], rows)]
    told = evidence(model)
    if told:
        rows = [[named(one.name, one.symbol), one.meaning] for one in told]
        parts.append(table(["Beside the value", "Meaning"], rows))
    return parts


def _size(model: Model) -> list[str]:
    if not model.simulated:
        return ["This model has theory alone: there are no finite networks of it here."]
    size = model.size
    grows = "exponentially" if math.isinf(size.cost) else f"${size.symbol}^{{{size.cost:g}}}$"
    rows = [
        ["What the size counts", size.meaning],
        ["Symbol", f"${size.symbol}$"],
        ["Typical", f"{size.typical[0]} … {size.typical[1]}"],
        ["Smallest", f"{size.least}"],
        ["Largest that is reasonable at the defaults", f"{size.greatest}"],
        ["The work of a step grows as", grows],
    ]
    steps = "" if model.schedule is None else model.schedule.steps
    if steps in {control.name for control in model.controls}:
        rows.append(["Steps are counted by", f"`{steps}`"])
    return [table(["Size", ""], rows)]


def _known(model: Model) -> list[str]:
    """The numbers that tests hold the model to, and their sources."""
    values = [one for one in known_numbers.values() if one["model"] == model.name]
    if not values:
        return []
    told = list(dict.fromkeys((one["kind"], one["source"]) for one in values))
    rows = [
        [
            f"`{one['name']}`",
            _at(one, model),
            known(one),
            ours(one),
            str(told.index((one["kind"], one["source"])) + 1),
        ]
        for one in values
    ]
    head = ["Quantity", "At", "Known", "Here", "Source"]
    shown = len(rows) if len(rows) <= MOST_OPEN else OPEN
    folded = rows[shown:]
    return [
        "## Known numbers",
        "The tests hold the theory to each of these within its uncertainty; how they were found,"
        " [Why believe it](../why-believe.md) tells.",
        table(head, rows[:shown]),
        *([f":::{{dropdown}} More known numbers\n{table(head, folded)}\n:::"] if folded else []),
        table(
            ["Source", "Kind", "From"],
            [[str(k), kind, linked(source)] for k, (kind, source) in enumerate(told, 1)],
        ),
    ]


def _at(one: dict[str, Any], model: Model) -> str:
    """Where a value is known: its controls, and the branch where it is not the first."""
    given = [f"{_short(name, model)} = {value(told)}" for name, told in one["controls"].items()]
    other = "branch" in one and one["branch"] != model.branches[0].name
    branch = [f"branch `{one['branch']}`"] if other else []
    return ", ".join([*given, *branch]) or "the defaults"


def _short(name: str, model: Model) -> str:
    """The symbol of a control; its name where it has none, or was given by an inverse."""
    for control in model.controls:
        if control.name == name and control.symbol != name:
            return f"${formula(control.symbol)}$"
    return f"`{name}`"


def _examples(model: Model) -> list[str]:
    commands = model_commands.commands(model).values()
    lines = "\n".join(model_commands.line(command) for command in commands)
    room = next(system for system, models in by_system().items() if model in models)
    return [
        "On the command line:",
        f"```sh\n{lines}\n```",
        "In Python:",
        f"```python\n{model_commands.python(model)}\n```",
        "On the live page, in the lab:",
        "```sh\nreplicon serve\n```",
        "and at the end of the address that it opens:",
        f"```text\n#/lab?model={model.name}\n```",
        "Functions: {py:func}`replicon.solve`, {py:func}`replicon.find_transition`,"
        " {py:func}`replicon.simulate`, {py:func}`replicon.compare`, {py:func}`replicon.start`.",
        "For networks and data of your own:",
        f"{{doc}}`../api/{room}`",
    ]


def _studies(model: Model) -> list[str]:
    """Where one sees the model at work: studies with their questions, and lessons."""
    rows = [
        [f"[](../gallery/{name}.md)", sources.headline(name)["question"]]
        for name in studies_of(model.name)
    ]
    studies = ["## Studies", table(["Study", "Question"], rows)] if rows else []
    links = [f"- [](../lessons/{name}.md)" for name in lessons_of(model.name)]
    return [*studies, *(["## Lessons", "\n".join(links)] if links else [])]


def _drawn(model: Model) -> list[str]:
    picture = picture_of(model.name)
    if picture is None:
        return []
    link = f"[](../gallery/{picture.study}.md)"
    return [f"```{{figure}} {picture.path}\n:alt: {picture.title}\n:width: 640px\n\n{link}\n```"]


def _papers(model: Model) -> list[str]:
    assert model.about is not None
    first = [text.strip() for text in model.source.split(";")]
    return ["\n".join(f"- {linked(text)}" for text in [*first, *model.about.papers])]


def _chapter(model: Model) -> list[str]:
    """The chapter's name in both languages, which is the same text in both builds."""
    assert model.about is not None
    return [
        f"**{model.about.chapter}** · {live('zh_CN')[model.about.chapter]}",
        f"In {REVIEW}; the textbook beside it is {BOOK}.",
    ]


def _answers(model: Model) -> str:
    return _readers(model, "both")


def _readers(model: Model, role: str) -> str:
    """Who reads a control or gives an observable of a role, of those that the model has."""
    if model.solve is None:
        return ROLES["simulation"]
    return ROLES[role if model.simulated else "theory"]
