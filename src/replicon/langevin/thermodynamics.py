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
from replicon.langevin.sampling import Trajectory, sample_langevin

_ALLOWED = 0.01  # error of ln Z by quadrature, per parameter: as `ThermodynamicIntegration` says


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
    weight = weight / 2
    rng = np.random.default_rng(seed)
    found = []

    def mixed(w, given):
        mix, stiffness = given
        return (1 - mix) * stiffness * (w @ w) / 2 + mix * energy(w)

    for k, mix in enumerate([*(x + 1) / 2, 1.0]):
        run = sample_langevin(
            mixed,
            scale * rng.standard_normal((chains, size)),
            temperature=temperature,
            step=step,
            records=records,
            every=every,
            burn=burn,
            data=(np.array(mix), np.array(temperature / scale**2)),
            seed=seed + k,
        )
        found.append(_at_node(run, mix, temperature, scale))
    inner = found[:-1]  # the last is the energy itself, no node
    gaps = np.array([node.gap for node in inner])
    errors = np.array([node.error for node in inner])
    integral = float(weight @ gaps)
    quadrature = 2 * float(_weights(x[::2]) @ gaps[::2] - integral) ** 2 / size
    log_z = size / 2 * math.log(2 * math.pi * scale**2) + integral
    error = math.hypot(float(np.sqrt(weight**2 @ errors**2)), quadrature)
    mean = found[-1].energy
    return ThermodynamicIntegration(
        -temperature * log_z,
        temperature * error,
        mean,
        mean / temperature + log_z,
        min(node.acceptance for node in found),
        all(node.converged for node in found) and quadrature < _ALLOWED * size,
    )


class _Node(NamedTuple):
    """What is sampled at one lambda: gap <|w|^2/(2 s^2) - E/T> and its standard error; energy <E>;
    acceptance; whether the chains have converged.
    """

    gap: float
    error: float
    energy: float
    acceptance: float
    converged: bool


def _at_node(run: Trajectory, mix: float, temperature: float, scale: float) -> _Node:
    square = (run.positions**2).sum(axis=2) / (2 * scale**2)
    energies = (run.energy - (1 - mix) * temperature * square) / mix
    gap = (square - energies / temperature).mean(axis=1)
    error = gap.std(ddof=1) / math.sqrt(len(gap))
    return _Node(gap.mean(), error, float(energies.mean()), run.acceptance, run.converged)


def _weights(x: np.ndarray) -> np.ndarray:
    """Of the rule for int_0^1 with nodes (x + 1)/2 that is exact for polynomials as many as it has
    nodes.
    """
    legendre = np.polynomial.legendre.legvander(x, len(x) - 1).T
    return np.linalg.solve(legendre, np.eye(len(x))[0])
