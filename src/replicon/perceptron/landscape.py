"""Franz-Parisi potential of the binary perceptron, margin zero, replica symmetric. Per weight, at
overlap p = 1 - 2 distance,

    V = extr -ph p + th t - sh (1 - s)/2
        + E_zy sum_w e^{sqrt(qh) z w}/(2cosh sqrt(qh) z)
          ln 2cosh(th z/sqrt(qh) + sqrt(sh - th^2/qh) y + (ph - th) w)
        + load E_zv H((b - rho v)/sqrt(1 - rho^2))/H(b) ln H(-(t z/sqrt(q) + S v)/sqrt(1 - s)),

b = -sqrt(q/(1-q)) z, S^2 = s - t^2/q, rho = (p - t)/(S sqrt(1 - q)); q, qh are those of the typical
solution. The integral over the reference's own field has been done: it left rho.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from scipy.optimize import brentq

from replicon._declare import controls_tuple
from replicon.channel import replica
from replicon.theory import gaussian, stationary
from replicon.theory.branch import Found, visit
from replicon.theory.kept import side_by_side
from replicon.theory.normal import log_normal
from replicon.theory.points import evaluate

_NODES = 129
_SOLVED = 1e-8
# the saddle is degenerate at p = q, where V is the entropy: it is entered this far off, and
# followed from there
_NEAR = 0.02
_QUADRATIC = 0.005
_EASY = 0.3  # a load at which the guess below leads Newton's method to the saddle
_STEP = 0.05  # of the overlap and of the load: steps of 0.02 find the same
_FINEST = 1e-3  # smallest distance at which `find_isolation` looks
_SOME = 8  # overlaps that it visits before it looks whether it is there


class Order(NamedTuple):
    """conjugate of the imposed overlap (ph); overlap with other references and its conjugate (t,
    th); overlap of two solutions at the distance and its conjugate (s, sh).
    """

    conjugate: Any
    reference_overlap: Any
    conjugate_reference: Any
    overlap: Any
    conjugate_overlap: Any


def potential(x: Order, c) -> jax.Array:
    """V of the module's formula; controls (typical overlap, its conjugate, overlap p, load)."""
    ph, t, th, s, sh = x
    _, qh, p, load = c
    z, weight = gaussian.nodes(_NODES)
    plus = jax.nn.sigmoid(2 * jnp.sqrt(qh) * z[:, None])
    field = th / jnp.sqrt(qh) * z[:, None] + jnp.sqrt(sh - th**2 / qh) * z
    # The two weights of the reference are the same at z, y and at -z, -y.
    prior = 2 * plus * gaussian.log_2cosh_at(field + ph - th)
    energetic = jnp.sum(weight * jax.vmap(lambda z: _pattern(z, x, c))(z))
    return -ph * p + th * t - sh * (1 - s) / 2 + weight @ prior @ weight + load * energetic


def _pattern(z, x: Order, c):
    """E_v of the pattern's term at one z. Close to the reference both functions of v step at the
    same place.
    """
    q = c.typical_overlap
    p = c.overlap
    t = x.reference_overlap
    s = x.overlap
    S = jnp.sqrt(s - t**2 / q)
    rho = (p - t) / (S * jnp.sqrt(1 - q))
    b = -jnp.sqrt(q / (1 - q)) * z
    width = jnp.sqrt(1 - s) / S
    step = -t * z / (S * jnp.sqrt(q))
    sharp = (width < 0.5) & (jnp.abs(step) < 7)
    v, spacing = gaussian.graded(
        jnp.where(sharp, step, 0.0), jnp.where(sharp, width, 4.0), _NODES, 16.0
    )
    seen = jnp.exp(log_normal((rho * v - b) / jnp.sqrt(1 - rho**2)) - log_normal(-b))
    return jnp.sum(
        spacing
        * jnp.exp(-(v**2) / 2)
        * seen
        * log_normal((t * z / jnp.sqrt(q) + S * v) / jnp.sqrt(1 - s))
    )


residual = stationary.gradient(potential)


class Typical(NamedTuple):
    """Typical solutions, arrays (loads,): overlap, its conjugate, entropy, and whether there are
    any.
    """

    overlap: np.ndarray
    conjugate: np.ndarray
    entropy: np.ndarray
    exists: np.ndarray


def _typical(c) -> dict:
    theory = replica.storage(replica.ising, replica.threshold)
    start = replica.Overlaps(jnp.full((), 0.3), jnp.ones(()))
    found = stationary.solve_one(
        theory.residual, start, c, iterate=theory.iterate, steps=300, settled=1e-3
    )
    q = found.x.overlap
    conjugate = -2 * jax.grad(lambda q: theory.energetic(found.x._replace(overlap=q), c))(q)
    return {
        "overlap": q,
        "conjugate": conjugate,
        "entropy": theory.potential(found.x, c),
        "exists": found.converged & (q < 1),
    }


def typical(load) -> Typical:
    """The replica-symmetric solution at margin zero for loads (loads,); there are none where its
    entropy is negative.
    """
    load = np.asarray(load, float)
    nothing = np.zeros_like(load)
    c = controls_tuple(("load", "margin", "leak"), (load, nothing, nothing))
    out = evaluate(_typical, c, how="seldom")
    return Typical(
        out["overlap"], out["conjugate"], out["entropy"], out["exists"] & (out["entropy"] > 0)
    )


def _guess(q, qh, gap) -> Order:
    """Second order in the gap p - q, coefficients as measured at loads up to 0.5."""
    z, weight = gaussian.nodes()
    stiff = 1 / (weight @ np.cosh(np.sqrt(qh) * z) ** -4.0)
    return Order(
        qh + 0.8 * stiff * gap, q, qh, q + 1.1 * gap**2 / (1 - q), qh + 0.3 * (stiff * gap) ** 2
    )


class _Curve:
    """The saddle at one load, at any overlaps p on one side of the typical overlap q."""

    def __init__(self, load: float, side: int):
        loads = np.linspace(_EASY, load, 1 + int(np.ceil(abs(load - _EASY) / _STEP)))
        loads = np.append(loads, load)
        found = typical(loads)
        self.q = found.overlap[-1]
        self.qh = found.conjugate[-1]
        self.entropy = found.entropy[-1]
        self.load = load
        gap = side * _NEAR
        path = [
            self._at(q, qh, q + gap, a) for q, qh, a in zip(found.overlap, found.conjugate, loads)
        ]
        at_gap = visit(residual, _guess(found.overlap[0], found.conjugate[0], gap), path[0], path)
        self.start = Order(*(v[-1] for v in at_gap.x))
        self.entered = bool(at_gap.converged[-1])
        self.gap = gap

    def _at(self, q, qh, p, load):
        return controls_tuple(
            ("typical_overlap", "typical_conjugate", "overlap", "load"), (q, qh, p, load)
        )

    def visit(
        self, overlaps, known: tuple[Order, float] | None = None
    ) -> tuple[Order, np.ndarray, np.ndarray]:
        """Order parameters, V and whether found for overlaps in order of distance from q, steps of
        0.05 at most; on the way from a `known` saddle and its overlap, or from where the curve is
        entered.
        """
        if not self.entered:
            nothing = np.full(len(overlaps), np.nan)
            return Order(*(nothing,) * 5), nothing, np.zeros(len(overlaps), bool)
        path = []
        wanted = []
        start, here = known or (self.start, self.q + self.gap)
        begin = self._at(self.q, self.qh, here, self.load)
        for p in overlaps:
            between = np.linspace(here, p, 2 + int(abs(p - here) / _STEP))[1:]
            path.extend(self._at(self.q, self.qh, k, self.load) for k in between)
            wanted.append(len(path) - 1)
            here = p
        out = visit(residual, start, begin, path)
        x = Order(*(v[wanted] for v in out.x))
        c = self._at(self.q, self.qh, np.asarray(overlaps), self.load)
        count = len(overlaps)
        c = type(c)(*(np.broadcast_to(v, (count,)) for v in c))
        return (
            x,
            evaluate(potential, x, c, batch=1, how="seldom"),
            out.converged[wanted] & (out.residual[wanted] < _SOLVED),
        )


@lru_cache
def _compile() -> None:
    """Three graphs at the same time, once in a process: the wait for the first answer."""
    q = np.full(1, 0.2)
    c = controls_tuple(("typical_overlap", "typical_conjugate", "overlap", "load"), (q,) * 4)
    x = _guess(q, q, _NEAR * np.ones(1))
    begin = type(c)(*(v[0] for v in c))
    side_by_side(
        lambda: typical(np.full(1, _EASY)),
        lambda: visit(residual, Order(*(v[0] for v in x)), begin, [begin]),
        lambda: evaluate(potential, x, c, batch=1, how="seldom"),
    )


def solve(controls) -> dict:
    """Arrays (points,). One path in p for each load and side of q; V is quadratic within 0.005 of
    the typical overlap.
    """
    _compile()
    load = np.asarray(controls.load, float)
    distance = np.asarray(controls.distance, float)
    p = 1 - 2 * distance
    out = {
        name: np.full(load.shape, np.nan) for name in ("entropy", "overlap", "reference_overlap")
    }
    converged = np.zeros(load.shape, bool)
    reason = np.full(load.shape, "", dtype="U120")
    known = typical(load)
    for alpha in np.unique(load):
        here = np.flatnonzero(load == alpha)
        first = here[0]
        if not known.exists[first]:
            reason[here] = "there are no solutions beyond the capacity, load 0.833"
            continue
        q = known.overlap[first]
        entropy = known.entropy[first]
        for side in (1, -1):
            rows = here[np.sign(p[here] - q) * side >= (0 if side == 1 else 1)]
            if not len(rows):
                continue
            curve = _Curve(alpha, side)
            close = np.abs(p[rows] - q) < _QUADRATIC
            asked = np.where(close, q + side * _QUADRATIC, p[rows])
            # From where the path is entered outwards, and from there inwards.
            for part in (np.abs(asked - q) >= _NEAR, np.abs(asked - q) < _NEAR):
                order = np.flatnonzero(part)
                order = order[np.argsort(np.abs(np.abs(asked[order] - q) - _NEAR), kind="stable")]
                if not len(order):
                    continue
                x, value, good = curve.visit(asked[order])
                ratio = np.where(close[order], (p[rows[order]] - q) / (asked[order] - q), 1.0)
                out["entropy"][rows[order]] = entropy + (value - entropy) * ratio**2
                out["overlap"][rows[order]] = q + (x.overlap - q) * ratio**2
                out["reference_overlap"][rows[order]] = q + (x.reference_overlap - q) * ratio
                converged[rows[order]] = good
                reason[rows[order]] = np.where(
                    good, "", "the saddle point was lost on the way from the typical overlap"
                )
    return {
        **out,
        "converged": converged,
        "stable": np.where(out["entropy"] >= 0, np.nan, 0.0),
        "reason": reason,
    }


def find_isolation(controls) -> Found:
    """The distance at which V vanishes close to the reference, for each load; not found below
    distance 0.001.
    """
    _compile()
    load = np.asarray(controls.load, float)
    value = np.full(load.shape, np.nan)
    exists = typical(load).exists
    for row in np.flatnonzero(exists):
        value[row] = (1 - _zero_entropy(_Curve(load[row], 1))) / 2
    return Found(
        value,
        np.isfinite(value),
        reason=np.where(exists, "", "there are no solutions beyond the capacity, load 0.833"),
    )


def _zero_entropy(curve: _Curve) -> float:
    """The overlap at which V first vanishes on the way to the reference; NaN where it does not."""
    furthest = 1 - 2 * _FINEST
    overlaps = np.append(
        np.arange(curve.q + _NEAR, 0.96, 0.04), 1 - np.geomspace(0.04, 2 * _FINEST, 12)
    )
    overlaps = np.unique(overlaps[(overlaps > curve.q + _NEAR) & (overlaps <= furthest)])
    known: tuple[Order, float] | None = None
    before = np.nan
    for part in np.split(overlaps, range(_SOME, len(overlaps), _SOME)):
        x, entropy, good = curve.visit(part, known)
        negative = np.flatnonzero(good & (entropy < 0))
        last = len(part) - 1 if not len(negative) else negative[0] - 1
        if last >= 0:
            known = (Order(*(v[last] for v in x)), float(part[last]))
            before = entropy[last]
        if len(negative) and known:
            values = {known[1]: before, float(part[last + 1]): entropy[last + 1]}
            return _between(curve, known, values)
        if len(negative) or not good[-1]:
            break
    return np.nan


def _between(curve: _Curve, known: tuple[Order, float], values: dict[float, float]) -> float:
    """The overlap at which V vanishes between two of which it is known, of a `known` saddle and one
    beyond.
    """

    def entropy(overlap):
        if overlap not in values:
            values[overlap] = curve.visit([overlap], known)[1][0]
        return values[overlap]

    return float(brentq(entropy, *values, xtol=1e-10))  # pyright: ignore
