"""Real spins with two-body couplings: H = (1/2) s J s - b s, J positive definite; the Boltzmann
measure is Gaussian.

Four ways to it, which must agree: conjugate gradient (only products J v are needed, J is never
formed), exact sampling by a randomly perturbed ground state, Metropolis-adjusted Langevin dynamics,
and the cavity method (Gaussian message passing).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from scipy.linalg import cholesky, solve_triangular
from scipy.sparse.linalg import LinearOperator, cg

from replicon._arrays import real_array, square_matrix
from replicon._declare import Interval
from replicon._domains import check_argument
from replicon._errors import ConvergenceError, InputError

_POSITIVE = Interval(0, open_low=True)
_COUNT = Interval(1, integer=True)


def _vector(name: str, given, length: int | None = None) -> np.ndarray:
    wanted = (
        f"expected a vector of {length} finite numbers, one for each spin"
        if length
        else "expected a vector of finite numbers"
    )
    return real_array(name, given, wanted, shape=(length,))


def positive_definite(couplings) -> tuple[np.ndarray, np.ndarray]:
    """J as an array, and its Cholesky factor; InputError where the energy has no single minimum, to
    rounding.
    """
    J = square_matrix("couplings", couplings)
    if np.abs(J - J.T).max() > 1e-12 * np.abs(J).max():
        raise InputError(
            "couplings are not symmetric: the energy knows (J + J.T)/2 alone, give that."
        )
    J = (J + J.T) / 2
    # Scaled to a unit diagonal, where rounding moves an eigenvalue by about N times 1e-16.
    scale = np.sqrt(np.maximum(np.diag(J), 0.0))
    if scale.min() > 0:
        least = float(np.linalg.eigvalsh(J / scale[:, None] / scale)[0])
        if least > len(J) * np.finfo(float).eps:
            return J, cholesky(J)
        shown = f"their least eigenvalue, at unit diagonal, is {least:.2g}"
    else:
        shown = f"their diagonal holds {np.diag(J).min():g}"
    raise InputError(
        f"couplings are not positive definite ({shown}): the energy has no single minimum, add a"
        " ridge to the diagonal."
    )


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
    products = check_argument("products", products, _COUNT)
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


def sample_exact(
    couplings: np.ndarray,
    fields: np.ndarray,
    temperature: float,
    count: int,
    rng: np.random.Generator,
) -> np.ndarray:
    """`count` independent states of the Boltzmann measure, (count, N): mean J^-1 b, covariance T
    J^-1, by a Cholesky factor.
    """
    couplings, upper = positive_definite(couplings)
    fields = _vector("fields", fields, len(couplings))
    temperature = check_argument("temperature", temperature, Interval(0))
    count = check_argument("count", count, _COUNT)
    mean = solve_triangular(upper, solve_triangular(upper.T, fields, lower=True))
    return (
        mean
        + np.sqrt(temperature)
        * solve_triangular(upper, rng.standard_normal((len(fields), count))).T
    )


class Langevin(NamedTuple):
    """States (chains, N) at the end, and the fraction of proposals accepted."""

    state: np.ndarray
    acceptance: float


def langevin(
    couplings: np.ndarray,
    fields: np.ndarray,
    temperature: float,
    rng: np.random.Generator,
    *,
    chains: int,
    steps: int,
    step: float | None = None,
    start: np.ndarray | None = None,
) -> Langevin:
    """Metropolis-adjusted Langevin dynamics of independent chains, exact for any time step.

    s' = s - step (J s - b) + sqrt(2 T step) z, accepted with min(1, exp(-dH/T) q(s|s')/q(s'|s)).
    `step`: by default N^(-1/3) / |J|, which keeps the acceptance of order one. `start` (chains, N),
    zero by default. Source: Roberts & Tweedie, Bernoulli 2, 341 (1996). Referee: the exact
    Gaussian.
    """
    couplings, _ = positive_definite(couplings)
    n = len(couplings)
    fields = _vector("fields", fields, n)
    temperature = check_argument("temperature", temperature, _POSITIVE)
    chains, steps = (
        check_argument(name, value, _COUNT)
        for name, value in (("chains", chains), ("steps", steps))
    )
    size = (
        n ** (-1 / 3) / np.linalg.norm(couplings, 2)
        if step is None
        else check_argument("step", step, _POSITIVE)
    )
    state = np.zeros((chains, n))
    if start is not None:
        state = real_array(
            "start", start, f"expected {chains} states of {n} spins", shape=(chains, n)
        )

    def gradient(s):
        return s @ couplings - fields

    def energy(s, slope):
        return np.einsum("an,an->a", s, slope - fields) / 2

    slope = gradient(state)
    accepted = 0
    for _ in range(steps):
        new = (
            state
            - size * slope
            + np.sqrt(2 * temperature * size) * rng.standard_normal(state.shape)
        )
        new_slope = gradient(new)
        forth = ((new - state + size * slope) ** 2).sum(axis=1)
        back = ((state - new + size * new_slope) ** 2).sum(axis=1)
        log_ratio = (
            energy(state, slope) - energy(new, new_slope) + (forth - back) / (4 * size)
        ) / temperature
        take = np.log(rng.random(chains)) < log_ratio
        state = np.where(take[:, None], new, state)
        slope = np.where(take[:, None], new_slope, slope)
        accepted += take.mean()
    return Langevin(state, accepted / steps)


class Cavity(NamedTuple):
    """mean (N,): exact; variance (N,) in units of T, approximate on loops, NaN where J had to be
    loaded; sweeps of messages.

    residual: |J m - b|/|b|. converged: |J m - b| is below `tolerance` times the least eigenvalue of
    J times |m|, so that m is J^-1 b within that tolerance.
    """

    mean: np.ndarray
    variance: np.ndarray
    sweeps: int
    residual: float
    converged: bool


def cavity(
    couplings: np.ndarray, fields: np.ndarray, *, tolerance: float = 1e-9, sweeps: int = 20_000
) -> Cavity:
    """Cavity method: spin i without neighbour j has precision P_{i\\j} and mean m_{i\\j}, which
    send to j

    the precision -J_ij^2 / P_{i\\j} and the field -J_ij m_{i\\j}.

    Exact means wherever the messages converge, which they do for walk-summable J; otherwise J is
    loaded by a diagonal D that makes it so, and b <- b + D m is iterated, each cavity solution
    being one step towards J^-1 b. Source: Weiss & Freeman, Neural Comput. 13, 2173 (2001); Johnson,
    Bickson & Dolev, ISIT (2009). Referee: conjugate gradient.
    """
    J, _ = positive_definite(couplings)
    b = _vector("fields", fields, len(J))
    tolerance = check_argument("tolerance", tolerance, _POSITIVE)
    sweeps = check_argument("sweeps", sweeps, _COUNT)
    least = float(np.linalg.eigvalsh(J)[0])
    diagonal = np.diag(J)
    off = J - np.diag(diagonal)
    # Walk-summability: the spectral radius of the normalised |off| is below one.
    scale = 1 / np.sqrt(diagonal)
    radius = np.linalg.eigvalsh(np.abs(off) * scale[:, None] * scale)[-1]
    load = np.maximum(1.05 * radius - 1, 0.0) * diagonal
    precision = np.zeros_like(off)  # message i -> j at [i, j]
    for _ in range(sweeps):
        total = diagonal + load + precision.sum(axis=0)
        cavity_precision = total[:, None] - precision.T
        new = -(off**2) / cavity_precision
        change = np.max(np.abs(new - precision)) / np.max(diagonal)
        precision = new
        if change < 1e-15:
            break
    total = diagonal + load + precision.sum(axis=0)
    gain = -off / (total[:, None] - precision.T)
    mean, field = np.zeros_like(b), np.zeros_like(off)
    converged, residual, count = False, np.inf, 0
    for count in range(1, sweeps + 1):
        source = b + load * mean + field.sum(axis=0)
        field = gain * (source[:, None] - field.T)
        mean = (b + load * mean + field.sum(axis=0)) / total
        residual = float(np.linalg.norm(J @ mean - b))
        converged = residual <= tolerance * least * float(np.linalg.norm(mean))
        if converged or residual > 1e12 * float(np.linalg.norm(b)):
            break
    relative = residual / max(float(np.linalg.norm(b)), 1e-300)
    variance = np.where(load.any(), np.nan, 1 / total)
    return Cavity(mean, variance, count, relative, converged)
