"""Replica-symmetric theory of a student with K >= 3 hidden units, and what holds for every K.

Teacher's and student's matrices of overlaps commute with every permutation of the units: T, Q, and
their conjugates are (x - y)/K 11^T + y 1, of eigenvalue x along the sum of the units and y on what
is orthogonal to it. `Order` holds those of T (P, D) and Q (A, B), and R = xi_k.xi_l/N of one
student. A cluster of K spins (the hidden units of a sample, or the weights of a site) feels

    a = P m 1 + D (s* - m 1) + sqrt(A) zbar 1 + sqrt(B) (z - zbar 1)

with s* the teacher's spins, m their mean, z normal of mean zbar, and a coupling J between any two
spins. The law of z is a grid of K dimensions whose points are taken once for all permutations of
units whose teachers are alike; where B = D = 0 one dimension is left. With two units this is the
theory of `inference` in other words (its referee, tests/rbm/test_rbm_units.py).
"""

from __future__ import annotations

import math
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from replicon.rbm.clusters import states
from replicon.rbm.grids import Grid
from replicon.rbm.single import log_cosh
from replicon.theory import stationary

_TINY = 1e-40  # of squares that vanish: far below rounding, and yet sqrt of it has a derivative
_TABLE = 1500  # intervals of a table of blurred ln cosh
DAMPING = 0.65  # weight of the new value: undamped, R goes to and fro for K >= 3


class Given(NamedTuple):
    """What one point is solved at: the teacher's correlation as a coupling of its prior,
    `prior_coupling`, that of the student's prior, `guess_coupling`, and whether D is kept.
    """

    load: jax.Array | np.ndarray
    inverse_temperature: jax.Array | np.ndarray
    correlation: jax.Array | np.ndarray
    prior_coupling: jax.Array | np.ndarray
    guess: jax.Array | np.ndarray
    guess_coupling: jax.Array | np.ndarray
    keeps_difference: jax.Array | np.ndarray


class Order(NamedTuple):
    """P = T + (K - 1) tau, D = T - tau, A = q1 + (K - 1) r, B = q1 - r, and R."""

    sum: jax.Array
    difference: jax.Array
    sum_square: jax.Array
    difference_square: jax.Array
    receptive: jax.Array


def _fields(x: Order, scale, grid: Grid):
    """Fields (K, G) of a cluster's spins, their means and covariances times `scale`."""
    z = grid.normal.T
    spins = grid.teacher.T
    mean = spins.mean(axis=0)
    common = z.mean(axis=0)
    wide, wider = (
        jnp.sqrt(jnp.maximum(scale * v, _TINY)) for v in (x.difference_square, x.sum_square)
    )
    along = scale * x.sum * mean + wider * common
    return along + scale * x.difference * (spins - mean) + wide * (z - common)


def _times(matrix, x):
    """matrix @ x, as one sum: XLA 0.10 compiles the product of a batch of long matrices wrongly."""
    return (matrix[:, :, None] * x).sum(axis=1)


def _states(units: int) -> tuple[np.ndarray, np.ndarray]:
    """All 2^K states (2^K, K) of a cluster, and (2^K,) its equal less its unequal pairs."""
    spins, products = states(units)
    return spins, products.sum(axis=1)


def _law(field, coupling):
    """Probabilities (2^K, G) of the states of clusters in fields (K, G), and (G,) the logarithm of
    the mean over all states of exp(a.s + J sum_{k<l} s_k s_l): independent spins, reweighted.
    """
    _, pairs = _states(len(field))
    most = jnp.max(coupling * pairs)
    p = jnp.ones((1, field.shape[1]))
    for a in field:
        both = jnp.stack([jax.nn.sigmoid(2 * a), jax.nn.sigmoid(-2 * a)])
        p = (p[:, None] * both).reshape(-1, field.shape[1])
    p = p * jnp.exp(coupling * pairs - most)[:, None]
    total = p.sum(axis=0)
    return p / total, log_cosh(field).sum(axis=0) + jnp.log(total) + most


def _chance(coupling, grid: Grid):
    """Weights (G,) of the grid with the teacher's law exp(J sum_{k<l} s*_k s*_l)."""
    units = grid.teacher.shape[-1]
    largest = units * (units - 1) / 2
    pairs = (grid.teacher.sum(axis=1) ** 2 - units) / 2
    weight = grid.weight * jnp.exp(grid.log_count + coupling * (pairs - largest))
    return weight / weight.sum()


def _cluster(x: Order, coupling, teacher_coupling, scale, grid: Grid) -> tuple[Order, jax.Array]:
    """Order parameters of K spins in their fields, and E ln of the mean over all states of exp(a.s
    + J sum_{k<l} s_k s_l).
    """
    units = grid.teacher.shape[-1]
    spins, pairs = _states(units)
    chance, log_mean = _law(_fields(x, scale, grid), coupling)
    mean = _times(spins.T, chance)
    weight = _chance(teacher_coupling, grid)
    common = mean.mean(axis=0)
    across = mean - common
    teacher = grid.teacher.T
    out = Order(
        (weight * common * teacher).sum(),
        (weight * across * teacher).sum() / (units - 1),
        (weight * common**2).sum() * units,
        (weight * across**2).sum() / (units - 1),
        (weight * _times(pairs[None], chance)).sum() / (units * (units - 1) / 2),
    )
    return out, (weight * log_mean).sum()


def _log_pairs(coupling, units: int):
    """Ln of the mean over all states of exp(J sum_{k<l} s_k s_l), and the mean product of two."""
    pairs = _states(units)[1]
    exponent = coupling * pairs
    log_sum = jax.nn.logsumexp(exponent)
    most = units * (units - 1) / 2
    return log_sum - units * math.log(2), jnp.exp(exponent - log_sum) @ pairs / most


def _parts(x: Order, units: int):
    """(q1, r), the diagonal and the other entries of Q."""
    rest = (x.sum_square - x.difference_square) / units
    return rest + x.difference_square, rest


def _sides(x: Order, c, grid: Grid):
    """(conjugates from the data, coupling of a site's weights, average logarithm of the data's)."""
    units = grid.teacher.shape[-1]
    square = c.inverse_temperature**2
    _, r = _parts(x, units)
    found, log_data = _cluster(x, square * (x.receptive - r), square * c.correlation, square, grid)
    strength = c.load * square
    hat = Order._make([strength * v for v in found])
    norm = strength * _log_pairs(square * x.receptive, units)[1]
    hat = hat._replace(receptive=hat.receptive - norm)
    coupling = c.guess_coupling + hat.receptive - _parts(hat, units)[1]
    return hat, coupling, log_data


def iterate(x: Order, c, grid: Grid) -> Order:
    """One turn of the saddle-point equations: data, then weights."""
    hat, coupling, _ = _sides(x, c, grid)
    return _cluster(hat, coupling, c.prior_coupling, 1.0, grid)[0]


def _measure(x: Order, c, grid: Grid) -> tuple[dict, Order]:
    """Observables, and what one more turn makes of x."""
    units = grid.teacher.shape[-1]
    square = c.inverse_temperature**2
    pairs = units * (units - 1) / 2
    q, r = _parts(x, units)
    hat, coupling, log_data = _sides(x, c, grid)
    q_hat, _ = _parts(hat, units)
    new, log_weights = _cluster(hat, coupling, c.prior_coupling, 1.0, grid)
    log_prior, _ = _log_pairs(c.guess_coupling, units)
    norm = units * square / 2 + _log_pairs(square * x.receptive, units)[0]
    log_data += units * square * (1 - q) / 2
    free = -hat.sum * x.sum - (units - 1) * hat.difference * x.difference
    free += (hat.sum_square * x.sum_square) / 2
    free += (units - 1) * hat.difference_square * x.difference_square / 2
    free += -pairs * hat.receptive * x.receptive - units * q_hat / 2
    free += log_weights - log_prior + c.load * (log_data - norm)
    own = pairs * c.guess_coupling * x.receptive - log_prior - units * math.log(2)
    likelihood = _log_likelihood(x, c, grid) - norm
    rest = (x.sum - x.difference) / units
    out = {
        "teacher_overlap": rest + x.difference,
        "cross_overlap": rest,
        "overlap": q,
        "cross_replica_overlap": r,
        "receptive_overlap": x.receptive,
        "free_entropy": free,
        "entropy": free - own - c.load * likelihood,
    }
    return out, new


def _blurred(deviation):
    """The average of ln cosh(x + deviation z), z normal, as a function of x: cubic interpolation of
    its values and slopes, and |x| - ln 2 where it is that.
    """
    end = 12 + 8 * deviation
    step = end / _TABLE
    at = jnp.linspace(0.0, 1.0, _TABLE + 1) * end
    node = np.linspace(-8.0, 8.0, 61)
    weight = np.exp(-(node**2) / 2) / np.exp(-(node**2) / 2).sum()
    argument = at[:, None] + deviation * node
    value = log_cosh(argument) @ weight
    slope = jnp.tanh(argument) @ weight * step

    def at_point(x):
        size = jnp.abs(x)
        place = jnp.minimum(size / step, _TABLE - 1e-9)
        k = place.astype(int)
        t = place - k
        inside = (1 + 2 * t) * (1 - t) ** 2 * value[k] + t**2 * (3 - 2 * t) * value[k + 1]
        inside += t * (1 - t) ** 2 * slope[k] - t**2 * (1 - t) * slope[k + 1]
        return jnp.where(size < end, inside, size - math.log(2))

    return at_point


def _log_likelihood(x: Order, c, grid: Grid):
    """Posterior mean of sum_k ln cosh(beta X_k) of one sample. Given the hidden units h the fields
    X are normal about a + beta C h, C_kk = 1 - q1 and C_kl = R - r.
    """
    units = grid.teacher.shape[-1]
    square = c.inverse_temperature**2
    q, r = _parts(x, units)
    coupled = square * (x.receptive - r)
    field = _fields(x, square, grid)
    chance, _ = _law(field, coupled)
    blurred = _blurred(jnp.sqrt(square * jnp.maximum(1 - q, 0.0)))

    def add(total, state):
        spin, p = state
        centre = field + (square * (1 - q) * spin + coupled * (spin.sum() - spin))[:, None]
        return total + p * blurred(centre).sum(axis=0), None

    total, _ = jax.lax.scan(
        add, jnp.zeros(field.shape[1]), (jnp.asarray(_states(units)[0]), chance)
    )
    return (_chance(square * c.correlation, grid) * total).sum()


def _growth(x: Order, c, grid: Grid) -> tuple[jax.Array, jax.Array]:
    """Factors by which one turn multiplies small q1 - r and small T - tau where there are neither:
    a field across the units moves means by 1 - <s_k s_l> of it.
    """
    units = grid.teacher.shape[-1]
    square = c.inverse_temperature**2
    pairs = _states(units)[1]
    most = units * (units - 1) / 2

    def factors(order, coupling, teacher_coupling, scale):
        chance, _ = _law(_fields(order, scale, grid), coupling)
        answer = 1 - _times(pairs[None], chance)[0] / most
        weight = _chance(teacher_coupling, grid)
        mean = grid.teacher.mean(axis=1)
        across = units * (1 - mean**2) / (units - 1)
        return (weight * answer**2).sum(), (weight * answer * across).sum()

    hat, coupling, _ = _sides(x, c, grid)
    data = factors(x, square * (x.receptive - _parts(x, units)[1]), square * c.correlation, square)
    weights = factors(hat, coupling, c.prior_coupling, 1.0)
    turn = c.load * square**2
    return turn * data[0] * weights[0], turn * data[1] * weights[1]


class _State(NamedTuple):
    """A branch at one point: what is told of it, its order parameters, and the first grid."""

    told: dict
    x: Order
    grid: Grid


def _solved(c, grid: Grid, coarse: Grid, kept, start) -> _State:
    """The state whose order parameters are held at zero where `kept` says so, met from `start`
    (P, D, A, B) by the map on the coarse grid, then by Newton's method. `shift`: by how much the
    second of the two grids moves it.
    """
    units = grid.teacher.shape[-1]
    first, rough = (Grid(*(part[0] for part in one)) for one in (grid, coarse))

    def restrict(x: Order) -> Order:
        # What vanishes by symmetry is a constant: no derivative of sqrt(0) is ever taken.
        held = [jnp.where(keep, v, _TINY * (k > 1)) for k, (v, keep) in enumerate(zip(x, kept))]
        return Order._make([*held, x.receptive])

    def turn(x, c):
        return restrict(iterate(restrict(x), c, rough))

    def residual(x, c):
        return jax.tree.map(jnp.subtract, restrict(iterate(restrict(x), c, first)), x)

    begin = restrict(Order._make([*(jnp.full((), v) for v in start), c.correlation]))
    found = stationary.solve_one(
        residual, begin, c, iterate=turn, steps=300, damping=DAMPING, settled=1e-4
    )
    x = restrict(found.x)
    both, again = jax.lax.map(lambda one: _measure(x, c, one), grid)
    size = jnp.stack([jnp.where(keep, v, 1.0) for v, keep in zip(x, kept)])
    inside = (size > 1e-7).all() & (size <= units + 1e-9).all()
    told = {
        **{name: values[0] for name, values in both.items()},
        "converged": found.converged & inside,
        "residual": found.residual,
        "shift": jnp.stack([jnp.abs(v[1] - v[0]) for v in restrict(again)]).max(),
    }
    return _State(told, x, first)


def symmetric(c, grid: Grid, coarse: Grid) -> dict:
    """The state in which the units' sum alone is learned, at one point."""
    found = _solved(c, grid, coarse, (True, False, True, False), (1.2, 0.0, 1.0, 0.0))
    student, teacher = _growth(found.x, c, found.grid)
    return {**found.told, "student": student, "teacher": teacher}


def broken(c, grid: Grid, coarse: Grid) -> dict:
    """A state in which the student's units differ, at one point; c says whether each has chosen a
    teacher's.
    """
    kept = (True, c.keeps_difference > 0, True, True)
    found = _solved(c, grid, coarse, kept, (1.2, 0.6, 1.0, 0.6))
    step = 1e-6
    moved = found.x._replace(difference=found.x.difference + step)
    ordered = iterate(moved, c, found.grid).difference / step
    return {
        **found.told,
        "student": jnp.full((), jnp.nan),
        "teacher": jnp.where(kept[1], jnp.nan, ordered),
    }
