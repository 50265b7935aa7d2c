"""Linear attention learning in context: pre-training is the ground state of real spins with two-body couplings."""

import math

from replicon._declare import Array, Branch, Control, Interval, Model, Observable, Transition, Words, whole

_THEORY = "replicon.models.attention.theory"
_SIMULATION = "replicon.models.attention.simulation"

model = Model(
    name="attention",
    title="In-context learning of linear attention",
    controls=(
        Control("context", "alpha", 2.0, Interval(0, open_low=True, infinite=True), "examples in a prompt, l / d", realized=whole),
        Control("diversity", "kappa", 1.0, Interval(0, open_low=True, infinite=True), "tasks of pre-training, k / d", realized=whole),
        Control(
            "prompts",
            "tau",
            2.0,
            Interval(0, open_low=True, infinite=True),
            "prompts of pre-training, n / d^2",
            realized=lambda tau, d: whole(tau, d**2),
        ),
        Control("noise", "rho", 0.1, Interval(0), "variance of the noise of the labels"),
        Control("ridge", "lambda", 0.01, Interval(0), "weight decay, in units of n / d"),
        Control("temperature", "T", 0.0, Interval(0), "temperature of the Boltzmann measure; 0: ground state"),
        Control("dimension", "d", math.inf, Interval(2, integer=True, infinite=True), "exact second moments at finite d", "theory"),
        Control(
            "method",
            "method",
            "auto",
            Words(("auto", "direct", "conjugate-gradient", "gradient-descent")),
            "how it is trained",
            "simulation",
        ),
        Control("columns", "D", "square", Words(("square", "full")), "d x d weights, or d x (d + 1) with the label variance", "simulation"),
        Control("decay", "p", 0.0, Interval(0, 4), "eigenvalues of the inputs' covariance fall as rank^-p", "simulation"),
        Control("task_decay", "p_w", 0.0, Interval(0, 4), "eigenvalues of the tasks' covariance fall as rank^-p_w", "simulation"),
    ),
    observables=(
        Observable("icl_error", "e_ICL", "mean square error on new tasks", 0),
        Observable("idg_error", "e_IDG", "mean square error on the tasks of pre-training, new prompts", 0),
        Observable("diagonal", "g", "mean diagonal element of the weights", 0, 1),
        Observable("alignment", "cos", "cosine of the weights with the best ones, a multiple of the unit matrix", 0, 1),
        Observable("energy", "e", "Hamiltonian per prompt", 0),
        Observable("effective_ridge", "xi", "ridge that infinitely many prompts would need to give the same", 0, role="theory"),
    ),
    branches=(Branch("equilibrium", "the Boltzmann measure, one Gaussian"),),
    transitions=(
        Transition("optimal-ridge", "ridge", "least error on new tasks", f"{_THEORY}:find_optimal_ridge"),
        Transition(
            "memorization", "diversity", "below it the error on new tasks is over twice that on known ones", f"{_THEORY}:find_memorization"
        ),
    ),
    solve=f"{_THEORY}:solve",
    simulate=f"{_SIMULATION}:simulate",
    check_size=f"{_SIMULATION}:check_size",
    potential=None,
    source="Lu et al., arXiv 2405.11751 (PNAS 2025); Li, Bai & Huang, arXiv 2408.02288 (PRE)",
    size_meaning="dimension of the inputs",
    size_symbol="d",
    size_control="dimension",
    arrays=(
        Array("weights", ("entry",)),
        Array("coupling_spectrum", ("mode",)),
    ),
    quick_size=6,
)
