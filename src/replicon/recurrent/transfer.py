"""Transfer functions of networks as a user gives them: followed by JAX at each call, elementwise,
with the right slope.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from replicon._errors import InputError
from replicon._traced import Traced, bits, trace
from replicon.recurrent.nonlinearity import SHIPPED, check_continuous

_PROBES = (
    np.linspace(-5.0, 5.0, 41) + np.sqrt(2) / 50
)  # off the places where functions have corners
_APART = 0.25  # one from the next
_STEP = 1e-4
# Of central differences: rounding makes 1e-12, curvature h^2 phi''' / 6, which is estimated beside
# it.
_AGREE = 1e-5
_SOUND: dict[tuple, None] = {}  # what was checked and found sound, the oldest first
_MOST = 256  # of these


class Transfer(NamedTuple):
    """A transfer function phi, and its slope where it is asked for, as what they compute now:
    compiled code is kept by that.

    `constants`: the arrays that the two close over, arguments of `function(constants[0], x)` and
    `slope(constants[1], x)`.
    """

    function: Traced
    slope: Traced | None
    constants: tuple[list, list]


def transfer(
    function: Callable,
    slope: Callable | None,
    shape: tuple[int, ...],
    *,
    kind: type = np.float64,
    sloped: bool = True,
    odd: bool = False,
    continuous: bool = False,
) -> Transfer:
    """Phi and phi' for states of a shape and a kind of numbers; without `slope` by automatic
    differentiation.

    Raises InputError for what JAX cannot follow, what is not elementwise, a slope that is not the
    derivative of the function (compared with differences at 41 places from -5 to 5), with `odd` for
    a function that is not odd, and with `continuous` for one that jumps between these places.
    Shipped ones are known to be none of that: nothing is compiled.
    """
    shipped = _shipped(function, slope, odd)
    with jax.enable_x64(True):
        value = _followed("function", function, shape, np.float64, shipped)
        if odd and not shipped:
            _check_odd(*value, shape)
        turn = None
        if sloped:

            def real(x):  # of whole numbers JAX has no derivative
                return jnp.asarray(function(x), x.dtype)

            def derivative(x):
                return jax.jvp(real, (x,), (jnp.ones_like(x),))[1]

            rise = derivative if slope is None else slope
            turn = _followed("slope", rise, shape, np.float64, shipped)
            if not shipped:
                _check_rise(value, turn, shape, continuous)
            turn = turn if kind == np.float64 else _followed("slope", rise, shape, kind, shipped)
        if kind != np.float64:
            value = _followed("function", function, shape, kind, shipped)
    return Transfer(value[0], turn[0] if turn else None, (value[1], turn[1] if turn else []))


def _shipped(function: Callable, slope: Callable | None, odd: bool) -> bool:
    """Whether phi is a transfer function of this package, with its own slope or none given."""
    return any(
        function is phi.function and slope in (None, phi.slope) and (phi.odd or not odd)
        for phi in SHIPPED.values()
    )


def _followed(
    name: str, function: Callable, shape: tuple[int, ...], kind: type, shipped: bool
) -> tuple[Traced, list]:
    traced, constants = trace(name, function, np.full(shape, 0.3, kind), shipped=shipped)
    if shipped:
        return traced, constants
    leaves = jax.tree.leaves(traced.result)
    if (
        len(leaves) != 1
        or leaves[0].shape != shape
        or jnp.issubdtype(leaves[0].dtype, jnp.complexfloating)
    ):
        shown = ", ".join(f"{leaf.dtype} of shape {leaf.shape}" for leaf in leaves) or "nothing"
        raise InputError(
            f"{name} returns {shown} for states of shape {shape}: it must return one real number"
            " for each neuron."
        )
    # What a neuron gives may not change with the states of the others.
    x = np.resize(_PROBES, shape)
    moved = np.random.default_rng(0).random(shape) < 0.5
    here, there = (_at(traced, constants, y) for y in (x, np.where(moved, x - 0.7, x)))
    if not np.allclose(here[~moved], there[~moved], rtol=1e-9, atol=1e-9, equal_nan=True):
        raise InputError(
            f"{name} of one neuron's state changes with the states of others: it must act on each"
            " by itself."
        )
    return traced, constants


def _at(traced: Traced, constants: list, x: np.ndarray) -> np.ndarray:
    kind = jax.tree.leaves(traced.jaxpr.invars[-1].aval)[0].dtype
    return np.asarray(jax.tree.leaves(traced(constants, jnp.asarray(x, kind)))[0], float)


def _arranged(shape: tuple[int, ...]):
    """The probes in blocks of a shape, until each was there once."""
    for first in range(0, len(_PROBES), int(np.prod(shape))):
        yield np.resize(np.roll(_PROBES, -first), shape)


def _check_rise(
    value: tuple[Traced, list], turn: tuple[Traced, list], shape: tuple[int, ...], continuous: bool
) -> None:
    """`_check_slope` and, with `continuous`, `check_continuous`: once for what phi and phi'
    compute, not at each of the many runs of a scan.
    """
    asked = (continuous, shape, *((traced, *map(bits, held)) for traced, held in (value, turn)))
    if asked in _SOUND:
        return
    _check_slope(value, turn, shape)
    if continuous:
        for x in _arranged(shape):
            check_continuous("function", partial(_at, *value), partial(_at, *turn), x, x + _APART)
    if len(_SOUND) == _MOST:
        _SOUND.pop(next(iter(_SOUND)))
    _SOUND[asked] = None


def _check_slope(
    value: tuple[Traced, list], turn: tuple[Traced, list], shape: tuple[int, ...]
) -> None:
    for x in _arranged(shape):
        fine, coarse = (
            (_at(*value, x + h) - _at(*value, x - h)) / (2 * h) for h in (_STEP, 2 * _STEP)
        )
        given = _at(*turn, x)
        room = _AGREE * (1 + np.abs(fine)) + 2 * np.abs(fine - coarse)
        wrong = np.isfinite(fine) & ~(np.abs(given - fine) <= room)
        if wrong.any():
            place = tuple(np.argwhere(wrong)[0])
            raise InputError(
                f"slope is {given[place]:.6g} at x = {x[place]:.3g}, where function rises by"
                f" {fine[place]:.6g}: give the derivative of function, or leave slope out to have"
                " it by automatic differentiation."
            )


def _check_odd(value: Traced, constants: list, shape: tuple[int, ...]) -> None:
    for x in _arranged(shape):
        here, mirrored = (_at(value, constants, s * x) for s in (1, -1))
        wrong = ~(np.abs(here + mirrored) <= 1e-9 * (1 + np.abs(here)))
        if wrong.any():
            place = tuple(np.argwhere(wrong)[0])
            raise InputError(
                f"odd = True, but function is {here[place]:.6g} at x = {x[place]:.3g} and"
                f" {mirrored[place]:.6g} at -x: leave odd out, so that mirror images count as two."
            )
