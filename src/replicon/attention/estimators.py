"""Infinite-size errors of the estimators, inputs x ~ N(0, I/d), tasks w ~ N(0, I), labels w.x +
noise.
"""

from __future__ import annotations

import numpy as np

from replicon.theory.marchenko_pastur import spectrum


def solve(controls) -> dict:
    """Arrays (points,).

    ridge: the posterior mean for w ~ N(0, I), whose error is noise + tr (1 + X'X/noise)^-1, X'X
    Marchenko-Pastur of ratio 1/context; new and known tasks are alike to it. discrete: the
    posterior mean over k = diversity d known tasks; any context of extensive length singles out a
    known task (error: the noise), and puts all weight on one wrong task, at distance |w - w'|^2/d =
    2, when the task is new. Both limits are reached as sqrt(ln k / d). none: the prediction is
    zero.
    """
    noise = controls.noise
    ridge = _ridge(controls.context, noise)
    if controls.estimator == "none":
        icl = idg = 1 + noise
    elif controls.estimator == "discrete":
        # Endlessly many tasks are the Gaussian prior again; then this is ridge regression.
        endless = np.isinf(controls.diversity)
        icl = np.where(endless, ridge, 2 + noise)
        idg = np.where(endless, ridge, noise)
    else:
        icl = idg = ridge
    return {
        "icl_error": icl,
        "idg_error": idg,
        "converged": np.ones(icl.shape, bool),
        "stable": np.ones(icl.shape, bool),
    }


def _ridge(context, noise):
    """The noise, and what the context does not show of w: tr (1 + X'X/noise)^-1."""
    ratio = 1 / context
    return noise + spectrum(noise * ratio, mean=1.0, strength=ratio).unseen
