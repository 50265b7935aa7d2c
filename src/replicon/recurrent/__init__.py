"""Random recurrent networks in motion: x' = -x + J phi(x), its chaos, its memory, and how it
responds.
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
)
from replicon._files import NETWORKS
from replicon._rooms import contents

_THEORY_RECURRENT_DYNAMICS = "replicon.recurrent.dynamics"
_SIMULATION_RECURRENT_DYNAMICS = "replicon.recurrent.dynamics_finite"

_LAG = Axis("lag", "tau", "time between two moments", coordinate=tuple(k / 4 for k in range(81)))

_VIEWS = (
    View("trajectory", "trajectory", "recent states of a few neurons"),
    View("eigenvalues", "spectrum", "eigenvalues of the couplings"),
)

_RECURRENT_DYNAMICS = Model(
    name="recurrent-dynamics",
    title="Random recurrent network in motion",
    controls=(
        Control(
            "gain",
            "g",
            1.5,
            Interval(0, 50),
            "standard deviation of the couplings times sqrt(N)",
            typical=(0.0, 4.0),
            live=True,
        ),
        Control(
            "symmetry", "gamma", 0.0, Interval(-1, 1), "N <J_ij J_ji> / g^2", typical=(-1.0, 1.0)
        ),
        Control(
            "noise",
            "D",
            0.0,
            Interval(0),
            "white noise, <xi xi> = 2 D delta; in discrete time its variance",
            typical=(0.0, 1.0),
            live=True,
        ),
        Control(
            "rank_one",
            "M",
            0.0,
            Interval(),
            "mean overlap of a part m n^T / N of the couplings (m = M, n = 1)",
            typical=(-2.0, 2.0),
            live=True,
        ),
        Control(
            "time",
            "time",
            "continuous",
            Words(("continuous", "discrete")),
            "x' = -x + J phi(x), or x(t+1) = J phi(x(t))",
        ),
        Control(
            "nonlinearity",
            "phi",
            "tanh",
            Words(("tanh", "erf", "relu"), (".py",)),
            "transfer function, or a file that defines phi",
        ),
        Control(
            "window",
            "T_w",
            40.0,
            Interval(4, 400),
            "time span of branch two-time, its second half averaged",
            "theory",
            typical=(10.0, 200.0),
        ),
        Control(
            "trajectories",
            "n",
            2000,
            Interval(100, integer=True),
            "samples of branch two-time, with symmetry",
            "theory",
            typical=(200, 10_000),
            scale="log",
        ),
        Control(
            "duration",
            "T",
            100.0,
            Interval(8),
            "time measured, after half as long unmeasured",
            "simulation",
            quick=10,
            typical=(20.0, 1000.0),
            scale="log",
        ),
        Control(
            "step",
            "dt",
            0.1,
            Interval(0, 0.5, open_low=True),
            "time step (continuous time)",
            "simulation",
            typical=(0.01, 0.5),
            scale="log",
        ),
        Control(
            "perturbation",
            "h",
            0.1,
            Interval(0, open_low=True),
            "size of the constant fields that measure the response",
            "simulation",
            typical=(0.01, 1.0),
            scale="log",
        ),
    ),
    observables=(
        Observable("variance", "Delta_0", "<x^2>, over neurons and time", 0),
        Observable("activity", "C", "<phi(x)^2>", 0),
        Observable("response", "R", "d <phi> / dh, to a constant field h of one's own"),
        Observable(
            "latent",
            "k",
            "<phi(x)>, the activity along the part of rank one",
            series="replicon.recurrent.dynamics_finite:latent",
        ),
        Observable(
            "lyapunov_exponent",
            "lambda",
            "largest Lyapunov exponent (of the random bulk, in theory); NaN where it is not known"
            " or -inf",
            partial=True,
        ),
        Observable(
            "autocorrelation",
            "Delta",
            "mean of x(t) x(t + lag) over neurons and time, less that of the means",
            axes=(_LAG,),
        ),
    ),
    branches=(
        Branch(
            "stationary",
            "potential method: exact, without symmetry of the couplings or in a quiet network",
            ends_at="chaos",
        ),
        Branch(
            "two-time",
            "the correlations of one neuron in its self-consistent field advanced in time; with"
            " symmetry sampled, with its error",
        ),
    ),
    transitions=(
        Transition(
            "chaos",
            "gain",
            "the largest Lyapunov exponent passes zero; with symmetry, x = 0 loses its stability",
            f"{_THEORY_RECURRENT_DYNAMICS}:find_chaos",
            bounds=("stationary",),
        ),
    ),
    solve=f"{_THEORY_RECURRENT_DYNAMICS}:solve",
    start=f"{_SIMULATION_RECURRENT_DYNAMICS}:Network",
    schedule=Schedule("replicon.recurrent.dynamics_finite:records", beside=True),
    views=_VIEWS,
    check_size=f"{_SIMULATION_RECURRENT_DYNAMICS}:check_size",
    potential=None,
    source=(
        "Sompolinsky, Crisanti & Sommers, PRL 61, 259 (1988); Schuecker, Goedeke & Helias, PRX 8,"
        " 041029 (2018)"
    ),
    size=Size(meaning="neurons", typical=(50, 2000), greatest=10_000, cost=2.0),
)

_THEORY_RECURRENT_FIXED_POINTS = "replicon.recurrent.fixed_points"
_SIMULATION_RECURRENT_FIXED_POINTS = "replicon.recurrent.fixed_points_finite"

_RECURRENT_FIXED_POINTS = Model(
    name="recurrent-fixed-points",
    title="Steady states of a random recurrent network",
    controls=(
        Control(
            "gain",
            "g",
            0.8,
            Interval(0, 50),
            "standard deviation of the couplings times sqrt(N)",
            typical=(0.0, 2.0),
        ),
        Control(
            "symmetry", "gamma", 0.0, Interval(-1, 1), "N <J_ij J_ji> / g^2", typical=(-1.0, 1.0)
        ),
        Control(
            "temperature",
            "T",
            0.0,
            Interval(0),
            "of the kinetic energy E; 0: fixed points, E = 0",
            typical=(0.0, 0.5),
        ),
        Control(
            "regulariser", "eta", 0.0, Interval(0), "weight of |x|^2 added to E", typical=(0.0, 1.0)
        ),
        Control(
            "nonlinearity",
            "phi",
            "tanh",
            Words(("tanh", "erf", "relu"), (".py",)),
            "transfer function, or a file that defines phi",
        ),
        Control(
            "sweeps",
            "t",
            400,
            Interval(4, integer=True),
            "Hamiltonian trajectories, half of them measured",
            "simulation",
            quick=12,
            typical=(20, 4000),
            scale="log",
        ),
        Control(
            "ladder",
            "K",
            8,
            Interval(2, 64, integer=True),
            "temperatures of parallel tempering, from 1/2 down",
            "simulation",
            quick=2,
            typical=(2, 32),
        ),
    ),
    observables=(
        Observable("activity", "C", "<phi(x)^2>", 0),
        Observable("response", "R", "d <phi> / dh, to a constant field of one's own"),
        Observable(
            "response_variance",
            "R_2",
            "sum_j (d <phi_i> / dh_j)^2; NaN where fixed points are unstable and it diverges",
            0,
            role="theory",
            partial=True,
        ),
        Observable("variance", "x_2", "<x^2>", 0),
        Observable(
            "overlap",
            "Q",
            "<phi^a phi^b> of two replicas; simulated, of the time averages of two halves of one"
            " chain",
        ),
        Observable("energy", "e", "kinetic energy (with the regulariser) per neuron", 0),
    ),
    branches=(
        Branch(
            "active",
            "the state with activity where there is one; at temperature > 0, for an odd phi,"
            " without overlap between replicas",
        ),
        Branch("frozen", "with an overlap between replicas, at temperature > 0"),
        Branch("quiescent", "x = 0"),
    ),
    transitions=(
        Transition(
            "chaos",
            "gain",
            "x = 0 loses its stability: 1 / (1 + symmetry)",
            f"{_THEORY_RECURRENT_FIXED_POINTS}:find_chaos",
            bounds=("active", "quiescent"),
        ),
    ),
    solve=f"{_THEORY_RECURRENT_FIXED_POINTS}:solve",
    sample=f"{_SIMULATION_RECURRENT_FIXED_POINTS}:sample",
    check_size=f"{_SIMULATION_RECURRENT_FIXED_POINTS}:check_size",
    potential=None,
    source="Qiu & Huang, arXiv 2401.10009; static cavity equation of its T = 0 limit",
    size=Size(meaning="neurons", typical=(20, 400), greatest=2000, cost=3.0),
)

_THEORY_RECURRENT_NETWORK = "replicon.recurrent.network"
_SIMULATION_RECURRENT_NETWORK = "replicon.recurrent.network_finite"

_EIGENVALUE = Axis("eigenvalue", "k", "eigenvalue of J / g")

_RECURRENT_NETWORK = Model(
    name="recurrent-network",
    title="Recurrent network with given couplings",
    controls=(
        Control(
            "gain",
            "g",
            0.2,
            Interval(0, 50),
            "sqrt(sum of all squared couplings / N), as for a random network",
            typical=(0.0, 2.0),
            live=True,
        ),
        Control(
            "couplings",
            "J",
            "celegans",
            Words(("celegans",), files=NETWORKS),
            "the connectome of C. elegans, a square matrix J[i, j] from j to i, or a list of edges;"
            " only their ratios matter",
        ),
        Control(
            "weights",
            "w",
            "linear",
            Words(("linear", "log")),
            "couplings as they are, or sign(w) ln(1 + |w|)",
        ),
        Control(
            "network",
            "network",
            "original",
            Words(("original", "permuted", "signs", "random")),
            "the network itself; its couplings in other places; with random signs; a Gaussian"
            " network of its size and symmetry",
        ),
        Control(
            "noise",
            "D",
            0.0,
            Interval(0),
            "white noise, <xi xi> = 2 D delta; in discrete time its variance",
            "simulation",
            typical=(0.0, 1.0),
            live=True,
        ),
        Control(
            "time",
            "time",
            "continuous",
            Words(("continuous", "discrete")),
            "x' = -x + J phi(x), or x(t+1) = J phi(x(t))",
        ),
        Control(
            "nonlinearity",
            "phi",
            "tanh",
            Words(("tanh", "erf", "relu"), (".py",)),
            "transfer function, or a file that defines phi",
        ),
        Control(
            "duration",
            "T",
            200.0,
            Interval(8),
            "time measured, after half as long unmeasured",
            "simulation",
            quick=10,
            typical=(20.0, 1000.0),
            scale="log",
        ),
        Control(
            "step",
            "dt",
            0.1,
            Interval(0, 0.5, open_low=True),
            "time step (continuous time)",
            "simulation",
            typical=(0.01, 0.5),
            scale="log",
        ),
        Control(
            "perturbation",
            "h",
            0.1,
            Interval(0, open_low=True),
            "size of the constant fields that measure the response",
            "simulation",
            typical=(0.01, 1.0),
            scale="log",
        ),
    ),
    observables=(
        Observable("activity", "C", "<phi(x)^2>, over neurons and time", 0),
        Observable("response", "R", "d <phi> / dh, to a constant field of one's own"),
        Observable(
            "lyapunov_exponent",
            "lambda",
            "largest Lyapunov exponent; NaN where it is -inf",
            partial=True,
        ),
        Observable("outlier", "l_1", "largest real part of the eigenvalues of J / g"),
        Observable(
            "bulk_radius",
            "rho",
            "largest modulus that eigenvalues of J / g would have if all signs were random",
            0,
        ),
        Observable("symmetry", "gamma", "sum J_ij J_ji / sum J_ij^2", -1, 1),
        Observable("variance", "x_2", "<x^2>", 0),
        Observable(
            "fluctuation",
            "s_2",
            "variance of x in time, mean over neurons: zero at a fixed point",
            0,
        ),
        Observable(
            "eigenvalues_real",
            "Re",
            "real parts of the eigenvalues of J / g",
            role="simulation",
            axes=(_EIGENVALUE,),
        ),
        Observable(
            "eigenvalues_imaginary",
            "Im",
            "their imaginary parts",
            role="simulation",
            axes=(_EIGENVALUE,),
        ),
    ),
    branches=(Branch("rest", "x = 0, linearised: exact", ends_at="instability"),),
    transitions=(
        Transition(
            "instability",
            "gain",
            "x = 0 loses its stability (networks original and random)",
            f"{_THEORY_RECURRENT_NETWORK}:find_instability",
            bounds=("rest",),
        ),
        Transition(
            "chaos",
            "gain",
            "the largest Lyapunov exponent, of two trajectories, passes 0.01, before 8 times the"
            " gain of the instability",
            f"{_THEORY_RECURRENT_NETWORK}:find_chaos",
            bounds=("rest",),
        ),
    ),
    solve=f"{_THEORY_RECURRENT_NETWORK}:solve",
    start=f"{_SIMULATION_RECURRENT_NETWORK}:Network",
    schedule=Schedule("replicon.recurrent.dynamics_finite:records", beside=True),
    views=_VIEWS,
    check_size=f"{_SIMULATION_RECURRENT_NETWORK}:check_size",
    potential=None,
    source=(
        "Cook et al., Nature 571, 63 (2019), for the connectome; Aljadeff, Stern & Sharpee, PRL"
        " 114, 088101 (2015), for the bulk"
    ),
    size=Size(meaning="neurons", quick=300, typical=(20, 1000), greatest=10_000, cost=2.0),
)

_THEORY_RECURRENT_PSEUDO_POTENTIAL = "replicon.recurrent.pseudo_potential"
_SIMULATION_RECURRENT_PSEUDO_POTENTIAL = "replicon.recurrent.pseudo_potential_finite"

_FIRST = Axis("grid_1", "", "place along the first direction", coordinate="axis_1")
_SECOND = Axis("grid_2", "", "place along the second direction", coordinate="axis_2")
_POINT = Axis("point", "", "zero of the pseudo-potential")
_NEURON = Axis("neuron", "i", "neuron")
_STATE = Axis("state", "", "chain of the sampler")
_RUN = Axis("run", "", "trajectory")
_TIME = Axis("moment", "t", "moment, 0.05 apart")

_RECURRENT_PSEUDO_POTENTIAL = Model(
    name="recurrent-pseudo-potential",
    title="Pseudo-potential of a few neurons",
    controls=(
        Control(
            "couplings",
            "J",
            "two-points",
            Words(("spiral", "two-points"), files=NETWORKS),
            "three neurons that spiral to one fixed point or have two; or your own J[i, j] from j"
            " to i (theory: at most 3)",
        ),
        Control(
            "temperature",
            "T",
            0.5,
            Interval(0.05),
            "of the pseudo-potential E",
            typical=(0.05, 2.0),
            scale="log",
        ),
        Control(
            "regulariser", "eta", 0.0, Interval(0), "weight of |x|^2 added to E", typical=(0.0, 1.0)
        ),
        Control(
            "nonlinearity",
            "phi",
            "tanh",
            Words(("tanh", "erf", "relu"), (".py",)),
            "bounded transfer function, or a file that defines phi",
        ),
        Control(
            "sweeps",
            "t",
            16000,
            Interval(4, integer=True),
            "steps of Langevin dynamics, half of them measured",
            "simulation",
            quick=12,
            typical=(1000, 100_000),
            scale="log",
        ),
        Control(
            "chains",
            "K",
            64,
            Interval(2, integer=True),
            "Langevin chains of a sample",
            "simulation",
            quick=4,
            typical=(4, 256),
            scale="log",
        ),
        Control(
            "duration",
            "T_f",
            30.0,
            Interval(1),
            "length of the trajectories x' = -x + J phi(x)",
            "simulation",
            quick=10,
            typical=(5.0, 100.0),
            scale="log",
        ),
    ),
    observables=(
        Observable("variance", "x_2", "<x^2>, mean over neurons", 0),
        Observable("activity", "C", "<phi(x)^2>, mean over neurons", 0),
        Observable("energy", "e", "E, with the regulariser, per neuron", 0),
        Observable(
            "landscape",
            "E",
            "-T ln of the density of the first two neurons",
            role="theory",
            axes=(
                _FIRST,
                _SECOND,
            ),
        ),
        Observable(
            "axis_1", "x_1", "first neuron, along the landscape", role="theory", axes=(_FIRST,)
        ),
        Observable(
            "axis_2", "x_2", "second neuron, along the landscape", role="theory", axes=(_SECOND,)
        ),
        Observable(
            "fixed_point",
            "x*",
            "zeros of the pseudo-potential",
            role="theory",
            axes=(
                _POINT,
                _NEURON,
            ),
        ),
        Observable(
            "growth",
            "lambda",
            "largest real part of the motion's eigenvalues there",
            role="theory",
            axes=(_POINT,),
        ),
        Observable(
            "states",
            "x",
            "last states of the chains",
            role="simulation",
            axes=(
                _STATE,
                _NEURON,
            ),
        ),
        Observable(
            "trajectory",
            "x(t)",
            "trajectories of the true motion",
            role="simulation",
            axes=(
                _RUN,
                _TIME,
                _NEURON,
            ),
        ),
        Observable(
            "trajectory_energy",
            "E(t)",
            "pseudo-potential along them",
            role="simulation",
            axes=(
                _RUN,
                _TIME,
            ),
        ),
    ),
    branches=(Branch("equilibrium", "the measure exp(-E/T), integrated over all states"),),
    solve=f"{_THEORY_RECURRENT_PSEUDO_POTENTIAL}:solve",
    sample=f"{_SIMULATION_RECURRENT_PSEUDO_POTENTIAL}:sample",
    check_size=f"{_SIMULATION_RECURRENT_PSEUDO_POTENTIAL}:check_size",
    potential="free_entropy",
    source="Qiu & Huang, arXiv 2401.10009",
    size=Size(meaning="neurons", quick=3, typical=(2, 3), greatest=3, cost=2.0),
)

MODELS = (
    _RECURRENT_DYNAMICS,
    _RECURRENT_FIXED_POINTS,
    _RECURRENT_NETWORK,
    _RECURRENT_PSEUDO_POTENTIAL,
)

if TYPE_CHECKING:
    from replicon.recurrent.evolution import evolve, kaplan_yorke_dimension
    from replicon.recurrent.kinetic_energy import find_fixed_points, sample_kinetic_energy

__getattr__, __dir__, __all__ = contents(
    __name__,
    {
        "evolution": ["evolve", "kaplan_yorke_dimension"],
        "kinetic_energy": ["find_fixed_points", "sample_kinetic_energy"],
    },
)
