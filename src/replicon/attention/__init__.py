"""In-context learning of linear attention as a two-body spin model, and estimators and a
transformer beside it.

Models: attention, in-context-estimators, softmax-transformer.

`draw_tasks`: task vectors. `draw_prompts`: prompts and contexts. `Prompts`: what it returns.
`train`: weights of linear attention on prompts of your own, ground state or Boltzmann sample, from
a `Hamiltonian`: the two-body couplings of the weights. `pretrain`: a small softmax transformer.
"""

import math
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
from replicon._rooms import contents
from replicon.attention import about

_THEORY_ATTENTION = "replicon.attention.theory"
_SIMULATION_ATTENTION = "replicon.attention.finite"

_ENTRY = Axis("entry", "ij", "entry of the square part of Gamma, row by row")
_MODE = Axis("mode", "k", "eigenvalue of the couplings, largest first")

_CONTEXT = Control(
    "context",
    "alpha",
    2.0,
    Interval(0, open_low=True, infinite=True),
    "examples in a prompt, l / d",
    realized=whole,
    typical=(0.1, 20.0),
    scale="log",
)

_NOISE = Control(
    "noise",
    "rho",
    0.1,
    Interval(0),
    "variance of the noise of the labels",
    typical=(0.0, 1.0),
)

_ATTENTION = Model(
    name="attention",
    title="In-context learning of linear attention",
    about=about.ATTENTION,
    controls=(
        _CONTEXT,
        Control(
            "diversity",
            "kappa",
            1.0,
            Interval(0, open_low=True, infinite=True),
            "tasks of pre-training, k / d",
            realized=whole,
            typical=(0.05, 20.0),
            scale="log",
        ),
        Control(
            "prompts",
            "tau",
            2.0,
            Interval(0, open_low=True, infinite=True),
            "prompts of pre-training, n / d^2",
            realized=lambda tau, d: whole(tau, d**2),
            typical=(0.1, 10.0),
            scale="log",
        ),
        _NOISE,
        Control(
            "ridge",
            "lambda",
            0.01,
            Interval(0),
            "weight decay, in units of n / d",
            typical=(0.0, 1.0),
        ),
        Control(
            "temperature",
            "T",
            0.0,
            Interval(0),
            "temperature of the Boltzmann measure; 0: ground state",
            typical=(0.0, 1.0),
            inverse=("beta", "inverse_temperature"),
        ),
        Control(
            "dimension",
            "d",
            math.inf,
            Interval(2, integer=True, infinite=True),
            "exact second moments at finite d",
            "theory",
            typical=(4, 200),
            scale="log",
        ),
        Control(
            "method",
            "method",
            "auto",
            Words(
                ("auto", "direct", "conjugate-gradient", "gradient-descent"),
                synonyms={"cg": "conjugate-gradient", "gd": "gradient-descent"},
            ),
            "how it is trained",
            "simulation",
        ),
        Control(
            "columns",
            "D",
            "square",
            Words(("square", "full")),
            "d x d weights, or d x (d + 1) with the label variance",
            "simulation",
        ),
        Control(
            "decay",
            "p",
            0.0,
            Interval(0, 4),
            "eigenvalues of the inputs' covariance fall as rank^-p",
            "simulation",
            typical=(0.0, 2.0),
        ),
        Control(
            "task_decay",
            "p_w",
            0.0,
            Interval(0, 4),
            "eigenvalues of the tasks' covariance fall as rank^-p_w",
            "simulation",
            typical=(0.0, 2.0),
        ),
    ),
    observables=(
        Observable("icl_error", "e_ICL", "mean square error on new tasks", 0),
        Observable(
            "idg_error", "e_IDG", "mean square error on the tasks of pre-training, new prompts", 0
        ),
        Observable("diagonal", "g", "mean diagonal element of the weights", 0, 1),
        Observable(
            "alignment",
            "cos",
            "cosine of the weights with the best ones, a multiple of the unit matrix",
            0,
            1,
        ),
        Observable("energy", "e", "Hamiltonian per prompt", 0),
        Observable(
            "effective_ridge",
            "xi",
            "ridge that infinitely many prompts would need to give the same",
            0,
            role="theory",
        ),
        Observable(
            "weights",
            "Gamma",
            "trained weights, the square part",
            role="simulation",
            axes=(_ENTRY,),
        ),
        Observable(
            "coupling_spectrum",
            "j_k",
            "eigenvalues of J d / n, of small networks",
            role="simulation",
            axes=(_MODE,),
        ),
    ),
    branches=(Branch("equilibrium", "the Boltzmann measure, one Gaussian"),),
    transitions=(
        Transition(
            "optimal-ridge",
            "ridge",
            "least error on new tasks",
            f"{_THEORY_ATTENTION}:find_optimal_ridge",
            bounds=("equilibrium",),
        ),
        Transition(
            "memorization",
            "diversity",
            "below it the error on new tasks is over twice that on known ones",
            f"{_THEORY_ATTENTION}:find_memorization",
            bounds=("equilibrium",),
        ),
    ),
    solve=f"{_THEORY_ATTENTION}:solve",
    sample=f"{_SIMULATION_ATTENTION}:sample",
    check_size=f"{_SIMULATION_ATTENTION}:check_size",
    potential=None,
    revision=2,
    source="Lu et al., arXiv 2405.11751 (PNAS 2025); Li, Bai & Huang, arXiv 2408.02288 (PRE)",
    size=Size(
        meaning="dimension of the inputs",
        symbol="d",
        quick=6,
        control="dimension",
        typical=(6, 60),
        greatest=200,
        cost=6.0,
        least=2,
    ),
)

_THEORY_IN_CONTEXT_ESTIMATORS = "replicon.attention.estimators"
_SIMULATION_IN_CONTEXT_ESTIMATORS = "replicon.attention.estimators_finite"

_IN_CONTEXT_ESTIMATORS = Model(
    name="in-context-estimators",
    title="Baselines of in-context learning",
    about=about.IN_CONTEXT_ESTIMATORS,
    controls=(
        Control(
            "estimator",
            "estimator",
            "ridge",
            Words(("ridge", "discrete", "none")),
            "Gaussian prior, k known tasks, or no learning",
        ),
        _CONTEXT,
        Control(
            "diversity",
            "kappa",
            1.0,
            Interval(0, open_low=True, infinite=True),
            "known tasks, k / d",
            realized=whole,
            typical=(0.05, 20.0),
            scale="log",
        ),
        _NOISE,
        Control(
            "contexts",
            "M",
            200,
            Interval(1, integer=True),
            "test contexts of a sample, new and known tasks each",
            "simulation",
            quick=20,
            typical=(20, 2000),
            scale="log",
        ),
    ),
    observables=(
        Observable("icl_error", "e_ICL", "mean square error on new tasks", 0),
        Observable("idg_error", "e_IDG", "mean square error on the known tasks", 0),
    ),
    branches=(Branch("equilibrium", "the posterior mean"),),
    solve=f"{_THEORY_IN_CONTEXT_ESTIMATORS}:solve",
    sample=f"{_SIMULATION_IN_CONTEXT_ESTIMATORS}:sample",
    check_size=f"{_SIMULATION_IN_CONTEXT_ESTIMATORS}:check_size",
    potential=None,
    revision=2,
    source="Raventos et al., NeurIPS (2023); Lu et al., arXiv 2405.11751",
    size=Size(
        meaning="dimension of the inputs",
        symbol="d",
        quick=8,
        typical=(8, 64),
        greatest=300,
        cost=3.0,
    ),
)

_SOFTMAX_TRANSFORMER = Model(
    name="softmax-transformer",
    title="Softmax transformer learning in context",
    about=about.SOFTMAX_TRANSFORMER,
    controls=(
        Control(
            "context",
            "alpha",
            2.0,
            Interval(0, open_low=True),
            "examples in a prompt, l / d",
            typical=(0.5, 10.0),
            scale="log",
        ),
        Control(
            "diversity",
            "kappa",
            math.inf,
            Interval(0, open_low=True, infinite=True),
            "tasks of pre-training, k / d",
            typical=(0.25, 64.0),
            scale="log",
        ),
        _NOISE,
        Control(
            "steps",
            "t",
            3000,
            Interval(1, integer=True),
            "steps of pre-training, a fresh batch each",
            quick=20,
            typical=(20, 20_000),
            scale="log",
        ),
        Control(
            "batch",
            "B",
            64,
            Interval(1, integer=True),
            "prompts in a batch",
            typical=(16, 512),
            scale="log",
        ),
        Control(
            "layers",
            "L",
            2,
            Interval(1, 24, integer=True),
            "layers of attention and perceptron",
            quick=1,
            typical=(1, 6),
        ),
        Control(
            "width",
            "W",
            32,
            Interval(4, 2048, integer=True),
            "width of the residual stream, a multiple of 4",
            quick=8,
            typical=(8, 128),
            scale="log",
        ),
    ),
    observables=(
        Observable("icl_error", "e_ICL", "mean square error on new tasks", 0, role="simulation"),
        Observable(
            "idg_error",
            "e_IDG",
            "mean square error on the tasks of pre-training, new prompts",
            0,
            role="simulation",
        ),
        Observable(
            "training_error",
            "e_train",
            "mean square error over the last tenth of pre-training",
            0,
            role="simulation",
        ),
    ),
    start="replicon.attention.transformer:start",
    schedule=Schedule("steps", burn=1.0),
    views=(
        View("losses", "trajectory", "mean square error of each batch so far"),
        View(
            "attention",
            "image",
            "what the query of one prompt attends to: a row for each head of each layer, a column"
            " for each example, the query itself last",
        ),
    ),
    check_size="replicon.attention.transformer:check_size",
    potential=None,
    source="Garg et al., NeurIPS (2022); Raventos et al., NeurIPS (2023)",
    size=Size(
        meaning="dimension of the inputs",
        symbol="d",
        quick=4,
        typical=(4, 32),
        greatest=128,
        cost=2.0,
    ),
)

MODELS = (_ATTENTION, _IN_CONTEXT_ESTIMATORS, _SOFTMAX_TRANSFORMER)

if TYPE_CHECKING:
    from replicon.attention.hamiltonian import Hamiltonian, train
    from replicon.attention.prompts import Prompts, draw_prompts, draw_tasks
    from replicon.attention.transformer import pretrain

__getattr__, __dir__, __all__ = contents(
    __name__,
    {
        "hamiltonian": ["Hamiltonian", "train"],
        "prompts": ["Prompts", "draw_prompts", "draw_tasks"],
        "transformer": ["pretrain"],
    },
)
