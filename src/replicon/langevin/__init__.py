"""Learning as Langevin dynamics: noisy gradient descent of any differentiable loss, beside exact
equilibrium.

Model: langevin-learning.

For a loss of your own: `sample_langevin`: states at a temperature, with thermometers and R-hat.
`Trajectory`: what it returns. `integrate_entropy`: free energy and entropy by thermodynamic
integration. `ThermodynamicIntegration`: what it returns.
"""

from typing import TYPE_CHECKING

from replicon._declare import (
    Axis,
    Branch,
    Control,
    Interval,
    Model,
    Observable,
    Schedule,
    Size,
    View,
    Words,
    whole,
)
from replicon._rooms import contents
from replicon.langevin import about

_BINS = 100  # of the weights from -2.5 to 2.5
_WEIGHT = Axis(
    "weight",
    "w",
    "a weight, centre of the bin",
    coordinate=tuple(5 * (k + 0.5) / _BINS - 2.5 for k in range(_BINS)),
)

_RECORD = Axis("record", "", "moment on the way from small weights", coordinate="time")


def _steps(controls) -> int:
    """As many records of burn as are kept."""
    return 2 * controls.records


_LANGEVIN_LEARNING = Model(
    name="langevin-learning",
    title="Learning as Langevin dynamics",
    about=about.LANGEVIN_LEARNING,
    controls=(
        Control(
            "energy",
            "E",
            "regression",
            Words(("quadratic", "double-well", "regression", "perceptron")),
            "w^2/2 and (w^2 - 1)^2 for each weight; squares of a linear teacher's noisy labels and"
            " a ridge; ln(1 + exp(-margin)) of random labels on the sphere",
        ),
        Control(
            "temperature",
            "T",
            0.5,
            Interval(0, 100, open_low=True),
            "of the noise in the gradient steps",
            typical=(0.01, 5.0),
            scale="log",
            live=True,
            inverse=("beta", "inverse_temperature"),
        ),
        Control(
            "load",
            "alpha",
            2.0,
            Interval(0, 100),
            "examples per weight (regression, perceptron)",
            realized=whole,
            typical=(0.0, 10.0),
        ),
        Control(
            "noise",
            "rho",
            0.25,
            Interval(0, 100),
            "variance of the labels' noise (regression)",
            typical=(0.0, 1.0),
        ),
        Control(
            "ridge",
            "lambda",
            0.1,
            Interval(0, 100, open_low=True),
            "penalty lambda w^2/2 (regression)",
            typical=(0.01, 1.0),
            scale="log",
        ),
        Control(
            "method",
            "method",
            "mala",
            Words(
                ("ula", "mala", "baoab", "sgld"),
                synonyms={
                    "unadjusted": "ula",
                    "metropolis": "mala",
                    "underdamped": "baoab",
                    "minibatch": "sgld",
                },
            ),
            "of integration",
            "simulation",
            shared=True,
        ),
        Control(
            "step",
            "dt",
            0.02,
            Interval(0, 10, open_low=True),
            "of time",
            "simulation",
            shared=True,
            typical=(0.001, 0.2),
            scale="log",
            live=True,
        ),
        Control(
            "records",
            "n",
            400,
            Interval(4, integer=True),
            "of each of eight chains, every tenth step",
            "simulation",
            shared=True,
            quick=20,
            typical=(20, 4000),
            scale="log",
        ),
        Control(
            "batch",
            "B",
            0.2,
            Interval(0, 1, open_low=True),
            "fraction of the examples in a minibatch (sgld)",
            "simulation",
            shared=True,
            typical=(0.05, 1.0),
        ),
    ),
    observables=(
        Observable("mean_energy", "e", "energy per weight, ridge included", 0),
        Observable("second_moment", "Q", "mean square of a weight", 0),
        Observable("overlap", "q", "of two solutions for the same data: <w>.<w>/N", 0),
        Observable(
            "weight_error",
            "e_w",
            "mean square distance from the teacher's weights (regression)",
            0,
            partial=True,
        ),
        Observable(
            "escape_rate",
            "k",
            "from the left to the right minimum, per unit of time of overdamped motion"
            " (double-well)",
            0,
            partial=True,
        ),
        Observable(
            "virial_temperature",
            "T_v",
            "<(w - <w>) . grad E>/N; on the sphere of its direction's coordinates",
            0,
        ),
        Observable("configurational_temperature", "T_c", "<|grad E|^2>/<laplacian E>", 0),
        Observable(
            "noise_ratio",
            "r",
            "variance of the minibatches' noise over that of the thermal noise",
            0,
            role="simulation",
        ),
        Observable(
            "r_hat",
            "R",
            "Gelman and Rubin's, rank-normalised: 1 where the chains agree",
            0,
            role="simulation",
        ),
        Observable(
            "effective_sample_size", "ESS", "smallest over weights and energy", 0, role="simulation"
        ),
        Observable("density", "P(w)", "density of a weight", axes=(_WEIGHT,)),
        Observable(
            "time", "t", "time on the way from small weights", role="simulation", axes=(_RECORD,)
        ),
        Observable(
            "energy_curve",
            "e(t)",
            "energy per weight on the way",
            role="simulation",
            axes=(_RECORD,),
        ),
    ),
    branches=(Branch("equilibrium", "the law exp(-E/T)"),),
    solve="replicon.langevin.learning:solve",
    start="replicon.langevin.learning_finite:Learning",
    check_size="replicon.langevin.learning_finite:check_size",
    schedule=Schedule(_steps, burn=1),  # the process averages over the later half by itself
    views=(
        View("weights", "weights", "weights of the eight chains, a row each"),
        View("histogram", "histogram", "weights of all chains, now"),
        View("energy", "trajectory", "energy per weight of each chain since the start"),
    ),
    potential=None,
    revision=2,
    source=(
        "Welling & Teh, ICML 2011; Seung, Sompolinsky & Tishby, PRA 45, 6056 (1992); Kramers,"
        " Physica 7, 284 (1940)"
    ),
    size=Size(meaning="weights", quick=10, typical=(10, 500), greatest=10_000, cost=2.0),
)

MODELS = (_LANGEVIN_LEARNING,)

if TYPE_CHECKING:
    from replicon.langevin.sampling import Trajectory, sample_langevin
    from replicon.langevin.thermodynamics import ThermodynamicIntegration, integrate_entropy

__getattr__, __dir__, __all__ = contents(
    __name__,
    {
        "sampling": ["Trajectory", "sample_langevin"],
        "thermodynamics": ["ThermodynamicIntegration", "integrate_entropy"],
    },
)
