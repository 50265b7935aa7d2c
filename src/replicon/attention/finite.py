"""Finite linear attention: prompts, the two-body Hamiltonian of the weights, its ground state or a
Boltzmann sample.

Weights Gamma (d, D), D = d or d + 1; prediction x Gamma h. H = (1/2) sum_mu (y - x Gamma h)^2 +
(ridge n / 2d) |Gamma|^2.
"""

from __future__ import annotations

import math
from functools import cached_property
from typing import NamedTuple

import numpy as np
from scipy.sparse.linalg import LinearOperator, lsmr

from replicon._errors import ConvergenceError, InputError
from replicon.attention.real_spins import ground_state

_SPECTRUM = 784  # weights up to which the spectrum of J is given
_DIRECT = 1200  # weights up to which J is formed and factorised


class Prompts(NamedTuple):
    """x (n, d) queries, h (n, D) contexts, y (n,) labels."""

    x: np.ndarray
    h: np.ndarray
    y: np.ndarray


def counts(controls, size: int) -> tuple[int, int, int]:
    """(l, k, n) at dimension `size`: examples in a prompt, tasks, prompts."""
    return (
        round(controls.context * size),
        round(controls.diversity * size),
        round(controls.prompts * size**2),
    )


def check_counts(
    controls: dict, units: dict[str, tuple[str, int]], endless: tuple[str, ...] = ()
) -> None:
    """Refuse a control that, times its unit, makes none of what it counts, or endlessly many unless
    it is among `endless`.
    """
    for name, (what, unit) in units.items():
        for value in controls[name]:
            if math.isinf(value):
                if name in endless:
                    continue
                raise InputError(
                    f"{name} = inf cannot be simulated: give a finite number ({what} / {unit})."
                )
            if round(value * unit) < 1:
                raise InputError(
                    f"{name} = {value:g} gives no {what} at this size: give {name} >="
                    f" {1 / unit:.3g}."
                )


def check_size(controls: dict, size: int) -> None:
    """Refuse sizes at which there is no example, no task or no prompt, and measures without a
    minimum or a width.
    """
    check_counts(
        controls,
        {
            "context": ("examples", size),
            "diversity": ("tasks", size),
            "prompts": ("prompts", size**2),
        },
    )
    if 0 in controls["ridge"] and (
        max(controls["temperature"]) > 0 or "gradient-descent" in controls["method"]
    ):
        raise InputError(
            "ridge = 0 leaves directions without a minimum: give ridge > 0 with this temperature or"
            " method."
        )
    if max(controls["temperature"]) > 0 and "gradient-descent" in controls["method"]:
        raise InputError(
            "method = gradient-descent ends in the minimum whatever the temperature: give"
            " temperature=0, or another method."
        )


def spectrum(size: int, decay: float) -> np.ndarray:
    """Eigenvalues (d,) of a covariance, proportional to rank^-decay, of mean 1."""
    values = np.arange(1, size + 1, dtype=float) ** -decay
    return values / values.mean()


def draw_tasks(rng: np.random.Generator, count: int, covariance: np.ndarray) -> np.ndarray:
    """Task vectors w ~ N(0, diag(covariance)), (count, d).

    Raises nothing. Source: Lu et al., arXiv 2405.11751. Referee: moments of the draws.
    """
    return rng.standard_normal((count, len(covariance))) * np.sqrt(covariance)


def draw_prompts(
    rng: np.random.Generator,
    tasks: np.ndarray,
    length: int,
    noise: float,
    covariance: np.ndarray,
    full: bool,
) -> Prompts:
    """One prompt for each row of `tasks` (n, d): x ~ N(0, diag(covariance)/d), y = w.x + eps, h =
    (d/l) sum_i y_i x_i.

    The l inputs of a context are not drawn one by one: h depends on them through the component of
    each along w and one Gaussian vector across it, which has exactly the same law, at l + d numbers
    a prompt instead of l d. `full`: a last column (1/l) sum_i y_i^2 of h.

    Returns x (n, d), h (n, d) or (n, d + 1), y (n,). Raises nothing. Source: Lu et al.,
    arXiv 2405.11751. Referee: moments of contexts drawn input by input
    (tests/attention).
    """
    n, d = tasks.shape
    scale = np.sqrt(covariance)
    x = rng.standard_normal((n, d)) * scale / np.sqrt(d)
    y = np.einsum("nd,nd->n", x, tasks) + np.sqrt(noise) * rng.standard_normal(n)
    white = tasks * scale  # in coordinates in which inputs are isotropic
    length_of = np.linalg.norm(white, axis=1, keepdims=True)
    unit = white / length_of
    h = np.empty((n, d))
    labels_squared = np.empty(n)
    for begin in range(0, n, 4096):
        rows = slice(begin, begin + 4096)
        along = rng.standard_normal((len(unit[rows]), length)) / np.sqrt(d)  # inputs along w
        labels = length_of[rows] * along + np.sqrt(noise) * rng.standard_normal(along.shape)
        across = rng.standard_normal((len(along), d)) / np.sqrt(d)
        across -= np.einsum("nd,nd->n", across, unit[rows])[:, None] * unit[rows]
        labels_squared[rows] = (labels**2).sum(axis=1)
        h[rows] = (labels * along).sum(axis=1)[:, None] * unit[rows] + np.sqrt(
            labels_squared[rows]
        )[:, None] * across
    h *= scale * d / length
    return Prompts(x, np.column_stack([h, labels_squared / length]) if full else h, y)


class Hamiltonian:
    """Products with the couplings J = sum f f^T + load, f = vec(x h^T), which are never formed: two
    matrix products a step.

    `load`: ridge n/d. Energies in units of squared errors. Raises nothing. Source: Li, Bai &
    Huang, arXiv 2408.02288. Referee: dense matrices of small networks
    (tests/attention).
    """

    def __init__(self, prompts: Prompts, load: float):
        self.prompts, self.load = prompts, load
        self.shape = prompts.x.shape[1], prompts.h.shape[1]
        self.fields = self.back(prompts.y)

    def predict(self, gamma: np.ndarray) -> np.ndarray:
        """gamma.f of every prompt, (n,), for weights (d, D)."""
        return np.einsum("nd,nd->n", self.prompts.x @ gamma, self.prompts.h)

    def back(self, r: np.ndarray) -> np.ndarray:
        """sum_mu r_mu f^mu, (N,)."""
        return (self.prompts.x.T @ (r[:, None] * self.prompts.h)).ravel()

    def product(self, v: np.ndarray) -> np.ndarray:
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
    labels, centre = hamiltonian.prompts.y, np.zeros(math.prod(hamiltonian.shape))
    load = hamiltonian.load
    if temperature > 0:
        labels = labels + np.sqrt(temperature) * rng.standard_normal(len(labels))
        centre = np.sqrt(temperature / load) * rng.standard_normal(len(centre))
    if method == "gradient-descent":
        return _descend(hamiltonian, rng).reshape(hamiltonian.shape)
    direct = method == "direct" or (method == "auto" and len(centre) <= _DIRECT)
    if hamiltonian.weak():
        rest = labels - hamiltonian.predict(centre.reshape(hamiltonian.shape))
        state = centre + (_by_singular_values if direct else _by_bidiagonals)(hamiltonian, rest)
        return state.reshape(hamiltonian.shape)
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
    import jax.numpy as jnp
    import optax

    x, h, y = hamiltonian.prompts
    n, batch = len(x), min(batch, len(x))
    epochs = max(60, -(-4000 // (n // batch)))
    steps = epochs * (n // batch)
    optimizer = optax.adam(optax.cosine_decay_schedule(0.03, steps))
    order = np.concatenate(
        [rng.permutation(n)[: n - n % batch].reshape(-1, batch) for _ in range(epochs)]
    )

    def loss(gamma, rows):
        error = y_[rows] - jnp.sum((x_[rows] @ gamma) * h_[rows], axis=1)
        return jnp.mean(error**2) / 2 + hamiltonian.load / n * jnp.sum(gamma**2) / 2

    def advance(state, rows):
        gamma, memory = state
        change, memory = optimizer.update(jax.grad(loss)(gamma, rows), memory)
        return (optax.apply_updates(gamma, change), memory), None

    with jax.enable_x64(True):
        x_, h_, y_ = (jnp.asarray(v) for v in (x, h, y))
        zero = jnp.zeros(hamiltonian.shape)
        (gamma, _), _ = jax.jit(lambda s, o: jax.lax.scan(advance, s, o))(
            (zero, optimizer.init(zero)), jnp.asarray(order)
        )
        return np.asarray(gamma)


class Errors(NamedTuple):
    """Exact mean square errors of weights: no test prompt is drawn."""

    icl: float
    idg: float


def errors(
    gamma: np.ndarray,
    tasks: np.ndarray,
    controls,
    length: int,
    covariance: np.ndarray,
    task_covariance: np.ndarray,
) -> Errors:
    """Errors on new tasks and on `tasks` (k, d), averaged over contexts and queries in closed form.

    For one task, with S = diag(covariance) and s = w S w/d + noise the variance of a label: E h = S
    w, E h h^T = (1 + 1/l) S w w S + (d/l) s S; the last column u = (1/l) sum y^2 has E u = s, E u^2
    = s^2 (1 + 2/l) and E h u = S w s (1 + 2/l).
    """
    d = len(covariance)
    S = covariance
    square, extra = gamma[:, :d], gamma[:, d] if gamma.shape[1] > d else np.zeros(d)

    def error(second: np.ndarray, label: float, label_squared: float, odd: np.ndarray) -> float:
        """`second` = E w w^T, `label` = E s, `label_squared` = E s^2, `odd` = E s w."""
        W = second
        moment = (1 + 1 / length) * S[:, None] * W * S + (d / length) * label * np.diag(S)
        fixed = (
            np.sum(S * np.diag(W))
            - 2 * np.sum((S[:, None] * square) * (S[:, None] * W).T)
            + np.sum((S[:, None] * square) * (square @ moment))
        )
        last = (1 + 2 / length) * label_squared * np.sum(S * extra**2)
        cross = 2 * np.sum(S * extra * ((1 + 2 / length) * square @ (S * odd) - odd))
        return float(fixed + last + cross) / d + controls.noise

    variances = (tasks**2) @ S / d + controls.noise
    idg = error(
        tasks.T @ tasks / len(tasks),
        variances.mean(),
        (variances**2).mean(),
        (variances[:, None] * tasks).mean(axis=0),
    )
    c = task_covariance
    mean = np.sum(c * S) / d + controls.noise
    icl = error(np.diag(c), mean, mean**2 + 2 * np.sum((c * S) ** 2) / d**2, np.zeros(d))
    return Errors(icl, idg)


def sample(controls, size: int, rng: np.random.Generator) -> dict:
    """One set of tasks and prompts; errors are exact expectations for the trained weights.

    Further arrays: `weights`, the square part of Gamma as d^2 numbers, and up to 784 weights
    `coupling_spectrum`, the eigenvalues of J d/n in falling order.
    """
    length, count, n = counts(controls, size)
    covariance = spectrum(size, controls.decay)
    task_covariance = spectrum(size, controls.task_decay)
    tasks = draw_tasks(rng, count, task_covariance)
    asked = tasks[rng.integers(0, count, n)]
    full = controls.columns == "full"
    prompts = draw_prompts(rng, asked, length, controls.noise, covariance, full)
    hamiltonian = Hamiltonian(prompts, controls.ridge * n / size)
    gamma = train(hamiltonian, controls.temperature, controls.method, rng)
    test = errors(gamma, tasks, controls, length, covariance, task_covariance)
    square = gamma[:, :size]
    norm = max(float(np.linalg.norm(gamma)), 1e-300)
    out = {
        "icl_error": test.icl,
        "idg_error": test.idg,
        "diagonal": np.trace(square) / size,
        "alignment": np.trace(square) / (np.sqrt(size) * norm),
        "energy": hamiltonian.energy(gamma) / n,
        "weights": square.ravel(),
    }
    if gamma.size <= _SPECTRUM:
        out["coupling_spectrum"] = np.linalg.eigvalsh(hamiltonian.couplings)[::-1] * size / n
    return out
