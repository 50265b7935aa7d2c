"""Algorithms of the binary perceptron: one iteration of belief propagation against the memory's
bandwidth, how far each algorithm reaches on the same instances, and one large instance.

Floor of an iteration of belief propagation: 12 bytes an edge (pattern and message read, message
written) at the rate at which NumPy sums a float32 array of 400 MB on one core.
"""

import sys
import time

import numpy as np

from replicon._statistics import binomial_interval
from replicon.perceptron import passing, search


def best_of(times: int, call) -> float:
    seconds = []
    for _ in range(times):
        begun = time.perf_counter()
        call()
        seconds.append(time.perf_counter() - begun)
    return min(seconds)


def patterns(size: int, load: float, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return rng.choice(np.array([-1, 1], np.float32), (round(load * size), size))


def bandwidth() -> None:
    size, load = 10_001, 0.7
    array = np.ones(100_000_000, np.float32)
    limit = array.nbytes / best_of(5, array.sum) / 1e9
    del array
    x = patterns(size, load, 0)
    u, scratch, h = np.zeros_like(x), np.zeros(size, np.float32), np.zeros(size, np.float32)
    T = np.tanh(0.01 * np.random.default_rng(1).standard_normal(size)).astype(np.float32)
    least = np.zeros(len(x))
    passing.bp_step(x, u, T, h, scratch, least)
    seconds = best_of(5, lambda: passing.bp_step(x, u, T, h, scratch, least))
    rate = 12 * x.size / seconds / 1e9
    print(
        f"belief propagation, N {size}, load {load}: {1e3 * seconds:.0f} ms an iteration,"
        f" {rate:.1f} GB/s; ",
        end="",
    )
    print(f"memory {limit:.1f} GB/s: ratio {rate / limit:.2f} (asked 0.3)")


def large() -> None:
    x = patterns(10_001, 0.72, 0)
    search.find_weights(x[:100, :101], passes=10)
    found = search.find_weights(x, method="reinforced-amp", passes=1400)
    print(
        f"N 10001, load 0.72, reinforced-amp: solved {found.solved} in {found.seconds:.1f} s,"
        f" {found.passes} passes (asked 30 s)"
    )


def reach(instances: int, passes: int) -> None:
    for method, loads in (
        ("reinforced-amp", (0.70, 0.74, 0.76)),
        ("focusing-bp", (0.70, 0.74, 0.76, 0.77, 0.78)),
    ):
        for load in loads:
            begun = time.perf_counter()
            solved = [
                search.find_weights(
                    patterns(1001, load, k), method=method, seed=k, passes=passes
                ).solved
                for k in range(instances)
            ]
            low, high = binomial_interval(np.array(solved, float))
            each = (time.perf_counter() - begun) / instances
            print(
                f"{method:16s} N 1001 load {load:.2f}: {np.mean(solved):.2f} [{low:.2f},"
                f" {high:.2f}], {each:.2f} s an instance",
                flush=True,
            )


if __name__ == "__main__":
    bandwidth()
    large()
    reach(*(int(v) for v in sys.argv[1:]) if len(sys.argv) > 1 else (50, 40_000))
