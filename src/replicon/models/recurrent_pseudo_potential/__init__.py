"""A few neurons: their motion beside the pseudo-potential E = |-x + J phi(x)|^2 / 2, whose Boltzmann measure is integrated exactly."""

from replicon._declare import Array, Branch, Control, Interval, Model, Observable, Words
from replicon._files import NETWORKS

_THEORY = "replicon.models.recurrent_pseudo_potential.theory"
_SIMULATION = "replicon.models.recurrent_pseudo_potential.simulation"

model = Model(
    name="recurrent-pseudo-potential",
    title="Pseudo-potential of a few neurons",
    controls=(
        Control(
            "couplings",
            "J",
            "two-points",
            Words(("spiral", "two-points"), files=NETWORKS),
            "three neurons that spiral to one fixed point or have two; or your own J[i, j] from j to i (theory: at most 3)",
        ),
        Control("temperature", "T", 0.5, Interval(0.05), "of the pseudo-potential E"),
        Control("regulariser", "eta", 0.0, Interval(0), "weight of |x|^2 added to E"),
        Control(
            "nonlinearity", "phi", "tanh", Words(("tanh", "erf", "relu"), (".py",)), "bounded transfer function, or a file that defines phi"
        ),
        Control(
            "sweeps", "t", 16000, Interval(4, integer=True), "steps of Langevin dynamics, half of them measured", "simulation", quick=12
        ),
        Control("chains", "K", 64, Interval(2, integer=True), "Langevin chains of a sample", "simulation", quick=4),
        Control("duration", "T_f", 30.0, Interval(1), "length of the trajectories x' = -x + J phi(x)", "simulation", quick=10),
    ),
    observables=(
        Observable("variance", "x_2", "<x^2>, mean over neurons", 0),
        Observable("activity", "C", "<phi(x)^2>, mean over neurons", 0),
        Observable("energy", "e", "E, with the regulariser, per neuron", 0),
    ),
    branches=(Branch("equilibrium", "the measure exp(-E/T), integrated over all states"),),
    solve=f"{_THEORY}:solve",
    simulate=f"{_SIMULATION}:simulate",
    check_size=f"{_SIMULATION}:check_size",
    potential="free_entropy",
    source="Qiu & Huang, arXiv 2401.10009",
    size_meaning="neurons",
    arrays=(
        Array("landscape", ("axis_1", "axis_2"), "theory"),
        Array("axis_1", ("axis_1",), "theory"),
        Array("axis_2", ("axis_2",), "theory"),
        Array("fixed_point", ("point", "neuron"), "theory"),
        Array("growth", ("point",), "theory"),
        Array("states", ("state", "neuron")),
        Array("trajectory", ("run", "time", "neuron")),
        Array("trajectory_energy", ("run", "time")),
    ),
    quick_size=3,
)
