"""Free energy and entropy of any differentiable energy, by thermodynamic integration of Langevin
samples.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from replicon._declare import Interval
from replicon._domains import check_argument, check_seed
from replicon.langevin.sampling import sample_langevin


class ThermodynamicIntegration(NamedTuple):
    """free_energy F = -T ln Z, its standard error; mean energy; entropy S = (<E> - F)/T in nats;
    acceptance.

    error: of sampling, and of the quadrature, twice the square of its difference from the rule of
    every second node, over `size` (from quadratic energies, whose integral is known). converged:
    the chains mixed at every node (r_hat < 1.05, over 100 effective samples), and the quadrature
    errs by less than 0.01 in ln Z per parameter; else give a `scale` nearer to that of the
    parameters, more nodes or longer runs.

    Energies in the units of E; one number each.
    """

    free_energy: float
    error: float
    energy: float
    entropy: float
    acceptance: float
    converged: bool


def integrate_entropy(
    energy: Callable,
    size: int,
    *,
    temperature: float,
    scale: float = 1.0,
    step: float,
    chains: int = 16,
    nodes: int = 12,
    seed: int = 0,
    records: int = 500,
    every: int = 10,
    burn: int = 1000,
) -> ThermodynamicIntegration:
    """Free energy and entropy of exp(-E(w)/T), w of `size` numbers, from an integral of energies
    sampled by MALA.

    ln Z = (d/2) ln(2 pi s^2) + int_0^1 <|w|^2/(2 s^2) - E/T>_lambda d lambda over exp(-(1 -
    lambda)|w|^2/(2 s^2) - lambda E/T), by Gauss-Legendre `nodes` in lambda; `scale` s should be
    that of the parameters. `energy` is what it computes at this call, as in `sample_langevin`,
    which says what is raised. Source: Kirkwood (1935). Referee: quadratic energy.
    """
    for name, value in (("temperature", temperature), ("scale", scale), ("step", step)):
        check_argument(name, value, Interval(0, open_low=True))
    for name, value, low in (("size", size, 1), ("chains", chains, 2), ("nodes", nodes, 2)):
        check_argument(name, value, Interval(low, integer=True))
    temperature = float(temperature)
    scale = float(scale)
    size = int(size)
    chains = int(chains)
    nodes = int(nodes)
    seed = check_seed(seed)
    x, weight = np.polynomial.legendre.leggauss(nodes)
    coarse = np.polynomial.legendre.legvander(x[::2], len(x[::2]) - 1).T
    coarse = np.linalg.solve(coarse, np.eye(len(coarse))[0])
    x, weight = (x + 1) / 2, weight / 2
    rng = np.random.default_rng(seed)
    runs, means, errors = [], [], []
    energies = np.zeros(0)

    def mixed(w, given):
        mix, stiffness = given
        return (1 - mix) * stiffness * (w @ w) / 2 + mix * energy(w)

    for k, mix in enumerate([*x, 1.0]):
        start = scale * rng.standard_normal((chains, size))
        given = (np.array(mix), np.array(temperature / scale**2))
        run = sample_langevin(
            mixed,
            start,
            temperature=temperature,
            step=step,
            records=records,
            every=every,
            burn=burn,
            data=given,
            seed=seed + k,
        )
        square = (run.positions**2).sum(axis=2) / (2 * scale**2)
        energies = (run.energy - (1 - mix) * temperature * square) / mix
        gap = (square - energies / temperature).mean(axis=1)
        means.append(gap.mean())
        errors.append(gap.std(ddof=1) / math.sqrt(chains))
        runs.append(run)
    integral = float(weight @ means[:-1])
    quadrature = 2 * float(coarse @ means[:-1:2] - integral) ** 2 / size
    log_z = size / 2 * math.log(2 * math.pi * scale**2) + integral
    error = math.hypot(float(np.sqrt(weight**2 @ np.array(errors[:-1]) ** 2)), quadrature)
    mean = float(energies.mean())
    return ThermodynamicIntegration(
        -temperature * log_z,
        temperature * error,
        mean,
        mean / temperature + log_z,
        min(run.acceptance for run in runs),
        all(run.converged for run in runs) and quadrature < 0.01 * size,
    )
