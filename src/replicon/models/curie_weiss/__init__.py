"""The Curie-Weiss ferromagnet: every pair of Ising spins coupled by J / N."""

from replicon._declare import Branch, Control, Interval, Model, Observable, Transition

_THEORY = "replicon.models.curie_weiss.theory"

model = Model(
    name="curie-weiss",
    title="Curie-Weiss ferromagnet",
    controls=(
        Control("coupling", "J", 1.0, Interval(0, open_low=True), "coupling, J/N for every pair"),
        Control("temperature", "T", 0.5, Interval(0), "temperature, k_B = 1"),
        Control("field", "h", 0.0, Interval(), "uniform field"),
        Control("start", "m0", 1.0, Interval(-1, 1), "magnetization of the initial state", "simulation"),
        Control("sweeps", "t", 200, Interval(2, integer=True), "heat-bath sweeps, half of them measured", "simulation", quick=12),
    ),
    observables=(
        Observable("magnetization", "m", "mean spin", -1, 1),
        Observable("susceptibility", "chi", "dm/dh; negative on an unstable branch"),
        Observable("autocorrelation_time", "tau", "of the magnetization, in sweeps; means need t >> tau", role="simulation"),
        Observable("energy", "e", "energy per spin"),
        Observable("entropy", "s", "entropy per spin (nats)", 0, role="theory"),
    ),
    branches=(
        Branch("up", "largest magnetization", ends_at="spinodal"),
        Branch("down", "smallest magnetization", ends_at="spinodal"),
        Branch("paramagnet", "the solution that passes m = 0 at zero field; unstable below T_c", ends_at="spinodal"),
    ),
    transitions=(
        Transition("critical", "temperature", "continuous: m = 0 becomes unstable", f"{_THEORY}:find_critical"),
        Transition("spinodal", "field", "the state against the field ends, in modulus", f"{_THEORY}:find_spinodal"),
    ),
    solve=f"{_THEORY}:solve",
    simulate="replicon.models.curie_weiss.simulation:simulate",
    remarks="replicon.models.curie_weiss.simulation:remarks",
    source="Curie-Weiss mean field; R. J. Baxter, Exactly Solved Models (1982), chapter 3",
)
