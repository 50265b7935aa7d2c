"""A pairwise model of real binary data: what do means and correlations of pairs explain?"""

from replicon._declare import Array, Control, Interval, Model, Observable, Words
from replicon._files import ROWS

_HERE = "replicon.models.boltzmann_data.simulation"

model = Model(
    name="boltzmann-data",
    title="Boltzmann machine of real data",
    controls=(
        Control(
            "data",
            "data",
            "small-digits",
            Words(("small-digits", "digits"), files=ROWS),
            "central patch of scikit-learn's digits or of MNIST's, or the first columns of your own rows of +-1 or 0/1",
        ),
        Control(
            "method",
            "method",
            "monte-carlo",
            Words(("independent", "pair", "naive-mean-field", "tap", "bethe", "pseudo-likelihood", "exact", "monte-carlo")),
            "of inference; all see the same rows",
            shared=True,
            quick="tap",
        ),
        Control("regularization", "lambda", 0.001, Interval(0, 10), "L2, of the likelihoods", shared=True),
        Control(
            "sweeps", "t", 500, Interval(1, integer=True), "heat-bath sweeps of each chain that samples the model", shared=True, quick=12
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
        Observable("independent_likelihood", "L_0", "of the same rows without couplings: nats per row", high=0, role="simulation"),
        Observable(
            "correlation_error", "e_C", "root mean square error of connected pair correlations on the rows kept apart", 0, role="simulation"
        ),
        Observable(
            "three_point_slope", "b_3", "regression of the model's three-point correlations on those of all rows", role="simulation"
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
            "converged_fraction", "p", "of the fits, with samples and specific heat of chains that mixed", 0, 1, "simulation", fraction=True
        ),
    ),
    simulate=f"{_HERE}:simulate",
    check_size=f"{_HERE}:check_size",
    potential=None,
    source="Schneidman, Berry, Segev & Bialek, Nature 440, 1007 (2006); Tkacik et al., PNAS 112, 11508 (2015)",
    arrays=(
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
    quick_size=9,
)
