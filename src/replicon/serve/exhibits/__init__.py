"""What exhibits ask and run beside the models themselves. A file an exhibit; each lists

`QUESTIONS`, {name: function (offer, **arguments) -> (header, arrays)}, asked of the process of
theory, and `NETWORKS`, {name: class or function (offer, **arguments) -> network}, run by the
process of networks. A network has what `serve.networks.Network` has, which is one: `step(count)`,
`view()`, `measured()`, `told()`, `set(name, value)`, `act(name, **arguments)`, `steps`, `done`.
Names are `exhibit.name`; those of this file are for any model.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable

from replicon.serve import theory
from replicon.serve.networks import Network


def questions() -> dict[str, Callable]:
    """Every question that a page may ask, by name."""
    return {**theory.QUESTIONS, **_all("QUESTIONS")}


def networks() -> dict[str, Callable]:
    """Every kind of network that a page may start, by name; 'model' is any model's own process."""
    return {"model": Network, **_all("NETWORKS")}


def _all(kind: str) -> dict[str, Callable]:
    found = {}
    for module in pkgutil.iter_modules(__path__):
        declared = importlib.import_module(f"{__name__}.{module.name}")
        found.update(getattr(declared, kind, {}))
    return found
