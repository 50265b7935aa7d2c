"""The Sherrington-Kirkpatrick spin glass: every pair of Ising spins coupled by J_ij ~ N(0, 1/N)."""

from replicon._declare import Array, Branch, Control, Interval, Model, Observable, Transition, Words

_THEORY = "replicon.models.sherrington_kirkpatrick.theory"

model = Model(
    name="sherrington-kirkpatrick",
    title="Sherrington-Kirkpatrick spin glass",
    controls=(
        Control("temperature", "T", 0.5, Interval(0), "temperature, k_B = 1"),
        Control("field", "h", 0.0, Interval(), "uniform field"),
        Control("ansatz", "ansatz", "rs", Words(("rs", "1rsb", "frsb")), "replica symmetric, one step, continuous breaking", "theory"),
        Control(
            "sweeps", "t", 2000, Interval(2, integer=True), "sweeps with parallel tempering, half of them measured", "simulation", quick=12
        ),
    ),
    observables=(
        Observable("overlap", "q", "mean modulus of the overlap of two replicas", 0, 1),
        Observable("energy", "e", "energy per spin"),
        Observable("entropy", "s", "entropy per spin (nats)", role="theory"),
        Observable("edwards_anderson", "q_EA", "largest overlap: that of two replicas in one state", 0, 1, role="theory"),
        Observable("equilibration", "eps", "e + (1 - q_2)/2T at zero field, 0 in equilibrium", role="simulation"),
        Observable(
            "exchange_rate", "A", "accepted fraction of exchanges in parallel tempering, least over the ladder", 0, 1, role="simulation"
        ),
    ),
    branches=(Branch("equilibrium", "the solution of the chosen ansatz"),),
    transitions=(
        Transition("critical", "temperature", "paramagnet to spin glass at zero field", f"{_THEORY}:find_critical"),
        Transition("almeida-thouless", "temperature", "replica symmetry breaks, at given field", f"{_THEORY}:find_almeida_thouless"),
    ),
    solve=f"{_THEORY}:solve",
    simulate="replicon.models.sherrington_kirkpatrick.simulation:simulate",
    remarks="replicon.models.sherrington_kirkpatrick.simulation:remarks",
    check_size="replicon.models.sherrington_kirkpatrick.simulation:check_size",
    source="Sherrington & Kirkpatrick, PRL 35, 1792 (1975); Parisi, J. Phys. A 13, L115 (1980)",
    arrays=(
        Array("overlap_level", ("level",), "theory"),
        Array("overlap_weight", ("level",), "theory"),
        Array("overlap_density", ("bin",)),
    ),
)
