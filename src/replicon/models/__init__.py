"""The models, found by listing this folder and imported when asked for."""

from __future__ import annotations

import difflib
import importlib
import importlib.util
import pkgutil
import sys
from pathlib import Path

from replicon._declare import Model
from replicon._errors import InputError


def names() -> list[str]:
    """Names of the shipped models, in alphabetical order."""
    return sorted(item.name.replace("_", "-") for item in pkgutil.iter_modules(__path__))


def get(model: str | Model) -> Model:
    """The declaration of a model: by name, by the path of a .py file with a module-level `model`, or itself."""
    if isinstance(model, Model):
        return model
    if str(model).endswith(".py"):
        return _from_file(Path(model))
    known = names()
    if model not in known:
        near = difflib.get_close_matches(str(model), known, n=1, cutoff=0.4)
        hint = f" Did you mean '{near[0]}'?" if near else ""
        raise InputError(f"Unknown model '{model}'.{hint} Models: {', '.join(known)}; or give the path of a .py file with your own.")
    return importlib.import_module(f"replicon.models.{model.replace('-', '_')}").model


def _from_file(path: Path) -> Model:
    if not path.is_file():
        raise InputError(f"No file '{path}': give the path of a Python file that defines `model = Model(...)`.")
    name = f"replicon_user_{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        raise InputError(f"'{path}' could not be imported: {type(error).__name__}: {error}.") from error
    found = getattr(module, "model", None)
    if not isinstance(found, Model):
        raise InputError(f"'{path}' defines no `model = Model(...)` at its top level.")
    return found
