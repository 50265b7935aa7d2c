"""Shared by all tests: caches of compiled code, and the order that lets tests share what they
compile.
"""

import contextlib
import functools
import gc
import importlib
import os
import sys
from pathlib import Path

import pytest
from tests import dear

# Neither JAX nor Numba writes its cache so that two processes may share it: every worker has its
# own, and what one has compiled the others are given before the next run.
_CACHES = Path(__file__).parents[1] / ".cache"
_CACHE = _CACHES / os.environ.get("PYTEST_XDIST_WORKER", "")
os.environ["JAX_COMPILATION_CACHE_DIR"] = str(_CACHE / "jax")
os.environ["NUMBA_CACHE_DIR"] = str(_CACHE / "numba")
os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS", "0.2")
# Assertions are rewritten once and not in every run: 6 s of each worker.
sys.dont_write_bytecode = False
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
# Two processes on two processors: a second thread of linear algebra waits for its next matrix at
# full speed, three quarters of the processor time of 60 Lyapunov exponents.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")


def pytest_addoption(parser):
    parser.addoption(
        "--models-folder",
        help=(
            "A folder of models of one's own, tested from their declarations like the shipped ones."
        ),
    )
    parser.addoption(
        "--measure", action="store_true", help="Add the dear tests of this run to tests/dear.txt."
    )


def _hand_round(caches: Path) -> None:
    """Give each worker's folders what the others' hold, as further names of the same files: traced
    graphs, code compiled by JAX, and kernels of Numba that it has none of (an index says which
    signatures of a kernel there are: two are not merged).
    """
    folders = [caches, *caches.glob("gw*")]
    kinds = ("jax/*-cache", "jax/graphs/*.graph", "numba/*/*.nbi")
    found = [(folder, path) for folder in folders for kind in kinds for path in folder.glob(kind)]
    held = {path.relative_to(folder): path for folder, path in found}
    for folder in folders:
        for name, path in held.items():
            if (folder / name).exists():
                continue
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            code = path.parent.glob(f"{path.stem}.*.nbc") if path.suffix == ".nbi" else ()
            for part in (*code, path):
                with contextlib.suppress(OSError):  # it is there, or this disk has no second names
                    (folder / name).with_name(part.name).hardlink_to(part)


def pytest_configure(config):
    if not hasattr(config, "workerinput"):
        _hand_round(_CACHES)
    if config.getoption("--measure"):
        config.pluginmanager.register(dear.Measurement())
    folder = config.getoption("--models-folder")
    if folder:
        from replicon.study import catalogue

        catalogue.add_folder(folder)


# Groups from the dearest on, so that two processes end together.
_DEAREST_FIRST = (
    "perceptron",
    "rbm",
    "recurrent",
    "serve",
    "ising",
    "langevin",
    "boltzmann",
    "study",
    "attention",
    "page",
    "spins",
    "channel",
    "view",
    "docs",
    "data",
    "hopfield",
    "theory",
    "test_documents",
)


# Files whose tests are each of a model.
_OF_MODELS = (
    "test_models_common",
    "test_reference",
    "test_graphs",
    "test_model_pages",
    "test_same_numbers",
)


@functools.cache
def _rooms() -> dict[str, str]:
    """The system of each model by name."""
    from replicon.study import catalogue

    return {
        model.name: room
        for room in catalogue.systems()
        for model in importlib.import_module(f"replicon.{room}").MODELS
    }


@functools.cache
def _group(name: str) -> str:
    """The system of a test's model, where a file runs through all models, else its folder: systems
    share compiled code. `name`: the test's, as pytest writes it.
    """
    path, _, test = name.partition("::")
    given = test.partition("[")[2]
    file = Path(path)
    if file.stem in _OF_MODELS:
        asked = [model for model in _rooms() if given.startswith(model)]
        if asked:
            return _rooms()[max(asked, key=len)]
    if file.stem == "test_documents" and given:
        return given  # a page is a group of its own: whichever process is free
    return file.stem if file.parent.name == "tests" else file.parent.name


@pytest.hookimpl(tryfirst=True)
def pytest_collection():
    """Six thousand tests and what they import are never garbage: to look through them again and
    again takes a twentieth of the processor time.
    """
    gc.disable()


def pytest_collection_finish():
    gc.enable()
    gc.freeze()


def pytest_collection_modifyitems(config, items):
    dear.mark(config, items)
    groups = {room: [] for room in _DEAREST_FIRST}
    for item in items:
        groups.setdefault(_group(item.nodeid), []).append(item)
    items[:] = [item for members in groups.values() for item in members]


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """One process for a group. (pytest-xdist 3.8 tells groups by a mark that it writes into names,
    which pytest 9.2 does not read.)
    """
    from xdist.scheduler import LoadScopeScheduling

    class Groups(LoadScopeScheduling):
        def _split_scope(self, nodeid):
            return _group(nodeid)

    return Groups(config, log) if config.option.dist == "loadgroup" else None


@pytest.hookimpl(trylast=True)
def pytest_runtest_teardown(item, nextitem):
    """A process may hold 65,530 mappings of memory, and every compiled function takes some: those
    of the group are released.
    """
    coming = None if nextitem is None else _group(nextitem.nodeid)
    if "jax" in sys.modules and coming != _group(item.nodeid):
        sys.modules["jax"].clear_caches()
