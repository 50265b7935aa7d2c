"""The inverse Ising problem: how well are couplings inferred from samples?"""

from typing import TYPE_CHECKING

from replicon._declare import (
    Array,
    Branch,
    Control,
    Interval,
    Model,
    Observable,
    Size,
    Words,
    whole,
)
from replicon._files import ROWS
from replicon._rooms import contents

_BOLTZMANN_MACHINE = Model(
    name="boltzmann-machine",
    title="Boltzmann machine: couplings inferred from samples",
    controls=(
        Control(
            "load",
            "alpha",
            100.0,
            Interval(0, open_low=True),
            "rows of data per spin",
            realized=whole,
        ),
        Control(
            "inverse_temperature",
            "beta",
            0.4,
            Interval(0, 5, open_low=True),
            "scale of the couplings",
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
                )
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
    sample="replicon.boltzmann.reconstruction_finite:sample",
    check_size="replicon.boltzmann.reconstruction_finite:check_size",
    potential=None,
    source=(
        "Nguyen, Zecchina & Berg, Adv. Phys. 66, 197 (2017); Roudi, Aurell & Hertz, Front. Comput."
        " Neurosci. 3, 22 (2009)"
    ),
    size=Size(quick=8),
)


_BOLTZMANN_DATA = Model(
    name="boltzmann-data",
    title="Boltzmann machine of real data",
    controls=(
        Control(
            "data",
            "data",
            "small-digits",
            Words(("small-digits", "digits"), files=ROWS),
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
                )
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
        ),
        Control(
            "sweeps",
            "t",
            500,
            Interval(1, integer=True),
            "heat-bath sweeps of each chain that samples the model",
            shared=True,
            quick=12,
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
    ),
    sample="replicon.boltzmann.data_finite:sample",
    check_size="replicon.boltzmann.data_finite:check_size",
    potential=None,
    source=(
        "Schneidman, Berry, Segev & Bialek, Nature 440, 1007 (2006); Tkacik et al., PNAS 112, 11508"
        " (2015)"
    ),
    legacy_arrays=(
        Array("examples", ("picture", "pixel")),
        Array("samples", ("picture", "pixel")),
        Array("independent", ("picture", "pixel")),
        Array("pair_data", ("bin",)),
        Array("pair_model", ("bin",)),
        Array("triple_data", ("bin",)),
        Array("triple_model", ("bin",)),
        Array("temperature_scale", ("temperature",)),
        Array("specific_heat", ("temperature",)),
        Array("specific_heat_independent", ("temperature",)),
    ),
    size=Size(quick=9),
)

MODELS = (_BOLTZMANN_MACHINE, _BOLTZMANN_DATA)

if TYPE_CHECKING:
    from replicon.boltzmann.estimator import BoltzmannMachine

__getattr__, __dir__, __all__ = contents(__name__, {"estimator": ["BoltzmannMachine"]})
