"""The engine of infinite-size theory: it knows no system. Write a potential or a residual once,
`residual(x, controls)` with named tuples x and controls; all points of a grid are solved at once.

Averages: `average`: E f(mean + sqrt(variance) z), differentiable at variance 0. `log_2cosh`:
T E ln 2cosh(x / T) at any T >= 0. `spin_entropy`: entropy of a spin in a normal field.
`sech_fourth`: E sech^4, which decides replica-symmetry stability. `nodes`: the trapezoid rule.

Stationary points: `stationary`: the file of `gradient`, `solve` and `solve_one`. `Stationary`: what
they return. `gradient`: the residual of a potential. `jacobian`: d residual / dx.

Branches: `fold`: the spinodal where a branch turns. `visit`: continuation of one solution through
given points. `Visited`: what it returns.

Transitions: `zero`: where an observable vanishes along a branch. `bracket`: where to look for it.
`crossing`: where two potentials are equal. `determinant`: vanishes at a continuous transition.
`along`: a branch for these from a model's `solve`. `Found`: what they return.

Zeros: `bisect`: the zero of a falling function, by halving. `polish`: its last digits and its
derivative.

Random matrices: `spectrum`: traces of the resolvent of a sum of random patterns.
`Spectrum`: what it returns.

Points: `evaluate`: a function of one point over many, compiled once, float64, NumPy in and out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from replicon._rooms import contents

if TYPE_CHECKING:
    from replicon.theory import stationary
    from replicon.theory.bisection import bisect, polish
    from replicon.theory.branch import Found, Visited, fold, visit
    from replicon.theory.gaussian import average, log_2cosh, nodes, sech_fourth, spin_entropy
    from replicon.theory.marchenko_pastur import Spectrum, spectrum
    from replicon.theory.points import evaluate
    from replicon.theory.stationary import Stationary, gradient, jacobian
    from replicon.theory.transition import along, bracket, crossing, determinant, zero

__getattr__, __dir__, __all__ = contents(
    __name__,
    {
        "gaussian": ["average", "log_2cosh", "nodes", "sech_fourth", "spin_entropy"],
        "stationary": ["stationary", "Stationary", "gradient", "jacobian"],
        "bisection": ["bisect", "polish"],
        "branch": ["Found", "Visited", "fold", "visit"],
        "transition": ["along", "bracket", "crossing", "determinant", "zero"],
        "marchenko_pastur": ["Spectrum", "spectrum"],
        "points": ["evaluate"],
    },
)
