"""Parallel tempering (replica exchange) of Ising spins with dense couplings, and a sampler of a
user's own couplings.
"""

from __future__ import annotations

import math
import warnings
from typing import NamedTuple

import numba
import numpy as np

from replicon._arrays import real_array
from replicon._declare import Interval
from replicon._domains import check_argument
from replicon._errors import InputError
from replicon._kernels import sound_cache
from replicon._seed import read_generator
from replicon.spins.exact import TEMPERATURE, check_couplings
from replicon.spins.heat_bath import energy, local_fields, sweep
from replicon.spins.mixing import judge_mixing

_REFRESH = 200  # sweeps between fresh local fields (float32)
_LEAST_RECORDS = 100  # a chain: fewer say nothing about mixing
_LEAST_TRIPS = 4  # of the configurations of one ladder, cold to hot and back


class Ladder(NamedTuple):
    """What chains run on: at level k, P(s) ~ exp(-beta_k E + (1 - beta_k) base.s).

    couplings (N, N), external (N,); betas (levels,), the coldest first. base (N,), or None for
    zero. relative (N,) = external - 2 base is what `energy` takes for the external field to give E
    + base.s, which beta multiplies.
    """

    couplings: np.ndarray
    external: np.ndarray
    betas: np.ndarray
    base: np.ndarray | None
    relative: np.ndarray


class State(NamedTuple):
    """Where chains are. spins, fields (rows, N), a row for each chain and level; energies, betas
    (rows,); holder (chains, levels): the row at each level.

    renewed (rows,): whether a row was at the last level. tried, accepted (levels - 1,): exchanges.
    sums (levels, chains, 2): of the energies and of their squares.
    """

    spins: np.ndarray
    fields: np.ndarray
    energies: np.ndarray
    betas: np.ndarray
    holder: np.ndarray
    renewed: np.ndarray
    tried: np.ndarray
    accepted: np.ndarray
    sums: np.ndarray

    @property
    def exchange_rate(self) -> np.ndarray:
        """Accepted fraction of exchanges of neighbours, (levels - 1,)."""
        return self.accepted / np.maximum(self.tried, 1.0)


def make_ladder(couplings, external, betas, base=None) -> Ladder:
    """A ladder from couplings and fields of one type, as `heat_bath.as_kernel` gives them."""
    betas = np.array(betas, float)
    if base is None:
        return Ladder(couplings, external, betas, None, external)
    relative = (external - 2 * base).astype(external.dtype)
    return Ladder(couplings, external, betas, base, relative)


def _begun(spins: np.ndarray, chains: int) -> State:
    """`chains` ladders whose rows start as spins (rows, N), each chain's in the order of levels."""
    rows = len(spins)
    levels = rows // chains
    return State(
        spins,
        np.empty_like(spins),
        energies=np.empty(rows),
        betas=np.empty(rows),
        holder=np.arange(rows).reshape(chains, levels),
        renewed=np.zeros(rows, bool),
        tried=np.zeros(levels - 1),
        accepted=np.zeros(levels - 1),
        sums=np.zeros((levels, chains, 2)),
    )


@numba.njit(cache=True)
def _step(ladder, state, t, rng):
    """Sweep number t of every row, then exchanges of every second pair of neighbours (Okabe et al.
    2001; Syed et al. 2022: taking the pairs in turn moves configurations along the ladder faster
    than taking them at random).
    """
    betas = ladder.betas
    holder = state.holder
    energies = state.energies
    chains, levels = holder.shape
    for a in range(chains):
        for k in range(levels):
            state.betas[holder[a, k]] = betas[k]
        state.renewed[holder[a, levels - 1]] = True
    if t % _REFRESH == 0:
        local_fields(ladder.couplings, ladder.external, state.spins, state.fields)
    sweep(ladder.couplings, state.fields, state.spins, state.betas, rng, ladder.base)
    energy(state.fields, ladder.relative, state.spins, energies)
    for a in range(chains):
        for k in range(t % 2, levels - 1, 2):
            one = holder[a, k]
            two = holder[a, k + 1]
            change = (betas[k + 1] - betas[k]) * (energies[two] - energies[one])
            swap = change >= 0 or rng.random() < np.exp(change)
            if swap:
                holder[a, k], holder[a, k + 1] = two, one
            state.tried[k] += 1
            state.accepted[k] += swap
        for k in range(levels):
            value = energies[holder[a, k]]
            state.sums[k, a, 0] += value
            state.sums[k, a, 1] += value * value


@numba.njit(cache=True)
def _advance(ladder, state, begin, sweeps, rng):
    """Sweeps number `begin` and on of every chain."""
    for t in range(begin, begin + sweeps):
        _step(ladder, state, t, rng)


class Tempering:
    """Independent copies of a ladder of temperatures on one system, from random spins.

    couplings (N, N) and external (N,) as `heat_bath.as_kernel` gives them; betas (levels,) inverse
    temperatures, coldest first; base (N,): see `heat_bath.sweep`; spins (chains levels, N) to start
    from. `sums`, `tried` and `accepted` count since the last `forget` (see `State`).

    Source: Hukushima & Nemoto, J. Phys. Soc. Jpn. 65, 1604 (1996). Referee: exact enumeration at
    N = 12 (tests/spins/test_spins.py).

    Raises nothing: its arguments were checked before.
    """

    def __init__(
        self,
        couplings: np.ndarray,
        external: np.ndarray,
        betas: np.ndarray,
        chains: int,
        rng: np.random.Generator,
        *,
        base: np.ndarray | None = None,
        spins: np.ndarray | None = None,
    ):
        self.ladder = make_ladder(couplings, external, betas, base)
        self.rng = rng
        if spins is None:
            shape = (chains * len(self.ladder.betas), len(external))
            spins = (2 * rng.integers(0, 2, shape) - 1).astype(np.float32)
        self.state = _begun(spins, chains)
        self.sweeps = 0

    @property
    def tried(self) -> np.ndarray:
        """Exchanges tried between neighbouring levels, (levels - 1,)."""
        return self.state.tried

    @property
    def accepted(self) -> np.ndarray:
        """Those of them accepted, (levels - 1,)."""
        return self.state.accepted

    def step(self, count: int) -> None:
        """So many sweeps, each with exchanges."""
        _advance(self.ladder, self.state, self.sweeps, count, self.rng)
        self.sweeps += count

    def refresh(self) -> None:
        """Local fields afresh, after a change of couplings or of the external field."""
        state = self.state
        local_fields(self.ladder.couplings, self.ladder.external, state.spins, state.fields)

    def forget(self) -> None:
        """Count exchanges and energies anew."""
        self.state.tried[:] = 0
        self.state.accepted[:] = 0
        self.state.sums[:] = 0

    def at(self, level: int) -> np.ndarray:
        """The spins (chains, N) at a level of the ladder."""
        return self.state.spins[self.state.holder[:, level]]

    def energy(self) -> np.ndarray:
        """Energies (chains, levels), all spins together, after the latest sweep."""
        return self.state.energies[self.state.holder]


class SpinSamples(NamedTuple):
    """samples (samples, N) int8; energy (samples,); chain (samples,): the independent ladder each
    comes from; magnetization (N,), their mean. temperatures (levels,), coldest first; exchange_rate
    (levels - 1,): accepted fraction of exchanges; round_trips (chains,): journeys from the coldest
    temperature to the hottest and back. r_hat: the largest of energy, spins and projections on the
    strongest modes of J; effective_samples: the least of energy and projections. mixed: whether all
    of these say that the chains forgot their starts; reason: what says no, else ''.
    """

    samples: np.ndarray
    energy: np.ndarray
    chain: np.ndarray
    magnetization: np.ndarray
    temperatures: np.ndarray
    exchange_rate: np.ndarray
    round_trips: np.ndarray
    r_hat: float
    effective_samples: float
    mixed: bool
    reason: str


@sound_cache
def sample_spins(
    couplings,
    external=None,
    *,
    temperature: float = 1.0,
    samples: int = 1000,
    sweeps: int = 10,
    chains: int = 4,
    ladder=None,
    seed: int | np.random.Generator = 0,
) -> SpinSamples:
    """States from exp(-E/T), E = -(1/2) s J s - h s, for any J (N, N) and h (N,) of your own, by
    parallel tempering.

    `chains` independent ladders start from different states and give one sample each every `sweeps`
    sweeps. `ladder`: the temperatures above `temperature`; by default as many as exchange at about
    one half, up to the difference of the extreme eigenvalues of J, above which heat bath mixes in a
    time O(log N) whatever the fields (none, where T is above it); () runs plain chains. Where
    chains disagree, or configurations do not travel through the ladder, `mixed` is False, `reason`
    says why and a RuntimeWarning is given; a state of small basin that no chain met cannot be
    noticed. Source: Hukushima & Nemoto, J. Phys. Soc. Jpn. 65, 1604 (1996); Syed et al., J. R.
    Stat. Soc. B 84, 321 (2022) for the ladder; Eldan, Koehler & Zeitouni, Probab. Theory Relat.
    Fields 182, 1035 (2022) for its end. Referee: enumeration.

    Raises InputError for couplings, fields or settings that are none.
    """
    temperature = check_argument("temperature", temperature, TEMPERATURE, "k_B = 1")
    samples = check_argument("samples", samples, Interval(1, integer=True), "states returned")
    sweeps = check_argument(
        "sweeps", sweeps, Interval(1, integer=True), "sweeps between samples of a chain"
    )
    chains = check_argument(
        "chains",
        chains,
        Interval(2, integer=True),
        "independent ladders, compared with one another",
    )
    rng = read_generator(seed)
    J, h = check_couplings(couplings, external)
    hotter = None if ladder is None else _hotter(ladder, temperature)
    lowest, highest, modes = _spectrum(J)
    if hotter is None and temperature < highest - lowest:
        top = highest - lowest
        count = 2 + math.ceil(2 * math.log(top / temperature))
        betas = 1 / np.geomspace(temperature, top, count)
        betas = _tuned(J, h, betas, chains, modes, rng)
    else:
        betas = 1 / np.array([temperature, *(hotter if hotter is not None else ())])
    wanted = -(-samples // chains)
    records = max(wanted, _LEAST_RECORDS)
    ladder_now = make_ladder(J, h, betas)
    state = _begin(h, len(betas), chains, modes, rng)
    _record(ladder_now, state, 1, max(100, records * sweeps // 2), rng)
    states, energies, trips = _record(ladder_now, state, records, sweeps, rng)
    exchange = state.exchange_rate
    r_hat, effective, reason = judge_mixing(states, energies, modes)
    if len(betas) > 1 and trips.min() < _LEAST_TRIPS:
        reason = (
            reason
            or f"only {trips.min()} round trips between the ends of the ladder of temperatures"
        )
    if reason:
        warnings.warn(
            f"sample_spins did not mix: {reason}; give more sweeps than {sweeps}.",
            RuntimeWarning,
            stacklevel=3,
        )
    kept = np.linspace(0, records - 1, wanted).round().astype(int)
    flat = states[:, kept].transpose(1, 0, 2).reshape(-1, len(h))[:samples]
    return SpinSamples(
        flat,
        energies[:, kept].T.reshape(-1)[:samples],
        np.tile(np.arange(chains), wanted)[:samples],
        flat.mean(axis=0),
        1 / betas,
        exchange,
        trips,
        r_hat,
        effective,
        not reason,
        reason,
    )


def _hotter(ladder, temperature: float) -> np.ndarray:
    """A user's temperatures above the one asked for, coldest first."""
    if np.size(ladder) == 0:
        return np.zeros(0)
    expected = f"give temperatures above temperature = {temperature:g}, or () for plain chains"
    hotter = np.unique(real_array("ladder", ladder, expected, ndim=1))
    if hotter[0] <= temperature:
        raise InputError(f"ladder holds the temperature {hotter[0]:g}: {expected}.")
    return hotter


def _spectrum(J: np.ndarray) -> tuple[float, float, np.ndarray]:
    """Extreme eigenvalues of J, and the eigenvectors (modes, N) of the largest ones."""
    import scipy.linalg
    from scipy.sparse.linalg import eigsh

    n = len(J)
    count = min(4, len(J))
    if n <= 1000:
        values, vectors = scipy.linalg.eigh(J)
        return float(values[0]), float(values[-1]), vectors[:, -count:].T
    values, vectors = eigsh(J, count, which="LA", v0=np.ones(n))
    least = eigsh(J, 1, which="SA", v0=np.ones(n), return_eigenvectors=False)
    return float(least[0]), float(values.max()), vectors.T


def _begin(h, levels: int, chains: int, modes, rng) -> State:
    """`chains` ladders: two start along the strongest mode and against it, the others at random."""
    spins = 2.0 * rng.integers(0, 2, (chains, len(h))) - 1
    for a in range(2):
        along = np.sign(modes[-1]) * (1 - 2 * a)
        spins[a] = np.where(along == 0, spins[a], along)
    return _begun(np.repeat(spins, levels, axis=0), chains)


def _tuned(J, h, betas, chains: int, modes, rng) -> np.ndarray:
    """Inverse temperatures between the same ends, as many and so spaced that all neighbours
    exchange at about one half.

    Rejections add up to a barrier along the ladder that does not depend on its spacing: equal steps
    of it are wanted.
    """
    state = _begin(h, len(betas), chains, modes, rng)
    for sweeps in (50, 50, 100, 100, 200, 200, 400):
        _record(make_ladder(J, h, betas), state, 1, sweeps, rng)
        rejected = 1 - state.exchange_rate
        if sweeps >= 200 and rejected.max() < 0.65:
            break
        barrier = np.concatenate([[0.0], np.cumsum(np.maximum(rejected, 1e-3))])
        levels = max(2, math.ceil(2 * barrier[-1]) + 1)
        place = np.interp(np.linspace(0, barrier[-1], levels), barrier, np.arange(len(betas)))
        new = np.exp(np.interp(place, np.arange(len(betas)), np.log(betas)))
        new[0] = betas[0]
        new[-1] = betas[-1]
        rows = state.holder[:, np.round(place).astype(int)].reshape(-1)
        state = _begun(state.spins[rows], chains)
        betas = new
    return betas


@numba.njit(cache=True)
def _record(ladder, state, records, every, rng):
    """Coldest configurations of every ladder each `every` sweeps: (chains, records, N) int8, their
    energies, and round trips of every ladder's configurations. Exchanges are counted anew.
    """
    chains, levels = state.holder.shape
    n = state.spins.shape[1]
    states = np.empty((chains, records, n), np.int8)
    kept = np.empty((chains, records))
    trips = np.zeros(chains, np.int64)
    hot = np.zeros(chains * levels, np.bool_)
    cold = np.zeros(chains * levels, np.bool_)
    state.tried[:] = 0
    state.accepted[:] = 0
    for t in range(records * every):
        _step(ladder, state, t, rng)
        for a in range(chains):
            first = state.holder[a, 0]
            last = state.holder[a, levels - 1]
            if cold[last]:
                hot[last] = True
            if hot[first] and levels > 1:
                trips[a] += 1
                hot[first] = False
            cold[first] = True
            if t % every == every - 1:
                kept[a, t // every] = state.energies[first]
                for i in range(n):
                    states[a, t // every, i] = np.int8(state.spins[first, i])
    return states, kept, trips
