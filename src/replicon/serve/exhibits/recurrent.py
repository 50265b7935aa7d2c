"""The edge of chaos: curves along the gain, random and given networks that can be poked, and three
neurons in their pseudo-potential.
"""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from replicon._declare import Interval, Model
from replicon._domains import check_argument, show
from replicon._errors import InputError
from replicon.serve.asked import Offer
from replicon.serve.networks import Network, View
from replicon.serve.theory import Answer
from replicon.study import ask, verdict

_DYNAMICS = "recurrent-dynamics"
_FIXED_POINTS = "recurrent-fixed-points"
_GIVEN = "recurrent-network"
_LANDSCAPE = "recurrent-pseudo-potential"
_SHOWN = ("variance", "response")
_GAIN = Interval(0, 5, open_low=True)
_COUNT = Interval(2, 129, integer=True)
_POINTS = 45  # of a curve along the gain: a moving network costs some 30 ms a point
_RESTING = 25  # of one of a given network at rest: each inverts its couplings
_BEFORE = 1e-3  # of the gain of an instability, at which the response may be infinite
_BEYOND = 3.0  # how far a curve goes, in gains of the instability
_WIDEST = 2.0  # a curve of a network that never loses its rest ends here
_RECENT = 300  # records of the states of a few neurons
_NEURONS = 8
_POKE = Interval(1e-9, 1)
_FOLLOWED = 1500  # records for which two copies are compared
_DOTS = 160  # of their distance that are sent
_STARTS = 16  # trajectories of the true motion of a few neurons
_DURATION = 24.0
_MOMENT = 0.1


def curve(
    offer: Offer, *, model: str, symmetry: Any = 0.0, greatest: Any = 2.2, count: Any = _POINTS
) -> Answer:
    """A random network along its gain: `gain`, `variance` and `response` (points,); without
    symmetry of the network in motion, else of its fixed points, with `stable`; in both cases
    `response_variance`, of fixed points. `edge`: the gain at which rest is lost.
    """
    moving = _only(offer, model, _DYNAMICS)
    resting = offer.model(_FIXED_POINTS)
    symmetry = moving.control("symmetry").check(symmetry)
    count = check_argument("count", count, _COUNT, "points of a curve")
    gain = np.linspace(0.0, check_argument("greatest", greatest, _GAIN, "gain"), count)
    fixed = _along(offer, resting, "active", gain, {"symmetry": symmetry})
    shown = fixed
    if symmetry == 0:
        shown = _along(offer, moving, "stationary", gain, {})
    edge, _ = _edge(offer, resting, "chaos", {"symmetry": symmetry})
    arrays = {name: shown[name] for name in _SHOWN}
    arrays["response_variance"] = fixed["response_variance"]
    arrays["stable"] = np.ones(len(gain)) if symmetry == 0 else (fixed["replicon"] >= 0) * 1.0
    return {"edge": edge, "symmetry": symmetry}, {"gain": gain, **arrays}


def rest(offer: Offer, *, model: str, controls: Mapping, count: Any = _RESTING) -> Answer:
    """A given network around x = 0 along its gain, up to its instability: `gain`, `response` and
    `lyapunov_exponent` (points,), and both at the gain that is given, `point`, if it has rest
    there. `edge`, the gain of the instability, None where it has none, and `reason`; `greatest`, as
    far as a page may look. Of a surrogate that is drawn nothing is known but the reason.
    """
    given = _only(offer, model, _GIVEN)
    count = check_argument("count", count, _COUNT, "points of a curve")
    at = offer.controls(given, controls, "theory")
    held = {name: value for name, value in at.items() if name != "gain"}
    # Of some hundred neurons threads would wait for each other longer than they work.
    with threadpool_limits(limits=1, user_api="blas"):
        edge, reason = _edge(offer, given, "instability", held)
        greatest = min(_BEYOND * edge, float(_GAIN.high)) if edge else _WIDEST
        header = {"edge": edge, "reason": reason, "greatest": greatest}
        if held["network"] not in ("original", "random"):
            return header, {}
        gain = np.linspace(0.0, (1 - _BEFORE) * edge if edge else _WIDEST, count)
        values = _along(offer, given, "rest", np.r_[at["gain"], gain], held)
    shown = {name: values[name] for name in ("response", "lyapunov_exponent")}
    header["point"] = {name: float(x[0]) for name, x in shown.items()}
    return header, {"gain": gain, **{name: x[1:] for name, x in shown.items()}}


def flow(offer: Offer, *, model: str, couplings: str) -> Answer:
    """The true motion of a few neurons from random starts: `flow`, (starts, moments, neurons)."""
    from replicon.recurrent.evolution import evolve
    from replicon.recurrent.nonlinearity import nonlinearity
    from replicon.recurrent.pseudo_potential import couplings as read

    few = _only(offer, model, _LANDSCAPE)
    at = offer.controls(few, {"couplings": couplings}, "theory")
    matrix = read(at["couplings"])
    if len(matrix) > few.size.greatest:
        raise InputError(
            f"couplings = {couplings} has {len(matrix)} neurons: a flow is drawn of at most"
            f" {few.size.greatest}."
        )
    phi = nonlinearity(at["nonlinearity"])
    reach = np.abs(matrix).sum(axis=1)[:, None] + 1
    start = reach * np.random.default_rng(1).uniform(-1, 1, (len(matrix), _STARTS))
    run = evolve(
        matrix,
        start,
        function=phi.function,
        slope=phi.slope,
        duration=_DURATION,
        step=_MOMENT,
        every=_MOMENT,
    )
    path = np.concatenate([start[None], run.states]).transpose(2, 0, 1)
    return {"moment": _MOMENT}, {"flow": ("trajectory", path)}


def _only(offer: Offer, model: str, wanted: str) -> Model:
    """The model that a question is about."""
    if model != wanted:
        raise InputError(f"This question is about {wanted}, not about {show(model)}.")
    return offer.model(model)


def _along(offer: Offer, model: Model, branch: str, gain: np.ndarray, held: dict) -> dict:
    """Everything of a branch along the gain, NaN where it did not converge."""
    at = offer.controls(model, held, "theory")
    values = ask.solved_values(model, branch, [{**at, "gain": float(g)} for g in gain])
    numbers = {name: x for name, x in values.items() if x.ndim == 1 and x.dtype.kind == "f"}
    return {name: np.where(values["converged"], x, np.nan) for name, x in numbers.items()}


def _edge(offer: Offer, model: Model, name: str, held: dict) -> tuple[float | None, str]:
    """The gain of a transition, or None and why there is none."""
    at = offer.controls(model, held, "theory")
    table = [{key: value for key, value in at.items() if key != "gain"}]
    found = verdict.transition_values(model, model.transition(name), table)
    value = float(found.value[0])
    return (value, "") if np.isfinite(value) else (None, str(found.reason[0]))


# Eigenvalues of some hundred neurons take half a second: the network moves meanwhile.
_ASIDE = ThreadPoolExecutor(1)


def _spectrum(couplings: np.ndarray) -> np.ndarray:
    from replicon.recurrent.couplings import eigenvalues

    with threadpool_limits(limits=1, user_api="blas"):
        return eigenvalues(couplings)


class Moving(Network):
    """A random or a given network in motion. It can be poked: a copy, of which every neuron is
    moved by a little, then runs beside it, and their distance is followed until a control changes.
    """

    def __init__(
        self, offer: Offer, *, model: str, controls: Mapping, size: Any = None, seed: Any = 0
    ):
        if model not in (_DYNAMICS, _GIVEN):
            raise InputError(f"{_DYNAMICS} and {_GIVEN} move here, not {show(model)}.")
        self.twin: Any = None
        super().__init__(offer, model=model, controls=controls, size=size, seed=seed)
        self.moving = self.process.network
        if getattr(self.moving.controls, "rank_one", 0.0):
            raise InputError("rank_one is 0 in this exhibit: choose another value in the lab.")
        self.spectrum = _ASIDE.submit(_spectrum, self.moving.unit)

    def begin(self) -> None:
        """Forget what was gathered, and the copy with it."""
        super().begin()
        self.twin: Any = None
        self.apart: list[float] = []

    def step(self, count: int) -> None:
        """So many records, measured on the way, and so many of the copy."""
        if self.twin is None:
            super().step(count)
            return
        for _ in range(count):
            super().step(1)
            if self.twin is not None:
                self.twin.step(1)
                self._compare()

    def set(self, name: str, value: Any) -> None:
        """Change a live control."""
        if name == "rank_one":
            raise InputError("rank_one is 0 in this exhibit: change it in the lab.")
        super().set(name, value)

    def act(self, name: str, **arguments: Any) -> None:
        """`poke`: a copy begins beside the network, every neuron moved by `amount`."""
        if name != "poke":
            super().act(name, **arguments)
        self._poke(**arguments)

    def _poke(self, amount: Any = 1e-3) -> None:
        amount = check_argument("amount", amount, _POKE, "by which every neuron is moved")
        self.twin = self.moving.moved(amount)
        self.apart = [amount]

    def _compare(self) -> None:
        """The distance of the copies, the root of the mean square over neurons."""
        difference = self.moving.states[:, 0] - self.twin.states[:, 0]
        self.apart.append(float(np.sqrt((difference**2).mean())))
        if len(self.apart) > _FOLLOWED:
            self.twin = None

    def view(self) -> View:
        """Recent states of a few neurons (and of the copy's), eigenvalues of the couplings as soon
        as they are known, and `distance`, (records, 2), times since the poke and distances.
        """
        shown: View = {"trajectory": ("trajectory", _few(self.moving))}
        if self.spectrum.done():
            values = self.moving.controls.gain * self.spectrum.result()
            shown["eigenvalues"] = ("spectrum", np.column_stack([values.real, values.imag]))
        if self.apart:
            every = -(-len(self.apart) // _DOTS)
            times = self.moving.motion.span * np.arange(len(self.apart))
            shown["distance"] = ("distance", np.column_stack([times, self.apart])[::every])
        if self.twin is not None:
            shown["copy"] = ("trajectory", _few(self.twin))
        return shown

    def told(self) -> dict[str, Any]:
        """And `span`, the time between two records."""
        return {**super().told(), "span": self.moving.motion.span}


def _few(moving: Any) -> np.ndarray:
    """Recent states of a few neurons, (records, neurons), from the first to the last of all."""
    recent = list(moving.recent)[-_RECENT:]
    count = len(recent[0])
    places = np.linspace(0, count - 1, min(_NEURONS, count)).round().astype(int)
    return np.array([states[places] for states in recent])


class Few(Network):
    """Langevin chains in the pseudo-potential of two or three neurons."""

    def __init__(
        self, offer: Offer, *, model: str, controls: Mapping, size: Any = None, seed: Any = 0
    ):
        _only(offer, model, _LANDSCAPE)
        super().__init__(offer, model=model, controls=controls, size=size, seed=seed)

    def view(self) -> View:
        """Where the chains are, (chains, neurons)."""
        return {"states": ("points", self.process.network.chains.states.T)}


QUESTIONS = {"recurrent.curve": curve, "recurrent.rest": rest, "recurrent.flow": flow}
NETWORKS = {"recurrent.moving": Moving, "recurrent.few": Few}
