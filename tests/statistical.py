"""Helpers of stochastic tests: means of independent samples against a known value, and kernels with
one line changed.
"""

import inspect
import textwrap

import numba
import numpy as np


def twin(kernel, old: str, new: str, **others):
    """The compiled kernel with one piece of its source changed: the wrong twin that a test must
    reject.

    `others`: functions that it calls, by name, in the place of its own.
    """
    source = textwrap.dedent(inspect.getsource(kernel.py_func))
    source = source[source.index("def ") :]
    assert old in source, f"{kernel.__name__} has no {old!r}"
    names = kernel.py_func.__globals__ | others
    exec(source.replace(old, new), names)
    return numba.njit(names[kernel.__name__])


def z_score(samples, expected: float) -> float:
    samples = np.asarray(samples, float)
    assert len(samples) >= 30, "a z-test needs at least 30 independent samples"
    return float((samples.mean() - expected) / (samples.std(ddof=1) / np.sqrt(len(samples))))


def assert_mean(samples, expected: float, *, effect: float) -> None:
    """|z| < 4.5, and the test has power: its standard error is below an eighth of the effect it
    must see.
    """
    error = np.std(samples, ddof=1) / np.sqrt(len(samples))
    assert error < effect / 8, f"standard error {error:.2g} cannot see an effect of {effect:.2g}"
    z = z_score(samples, expected)
    assert abs(z) < 4.5, f"mean {np.mean(samples):.6g}, expected {expected:.6g}, z = {z:.2f}"


def assert_rejected(samples, expected: float) -> None:
    """A wrong kernel is seen: |z| > 8."""
    assert abs(z_score(samples, expected)) > 8
