"""Controls and views that models of recurrent networks share."""

from replicon._declare import Control, Interval, View, Words
from replicon._objects import Objects

TRANSFER_FUNCTIONS = Objects(
    "function",
    "a function of jax.numpy, elementwise",
    "replicon.recurrent.nonlinearity:nonlinearity",
)

SYMMETRY = Control(
    "symmetry", "gamma", 0.0, Interval(-1, 1), "N <J_ij J_ji> / g^2", typical=(-1.0, 1.0)
)

NOISE = Control(
    "noise",
    "D",
    0.0,
    Interval(0),
    "white noise, <xi xi> = 2 D delta; in discrete time its variance",
    typical=(0.0, 1.0),
    live=True,
)

TIME = Control(
    "time",
    "time",
    "continuous",
    Words(("continuous", "discrete")),
    "x' = -x + J phi(x), or x(t+1) = J phi(x(t))",
)

REGULARISER = Control(
    "regulariser", "eta", 0.0, Interval(0), "weight of |x|^2 added to E", typical=(0.0, 1.0)
)

NONLINEARITY = Control(
    "nonlinearity",
    "phi",
    "tanh",
    Words(("tanh", "erf", "relu"), (".py",), TRANSFER_FUNCTIONS),
    "transfer function, or a file that defines phi",
)

DURATION = Control(
    "duration",
    "T",
    100.0,
    Interval(8),
    "time measured, after half as long unmeasured",
    "simulation",
    quick=10,
    typical=(20.0, 1000.0),
    scale="log",
)

STEP = Control(
    "step",
    "dt",
    0.1,
    Interval(0, 0.5, open_low=True),
    "time step (continuous time)",
    "simulation",
    typical=(0.01, 0.5),
    scale="log",
)

PERTURBATION = Control(
    "perturbation",
    "h",
    0.1,
    Interval(0, open_low=True),
    "size of the constant fields that measure the response",
    "simulation",
    typical=(0.01, 1.0),
    scale="log",
    live=True,
)

VIEWS_OF_MOTION = (
    View("trajectory", "trajectory", "recent states of a few neurons"),
    View("states", "histogram", "states of all neurons, now"),
    View("eigenvalues", "spectrum", "eigenvalues of the couplings"),
)
