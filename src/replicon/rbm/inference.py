"""Replica-symmetric theory of a restricted Boltzmann machine that learns from a teacher of its own
kind.

Data and weights are dual. Both sides are two spins (hidden units, or the two weights of a site)
that feel a coupling J and normal fields a, b, whose teacher's spins are (1, s), s = +-1 with
probability (1 + c s)/2. Since teacher's and student's units are alike, a + b and a - b are
independent: with T +- tau = P, D and q1 +- r = A, B,

    a + b ~ N(2 P [s = 1], 2 A),  a - b ~ N(2 D [s = -1], 2 B).

A machine with one hidden unit is the same with one spin, a ~ N(T, q); with three or more, `units`.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np

from replicon._declare import controls_tuple
from replicon.rbm import many_units, single
from replicon.rbm.single import NODE, WEIGHT, blurred_log_cosh, log_cosh
from replicon.rbm.units import Order
from replicon.theory import stationary
from replicon.theory.kept import side_by_side
from replicon.theory.points import evaluate

_NUMBERS = ("load", "inverse_temperature", "correlation", "guess", "hidden")
# Which of P, D, A, B is not zero by symmetry.
KEPT = {
    "symmetric": (1, 0, 1, 0),
    "permutation-student": (1, 0, 1, 1),
    "permutation-broken": (1, 1, 1, 1),
}
_KEPT = ("keeps_sum", "keeps_difference", "keeps_sum_square", "keeps_difference_square")
_TINY = 1e-40  # of squares that vanish: far below rounding, and yet sqrt of it has a derivative
_NOTHING = 1e-30  # overlaps below it are what _TINY leaves of zero
_STATES = ((1, 1), (1, -1), (-1, 1), (-1, -1))  # of two hidden units
_BLUR = NODE[::4], WEIGHT[::4] / WEIGHT[::4].sum()
_NONE = "no stable state was found"
_OVERLAPS = ("teacher_overlap", "cross_overlap", "overlap", "cross_replica_overlap")


def _fields(x: Order, scale):
    """(s, a + b, a - b) on grids (2, n, 1), (2, 1, n), and their weights."""
    plus = jnp.array([1.0, 0.0])
    minus = jnp.array([0.0, 1.0])
    total = scale * (
        2 * x.sum * plus[:, None, None] + jnp.sqrt(2 * x.sum_square / scale) * NODE[:, None]
    )
    change = scale * (
        2 * x.difference * minus[:, None, None] + jnp.sqrt(2 * x.difference_square / scale) * NODE
    )
    return total, change


def _pair(x: Order, coupling, c, scale=1.0) -> tuple[Order, jax.Array]:
    """Order parameters of two spins in their fields, and E ln [(1 + t) cosh(a + b) + (1 - t) cosh(a
    - b)]/2, t = tanh(coupling).

    `scale` multiplies means and covariances of the fields (beta^2 on the side of the data).
    """
    total, change = _fields(x, scale)
    even = coupling + log_cosh(total)
    odd = -coupling + log_cosh(change)
    equal = jax.nn.sigmoid(even - odd)
    up = 2 * equal * jnp.tanh(total)  # <s1> + <s2>
    across = 2 * (1 - equal) * jnp.tanh(change)  # <s1> - <s2>
    chance = jnp.array([(1 + c) / 2, (1 - c) / 2])

    def mean(values):
        return jnp.einsum("s,sxy,x,y->s", chance, values, WEIGHT, WEIGHT)

    out = Order(
        mean(up)[0],
        mean(across)[1],
        mean(up**2).sum() / 2,
        mean(across**2).sum() / 2,
        mean(2 * equal - 1).sum(),
    )
    return out, mean(jnp.logaddexp(even, odd)).sum() - jnp.logaddexp(coupling, -coupling)


def _sides(x: Order, c):
    """(conjugates from the data, coupling of a site's weights, and the two logarithms'
    arguments).
    """
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
    q = (x.sum_square + x.difference_square) / 2
    r = (x.sum_square - x.difference_square) / 2
    hat, coupling, log_data = _sides(x, c)
    q_hat = (hat.sum_square + hat.difference_square) / 2
    r_hat = (hat.sum_square - hat.difference_square) / 2
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
    q = (x.sum_square + x.difference_square) / 2
    r = (x.sum_square - x.difference_square) / 2
    total, change = _fields(x, square)
    coupled = square * (x.receptive - r)
    equal = jax.nn.sigmoid(2 * coupled + log_cosh(total) - log_cosh(change))
    chance = jnp.array(
        [(1 + jnp.tanh(square * c.correlation)) / 2, (1 - jnp.tanh(square * c.correlation)) / 2]
    )
    weight = jnp.einsum("s,x,y->sxy", chance, WEIGHT, WEIGHT)
    # Given the hidden spins h the fields are normal about (a, b) + beta C h, C = [[1 - q, R - r],
    # [R - r, 1 - q]].
    h1, h2 = jnp.array(_STATES).T[..., None, None, None]
    probability = jnp.where(h1 == h2, equal, 1 - equal)
    probability *= jax.nn.sigmoid(2 * h1 * jnp.where(h1 == h2, total, change))
    centre = (total + change) / 2 + square * ((1 - q) * h1 + (x.receptive - r) * h2)
    blurred = blurred_log_cosh(jnp.sqrt(square * jnp.maximum(1 - q, 0.0)), _BLUR)
    out = (weight * probability * blurred(centre)).sum()
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
            WEIGHT,
        )
        return 4 * parts[0].sum(), 4 * parts[1, 1]

    r = x.sum_square / 2
    data = factors(x, square * (x.receptive - r), jnp.tanh(square * c.correlation), square)
    weights = factors(hat, coupling, c.correlation, 1.0)
    turn = c.load * square**2
    return turn * data[0] * weights[0], turn * data[1] * weights[1]


def branch(c) -> dict:
    """The state of a branch at one point. The controls say which of P, D, A, B are kept (1): the
    others vanish by symmetry (0), and one compiled function serves all branches.
    """
    kept = tuple(getattr(c, name) > 0 for name in _KEPT)

    def restrict(x: Order) -> Order:
        # What vanishes by symmetry is a constant: no derivative of sqrt(0) is ever taken.
        held = [jnp.where(keep, v, _TINY * (k > 1)) for k, (v, keep) in enumerate(zip(x, kept))]
        return Order._make([*held, x.receptive])

    def turn(x, c):
        return restrict(iterate(restrict(x), c))

    def residual(x, c):
        return jax.tree.map(jnp.subtract, turn(x, c), x)

    begin = (*(jnp.full((), v) for v in (1.2, 0.6, 1.0, 0.6)), jnp.asarray(c.correlation, float))
    found = stationary.solve_one(
        residual, restrict(Order._make(begin)), c, iterate=turn, steps=300, settled=1e-4
    )
    x = restrict(found.x)
    student, teacher = growth(x, c)
    step = 1e-6
    ordered = iterate(x._replace(difference=x.difference + step), c).difference / step
    different = kept[3]
    size = jnp.stack([jnp.where(keep, v, 1.0) for v, keep in zip(x, kept)])
    return {
        **_measure(x, c),
        "student": jnp.where(different, jnp.nan, student),
        "teacher": jnp.where(different, jnp.where(kept[1], jnp.nan, ordered), teacher),
        "converged": found.converged & (size > 1e-7).all() & (size <= 2 + 1e-9).all(),
        "residual": found.residual,
    }


def of_branch(c, name: str):
    """The controls with what the branch of that name keeps, for `branch`."""
    kept = {k: np.full_like(c.load, v) for k, v in zip(_KEPT, KEPT[name])}
    given = {**c._asdict(), **kept}
    return controls_tuple(tuple(given), tuple(given.values()))


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
    none = jnp.zeros(())
    tiny = jnp.full((), _TINY)
    return _measure(Order(none, none, tiny, tiny, jnp.asarray(c.guess, float)), c)


def as_arrays(controls):
    """The controls with what the student takes for the correlation."""
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
    """The load at which learning begins (`many_units.onset`): 1/beta^4 for one unit, 1/[beta^4
    (1 + t)(1 + q)(1 + t_p)(1 + p)] for two.

    t = tanh(beta^2 q) of the teacher; t_p the same of the student, who takes the correlation for p:
    q (informed) or 0 (uniform).
    """
    return many_units.onset(c)


def solve(controls, branch: str) -> dict:
    """Arrays (points,). With one hidden unit only the branches equilibrium, random-guess and
    symmetric exist, and no cross overlaps.

    `stable`: against every perturbation the model knows: learning, and the two kinds of permutation
    symmetry breaking.
    """
    c = as_arrays(controls)
    if branch == "random-guess":
        out = _random_guess(c)
    elif branch == "equilibrium":
        out = _equilibrium(c)
    else:
        out = _learned(c, branch)
    # What the student takes for them; one that learns them ends with the teacher's.
    out["learned_inverse_temperature"] = c.inverse_temperature
    out["learned_correlation"] = np.where(c.hidden > 1, c.guess, np.nan)
    most = c.hidden * np.log(2.0)
    beyond = out["converged"] & (out["entropy"] > most + 1e-9)
    why = "the numbers found are no solution, since their entropy is above that of all weights"
    reason = np.where(beyond, why, out["reason"])
    return {**out, "converged": out["converged"] & ~beyond, "reason": reason}


def _random_guess(c) -> dict:
    """The state in which nothing is learned, which is always there."""
    out = state(c, "random-guess")
    overlaps = {name: np.where(np.abs(out[name]) < _NOTHING, 0.0, out[name]) for name in _OVERLAPS}
    return {
        **out,
        "converged": np.ones(c.load.shape, bool),
        "residual": np.zeros(c.load.shape),
        "stable": (c.load <= onset(c)).astype(float),
        **overlaps,
    }


def _learned(c, name: str, wanted=True) -> dict:
    """A state in which something is learned, by the name of its branch. Three units and more are
    solved where `wanted` only: they are dear.
    """
    single = c.hidden == 1
    out = state(c, name, (c.hidden < 3) | wanted)
    exists = out["converged"] & (c.load > onset(c)) & (~single | (name == "symmetric"))
    # The free entropies decide nothing here: the transitions are continuous, and growth factors
    # tell which state is stable.
    student = np.where(single, 0.0, out["student"])
    teacher = np.where(single, 0.0, out["teacher"])
    grows = {
        "symmetric": np.fmax(student, teacher),
        "permutation-student": teacher,
        "permutation-broken": np.zeros(single.shape),
    }[name]
    known = np.where(out["reason"] == "", "this symmetry is not broken here", out["reason"])
    reason = np.where(exists, "", known)
    return {**out, "converged": exists, "stable": (grows < 1) * 1.0, "reason": reason}


def _equilibrium(c) -> dict:
    """Whichever state is stable, with the name of its branch."""
    learns = c.load > onset(c)
    # Two graphs, compiled at the same time.
    out, symmetric = side_by_side(lambda: _random_guess(c), lambda: _learned(c, "symmetric"))
    out["reason"] = np.full(learns.shape, "", object)
    chosen = np.full(learns.shape, "random-guess", dtype="U20")
    for name in KEPT:
        wanted = learns & (out["stable"] == 0)
        if name == "permutation-student":
            wanted &= c.guess != c.correlation  # an informed student breaks both at once
        values = symmetric if name == "symmetric" else _learned(c, name, wanted)
        better = values["converged"] & learns & ((chosen == "random-guess") | (out["stable"] == 0))
        why = np.where(wanted & ~values["converged"], values["reason"], out["reason"])
        out = {key: np.where(better, values[key], out[key]) for key in out}
        out["reason"] = np.where(better, "", why)
        chosen = np.where(better, name, chosen)
    there = (chosen != "random-guess") | ~learns
    converged = out["converged"] & there & (out["stable"] == 1)
    # Of two units the states that exist are known; of more, why one was not found.
    why = np.where((c.hidden > 2) & (out["reason"] != ""), out["reason"], _NONE)
    return {**out, "converged": converged, "branch": chosen, "reason": np.where(converged, "", why)}


def state(c, name: str, wanted=True) -> dict:
    """The branch of that name at rows `wanted` (NaN at others), as one dictionary of arrays: rows
    with one hidden unit by `single`, with two by this module, with more by `many_units`.
    """
    wanted = np.broadcast_to(wanted, c.load.shape)
    out = {"reason": np.full(c.load.shape, "", object)}
    for count in np.unique(c.hidden[wanted]).astype(int):
        rows = wanted & (c.hidden == count)
        part = _of_units(type(c)(*(v[rows] for v in c)), name, count)
        for key, values in part.items():
            out.setdefault(key, np.full(c.load.shape, np.nan))[rows] = values
    for key in (*_OVERLAPS, "receptive_overlap", "free_entropy", "entropy", "residual"):
        out.setdefault(key, np.full(c.load.shape, np.nan))
    for key in ("student", "teacher"):
        out.setdefault(key, np.full(c.load.shape, np.nan))
    converged = out.get("converged", np.zeros(c.load.shape))
    return {**out, "converged": np.nan_to_num(converged).astype(bool)}


def _of_units(c, name: str, count: int) -> dict:
    """`state` of rows that all have `count` hidden units."""
    if count > 2:
        return many_units.state(c, name, count)
    if name == "random-guess":
        return evaluate(single.one_unit_guess if count == 1 else _trivial, c, batch=1, how="seldom")
    if count == 1:
        return evaluate(single.one_unit, of_branch(c, name), batch=1)
    # As quick as compiled with all of XLA's work, and there in two thirds of the time.
    return evaluate(branch, of_branch(c, name), batch=1, how="plain")
