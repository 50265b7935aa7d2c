"""The Ising ferromagnet on a periodic square lattice: exact in infinite size, and for the energy of finite L x L."""

import math

from replicon._declare import Branch, Control, Interval, Model, Observable, Transition, Words
from replicon._errors import InputError

_THEORY = "replicon.models.square_lattice.theory"
_SIMULATION = "replicon.models.square_lattice.simulation"


def _binder(second, fourth):
    return 1 - fourth / (3 * second**2)


def _check_size(controls, size: int) -> None:
    if size < 3:
        raise InputError(f"size = {size} is too small for square-lattice: give the linear size L >= 3 (L x L spins).")
    if "metropolis" in controls["method"] and size % 2:
        raise InputError(f"size = {size} is odd: method metropolis updates a checkerboard and needs an even L; or take method=heat-bath.")


model = Model(
    name="square-lattice",
    title="Square-lattice Ising model",
    controls=(
        Control("coupling", "J", 1.0, Interval(0, open_low=True), "coupling of nearest neighbours"),
        Control("temperature", "T", 2.5, Interval(0, open_low=True), "temperature, k_B = 1"),
        Control("size", "L", math.inf, Interval(3, 512, integer=True, infinite=True), "linear size of the exact result", "theory"),
        Control("method", "method", "wolff", Words(("metropolis", "heat-bath", "wolff", "swendsen-wang")), "update", "simulation"),
        Control(
            "sweeps", "t", 2000, Interval(2, integer=True), "updates of the lattice, after half as many unmeasured", "simulation", quick=12
        ),
    ),
    observables=(
        Observable("magnetization", "M", "mean modulus of the magnetization", 0, 1, partial=True),
        Observable("autocorrelation_time", "tau", "slower of energy and modulus, in sweeps; means need t >> tau", role="simulation"),
        Observable("energy", "e", "energy per spin"),
        Observable("specific_heat", "C", "specific heat per spin", 0, partial=True),
        Observable(
            "binder", "U", "1 - <m^4> / (3 <m^2>^2)", role="simulation", moments=("second_moment", "fourth_moment"), estimate=_binder
        ),
    ),
    branches=(Branch("equilibrium", "the exact solution, spontaneous magnetization up"),),
    transitions=(Transition("critical", "temperature", "continuous: 2 J / ln(1 + sqrt 2)", f"{_THEORY}:find_critical"),),
    solve=f"{_THEORY}:solve",
    simulate=f"{_SIMULATION}:simulate",
    source="Onsager, Phys. Rev. 65, 117 (1944); Yang, Phys. Rev. 85, 808 (1952); Kaufman, Phys. Rev. 76, 1232 (1949)",
    size_meaning="linear size",
    size_symbol="L",
    check_size=_check_size,
    remarks=f"{_SIMULATION}:remarks",
    quick_size=6,
)
