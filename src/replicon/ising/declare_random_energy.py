"""The random energy model: the declaration."""

import math

import numpy as np

from replicon._declare import (
    Axis,
    Branch,
    Control,
    Interval,
    Model,
    Observable,
    Schedule,
    Size,
    Transition,
    View,
)
from replicon._errors import InputError
from replicon.ising import about

LARGEST = 24  # spins whose 2^N energies, weights and overlaps are held: 400 MB
GROUND = -math.sqrt(math.log(2))  # energy per spin below which there is no level
# Energies per spin at which s is told: their range ends, at +-GROUND, are among them.
LEVELS = tuple(-GROUND * (k / 17) for k in range(-20, 21))
BINS = 20  # of |q| on [0, 1]

_LEVEL = Axis("level", "k", "value that the overlap takes, from the smallest")
_ENERGY = Axis("level_energy", "e", "energy per spin", coordinate=LEVELS)
_BIN = Axis(
    "bin",
    "|q|",
    "modulus of the overlap, centre of the bin",
    coordinate=tuple((k + 0.5) / BINS for k in range(BINS)),
)


def spread(first, second):
    """Standard deviation from the means of Y and Y^2."""
    return np.sqrt(np.maximum(second - first**2, 0.0))


def check_size(controls: dict, size: int) -> None:
    """Refuse more levels than are held."""
    if size > LARGEST:
        raise InputError(
            f"size = {size} is too large for random-energy-model, which holds all 2^N energies:"
            f" give size <= {LARGEST}."
        )


model = Model(
    name="random-energy-model",
    title="Random energy model",
    about=about.RANDOM_ENERGY,
    controls=(
        Control(
            "temperature",
            "T",
            0.4,
            Interval(0),
            "temperature, k_B = 1",
            typical=(0.0, 1.5),
            live=True,
            inverse=("beta", "inverse_temperature"),
        ),
        Control(
            "sweeps",
            "t",
            1000,
            Interval(1, 10**12, integer=True),
            "Metropolis sweeps after a quench from infinite temperature, measured at the end",
            "simulation",
            typical=(1, 1_000_000),
            scale="log",
            quick=12,
            shared=True,
        ),
    ),
    observables=(
        Observable("energy", "e", "energy per spin in equilibrium"),
        Observable("entropy", "s", "entropy per spin (nats)", 0, math.log(2)),
        Observable(
            "free_entropy", "phi", "ln Z per spin; not defined at temperature 0", partial=True
        ),
        Observable(
            "participation",
            "Y",
            "sum of squared Gibbs weights: the chance that two replicas are in one configuration",
            0,
            1,
        ),
        Observable(
            "participation_spread",
            "Y_sd",
            "standard deviation of it from sample to sample",
            0,
            0.5,
            moments=("participation", "participation_squared"),
            estimate=spread,
        ),
        Observable(
            "breaking_parameter",
            "m",
            "one-step breaking parameter: the chance of two replicas to be apart",
            0,
            1,
            role="theory",
        ),
        Observable("ground_state_energy", "e_0", "lowest energy per spin"),
        Observable(
            "path_energy",
            "e_path",
            "energy per spin of Metropolis walkers, t sweeps after the quench",
            role="simulation",
        ),
        Observable(
            "trapped",
            "R_t",
            "fraction of walkers that are where they were at t/2, to a factor of sqrt 2",
            0,
            1,
            role="simulation",
        ),
        Observable(
            "overlap_level",
            "q_k",
            "overlaps of two replicas that theory allows",
            0,
            1,
            role="theory",
            axes=(_LEVEL,),
        ),
        Observable(
            "overlap_weight",
            "w_k",
            "probability of each of these overlaps",
            0,
            1,
            role="theory",
            axes=(_LEVEL,),
        ),
        Observable(
            "overlap_density",
            "P(|q|)",
            "density of the modulus of the overlap of two replicas",
            0,
            role="simulation",
            axes=(_BIN,),
        ),
        Observable(
            "microcanonical_entropy",
            "s(e)",
            "entropy per spin at an energy; nothing where there is no level",
            axes=(_ENERGY,),
        ),
    ),
    branches=(
        Branch("equilibrium", "the one of the two others that exists"),
        Branch(
            "paramagnet",
            "exponentially many levels share the Gibbs weight",
            ends_at="condensation",
            example={"temperature": 1.0},
        ),
        Branch("condensed", "the lowest few levels hold it all", ends_at="condensation"),
    ),
    transitions=(
        Transition(
            "condensation",
            "temperature",
            "the entropy vanishes, without latent heat: 1/(2 sqrt ln 2)",
            "replicon.ising.random_energy:find_condensation",
            bounds=("paramagnet", "condensed"),
        ),
    ),
    views=(
        View("weights", "histogram", "Gibbs weights of the lowest levels, lowest first"),
        View(
            "paths",
            "trajectory",
            "energy per spin of eight walkers, at times that grow by a factor of sqrt 2",
        ),
    ),
    solve="replicon.ising.random_energy:solve",
    start="replicon.ising.random_energy_finite:Levels",
    schedule=Schedule("sweeps", burn=1.0),
    check_size=check_size,
    size=Size(typical=(8, 20), greatest=LARGEST, cost=math.inf, quick=8),
    source="B. Derrida, Phys. Rev. B 24, 2613 (1981)",
    revision=2,
)
