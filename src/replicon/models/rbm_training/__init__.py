"""A restricted Boltzmann machine learns real data: likelihood, and the modes that grow out of its weights one by one."""

from replicon._declare import Array, Branch, Control, Interval, Model, Observable, Words
from replicon._files import ROWS

_HERE = "replicon.models.rbm_training"

model = Model(
    name="rbm-training",
    title="Restricted Boltzmann machine learning data",
    controls=(
        Control(
            "data",
            "data",
            "small-digits",
            Words(("small-digits", "digits"), files=ROWS),
            "digits of scikit-learn (64 pixels, on above 7), of MNIST (784, on from 128), or your own array (rows, units) of +-1 or 0/1",
        ),
        Control("method", "method", "pcd", Words(("cd", "pcd", "pt")), "of the gradient's model average", "simulation", shared=True),
        Control("steps", "k", 1, Interval(1, integer=True), "Gibbs sweeps for a gradient", "simulation", shared=True, quick=20),
        Control("epochs", "n", 30, Interval(1, integer=True), "passes over the data", "simulation", shared=True, quick=3),
        Control("learning_rate", "eta", 0.05, Interval(0, 1e3, open_low=True), "of plain gradient ascent", "simulation", shared=True),
        Control("batch", "B", 128, Interval(0, integer=True), "rows of a minibatch; 0: all of them", "simulation", shared=True),
        Control("centred", "centred", "yes", Words(("yes", "no")), "gradients of centred units", "simulation", shared=True),
        Control("initial_scale", "w_0", 0.01, Interval(0, 10, open_low=True), "deviation of the first weights", "simulation", shared=True),
        Control("annealing", "A", 500, Interval(2, integer=True), "inverse temperatures of importance sampling", "simulation", shared=True),
    ),
    observables=(
        Observable("growth_rate", "lambda", "of the leading mode of the weights, early, per unit of time (updates x learning rate)"),
        Observable("test_log_likelihood", "L", "of a tenth of the rows, kept apart: nats per row", high=0, role="simulation"),
        Observable("training_log_likelihood", "L_train", "of the rows it learned from: nats per row", high=0, role="simulation"),
        Observable(
            "pseudo_likelihood",
            "PL",
            "of the rows kept apart: sum over units, nats per row",
            high=0,
            role="simulation",
        ),
        Observable("largest_singular_value", "w_1", "of the weights", 0, role="simulation"),
        Observable("active_units", "L_h", "hidden units that carry the fields of one sample (participation ratio)", 0, role="simulation"),
        Observable(
            "reliable_fraction", "p", "machines whose ln Z can be trusted: exact, or annealed well", 0, 1, "simulation", fraction=True
        ),
    ),
    branches=(Branch("linear", "small weights: modes grow independently, exponentially"),),
    solve=f"{_HERE}.theory:solve",
    simulate=f"{_HERE}.simulation:simulate",
    potential=None,
    source="Hinton, Neural Comput. 14, 1771 (2002); Decelle, Fissore & Furtlehner, EPL 119, 60001 (2017)",
    size_meaning="hidden units",
    size_symbol="H",
    arrays=(
        Array("epoch", ("epoch",)),
        Array("test_likelihood", ("epoch",)),
        Array("training_likelihood", ("epoch",)),
        Array("time", ("update",)),
        Array("singular_value_1", ("update",)),
        Array("singular_value_2", ("update",)),
        Array("singular_value_3", ("update",)),
        Array("singular_value_4", ("update",)),
        Array("linear_1", ("update",)),
        Array("linear_2", ("update",)),
        Array("linear_3", ("update",)),
        Array("linear_4", ("update",)),
        Array("examples", ("picture", "pixel")),
        Array("samples", ("picture", "pixel")),
        Array("receptive_fields", ("picture", "pixel")),
        Array("principal_components", ("picture", "pixel")),
        Array("singular_vectors", ("picture", "pixel")),
    ),
    quick_size=6,
)
