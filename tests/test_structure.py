"""The house: arrows between rooms point one way, and importing the package is light."""

import ast
import subprocess
import sys
from pathlib import Path

import replicon

_ROOT = Path(replicon.__file__).parent
# Each room may import from the rooms after it (and from itself).
_ROOMS = ["cli", "view", "study", "models", "machines", "data", "theory", "simulation"]
_FLOOR = {
    "_files",
    "_arrays",
    "_content",
    "_domains",
    "_traced",
    "_interrupt",
    "_declare",
    "_result",
    "_seed",
    "_errors",
    "__init__",
}


def _imports(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if (
            isinstance(node, ast.ImportFrom)
            and node.module
            and node.module.split(".")[0] == "replicon"
        ):
            rest = node.module.split(".")[1:]
            found |= {rest[0]} if rest else {alias.name for alias in node.names}
    return found


def test_arrows_point_one_way():
    for path in _ROOT.rglob("*.py"):
        room = path.relative_to(_ROOT).parts[0].removesuffix(".py")
        for target in _imports(path):
            if target in _FLOOR or target == "__version__" or room == target or room == "__init__":
                continue
            assert room not in _FLOOR, f"{path.name} imports {target}: the floor imports no room"
            assert _ROOMS.index(target) > _ROOMS.index(room), (
                f"{path}: {room} must not import {target}"
            )


def test_theory_and_simulation_know_no_model_and_not_each_other():
    for room, other in (("theory", "simulation"), ("simulation", "theory")):
        for path in (_ROOT / room).rglob("*.py"):
            assert not _imports(path) & {"models", other}, path


def test_files_are_of_readable_length():
    for path in _ROOT.rglob("*.py"):
        assert len(path.read_text().splitlines()) <= 400, (
            f"{path} is longer than 400 lines: cut it where it has two subjects"
        )


def test_import_is_light_and_leaves_jax_alone():
    code = (
        "import sys, time; t = time.process_time(); import replicon; dt = time.process_time() - t; "
    )
    code += "print(dt, 'jax' in sys.modules, 'numba' in sys.modules)"
    seconds, jax, numba = min(
        subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True
        ).stdout.split()
        for _ in range(3)
    )
    assert float(seconds) < 0.2
    assert (jax, numba) == ("False", "False")


def test_callers_jax_configuration_is_left_alone():
    code = (
        "import replicon, jax; replicon.solve('curie-weiss'); import jax.numpy as jnp;"
        " print(jnp.ones(2).dtype, jax.config.jax_enable_x64)"
    )
    out = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout
    assert out.split() == ["float32", "False"]


def test_public_names_exist():
    for name in replicon.__all__:
        assert getattr(replicon, name) is not None
