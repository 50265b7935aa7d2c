"""The search of fixed and slow points of a network: zeros and minima of the kinetic energy
E = |-x + J phi(x) + h|^2 / 2.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any, NamedTuple

import jax
import numpy as np
from scipy.optimize import minimize
from threadpoolctl import threadpool_limits

from replicon._arrays import real_array
from replicon._declare import Interval
from replicon._domains import check_argument, show
from replicon._errors import DivergenceError, InputError
from replicon._jit import jit
from replicon._traced import Traced
from replicon.recurrent.couplings import certain, check_couplings, largest
from replicon.recurrent.transfer import Transfer, transfer

_APART = 1e-5  # of their size: far above rounding, far below the distance of two points
_TURNS = 3  # of L-BFGS, each in the units of the force that the last one left
_LARGE = 1000  # neurons, of which fewer are no work to be shared: threads wait for each other
_NEWTON = 100  # steps; five do, but at a double zero each takes only three quarters off


class FixedPoints(NamedTuple):
    """`points` (n, N), distinct, slowest first; `energy` E/N (n,); `growth`, the largest real part
    of the eigenvalues of -1 + J phi'(x) (n,): stable where negative, exactly zero where rounding
    leaves its sign open; `fixed` (n,): whether the force -x + J phi(x) + h is zero to rounding
    (else a slow point, a minimum with E > 0); `found` (n,): how many starts ended there.
    """

    points: np.ndarray
    energy: np.ndarray
    growth: np.ndarray
    fixed: np.ndarray
    found: np.ndarray


def find_fixed_points(
    couplings: Any,
    start: Any,
    *,
    function: Callable,
    slope: Callable | None = None,
    field: Any = 0.0,
    odd: bool = False,
    iterations: int = 2000,
) -> FixedPoints:
    """Fixed and slow points of x' = -x + J phi(x) + h from states `start` (n, N), by L-BFGS on E
    and Newton's method at its minima.

    States are one where they differ by less than 1e-5 of their size, or than 1e-5 sqrt(N) with no
    force between them beyond rounding; with `odd` a state and its mirror image -x are one (for an
    odd phi without field). Starts along a trajectory find the points that the flow visits.
    `function` and `slope` are phi and phi', elementwise, written with jax.numpy; without `slope` it
    is by automatic differentiation. `field`: h, constant as in `evolve`, one number or (N,).

    Raises InputError for arguments outside their domains, for a function that JAX cannot follow, is
    not elementwise or, with `odd`, not odd, for a field with `odd`, and for a slope that is not its
    derivative; DivergenceError where E is beyond all numbers.

    Source: Sussillo & Barak, Neural Comput. 25, 626 (2013). Referee: networks whose fixed points
    are known, linear ones in a field, points continued from zero field (tests/recurrent).
    """
    couplings = check_couplings(couplings).astype(float)
    n = len(couplings)
    expected = f"give finite numbers of shape (starts, {n})"
    start = np.atleast_2d(real_array("start", start, expected))
    if start.ndim != 2 or start.shape[1] != n:
        raise InputError(f"start has shape {start.shape}: {expected}.")
    if not isinstance(odd, (bool, np.bool_)):
        raise InputError(
            f"odd = {show(odd)}: say True where function(-x) = -function(x), else False."
        )
    iterations = check_argument(
        "iterations", iterations, Interval(1, 2**31, integer=True), "of L-BFGS"
    )
    h = _field(field, n)
    if odd and h.any():
        raise InputError(
            "odd = True, but field is not zero: in a field mirror images are no fixed points"
            " together, leave odd out."
        )
    network = _Network(couplings, h, transfer(function, slope, (n,), odd=bool(odd)))
    threads = 1 if n < _LARGE else None
    with jax.enable_x64(True), threadpool_limits(limits=threads, user_api="blas"):
        kept = _distinct(network, start, bool(odd), iterations)
        points = np.array([one.x for one in kept])
        energies = np.array([network.at(x).energy / n for x in points])
        growth = np.array([_growth(couplings * network.at(x).slope) for x in points])
    order = np.argsort(energies)
    fixed = np.array([one.still for one in kept])
    found = np.array([one.found for one in kept])
    return FixedPoints(points[order], energies[order], growth[order], fixed[order], found[order])


def _field(field: Any, n: int) -> np.ndarray:
    """The constant field of every neuron (n,), checked."""
    expected = f"give a finite number, or one for each neuron, ({n},)"
    h = real_array("field", field, expected)
    if h.shape not in ((), (n,)):
        raise InputError(f"field has shape {h.shape}: {expected}.")
    return np.broadcast_to(h, (n,))


class _Point(NamedTuple):
    """A place `x` (N,) where the search ended `found` times; `still`: the force is zero there."""

    x: np.ndarray
    still: bool
    found: int


def _distinct(network: _Network, start: np.ndarray, odd: bool, iterations: int) -> list[_Point]:
    """Where the search ends from each start (n, N), in the order of discovery."""
    kept: list[_Point] = []
    for begin in start:
        x, still = network.settle(begin, iterations)
        for number, other in enumerate(kept):
            images = (other.x, -other.x) if odd else (other.x,)
            if still == other.still and any(network.same(x, image, still) for image in images):
                kept[number] = other._replace(found=other.found + 1)
                break
        else:
            kept.append(_Point(x, still, 1))
    return kept


class _Local(NamedTuple):
    """At a state (N,): `energy` E, its `gradient` (N,), the `force` -x + J phi + h (N,), phi'(x) as
    `slope` (N,), and the `rounding` of the force (N,).
    """

    energy: float
    gradient: np.ndarray
    force: np.ndarray
    slope: np.ndarray
    rounding: np.ndarray


class _Terms(NamedTuple):
    """As `_Local`, as compiled: with the `value` phi(x) (N,) instead of the rounding."""

    energy: Any
    gradient: Any
    force: Any
    slope: Any
    value: Any


class _Network:
    """The kinetic energy of a network in a field (N,), its minima and zeros."""

    def __init__(self, couplings: np.ndarray, field: np.ndarray, phi: Transfer):
        self.couplings = couplings
        self.field = field
        self.constants = phi.constants
        self.size = len(couplings) * np.abs(couplings)
        self.compiled = _energy(phi.function, phi.slope)

    def at(self, x: np.ndarray) -> _Local:
        """Energy and force at x, and what rounding may have done to the force."""
        here = _Terms(
            *map(np.asarray, self.compiled(self.constants, self.couplings, self.field, x))
        )
        if not np.isfinite(here.energy):
            raise DivergenceError(
                "the kinetic energy is beyond all numbers: give smaller couplings or starts, or a"
                " bounded phi."
            )
        rounding = (
            8
            * np.finfo(float).eps
            * (self.size @ np.abs(here.value) + np.abs(x) + np.abs(self.field))
            + np.finfo(float).tiny
        )
        return _Local(float(here.energy), here.gradient, here.force, here.slope, rounding)

    def still(self, x: np.ndarray) -> bool:
        """Whether the force is zero to rounding."""
        here = self.at(x)
        return bool((np.abs(here.force) <= here.rounding).all())

    def same(self, one: np.ndarray, other: np.ndarray, still: bool) -> bool:
        """Closer than 1e-5 of their size; closer than 1e-5 sqrt(N) if rounding hides any force
        between them, or for slow points.
        """
        apart = np.linalg.norm(one - other)
        if apart <= _APART * np.linalg.norm(one):
            return True
        return bool(
            apart <= _APART * np.sqrt(len(one)) and (not still or self.still((one + other) / 2))
        )

    def settle(self, x: np.ndarray, iterations: int) -> tuple[np.ndarray, bool]:
        """A zero of the force, or else a minimum of E, and which of the two; in units of the force,
        which tells small networks from slow points.
        """
        options = {"maxiter": iterations, "ftol": 1e-15, "gtol": 1e-9}
        for _ in range(_TURNS):
            unit = np.abs(self.at(x).force).max()
            if unit == 0:
                return x, True

            def scaled(u, unit=unit):
                here = self.at(unit * u)
                return here.energy / unit**2, here.gradient / unit

            x = unit * minimize(scaled, x / unit, jac=True, method="L-BFGS-B", options=options).x
            zero = self._newton(x)
            if self.still(zero):
                return zero, True
        return x, False

    def _newton(self, x: np.ndarray) -> np.ndarray:
        """Newton's method for a zero of the force, as long as each step takes a tenth off it."""
        here = self.at(x)
        for _ in range(_NEWTON):
            linear = self.couplings * here.slope - np.eye(len(x))
            new = x - np.linalg.lstsq(linear, here.force, rcond=None)[0]
            there = self.at(new)
            if not np.abs(there.force).max() < 0.9 * np.abs(here.force).max():
                break
            x = new
            here = there
        return x


@lru_cache(maxsize=32)
def _energy(function: Traced, slope: Traced):
    @jit
    def energy(constants, couplings, field, x):
        value = function(constants[0], x).astype(x.dtype)
        rise = slope(constants[1], x).astype(x.dtype)
        force = couplings @ value - x + field
        gradient = rise * (couplings.T @ force) - force
        return _Terms(force @ force / 2, gradient, force, rise, value)

    return energy


def _growth(linear: np.ndarray) -> float:
    """The largest real part of the eigenvalues of -1 + A, zero where rounding leaves
    its sign open.
    """
    top, error = largest(linear)
    return certain(top - 1, error + 8 * np.finfo(float).eps)
