"""Random couplings of recurrent networks."""

from __future__ import annotations

import numpy as np


def elliptic_matrix(rng: np.random.Generator, size: int, gain: float, symmetry: float) -> np.ndarray:
    """Couplings J (size, size), zero diagonal, <J_ij^2> = gain^2/size and size <J_ij J_ji>/gain^2 = symmetry in [-1, 1].

    Eigenvalues fill an ellipse of semi-axes gain (1 + symmetry) and gain (1 - symmetry): Sommers et al., PRL 60, 1895 (1988).
    """
    even, odd = rng.standard_normal((size, size)), rng.standard_normal((size, size))
    coupling = np.sqrt((1 + symmetry) / 4) * (even + even.T) + np.sqrt((1 - symmetry) / 4) * (odd - odd.T)
    np.fill_diagonal(coupling, 0.0)
    return gain / np.sqrt(size) * coupling
