"""The inverse Ising problem: how well are couplings inferred from samples?"""

from replicon._declare import Branch, Control, Interval, Model, Observable, Words, whole

_HERE = "replicon.models.boltzmann_machine"

model = Model(
    name="boltzmann-machine",
    title="Boltzmann machine: couplings inferred from samples",
    controls=(
        Control("load", "alpha", 100.0, Interval(0, open_low=True), "rows of data per spin", realized=whole),
        Control("inverse_temperature", "beta", 0.4, Interval(0, 5, open_low=True), "scale of the couplings"),
        Control(
            "couplings",
            "J",
            "sk",
            Words(("sk", "diluted")),
            "normal of variance beta^2 / N between all spins, or +-beta on a random graph of degree 3",
        ),
        Control(
            "method",
            "method",
            "naive-mean-field",
            Words(("independent", "pair", "naive-mean-field", "tap", "bethe", "pseudo-likelihood", "exact", "monte-carlo")),
            "of inference; all see the same data",
            shared=True,
        ),
        Control("regularization", "lambda", 0.0, Interval(0, 10), "of method=pseudo-likelihood, L2", "simulation", shared=True),
        Control(
            "sweeps", "t", 100, Interval(1, integer=True), "heat-bath sweeps before the first row", "simulation", shared=True, quick=12
        ),
    ),
    observables=(
        Observable("reconstruction_error", "gamma", "root of sum (J - J*)^2 / sum J*^2, J* the true couplings", 0),
        Observable("coupling_slope", "b", "regression of inferred on true couplings: sum J J* / sum J*^2"),
        Observable("pseudo_likelihood", "PL", "of new data: sum over spins, nats per row", high=0, role="simulation"),
        Observable("converged_fraction", "p", "of the fits", 0, 1, role="simulation", fraction=True),
    ),
    branches=(Branch("paramagnet", "beta < 1, couplings=sk, no fields: the methods that are functions of the correlations"),),
    solve=f"{_HERE}.theory:solve",
    simulate=f"{_HERE}.simulation:simulate",
    check_size=f"{_HERE}.simulation:check_size",
    potential=None,
    source="Nguyen, Zecchina & Berg, Adv. Phys. 66, 197 (2017); Roudi, Aurell & Hertz, Front. Comput. Neurosci. 3, 22 (2009)",
    quick_size=8,
)
