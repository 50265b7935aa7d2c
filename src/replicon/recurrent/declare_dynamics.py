"""Random recurrent networks in motion: the declaration."""

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
)
from replicon.recurrent import about
from replicon.recurrent.declare_shared import (
    DURATION,
    NOISE,
    NONLINEARITY,
    PERTURBATION,
    STEP,
    SYMMETRY,
    TIME,
    VIEWS_OF_MOTION,
)

_THEORY_RECURRENT_DYNAMICS = "replicon.recurrent.dynamics"
_SIMULATION_RECURRENT_DYNAMICS = "replicon.recurrent.dynamics_finite"

_LAG = Axis("lag", "tau", "time between two moments", coordinate=tuple(k / 4 for k in range(81)))

model = Model(
    name="recurrent-dynamics",
    title="Random recurrent network in motion",
    about=about.DYNAMICS,
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
        SYMMETRY,
        NOISE,
        Control(
            "rank_one",
            "M",
            0.0,
            Interval(),
            "mean overlap of a part m n^T / N of the couplings (m = M, n = 1)",
            typical=(-2.0, 2.0),
            live=True,
        ),
        TIME,
        NONLINEARITY,
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
        DURATION,
        STEP,
        PERTURBATION,
    ),
    observables=(
        Observable(
            "time_step_error",
            "eps_t",
            "difference from twice the time step, branch two-time",
            role="theory",
            partial=True,
        ),
        Observable(
            "plateau",
            "Delta_inf",
            "autocorrelation after an endless lag, about zero",
            role="theory",
            partial=True,
        ),
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
            dear=True,
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
    views=VIEWS_OF_MOTION,
    check_size=f"{_SIMULATION_RECURRENT_DYNAMICS}:check_size",
    potential=None,
    source=(
        "Sompolinsky, Crisanti & Sommers, PRL 61, 259 (1988); Schuecker, Goedeke & Helias, PRX 8,"
        " 041029 (2018)"
    ),
    size=Size(meaning="neurons", typical=(50, 2000), greatest=10_000, cost=2.0),
)
