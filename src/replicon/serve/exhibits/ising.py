"""Order from nothing: the exact curve of the lattice, the mean-field map and its double well; three
lattices that cool side by side, and one at its critical point whose clusters are counted.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np

from replicon._declare import controls_tuple
from replicon._domains import Interval, check_argument
from replicon._errors import InputError
from replicon._statistics import autocorrelation_time
from replicon.serve.asked import Offer
from replicon.serve.networks import Mean, Network, View
from replicon.serve.theory import Answer
from replicon.spins import lattice
from replicon.study import ask, verdict

_LATTICE = "square-lattice"
_MEAN_FIELD = "curie-weiss"
_BRANCHES = ("up", "down", "paramagnet")
_GRID = 127  # magnetizations: one batch of theory, and an odd number holds m = 0
_HOTTEST = Interval(0, 10)
_FIELD = Interval(-10, 10)
_SEED = Interval(0, 2**53, integer=True)
_SWEEPS = Interval(100, 100_000, integer=True)


def exact_magnetization(offer: Offer, *, span: list) -> Answer:
    """Yang's magnetization and Onsager's energy of the infinite lattice at J = 1: arrays
    `temperature`, `magnetization`, `energy` (points,), most of them near the critical temperature,
    where the curve falls as (T_c - T)^(1/8).
    """
    model = offer.model(_LATTICE)
    if not isinstance(span, (list, tuple)) or len(span) != 2:
        raise InputError("The axis of the temperature has two ends.")
    low, high = (check_argument("temperature", end, Interval(0.1, 10)) for end in span)
    critical = critical_temperature(offer)
    near = critical - np.geomspace(1e-4, max(critical - low, 1e-3), 70)
    places = np.unique([*near, critical, *np.linspace(low, high, 60)])
    places = places[(places >= low) & (places <= high)]
    if len(places) < 2:
        raise InputError("The axis of the temperature goes from a lower to a higher number.")
    table = [offer.controls(model, {"temperature": float(T)}, "theory") for T in places]
    values = ask.solved_values(model, ask.theory_branch(model, None), table)
    arrays = {name: np.asarray(values[name], float) for name in ("magnetization", "energy")}
    return {"critical": critical}, {"temperature": places, **arrays}


def critical_temperature(offer: Offer) -> float:
    """T_c of the infinite lattice at J = 1."""
    model = offer.model(_LATTICE)
    transition = model.transition("critical")
    held = offer.controls(model, {}, "theory")
    del held[transition.control]
    return float(verdict.transition_values(model, transition, [held]).value[0])


def mean_field(offer: Offer, *, temperature: float, field: float) -> Answer:
    """The Curie-Weiss magnet at J = 1 as functions of m in [-1, 1]: arrays `m`, `next`, tanh((J m +
    h)/T), and `potential`, f(m), (points,). `fixed`: the solutions of m = `next`, {branch:
    {"magnetization", "free_energy", "energy", "susceptibility", "stable"}}.
    """
    from replicon.ising import curie_weiss
    from replicon.theory.points import evaluate

    model = offer.model(_MEAN_FIELD)
    temperature = float(check_argument("temperature", temperature, _HOTTEST))
    field = float(check_argument("field", field, _FIELD))
    m = np.linspace(-1, 1, _GRID)
    same = np.ones(_GRID)
    at = controls_tuple(curie_weiss.NAMES, (same, temperature * same, field * same))
    mapped, height = evaluate(_map_and_potential, m, at)
    controls = offer.controls(model, {"temperature": temperature, "field": field}, "theory")
    fixed = {}
    for branch in _BRANCHES:
        values = {k: v[0] for k, v in ask.solved_values(model, branch, [controls]).items()}
        if values["converged"]:
            told = ("magnetization", "free_energy", "energy", "susceptibility", "stable")
            fixed[branch] = {name: float(values[name]) for name in told}
    header = {"temperature": temperature, "field": field, "fixed": fixed}
    return header, {"m": m, "next": mapped, "potential": height}


def _map_and_potential(m, controls):
    from replicon.ising import curie_weiss

    order = curie_weiss.Order(m)
    return (
        curie_weiss.iterate(order, controls).magnetization,
        curie_weiss.potential(order, controls),
    )


class Coolings:
    """Three lattices cooled side by side, alike but for their random numbers: from `hot` to `cold`
    at an even rate in so many sweeps, and kept there. Each is the process that `simulate` runs.
    """

    _SIZE = 64  # a lattice that loses its domain walls on the way: larger ones end in stripes
    hot = 3.2
    cold = 1.5

    def __init__(self, offer: Offer, *, seed: Any = 0, sweeps: Any = 6000):
        seed = check_argument("seed", seed, _SEED)
        self.sweeps = check_argument("sweeps", sweeps, _SWEEPS, "on the way")
        model = offer.model(_LATTICE)
        controls = {"temperature": self.hot, "method": "heat-bath"}
        at = offer.controls(model, controls, "simulation")
        self.lattices = [ask.start(model, size=self._SIZE, seed=seed + k, **at) for k in range(3)]
        self.steps = 0
        self.done = False

    @property
    def temperature(self) -> float:
        """T after the steps that were made."""
        part = min(1.0, self.steps / self.sweeps)
        return self.hot + (self.cold - self.hot) * part

    def step(self, count: int) -> None:
        """So many sweeps of each, each at a temperature of its own while they cool."""
        count = check_argument("count", count, Interval(0, 10**6, integer=True))
        for _ in range(count):
            self.steps += 1
            for one in self.lattices:
                if self.steps <= self.sweeps:
                    one.set("temperature", self.temperature)
                one.step(1)

    def view(self) -> View:
        shown = [one.view()["spins"] for one in self.lattices]
        names = ("first", "second", "third")
        return {name: ("lattice", spins) for name, spins in zip(names, shown, strict=True)}

    def measured(self) -> dict[str, Any]:
        """The temperature, and the magnetization of each with its sign."""
        spins = [one.view()["spins"] for one in self.lattices]
        return {"temperature": self.temperature, "each": [float(s.mean()) for s in spins]}

    def told(self) -> dict[str, Any]:
        return {"model": _LATTICE, "size": self._SIZE, "sweeps": self.sweeps, "hot": self.hot,
                "cold": self.cold}  # fmt: skip

    def set(self, name: str, value: Any) -> None:
        raise InputError(f"{name} follows its own course while the lattices cool.")

    def act(self, name: str, **arguments: Any) -> None:
        raise InputError(f"Lattices that cool do not know how to '{name}'.")


# Bins of cluster sizes: from one whole number to a third more.
_EDGES = np.unique(np.round(1.3 ** np.arange(0, 49)).astype(int))
# Sizes on which an exponent is read: larger than the lattice's grain, smaller than the clusters
# that meet its ends (512^(15/8) = 1.2e5 sites).
_FIRST = 30
_LAST = 3000
_EVERY = 4  # sweeps between two pieces of work on the second lattice
_BLOCKS = 16
_ENOUGH = 64  # updates from which an error is quoted: some six autocorrelation times
_MIXED = 40  # updates by clusters before either lattice is shown: some ten autocorrelation times
_KEPT = 4096  # counts


class _Count(NamedTuple):
    """Clusters of one kind in one lattice: `clusters` in each bin of sizes (bins,); of those from
    _FIRST to _LAST, how many, and the sum of the logarithms of their sizes.
    """

    clusters: np.ndarray
    number: int
    logarithms: float


class Critical(Network):
    """A lattice under heat bath, to look at, and a second of the same temperature under Swendsen
    and Wang's updates, whose clusters are counted: heat bath would take L^2.2 sweeps to forget its
    large ones. Observables are those of the second; `cluster_exponent` (Fortuin and Kasteleyn's
    clusters) and `domain_exponent` (equal spins) are maximum-likelihood exponents of
    n(s) ~ s^-tau for s in [30, 3000).

    Source of the estimate: Clauset, Shalizi & Newman, SIAM Rev. 51, 661 (2009), cut at both ends.
    """

    def __init__(self, offer: Offer, *, controls: Mapping, size: Any = 512, seed: Any = 0):
        given = {**controls, "method": "heat-bath"} if isinstance(controls, Mapping) else controls
        super().__init__(offer, model=_LATTICE, controls=given, size=size, seed=seed)
        at = {**self.process.controls, "method": "swendsen-wang"}
        self.counted = ask.start(self.model, size=self.process.size, seed=self.process.seed, **at)
        self.rng = np.random.default_rng(self.process.seed)  # of the bonds that are counted
        self.act("mix")

    def act(self, name: str, **arguments: Any) -> None:
        """'mix': both lattices to equilibrium by updates of clusters, the shown one from the
        spins of the second.
        """
        if name != "mix" or arguments:
            super().act(name)
        self.counted.step(_MIXED)
        self.shown.spins[0] = self.second.spins[0]
        self.begin()

    @property
    def shown(self) -> Any:
        """The library's lattices behind the process that is shown."""
        return self.process.network

    @property
    def second(self) -> Any:
        return self.counted.network

    def begin(self) -> None:
        """Forget what was counted."""
        self.rows = []
        self.counts: dict[str, list[_Count]] = {"cluster_exponent": [], "domain_exponent": []}
        self.burn = None
        self.turn = 0

    def set(self, name: str, value: Any) -> None:
        self.counted.set(name, value)
        super().set(name, value)

    def step(self, count: int) -> None:
        """So many sweeps of the shown lattice, with a piece of work on the second at each fourth,
        so that no picture waits long: an update, then the clusters of one kind, then of the other.
        """
        for _ in range(count):
            self.process.step(1)
            if self.process.steps % _EVERY == 0:
                (self._update, self._count_bonded, self._count_equal)[self.turn % 3]()
                self.turn += 1

    def _update(self) -> None:
        self.counted.step(1)
        self.rows.append(self.counted.measure())
        del self.rows[:-_KEPT]

    def _count_bonded(self) -> None:
        c = self.counted.controls
        self._count("cluster_exponent", 1 - math.exp(-2 * c["coupling"] / c["temperature"]))

    def _count_equal(self) -> None:
        self._count("domain_exponent", 1.0)

    def _count(self, kind: str, add: float) -> None:
        sizes = lattice.cluster_sizes(self.second.spins[0], add, self.rng)
        read = sizes[(sizes >= _FIRST) & (sizes < _LAST)]
        clusters = np.histogram(sizes, _EDGES)[0]
        self.counts[kind].append(_Count(clusters, len(read), float(np.log(read).sum())))
        del self.counts[kind][:-_KEPT]

    def view(self) -> View:
        """The spins; `sizes` (bins, 3): s, and clusters of s sites per site of the lattice, of
        Fortuin and Kasteleyn and of equal spins.
        """
        widths = np.diff(_EDGES)
        # The middle of the whole numbers of a bin, on a logarithmic scale.
        middle = np.sqrt(_EDGES[:-1] * (_EDGES[1:] - 1.0))
        columns = [middle]
        for counts in self.counts.values():
            total = sum((one.clusters for one in counts), np.zeros(len(widths)))
            columns.append(total / (widths * self.process.size**2 * max(1, len(counts))))
        return {**super().view(), "sizes": ("", np.column_stack(columns))}

    def measured(self) -> dict[str, dict[str, Any]]:
        """Energy and magnetization of the second lattice, and both exponents."""
        now = self.counted.measure()
        out = {}
        for name in ("energy", "magnetization"):
            values = np.array([row[name] for row in self.rows], float)
            mean = error = tau = math.nan
            if len(values) >= _ENOUGH:
                mean = float(values.mean())
                tau = float(autocorrelation_time(values[None])[0])
                error = float(values.std() * math.sqrt(max(1.0, 2 * tau) / len(values)))
            out[name] = Mean(float(now[name]), mean, error, tau)._asdict()
        for name, counts in self.counts.items():
            out[name] = _exponent(counts)._asdict()
        return out


@lru_cache
def _mean_logarithms() -> tuple[np.ndarray, np.ndarray]:
    """(exponents tau, mean of ln s under s^-tau on the sizes that are read)."""
    exponents = np.linspace(1.0, 4.0, 601)
    logs = np.log(np.arange(_FIRST, _LAST))
    weights = np.exp(-np.outer(exponents, logs))
    return exponents, weights @ logs / weights.sum(axis=1)


def _exponent(counts: list[_Count]) -> Mean:
    """The exponent whose mean logarithm is the measured one, and its error from blocks of counts;
    NaN before there are any.
    """
    if sum(one.number for one in counts) == 0:
        return Mean(math.nan, math.nan, math.nan, math.nan)
    exponents, means = _mean_logarithms()

    def read(part: list[_Count]) -> float:
        number = sum(one.number for one in part)
        mean = sum(one.logarithms for one in part) / max(number, 1)
        return float(np.interp(-mean, -means, exponents))

    error = math.nan
    if len(counts) >= _ENOUGH:
        length = len(counts) // _BLOCKS
        blocks = [read(counts[k * length : (k + 1) * length]) for k in range(_BLOCKS)]
        error = float(np.std(blocks, ddof=1) / math.sqrt(_BLOCKS))
    return Mean(read(counts[-1:]), read(counts), error, math.nan)


QUESTIONS = {"ising.magnetization": exact_magnetization, "ising.mean_field": mean_field}
NETWORKS = {"ising.coolings": Coolings, "ising.critical": Critical}
