"""The two-body Hamiltonian of the weights of linear attention, its ground state or a Boltzmann
sample.

Weights Gamma (d, D), D = d or d + 1; prediction x Gamma h. H = (1/2) sum_mu (y - x Gamma h)^2 +
(ridge n / 2d) |Gamma|^2.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cached_property, lru_cache

import numpy as np
from scipy.sparse.linalg import LinearOperator, cg, lsmr

from replicon._arrays import real_array
from replicon._declare import Interval
from replicon._domains import check_argument
from replicon._errors import ConvergenceError, InputError
from replicon.attention.prompts import Prompts

_DIRECT = 1200  # weights up to which J is formed and factorised


class Hamiltonian:
    """Products with the couplings J = sum f f^T + load, f = vec(x h^T), which are never formed: two
    matrix products a step.

    `load`: ridge n/d. Energies in units of squared errors. Raises nothing. Source: Li, Bai &
    Huang, arXiv 2408.02288. Referee: dense matrices of small networks
    (tests/attention).
    """

    def __init__(self, prompts: Prompts, load: float):
        self.prompts = prompts
        self.load = load
        self.shape = (prompts.x.shape[1], prompts.h.shape[1])
        self.fields = self.back(prompts.y)

    def predict(self, gamma: np.ndarray) -> np.ndarray:
        """gamma.f of every prompt, (n,), for weights (d, D)."""
        return np.einsum("nd,nd->n", self.prompts.x @ gamma, self.prompts.h)

    def back(self, r: np.ndarray) -> np.ndarray:
        """sum_mu r_mu f^mu, (N,)."""
        return (self.prompts.x.T @ (r[:, None] * self.prompts.h)).ravel()

    def product(self, v: np.ndarray) -> np.ndarray:
        """J v, (N,)."""
        return self.back(self.predict(v.reshape(self.shape))) + self.load * v

    def features(self) -> np.ndarray:
        """F of every prompt, (n, N), for small networks."""
        return np.einsum("na,nb->nab", self.prompts.x, self.prompts.h).reshape(
            len(self.prompts.x), -1
        )

    @cached_property
    def couplings(self) -> np.ndarray:
        """J, (N, N), for small networks."""
        features = self.features()
        return features.T @ features + self.load * np.eye(features.shape[1])

    def weak(self) -> bool:
        """Whether the ridge is below a thousandth of the mean eigenvalue of the rest of J.

        Then 1/ridge, by which J^-1 enlarges what is left of an error along directions that no
        prompt fixes, is too large for methods that know J only.
        """
        x, h, _ = self.prompts
        return self.load < 1e-3 * float((x**2).sum(axis=1) @ (h**2).sum(axis=1)) / math.prod(
            self.shape
        )

    def precondition(self) -> np.ndarray:
        """Inverse of h's second moment, (D, D): J is nearly (1/d) sum h h^T on the right index
        alone.
        """
        x, h, _ = self.prompts
        moment = h.T @ h / x.shape[1] + (self.load + 1e-6 * len(x) / x.shape[1]) * np.eye(
            h.shape[1]
        )
        return np.linalg.inv(moment)

    def energy(self, gamma: np.ndarray) -> float:
        """H of weights (d, D)."""
        error = self.prompts.y - self.predict(gamma)
        return float((error**2).sum() + self.load * (gamma**2).sum()) / 2


def train(
    hamiltonian: Hamiltonian, temperature: float, method: str, rng: np.random.Generator
) -> np.ndarray:
    """Weights (d, D): the ground state, or at temperature > 0 one exact sample of the Boltzmann
    measure.

    The sample is the ground state for labels y + sqrt(T) z and a ridge about sqrt(T/load) z', whose
    law is N(J^-1 b, T J^-1) (Papandreou & Yuille, NeurIPS 2010), so that it too needs products
    only. Without ridge: the limit of small ridge, which is the solution of least norm. All methods
    give it: with a weak ridge they work on the features, by singular values or LSMR.

    Raises ConvergenceError where an iterative method does not end. Source: Papandreou & Yuille,
    NeurIPS (2010) for the sample. Referee: direct solution against iterative (tests/attention).
    """
    labels = hamiltonian.prompts.y
    centre = np.zeros(math.prod(hamiltonian.shape))
    load = hamiltonian.load
    if temperature > 0:
        labels = labels + np.sqrt(temperature) * rng.standard_normal(len(labels))
        centre = np.sqrt(temperature / load) * rng.standard_normal(len(centre))
    if method == "gradient-descent":
        return _descend(hamiltonian, rng).reshape(hamiltonian.shape)
    direct = method == "direct" or (method == "auto" and len(centre) <= _DIRECT)
    if hamiltonian.weak():
        rest = labels - hamiltonian.predict(centre.reshape(hamiltonian.shape))
        solve = _by_singular_values if direct else _by_bidiagonals
        return (centre + solve(hamiltonian, rest)).reshape(hamiltonian.shape)
    fields = hamiltonian.back(labels) + load * centre
    if direct:
        return np.linalg.solve(hamiltonian.couplings, fields).reshape(hamiltonian.shape)
    inverse = hamiltonian.precondition()
    return ground_state(
        hamiltonian.product,
        fields,
        precondition=lambda v: (v.reshape(hamiltonian.shape) @ inverse).ravel(),
    ).reshape(hamiltonian.shape)


def _by_singular_values(hamiltonian: Hamiltonian, labels: np.ndarray) -> np.ndarray:
    """(F'F + load)^-1 F' labels, at load = 0 by the pseudo-inverse."""
    left, s, right = np.linalg.svd(hamiltonian.features(), full_matrices=False)
    kept = s > 1e-12 * s[0]
    gain = np.where(kept, s, 0.0) / np.where(kept, s**2 + hamiltonian.load, 1.0)
    return right.T @ (gain * (left.T @ labels))


def _by_bidiagonals(
    hamiltonian: Hamiltonian, labels: np.ndarray, products: int = 50_000
) -> np.ndarray:
    """The same from products with F and F', whose iterates stay in the span of the prompts: SciPy's
    LSMR.

    Source: Fong & Saunders, SIAM J. Sci. Comput. 33, 2950 (2011).
    """
    shape = (len(labels), math.prod(hamiltonian.shape))

    def predict(v):
        return hamiltonian.predict(v.reshape(hamiltonian.shape))

    features = LinearOperator(shape, predict, hamiltonian.back)  # type: ignore
    state, why, *_ = lsmr(
        features,
        labels,
        damp=math.sqrt(hamiltonian.load),
        atol=1e-13,
        btol=1e-13,
        conlim=0,
        maxiter=products,
    )
    if why == 7:
        raise ConvergenceError(
            f"The ground state was not reached by {products} steps of LSMR: raise the ridge."
        )
    return state


def _descend(hamiltonian: Hamiltonian, rng: np.random.Generator, batch: int = 64) -> np.ndarray:
    """Stochastic gradient descent as a network is trained: minibatches, Adam, a rate that falls to
    zero along a cosine.

    Sixty passes through the prompts, and at least 4,000 steps.
    """
    import jax

    n = len(hamiltonian.prompts.x)
    batch = min(batch, n)
    epochs = max(60, -(-4000 // (n // batch)))
    order = np.concatenate(
        [rng.permutation(n)[: n - n % batch].reshape(-1, batch) for _ in range(epochs)]
    )
    with jax.enable_x64(True):
        run = _descent(len(order))
        found = run(tuple(hamiltonian.prompts), hamiltonian.load / n, order)
        return np.asarray(found)


@lru_cache(maxsize=16)
def _descent(steps: int) -> Callable:
    """So many steps, compiled for prompts of a shape."""
    import jax
    import jax.numpy as jnp
    import optax

    from replicon._jit import jit

    optimizer = optax.adam(optax.cosine_decay_schedule(0.03, steps))

    def run(prompts, ridge, order):
        x, h, y = prompts

        def loss(gamma, rows):
            error = y[rows] - jnp.sum((x[rows] @ gamma) * h[rows], axis=1)
            return jnp.mean(error**2) / 2 + ridge / 2 * jnp.sum(gamma**2)

        def advance(state, rows):
            gamma, memory = state
            change, memory = optimizer.update(jax.grad(loss)(gamma, rows), memory)
            return (optax.apply_updates(gamma, change), memory), None

        zero = jnp.zeros((x.shape[1], h.shape[1]))
        return jax.lax.scan(advance, (zero, optimizer.init(zero)), order)[0][0]

    return jit(run)


def _vector(name: str, given, length: int | None = None) -> np.ndarray:
    wanted = (
        f"expected a vector of {length} finite numbers, one for each spin"
        if length
        else "expected a vector of finite numbers"
    )
    return real_array(name, given, wanted, shape=(length,))


def ground_state(
    product: Callable,
    fields: np.ndarray,
    *,
    precondition: Callable | None = None,
    tolerance: float = 1e-9,
    products: int = 20_000,
) -> np.ndarray:
    """J^-1 b by conjugate gradient; `product(v)` = J v for v of shape (N,), `precondition(v)` an
    approximate J^-1 v.

    Raises ConvergenceError if the residual is not below `tolerance` |b| after that many `products`,
    InputError for a direction along which J is not positive: the energy then has no minimum.
    Source: Hestenes & Stiefel, J. Res. Nat. Bur. Stand. 49, 409 (1952), as SciPy's `cg`.
    """
    fields = _vector("fields", fields)
    tolerance = check_argument(
        "tolerance", tolerance, Interval(0, 1, open_low=True, open_high=True)
    )
    products = check_argument("products", products, Interval(1, integer=True))
    shape = (len(fields), len(fields))

    def checked(v):
        out = _vector("product(v)", product(v), len(fields))
        if v @ out < -1e-12 * np.linalg.norm(v) * np.linalg.norm(out):
            raise InputError(
                "couplings are not positive definite: the energy falls without end, add a ridge to"
                " their diagonal."
            )
        return out

    operator = LinearOperator(shape, checked)
    approximate = None if precondition is None else LinearOperator(shape, precondition)
    state, unfinished = cg(operator, fields, rtol=tolerance, maxiter=products, M=approximate)
    # SciPy updates its residual: the true one may stay above it.
    if unfinished or np.linalg.norm(fields - checked(state)) > 10 * tolerance * np.linalg.norm(
        fields
    ):
        raise ConvergenceError(
            f"The ground state was not reached by {products} steps of conjugate gradient: raise the"
            " ridge."
        )
    return state
