"""What a reader is told of the models of this system."""

from replicon._about import About

_CHAPTER = "In-context learning as a two-body model of real spins"
_TASK = (
    r"y = w \cdot x + \epsilon, \quad x \sim \mathcal{N}(0, I/d), \quad w \sim \mathcal{N}(0, I),"
    r" \quad \epsilon \sim \mathcal{N}(0, \rho)"
)

ATTENTION = About(
    summary=(
        "Linear attention is trained to predict the label of a query from examples in its prompt."
        " Its weights are real spins with couplings of pairs, so that its learning is solved: with"
        " few tasks it recites them, with many it learns to read the examples."
    ),
    formulas={
        "Task": _TASK,
        "Prediction": (r"\hat y = x^\top \Gamma h, \quad h = \frac{d}{l} \sum_{i=1}^{l} y_i x_i"),
        "Energy of the weights": (
            r"H(\Gamma) = \frac{1}{2} \sum_{\mu=1}^{n} \bigl(y^\mu - (x^\mu)^\top \Gamma h^\mu"
            r"\bigr)^2 + \frac{n \lambda}{2 d} |\Gamma|^2, \quad P(\Gamma) \propto e^{-H/T}"
        ),
        "Effective ridge": (
            r"\lambda = \xi \Bigl(1 - \frac{1}{\tau} \operatorname{tr} \frac{B}{B + \xi}\Bigr),"
            r" \quad B = R + c, \quad c = \frac{1 + \rho}{\alpha}"
        ),
        "Error on known tasks, T = 0": (
            r"e_{\text{IDG}} = \frac{\rho + \operatorname{tr} [R - 2 G R + G^2 B]}"
            r"{1 - \frac{1}{\tau} \operatorname{tr} B^2 (B + \xi)^{-2}}, \quad"
            r" G = \frac{R}{B + \xi}"
        ),
        "Error on new tasks, T = 0": (
            r"e_{\text{ICL}} = \rho + \operatorname{tr} [1 - 2 G + (1 + c) G^2]"
            r" + \frac{e_{\text{IDG}}}{\tau} (1 + c) \operatorname{tr} \frac{B}{(B + \xi)^2}"
        ),
        "At temperature T, beside them": (
            r"\frac{T \xi}{\tau \lambda} \operatorname{tr} \frac{M}{B + \xi}, \quad M = B"
            r" \text{ (known)}, \quad M = 1 + c \text{ (new)}"
        ),
    },
    assumes=(
        "The dimension d goes to infinity, with context l/d, tasks k/d and prompts n/d^2 held. R,"
        " the covariance of the tasks, has the spectrum of Marchenko and Pastur; traces are per"
        " dimension.",
        "Attention is linear and has one layer: no softmax, no perceptron, no position.",
        "Inputs are white, and tasks normal: slanted spectra (decay, task_decay) are simulated"
        " only.",
        "Training ends in the minimum, or in equilibrium at temperature T; a stochastic gradient"
        " that stops early is neither.",
        "With dimension=d the second moments of finite contexts are exact, and the rest is still"
        " the limit.",
    ),
    chapter=_CHAPTER,
    papers=(
        "Garg et al., NeurIPS (2022)",
        "Raventos et al., NeurIPS (2023)",
    ),
)

IN_CONTEXT_ESTIMATORS = About(
    summary=(
        "What can be known of the query's label from the examples alone: the best estimate for"
        " Gaussian tasks, the best one for a finite set of known tasks, and no estimate at all."
        " Whatever learns in context lies between them."
    ),
    formulas={
        "Task": _TASK,
        "estimator=ridge": r"\hat w = (X^\top X + \rho)^{-1} X^\top y",
        "estimator=discrete": (
            r"\hat w = \sum_j p_j w_j, \quad p_j \propto \exp\Bigl(-\frac{|y - X w_j|^2}{2 \rho}"
            r"\Bigr)"
        ),
        "Error": r"e = \rho + \frac{1}{d} |w - \hat w|^2",
        "Theory, estimator=ridge": (
            r"e = \rho + \frac{1}{d} \operatorname{tr} \Bigl(1 + \frac{X^\top X}{\rho}\Bigr)^{-1}"
        ),
    },
    assumes=(
        "The dimension goes to infinity with the context l/d held; the spectrum of the examples is"
        " that of Marchenko and Pastur.",
        "The noise of the labels is known to the estimators.",
        "estimator=discrete: any context singles out a known task, and one wrong task where the"
        " task is new. Both limits are reached slowly, as sqrt(ln k / d).",
    ),
    chapter=_CHAPTER,
    papers=("Marchenko & Pastur, Math. USSR Sb. 1, 457 (1967)",),
)

SOFTMAX_TRANSFORMER = About(
    summary=(
        "A small transformer as it is used, with softmax, perceptrons and layers, is trained on the"
        " prompts of linear tasks, beside the solvable model and the best estimators."
    ),
    formulas={
        "Task": _TASK,
        "Attention of the query": (
            r"\sum_t \operatorname{softmax}_t\Bigl(\frac{q \cdot k_t}{\sqrt{c}}\Bigr) v_t, \quad"
            r" q, k_t, v_t \in \mathbb{R}^c"
        ),
        "A layer": (
            r"z \leftarrow z + \operatorname{attention}(\operatorname{norm} z), \quad"
            r" z \leftarrow z + \operatorname{perceptron}(\operatorname{norm} z)"
        ),
        "Training": (
            r"\min\; \frac{1}{B} \sum_{b=1}^{B} (y_b - \hat y_b)^2 \quad"
            r" \text{on a fresh batch each step}"
        ),
    },
    assumes=(
        "There is no theory of this model. No machine errs less on new tasks than"
        " in-context-estimators with estimator=ridge.",
        "Pre-training ends after its steps, converged or not.",
    ),
    chapter=_CHAPTER,
    papers=("Vaswani et al., NeurIPS (2017)",),
)
