"""The models: found in the systems' rooms by listing them, brought by other installed packages, or
read from a user's file.
"""

from __future__ import annotations

import functools
import hashlib
import importlib
import os
import pkgutil
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import replace
from importlib import metadata
from pathlib import Path

import replicon
from replicon._declare import Model, nearest
from replicon._domains import show
from replicon._errors import InputError
from replicon._files import load_module
from replicon._names import folded

GROUP = "replicon.models"  # of the entry points by which packages bring models
_HINTS = 3  # models that a sentence proposes
# What a file of models that lies in a folder of one's own is found by: see `add_folder`.
_FOLDERS: list[Path] = []


def systems() -> list[str]:
    """Names of the rooms that declare models, in alphabetical order."""
    return [room for room in _rooms() if _declared(room)]


def names() -> list[str]:
    """Names of the shipped models, of those that installed packages bring, and of those of added
    folders, in alphabetical order.
    """
    return sorted(model.name for model in _all())


def get(model: str | Model) -> Model:
    """The declaration of a model: by name, by the path of a .py file with a module-level `model`,
    or itself.

    A file is executed once for each content of it.
    """
    if isinstance(model, Model):
        return model
    if not isinstance(model, (str, os.PathLike)):
        raise InputError(
            f"model = {show(model)} is none: give a name, the path of a .py file, or a Model. "
            f"Models: {', '.join(names())}."
        )
    if str(model).endswith(".py"):
        return _from_file(Path(model))
    for found in _all(str(model)):
        if found.name == model:
            return found
    known = names()
    raise InputError(
        f"Unknown model '{model}'.{_did_you_mean(str(model))} Models: {', '.join(known)}; "
        "or give the path of a .py file with your own."
    )


def _did_you_mean(word: str) -> str:
    """Models of which a word is told, in their titles or by the name of their system, else the one
    whose name is most like it.
    """
    found = [
        model.name
        for system, models in by_system().items()
        for model in models
        if folded(word) in [system, *folded(model.title).split(), *model.name.split("-")]
    ]
    near = nearest(word, names())
    told = found[:_HINTS] or [near]
    return f" Did you mean {' or '.join(repr(name) for name in told)}?" if told[0] else ""


def shipped() -> Iterator[Model]:
    """Every shipped model."""
    for room in _rooms():
        yield from _declared(room)


def by_system() -> dict[str, list[Model]]:
    """The shipped models of every system, those of other packages by the package's name, and under
    'yours' those of added folders.
    """
    out = {room: list(models) for room in _rooms() if (models := _declared(room))}
    out |= _installed()
    if _FOLDERS:
        known = {m.name for models in out.values() for m in models}
        out["yours"] = [model for model in _all() if model.name not in known]
    return out


def add_folder(folder: str | Path) -> None:
    """Count the models of a folder's .py files among the named ones, as the common tests do."""
    _FOLDERS.append(Path(folder))


@functools.cache
def _packages() -> list[str]:
    """Packages of the library, but for the command line, which is slow to import; the folder is
    listed once, for that costs more than the solution of a quick model.
    """
    found = [item.name for item in pkgutil.iter_modules(replicon.__path__) if item.ispkg]
    return [name for name in found if name != "cli"]


def _rooms(first: str = "") -> list[str]:
    """The packages in alphabetical order, but the one that `first` begins with, a model's name,
    first.
    """
    return sorted(_packages(), key=lambda room: (not first.startswith(room), room))


def _declared(room: str) -> tuple[Model, ...]:
    return getattr(importlib.import_module(f"replicon.{room}"), "MODELS", ())


def _all(first: str = "") -> Iterator[Model]:
    for room in _rooms(first):
        yield from _declared(room)
    for models in _installed().values():
        yield from models
    for folder in _FOLDERS:
        for path in sorted(folder.glob("*.py")):
            yield _from_file(path)


@functools.cache
def _installed() -> dict[str, list[Model]]:
    """Models that installed packages bring, by the name of the package: what their entry points
    `[project.entry-points."replicon.models"]` lead to, a Model or several. One that cannot be had
    is left out, with a warning.
    """
    found: dict[str, list[Model]] = {}
    taken = {model.name for model in shipped()}
    for point in metadata.entry_points(group=GROUP):
        package, version = (point.dist.name, point.dist.version) if point.dist else (point.name, "")
        for model in _brought(point, package):
            if model.name in taken:
                _left_out(package, f"there is another model '{model.name}': it needs another name")
                continue
            taken.add(model.name)
            content = hashlib.sha256(f"{package} {version}".encode()).hexdigest()
            found.setdefault(package, []).append(replace(model, content=content))
    return found


def _brought(point: metadata.EntryPoint, package: str) -> tuple[Model, ...]:
    try:
        given = point.load()
    except (Exception, SystemExit) as error:
        _left_out(package, f"'{point.value}' cannot be loaded ({type(error).__name__}: {error})")
        return ()
    models = tuple(given) if isinstance(given, (tuple, list)) else (given,)
    if not all(isinstance(model, Model) for model in models):
        _left_out(package, f"'{point.value}' is no Model, nor a tuple of them")
        return ()
    return models


def _left_out(package: str, why: str) -> None:
    warnings.warn(
        f"A model of package '{package}' is left out, {why}: mend the package, or uninstall it.",
        RuntimeWarning,
        stacklevel=2,
    )


# The models of users' files, by the name of the module, which is another for each content.
_READ: dict[str, Model] = {}


def _from_file(path: Path) -> Model:
    module = load_module(path, "give the path of a Python file that defines `model = Model(...)`")
    if module.__name__ not in _READ:
        found = getattr(module, "model", None)
        if not isinstance(found, Model):
            raise InputError(f"'{path}' defines no `model = Model(...)` at its top level.")
        origin = os.path.realpath(path)
        _READ[module.__name__] = replace(found, origin=origin, content=module.__digest__)
    return _READ[module.__name__]


def describe(model: str | Model) -> dict:
    """Return a model's declaration as plain values: controls with domains and typical ranges as
    numbers, observables with their axes, branches, transitions, size and views. Raises InputError
    for an unknown model.
    """
    return get(model).as_dict()


def finite(model: Model) -> dict:
    """What an example of a model's networks gives where a default is infinite: {control: the cheap
    value that it declares}.
    """
    endless = [c for c in model.controls_for("simulation") if c.default == float("inf")]
    return {c.name: c.quick for c in endless if c.quick is not None}


def translate(declared: dict, sentences: Mapping[str, str]) -> dict:
    """A declaration as `describe` gives it, in another language. `sentences`: {id: sentence}, for
    the ids of `Model.messages`; what it lacks stays as it is.
    """
    out = {}
    for name, value in declared.items():
        if name == "about" and isinstance(value, dict):
            out[name] = _about(declared["model"], value, sentences)
            continue
        if isinstance(value, dict):
            value = translate(value, sentences)
        if isinstance(value, list):
            value = [translate(x, sentences) if isinstance(x, dict) else x for x in value]
        if name == ("title" if "title" in declared else "meaning"):
            value = sentences.get(declared.get("id", ""), value)
        out[name] = value
    return out


def _about(model: str, told: dict, sentences: Mapping[str, str]) -> dict:
    def said(what: str, text: str) -> str:
        return sentences.get(f"{model}.{what}", text)

    formulas = enumerate(told["formulas"].items(), 1)
    return {
        **told,
        "summary": said("summary", told["summary"]),
        "formulas": {said(f"about.formula.{k}", of): latex for k, (of, latex) in formulas},
        "assumes": [said(f"about.assumes.{k}", text) for k, text in enumerate(told["assumes"], 1)],
        "chapter": said("chapter", told["chapter"]),
    }
