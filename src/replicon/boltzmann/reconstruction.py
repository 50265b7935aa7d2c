"""Error of the closed methods on the Sherrington-Kirkpatrick model above its transition, N and rows
to infinity together.
"""

from __future__ import annotations

import numpy as np

_KNOWN = ("independent", "pair", "naive-mean-field", "tap", "bethe")


def solve(controls) -> dict:
    """`reconstruction_error` and `coupling_slope` against load alpha = rows/N > 1 and beta < 1.

    In the paramagnet C^-1 = (1 + beta^2) - J to leading order (Plefka), and the inverse of the
    covariance of alpha N rows is that of a Wishart matrix: its mean is alpha/(alpha - 1) times the
    true one, its entries' variance (alpha/(alpha - 1))^3 (1 + beta^2)^2 / (alpha N). Naive mean
    field, TAP and Bethe differ by less:

        gamma^2 = 1/(alpha - 1)^2 + (alpha/(alpha - 1))^3 (1 + beta^2)^2 / (alpha beta^2).

    Pairs alone take C for J: sum_ij C_ij^2 / N = 1/(1 - beta^2) and tr(C J)/N = beta^2, so gamma^2
    = beta^2/(1 - beta^2) + 1/(alpha beta^2). Not known: likelihoods, diluted couplings, beta >= 1.

    Sources: de Almeida & Thouless, J. Phys. A 11, 983 (1978) (spin-glass susceptibility); Wishart
    moments: von Rosen, Scand. J. Stat. 15, 97 (1988). Referee: `simulation`, at finite N.
    """
    alpha = controls.load
    beta = controls.inverse_temperature
    if controls.couplings != "sk" or controls.method not in _KNOWN:
        blank = np.full(len(alpha), np.nan)
        what = "couplings=diluted" if controls.couplings != "sk" else f"method={controls.method}"
        reason = np.full(len(alpha), f"no theory is known here for {what}: simulate it")
        return {
            "reconstruction_error": blank,
            "coupling_slope": blank,
            "converged": np.zeros(len(alpha), bool),
            "reason": reason,
        }
    with np.errstate(divide="ignore", invalid="ignore"):
        if controls.method == "independent":
            error = np.ones_like(alpha)
            slope = np.zeros_like(alpha)
            there = np.ones(len(alpha), bool)
        elif controls.method == "pair":
            error = np.sqrt(beta**2 / (1 - beta**2) + 1 / (alpha * beta**2))
            slope = np.ones_like(alpha)
            there = beta < 1
        else:
            slope = alpha / (alpha - 1)
            error = np.sqrt((slope - 1) ** 2 + slope**3 * (1 + beta**2) ** 2 / (alpha * beta**2))
            there = (beta < 1) & (alpha > 1)
    reason = np.where(
        beta >= 1, "the paramagnet ends at beta = 1", "fewer rows than spins: C has no inverse"
    )
    return {
        "reconstruction_error": error,
        "coupling_slope": slope,
        "converged": there,
        "reason": reason,
    }
