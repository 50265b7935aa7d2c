"""The square lattice: the declaration."""

import math

from replicon._declare import (
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
from replicon._errors import InputError
from replicon._statistics import autocorrelation
from replicon.ising import about


def _binder(second, fourth):
    return 1 - fourth / (3 * second**2)


def check_size(controls: dict, size: int) -> None:
    """Refuse updates that a lattice of this size, or without coupling, does not allow; controls as
    lists of values.
    """
    methods = controls["method"]
    least = min(controls["coupling"])
    if "metropolis" in methods and size % 2:
        raise InputError(
            f"size = {size} is odd: method metropolis updates a checkerboard and needs an even L; "
            "or take method=heat-bath."
        )
    if "metropolis" in methods and size == 2:
        raise InputError(
            "size = 2: method metropolis turns spins without field for certain, and never leaves"
            " some of the 16 states: take another method."
        )
    others = [method for method in methods if method != "heat-bath"]
    if others and size % 2 and least < 0:
        raise InputError(
            f"size = {size} is odd: on such a torus the bonds of coupling = {least:g} cannot all be"
            f" satisfied, and method {others[0]} needs two sublattices: give an even L, or"
            " method=heat-bath."
        )
    stuck = [method for method in methods if method in ("metropolis", "wolff")]
    if stuck and 0 in controls["coupling"]:
        raise InputError(
            f"coupling = 0: method {stuck[0]} would turn free spins without chance: give another"
            " coupling, or method=heat-bath."
        )


model = Model(
    name="square-lattice",
    title="Square-lattice Ising model",
    about=about.SQUARE_LATTICE,
    controls=(
        Control(
            "coupling",
            "J",
            1.0,
            Interval(),
            "coupling of nearest neighbours; negative: an antiferromagnet",
            typical=(-2.0, 2.0),
            live=True,
        ),
        Control(
            "temperature",
            "T",
            2.5,
            Interval(0, open_low=True),
            "temperature, k_B = 1",
            typical=(1.0, 4.0),
            live=True,
            inverse=("beta", "inverse_temperature"),
        ),
        Control(
            "size",
            "L",
            math.inf,
            Interval(2, 512, integer=True, infinite=True),
            "linear size of the exact result",
            "theory",
            typical=(4, 512),
            scale="log",
        ),
        Control(
            "method",
            "method",
            "wolff",
            Words(
                ("metropolis", "heat-bath", "wolff", "swendsen-wang"),
                synonyms={"glauber": "heat-bath", "gibbs": "heat-bath"},
            ),
            "update",
            "simulation",
        ),
        Control(
            "sweeps",
            "t",
            2000,
            Interval(2, integer=True),
            "updates of the lattice, after half as many unmeasured",
            "simulation",
            typical=(100, 20_000),
            scale="log",
            quick=12,
        ),
    ),
    observables=(
        Observable("magnetization", "M", "mean modulus of the magnetization", 0, 1, partial=True),
        Observable(
            "staggered_magnetization",
            "M_s",
            "that of one sublattice less the other's, mean modulus, per spin",
            0,
            1,
            partial=True,
        ),
        Observable(
            "autocorrelation_time",
            "tau",
            "slower of energy and modulus, in sweeps; means need t >> tau",
            role="simulation",
            moments=("order",),
            series=autocorrelation("energy", "order"),
        ),
        Observable("energy", "e", "energy per spin"),
        Observable(
            "specific_heat",
            "C",
            "specific heat per spin",
            0,
            partial=True,
            series="replicon.ising.square_lattice_finite:specific_heat",
        ),
        Observable(
            "binder",
            "U",
            "1 - <m^4> / (3 <m^2>^2), of the staggered m where J < 0",
            role="simulation",
            moments=("second_moment", "fourth_moment"),
            estimate=_binder,
        ),
    ),
    branches=(Branch("equilibrium", "the exact solution, ordered as the coupling asks"),),
    transitions=(
        Transition(
            "critical",
            "temperature",
            "continuous: 2 |J| / ln(1 + sqrt 2)",
            "replicon.ising.square_lattice:find_critical",
            bounds=("equilibrium",),
        ),
    ),
    views=(View("spins", "lattice", "the spins of one lattice"),),
    solve="replicon.ising.square_lattice:solve",
    start_many="replicon.ising.square_lattice_finite:start_many",
    schedule=Schedule("sweeps", beside=True),
    source=(
        "Onsager, Phys. Rev. 65, 117 (1944); Yang, Phys. Rev. 85, 808 (1952); "
        "Kaufman, Phys. Rev. 76, 1232 (1949)"
    ),
    check_size=check_size,
    revision=2,
    size=Size(
        meaning="linear size (two bonds between neighbours at L = 2)",
        symbol="L",
        typical=(8, 256),
        greatest=2048,
        least=2,
        quick=6,
    ),
)
