"""The house: arrows between rooms point one way, no circles, and importing the package is light."""

import ast
import importlib
import subprocess
import sys
from pathlib import Path

import pytest

import replicon
from replicon.study import catalogue

_ROOT = Path(replicon.__file__).parent
_SYSTEMS = set(catalogue.systems())
# What a room may import beside itself and the floor, the files whose names begin with `_`.
_MAY = {
    "theory": set(),
    "data": set(),
    "channel": {"theory"},
    "spins": set(),
    "study": {"data"},
    "view": {"study", "data"},
    "serve": {"view", "study", "data", *_SYSTEMS, "spins", "channel", "theory"},
    "cli": {"serve", "view", "study", "data"},
    **{system: {"channel", "spins", "theory", "data"} for system in _SYSTEMS},
}
_FILES = sorted(_ROOT.rglob("*.py"))


def _module(path: Path) -> str:
    parts = path.relative_to(_ROOT.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


_MODULES = {_module(path) for path in _FILES}


def _imports(path: Path, *, lazy: bool = True) -> set[str]:
    """Modules of ours that a file imports: by `import x`, `from x import y` where y may be a
    module, relatively, and, if `lazy`, inside functions. What only a type checker sees does not
    count.
    """
    tree = ast.parse(path.read_text())
    package = _module(path) if path.name == "__init__.py" else _module(path).rpartition(".")[0]
    found = set()

    def visit(node, inside: bool) -> None:
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            return
        if inside and not lazy:
            return
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        if isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                parts = package.split(".")
                base = ".".join(filter(None, [*parts[: len(parts) + 1 - node.level], base]))
            for alias in node.names:
                whole = f"{base}.{alias.name}"
                found.add(whole if whole in _MODULES else base)
        for child in ast.iter_child_nodes(node):
            function = isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda))
            visit(child, inside or function)

    visit(tree, False)
    return {name for name in found if name == "replicon" or name.startswith("replicon.")}


def _room(module: str) -> str:
    parts = module.split(".")
    return parts[1] if len(parts) > 1 else ""


def test_every_room_is_known():
    rooms = {_room(_module(path)) for path in _FILES} - {""}
    assert {room for room in rooms if not room.startswith("_")} == set(_MAY)
    assert len(_SYSTEMS) == 8


@pytest.mark.parametrize("path", _FILES, ids=lambda path: str(path.relative_to(_ROOT)))
def test_arrows_point_one_way(path):
    room = _room(_module(path))
    for module in _imports(path):
        target = _room(module)
        if target == room or target == "" or target.startswith("_"):
            continue
        assert not room.startswith("_"), f"{path.name} imports {module}: the floor knows no room"
        if room:
            assert target in _MAY[room], f"{path}: {room} must not import {module}"


def test_no_circles():
    """Not even by imports inside functions: what needs one another belongs together."""
    arrows = {_module(path): _imports(path) & _MODULES for path in _FILES}
    arrows = {m: {t for t in to if t not in (m, "replicon")} for m, to in arrows.items()}
    done, path = set(), []

    def visit(module):
        if module in path:
            pytest.fail(" -> ".join([*path[path.index(module) :], module]))
        if module in done:
            return
        path.append(module)
        for target in arrows[module]:
            visit(target)
        path.pop()
        done.add(module)

    for module in arrows:
        visit(module)


def test_the_arrow_test_sees_every_way_of_importing(monkeypatch):
    code = (
        "import replicon.view.page\nfrom replicon.hopfield import theory\n"
        "def f():\n    from . import parisi\n    from replicon import _seed\n"
    )
    monkeypatch.setattr(Path, "read_text", lambda self: code)
    found = _imports(_ROOT / "ising" / "imagined.py")
    wanted = {"replicon.view.page", "replicon.hopfield.theory", "replicon.ising.parisi"}
    assert wanted <= found
    assert "replicon._seed" in found


def test_files_are_of_readable_length():
    for path in _FILES:
        count = len(path.read_text().splitlines())
        assert count < 400, f"{path} has {count} lines: cut it where it has two subjects"


def test_import_is_light_and_leaves_jax_alone():
    code = "import sys, time; t = time.process_time(); import replicon; "
    code += "dt = time.process_time() - t; print(dt, 'jax' in sys.modules, 'numba' in sys.modules)"
    seconds, jax, numba = min(
        subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True
        ).stdout.split()
        for _ in range(3)
    )
    assert float(seconds) < 0.2
    assert (jax, numba) == ("False", "False")


def test_declarations_and_questions_load_nothing_heavy():
    """xarray is loaded beside the compiler by the first answer (`theory.kept`)."""
    code = "import replicon, sys; replicon.solve; "
    code += "[replicon.describe(name) for name in replicon.models()]; "
    code += "print({'jax', 'numba', 'cyclopts', 'xarray'} & set(sys.modules))"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "set()"


def test_callers_jax_configuration_is_left_alone_and_no_dask_is_loaded():
    code = (
        "import replicon, jax; replicon.solve('curie-weiss'); import jax.numpy as jnp; import sys; "
        "print(jnp.ones(2).dtype, jax.config.jax_enable_x64, 'dask.array' in sys.modules)"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.split() == ["float32", "False", "False"]


def test_public_names_exist():
    assert set(dir(replicon)) == {*replicon.__all__, "__version__"}
    for name in replicon.__all__:
        assert getattr(replicon, name) is not None


@pytest.mark.parametrize("room", sorted({*_SYSTEMS, "channel", "spins", "theory", "data", "view"}))
def test_every_room_is_its_table_of_contents(room):
    module = importlib.import_module(f"replicon.{room}")
    assert module.__doc__
    assert module.__all__
    assert set(dir(module)) == set(module.__all__)
    for name in module.__all__:
        assert getattr(module, name) is not None
        assert f"`{name}`" in module.__doc__, f"{room}: a sentence on {name}"


@pytest.mark.parametrize("path", _FILES, ids=lambda path: str(path.relative_to(_ROOT)))
def test_code_reads_beside_its_formula(path):
    """No conditional within a conditional, and nothing of more than three parts returned without
    names (a key of a cache aside).
    """
    for node in ast.walk(ast.parse(path.read_text())):
        place = f"{path.name}:{getattr(node, 'lineno', 0)}"
        if isinstance(node, ast.IfExp):
            inner = [child for child in ast.walk(node) if isinstance(child, ast.IfExp)]
            assert len(inner) == 1, f"{place}: a conditional within a conditional"
        if isinstance(node, ast.Return) and isinstance(node.value, ast.Tuple):
            named = len(node.value.elts) <= 3 or path.name == "_content.py"
            assert named, f"{place}: give what is returned names"
