"""Where an unmatched student freezes, finds its teacher and breaks replica
symmetry, and where its two entropies vanish.
"""

from __future__ import annotations

import numpy as np

from replicon.rbm.unmatched import as_arrays, entropy, onsets, rows_of, state
from replicon.theory.branch import Found
from replicon.theory.transition import bracket, zero

LARGEST = 1000.0  # load, the end of its domain
_SMALLEST = 1e-3  # load, where a branch begins without samples
_BESIDE = 1e-6  # of a load, next to an onset
VISIBLE = 1e-3  # of a load, from which on overlaps beyond an onset are seen
_ROUNDING = 1e-10  # of entropies, per sample
_FAR = 20.0  # times the glass's onset, where the signal of several units is looked for
_SCAN = 40  # loads at which a change of sign is looked for
_GROWTH = ("signal", "student", "teacher")  # factors: where they pass one, something grows
NOISE = "the teacher's inverse temperature is 0: its samples are noise"


def find_spin_glass(controls) -> Found:
    """Closed, see `onsets`: where small q grows on the paramagnet."""
    value, _ = onsets(as_arrays(controls), controls.approximation)
    melted = value == 0
    reason = np.where(
        melted, "with the Hopfield expansion and beta >= 1 there is no paramagnet to begin from", ""
    )
    return Found(np.where(melted, np.nan, value), ~melted, reason=reason)


def _asked(c, approximation: str, branch: str, observable: str) -> dict:
    """The observable on a branch, growth factors less one, and where the branch is."""
    out = state(c, approximation, branch)
    value = entropy(c, approximation, out) if observable == "entropy" else out[observable]
    return {observable: value - (observable in _GROWTH), "converged": out["converged"]}


def along(c, approximation: str, branch: str, observable: str):
    """An observable of a branch, growth factors less one, as a function of the load."""

    def at(load):
        out = _asked(c._replace(load=load), approximation, branch, observable)
        return out[observable], out["converged"]

    return at


def find_retrieval(controls) -> Found:
    """Where small T grows: on the paramagnet, closed, or on the spin glass that came before it."""
    c = as_arrays(controls)
    glass, signal = onsets(c, controls.approximation)
    noise = c.teacher_inverse_temperature == 0
    first = (signal <= glass) & (glass > 0)
    value = np.where(first & ~noise, signal, np.nan)
    rows = np.flatnonzero(~first & ~noise & (glass < LARGEST))
    if len(rows):
        some = rows_of(c, rows)
        low = np.maximum(glass[rows], _SMALLEST) * (1 + VISIBLE)
        value[rows] = _signal_on_glass(some, controls.approximation, low)
    later = f"it lies beyond load {LARGEST:g}, where its domain ends"
    found = np.isfinite(value)
    beyond = ~found & (glass >= LARGEST)
    rows = np.flatnonzero(~found & ~beyond & ~noise)
    if len(rows):
        beyond[rows] = _at_end(rows_of(c, rows), controls, "spin-glass", "signal") < 0
    return Found(value, found, reason=np.select([noise, beyond], [NOISE, later], ""))


def _signal_on_glass(c, approximation: str, low) -> np.ndarray:
    """The load above `low` at which the signal grows on the spin glass. Of several units, whose
    glass sharpens beyond what their grids resolve, it is looked for near `low`.
    """
    value = np.full(low.shape, np.nan)
    one = c.hidden == 1
    for rows, end in ((one, LARGEST), (~one, _FAR * low)):
        if rows.any():
            branch = along(rows_of(c, rows), approximation, "spin-glass", "signal")
            high = np.broadcast_to(end, low.shape)[rows]
            value[rows] = zero(branch, low[rows], np.minimum(high, LARGEST), geometric=True).value
    return value


def _at_end(c, controls, branch: str, observable: str) -> np.ndarray:
    """What an observable is where the domain of the load ends, NaN where the branch is not."""
    ask = along(c, controls.approximation, branch, observable)
    value, there = ask(np.full_like(c.load, LARGEST))
    return np.where(there, value, np.nan)


def _without_rounding(value, least):
    return np.where(np.abs(value) < least, least, value)


def _first_zero(c, approximation: str, branch: str, observable: str, begin) -> Found:
    """The first change of sign of an observable from load `begin` on."""
    low = np.where(np.isfinite(begin) & (begin < LARGEST), begin, LARGEST / 2)
    loads = np.geomspace(low, np.full_like(low, LARGEST), _SCAN, axis=1)

    def ask(c, branch):
        out = _asked(c, approximation, branch, observable)
        # Where the weights are known the sign of what is left is that of rounding.
        least = _ROUNDING * np.maximum(c.load, 1.0)
        return {**out, observable: _without_rounding(out[observable], least)}

    low, high, found = bracket(ask, c, "load", observable, loads, branch)
    value = np.full(low.shape, np.nan)
    rows = np.flatnonzero(found)
    if len(rows):
        some = rows_of(c, rows)
        value[rows] = zero(
            along(some, approximation, branch, observable), low[rows], high[rows], geometric=True
        ).value
    return Found(value, np.isfinite(value))


def find_almeida_thouless(controls) -> Found:
    """The load at which the replicon changes its sign on branch retrieval."""
    c = as_arrays(controls)
    noise = c.teacher_inverse_temperature == 0
    onset = find_retrieval(controls)
    begin = np.where(onset.converged, onset.value, np.nan) * (1 + VISIBLE)
    found = _first_zero(c, controls.approximation, "retrieval", "replicon", begin)
    last = _at_end(c, controls, "retrieval", "replicon")
    never = "without retrieval (the teacher's samples are noise) the spin glass never is stable"
    always = "replica symmetry is stable wherever the student retrieves"
    later = f"it lies beyond load {LARGEST:g}, where its domain ends"
    none = ~found.converged
    reason = np.select([noise, none & (last > 0), none & (last < 0)], [never, always, later], "")
    return found._replace(converged=found.converged & ~noise, reason=reason)


def _find_entropy(controls, observable: str) -> Found:
    """Where an entropy of the replica-symmetric state vanishes: it is positive at the onset, or it
    has vanished before, on the paramagnet, on which it is linear in the load.
    """
    c = as_arrays(controls)
    begin = np.minimum(*onsets(c, controls.approximation)) * (1 - _BESIDE)
    unit = np.where(begin > 0, np.minimum(begin, 1.0), 1.0)
    out = _asked(c._replace(load=unit), controls.approximation, "paramagnetic", observable)
    none = _asked(c._replace(load=0 * unit), controls.approximation, "paramagnetic", observable)
    whole = none[observable]  # without samples
    slope = np.where(out["converged"], whole - out[observable], 0.0) / unit
    with np.errstate(divide="ignore"):
        paramagnetic = np.where(slope > 0, whole / slope, np.inf)
    before = paramagnetic <= np.minimum(begin, LARGEST)
    begin = np.maximum(begin, _SMALLEST)
    later = _first_zero(c, controls.approximation, "replica-symmetric", observable, begin)
    return Found(
        np.where(before, paramagnetic, later.value),
        before | later.converged,
        reason=np.where(before | later.converged, "", _positive(c, controls, observable)),
    )


def _positive(c, controls, observable: str) -> np.ndarray:
    """Why an entropy does not vanish, where that is known."""
    matched = c.inverse_temperature == c.teacher_inverse_temperature
    matched &= (c.hidden == 1) | (c.correlation == c.student_correlation)
    truth = matched & (controls.approximation == "exact") & (observable == "entropy")
    own = "on the matched line it is the Shannon entropy of the true posterior, never negative"
    last = _at_end(c, controls, "replica-symmetric", observable)
    last = _without_rounding(last, _ROUNDING * LARGEST)
    stays = f"it is positive still at load {LARGEST:g}, where its domain ends"
    return np.select([truth, last > 0], [own, stays], "")


def find_entropy_crisis(controls) -> Found:
    """Where the thermodynamic entropy S_th vanishes: 2 ln 2/beta^2 on the paramagnet."""
    return _find_entropy(controls, "thermodynamic_entropy")


def find_zero_entropy(controls) -> Found:
    """Where the entropy S_w of the weights vanishes."""
    return _find_entropy(controls, "entropy")
