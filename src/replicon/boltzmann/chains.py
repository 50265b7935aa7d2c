"""Chains of Ising spins that say whether they mixed: heat bath, and exchange with warmer chains.

P(s) ~ exp(sum_{i<j} J_ij s_i s_j + sum_i h_i s_i). Warmer levels lie between it and independent
spins of fields `base`: at `ladder` value x the couplings are x J and the fields x h + (1 - x) base.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from replicon._statistics import memory, memory_limit
from replicon.spins.heat_bath import as_kernel
from replicon.spins.tempering import Tempering, make_ladder

_EXCHANGE = 0.3  # accepted fraction below which levels are put between two
_LEVELS = 64
_CHAINS = 8192  # of all levels together
_FRESH = 0.99  # fraction of states that must have come from the independent end at first
_RENEWED = 0.9  # the same from one row to the next


class Drawn(NamedTuple):
    """`rows` (samples, N) int8; `fields` (samples, N) their local fields; `mixed`, and why not."""

    rows: np.ndarray
    fields: np.ndarray
    mixed: bool
    reason: str


class Population(Tempering):
    """`chains` independent ladders, from the machine itself, 1, down to the least value of
    `ladder`, started from independent spins of fields `base`.
    """

    def __init__(self, couplings, field, base, chains: int, rng, ladder=(1.0,)):
        base = np.asarray(base, float)
        weights = np.sort(ladder)[::-1]
        up = rng.random((chains * len(weights), len(base))) < (1 + np.tanh(base)) / 2
        spins = np.where(up, 1, -1).astype(np.float32)
        model = as_kernel(couplings, field)
        super().__init__(*model, weights, chains, rng, base=base, spins=spins)

    def set(self, couplings, field) -> None:
        """Go on with other couplings and fields, and count anew."""
        self.ladder = make_ladder(*as_kernel(couplings, field), self.ladder.betas, self.ladder.base)
        self.refresh()
        self.forget()

    @property
    def spins(self) -> np.ndarray:
        """The spins (rows, N) at the machine itself, in the order of chains."""
        return self.at(0)

    @property
    def fields(self) -> np.ndarray:
        """Their local fields (rows, N)."""
        return self.state.fields[self.state.holder[:, 0]]

    def turn_over(self, limit: int, share: float = _FRESH) -> tuple[int, bool]:
        """Run until this share of the machine's states comes from the independent end; sweeps,
        success.
        """
        self.state.renewed[:] = False
        done = 0
        while done < limit:
            self.step(20)
            done += 20
            if self.renewed >= share:
                return done, True
        return done, False

    @property
    def renewed(self) -> float:
        """The share of the machine's states that has come from the other end."""
        return float(self.state.renewed[self.state.holder[:, 0]].mean())


def tuned_ladder(couplings, field, base, rng, fixed=(0.0, 1.0)) -> np.ndarray:
    """Levels, 1 first and `fixed` among them, whose neighbours exchange often enough: halved where
    they do not.
    """
    ladder = np.unique(np.concatenate([np.linspace(0, 1, 5), np.asarray(fixed, float)]))[::-1]
    for _ in range(8):
        pilot = Population(couplings, field, base, 32, rng, ladder)
        pilot.step(40)
        pilot.forget()
        pilot.step(40)
        rate = pilot.state.exchange_rate
        poor = np.flatnonzero(rate < _EXCHANGE)
        poor = poor[np.argsort(rate[poor])][: _LEVELS - len(ladder)]
        if not len(poor):
            break
        between = (ladder[poor] + ladder[poor + 1]) / 2
        ladder = np.sort(np.concatenate([ladder, between]))[::-1]
    return ladder


def draw(
    couplings, field, base, samples: int, sweeps: int, rng, tempered: int | None = None
) -> Drawn:
    """`samples` rows: ends of independent chains of `sweeps` sweeps, by exchange where these
    remember.

    A chain that mixes has forgotten at its end where it was at half-time: the correlation of the
    two over chains is nothing but noise. Where it is more, ladders down from independent spins take
    over; they count as mixed when, three times in turn, 99 % of their cold states have come from
    the independent end anew, and 90 % between one row and the next. Otherwise `mixed` is False, and
    `reason` says what was seen. `tempered`: so many rows at most if it comes to that.

    Source: Hukushima & Nemoto, J. Phys. Soc. Jpn. 65, 1604 (1996). Referee: enumeration.
    """
    spare = min(max(200_000 // len(base), 100), 1000)
    chains = max(samples, spare)
    plain = Population(couplings, field, base, chains, rng)
    plain.step(sweeps // 2)
    half = plain.spins.astype(np.int8)
    plain.step(sweeps - sweeps // 2)
    rows = plain.spins.astype(np.int8)
    if memory(half, rows) < memory_limit(chains):
        return Drawn(rows[:samples], plain.fields[:samples], True, "")
    most = min(samples, tempered or samples)
    return draw_tempered(couplings, field, base, most, 5 * sweeps, rng)


def draw_tempered(couplings, field, base, samples: int, limit: int, rng) -> Drawn:
    """The rows of `draw` by exchange; at most about max(limit, 4000) sweeps from one to
    the next.
    """
    ladder = tuned_ladder(couplings, field, base, rng)
    chains = min(max(samples, 64), 64 + _CHAINS // len(ladder))
    population = Population(couplings, field, base, chains, rng, ladder)
    limit = max(limit, 4000)
    mixed = True
    for _ in range(3):
        used, there = population.turn_over(limit)
        mixed &= there
    gap = used
    rows = []
    fields = []
    while len(rows) * chains < samples:
        rows.append(population.spins.astype(np.int8))
        fields.append(population.fields)
        if mixed:
            _, there = population.turn_over(limit, _RENEWED)
            mixed &= there
        else:
            population.step(min(gap, 100))
    reason = ""
    if not mixed:
        reason = (
            f"chains did not mix in {limit} sweeps, with exchanges over {len(ladder)} levels (the"
            f" least exchange rate is {population.state.exchange_rate.min():.2f})"
        )
    return Drawn(np.concatenate(rows)[:samples], np.concatenate(fields)[:samples], mixed, reason)
