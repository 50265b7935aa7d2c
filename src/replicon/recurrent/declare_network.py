"""Networks of given couplings: the declaration."""

from dataclasses import replace

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
    Words,
)
from replicon._files import NETWORKS
from replicon._objects import COUPLINGS
from replicon.recurrent import about
from replicon.recurrent.declare_shared import (
    DURATION,
    NOISE,
    NONLINEARITY,
    PERTURBATION,
    STEP,
    TIME,
    VIEWS_OF_MOTION,
)

_THEORY_RECURRENT_NETWORK = "replicon.recurrent.network"
_SIMULATION_RECURRENT_NETWORK = "replicon.recurrent.network_finite"

_EIGENVALUE = Axis("eigenvalue", "k", "eigenvalue of J / g")

model = Model(
    name="recurrent-network",
    title="Recurrent network with given couplings",
    about=about.NETWORK,
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
            Words(("celegans",), files=NETWORKS, objects=COUPLINGS),
            "the connectome of C. elegans, a square matrix J[i, j] from j to i, or a list of edges;"
            " only their ratios matter, `scale` is what they were",
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
        replace(NOISE, role="simulation"),
        TIME,
        NONLINEARITY,
        replace(DURATION, default=200.0),
        STEP,
        PERTURBATION,
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
        Observable(
            "scale",
            "s",
            "gain of the couplings as given (of their logarithms with weights=log): gain g makes"
            " them J = (g / s) W",
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
            example={"network": "random"},
            evidence=(
                Observable("bracket_low", "g_-", "largest gain without chaos below the value"),
                Observable("bracket_high", "g_+", "smallest gain with chaos above it"),
                Observable("threshold", "lambda_c", "what an exponent must pass to be chaos"),
                Observable(
                    "spread",
                    "dg",
                    "largest less smallest gain at which a trajectory turns chaotic; NaN where one"
                    " never does",
                ),
            ),
        ),
    ),
    solve=f"{_THEORY_RECURRENT_NETWORK}:solve",
    start=f"{_SIMULATION_RECURRENT_NETWORK}:Network",
    schedule=Schedule("replicon.recurrent.dynamics_finite:records", beside=True),
    views=VIEWS_OF_MOTION,
    check_size=f"{_SIMULATION_RECURRENT_NETWORK}:check_size",
    potential=None,
    revision=2,
    source=(
        "Cook et al., Nature 571, 63 (2019), for the connectome; Aljadeff, Stern & Sharpee, PRL"
        " 114, 088101 (2015), for the bulk"
    ),
    size=Size(
        meaning="neurons",
        quick=300,
        typical=(20, 1000),
        greatest=10_000,
        cost=2.0,
        of=f"{_SIMULATION_RECURRENT_NETWORK}:neurons",
    ),
)
