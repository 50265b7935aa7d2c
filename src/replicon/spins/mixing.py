"""Whether chains of spins that started apart have forgotten it."""

from __future__ import annotations

import math

import numpy as np

_LARGEST_R_HAT = 1.1


_LEAST_EFFECTIVE = 50


_SHOWN = 200  # spins whose agreement between chains is checked, equally spaced


def judge_mixing(
    states: np.ndarray, energies: np.ndarray, modes: np.ndarray
) -> tuple[float, float, str]:
    """Largest R-hat, least effective number of samples, and what they say against mixing ('' where
    nothing).
    """
    from arviz_stats.base.array import array_stats

    n = states.shape[2]
    shown = np.unique(np.linspace(0, n - 1, min(n, _SHOWN)).astype(int))
    collective = np.concatenate([energies[:, :, None], states @ modes.T], axis=2)
    quantities = np.concatenate([collective, states[:, :, shown]], axis=2)
    # What no chain changes is one number everywhere, or has no chance to be right.
    scale = np.abs(quantities).max(axis=(0, 1))
    still = quantities.std(axis=1).max(axis=0) <= 1e-12 * scale
    apart = np.ptp(quantities.mean(axis=1), axis=0) > 1e-12 * scale
    if (still & apart).any():
        return math.inf, 0.0, "chains from different starts stay where they are"
    if still.all():
        return 1.0, float(energies.size), ""
    r_hat = float(
        np.max(
            array_stats.rhat(quantities[:, :, ~still], chain_axis=0, draw_axis=1, method="split")
        )
    )
    alive = ~still[: collective.shape[2]]
    effective = float(energies.size)
    if alive.any():
        effective = float(
            np.min(
                array_stats.ess(collective[:, :, alive], chain_axis=0, draw_axis=1, method="mean")
            )
        )
    if r_hat > _LARGEST_R_HAT:
        return r_hat, effective, f"chains from different starts disagree (R-hat {r_hat:.2g})"
    if effective < _LEAST_EFFECTIVE:
        return r_hat, effective, f"its states are worth only {effective:.0f} independent ones"
    return r_hat, effective, ""
