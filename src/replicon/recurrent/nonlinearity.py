"""Transfer functions of recurrent networks, and Gaussian averages of them that respect their kinks
and their scale.

`panels` cuts the real line where a function bends and integrates each piece by Gauss-Legendre:
right for steps as narrow as one beneath a Gaussian of any width, where Gauss-Hermite fails, and for
functions with corners.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from replicon._content import content
from replicon._errors import InputError
from replicon._files import load_module

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


# Of each loaded phi when it was last asked for: what its code holds, its values, and the transfer
# function that stands for them.
_MET: dict[Callable, tuple[Hashable, bytes, Nonlinearity]] = {}
_PROBE = np.linspace(-30.0, 30.0, 241)
_EXPECTED = "expected a Python file that defines phi(x), elementwise, with jax.numpy"


def nonlinearity(word: str) -> Nonlinearity:
    """A shipped function by name (tanh; erf, which is erf(sqrt(pi) x / 2), slope one; relu, which
    saturates: max(0, min(x, 1))), or `phi` of a Python file, written with jax.numpy, with `breaks`,
    a tuple of its kinks, beside it where it has some.

    The same content of the file, and of what it imports from its folder, gives the same object,
    which compiled functions are kept for; another content gives another one. phi should depend on x
    and on what its file defines alone. It is evaluated between -30 and 30 at each call: if it has
    changed without its file (a global of its own, a file that it reads), the new values get a new
    object, and nothing compiled for the old ones answers. Raises InputError.
    """
    if word in SHIPPED:
        return SHIPPED[word]
    module = load_module(word, _EXPECTED)
    phi = getattr(module, "phi", None)
    if not callable(phi):
        raise InputError(f"'{word}' defines no function phi: {_EXPECTED}.")
    held = content(phi)
    if phi in _MET and _MET[phi][0] != held:
        jax.clear_caches()  # of a jax.jit of the user's own, too
    try:
        with jax.enable_x64(True):
            values, mirrored = (np.asarray(phi(jnp.asarray(x)), float) for x in (_PROBE, -_PROBE))
            slopes = np.asarray(Nonlinearity(phi).slope(jnp.asarray(_PROBE)), float)
        breaks = tuple(sorted({*SMOOTH, *(float(b) for b in getattr(module, "breaks", ()))}))
    except Exception as error:  # a user's code
        raise InputError(
            f"'{word}' is not a transfer function ({type(error).__name__}: {error}): {_EXPECTED}."
        ) from error
    if values.shape != _PROBE.shape or not (
        np.isfinite(values).all() and np.isfinite(slopes).all()
    ):
        raise InputError(
            f"phi of '{word}' does not return one finite number, with a finite slope, for each x:"
            f" {_EXPECTED}."
        )
    if not np.isfinite(breaks).all():
        raise InputError(
            f"breaks of '{word}' are no finite numbers: give a tuple of the x at which phi has"
            " kinks."
        )
    seen = values.tobytes() + slopes.tobytes() + repr(breaks).encode()
    if phi not in _MET or _MET[phi][:2] != (held, seen):
        function = phi if phi not in _MET else _renewed(phi, seen)
        odd = bool(np.allclose(values, -mirrored, rtol=0, atol=1e-12))
        _MET[phi] = (held, seen, Nonlinearity(function, breaks, odd))
    return _MET[phi][2]


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
