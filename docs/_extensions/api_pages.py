"""`docs/api`: an index by subject, a page a room, every public name with its signature, its
docstring and an example.
"""

import importlib
import inspect
import re
from typing import Any

import public
from docstrings import escaped, first_sentence, markdown

# The names at the top, by what one asks of them.
SUBJECTS = {
    "Ask a model": "solve find_transition simulate compare summarize start live models describe",
    "Run studies": "studies run_study load_results export_results",
    "Draw": "draw draw_diagnosis",
    "Declare a model": "Model Control Interval Words Observable Axis View Branch Transition Size "
    "Schedule About",
    "Errors": "RepliconError InputError ConvergenceError DivergenceError StoreError",
}
# The rooms, in the order of a reader.
ROOMS = {
    "Systems": "ising hopfield perceptron rbm boltzmann attention recurrent langevin",
    "What the systems share": "channel spins theory",
    "Data and figures": "data view",
}
# Types that signatures name and no room lists: the file of each.
TYPES = {
    "Process": "study.process",
    "StudyResult": "view.result",
    "Transformer": "attention.transformer",
    "Names": "view.pictures",
    "Look": "view.pictures",
    "Seed": "study.ask",
    "Value": "_items",
    "Role": "_items",
    "Scalar": "theory.gaussian",
    "Side": "channel.factors",
    "Objects": "_objects",
}
LONGEST_DEFAULT = 40  # characters of a default value that a signature shows


def pages() -> dict[str, str]:
    """{path below docs: Markdown}."""
    examples = public.examples()
    names = public.names()
    told = {"api/index.md": _index(names), "api/types.md": _types()}
    for room in ["replicon", *(f"replicon.{one}" for one in " ".join(ROOMS.values()).split())]:
        told[f"api/{_page(room)}.md"] = _room(room, names, examples)
    return told


def _page(room: str) -> str:
    """The name of a room's page: that of the package is of the questions."""
    return room.split(".")[1] if "." in room else "questions"


def _of(names: list[public.Name], room: str) -> list[public.Name]:
    return [one for one in names if one.room == room]


def _index(names: list[public.Name]) -> str:
    parts = [
        "# API\n\nEvery public name, by subject. A model is asked by the functions of `replicon`"
        " itself; a room, such as `replicon.perceptron`, has the functions for your own networks"
        " and data. [Types](types.md) are what signatures name beside these."
    ]
    by_name = {one.name: one for one in _of(names, "replicon")}
    parts.append("## The questions: [replicon](questions.md)")
    for subject, listed in SUBJECTS.items():
        parts.append(f"### {subject}\n\n" + _table([by_name[name] for name in listed.split()]))
    for subject, rooms in ROOMS.items():
        parts.append(f"## {subject}")
        for name in rooms.split():
            room = f"replicon.{name}"
            parts.append(f"### [{room}]({name}.md)\n\n{escaped(_headline(room))}")
            parts.append(_table(_of(names, room)))
    files = [_page("replicon"), *" ".join(ROOMS.values()).split(), "types"]
    return "\n\n".join([*parts, "```{toctree}\n:hidden:\n\n" + "\n".join(files) + "\n```\n"])


def _headline(room: str) -> str:
    return first_sentence(inspect.getdoc(importlib.import_module(room)) or "")


def _table(names: list[public.Name]) -> str:
    rows = [f"- {{py:obj}}`{one.name} <{one.path}>`: {_line(one)}" for one in names]
    return "\n".join(rows)


def _line(one: public.Name) -> str:
    """What a name is, in one line."""
    if public.is_instance(one.value):
        return f"{_article(type(one.value).__name__)}."
    return escaped(first_sentence(inspect.getdoc(public.documented(one.value)) or ""))


def _article(name: str) -> str:
    return f"an instance of `{name}`"


def _room(room: str, names: list[public.Name], examples: dict[str, str]) -> str:
    """The page of a room and of the files of it that are public as a whole."""
    files = [one for one in public.rooms() if one == room or one.startswith(f"{room}.")]
    if room == "replicon":
        files = [room]
    parts = []
    for file in files:
        mark = "#" if file == room else "##"
        title = "replicon" if file == "replicon" else escaped(file)
        parts.append(f"{mark} {title}\n\n```{{py:module}} {file}\n```")
        told = inspect.getdoc(importlib.import_module(file)) or ""
        known = {one.name: one.home for one in _of(names, file)}
        parts.append(markdown(told, _linker(known, set())))
        if file == "replicon":
            by_name = {one.name: one for one in _of(names, file)}
            for subject, listed in SUBJECTS.items():
                parts.append(f"## {subject}")
                parts += [_entry(by_name[name], known, examples) for name in listed.split()]
        else:
            twice = _told_above(_of(names, file), room)
            here = [one for one in _of(names, file) if one not in twice]
            parts += [_entry(one, known, examples) for one in here]
            parts += [_links(twice)] if twice else []
    return "\n\n".join(parts) + "\n"


def _told_above(names: list[public.Name], room: str) -> list[public.Name]:
    """The names of a file that the page of its room has already."""
    return [one for one in names if one.home != one.path and one.home.startswith(f"{room}.")]


def _links(names: list[public.Name]) -> str:
    links = ", ".join(f"{{py:obj}}`{one.name} <{one.home}>`" for one in names)
    return f"Of the names above it holds {links}."


def _linker(known: dict[str, str], own: set[str]):
    """How code in a docstring is shown: as a link where it is a public name of the room, or one
    with the room before it, and no argument of what is described.
    """

    def link(word: str) -> str:
        name = word.removesuffix("()")
        if name in known and name not in own:
            return f"{{py:obj}}`{word} <{known[name]}>`"
        return f"`{word}`"

    return link


def _entry(one: public.Name, known: dict[str, str], examples: dict[str, str]) -> str:
    """One public name as a directive of the Python domain, in the module of its room."""
    if one.home != one.path:
        kind = "class" if inspect.isclass(one.value) else "function"
        if public.is_instance(one.value):
            kind = "data"
        return _directive(kind, one.name, f"The same as {{py:obj}}`{one.home}`.")
    if public.is_instance(one.value):
        body = f"{_line(one).capitalize()}\n\n{_example(one.path, examples)}"
        return _directive("data", one.name, body, f":type: {type(one.value).__name__}")
    value = public.documented(one.value)
    own = {one.name, *_arguments(value)}
    body = [markdown(inspect.getdoc(value) or "", _linker(known, own))]
    body.append(_example(one.path, examples))
    if not inspect.isclass(value):
        return _directive("function", f"{one.name}{_signature(value)}", "\n\n".join(body))
    body += [_member(value, name, known) for name in _members(value)]
    kind = "exception" if issubclass(value, Exception) else "class"
    return _directive(kind, f"{one.name}{_signature(value)}", "\n\n".join(body))


def _directive(kind: str, signature: str, body: str, options: str = "") -> str:
    """A directive whose fence is longer than any within it."""
    longest = max((len(fence) for fence in re.findall(r"^:{3,}", body, re.M)), default=2)
    fence = ":" * (longest + 1)
    head = f"{fence}{{py:{kind}}} {signature}"
    return "\n".join([head, *([options] if options else []), "", body.strip(), fence])


def _example(path: str, examples: dict[str, str]) -> str:
    return f"**Example**\n\n```pycon\n{examples[path]}\n```" if path in examples else ""


def _members(value: type) -> list[str]:
    """Public methods and properties of a class that this package has written."""
    found = []
    for name in dir(value):
        holder = next((c for c in value.__mro__ if name in vars(c)), None)
        ours = holder is not None and holder.__module__.startswith("replicon")
        member = vars(holder)[name] if holder else None
        kinds = (property, classmethod, staticmethod)
        if ours and name[0] != "_" and (inspect.isfunction(member) or isinstance(member, kinds)):
            found.append(name)
    return found


def _member(value: type, name: str, known: dict[str, str]) -> str:
    member = inspect.getattr_static(value, name)
    told = inspect.getdoc(member) or ""
    if isinstance(member, property):
        return _directive("property", name, markdown(told, _linker(known, {name})))
    function = getattr(member, "__func__", member)
    own = {name, *_arguments(function)}
    arguments = _signature(function, method=not isinstance(member, staticmethod))
    return _directive("method", f"{name}{arguments}", markdown(told, _linker(known, own)))


def _arguments(value: Any) -> list[str]:
    try:
        return list(inspect.signature(value).parameters)
    except ValueError:  # a class of Python's own makes, such as an exception
        return []


def _signature(value: Any, *, method: bool = False) -> str:
    """The arguments with their types, and what is returned, as Python is written."""
    try:
        signature = inspect.signature(value)
    except ValueError:
        return ""
    parameters = list(signature.parameters.values())[1 if method else 0 :]
    shown = [
        one.replace(annotation=_annotation(one.annotation), default=_default(one.default))
        for one in parameters
    ]
    returned = signature.return_annotation
    if inspect.isclass(value):
        returned = signature.empty
    return str(signature.replace(parameters=shown, return_annotation=_annotation(returned)))


class _Shown:
    """What a signature shows as this text."""

    def __init__(self, text: str) -> None:
        self.text = text

    def __repr__(self) -> str:
        return self.text


def _annotation(what: Any) -> Any:
    """A type as it is written in the source."""
    if what is inspect.Signature.empty:
        return what
    text = getattr(what, "__forward_arg__", what)
    text = text if isinstance(text, str) else inspect.formatannotation(what)
    return _Shown(text.strip("\"'") if text[0] in "\"'" else text)


def _default(default: Any) -> Any:
    """A default value; a long one as what makes it, one that is made anew as three points."""
    if default is inspect.Parameter.empty:
        return default
    if callable(default):
        return _Shown(default.__name__)
    text = repr(default)
    if text.startswith("<"):
        return _Shown("...")
    return _Shown(text if len(text) <= LONGEST_DEFAULT else f"{type(default).__name__}(...)")


def _types() -> str:
    """The types that signatures name and that are not made by hand."""
    parts = [
        "# Types\n\nWhat signatures name beside the public names: a union that many arguments"
        " share, and classes of what a function returns, which one does not make oneself."
    ]
    for name, file in TYPES.items():
        value = getattr(importlib.import_module(f"replicon.{file}"), name)
        path = f"replicon.{file}.{name}"
        if inspect.isclass(value) and value.__module__.startswith("replicon"):
            parts.append(_directive("class", path, markdown(inspect.getdoc(value) or "")))
        else:
            shown = value.__name__ if inspect.isclass(value) else str(value)
            parts.append(_directive("data", path, f"`{_short(shown)}`"))
    return "\n\n".join(parts) + "\n"


def _short(text: str) -> str:
    """A union as one writes it, without the files of its members."""
    text = re.sub(r"\b(?:typing|collections\.abc)\.", "", text)
    return text.replace("numpy.random._generator.", "numpy.random.")
