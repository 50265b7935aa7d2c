"""The Hopfield phase diagram from a cold start, 10,000 points of `solve` once compiled, and the
answer of `replicon models`.

Cold: a new process with empty compilation caches, from the start of Python to the last of four
lines of 100 points. Floor of the diagram: importing JAX and compiling one saddle-point solver,
timed in the same way.
"""

import os
import subprocess
import sys
import tempfile
import time

_LINES = """
import numpy as np
from replicon import find_transition
T = list(np.linspace(0, 0.99, 100))
for name in ("retrieval", "global-retrieval"):
    assert find_transition("hopfield", name, temperature=T)["converged"].all()
loads = list(np.linspace(1e-4, 0.2, 100))
assert find_transition("hopfield", "spin-glass", load=loads)["converged"].all()
loads = list(np.linspace(0.05, 0.1379, 100))
assert find_transition("hopfield", "almeida-thouless", load=loads)["converged"].all()
"""
_ONE = "import replicon; replicon.solve('hopfield')"


def cold(code):
    with tempfile.TemporaryDirectory() as empty:
        environment = {
            **os.environ,
            "JAX_COMPILATION_CACHE_DIR": f"{empty}/jax",
            "NUMBA_CACHE_DIR": f"{empty}/numba",
        }
        begin = time.perf_counter()
        subprocess.run([sys.executable, "-c", code], check=True, env=environment)
        return time.perf_counter() - begin


def compiled():
    import numpy as np

    import replicon

    grid = {
        "load": list(np.linspace(0.001, 0.137, 100)),
        "temperature": list(np.linspace(0, 0.99, 100)),
    }
    replicon.solve("hopfield", **grid)
    times = []
    for _ in range(5):
        begin = time.perf_counter()
        replicon.solve("hopfield", **grid)
        times.append(time.perf_counter() - begin)
    return min(times)


def models():
    times = []
    for _ in range(5):
        begin = time.perf_counter()
        subprocess.run(
            [sys.executable, "-m", "replicon.cli", "models"], check=True, stdout=subprocess.DEVNULL
        )
        times.append(time.perf_counter() - begin)
    return max(times)


if __name__ == "__main__":
    print("Hopfield theory, seconds")
    print(f"  four lines x 100 points, cold  {cold(_LINES):7.2f}   (asked: 10)")
    print(f"  one point, cold (floor)        {cold(_ONE):7.2f}")
    print(f"  10,000 points, compiled        {compiled():7.2f}   (asked: 2)")
    print(f"  replicon models, slowest of 5  {models():7.2f}   (asked: 1)")
