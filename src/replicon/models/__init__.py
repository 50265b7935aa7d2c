"""The models, found by listing this folder and imported when asked for."""

from __future__ import annotations

import difflib
import importlib
import os
import pkgutil
from dataclasses import replace
from pathlib import Path

from replicon._declare import Model
from replicon._domains import show
from replicon._errors import InputError
from replicon._files import load_module


def names() -> list[str]:
    """Names of the shipped models, in alphabetical order."""
    return sorted(item.name.replace("_", "-") for item in pkgutil.iter_modules(__path__))


def get(model: str | Model) -> Model:
    """The declaration of a model: by name, by the path of a .py file with a module-level `model`, or itself.

    A file is executed once for each content of it.
    """
    if isinstance(model, Model):
        return model
    if not isinstance(model, (str, os.PathLike)):
        raise InputError(f"model = {show(model)} is none: give a name, the path of a .py file, or a Model. Models: {', '.join(names())}.")
    if str(model).endswith(".py"):
        return _from_file(Path(model))
    known = names()
    if model not in known:
        near = difflib.get_close_matches(str(model), known, n=1, cutoff=0.4)
        hint = f" Did you mean '{near[0]}'?" if near else ""
        raise InputError(f"Unknown model '{model}'.{hint} Models: {', '.join(known)}; or give the path of a .py file with your own.")
    return importlib.import_module(f"replicon.models.{str(model).replace('-', '_')}").model


# The models of users' files, by the name of the module, which is another for each content.
_READ: dict[str, Model] = {}


def _from_file(path: Path) -> Model:
    module = load_module(path, "give the path of a Python file that defines `model = Model(...)`")
    if module.__name__ not in _READ:
        found = getattr(module, "model", None)
        if not isinstance(found, Model):
            raise InputError(f"'{path}' defines no `model = Model(...)` at its top level.")
        _READ[module.__name__] = replace(found, origin=os.path.realpath(path), content=module.__digest__)
    return _READ[module.__name__]
