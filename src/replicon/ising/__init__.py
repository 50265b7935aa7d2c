"""Ising magnets and glasses: their theory, and what one can do with couplings of one's own.

Models: curie-weiss, square-lattice, sherrington-kirkpatrick, random-energy-model.

For any couplings J and fields h of your own, energy E = -(1/2) s J s - h s:
`enumerate_states`: exact averages of up to 24 spins. `Enumeration`: what it returns.
`naive_mean_field`, `tap`, `belief_propagation`: magnetizations by message passing; the last is
exact on trees. `Marginals`: what they return.
`sample_spins`: states by parallel tempering, which says whether it mixed. `SpinSamples`: the
states.
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
from replicon._rooms import contents
from replicon._statistics import autocorrelation
from replicon.ising import about, declare_random_energy, declare_square_lattice

_CURIE_WEISS = Model(
    name="curie-weiss",
    title="Curie-Weiss ferromagnet",
    about=about.CURIE_WEISS,
    controls=(
        Control(
            "coupling",
            "J",
            1.0,
            Interval(0, open_low=True),
            "coupling, J/N for every pair",
            typical=(0.5, 2.0),
            live=True,
        ),
        Control(
            "temperature",
            "T",
            0.5,
            Interval(0),
            "temperature, k_B = 1",
            typical=(0.0, 2.0),
            live=True,
            inverse=("beta", "inverse_temperature"),
        ),
        Control("field", "h", 0.0, Interval(), "uniform field", typical=(-1.0, 1.0), live=True),
        Control(
            "start",
            "m0",
            1.0,
            Interval(-1, 1),
            "magnetization of the initial state",
            "simulation",
            typical=(-1.0, 1.0),
        ),
        Control(
            "sweeps",
            "t",
            200,
            Interval(2, integer=True),
            "heat-bath sweeps, half of them measured",
            "simulation",
            typical=(20, 2000),
            scale="log",
            quick=12,
        ),
    ),
    observables=(
        Observable("magnetization", "m", "mean spin", -1, 1),
        Observable(
            "susceptibility",
            "chi",
            "dm/dh; negative on an unstable branch",
            series="replicon.ising.curie_weiss_finite:susceptibility",
        ),
        Observable(
            "autocorrelation_time",
            "tau",
            "of the magnetization, in sweeps; means need t >> tau",
            role="simulation",
            series=autocorrelation("magnetization"),
        ),
        Observable("energy", "e", "energy per spin"),
        Observable("entropy", "s", "entropy per spin (nats)", 0, role="theory"),
    ),
    branches=(
        Branch("up", "largest magnetization", ends_at="spinodal"),
        Branch("down", "smallest magnetization", ends_at="spinodal"),
        Branch(
            "paramagnet",
            "the solution that passes m = 0 at zero field; unstable below T_c",
            ends_at="spinodal",
        ),
    ),
    transitions=(
        Transition(
            "critical",
            "temperature",
            "continuous: m = 0 becomes unstable",
            "replicon.ising.curie_weiss:find_critical",
            bounds=("up", "down", "paramagnet"),
        ),
        Transition(
            "spinodal",
            "field",
            "the state against the field ends, in modulus",
            "replicon.ising.curie_weiss:find_spinodal",
            bounds=("up", "down", "paramagnet"),
        ),
    ),
    views=(View("spins", "spins", "every spin, those that point up first"),),
    solve="replicon.ising.curie_weiss:solve",
    start="replicon.ising.curie_weiss_finite:Magnet",
    schedule=Schedule("sweeps"),
    size=Size(typical=(10, 10_000), greatest=1_000_000, cost=1.0),
    source="Curie-Weiss mean field; R. J. Baxter, Exactly Solved Models (1982), chapter 3",
)


_LEVEL = Axis("level", "k", "step of the staircase, from the smallest overlap")
_BINS = 16  # of |q| on [0, 1]: whole numbers of the values that |q| takes at N = 32, 64, ...
_BIN = Axis(
    "bin",
    "|q|",
    "modulus of the overlap, centre of the bin",
    coordinate=tuple((k + 0.5) / _BINS for k in range(_BINS)),
)

_SHERRINGTON_KIRKPATRICK = Model(
    name="sherrington-kirkpatrick",
    title="Sherrington-Kirkpatrick spin glass",
    about=about.SHERRINGTON_KIRKPATRICK,
    controls=(
        Control(
            "temperature",
            "T",
            0.5,
            Interval(0),
            "temperature, k_B = 1",
            typical=(0.0, 1.5),
            inverse=("beta", "inverse_temperature"),
        ),
        Control("field", "h", 0.0, Interval(), "uniform field", typical=(0.0, 1.0), live=True),
        Control(
            "ansatz",
            "ansatz",
            "rs",
            Words(
                ("rs", "1rsb", "frsb"),
                synonyms={
                    "replica-symmetric": "rs",
                    "one-step": "1rsb",
                    "full": "frsb",
                    "continuous": "frsb",
                },
            ),
            "replica symmetric, one step, continuous breaking",
            "theory",
        ),
        Control(
            "sweeps",
            "t",
            2000,
            Interval(2, integer=True),
            "sweeps with parallel tempering, half of them measured",
            "simulation",
            typical=(100, 20_000),
            scale="log",
            quick=12,
        ),
    ),
    observables=(
        Observable("overlap", "q", "mean modulus of the overlap of two replicas", 0, 1),
        Observable("energy", "e", "energy per spin"),
        Observable("entropy", "s", "entropy per spin (nats)", role="theory"),
        Observable(
            "edwards_anderson",
            "q_EA",
            "largest overlap: that of two replicas in one state",
            0,
            1,
            role="theory",
        ),
        Observable(
            "equilibration",
            "eps",
            "e + (1 - q_2)/2T at zero field, 0 in equilibrium",
            role="simulation",
        ),
        Observable(
            "exchange_rate",
            "A",
            "accepted fraction of exchanges in parallel tempering, least over the ladder",
            0,
            1,
            role="simulation",
            moments=("tried", "accepted"),
            series="replicon.ising.sherrington_kirkpatrick_finite:exchange_rate",
        ),
        Observable(
            "overlap_level",
            "q_k",
            "overlaps of two replicas that theory allows",
            0,
            1,
            role="theory",
            axes=(_LEVEL,),
            unless=("ansatz", "rs"),
        ),
        Observable(
            "overlap_weight",
            "w_k",
            "probability of each of these overlaps",
            0,
            1,
            role="theory",
            axes=(_LEVEL,),
            unless=("ansatz", "rs"),
        ),
        Observable(
            "overlap_density",
            "P(|q|)",
            "density of the modulus of the overlap of two replicas",
            0,
            role="simulation",
            axes=(_BIN,),
        ),
    ),
    branches=(Branch("equilibrium", "the solution of the chosen ansatz"),),
    transitions=(
        Transition(
            "critical",
            "temperature",
            "paramagnet to spin glass at zero field",
            "replicon.ising.sherrington_kirkpatrick:find_critical",
            bounds=("equilibrium",),
        ),
        Transition(
            "almeida-thouless",
            "temperature",
            "replica symmetry breaks, at given field",
            "replicon.ising.sherrington_kirkpatrick:find_almeida_thouless",
            bounds=("equilibrium",),
        ),
    ),
    views=(View("spins", "spins", "the spins of both copies at the temperature asked for"),),
    solve="replicon.ising.sherrington_kirkpatrick:solve",
    start="replicon.ising.sherrington_kirkpatrick_finite:Glass",
    schedule=Schedule("sweeps"),
    remarks="replicon.ising.sherrington_kirkpatrick_finite:remarks",
    check_size="replicon.ising.sherrington_kirkpatrick_finite:check_size",
    source="Sherrington & Kirkpatrick, PRL 35, 1792 (1975); Parisi, J. Phys. A 13, L115 (1980)",
    size=Size(typical=(16, 256), greatest=2048, cost=2.5),
    revision=4,
)

MODELS = (
    _CURIE_WEISS,
    declare_square_lattice.model,
    _SHERRINGTON_KIRKPATRICK,
    declare_random_energy.model,
)

if TYPE_CHECKING:
    from replicon.spins.exact import Enumeration, enumerate_states
    from replicon.spins.marginals import Marginals
    from replicon.spins.mean_field import belief_propagation, naive_mean_field, tap
    from replicon.spins.tempering import SpinSamples, sample_spins

__getattr__, __dir__, __all__ = contents(
    "replicon.spins",
    {
        "exact": ["Enumeration", "enumerate_states"],
        "marginals": ["Marginals"],
        "mean_field": ["belief_propagation", "naive_mean_field", "tap"],
        "tempering": ["SpinSamples", "sample_spins"],
    },
)
