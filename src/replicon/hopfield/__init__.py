"""The Hopfield memory: N spins store load * N patterns; Hebb's or the pseudo-inverse rule, or a
dense (modern) energy.
"""

from replicon._declare import (
    Array,
    Branch,
    Control,
    Interval,
    Model,
    Observable,
    Size,
    Transition,
    Words,
    whole,
)
from replicon._files import ROWS

_THEORY = "replicon.hopfield.theory"
_SIMULATION = "replicon.hopfield.finite"

_HOPFIELD = Model(
    name="hopfield",
    title="Hopfield memory",
    controls=(
        Control(
            "load",
            "alpha",
            0.05,
            Interval(0),
            "patterns per spin",
            realized=lambda load, size: whole(load, size, 1),
        ),
        Control("temperature", "T", 0.0, Interval(0), "temperature, k_B = 1"),
        Control(
            "rule",
            "rule",
            "hebb",
            Words(("hebb", "pseudo-inverse", "polynomial", "exponential")),
            "learning rule or energy",
            "simulation",
        ),
        Control(
            "degree",
            "n",
            3,
            Interval(2, 20, integer=True),
            "degree of the polynomial energy",
            "simulation",
        ),
        Control(
            "patterns",
            "xi",
            "random",
            Words(("random", "digits"), files=ROWS),
            "random signs, binarised MNIST digits, or your own +-1 array (patterns, spins)",
            "simulation",
        ),
        Control(
            "start",
            "m0",
            1.0,
            Interval(-1, 1),
            "overlap of the initial state with the first pattern",
            "simulation",
        ),
        Control(
            "sweeps",
            "t",
            200,
            Interval(1, integer=True),
            "heat-bath sweeps, half of them measured",
            "simulation",
            quick=12,
        ),
    ),
    observables=(
        Observable("magnetization", "m", "overlap with the condensed pattern", -1, 1),
        Observable("overlap", "q", "Edwards-Anderson overlap of two replicas in one state", 0, 1),
        Observable(
            "noise_overlap",
            "r",
            "mean square overlap with the other patterns, divided by the load",
            0,
        ),
        Observable("energy", "e", "energy per spin"),
    ),
    branches=(
        Branch("retrieval", "one pattern condensed", ends_at="retrieval"),
        Branch("spin-glass", "frozen, no pattern recalled", ends_at="spin-glass"),
        Branch("paramagnet", "nothing frozen"),
    ),
    transitions=(
        Transition(
            "retrieval", "load", "spinodal: the retrieval state ends", f"{_THEORY}:find_retrieval"
        ),
        Transition(
            "global-retrieval",
            "load",
            "first order: retrieval and spin glass have equal free energy",
            f"{_THEORY}:find_global_retrieval",
        ),
        Transition(
            "spin-glass",
            "temperature",
            "continuous: paramagnet to spin glass",
            f"{_THEORY}:find_spin_glass",
        ),
        Transition(
            "almeida-thouless",
            "temperature",
            "retrieval state breaks replica symmetry",
            f"{_THEORY}:find_almeida_thouless",
        ),
    ),
    solve=f"{_THEORY}:solve",
    simulate=f"{_SIMULATION}:simulate",
    remarks=f"{_SIMULATION}:remarks",
    check_size=f"{_SIMULATION}:check_size",
    source="Amit, Gutfreund & Sompolinsky, Ann. Phys. 173, 30 (1987)",
    legacy_arrays=tuple(
        Array(name, ("pixel",), unless=("patterns", "random"))
        for name in ("pattern", "start_state", "final_state")
    ),
    size=Size(quick=40),
)

MODELS = (_HOPFIELD,)
