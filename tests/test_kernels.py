"""A damaged cache of compiled kernels is forgotten, not met by the user."""

import os
import subprocess
import sys

import pytest

_CODE = "import replicon; replicon.simulate('curie-weiss', size=20, samples=2)"


@pytest.mark.parametrize(("ending", "length"), [("nbc", 300), ("nbi", 0)])
def test_a_damaged_kernel_cache_is_compiled_anew(tmp_path, ending, length):
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(tmp_path)}
    subprocess.run([sys.executable, "-c", _CODE], check=True, env=environment)
    damaged = list(tmp_path.rglob(f"*.{ending}"))
    assert damaged
    for path in damaged:
        path.write_bytes(path.read_bytes()[:length])
    subprocess.run([sys.executable, "-c", _CODE], check=True, env=environment)
    assert all(path.stat().st_size > length for path in tmp_path.rglob(f"*.{ending}"))
