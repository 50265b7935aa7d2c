"""A Hopfield memory on the page, which can be damaged, held, taught and made to forget while it
runs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from replicon import data
from replicon._declare import Model
from replicon._domains import Interval, Words, check_argument
from replicon._errors import InputError
from replicon.hopfield import finite
from replicon.serve.asked import Offer
from replicon.serve.networks import Network, View
from replicon.spins import heat_bath

# Bounds of what a page may ask of a network. The field that holds spins is N^2, above any field of
# N/2 patterns, and both together are whole numbers that single precision holds while N < 3300.
LOAD = Interval(0, 0.5)
_SIZE = Interval(49, 2500, integer=True)
_SEED = Interval(0, 2**53, integer=True)
_RULE = Words(("hebb", "pseudo-inverse"))
_INK = Words(("noise", "white", "black"))
_CORNER = Interval(0, 3, integer=True)
_PART = Interval(0, 1)
_OVERLAP = Interval(-1, 1)
_STRIP = 10  # memories that are shown
_EACH = 500  # pictures of each digit, in order, in `data.digits`


class Memory(finite.Pairwise):
    """The process of `simulate`, whose spins can be put and held and whose patterns come and go.

    `serials`, a number of each pattern that it keeps; `held` (N,), the spins that a strong field
    holds. The pattern to be recalled is the first.
    """

    def __init__(self, controls: Any, size: int, rng: np.random.Generator):
        check_argument("rule", controls.rule, _RULE)
        super().__init__(controls, size, rng)
        self.held = np.zeros(size, bool)
        self.serials = np.arange(len(self.patterns))
        self.stored = len(self.patterns)

    def overlaps(self) -> tuple[np.ndarray, float]:
        """As ever: the field that holds spins is no part of the energy."""
        size = self.replicas.shape[1]
        energies = np.empty(2)
        free = np.zeros_like(self.external)
        heat_bath.energy(self.fields - self.external, free, self.replicas, energies)
        return self.xi @ self.replicas.T / size, energies.mean() / size**2

    def put(self, where: np.ndarray, spins: np.ndarray) -> None:
        """Both replicas as `spins` (so many,) at `where`."""
        self.replicas[:, where] = spins
        self._refresh()

    def hold(self, where: np.ndarray) -> None:
        """Spins stay as they are until they are let go."""
        self.held[where] = True
        self._refresh()

    def let_go(self) -> None:
        """No spin is held."""
        self.held[:] = False
        self._refresh()

    def learn(self, patterns: np.ndarray) -> None:
        """Store more patterns, int8 (so many, N)."""
        self._couple(np.vstack([self.patterns, patterns]), patterns, 1)
        new = np.arange(self.stored, self.stored + len(patterns))
        self.serials = np.concatenate([self.serials, new])
        self.stored += len(patterns)

    def forget(self, places: np.ndarray) -> None:
        """Store all but those at `places` (so many,)."""
        gone = self.patterns[places]
        self._couple(np.delete(self.patterns, places, axis=0), gone, -1)
        self.serials = np.delete(self.serials, places)

    def aim(self, place: int) -> None:
        """The pattern at a place changes places with the first."""
        for array in (self.patterns, self.xi, self.serials):
            array[[0, place]] = array[[place, 0]]

    def _couple(self, patterns: np.ndarray, part: np.ndarray, sign: int) -> None:
        """The couplings of other patterns; Hebb's are a sum over patterns, exact in whole numbers,
        so that what comes or goes is added or taken away.
        """
        self.patterns = patterns
        self.xi = patterns.astype(np.float32)
        if self.controls.rule == "hebb":
            self.matrix += sign * finite.couplings(part, "hebb")
        else:
            self.matrix = finite.couplings(patterns, self.controls.rule)
        self._refresh()

    def _refresh(self) -> None:
        size = len(self.held)
        self.external = np.where(self.held, size**2 * self.replicas[0], 0).astype(np.float32)
        # A spin is held as it is in the first replica, in both.
        self.replicas[1, self.held] = self.replicas[0, self.held]
        heat_bath.local_fields(self.matrix, self.external, self.replicas, self.fields)
        self.done = False


class LiveMemory(Network):
    """A Hopfield memory on the page.

    Where its patterns are random the first is shown as a picture: flipping the signs of a spin in
    all patterns and in the state changes nothing that is measured, so that any one random pattern
    may be drawn as any picture. Pictures that are stored or shown are drawn in the same signs.
    """

    memory: Memory  # made by `declared`

    def __init__(self, offer: Offer, *, controls: Mapping, size: Any = 784, seed: Any = 0):
        size = check_argument("size", size, _SIZE, "spins")
        seed = check_argument("seed", seed, _SEED)
        if isinstance(controls, Mapping) and "load" in controls:
            check_argument("load", controls["load"], LOAD, "patterns per spin")
        super().__init__(offer, model="hopfield", controls=controls, size=size, seed=seed)
        memory = self.memory
        noise = self.process.controls["patterns"] == "random"
        shown = picture(size, seed) if noise else memory.patterns[0]
        self.signs = (memory.patterns[0] * shown).astype(np.int8)
        self.side = int(np.ceil(np.sqrt(size)))
        # Serial numbers: what is drawn here, and the first where the others are noise.
        self.pictures: list[int] = [0] if noise else []
        self.acts = {
            "erase": self._erase,
            "noise": self._noise,
            "brush": self._brush,
            "let go": memory.let_go,
            "show": self._show,
            "store": self._store,
            "recall": self._recall,
            "forget": self._forget,
        }

    def declared(self, model: Model) -> Model:
        """The model, begun as a `Memory`."""

        def start(*given: Any) -> Memory:
            self.memory = Memory(*given)
            return self.memory

        return replace(model, start=start)

    def step(self, count: int) -> None:
        """While spins are held nothing is gathered: theory knows of none."""
        if self.memory.held.any():
            self.process.step(count)
        else:
            super().step(count)

    def set(self, name: str, value: Any) -> None:
        """The load too: the last patterns go, or new ones come."""
        if name != "load":
            super().set(name, value)
            return
        load = check_argument("load", value, LOAD, "patterns per spin")
        self._fill(finite.pattern_count(load, self.process.size), load)

    def act(self, name: str, **arguments: Any) -> None:
        """Damage, hold, teach: see the methods of these names."""
        if name not in self.acts:
            super().act(name, **arguments)
        self.acts[name](**arguments)
        self.begin()

    def told(self) -> dict[str, Any]:
        """And how far the patterns are from random ones, whose mean is 0 and whose squared overlaps
        are 1/N: `bias` and `alike`, N times the mean squared overlap of two of the first few.
        """
        few = self.memory.xi[:100]
        overlaps = few @ few.T / self.process.size
        pairs = max(1, len(few) * (len(few) - 1))
        alike = ((overlaps**2).sum() - (np.diag(overlaps) ** 2).sum()) / pairs
        bias = float(few.mean())
        return {**super().told(), "bias": bias, "alike": float(alike) * self.process.size}

    def view(self) -> View:
        """`spins` (N,) of the first replica; `held` (N,); a strip of `memories` (so many, N), the
        one to be recalled and other pictures before the rest, with their `serials`; and
        `overlaps` (patterns,), of these and then of all others.
        """
        memory = self.memory
        place_of = {int(serial): place for place, serial in enumerate(memory.serials)}
        drawn = [place_of[serial] for serial in reversed(self.pictures) if place_of[serial] > 0]
        order = list(dict.fromkeys([0, *drawn, *range(len(memory.serials))]))
        shown = order[:_STRIP]
        overlaps = memory.xi @ memory.replicas[0] / self.process.size
        return {
            "spins": ("spins", memory.replicas[0] * self.signs),
            "held": ("spins", np.where(memory.held, 1, -1)),
            "memories": ("spins", memory.patterns[shown] * self.signs),
            "serials": ("", memory.serials[shown].astype(float)),
            "overlaps": ("", overlaps[order].astype(float)),
        }

    # Actions

    def _erase(self, corner: Any) -> None:
        """A quarter of the picture is white, and held so; corners 0..3 as one reads."""
        corner = check_argument("corner", corner, _CORNER)
        row, column = np.divmod(np.arange(self.process.size), self.side)
        half = self.side / 2
        inside = ((row >= half) == corner // 2) & ((column >= half) == corner % 2)
        self._paint(np.flatnonzero(inside), "white")

    def _noise(self, part: Any) -> None:
        """A blow: so many of all spins, chosen at random, are random; they are not held."""
        count = round(check_argument("part", part, _PART) * self.process.size)
        rng = self.memory.rng
        where = np.asarray(rng.choice(self.process.size, count, replace=False))
        self.memory.put(where, 2 * rng.integers(0, 2, count) - 1)

    def _brush(self, at: Any, ink: Any) -> None:
        """Spins are random, white or black, and held."""
        self._paint(self._places(at), check_argument("ink", ink, _INK))

    def _paint(self, where: np.ndarray, ink: str) -> None:
        if ink == "noise":
            spins = 2 * self.memory.rng.integers(0, 2, len(where)) - 1
        else:
            spins = (1 if ink == "black" else -1) * self.signs[where]
        self.memory.put(where, spins)
        self.memory.hold(where)

    def _show(self, ink: Any) -> None:
        """The state is a picture, black at `ink`; it runs from there."""
        self.memory.let_go()
        self.memory.put(np.arange(self.process.size), self._drawn(ink))

    def _store(self, ink: Any) -> None:
        """A picture is stored, and is the one to be recalled."""
        self._check_count(len(self.memory.patterns) + 1)
        self.memory.learn(self._drawn(ink)[None])
        self.pictures.append(int(self.memory.serials[-1]))
        self.memory.aim(len(self.memory.patterns) - 1)
        self._count()

    def _recall(self, memory: Any = None, overlap: Any = 0.5) -> None:
        """Begin with a stored pattern, by its serial number, or the one to be recalled before,
        corrupted to an overlap.
        """
        overlap = check_argument("overlap", overlap, _OVERLAP)
        if memory is not None:
            self.memory.aim(self._place(memory))
        self.memory.let_go()
        state = finite.corrupt(self.memory.patterns[0], overlap, self.memory.rng)
        self.memory.put(np.arange(self.process.size), state)

    def _forget(self, memory: Any) -> None:
        """A stored pattern is taken out of the couplings, by its serial number."""
        place = self._place(memory)
        if len(self.memory.patterns) == 1:
            raise InputError("This is the last memory: store another before it is forgotten.")
        self.memory.forget(np.array([place]))
        self._count()

    def _fill(self, count: int, load: float) -> None:
        """So many patterns: the newest go first, pictures after others, the one to be recalled
        last.
        """
        memory = self.memory
        self._check_count(count)
        missing = count - len(memory.patterns)
        if missing > 0:
            kind = self.process.controls["patterns"]
            pool = None if kind == "random" else data.binary_digits()
            memory.learn(finite.draw_patterns(pool, missing, self.process.size, memory.rng))
        elif missing < 0:
            pictures = np.isin(memory.serials, self.pictures)
            recalled = np.arange(len(memory.serials)) == 0
            goes_first = np.lexsort((-memory.serials, pictures, recalled))
            memory.forget(goes_first[:-missing])
        self._count(load)

    def _check_count(self, count: int) -> None:
        controls = {name: [value] for name, value in self.process.controls.items()}
        controls["load"] = [
            check_argument("load", count / self.process.size, LOAD, "patterns per spin")
        ]
        finite.check_size(controls, self.process.size)

    def _count(self, load: float | None = None) -> None:
        """The load is what is stored, and what is measured begins anew."""
        serials = set(self.memory.serials.tolist())
        self.pictures = [serial for serial in self.pictures if serial in serials]
        realized = len(self.memory.patterns) / self.process.size
        self.process.controls["load"] = realized if load is None else load
        self.memory.controls = self.memory.controls._replace(load=realized)
        self.begin()

    def _place(self, serial: Any) -> int:
        found = np.flatnonzero(self.memory.serials == check_argument("memory", serial, _SEED))
        if not len(found):
            raise InputError(f"Memory {serial} is stored no more: choose one of the strip.")
        return int(found[0])

    def _places(self, at: Any) -> np.ndarray:
        """Spins by number, each once."""
        size = self.process.size
        numbers = Interval(0, size - 1, integer=True)
        if not isinstance(at, (list, tuple)) or len(at) > size:
            raise InputError(f"Spins are given as a list of at most {size} numbers.")
        return np.array(sorted({check_argument("spin", i, numbers) for i in at}), int)

    def _drawn(self, ink: Any) -> np.ndarray:
        """A picture as a pattern, int8 (N,): black at `ink`."""
        spins = np.full(self.process.size, -1, np.int8)
        spins[self._places(ink)] = 1
        return spins * self.signs


def picture(size: int, seed: int) -> np.ndarray:
    """A handwritten digit in bold, as large as the square of so many spins, int8 (size,): +1 where
    it is black. Bold digits are about as often black as white.
    """
    from scipy import ndimage

    side = int(np.ceil(np.sqrt(size)))
    which = _EACH * ((seed + 2) % 10) + seed % _EACH
    black = ndimage.binary_dilation(data.binary_digits()[which].reshape(28, 28) > 0)
    rows = np.flatnonzero(black.any(axis=1))
    columns = np.flatnonzero(black.any(axis=0))
    margin = max(1, side // 14)
    part = (np.arange(side - 2 * margin) + 0.5) / (side - 2 * margin)
    row = (rows[0] + part * (rows[-1] + 1 - rows[0])).astype(int)
    column = (columns[0] + part * (columns[-1] + 1 - columns[0])).astype(int)
    out = np.full((side, side), -1, np.int8)
    inner = slice(margin, side - margin)
    out[inner, inner] = np.where(black[row][:, column], 1, -1)
    return out.ravel()[:size]
