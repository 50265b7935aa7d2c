"""Transfer functions of recurrent networks, and Gaussian averages of them that respect their kinks
and their scale.

`panels` cuts the real line where a function bends and integrates each piece by Gauss-Legendre:
right for steps as narrow as one beneath a Gaussian of any width, where Gauss-Hermite fails, and for
functions with corners.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from replicon._content import digest
from replicon._errors import InputError
from replicon._files import load_module, split_member
from replicon._objects import Given

ORDER = 10  # Gauss-Legendre nodes in a panel
REACH = 8.0  # standard deviations; the tail beyond weighs 1e-15
SMOOTH = (-6.0, -2.0, 0.0, 2.0, 6.0)  # where a sigmoid of unit width begins, bends and has ended

_BELL = (-REACH, -3.0, -1.0, 0.0, 1.0, 3.0, REACH)  # where the normal density itself is cut

_NODE, _WEIGHT = np.polynomial.legendre.leggauss(ORDER)


def integration_matrix(node: np.ndarray) -> np.ndarray:
    """(n, n) matrix A with (A f)_i = int_{-1}^{node_i} of the polynomial through f at
    Gauss-Legendre nodes.
    """
    basis = np.polynomial.legendre.legvander(node, len(node) - 1)
    integrals = np.stack(
        [
            np.polynomial.legendre.legval(node, np.polynomial.legendre.legint(row, lbnd=-1))
            for row in np.eye(len(node))
        ],
        axis=1,
    )
    return integrals @ np.linalg.inv(basis)


_INTEGRATE = integration_matrix(_NODE)


class Nonlinearity(NamedTuple):
    """A transfer function phi(x), elementwise and differentiable by JAX. `breaks`: where it bends;
    `odd`: phi(-x) = -phi(x).
    """

    function: Callable
    breaks: tuple[float, ...] = SMOOTH
    odd: bool = True

    def slope(self, x):
        """phi'(x), elementwise."""
        return jax.jvp(self.function, (x,), (jnp.ones_like(x),))[1]


def _erf(x):
    return jax.scipy.special.erf(jnp.sqrt(jnp.pi) / 2 * x)


def _relu(x):
    return jnp.clip(x, 0.0, 1.0)


SHIPPED = {
    "tanh": Nonlinearity(jnp.tanh),
    "erf": Nonlinearity(_erf),
    "relu": Nonlinearity(_relu, breaks=(0.0, 1.0), odd=False),
}


# Of each phi, by its identity, itself and what it held when it was last asked for; and the transfer
# functions made so far, by what phi held and its values, each with the phi it was made of.
_MET: dict[int, tuple[Callable, str]] = {}
_MADE: dict[tuple[str, bytes], tuple[Callable, Nonlinearity]] = {}
_PROBE = np.linspace(-30.0, 30.0, 241)
_ALONE = 10  # every tenth of these is asked by itself
_AGREE = 1e-9  # relative; far above rounding, which may differ with the length of an array
_SEEN = 1e-3  # of the range of phi: a jump that is seen
_HALVED = 41  # times that the distance of two probes is halved
_EXPECTED = (
    "expected phi(x), elementwise, with jax.numpy: a function, or a Python file that defines phi"
)


def nonlinearity(given: Any) -> Nonlinearity:
    """A shipped function by name (tanh; erf, which is erf(sqrt(pi) x / 2), slope one; relu, which
    saturates: max(0, min(x, 1))); a user's function, or ('name', function); or `phi` of a Python
    file, or another function of it, 'file.py:function'. All are written with jax.numpy; kinks are
    an attribute `breaks` of a function, a tuple, or in a file a global of that name. What jumps is
    refused: its derivative, which all answers use, does not tell of the jump.

    The same content of the function, and of what it names, gives the same object, which compiled
    functions are kept for; another content gives another one. phi should depend on x and on what it
    names alone. It is evaluated between -30 and 30 at each call: if it has changed otherwise (a
    file that it reads), the new values get a new object, and nothing compiled for the old ones
    answers. Raises InputError.
    """
    if isinstance(given, Given):
        return given.held
    if isinstance(given, str) and given in SHIPPED:
        return SHIPPED[given]
    if isinstance(given, (str, os.PathLike)):
        path, name = split_member(given)
        module = load_module(path, _EXPECTED)
        phi = getattr(module, name or "phi", None)
        if not callable(phi):
            raise InputError(f"'{path}' defines no function {name or 'phi'}: {_EXPECTED}.")
        breaks = getattr(phi, "breaks", getattr(module, "breaks", ()))
        return _of_function(phi, breaks, f"'{given}'")
    where = f"'{given[0]}'" if isinstance(given, tuple) else "the function"
    phi = given[1] if isinstance(given, tuple) else given
    return _of_function(phi, getattr(phi, "breaks", ()), where)


def _of_function(phi: Callable, breaks: Any, where: str) -> Nonlinearity:
    """The transfer function that phi is now; `where` it comes from, for sentences."""
    held = digest(phi)
    _, before = _MET.get(id(phi), (phi, held))
    if before != held:
        jax.clear_caches()  # of a jax.jit of the user's own, too
    values, mirrored, slopes = _looked_at(phi, where)
    cuts = _cuts(breaks, where)
    seen = values.tobytes() + slopes.tobytes() + repr(cuts).encode()
    made_of, made = _MADE.get((held, seen), (None, None))
    if made is None or digest(made_of) != held:
        with jax.enable_x64(True):
            check_continuous(
                where,
                lambda x: np.asarray(phi(jnp.asarray(x))),
                lambda x: np.asarray(Nonlinearity(phi).slope(jnp.asarray(x))),
                _PROBE,
                np.append(_PROBE[1:], _PROBE[-1]),  # as many: nothing new is compiled
            )
        function = _renewed(phi, seen) if id(phi) in _MET else phi
        odd = bool(np.allclose(values, -mirrored, rtol=0, atol=1e-12))
        made = Nonlinearity(function, cuts, odd)
        _MADE[held, seen] = (phi, made)
    _MET[id(phi)] = (phi, held)
    return made


def _cuts(breaks: Any, where: str) -> tuple[float, ...]:
    """Where phi is cut, in order. Raises InputError for what are no places."""
    try:
        cuts = sorted({*SMOOTH, *(float(x) for x in breaks)})
    except (TypeError, ValueError):
        cuts = [np.nan]
    if not np.isfinite(cuts).all():
        raise InputError(
            f"{where} is not a transfer function, since its breaks are no finite numbers: give a"
            " tuple of the x at which phi has kinks."
        )
    return tuple(cuts)


def _looked_at(phi: Callable, where: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """phi(x), phi(-x) and phi'(x) at the probes x. Raises InputError for what is no transfer
    function.
    """
    try:
        with jax.enable_x64(True):
            x = jnp.asarray(_PROBE)
            values, mirrored, alone = (np.asarray(phi(y)) for y in (x, -x, x[::_ALONE]))
            slopes = np.asarray(Nonlinearity(phi).slope(x))
            # As theory and networks see it: followed, not called.
            jax.eval_shape(phi, x)
    except Exception as error:  # a user's code
        said = (str(error).strip().splitlines() or [""])[0].rstrip(".")
        raise InputError(
            f"{where} is not a transfer function ({type(error).__name__}: {said}): {_EXPECTED}."
        ) from error
    kinds = {array.dtype.kind for array in (values, slopes)}
    if values.shape != _PROBE.shape or kinds != {"f"}:
        raise InputError(
            f"{where} returns {values.dtype} of shape {values.shape} for {len(_PROBE)} numbers, not"
            f" one finite number for each: {_EXPECTED}."
        )
    if not (np.isfinite(values).all() and np.isfinite(slopes).all()):
        raise InputError(
            f"{where} does not return one finite number, with a finite slope, for each x between"
            f" -30 and 30: {_EXPECTED}."
        )
    if alone.shape != values[::_ALONE].shape or not np.allclose(
        alone, values[::_ALONE], rtol=_AGREE, atol=_AGREE
    ):
        raise InputError(
            f"{where} gives another number for an x beside others: it must act on each by itself."
        )
    return values, mirrored, slopes


def check_continuous(
    where: str, phi: Callable, slope: Callable, left: np.ndarray, right: np.ndarray
) -> None:
    """InputError if phi jumps between `left` and `right`, arrays of one shape, anywhere: of an
    interval in which phi changes by other than its slopes, the half in which it changes more is
    followed, down to a width of 1e-13.
    """
    ends = np.stack([left, right])
    reached = np.stack([phi(left), phi(right)])
    expected = (right - left) * (slope(left) + slope(right)) / 2
    least = _SEEN * np.ptp(reached)
    if (np.abs(reached[1] - reached[0] - expected) <= least).all():
        return
    for _ in range(_HALVED):
        middle = ends.mean(axis=0)
        between = phi(middle)
        later = np.abs(reached[1] - between) > np.abs(between - reached[0])
        ends = np.where([later, ~later], middle, ends)
        reached = np.where([later, ~later], between, reached)
    steepest = np.maximum(np.abs(slope(ends[0])), np.abs(slope(ends[1])))
    jumps = np.abs(reached[1] - reached[0]) > least + 10 * steepest * (ends[1] - ends[0])
    if jumps.any():
        raise InputError(
            f"{where} jumps near x = {round(float(ends[0][jumps][0]), 6) + 0.0:g}, where no slope"
            " tells how it rises: give a continuous function, such as tanh(20 x) for a step."
        )


def _renewed(phi: Callable, seen: bytes) -> Callable:
    """The same function as another object, of other content, for which nothing is compiled yet."""

    def function(x, *, _values: bytes = seen):
        return phi(x)

    return function


def panels(mean, deviation, breaks: tuple[float, ...]) -> tuple[jax.Array, jax.Array]:
    """Nodes and weights (n,) of an average over a normal variable of this mean and standard
    deviation (also 0).
    """
    deviation = jnp.maximum(deviation, 1e-150)
    cuts = jnp.clip((jnp.asarray(breaks) - mean) / deviation, -REACH, REACH)
    z, weight = cut(jnp.sort(jnp.concatenate([cuts, jnp.asarray(_BELL)])))
    return mean + deviation * z, weight * jnp.exp(-(z**2) / 2) / np.sqrt(2 * np.pi)


def cut(edges: jax.Array) -> tuple[jax.Array, jax.Array]:
    """Gauss-Legendre nodes and weights (n,) of the integral between the first and the last of some
    ordered edges.
    """
    half = (edges[1:] - edges[:-1]) / 2
    centre = (edges[1:] + edges[:-1]) / 2
    return (centre[:, None] + half[:, None] * _NODE).ravel(), (half[:, None] * _WEIGHT).ravel()


def antiderivative(values: jax.Array, nodes: jax.Array) -> jax.Array:
    """Int of a function, given at the nodes of `panels`, from the first edge to each node (up to a
    constant).
    """
    table = values.reshape(-1, ORDER)
    place = nodes.reshape(-1, ORDER)
    half = (place[:, -1] - place[:, 0]) / (_NODE[-1] - _NODE[0])
    whole = half * (table @ _WEIGHT)
    before = jnp.concatenate([jnp.zeros(1), jnp.cumsum(whole)[:-1]])
    return (before[:, None] + half[:, None] * (table @ _INTEGRATE.T)).ravel()
