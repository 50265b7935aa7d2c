"""`replicon.live`: the lab of the page in a notebook."""

from __future__ import annotations

import asyncio
import functools
import secrets
import threading
from collections.abc import Callable, Mapping
from typing import Any

from replicon._declare import Model
from replicon._errors import InputError
from replicon._extras import needed
from replicon._items import plain as as_word
from replicon._seed import read_seed
from replicon.serve import processes, words
from replicon.serve.application import House
from replicon.serve.asked import Offer
from replicon.serve.bundle import PAGE, bundled
from replicon.serve.frames import plain
from replicon.serve.networks import check_live_size
from replicon.study import catalogue

_FIRST = threading.Lock()


def live(
    model: str,
    *,
    branch: str | None = None,
    size: int | None = None,
    seed: int = 0,
    language: str = "en",
    **controls: Any,
) -> Any:
    """The lab of a model in a notebook cell: drag a point through its phase diagram while its
    finite network runs beside it.

    `model`: a name, or the path of a .py file with a module-level `model`; `controls`: where it
    begins, single numbers or words; `branch`: the one that is shown, all quick ones by default;
    `size`, `seed`: of the network; `language`: 'en' or 'zh'. Returns an anywidget (Jupyter, VS
    Code, marimo) whose `state` holds the controls as they are now. Needs the extra `notebook`.
    Raises InputError.

    Source: none. Referee: tests/serve/test_notebook.py.
    """
    if isinstance(model, Model):
        raise InputError(
            "The lab runs in processes of its own: give the name of a model or the path of its .py."
        )
    declared = catalogue.get(model)
    own = str(model) if str(model).endswith(".py") else ""
    offer = _server(own).offer
    state = _state(offer, declared, branch, size, seed, controls)
    spoken = {name: words.catalogue(name) for name in {"zh", language}}
    return _widget()(_server(own), state, language, spoken)


class _Server:
    """The processes behind the labs of a notebook, in an event loop of a thread of its own."""

    def __init__(self, own: str):
        brought = ((own,) if own else (), {})
        self.offer = Offer(*brought)
        self.house = House(self.offer, brought)
        processes.preload()
        self.loop = asyncio.new_event_loop()
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self) -> None:
        asyncio.set_event_loop(self.loop)
        self.loop.call_soon(self.house.relay.begin)
        self.loop.call_soon(self.house.desk.begin)
        self.loop.run_forever()

    def call(self, function: Callable, *arguments: Any) -> None:
        """Call in the loop of the server."""
        self.loop.call_soon_threadsafe(function, *arguments)


@functools.cache
def _started(own: str) -> _Server:
    return _Server(own)


def _server(own: str) -> _Server:
    """One for all labs of shipped models, one for each file of a model."""
    with _FIRST:
        return _started(own)


def _state(
    offer: Offer, model: Model, branch: str | None, size: Any, seed: Any, controls: Mapping
) -> dict[str, Any]:
    """Where a lab begins, as the page's address would say it."""
    checked = offer.controls(model, model.canonical(controls), "both")
    told = {name: as_word(value) for name, value in checked.items()}
    state: dict[str, Any] = {"model": model.name, "controls": told, "seed": read_seed(seed)}
    if branch is not None:
        state["branches"] = [model.branch(branch).name]
    if size is not None:
        check_live_size(model, size)
        state["size"] = size
    return state


@functools.cache
def _widget() -> type:
    """The class of the widget, made where anywidget is installed."""
    anywidget = needed("anywidget", "notebook", "The lab in a notebook")
    traitlets = needed("traitlets", "notebook", "The lab in a notebook")

    class LiveLab(anywidget.AnyWidget):
        """A lab in a cell. `state`: model, controls, axes, branches, size and seed, as they are
        now.
        """

        _esm = bundled("notebook") + "\nexport default {render: m_notebook.renderLab};\n"
        _css = scoped((PAGE / "style.css").read_text())
        state = traitlets.Dict().tag(sync=True)
        declarations = traitlets.List().tag(sync=True)
        words = traitlets.Dict().tag(sync=True)
        language = traitlets.Unicode("en").tag(sync=True)

        def __init__(self, server: _Server, state: dict, language: str, spoken: dict):
            super().__init__(
                state=state,
                declarations=plain(server.offer.declarations()),
                words=spoken,
                language=language,
            )
            self._server = server
            self._page = secrets.token_hex(8)
            server.call(server.house.enter, self._page, self._tell)
            self.on_msg(self._hear)

        def _tell(self, data: bytes) -> None:
            self.send({}, buffers=[data])

        def _hear(self, _: Any, said: Any, buffers: Any) -> None:
            self._server.call(self._server.house.hear, self._page, said)

        def close(self) -> None:
            """End its network too."""
            self._server.call(self._server.house.leave, self._page)
            super().close()

    return LiveLab


def scoped(style: str) -> str:
    """The page's style sheet for a part of somebody else's page: what it says of the root and the
    body holds in `.replicon`.
    """
    out = style.replace(":root", ".replicon").replace("\nbody {", "\n.replicon {")
    return out.replace("* { box-sizing", ".replicon * { box-sizing")
