"""A thousand points of the replica-symmetric perceptron once compiled, and a landscape curve of 40
distances from a cold start.

Cold: a new process with empty compilation caches, from the start of Python. Floor of the curve: the
same process with a single distance.
"""

import time

import numpy as np

import replicon
from hopfield_theory import cold

_CURVE = (
    "import replicon; out = replicon.solve('perceptron-landscape', load=[0.5],"
    " distance='0.01:0.6:40'); assert out.converged.all()"
)
_ONE = "import replicon; replicon.solve('perceptron-landscape', load=0.5, distance=0.3)"


def compiled() -> float:
    grid = {
        "load": np.linspace(0.02, 0.8, 40).tolist(),
        "margin": np.linspace(-0.5, 0.25, 25).tolist(),
    }
    replicon.solve("perceptron", **grid)
    times = []
    for _ in range(5):
        begin = time.perf_counter()
        assert replicon.solve("perceptron", **grid)["converged"].all()
        times.append(time.perf_counter() - begin)
    return min(times)


if __name__ == "__main__":
    print("Perceptron theory, seconds")
    print(f"  1000 (load, margin) points, compiled      {compiled():6.2f}   (asked: 1)")
    print(f"  landscape curve of 40 distances, cold     {cold(_CURVE):6.2f}   (asked: 20)")
    print(f"  one distance, cold (floor)                {cold(_ONE):6.2f}")
