"""Teacher and student: a restricted Boltzmann machine with one or two hidden units learns from
another's samples.
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
    Transition,
    View,
    Words,
    whole,
)
from replicon._files import ROWS
from replicon._rooms import contents

_THEORY_RBM = "replicon.rbm.inference"
_SIMULATION_RBM = "replicon.rbm.inference_finite"

_RBM = Model(
    name="rbm",
    title="Restricted Boltzmann machine with a teacher",
    controls=(
        Control(
            "load",
            "alpha",
            3.0,
            Interval(0, 100),
            "samples per visible unit",
            realized=whole,
            typical=(0.0, 10.0),
        ),
        Control(
            "inverse_temperature",
            "beta",
            1.0,
            Interval(0, 5, open_low=True),
            "of the machine, E = -sum_i s_i (xi_i . h) / sqrt(N)",
            typical=(0.2, 2.0),
        ),
        Control(
            "correlation",
            "q_0",
            0.3,
            Interval(0, 1, open_high=True),
            "of the teacher's two receptive fields",
            typical=(0.0, 0.9),
        ),
        Control(
            "prior",
            "prior",
            "informed",
            Words(("informed", "uniform")),
            "the student knows the correlation, or takes it for zero",
        ),
        Control(
            "hidden",
            "K",
            2,
            Interval(1, 2, integer=True),
            "hidden units of teacher and student",
            typical=(1, 2),
        ),
        Control(
            "method",
            "method",
            "amp",
            Words(("amp", "belief-propagation", "gibbs", "pca", "enumeration")),
            "of inference; all see the same instances",
            "simulation",
            shared=True,
        ),
        Control(
            "sweeps",
            "t",
            400,
            Interval(2, integer=True),
            "of method=gibbs",
            "simulation",
            shared=True,
            quick=12,
            typical=(20, 5000),
            scale="log",
        ),
    ),
    observables=(
        Observable(
            "teacher_overlap", "T", "of a student's receptive field with its own teacher's", 0, 1
        ),
        Observable(
            "cross_overlap",
            "tau",
            "with the other teacher's, where there are two",
            -1,
            1,
            partial=True,
        ),
        Observable("overlap", "q_1", "of the same receptive field in two replicas", 0, 1),
        Observable(
            "cross_replica_overlap",
            "r",
            "of different receptive fields in two replicas",
            -1,
            1,
            partial=True,
        ),
        Observable(
            "receptive_overlap",
            "R",
            "of the two receptive fields of one student",
            -1,
            1,
            partial=True,
        ),
        Observable(
            "entropy", "s", "of the posterior, nats per visible unit", high=1.3862943611198906
        ),
        Observable(
            "converged_fraction",
            "p",
            "of the instances, those whose messages came to rest",
            0,
            1,
            role="simulation",
            fraction=True,
        ),
    ),
    branches=(
        Branch("equilibrium", "whichever of the following is stable"),
        Branch("random-guess", "nothing is learned"),
        Branch(
            "symmetric",
            "both units learn the same: where the teacher's weights agree",
            ends_at="symmetry-breaking",
        ),
        Branch(
            "permutation-student",
            "the student's units differ, but belong to no teacher's unit",
            ends_at="permutation-student",
        ),
        Branch(
            "permutation-broken", "each unit belongs to a teacher's", ends_at="permutation-teacher"
        ),
    ),
    transitions=(
        Transition(
            "symmetry-breaking",
            "load",
            "continuous: the student begins to learn",
            f"{_THEORY_RBM}:find_symmetry_breaking",
            bounds=("random-guess", "symmetric"),
        ),
        Transition(
            "permutation-symmetry-breaking",
            "load",
            "continuous: the student's units become different (correlation > 0, two units)",
            f"{_THEORY_RBM}:find_permutation_student",
            bounds=("symmetric", "permutation-student"),
        ),
        Transition(
            "permutation-student",
            "load",
            "the same: the student's own permutation symmetry breaks",
            f"{_THEORY_RBM}:find_permutation_student",
            bounds=("symmetric", "permutation-student"),
        ),
        Transition(
            "permutation-teacher",
            "load",
            "continuous: each of the student's units picks a teacher's",
            f"{_THEORY_RBM}:find_permutation_teacher",
            bounds=("permutation-student", "permutation-broken"),
        ),
    ),
    solve=f"{_THEORY_RBM}:solve",
    sample=f"{_SIMULATION_RBM}:sample",
    check_size=f"{_SIMULATION_RBM}:check_size",
    potential="free_entropy",
    source="Hou, Wong & Huang, J. Phys. A 52, 414001 (2019); Hou & Huang, PRL 124, 248302 (2020)",
    size=Size(
        meaning="visible units, at most 12 with method=enumeration",
        typical=(20, 1000),
        greatest=5000,
        cost=2.0,
    ),
)


_EVALUATION = Axis(
    "evaluation", "", "moment at which the likelihood is measured", coordinate="epoch"
)
_UPDATE = Axis("update", "", "moment at which the weights are looked at", coordinate="time")
_PICTURE = Axis("picture", "", "picture shown")
_PIXEL = Axis("pixel", "i", "visible unit or pixel")

_RBM_TRAINING = Model(
    name="rbm-training",
    title="Restricted Boltzmann machine learning data",
    controls=(
        Control(
            "data",
            "data",
            "small-digits",
            Words(("small-digits", "digits"), files=ROWS),
            "digits of scikit-learn (64 pixels, on above 7), of MNIST (784, on from 128), or your"
            " own array (rows, units) of +-1 or 0/1",
        ),
        Control(
            "method",
            "method",
            "pcd",
            Words(("cd", "pcd", "pt")),
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
            Words(("yes", "no")),
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
        View("chains", "image", "visible means of the persistent chains"),
        View("singular_values", "histogram", "singular values of the weights"),
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

MODELS = (_RBM, _RBM_TRAINING)

if TYPE_CHECKING:
    from replicon.rbm.estimator import RestrictedBoltzmannMachine

__getattr__, __dir__, __all__ = contents(__name__, {"estimator": ["RestrictedBoltzmannMachine"]})
