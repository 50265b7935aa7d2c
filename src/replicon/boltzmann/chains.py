"""Chains of Ising spins that say whether they mixed: heat bath, and exchange with warmer chains.

P(s) ~ exp(sum_{i<j} J_ij s_i s_j + sum_i h_i s_i). Warmer levels lie between it and independent
spins of fields `base`: at `ladder` value x the couplings are x J and the fields x h + (1 - x) base.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numba
import numpy as np

from replicon._statistics import memory, memory_limit

_EXCHANGE = 0.3  # accepted fraction below which levels are put between two
_LEVELS = 64
_CHAINS = 8192  # of all levels together
_FRESH = 0.99  # fraction of states that must have come from the independent end at first
_RENEWED = 0.9  # the same from one row to the next


class Drawn(NamedTuple):
    """`rows` (count, N) int8; `fields` (count, N) their local fields; `mixed`, and why not."""

    rows: np.ndarray
    fields: np.ndarray
    mixed: bool
    reason: str


@numba.njit(cache=True, fastmath={"reassoc", "contract", "nsz"})
def _advance(couplings, field, base, ladder, spins, fields, level, fresh, sweeps, rng, rates, sums):
    """`sweeps` heat-bath sweeps of all chains in place, each followed by exchanges.

    spins, fields = J s (chains, N) float32; level (chains,): place of a chain on the ladder; chain
    c belongs to copy c % copies. rates (levels - 1, 2): exchanges tried and accepted; sums
    (levels, copies, 2): of x and x^2, x the exponent that the ladder multiplies.
    """
    chains, n = spins.shape
    levels = len(ladder)
    copies = chains // levels
    at = np.empty((levels, copies), np.int64)
    for c in range(chains):
        at[level[c], c % copies] = c
    exponent = np.empty(chains)
    for t in range(sweeps):
        if t % 200 == 0:  # removes the rounding of many updates
            for i in range(n):
                row = couplings[i]
                for c in range(chains):
                    total = np.float32(0)
                    for j in range(n):
                        total += row[j] * spins[c, j]
                    fields[c, i] = total
        for i in range(n):
            row = couplings[i]
            for c in range(chains):
                x = ladder[level[c]]
                up = x * (np.float64(fields[c, i]) + field[i]) + (1 - x) * base[i]
                new = np.float32(-1)
                if rng.random() * (1 + math.exp(min(-2 * up, 700.0))) < 1:
                    new = np.float32(1)
                if new != spins[c, i]:
                    spins[c, i] = new
                    step = 2 * new
                    mine = fields[c]
                    for j in range(n):
                        mine[j] += step * row[j]
        for c in range(chains):
            total = 0.0
            for i in range(n):
                local = np.float64(fields[c, i]) / 2 + field[i] - base[i]
                total += np.float64(spins[c, i]) * local
            exponent[c] = total
        if ladder[0] == 0:
            for g in range(copies):
                fresh[at[0, g]] = True
        for k in range(levels):
            for g in range(copies):
                value = exponent[at[k, g]]
                sums[k, g, 0] += value
                sums[k, g, 1] += value * value
        for k in range(t % 2, levels - 1, 2):
            for g in range(copies):
                one = at[k, g]
                two = at[k + 1, g]
                gain = (ladder[k + 1] - ladder[k]) * (exponent[one] - exponent[two])
                rates[k, 0] += 1
                if gain >= 0 or rng.random() < math.exp(gain):
                    rates[k, 1] += 1
                    at[k, g], at[k + 1, g] = two, one
                    level[one], level[two] = k + 1, k


class Population:
    """`copies` independent ladders of chains, started from independent spins of fields `base`."""

    def __init__(self, couplings, field, base, copies: int, rng, ladder=(1.0,)):
        self.base = np.asarray(base, float)
        self.ladder = np.asarray(ladder, float)
        self.copies = copies
        self.rng = rng
        chains = copies * len(self.ladder)
        up = rng.random((chains, len(self.base))) < (1 + np.tanh(self.base)) / 2
        self.spins = np.where(up, 1, -1).astype(np.float32)
        self.fields = np.empty_like(self.spins)
        self.level = np.repeat(np.arange(len(self.ladder)), copies)
        self.fresh = np.zeros(chains, bool)
        self.set(couplings, field)

    def set(self, couplings, field) -> None:
        """Go on with other couplings and fields."""
        self.couplings = np.array(couplings, np.float32)
        np.fill_diagonal(self.couplings, 0.0)
        self.field = np.array(field, float)
        levels = len(self.ladder)
        self.rates = np.zeros((max(levels - 1, 0), 2))
        self.sums = np.zeros((levels, self.copies, 2))

    def run(self, sweeps: int) -> None:
        """So many sweeps of every chain, exchanges after each."""
        state = (self.spins, self.fields, self.level, self.fresh)
        model = (self.couplings, self.field, self.base, self.ladder)
        _advance(*model, *state, sweeps, self.rng, self.rates, self.sums)

    def cold(self) -> np.ndarray:
        """Places of the chains that are at the machine itself, in the order of copies."""
        places = np.flatnonzero(self.level == len(self.ladder) - 1)
        return places[np.argsort(places % self.copies)]

    def turn_over(self, limit: int, share: float = _FRESH) -> tuple[int, bool]:
        """Run until this share of the cold states comes from the independent end;
        sweeps, success.
        """
        self.fresh[:] = False
        done = 0
        while done < limit:
            self.run(20)
            done += 20
            if self.fresh[self.cold()].mean() >= share:
                return done, True
        return done, False


def tuned_ladder(couplings, field, base, rng, fixed=(0.0, 1.0)) -> np.ndarray:
    """Levels, `fixed` among them, whose neighbours exchange often enough: halved where
    they do not.
    """
    ladder = np.unique(np.concatenate([np.linspace(0, 1, 5), np.asarray(fixed, float)]))
    for _ in range(8):
        pilot = Population(couplings, field, base, 32, rng, ladder)
        pilot.run(40)
        pilot.rates[:] = 0
        pilot.run(40)
        rate = pilot.rates[:, 1] / np.maximum(pilot.rates[:, 0], 1)
        poor = np.flatnonzero(rate < _EXCHANGE)
        poor = poor[np.argsort(rate[poor])][: _LEVELS - len(ladder)]
        if not len(poor):
            break
        ladder = np.sort(np.concatenate([ladder, (ladder[poor] + ladder[poor + 1]) / 2]))
    return ladder


def draw(
    couplings, field, base, count: int, sweeps: int, rng, tempered: int | None = None
) -> Drawn:
    """`count` rows: ends of independent chains of `sweeps` sweeps, by exchange where these
    remember.

    A chain that mixes has forgotten at its end where it was at half-time: the correlation of the
    two over chains is nothing but noise. Where it is more, ladders down from independent spins take
    over; they count as mixed when, three times in turn, 99 % of their cold states have come from
    the independent end anew, and 90 % between one row and the next. Otherwise `mixed` is False, and
    `reason` says what was seen. `tempered`: so many rows at most if it comes to that.

    Source: Hukushima & Nemoto, J. Phys. Soc. Jpn. 65, 1604 (1996). Referee: enumeration.
    """
    spare = min(max(200_000 // len(base), 100), 1000)
    chains = max(count, spare)
    plain = Population(couplings, field, base, chains, rng)
    plain.run(sweeps // 2)
    half = plain.spins.astype(np.int8)
    plain.run(sweeps - sweeps // 2)
    rows = plain.spins.astype(np.int8)
    if memory(half, rows) < memory_limit(chains):
        return Drawn(rows[:count], plain.fields[:count] + plain.field, True, "")
    return draw_tempered(couplings, field, base, min(count, tempered or count), 5 * sweeps, rng)


def draw_tempered(couplings, field, base, count: int, limit: int, rng) -> Drawn:
    """The rows of `draw` by exchange; at most about max(limit, 4000) sweeps from one to
    the next.
    """
    ladder = tuned_ladder(couplings, field, base, rng)
    copies = min(max(count, 64), 64 + _CHAINS // len(ladder))
    population = Population(couplings, field, base, copies, rng, ladder)
    limit = max(limit, 4000)
    mixed = True
    for _ in range(3):
        used, there = population.turn_over(limit)
        mixed &= there
    gap = used
    rows = []
    fields = []
    while len(rows) * copies < count:
        cold = population.cold()
        rows.append(population.spins[cold].astype(np.int8))
        fields.append(population.fields[cold] + population.field)
        if mixed:
            _, there = population.turn_over(limit, _RENEWED)
            mixed &= there
        else:
            population.run(min(gap, 100))
    share = population.rates[:, 1] / np.maximum(population.rates[:, 0], 1)
    reason = ""
    if not mixed:
        reason = (
            f"chains did not mix in {limit} sweeps, with exchanges over {len(ladder)} levels (the"
            f" least exchange rate is {share.min():.2f})"
        )
    return Drawn(
        np.concatenate(rows)[:count], np.concatenate(fields)[:count].astype(float), mixed, reason
    )
