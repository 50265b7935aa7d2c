"""Bayes-optimal theory of a perceptron with a teacher of its own kind: on the Nishimori line the
overlap of two students is that of a student with the teacher, and replica symmetry is exact.
"""

from __future__ import annotations

from functools import lru_cache

import jax
import jax.numpy as jnp
import numpy as np

from replicon._declare import controls_tuple
from replicon._objects import Given, held
from replicon.channel import replica
from replicon.theory import stationary
from replicon.theory.branch import Found, fold
from replicon.theory.newton import needed
from replicon.theory.points import evaluate
from replicon.theory.transition import along, zero

PRIORS = {"ising": replica.ising, "spherical": replica.gaussian}
_PERFECT = 0.999


@lru_cache
def theory(weights: str) -> replica.Theory:
    """The engine's functions of one kind of weights; controls (load,)."""
    return replica.bayes_optimal(held(weights, PRIORS.__getitem__), replica.sign)


@lru_cache
def _imperfect(weights: str):
    engine = theory(weights)

    def one(c):
        start = replica.Matched(jnp.full((), 0.1))
        found = stationary.solve_one(engine.residual, start, c, iterate=engine.iterate, steps=200)
        r = found.x.overlap
        # 1 - d iterate / dr; on the Nishimori line the replicon is the longitudinal stability.
        stability = found.jacobian[0, 0]
        good = (r > -1e-12) & ((r < _PERFECT) | (weights == "spherical")) & (stability > 0)
        return {
            "overlap": r,
            "generalization_error": jnp.arccos(r) / jnp.pi,
            "entropy": engine.potential(found.x, c),
            "longitudinal_stability": stability,
            "replicon": stability,
            "converged": found.converged & good,
            "residual": found.residual,
        }

    return one


@lru_cache
def _evolved(weights: str):
    """The overlap at which state evolution r <- iterate(r) comes to rest when it begins without
    knowledge.
    """
    engine = theory(weights)

    def one(c):
        def unfinished(state):
            step, r, change = state
            return (step < 20_000) & (change > 1e-13) & (r < _PERFECT)

        @needed
        def advance(state):
            step, r, _ = state
            new = engine.iterate(replica.Matched(r), c).overlap
            return step + 1, new, jnp.abs(new - r)

        return jax.lax.while_loop(unfinished, advance, (0, jnp.zeros(()), jnp.inf))[1]

    return one


def solve(controls, branch: str) -> dict:
    """Arrays (points,). Between perfect learning and the spinodal the imperfect state is
    metastable: its entropy is negative.

    Branch `algorithmic`: the imperfect state as far as it exists, then the perfect one, decided by
    state evolution.
    """
    c = controls_tuple(("load",), (np.asarray(controls.load, float),))
    nothing = np.zeros_like(c.load)
    one = np.ones_like(c.load)
    perfect = {
        "overlap": one,
        "generalization_error": nothing,
        "entropy": nothing,
        "converged": one > 0,
        "stable": c.load > 0,
    }
    spherical = controls.weights == "spherical"
    own = isinstance(controls.weights, Given)
    if own and branch != "imperfect":
        out = dict(evaluate(_imperfect(controls.weights), c))
        reason = np.array("of a prior of your own branch imperfect alone is known")
        return {**out, "free_entropy": out["entropy"], "converged": c.load < 0, "reason": reason}
    if branch == "perfect":
        reason = np.full(
            c.load.shape,
            "spherical weights never know their teacher exactly: take branch imperfect",
        )
        none = {"converged": np.zeros(c.load.shape, bool), "reason": reason} if spherical else {}
        return {**perfect, **none, "free_entropy": nothing}
    out = dict(evaluate(_imperfect(controls.weights), c))
    out["stable"] = out["converged"] & (spherical | (out["entropy"] >= 0))
    if own:  # it may be metastable: its entropy is measured from the prior
        out["stable"] = np.full(c.load.shape, np.nan)
    if branch == "algorithmic" and not spherical:
        jumped = evaluate(_evolved(controls.weights), c) >= _PERFECT
        out = {
            name: np.where(jumped, perfect.get(name, values), values)
            for name, values in out.items()
        }
        out["branch"] = np.where(jumped, "perfect", "imperfect")
    return {**out, "free_entropy": out["entropy"]}


def find_spinodal(controls) -> Found:
    """The load at which the imperfect state of binary weights folds."""
    shape = np.shape(controls.load)
    if controls.weights == "spherical":
        return Found(
            np.full(shape, np.nan),
            np.zeros(shape, bool),
            reason="spherical weights come to know their teacher gradually",
        )
    engine = theory(controls.weights)
    c = controls_tuple(("load",), (np.full(shape, 1.0),))
    begin = stationary.solve(
        engine.residual, replica.Matched(0.1 * c.load), c, iterate=engine.iterate
    )
    return fold(engine.residual, begin.x, c, "load", steps=400, step=0.05)


def find_perfect_learning(controls) -> Found:
    """The load at which the teacher becomes the only student."""
    spinodal = find_spinodal(controls)
    if isinstance(controls.weights, Given):
        why = "it is known of weights=ising alone, whose states are counted"
        return Found(np.full_like(spinodal.value, np.nan), spinodal.converged & False, reason=why)
    if not np.all(spinodal.converged):
        return spinodal
    branch = along(solve, controls, "load", "entropy", "imperfect")
    return zero(branch, np.full(np.shape(controls.load), 0.5), spinodal.value * (1 - 1e-9))
