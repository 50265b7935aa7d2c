"""Every public name says what it takes and gives, what is raised, where it comes from, and who
checks it.
"""

import ast
import importlib
import inspect
import re
from pathlib import Path

import pytest

import replicon
from replicon.study import catalogue

_ROOT = Path(replicon.__file__).parent
_ROOMS = sorted({*catalogue.systems(), "channel", "spins", "theory", "data", "view"})


def _public():
    for room in _ROOMS:
        module = importlib.import_module(f"replicon.{room}")
        for name in module.__all__:
            value = getattr(module, name)
            if not inspect.ismodule(value):
                yield pytest.param(room, value, id=f"{room}.{name}")


# What can be said of functions of physics: what comes back, what is raised, the source, the
# referee.
_SHAPES = re.compile(
    r"\((?:\d+|[A-Za-z_]\w*)(?:, ?[\w .+*/-]+)*,?\)|[Ss]calar|[Rr]eturns|units|number"
)
_MUST = (r"Raises|raises nothing|raises what|Raised|raised", r"Source", r"Referee")


@pytest.mark.parametrize(("room", "value"), list(_public()))
def test_public_names_of_rooms(room, value):
    text = inspect.getdoc(value) or ""
    assert text, "no docstring"
    assert _SHAPES.search(text), "no shapes, normalisation or units"
    is_result = inspect.isclass(value) and issubclass(value, tuple)
    if is_result or not callable(value):
        return
    for pattern in _MUST if room != "data" else _MUST[:1]:
        assert re.search(pattern, text), f"nothing about {pattern}"


@pytest.mark.parametrize("name", [n for n in replicon.__all__ if n not in _ROOMS])
def test_public_names_at_the_top(name):
    value = getattr(replicon, name)
    text = inspect.getdoc(value) or ""
    assert len(text) > 30
    if inspect.isfunction(value):
        assert re.search(r"[Rr]eturn|Names|list|dictionary|Dataset|Write|network", text)


def _methods(node) -> list[ast.FunctionDef]:
    body = node.body if isinstance(node, ast.ClassDef) else []
    return [m for m in body if isinstance(m, ast.FunctionDef) and m.name[0] != "_"]


def test_functions_that_can_be_called_from_elsewhere_have_a_docstring():
    """Public functions and classes of every file, but for those within functions and methods whose
    meaning the contract of a process gives, or another class of the file that they override.
    """
    contract = {"step", "measure", "view", "set", "finish", "as_dict", "check", "main"}
    missing = []
    for path in sorted(_ROOT.rglob("*.py")):
        body = ast.parse(path.read_text()).body
        classes = [node for node in body if isinstance(node, ast.ClassDef)]
        told = {m.name for one in classes for m in _methods(one) if ast.get_docstring(m)}
        for node in body:
            if not isinstance(node, (ast.FunctionDef, ast.ClassDef)) or node.name.startswith("_"):
                continue
            for one in (node, *(m for m in _methods(node) if m.name not in contract | told)):
                if not ast.get_docstring(one) and len(one.body) > 1:
                    missing.append(f"{path.relative_to(_ROOT)}:{one.name}")
    assert not missing, missing
