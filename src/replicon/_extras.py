"""Packages that come with an extra and not with every installation, because they serve one room."""

from __future__ import annotations

import importlib
from types import ModuleType

from replicon._errors import InputError


def needed(package: str, extra: str, purpose: str) -> ModuleType:
    """The package, imported; InputError, with the way to install it, where it is not there."""
    try:
        return importlib.import_module(package)
    except ModuleNotFoundError:
        raise InputError(
            f"{purpose} needs {package}, which is not installed: pip install 'replicon[{extra}]'."
        ) from None
