"""The law of Marchenko and Pastur: eigenvalues of a sum of many random patterns, and the traces of
its resolvent in closed form.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np


class Spectrum(NamedTuple):
    """Normalised traces tr = Tr/N at a >= 0 of matrices A of mean m and strength s, each a sum of
    positive terms, so that no a is too small.

    root = sqrt((m + s + a)^2 - 4 m s); seen P = tr A/(A + a), of s P^2 - (m + s + a) P + m = 0;
    unseen = 1 - seen = a tr 1/(A + a); seen_squared = tr A^2/(A + a)^2; slope = a tr A/(A + a)^2;
    unseen_squared = a^2 tr 1/(A + a)^2; inverse = tr 1/(A + a).

    Arrays of the shape of the arguments together, such as (points,).
    """

    root: np.ndarray
    seen: np.ndarray
    unseen: np.ndarray
    seen_squared: np.ndarray
    slope: np.ndarray
    unseen_squared: np.ndarray
    inverse: np.ndarray


def spectrum(a, *, mean, strength) -> Spectrum:
    """Traces of A = sum_mu s x_mu x_mu'/N over P = m N/s patterns x_mu of N independent entries of
    unit variance, N to infinity.

    mean m = tr A >= 0; strength s >= 0, the eigenvalue that one pattern alone gives: m = alpha, s =
    1 of regression on alpha examples a weight, m = 1, s = 1/diversity of a covariance. The
    eigenvalues lie within (sqrt(m) -+ sqrt(s))^2; where m < s a fraction 1 - m/s of them is 0. At a
    = 0 the limit: that atom is unseen. m and s are not both 0.

    Arguments of shapes that broadcast, in the units of the eigenvalues. Raises nothing: what is
    infinite (inverse at a = 0 and m <= s) is inf or NaN. Source: Marchenko & Pastur, Math. USSR
    Sb. 1, 457 (1967). Referee: quadrature over the density, matrices
    (tests/theory/test_marchenko_pastur.py).
    """
    m = np.asarray(mean, float)
    s = np.asarray(strength, float)
    a = np.asarray(a, float)
    gap = m - s  # by itself, for the sake of a far below rounding of m
    root = np.hypot(gap + a, 2 * np.sqrt(s) * np.sqrt(a))
    seen = 2 * m / (m + s + a + root)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        most = np.maximum(s, m)  # the atom has the weight 1 - m/s; 1/(A + a) on the rest
        atom = 1 - m / most + 2 * a * m / (most * (root + (most - m) + a))
        unseen = np.where(s > m, atom, np.where(a > 0, 2 * a / (root + gap + a), 0.0))
        narrow = (gap / root) * (gap / (root + a))
        narrow = narrow + (2 * a / root) * ((m + s) / (root + a))
        return Spectrum(
            root,
            seen,
            unseen,
            seen * narrow,
            seen * (a / root),
            unseen * ((a + s * unseen) / root),
            np.where(s > m, unseen / a, 2 / (root + gap + a)),
        )
