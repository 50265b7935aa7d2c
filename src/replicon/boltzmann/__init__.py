"""Boltzmann machines of visible spins: couplings inferred from rows of spins, and what pairs
explain of real data.

Models: boltzmann-machine, boltzmann-data.

`BoltzmannMachine`: an estimator with scikit-learn's conventions, eight methods.
`MultiInformation`: what its `multi_information` returns. `LogPartition`: ln Z of its
`log_partition`.
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
from replicon._files import ROWS
from replicon._objects import DATA
from replicon._rooms import contents
from replicon.boltzmann import about

_BOLTZMANN_MACHINE = Model(
    name="boltzmann-machine",
    title="Boltzmann machine: couplings inferred from samples",
    about=about.BOLTZMANN_MACHINE,
    controls=(
        Control(
            "load",
            "alpha",
            100.0,
            Interval(0, open_low=True),
            "rows of data per spin",
            realized=whole,
            typical=(2.0, 2000.0),
            scale="log",
        ),
        Control(
            "inverse_temperature",
            "beta",
            0.4,
            Interval(0, 5, open_low=True),
            "scale of the couplings",
            typical=(0.1, 2.0),
            inverse=("T", "temperature"),
        ),
        Control(
            "couplings",
            "J",
            "sk",
            Words(("sk", "diluted")),
            "normal of variance beta^2 / N between all spins, or +-beta on a random graph of"
            " degree 3",
        ),
        Control(
            "method",
            "method",
            "naive-mean-field",
            Words(
                (
                    "independent",
                    "pair",
                    "naive-mean-field",
                    "tap",
                    "bethe",
                    "pseudo-likelihood",
                    "exact",
                    "monte-carlo",
                ),
                synonyms={"mean-field": "naive-mean-field", "plm": "pseudo-likelihood"},
            ),
            "of inference; all see the same data",
            shared=True,
        ),
        Control(
            "regularization",
            "lambda",
            0.0,
            Interval(0, 10),
            "of method=pseudo-likelihood, L2",
            "simulation",
            shared=True,
            typical=(0.0, 0.1),
        ),
        Control(
            "sweeps",
            "t",
            100,
            Interval(1, integer=True),
            "heat-bath sweeps before the first row",
            "simulation",
            shared=True,
            quick=12,
            typical=(10, 1000),
            scale="log",
        ),
    ),
    observables=(
        Observable(
            "reconstruction_error",
            "gamma",
            "root of sum (J - J*)^2 / sum J*^2, J* the true couplings",
            0,
        ),
        Observable(
            "coupling_slope", "b", "regression of inferred on true couplings: sum J J* / sum J*^2"
        ),
        Observable(
            "pseudo_likelihood",
            "PL",
            "of new data: sum over spins, nats per row",
            high=0,
            role="simulation",
        ),
        Observable(
            "converged_fraction", "p", "of the fits", 0, 1, role="simulation", fraction=True
        ),
    ),
    branches=(
        Branch(
            "paramagnet",
            "beta < 1, couplings=sk, no fields: the methods that are functions of the correlations",
        ),
    ),
    solve="replicon.boltzmann.reconstruction:solve",
    views=(
        View("couplings", "weights", "the couplings as they are now"),
        View("trajectory", "trajectory", "error of the couplings before and after each step"),
    ),
    start="replicon.boltzmann.reconstruction_finite:Reconstruction",
    revision=2,
    schedule=Schedule("replicon.boltzmann.fit_finite:steps", burn=1.0),
    check_size="replicon.boltzmann.reconstruction_finite:check_size",
    potential=None,
    source=(
        "Nguyen, Zecchina & Berg, Adv. Phys. 66, 197 (2017); Roudi, Aurell & Hertz, Front. Comput."
        " Neurosci. 3, 22 (2009)"
    ),
    size=Size(quick=8, typical=(8, 64), greatest=1000, cost=3.0),
)


_PICTURE = Axis("picture", "", "row of data or sample")
_PIXEL = Axis("pixel", "i", "spin or pixel")
_BIN = Axis("bin", "", "bin of equal numbers of pairs or triples, in the order of the data")
_SCALE = Axis(
    "temperature_scale",
    "T",
    "temperature, in units of that of the fit",
    coordinate=tuple(0.4 + 0.1 * k for k in range(17)),
)

_BOLTZMANN_DATA = Model(
    name="boltzmann-data",
    title="Boltzmann machine of real data",
    about=about.BOLTZMANN_DATA,
    controls=(
        Control(
            "data",
            "data",
            "small-digits",
            Words(("small-digits", "digits"), files=ROWS, objects=DATA),
            "central patch of scikit-learn's digits or of MNIST's, or the first columns of your own"
            " rows of +-1 or 0/1",
        ),
        Control(
            "method",
            "method",
            "monte-carlo",
            Words(
                (
                    "independent",
                    "pair",
                    "naive-mean-field",
                    "tap",
                    "bethe",
                    "pseudo-likelihood",
                    "exact",
                    "monte-carlo",
                ),
                synonyms={"mean-field": "naive-mean-field", "plm": "pseudo-likelihood"},
            ),
            "of inference; all see the same rows",
            shared=True,
            quick="tap",
        ),
        Control(
            "regularization",
            "lambda",
            0.001,
            Interval(0, 10),
            "L2, of the likelihoods",
            shared=True,
            typical=(0.0, 0.1),
        ),
        Control(
            "sweeps",
            "t",
            500,
            Interval(1, integer=True),
            "heat-bath sweeps of each chain that samples the model",
            shared=True,
            quick=12,
            typical=(50, 5000),
            scale="log",
        ),
    ),
    observables=(
        Observable(
            "pseudo_likelihood",
            "PL",
            "of a tenth of the rows, kept apart: sum over spins, nats per row",
            high=0,
            role="simulation",
        ),
        Observable(
            "independent_likelihood",
            "L_0",
            "of the same rows without couplings: nats per row",
            high=0,
            role="simulation",
        ),
        Observable(
            "correlation_error",
            "e_C",
            "root mean square error of connected pair correlations on the rows kept apart",
            0,
            role="simulation",
        ),
        Observable(
            "three_point_slope",
            "b_3",
            "regression of the model's three-point correlations on those of all rows",
            role="simulation",
        ),
        Observable(
            "critical_temperature",
            "T_c",
            "where the specific heat is largest between 0.4 and 2, if inside; the data stand at 1",
            0.4,
            2.0,
            role="simulation",
        ),
        Observable(
            "converged_fraction",
            "p",
            "of the fits, with samples and specific heat of chains that mixed",
            0,
            1,
            "simulation",
            fraction=True,
        ),
        Observable(
            "examples",
            "v",
            "rows of the data, 0 or 1",
            role="simulation",
            axes=(
                _PICTURE,
                _PIXEL,
            ),
        ),
        Observable(
            "samples",
            "v",
            "samples of the fitted model, 0 or 1",
            role="simulation",
            axes=(
                _PICTURE,
                _PIXEL,
            ),
        ),
        Observable(
            "independent",
            "v",
            "samples of independent spins of the same means, 0 or 1",
            role="simulation",
            axes=(
                _PICTURE,
                _PIXEL,
            ),
        ),
        Observable(
            "pair_data",
            "C_2",
            "connected correlations of pairs, in the data",
            role="simulation",
            axes=(_BIN,),
        ),
        Observable("pair_model", "C_2", "the same in the model", role="simulation", axes=(_BIN,)),
        Observable(
            "triple_data",
            "C_3",
            "connected correlations of triples, in the data",
            role="simulation",
            axes=(_BIN,),
        ),
        Observable("triple_model", "C_3", "the same in the model", role="simulation", axes=(_BIN,)),
        Observable(
            "specific_heat",
            "C",
            "specific heat per spin of the model",
            role="simulation",
            axes=(_SCALE,),
        ),
        Observable(
            "specific_heat_independent",
            "C_0",
            "that of independent spins of the same means",
            role="simulation",
            axes=(_SCALE,),
        ),
    ),
    views=(
        View("couplings", "weights", "the couplings as they are now"),
        View(
            "trajectory",
            "trajectory",
            "pseudo-likelihood of the rows kept apart, nats per row, before and after each step",
        ),
    ),
    start="replicon.boltzmann.data_finite:Explanation",
    revision=2,
    schedule=Schedule("replicon.boltzmann.fit_finite:steps", burn=1.0),
    check_size="replicon.boltzmann.data_finite:check_size",
    potential=None,
    source=(
        "Schneidman, Berry, Segev & Bialek, Nature 440, 1007 (2006); Tkacik et al., PNAS 112, 11508"
        " (2015)"
    ),
    size=Size(quick=9, typical=(4, 64), greatest=784, of="replicon.boltzmann.data_finite:columns"),
)

MODELS = (_BOLTZMANN_MACHINE, _BOLTZMANN_DATA)

if TYPE_CHECKING:
    from replicon.boltzmann.entropy import MultiInformation
    from replicon.boltzmann.estimator import BoltzmannMachine
    from replicon.spins.log_partition import LogPartition

__getattr__, __dir__, __all__ = contents(
    __name__,
    {
        "estimator": ["BoltzmannMachine"],
        "entropy": ["MultiInformation"],
        "partition": ["LogPartition"],
    },
)
