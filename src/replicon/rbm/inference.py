"""Replica-symmetric theory of a restricted Boltzmann machine that learns from a teacher of its own
kind.

Data and weights are dual. Both sides are two spins (hidden units, or the two weights of a site)
that feel a coupling J and normal fields a, b, whose teacher's spins are (1, s), s = +-1 with
probability (1 + c s)/2. Since teacher's and student's units are alike, a + b and a - b are
independent: with T +- tau = P, D and q1 +- r = A, B,

    a + b ~ N(2 P [s = 1], 2 A),  a - b ~ N(2 D [s = -1], 2 B).

A machine with one hidden unit is the same with one spin, a ~ N(T, q).
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from replicon._declare import controls_tuple
from replicon.theory import stationary
from replicon.theory.branch import Found
from replicon.theory.points import evaluate
from replicon.theory.transition import zero

_NUMBERS = ("load", "inverse_temperature", "correlation", "guess", "hidden")
_NODE = np.linspace(-8.0, 8.0, 101)
_WEIGHT = np.exp(-(_NODE**2) / 2) / np.exp(-(_NODE**2) / 2).sum()
# Which of P, D, A, B is not zero by symmetry.
KEPT = {
    "symmetric": (1, 0, 1, 0),
    "permutation-student": (1, 0, 1, 1),
    "permutation-broken": (1, 1, 1, 1),
}


_OVERLAPS = ("teacher_overlap", "cross_overlap", "overlap", "cross_replica_overlap")


class Order(NamedTuple):
    """P = T + tau, D = T - tau, A = q1 + r, B = q1 - r, and R."""

    sum: jax.Array
    difference: jax.Array
    sum_square: jax.Array
    difference_square: jax.Array
    receptive: jax.Array


def log_cosh(x):
    return jnp.logaddexp(x, -x) - jnp.log(2.0)


def _fields(x: Order, scale):
    """(s, a + b, a - b) on grids (2, n, 1), (2, 1, n), and their weights."""
    plus, minus = jnp.array([1.0, 0.0]), jnp.array([0.0, 1.0])
    total = scale * (
        2 * x.sum * plus[:, None, None] + jnp.sqrt(2 * x.sum_square / scale) * _NODE[:, None]
    )
    change = scale * (
        2 * x.difference * minus[:, None, None] + jnp.sqrt(2 * x.difference_square / scale) * _NODE
    )
    return total, change


def _pair(x: Order, coupling, c, scale=1.0) -> tuple[Order, jax.Array]:
    """Order parameters of two spins in their fields, and E ln [(1 + t) cosh(a + b) + (1 - t) cosh(a
    - b)]/2, t = tanh(coupling).

    `scale` multiplies means and covariances of the fields (beta^2 on the side of the data).
    """
    total, change = _fields(x, scale)
    even, odd = coupling + log_cosh(total), -coupling + log_cosh(change)
    both = jnp.logaddexp(even, odd)
    equal = jnp.exp(even - both)
    up, across = (
        2 * equal * jnp.tanh(total),
        2 * (1 - equal) * jnp.tanh(change),
    )  # <s1> + <s2>, <s1> - <s2>
    chance = jnp.array([(1 + c) / 2, (1 - c) / 2])

    def mean(values):
        return jnp.einsum("s,sxy,x,y->s", chance, values, _WEIGHT, _WEIGHT)

    out = Order(
        mean(up)[0],
        mean(across)[1],
        mean(up**2).sum() / 2,
        mean(across**2).sum() / 2,
        mean(2 * equal - 1).sum(),
    )
    return out, mean(both).sum() - jnp.logaddexp(coupling, -coupling)


def _sides(x: Order, c):
    """(conjugates from the data, coupling of a site's weights, and the two logarithms' arguments)."""
    square = c.inverse_temperature**2
    r = (x.sum_square - x.difference_square) / 2
    found, log_data = _pair(x, square * (x.receptive - r), jnp.tanh(square * c.correlation), square)
    strength = c.load * square
    hat = Order._make(
        [
            *(strength * v for v in found[:4]),
            strength * (found.receptive - jnp.tanh(square * x.receptive)),
        ]
    )
    r_hat = (hat.sum_square - hat.difference_square) / 2
    return hat, jnp.arctanh(c.guess) + hat.receptive - r_hat, log_data


def iterate(x: Order, c) -> Order:
    """One turn of the saddle-point equations: data, then weights."""
    hat, coupling, _ = _sides(x, c)
    return _pair(hat, coupling, c.correlation)[0]


def free_entropy(x: Order, c):
    """(1/N) ln of the data's evidence, relative to samples without structure."""
    square = c.inverse_temperature**2
    q, r = (x.sum_square + x.difference_square) / 2, (x.sum_square - x.difference_square) / 2
    hat, coupling, log_data = _sides(x, c)
    q_hat, r_hat = (
        (hat.sum_square + hat.difference_square) / 2,
        (hat.sum_square - hat.difference_square) / 2,
    )
    log_weights = _pair(hat, coupling, c.correlation)[1]
    spread = hat.receptive - r_hat
    # E ln sum over a site's weights (1 + p xi1 xi2)/4 exp(...), with (1 + p)/2 = exp(J0)/(2 cosh
    # J0).
    prior = jnp.arctanh(c.guess)
    log_weights += jnp.logaddexp(prior + spread, -prior - spread) - jnp.logaddexp(prior, -prior)
    # E ln of the data's, with couplings beta^2 (R - r).
    coupled = square * (x.receptive - r)
    log_data += square * (1 - q) + log_cosh(coupled)
    overlaps = hat.sum * x.sum + hat.difference * x.difference  # 2 (T That + tau tauhat)
    out = -overlaps - q_hat * (1 - q) - hat.receptive * x.receptive + r_hat * r + log_weights
    return out + c.load * (log_data - square - log_cosh(square * x.receptive))


def log_likelihood(x: Order, c):
    """Posterior mean of ln P(one sample | weights) + N ln 2, by the tilted law of its two fields X,
    Y.
    """
    beta = c.inverse_temperature
    square = beta**2
    q, r = (x.sum_square + x.difference_square) / 2, (x.sum_square - x.difference_square) / 2
    total, change = _fields(x, square)
    coupled = square * (x.receptive - r)
    even, odd = coupled + log_cosh(total), -coupled + log_cosh(change)
    equal = jnp.exp(even - jnp.logaddexp(even, odd))
    chance = jnp.array(
        [(1 + jnp.tanh(square * c.correlation)) / 2, (1 - jnp.tanh(square * c.correlation)) / 2]
    )
    a = (total + change) / 2  # beta times the field of the first unit
    spread = jnp.sqrt(square * jnp.maximum(1 - q, 0.0))
    weight = jnp.einsum("s,x,y->sxy", chance, _WEIGHT, _WEIGHT)
    out = 0.0
    # Given the hidden spins h the fields are normal about (a, b) + beta C h, C = [[1 - q, R - r],
    # [R - r, 1 - q]].
    for h1 in (1, -1):
        for h2 in (1, -1):
            pair, tilt = (equal, total) if h1 == h2 else (1 - equal, change)
            probability = pair * jax.nn.sigmoid(2 * h1 * tilt)
            centre = a + square * ((1 - q) * h1 + (x.receptive - r) * h2)
            inner = jax.lax.map(
                lambda z, centre=centre: log_cosh(centre + spread * z), jnp.asarray(_NODE[::4])
            )
            inner = jnp.einsum("z,zsxy->sxy", _WEIGHT[::4] / _WEIGHT[::4].sum(), inner)
            out += (weight * probability * inner).sum()
    return 2 * out - square - log_cosh(square * x.receptive)


def entropy(x: Order, c):
    """Of the posterior, per visible unit: free entropy less the posterior means of ln prior and ln
    likelihood.
    """
    p = c.guess
    log_prior = (
        jnp.log((1 + p) / 4) * (1 + x.receptive) / 2 + jnp.log((1 - p) / 4) * (1 - x.receptive) / 2
    )
    return free_entropy(x, c) - log_prior - c.load * log_likelihood(x, c)


def growth(x: Order, c) -> tuple[jax.Array, jax.Array]:
    """Factors by which one turn multiplies small q1 - r (the student's units differ) and small T -
    tau, at x without either.
    """
    square = c.inverse_temperature**2
    hat, coupling, _ = _sides(x, c)

    def factors(order, coupling, chance, scale):
        total, _ = _fields(order, scale)
        odd = jnp.exp(
            -coupling - jnp.logaddexp(coupling + log_cosh(total), -coupling)
        )  # weight of unequal spins
        parts = jnp.einsum(
            "s,ksxy,x->ks",
            jnp.array([(1 + chance) / 2, (1 - chance) / 2]),
            jnp.stack([odd**2, odd]),
            _WEIGHT,
        )
        return 4 * parts[0].sum(), 4 * parts[1, 1]

    r = x.sum_square / 2
    data = factors(x, square * (x.receptive - r), jnp.tanh(square * c.correlation), square)
    weights = factors(hat, coupling, c.correlation, 1.0)
    turn = c.load * square**2
    return turn * data[0] * weights[0], turn * data[1] * weights[1]


@lru_cache
def _branch(name: str):
    kept = KEPT[name]

    def restrict(x: Order) -> Order:
        # What vanishes by symmetry is a constant: no derivative of sqrt(0) is ever taken.
        return Order._make(
            [
                *(
                    v if keep else jnp.full((), 1e-40 * (k > 1))
                    for k, (v, keep) in enumerate(zip(x[:4], kept))
                ),
                x.receptive,
            ]
        )

    def turn(x, c):
        return restrict(iterate(restrict(x), c))

    def residual(x, c):
        return jax.tree.map(jnp.subtract, turn(x, c), x)

    def one(c):
        start = restrict(
            Order._make(
                [
                    *(jnp.full((), v) for v in (1.2, 0.6, 1.0, 0.6)),
                    jnp.asarray(c.correlation, float),
                ]
            )
        )
        found = stationary.solve_one(residual, start, c, iterate=turn, steps=300, settled=1e-4)
        x = restrict(found.x)
        student, teacher = growth(x, c) if not kept[3] else (jnp.full((), jnp.nan),) * 2
        if kept[3] and not kept[1]:
            step = 1e-6
            teacher = iterate(x._replace(difference=x.difference + step), c).difference / step
        size = jnp.stack([v for v, keep in zip(x[:4], kept) if keep])
        return {
            **_measure(x, c),
            "student": student,
            "teacher": teacher,
            "converged": found.converged & (size > 1e-7).all() & (size <= 2 + 1e-9).all(),
            "residual": found.residual,
        }

    return one


def _measure(x: Order, c) -> dict:
    return {
        "teacher_overlap": (x.sum + x.difference) / 2,
        "cross_overlap": (x.sum - x.difference) / 2,
        "overlap": (x.sum_square + x.difference_square) / 2,
        "cross_replica_overlap": (x.sum_square - x.difference_square) / 2,
        "receptive_overlap": x.receptive,
        "free_entropy": free_entropy(x, c),
        "entropy": entropy(x, c),
    }


def _trivial(c):
    zero_, tiny = jnp.zeros(()), jnp.full((), 1e-40)
    return {**_measure(Order(zero_, zero_, tiny, tiny, jnp.asarray(c.guess, float)), c)}


def _spin(mean, variance):
    """E tanh(a), E tanh(a)^2, E ln cosh(a) for one spin in a normal field."""
    a = (
        mean + jnp.sqrt(jnp.maximum(variance, 1e-80)) * _NODE
    )  # rounding may leave less than nothing
    return _WEIGHT @ jnp.tanh(a), _WEIGHT @ jnp.tanh(a) ** 2, _WEIGHT @ log_cosh(a)


class Single(NamedTuple):
    overlap: jax.Array


def _single_turn(x: Single, c) -> Single:
    square = c.inverse_temperature**2
    data = _spin(square * x.overlap, square * x.overlap)[0]
    hat = c.load * square * data
    return Single(_spin(hat, hat)[0])


def _single_residual(x: Single, c) -> Single:
    return Single(_single_turn(x, c).overlap - x.overlap)


def _single_measure(q, c) -> dict:
    square = c.inverse_temperature**2
    data = _spin(square * q, square * q)
    hat = c.load * square * data[0]
    free = -hat * q / 2 - hat / 2 + _spin(hat, hat)[2] + c.load * (data[2] - square * q / 2)
    # On the Nishimori line the mean log-likelihood is the teacher's own.
    own = _spin(square, square)[2] - square / 2
    nan = jnp.full((), jnp.nan)
    return {
        "teacher_overlap": q,
        "cross_overlap": nan,
        "overlap": q,
        "cross_replica_overlap": nan,
        "receptive_overlap": nan,
        "free_entropy": free,
        "entropy": free + jnp.log(2.0) - c.load * own,
    }


def _single(c):
    found = stationary.solve_one(
        _single_residual,
        Single(jnp.full((), 0.9)),
        c,
        iterate=_single_turn,
        steps=300,
        settled=1e-4,
    )
    q = found.x.overlap
    return {
        **_single_measure(q, c),
        "converged": found.converged & (q > 1e-7) & (q <= 1 + 1e-12),
        "residual": found.residual,
    }


def _single_trivial(c):
    return _single_measure(jnp.full((), 1e-40), c)


def _arrays(controls):
    guess = (
        np.asarray(controls.correlation, float)
        if controls.prior == "informed"
        else np.zeros(np.shape(controls.correlation))
    )
    given = (
        controls.load,
        controls.inverse_temperature,
        controls.correlation,
        guess,
        controls.hidden,
    )
    return controls_tuple(_NUMBERS, np.broadcast_arrays(*(np.asarray(v, float) for v in given)))


def onset(c) -> np.ndarray:
    """The load at which learning begins: 1/beta^4 for one unit, 1/[beta^4 (1 + t)(1 + q)(1 + t_p)(1
    + p)] for two.

    t = tanh(beta^2 q) of the teacher; t_p the same of the student, who takes the correlation for p:
    q (informed) or 0 (uniform).
    """
    beta4 = c.inverse_temperature**4
    t = np.tanh(c.inverse_temperature**2 * c.correlation)
    own = np.tanh(c.inverse_temperature**2 * c.guess)
    return 1 / (
        beta4
        * np.where(c.hidden == 1, 1.0, (1 + t) * (1 + c.correlation) * (1 + own) * (1 + c.guess))
    )


def solve(controls, branch: str) -> dict:
    """Arrays (points,). With one hidden unit only the branches equilibrium, random-guess and
    symmetric exist, and no cross overlaps.

    `stable`: against every perturbation the model knows: learning, and the two kinds of permutation
    symmetry breaking.
    """
    c = _arrays(controls)
    single, learns = c.hidden == 1, c.load > onset(c)
    trivial = _by_hidden(single, _single_trivial, _trivial, c)
    trivial |= {
        "converged": np.ones(single.shape, bool),
        "residual": np.zeros(single.shape),
        "stable": (~learns).astype(float),
    }
    trivial |= {
        name: np.where(np.abs(trivial[name]) < 1e-30, 0.0, trivial[name]) for name in _OVERLAPS
    }
    if branch == "random-guess":
        return trivial
    found = {}
    for name in KEPT if branch == "equilibrium" else (branch,):
        found[name] = _by_hidden(single, _single, _branch(name), c)
        exists = found[name]["converged"] & learns & (~single | (name == "symmetric"))
        # The free entropies decide nothing here: the transitions are continuous, and growth factors
        # tell which state is stable.
        student, teacher = (np.where(single, 0.0, found[name][k]) for k in ("student", "teacher"))
        grows = {
            "symmetric": np.fmax(student, teacher),
            "permutation-student": teacher,
            "permutation-broken": np.zeros(single.shape),
        }[name]
        found[name] |= {"converged": exists, "stable": (grows < 1) * 1.0}
    if branch != "equilibrium":
        out = found[branch]
        return {**out, "reason": np.where(out["converged"], "", "this symmetry is not broken here")}
    out, chosen = dict(trivial), np.full(single.shape, "random-guess", dtype="U20")
    for name, values in found.items():
        better = values["converged"] & learns & ((chosen == "random-guess") | (out["stable"] == 0))
        out = {key: np.where(better, values[key], out[key]) for key in out}
        chosen = np.where(better, name, chosen)
    out["converged"] = (
        out["converged"] & ((chosen != "random-guess") | ~learns) & (out["stable"] == 1)
    )
    return {
        **out,
        "branch": chosen,
        "reason": np.where(out["converged"], "", "no stable state was found"),
    }


def _by_hidden(single, one, two, c) -> dict:
    out = {}
    for rows, function in ((single, one), (~single, two)):
        if rows.any():
            for name, values in evaluate(function, type(c)(*(v[rows] for v in c)), batch=1).items():
                out.setdefault(name, np.full(single.shape, np.nan))[rows] = values
    for name in ("student", "teacher"):
        out.setdefault(name, np.full(single.shape, np.nan))
    if "converged" in out:
        out["converged"] = np.nan_to_num(out["converged"]).astype(bool)
    return out


def find_symmetry_breaking(controls) -> Found:
    """The closed formula of `onset`."""
    value = onset(_arrays(controls))
    return Found(value, np.isfinite(value))


def _along(controls, name: str, factor: str):
    def at(load):
        c = _arrays(controls._replace(load=load))
        out = _by_hidden(c.hidden == 1, _single, _branch(name), c)
        return out[factor] - 1, out["converged"] & (c.hidden == 2)

    return at


_LARGEST = 100.0  # load, the end of its domain
# Where the search along the student's branch begins, relative to its onset, at which that branch is
# still too small to see.
_BEGINNINGS = (1e-3, 1e-5, 2e-2)


def _no_permutation(controls, at_end) -> np.ndarray:
    """Why there is no permutation transition, where that is known; `at_end`: the growth factor at
    _LARGEST, less one.
    """
    c = _arrays(controls)
    alone = "one hidden unit has no other to be exchanged with"
    free = (
        "without correlation the units differ as soon as they learn (transition symmetry-breaking)"
    )
    later = f"it lies beyond load {_LARGEST:g}, where its domain ends"
    return np.select([c.hidden == 1, c.correlation == 0, at_end < 0], [alone, free, later], "")


def find_permutation_student(controls) -> Found:
    """Where small q1 - r grows on the symmetric branch."""
    low = onset(_arrays(controls)) * (1 + 1e-4)
    branch = _along(controls, "symmetric", "student")
    found = zero(branch, low, np.maximum(_LARGEST, 2 * low), geometric=True)
    growth_at_end, there = branch(np.full_like(low, _LARGEST))
    reason = _no_permutation(
        controls, np.where(there, growth_at_end, np.where(low > _LARGEST, -1.0, 0.0))
    )
    return found._replace(converged=found.converged & (reason == ""), reason=reason)


def find_permutation_teacher(controls) -> Found:
    """Where small T - tau grows: with permutation-student for an informed student, on its branch
    for another.
    """
    student = find_permutation_student(controls)
    load = np.where(student.converged, student.value, 1.0)
    together = student.converged & (_along(controls, "symmetric", "teacher")(load)[0] > -1e-6)
    branch = _along(controls, "permutation-student", "teacher")
    value = np.where(together, student.value, np.nan)
    for beginning in _BEGINNINGS:
        if (student.converged & np.isnan(value)).any():
            later = zero(
                branch, load * (1 + beginning), np.maximum(_LARGEST, 2 * load), geometric=True
            )
            value = np.where(student.converged & np.isnan(value), later.value, value)
    return Found(value, np.isfinite(value), reason=student.reason)
