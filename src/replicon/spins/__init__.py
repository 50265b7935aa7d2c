"""Ising spins with any couplings: kernels, and what is exact or approximate about them.

Heat bath (Numba, dense couplings, several chains side by side): `sweep`: every spin once, fields
kept up to date. `local_fields`: fields afresh. `energy`: of every chain. `relax`: dynamics at zero
temperature until nothing flips. `as_kernel`: couplings and fields in the types of the kernels.

`Tempering`: copies of a ladder of temperatures, one step a sweep with exchanges. `sample_spins`:
states for a user, which say whether they mixed. `SpinSamples`: what it returns.

`enumerate_states`: exact averages of up to 24 spins. `Enumeration`: what it returns.
`naive_mean_field`, `tap`, `belief_propagation`: approximate marginals. `Marginals`: what they
return.

`lattice`: the file of the square lattice's kernels (bit-packed Metropolis, heat bath, clusters).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from replicon._rooms import contents

if TYPE_CHECKING:
    from replicon.spins import lattice
    from replicon.spins.exact import Enumeration, enumerate_states
    from replicon.spins.heat_bath import as_kernel, energy, local_fields, relax, sweep
    from replicon.spins.marginals import Marginals
    from replicon.spins.mean_field import belief_propagation, naive_mean_field, tap
    from replicon.spins.tempering import SpinSamples, Tempering, sample_spins

__getattr__, __dir__, __all__ = contents(
    __name__,
    {
        "heat_bath": ["as_kernel", "energy", "local_fields", "relax", "sweep"],
        "tempering": ["SpinSamples", "Tempering", "sample_spins"],
        "exact": ["Enumeration", "enumerate_states"],
        "marginals": ["Marginals"],
        "mean_field": ["belief_propagation", "naive_mean_field", "tap"],
        "lattice": ["lattice"],
    },
)
