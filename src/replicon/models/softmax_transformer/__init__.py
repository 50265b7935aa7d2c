"""A small softmax transformer pre-trained on the tasks of linear attention, measured under the same names."""

import math

from replicon._declare import Control, Interval, Model, Observable

_SIMULATION = "replicon.models.softmax_transformer.simulation"

model = Model(
    name="softmax-transformer",
    title="Softmax transformer learning in context",
    controls=(
        Control("context", "alpha", 2.0, Interval(0, open_low=True), "examples in a prompt, l / d"),
        Control("diversity", "kappa", math.inf, Interval(0, open_low=True, infinite=True), "tasks of pre-training, k / d"),
        Control("noise", "rho", 0.1, Interval(0), "variance of the noise of the labels"),
        Control("steps", "t", 3000, Interval(1, integer=True), "steps of pre-training, a fresh batch each", quick=20),
        Control("batch", "B", 64, Interval(1, integer=True), "prompts in a batch"),
        Control("layers", "L", 2, Interval(1, 24, integer=True), "layers of attention and perceptron", quick=1),
        Control("width", "W", 32, Interval(4, 2048, integer=True), "width of the residual stream, a multiple of 4", quick=8),
    ),
    observables=(
        Observable("icl_error", "e_ICL", "mean square error on new tasks", 0, role="simulation"),
        Observable("idg_error", "e_IDG", "mean square error on the tasks of pre-training, new prompts", 0, role="simulation"),
        Observable("training_error", "e_train", "mean square error over the last tenth of pre-training", 0, role="simulation"),
    ),
    simulate=f"{_SIMULATION}:simulate",
    check_size=f"{_SIMULATION}:check_size",
    potential=None,
    source="Garg et al., NeurIPS (2022); Raventos et al., NeurIPS (2023)",
    size_meaning="dimension of the inputs",
    size_symbol="d",
    quick_size=4,
)
