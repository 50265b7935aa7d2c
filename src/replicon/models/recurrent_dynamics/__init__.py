"""Random recurrent networks in motion: x' = -x + J phi(x), its chaos, its memory, and how it responds."""

from replicon._declare import Array, Branch, Control, Interval, Model, Observable, Transition, Words

_THEORY = "replicon.models.recurrent_dynamics.theory"
_SIMULATION = "replicon.models.recurrent_dynamics.simulation"

model = Model(
    name="recurrent-dynamics",
    title="Random recurrent network in motion",
    controls=(
        Control("gain", "g", 1.5, Interval(0, 50), "standard deviation of the couplings times sqrt(N)"),
        Control("symmetry", "gamma", 0.0, Interval(-1, 1), "N <J_ij J_ji> / g^2"),
        Control("noise", "D", 0.0, Interval(0), "white noise, <xi xi> = 2 D delta; in discrete time its variance"),
        Control("rank_one", "M", 0.0, Interval(), "mean overlap of a part m n^T / N of the couplings (m = M, n = 1)"),
        Control("time", "time", "continuous", Words(("continuous", "discrete")), "x' = -x + J phi(x), or x(t+1) = J phi(x(t))"),
        Control("nonlinearity", "phi", "tanh", Words(("tanh", "erf", "relu"), (".py",)), "transfer function, or a file that defines phi"),
        Control("window", "T_w", 40.0, Interval(4, 400), "time span of branch two-time, its second half averaged", "theory"),
        Control("trajectories", "n", 2000, Interval(100, integer=True), "samples of branch two-time, with symmetry", "theory"),
        Control("duration", "T", 100.0, Interval(8), "time measured, after half as long unmeasured", "simulation", quick=10),
        Control("step", "dt", 0.1, Interval(0, 0.5, open_low=True), "time step (continuous time)", "simulation"),
        Control(
            "perturbation", "h", 0.1, Interval(0, open_low=True), "size of the constant fields that measure the response", "simulation"
        ),
    ),
    observables=(
        Observable("variance", "Delta_0", "<x^2>, over neurons and time", 0),
        Observable("activity", "C", "<phi(x)^2>", 0),
        Observable("response", "R", "d <phi> / dh, to a constant field h of one's own"),
        Observable("latent", "k", "<phi(x)>, the activity along the part of rank one"),
        Observable(
            "lyapunov_exponent",
            "lambda",
            "largest Lyapunov exponent (of the random bulk, in theory); NaN where it is not known or -inf",
            partial=True,
        ),
    ),
    branches=(
        Branch("stationary", "potential method: exact, without symmetry of the couplings or in a quiet network", ends_at="chaos"),
        Branch(
            "two-time",
            "the correlations of one neuron in its self-consistent field advanced in time; with symmetry sampled, with its error",
        ),
    ),
    transitions=(
        Transition(
            "chaos", "gain", "the largest Lyapunov exponent passes zero; with symmetry, x = 0 loses its stability", f"{_THEORY}:find_chaos"
        ),
    ),
    solve=f"{_THEORY}:solve",
    simulate=f"{_SIMULATION}:simulate",
    check_size=f"{_SIMULATION}:check_size",
    potential=None,
    source="Sompolinsky, Crisanti & Sommers, PRL 61, 259 (1988); Schuecker, Goedeke & Helias, PRX 8, 041029 (2018)",
    size_meaning="neurons",
    arrays=(
        Array("lag", ("lag",), "both"),
        Array("autocorrelation", ("lag",), "both"),
    ),
)
