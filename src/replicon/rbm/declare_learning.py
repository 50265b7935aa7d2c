"""Restricted Boltzmann machines that learn from data: the declaration."""

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
)
from replicon._files import ROWS
from replicon._objects import DATA
from replicon.rbm import about

_EVALUATION = Axis(
    "evaluation", "", "moment at which the likelihood is measured", coordinate="epoch"
)

_UPDATE = Axis("update", "", "moment at which the weights are looked at", coordinate="time")
_PICTURE = Axis("picture", "", "picture shown")
_PIXEL = Axis("pixel", "i", "visible unit or pixel")

model = Model(
    name="rbm-training",
    title="Restricted Boltzmann machine learning data",
    about=about.RBM_TRAINING,
    controls=(
        Control(
            "data",
            "data",
            "small-digits",
            Words(("small-digits", "digits"), files=ROWS, objects=DATA),
            "digits of scikit-learn (64 pixels, on above 7), of MNIST (784, on from 128), or your"
            " own array (rows, units) of +-1 or 0/1",
        ),
        Control(
            "method",
            "method",
            "pcd",
            Words(
                ("cd", "pcd", "pt"),
                synonyms={"contrastive-divergence": "cd", "persistent": "pcd", "tempering": "pt"},
            ),
            "of the gradient's model average",
            "simulation",
            shared=True,
        ),
        Control(
            "steps",
            "k",
            1,
            Interval(1, integer=True),
            "Gibbs sweeps for a gradient",
            "simulation",
            live=True,
            shared=True,
            quick=20,
            typical=(1, 20),
        ),
        Control(
            "epochs",
            "n",
            30,
            Interval(1, integer=True),
            "passes over the data",
            "simulation",
            shared=True,
            quick=3,
            typical=(3, 300),
            scale="log",
        ),
        Control(
            "learning_rate",
            "eta",
            0.05,
            Interval(0, 1e3, open_low=True),
            "of plain gradient ascent",
            "simulation",
            live=True,
            shared=True,
            typical=(0.001, 1.0),
            scale="log",
        ),
        Control(
            "batch",
            "B",
            128,
            Interval(0, integer=True),
            "rows of a minibatch; 0: all of them",
            "simulation",
            shared=True,
            typical=(0, 1000),
        ),
        Control(
            "centred",
            "centred",
            "yes",
            Words(("yes", "no"), synonyms={"true": "yes", "false": "no"}),
            "gradients of centred units",
            "simulation",
            shared=True,
        ),
        Control(
            "initial_scale",
            "w_0",
            0.01,
            Interval(0, 10, open_low=True),
            "deviation of the first weights",
            "simulation",
            shared=True,
            typical=(0.001, 0.1),
            scale="log",
        ),
        Control(
            "annealing",
            "A",
            500,
            Interval(2, integer=True),
            "inverse temperatures of importance sampling",
            "simulation",
            shared=True,
            typical=(100, 5000),
            scale="log",
        ),
    ),
    observables=(
        Observable(
            "growth_rate",
            "lambda",
            "of the leading mode of the weights, early, per unit of time (updates x learning rate)",
        ),
        Observable(
            "test_log_likelihood",
            "L",
            "of a tenth of the rows, kept apart: nats per row",
            high=0,
            role="simulation",
        ),
        Observable(
            "training_log_likelihood",
            "L_train",
            "of the rows it learned from: nats per row",
            high=0,
            role="simulation",
        ),
        Observable(
            "pseudo_likelihood",
            "PL",
            "of the rows kept apart: sum over units, nats per row",
            high=0,
            role="simulation",
        ),
        Observable("largest_singular_value", "w_1", "of the weights", 0, role="simulation"),
        Observable(
            "active_units",
            "L_h",
            "hidden units that carry the fields of one sample (participation ratio)",
            0,
            role="simulation",
        ),
        Observable(
            "reliable_fraction",
            "p",
            "machines whose ln Z can be trusted: exact, or annealed well",
            0,
            1,
            "simulation",
            fraction=True,
        ),
        Observable("epoch", "n", "epochs so far", role="simulation", axes=(_EVALUATION,)),
        Observable(
            "test_likelihood",
            "ln p",
            "likelihood of rows kept for the test, nats a row",
            role="simulation",
            axes=(_EVALUATION,),
        ),
        Observable(
            "training_likelihood",
            "ln p",
            "likelihood of rows trained on, nats a row",
            role="simulation",
            axes=(_EVALUATION,),
        ),
        Observable("time", "t", "updates times learning rate", role="simulation", axes=(_UPDATE,)),
        Observable(
            "singular_value_1",
            "w_1",
            "singular value number 1 of the weights",
            role="simulation",
            axes=(_UPDATE,),
        ),
        Observable(
            "singular_value_2",
            "w_2",
            "singular value number 2 of the weights",
            role="simulation",
            axes=(_UPDATE,),
        ),
        Observable(
            "singular_value_3",
            "w_3",
            "singular value number 3 of the weights",
            role="simulation",
            axes=(_UPDATE,),
        ),
        Observable(
            "singular_value_4",
            "w_4",
            "singular value number 4 of the weights",
            role="simulation",
            axes=(_UPDATE,),
        ),
        Observable(
            "linear_1",
            "w_1",
            "what small weights would make of mode 1",
            role="simulation",
            axes=(_UPDATE,),
        ),
        Observable(
            "linear_2",
            "w_2",
            "what small weights would make of mode 2",
            role="simulation",
            axes=(_UPDATE,),
        ),
        Observable(
            "linear_3",
            "w_3",
            "what small weights would make of mode 3",
            role="simulation",
            axes=(_UPDATE,),
        ),
        Observable(
            "linear_4",
            "w_4",
            "what small weights would make of mode 4",
            role="simulation",
            axes=(_UPDATE,),
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
            "ends of chains of the machine, chance of 1",
            role="simulation",
            axes=(
                _PICTURE,
                _PIXEL,
            ),
        ),
        Observable(
            "receptive_fields",
            "W",
            "columns of W of largest norm",
            role="simulation",
            axes=(
                _PICTURE,
                _PIXEL,
            ),
        ),
        Observable(
            "principal_components",
            "u",
            "principal components of the data",
            role="simulation",
            axes=(
                _PICTURE,
                _PIXEL,
            ),
        ),
        Observable(
            "singular_vectors",
            "u",
            "singular vectors of W",
            role="simulation",
            axes=(
                _PICTURE,
                _PIXEL,
            ),
        ),
    ),
    branches=(Branch("linear", "small weights: modes grow independently, exponentially"),),
    solve="replicon.rbm.learning:solve",
    start="replicon.rbm.learning_finite:Training",
    schedule=Schedule("epochs", burn=1.0),
    views=(
        View("receptive_fields", "image", "columns of the weights of largest norm"),
        View(
            "chains",
            "image",
            "visible means of the persistent chains; of method=cd, rows of the data reconstructed",
        ),
        View("singular_values", "spectrum", "singular values of the weights, on the real axis"),
    ),
    potential=None,
    source=(
        "Hinton, Neural Comput. 14, 1771 (2002); Decelle, Fissore & Furtlehner, EPL 119, 60001"
        " (2017)"
    ),
    size=Size(
        meaning="hidden units", symbol="H", quick=6, typical=(4, 200), greatest=2000, cost=1.0
    ),
)
