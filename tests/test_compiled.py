"""Compiled code is kept on disk by the library itself, and only where the user has not decided."""

import os
import subprocess
import sys

import pytest

SOLVE = "import replicon; replicon.solve('curie-weiss')"


def run(code, folder, **variables):
    """The standard output of a new process whose cache folder is `folder`."""
    decided = ("JAX_COMPILATION_CACHE_DIR", "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS")
    environment = {k: v for k, v in os.environ.items() if k not in decided}
    environment |= {"XDG_CACHE_HOME": str(folder), **variables}
    return subprocess.run(
        [sys.executable, "-c", code], env=environment, check=True, capture_output=True, text=True
    ).stdout


@pytest.mark.parametrize("first", ["", "import jax; "])
def test_second_process_finds_what_the_first_compiled(first, tmp_path):
    run(first + SOLVE, tmp_path)
    kept = sorted(path.name for path in (tmp_path / "replicon" / "jax").glob("*-cache"))
    assert kept
    run(first + SOLVE, tmp_path)
    assert kept == sorted(path.name for path in (tmp_path / "replicon" / "jax").glob("*-cache"))


def test_users_own_decision_stands(tmp_path):
    run(SOLVE, tmp_path, JAX_COMPILATION_CACHE_DIR=str(tmp_path / "own"))
    assert not (tmp_path / "replicon").exists()
    settings = (
        "import jax; jax.config.update('jax_compilation_cache_dir', 'mine'); import replicon; "
        "print(jax.config.jax_compilation_cache_dir)"
    )
    assert run(settings, tmp_path) == "mine\n"


def test_folder_that_cannot_be_written_is_left_alone(tmp_path):
    (tmp_path / "file").write_text("")
    shown = "import os, replicon; print(os.environ.get('JAX_COMPILATION_CACHE_DIR'))"
    assert run(shown, tmp_path / "file") == "None\n"
