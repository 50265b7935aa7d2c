"""What learns a linear task from its context without any training: the baselines of attention, under the same names."""

from replicon._declare import Branch, Control, Interval, Model, Observable, Words, whole

_THEORY = "replicon.models.in_context_estimators.theory"
_SIMULATION = "replicon.models.in_context_estimators.simulation"

model = Model(
    name="in-context-estimators",
    title="Baselines of in-context learning",
    controls=(
        Control("estimator", "estimator", "ridge", Words(("ridge", "discrete", "none")), "Gaussian prior, k known tasks, or no learning"),
        Control("context", "alpha", 2.0, Interval(0, open_low=True, infinite=True), "examples in a prompt, l / d", realized=whole),
        Control("diversity", "kappa", 1.0, Interval(0, open_low=True, infinite=True), "known tasks, k / d", realized=whole),
        Control("noise", "rho", 0.1, Interval(0), "variance of the noise of the labels"),
        Control(
            "contexts", "M", 200, Interval(1, integer=True), "test contexts of a sample, new and known tasks each", "simulation", quick=20
        ),
    ),
    observables=(
        Observable("icl_error", "e_ICL", "mean square error on new tasks", 0),
        Observable("idg_error", "e_IDG", "mean square error on the known tasks", 0),
    ),
    branches=(Branch("equilibrium", "the posterior mean"),),
    solve=f"{_THEORY}:solve",
    simulate=f"{_SIMULATION}:simulate",
    check_size=f"{_SIMULATION}:check_size",
    potential=None,
    source="Raventos et al., NeurIPS (2023); Lu et al., arXiv 2405.11751",
    size_meaning="dimension of the inputs",
    size_symbol="d",
    quick_size=8,
)
