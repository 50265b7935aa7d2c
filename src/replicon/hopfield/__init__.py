"""The Hopfield memory: N spins store load * N patterns; Hebb's or the pseudo-inverse rule, or a
dense (modern) energy.

Model: hopfield. `couplings`: the matrix of a rule from patterns of your own. `corrupt`: a pattern
with spins flipped at random.
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
    whole,
)
from replicon._files import ROWS
from replicon._objects import PATTERNS
from replicon._rooms import contents
from replicon.hopfield import about

_THEORY = "replicon.hopfield.theory"
_SIMULATION = "replicon.hopfield.finite"

_PIXEL = Axis("pixel", "i", "spin or pixel")
_RANDOM = ("patterns", "random")

_HOPFIELD = Model(
    name="hopfield",
    title="Hopfield memory",
    about=about.HOPFIELD,
    controls=(
        Control(
            "load",
            "alpha",
            0.05,
            Interval(0),
            "patterns per spin",
            realized=lambda load, size: whole(load, size, 1),
            typical=(0.0, 0.2),
        ),
        Control(
            "temperature",
            "T",
            0.0,
            Interval(0),
            "temperature, k_B = 1",
            typical=(0.0, 1.2),
            live=True,
            inverse=("beta", "inverse_temperature"),
        ),
        Control(
            "rule",
            "rule",
            "hebb",
            Words(
                ("hebb", "pseudo-inverse", "polynomial", "exponential"),
                synonyms={
                    "hebbian": "hebb",
                    "projection": "pseudo-inverse",
                    "dense": "polynomial",
                    "modern": "exponential",
                },
            ),
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
            typical=(2, 6),
        ),
        Control(
            "patterns",
            "xi",
            "random",
            Words(("random", "digits"), files=ROWS, objects=PATTERNS),
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
            typical=(0.0, 1.0),
        ),
        Control(
            "sweeps",
            "t",
            200,
            Interval(1, integer=True),
            "heat-bath sweeps, half of them measured",
            "simulation",
            typical=(20, 2000),
            scale="log",
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
        *(
            Observable(name, symbol, meaning, -1, 1, "simulation", axes=(_PIXEL,), unless=_RANDOM)
            for name, symbol, meaning in (
                ("pattern", "xi^1", "the pattern to be recalled"),
                ("start_state", "s(0)", "that pattern, corrupted"),
                ("final_state", "s(t)", "the state at the end"),
            )
        ),
    ),
    branches=(
        Branch("retrieval", "one pattern condensed", ends_at="retrieval"),
        Branch("spin-glass", "frozen, no pattern recalled", ends_at="spin-glass"),
        Branch("paramagnet", "nothing frozen", example={"temperature": 1.5}),
    ),
    transitions=(
        Transition(
            "retrieval",
            "load",
            "spinodal: the retrieval state ends",
            f"{_THEORY}:find_retrieval",
            bounds=("retrieval",),
        ),
        Transition(
            "global-retrieval",
            "load",
            "first order: retrieval and spin glass have equal free energy",
            f"{_THEORY}:find_global_retrieval",
            bounds=("retrieval", "spin-glass"),
        ),
        Transition(
            "spin-glass",
            "temperature",
            "continuous: paramagnet to spin glass",
            f"{_THEORY}:find_spin_glass",
            bounds=("spin-glass", "paramagnet"),
        ),
        Transition(
            "almeida-thouless",
            "temperature",
            "retrieval state breaks replica symmetry",
            f"{_THEORY}:find_almeida_thouless",
            bounds=("retrieval",),
        ),
    ),
    solve=f"{_THEORY}:solve",
    start=f"{_SIMULATION}:start",
    schedule=Schedule(f"{_SIMULATION}:steps", every=5),
    remarks=f"{_SIMULATION}:remarks",
    check_size=f"{_SIMULATION}:check_size",
    source="Amit, Gutfreund & Sompolinsky, Ann. Phys. 173, 30 (1987)",
    views=(
        View("spins", "spins", "the first pattern, and two replicas that try to recall it"),
        View("overlaps", "histogram", "modulus of the overlap with each pattern, largest first"),
    ),
    size=Size(typical=(40, 2000), greatest=10_000, quick=40, of=f"{_SIMULATION}:spins"),
)

MODELS = (_HOPFIELD,)

if TYPE_CHECKING:
    from replicon.hopfield.finite import corrupt, couplings

__getattr__, __dir__, __all__ = contents(__name__, {"finite": ["corrupt", "couplings"]})
