"""Replica-symmetric theory of a student with K >= 2 hidden units, whose inverse temperature and
correlation may differ from its teacher's.

Teacher's and student's matrices of overlaps commute with every permutation of the units: T, Q, and
their conjugates are (x - y)/K 11^T + y 1, of eigenvalue x along the sum of the units and y on what
is orthogonal to it. `Order` holds those of T (P, D) and Q (A, B), and R = xi_k.xi_l/N of one
student. A cluster of K spins (the hidden units of a sample, or the weights of a site) feels

    a = P m 1 + D (s* - m 1) + sqrt(A) zbar 1 + sqrt(B) (z - zbar 1)

with s* the teacher's spins, m their mean, z normal of mean zbar, and a coupling J between any two
spins. The law of z is a grid of K dimensions, of one where B = D = 0, whose points stand for all
permutations of units with equal teachers. Referee for two units: `inference` (tests/rbm).
"""

from __future__ import annotations

import math
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from replicon.rbm.clusters import states
from replicon.rbm.grids import Grid
from replicon.rbm.single import blurred_log_cosh, log_cosh
from replicon.theory import stationary
from replicon.theory.newton import needed
from replicon.theory.points import as_vector

_TINY = 1e-40  # of squares that vanish: far below rounding, and yet sqrt of it has a derivative
_BEGIN = (1.2, 0.6, 1.0, 0.6)  # P, D, A, B
_STEPS = 300
_SHARE = 0.65  # of the new value, at most


class Given(NamedTuple):
    """What one point is solved at: correlations of the teacher's and the student's prior (`guess`),
    with the couplings that make them, and which of P, D and B are kept.
    """

    load: jax.Array | np.ndarray
    inverse_temperature: jax.Array | np.ndarray
    teacher_inverse_temperature: jax.Array | np.ndarray
    correlation: jax.Array | np.ndarray
    prior_coupling: jax.Array | np.ndarray
    guess: jax.Array | np.ndarray
    guess_coupling: jax.Array | np.ndarray
    keeps_sum: jax.Array | np.ndarray
    keeps_difference: jax.Array | np.ndarray
    keeps_difference_square: jax.Array | np.ndarray


class Order(NamedTuple):
    """P = T + (K - 1) tau, D = T - tau, A = q1 + (K - 1) r, B = q1 - r, and R."""

    sum: jax.Array
    difference: jax.Array
    sum_square: jax.Array
    difference_square: jax.Array
    receptive: jax.Array


def _fields(x: Order, scale, signal, grid: Grid):
    """Fields (K, G) of a cluster's spins, covariances times `scale` and means times `signal`."""
    z = grid.normal.T
    spins = grid.teacher.T
    mean = spins.mean(axis=0)
    common = z.mean(axis=0)
    wide, wider = (
        jnp.sqrt(jnp.maximum(scale * v, _TINY)) for v in (x.difference_square, x.sum_square)
    )
    along = signal * x.sum * mean + wider * common
    return along + signal * x.difference * (spins - mean) + wide * (z - common)


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


class _Cluster(NamedTuple):
    """Of K spins in fields (K, G), probabilities (2^K, G) of their states: their order parameters;
    E ln of the mean over all states of exp(a.s + J sum_{k<l} s_k s_l); E a.<s>; by what they answer
    small B, where there is none, and small P and D, where there are none.
    """

    field: jax.Array
    chance: jax.Array
    order: Order
    log_mean: jax.Array
    energy: jax.Array
    student: jax.Array
    signal: jax.Array
    teacher: jax.Array


def _cluster(x: Order, coupling, layer: _Layer, grid: Grid) -> _Cluster:
    """The spins of one layer, of that coupling."""
    units = grid.teacher.shape[-1]
    spins, pairs = _states(units)
    field = _fields(x, layer.scale, layer.signal, grid)
    chance, log_mean = _law(field, coupling)
    mean = _times(spins.T, chance)
    product = _times(pairs[None], chance)[0] / (units * (units - 1) / 2)
    weight = _chance(layer.teacher_coupling, grid)
    common = mean.mean(axis=0)
    across = mean - common
    teacher = grid.teacher.T
    order = Order(
        (weight * common * teacher).sum(),
        (weight * across * teacher).sum() / (units - 1),
        (weight * common**2).sum() * units,
        (weight * across**2).sum() / (units - 1),
        (weight * product).sum(),
    )
    # Variances of the spins along the teacher's, in their mean and across it.
    along = teacher.mean(axis=0)
    apart = teacher - along
    total = _times(spins.sum(axis=1)[None] ** 2, chance)[0] - mean.sum(axis=0) ** 2
    square = (_times(spins, apart) ** 2 * chance).sum(axis=0) - (apart * mean).sum(axis=0) ** 2
    return _Cluster(
        field,
        chance,
        order,
        (weight * log_mean).sum(),
        (weight * (field * mean).sum(axis=0)).sum(),
        (weight * (1 - product) ** 2).sum(),
        (weight * along**2 * total).sum(),
        (weight * square).sum() / (units - 1),
    )


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


def _teacher_coupling(c):
    """Of the teacher's hidden units, by its overlap q."""
    return c.teacher_inverse_temperature**2 * c.correlation


def _replicas(layer: _Cluster, weight) -> jax.Array:
    """E [chi_km chi_ln], (K, K, K, K), of the covariances chi of a layer's spins: what answers a
    difference between two replicas, up to permutations of units.
    """
    spins, _ = _states(len(layer.field))
    mean = _times(spins.T, layer.chance)
    rows = [_times((spins * s[:, None]).T, layer.chance) - mean * m for s, m in zip(spins.T, mean)]
    chi = jnp.stack(rows)  # (K, K, G)
    return (weight * chi[:, None, :, None] * chi[None, :, None, :]).sum(axis=-1)


class _Layer(NamedTuple):
    """What one of the two layers, the data's hidden units and a site's weights, differs in: the
    coupling of its teacher's spins; factors of covariances and means of its fields; those of its
    squares and overlaps in its answer, and what is taken from that of R.
    """

    teacher_coupling: jax.Array
    scale: jax.Array
    signal: jax.Array
    strength: jax.Array
    told: jax.Array
    norm: jax.Array


class _Turn(NamedTuple):
    """Both layers: their spins, (2, ...); the conjugates and the new order parameters, (2,) each;
    the coupling of the weights.
    """

    spins: _Cluster
    order: Order
    coupling: jax.Array


def _coupled(x: Order, c, units: int):
    """(coupling of two hidden units of a sample, factors of covariances and means of fields)."""
    square = c.inverse_temperature**2
    signal = c.inverse_temperature * c.teacher_inverse_temperature
    return square * (x.receptive - _parts(x, units)[1]), square, signal


def _turn(x: Order, c, grid: Grid) -> _Turn:
    """Data, then weights: one graph, twice."""
    units = grid.teacher.shape[-1]
    coupled, square, signal = _coupled(x, c, units)
    norm = _log_pairs(square * x.receptive, units)[1]
    of_data = (_teacher_coupling(c), square, signal, c.load * square, c.load * signal, norm)
    of_weights = (c.prior_coupling, 1.0, 1.0, 1.0, 1.0, 0.0)
    layers = _Layer(*(jnp.stack([a, jnp.asarray(b, float)]) for a, b in zip(of_data, of_weights)))

    def answer(state, layer):
        x, coupling = state
        spins = _cluster(x, coupling, layer, grid)
        found = spins.order
        out = Order(
            layer.told * found.sum,
            layer.told * found.difference,
            layer.strength * found.sum_square,
            layer.strength * found.difference_square,
            layer.strength * (found.receptive - layer.norm),
        )
        after = c.guess_coupling + out.receptive - _parts(out, units)[1]
        return (out, after), (spins, out, after)

    _, (spins, order, after) = jax.lax.scan(answer, (x, coupled), layers)
    return _Turn(spins, order, after[0])


def iterate(x: Order, c, grid: Grid) -> Order:
    """One turn of the saddle-point equations: data, then weights."""
    return Order(*(v[1] for v in _turn(x, c, grid).order))


def covariances(x: Order, c, grid: Grid) -> tuple[jax.Array, jax.Array]:
    """`_replicas` of a sample's hidden units and of a site's weights, at one point."""
    spins = _turn(x, c, grid).spins
    data, weights = (jax.tree.map(lambda v, k=k: v[k], spins) for k in (0, 1))
    own = _chance(c.prior_coupling, grid)
    return _replicas(data, _chance(_teacher_coupling(c), grid)), _replicas(weights, own)


def _measure(x: Order, c, grid: Grid) -> tuple[dict, Order]:
    """Observables, the factors by which one turn multiplies what is small, and what one more turn
    makes of x.
    """
    units = grid.teacher.shape[-1]
    _, square, signal = _coupled(x, c, units)
    pairs = units * (units - 1) / 2
    q, r = _parts(x, units)
    turn = _turn(x, c, grid)
    data, weights = (jax.tree.map(lambda v, k=k: v[k], turn.spins) for k in (0, 1))
    hat, new = (Order(*(v[k] for v in turn.order)) for k in (0, 1))
    q_hat, _ = _parts(hat, units)
    log_prior, _ = _log_pairs(c.guess_coupling, units)
    norm = units * square / 2 + _log_pairs(square * x.receptive, units)[0]
    log_data = data.log_mean + units * square * (1 - q) / 2
    free = -hat.sum * x.sum - (units - 1) * hat.difference * x.difference
    free += (hat.sum_square * x.sum_square) / 2
    free += (units - 1) * hat.difference_square * x.difference_square / 2
    free += -pairs * hat.receptive * x.receptive - units * q_hat / 2
    free += weights.log_mean - log_prior + c.load * (log_data - norm)
    own = pairs * c.guess_coupling * x.receptive - log_prior - units * math.log(2)
    likelihood = _log_likelihood(x, data, c, grid)
    entropy = free - own - c.load * (likelihood - norm)
    # sum_k <beta h_k X_k>: given h the fields are normal about a + beta C h.
    energy = data.energy + square * units * (1 - q)
    energy += square * 2 * pairs * (x.receptive - r) * data.order.receptive
    rest = (x.sum - x.difference) / units
    told = c.load * signal**2
    out = {
        "teacher_overlap": rest + x.difference,
        "cross_overlap": rest,
        "overlap": q,
        "cross_replica_overlap": r,
        "receptive_overlap": x.receptive,
        "free_entropy": free,
        "entropy": entropy,
        "thermodynamic_entropy": entropy + c.load * (likelihood - energy),
        "student": c.load * square**2 * data.student * weights.student,
        "signal": told * data.signal * weights.signal,
        "teacher": told * data.teacher * weights.teacher,
    }
    return out, new


def _log_likelihood(x: Order, data: _Cluster, c, grid: Grid):
    """Posterior mean of sum_k ln cosh(beta X_k) of one sample. Given the hidden units h the fields
    X are normal about a + beta C h, C_kk = 1 - q1 and C_kl = R - r.
    """
    units = grid.teacher.shape[-1]
    coupled, square, _ = _coupled(x, c, units)
    q, _ = _parts(x, units)
    field = data.field
    blurred = blurred_log_cosh(jnp.sqrt(square * jnp.maximum(1 - q, 0.0)))

    def add(total, state):
        spin, p = state
        centre = field + (square * (1 - q) * spin + coupled * (spin.sum() - spin))[:, None]
        return total + p * blurred(centre).sum(axis=0), None

    total, _ = jax.lax.scan(
        add, jnp.zeros(field.shape[1]), (jnp.asarray(_states(units)[0]), data.chance)
    )
    return (_chance(_teacher_coupling(c), grid) * total).sum()


class _Way(NamedTuple):
    """Turns taken, where they led, whole moves of the last one, and the shares of them taken."""

    step: jax.Array | int
    x: jax.Array
    away: jax.Array
    share: jax.Array


def _relaxed(turn, x: Order, c) -> Order:
    """The map until it moves nothing by 1e-4. It drives R to and fro (by -load beta^4: the norm's
    answer), and r far from stability: each moves by a share of its own, halved as it turns back.
    """

    def unfinished(s: _Way):
        return (s.step < _STEPS) & (jnp.max(jnp.abs(s.away)) > 1e-4)

    @needed
    def advance(s: _Way) -> _Way:
        away = as_vector(turn(Order(*s.x))) - s.x
        share = jnp.where(away * s.away < 0, s.share / 2, jnp.minimum(1.2 * s.share, _SHARE))
        return _Way(s.step + 1, s.x + share * away, away, share)

    share = jnp.full(5, _SHARE).at[4].divide(1 + c.load * c.inverse_temperature**4)
    begin = _Way(0, as_vector(x), jnp.full(5, jnp.inf), share)
    return Order(*jax.lax.while_loop(unfinished, advance, begin).x)


def learned(c, grid: Grid, coarse: Grid) -> dict:
    """A state in which something is learned, at one point: c says which of P, D and B are kept, the
    others vanish by symmetry.

    It is met by the map on the coarse grid, then by Newton's method. `shift`: by how much the
    second of the two grids moves it. `student`, `signal`, `teacher`: factors by which one turn
    multiplies small B, P and D where they vanish, NaN where they do not. `turn`: derivatives of the
    map (5, 5).
    """
    units = grid.teacher.shape[-1]
    first, rough = (Grid(*(part[0] for part in one)) for one in (grid, coarse))
    kept = (c.keeps_sum > 0, c.keeps_difference > 0, True, c.keeps_difference_square > 0)

    def restrict(x: Order) -> Order:
        # What vanishes by symmetry is a constant: no derivative of sqrt(0) is ever taken.
        held = [jnp.where(keep, v, _TINY * (k > 1)) for k, (v, keep) in enumerate(zip(x, kept))]
        return Order._make([*held, x.receptive])

    def turn(x):
        return restrict(iterate(restrict(x), c, rough))

    def residual(x, c):
        return jax.tree.map(jnp.subtract, restrict(iterate(restrict(x), c, first)), x)

    begin = restrict(Order._make([*(jnp.full((), v) for v in _BEGIN), c.correlation]))
    found = stationary.solve_one(residual, _relaxed(turn, begin, c), c)
    x = restrict(found.x)
    both, again = jax.lax.map(lambda one: _measure(x, c, one), grid)
    size = jnp.stack([jnp.where(keep, v, 1.0) for v, keep in zip(x, kept)])
    inside = (size > 1e-7).all() & (size <= units + 1e-9).all()
    told = {name: values[0] for name, values in both.items()}
    for name, keep in zip(("signal", "teacher", "student"), (kept[0], kept[1], kept[3])):
        told[name] = jnp.where(keep, jnp.nan, told[name])
    return {
        **told,
        "converged": found.converged & inside,
        "residual": found.residual,
        "turn": found.jacobian + jnp.eye(len(x)),
        "shift": jnp.stack([jnp.abs(v[1] - v[0]) for v in restrict(again)]).max(),
    }
