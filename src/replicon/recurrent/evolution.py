"""Networks in motion, x' = -x + J phi(x) + h + I(t) + noise or x(t+1) = J phi(x(t)) + h + I(t) +
noise: states, Lyapunov exponents.

A step costs one product of the couplings with a block of columns: all initial conditions and all
tangent vectors together. Continuous time goes by exponential Adams-Bashforth steps, second order,
one product each; that product is the floor.
"""

from __future__ import annotations

from collections.abc import Callable
from copy import copy
from functools import lru_cache
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from replicon._arrays import real_array
from replicon._declare import Interval, Words
from replicon._domains import check_argument
from replicon._errors import DivergenceError, InputError
from replicon._jit import jit
from replicon._seed import read_seed
from replicon._traced import Traced
from replicon.recurrent.couplings import check_couplings
from replicon.recurrent.driving import constant_field, input_of_steps
from replicon.recurrent.transfer import Transfer, transfer

TIMES = Words(("continuous", "discrete"))
_MOST = 2**28  # numbers recorded, or steps between records: 2 GiB
_UNKEPT = 2**24  # numbers of a transient that may be recorded and are not given: 128 MiB


class Run(NamedTuple):
    """`times` (K,); `states` (K, N, columns); `exponents` (n,), largest first, per unit of time;
    `final` (N, columns).
    """

    times: np.ndarray
    states: np.ndarray
    exponents: np.ndarray
    final: np.ndarray


def evolve(
    couplings: Any,
    start: Any,
    *,
    function: Callable,
    slope: Callable | None = None,
    duration: float,
    transient: float = 0.0,
    step: float = 0.1,
    every: float = 0.5,
    time: str = "continuous",
    field: Any = 0.0,
    input: Any = None,
    noise: float = 0.0,
    exponents: int = 0,
    seed: Any = 0,
) -> Run:
    """Integrate x(0) = `start`, shape (N,) or (N, columns), for `duration` after a `transient`,
    recording states `every` so long.

    `function` and `slope` are phi and phi', elementwise, written with jax.numpy; without `slope` it
    is by automatic differentiation. `field`: constant, of shape (N,), (N, columns), or one number.
    `noise`: D of white noise 2 D delta (all columns feel the same), its variance in discrete time.
    `input`: I(t), a function of the time since `start` that returns a number, (N,) or (N, columns),
    or an array of one row a step, transient included, (steps,), (steps, N) or (steps, N, columns);
    a number or (N,) alone is constant. It is held over each step of continuous time, a function at
    its value in the middle; in discrete time row t, or I(t), enters x(t+1).
    `exponents`: how many Lyapunov exponents of the first column to follow, by QR once per unit of
    time or oftener, and none by default; they need a transient, in which tangent vectors find their
    directions: without it an exponent is ln(N)/(2 duration) too small; in discrete time -inf is one
    whose tangent vector vanishes at once. With input or noise they are conditional exponents: two
    copies that feel the same input and noise part, or meet, at the rate of the largest. Times are
    rounded to whole steps and `duration` to whole records; discrete time has steps of 1. Arithmetic
    in the type of `couplings`, float32 or float64.

    Raises InputError for arguments outside their domains, for a function that JAX cannot follow or
    that is not elementwise, for a slope that is not its derivative, and for exponents of a function
    that jumps; DivergenceError where the state is lost, with the time.

    Source: exponential Adams-Bashforth of second order, Cox & Matthews, J. Comput. Phys. 176, 430
    (2002); exponents by Benettin et al., Meccanica 15, 9 (1980), under drive Rajan, Abbott &
    Sompolinsky, PRE 82, 011903 (2010). Referee: linear networks, the theory of random ones, driven
    by noise too, two copies that part (tests/recurrent).
    """
    couplings = check_couplings(couplings)
    n = len(couplings)
    expected = f"give finite numbers of shape ({n},) or ({n}, columns), one row for each neuron"
    columns = real_array("start", start, expected).astype(couplings.dtype)
    if columns.ndim not in (1, 2) or len(columns) != n:
        raise InputError(f"start has shape {columns.shape}: {expected}.")
    columns = columns.reshape(n, -1)
    time = check_argument("time", time, TIMES)
    noise = check_argument("noise", noise, Interval(0), "of white noise")
    exponents = check_argument(
        "exponents", exponents, Interval(0, n, integer=True), "at most one for each neuron"
    )
    plan = _plan(time, step, duration, transient, every, columns.size)
    kind = couplings.dtype.type
    followed = exponents > 0
    phi = transfer(function, slope, columns.shape, kind=kind, sloped=followed, continuous=followed)
    inputs = None if input is None else input_of_steps(input, columns, plan.steps, plan.step, time)
    motion = Motion(
        couplings,
        columns,
        phi=phi,
        step=plan.step,
        inner=plan.inner,
        time=time,
        field=constant_field(field, columns),
        inputs=inputs,
        noise=noise,
        quiet=noise == 0,
        exponents=exponents,
        seed=read_seed(seed),
    )
    # A transient is recorded with the rest where it is small: one length is compiled, not two.
    unkept = plan.before if plan.before * columns.size <= _UNKEPT else 0
    if unkept < plan.before:
        motion.advance(plan.before)
    states, growth = (part[unkept:] for part in motion.advance(unkept + plan.records))
    times = motion.span * np.arange(1, plan.records + 1)
    lost = ~np.isfinite(states).all(axis=(1, 2))
    if lost.any():
        diverged(plan.before * motion.span + times[lost][0])
    rates = growth.sum(axis=0) / times[-1] if exponents else np.zeros(0)
    unbounded = np.isnan(rates) | np.isposinf(rates) | (np.isinf(rates) & (time == "continuous"))
    if unbounded.any():
        raise DivergenceError(
            "the tangent vectors of the Lyapunov exponents were lost: give smaller couplings, or a"
            " smaller step."
        )
    return Run(times, states, rates, states[-1])


class _Plan(NamedTuple):
    """Steps of length `step`, `inner` of them to a record; `records` that are kept, after `before`
    that are not.
    """

    step: float
    inner: int
    records: int
    before: int

    @property
    def steps(self) -> int:
        """Of the whole run, from the start on."""
        return (self.before + self.records) * self.inner


def _plan(time: str, step: Any, duration: Any, transient: Any, every: Any, numbers: int) -> _Plan:
    """The times asked for, checked, in whole steps and records of so many numbers each."""
    if time == "discrete":
        step = 1.0
    else:
        step = check_argument("step", step, Interval(0, 1, open_low=True), "time step")
    duration = check_argument("duration", duration, Interval(0, open_low=True), "time measured")
    transient = check_argument("transient", transient, Interval(0), "time before, unmeasured")
    every = check_argument("every", every, Interval(0, open_low=True), "time between records")
    if duration < step / 2:
        raise InputError(
            f"duration = {duration:g} is less than a step of {step:g}: give a longer one, or a"
            " smaller step."
        )
    inner = min(max(round(every / step), 1), max(round(duration / step), 1))
    records = max(round(duration / (inner * step)), 1)
    before = round(transient / (inner * step))
    if max(records * numbers, before + records, inner) > _MOST:
        raise InputError(
            f"a duration of {duration:g} after {transient:g} makes {before + records:.3g} records"
            f" of {numbers} numbers, {inner:.3g} steps apart, more than memory holds: give"
            " shorter times."
        )
    return _Plan(step, inner, records, before)


def diverged(moment: float) -> None:
    """Raises DivergenceError: the state is no longer finite at this time."""
    raise DivergenceError(
        f"the integration diverged at time {moment:g}: give a bounded phi, a smaller step or"
        " smaller couplings."
    )


class Motion:
    """A network in motion, advanced by records of `inner` steps each; what `evolve` runs.

    couplings (N, N), start and field (N, columns), phi as `transfer` gives it; inputs (steps, N or
    1, columns or 1): what enters at each step; exponents: how many tangent vectors follow the first
    column; quiet: there will be no noise, and nothing is compiled for it. `span`: the time of a
    record. Arithmetic in the type of the couplings. Its random numbers are functions of the seed
    and of the number of the record.
    """

    def __init__(
        self,
        couplings: np.ndarray,
        start: np.ndarray,
        *,
        phi: Transfer,
        step: float,
        inner: int,
        time: str,
        field: np.ndarray,
        inputs: np.ndarray | None = None,
        noise: float = 0.0,
        quiet: bool = False,
        exponents: int = 0,
        seed: int = 0,
    ):
        self.inputs = None if inputs is None else inputs.reshape(-1, inner, *inputs.shape[1:])
        self.step = step
        self.span = inner * step
        self.records = 0
        self._constants = phi.constants
        self._seed = seed
        self.drive(couplings, field, noise)
        # One QR at least for each unit of time, or tangent vectors lose their directions.
        oftener = min(round(1 / step), inner)
        divisors = (k for k in range(1, oftener + 1) if inner % k == 0)
        between = max(divisors) if exponents else inner
        kind = start.dtype
        n = len(couplings)
        tangent = np.zeros((n, 0))
        if exponents:
            directions = np.random.default_rng(seed).standard_normal((n, exponents))
            tangent = np.linalg.qr(directions)[0]
        tangent = tangent.astype(kind)
        turns = inner // between
        self._run = _runner(phi.function, phi.slope, time, quiet, turns, between, exponents)
        parts = (start, np.zeros_like(start), tangent, np.zeros_like(tangent))
        with jax.enable_x64(True):
            self._carry: tuple = (_State(*map(jnp.asarray, parts)), jnp.asarray(np.array(True)))

    def drive(self, couplings: np.ndarray, field: np.ndarray, noise: float) -> None:
        """The couplings (N, N), the field (N, columns) and the strength of noise from now on."""
        self.couplings = couplings
        parts = (couplings, field, np.array([self.step, noise], field.dtype))
        with jax.enable_x64(True):
            self._given = _Given(self._constants, *map(jnp.asarray, parts))

    def advance(self, count: int) -> tuple[np.ndarray, np.ndarray]:
        """So many records: states (count, N, columns) at their ends, and the growth (count,
        exponents) of the logarithms of the tangent vectors' lengths within them.
        """
        end = self.records + count
        numbers = np.arange(self.records, end)
        inputs = None if self.inputs is None else self.inputs[self.records : end]
        with jax.enable_x64(True):
            outside = (self._seed, numbers, inputs)
            self._carry, (states, growth) = self._run(self._given, outside, self._carry)
            self.records = end
            return np.asarray(states), np.asarray(growth, float)

    def moved(self, kick: np.ndarray) -> Motion:
        """The same motion from here on, but for a kick to its states, (N, columns) or (N, 1)."""
        other = copy(self)
        state, first = self._carry
        with jax.enable_x64(True):
            other._carry = (state._replace(x=state.x + kick.astype(state.x.dtype)), first)
        return other


class _Given(NamedTuple):
    """What every step reads: the `constants` of phi and phi', `couplings` (N, N), `field` (N,
    columns), and `numbers` (2,): the length of a step and the strength of noise.
    """

    constants: tuple[list, list]
    couplings: jax.Array
    field: jax.Array
    numbers: jax.Array


class _State(NamedTuple):
    """`x` and the `drive` J phi + h of the last step, (N, columns); `tangent` vectors of the first
    column and their `turn` J phi' v of the last step, (N, exponents).
    """

    x: jax.Array
    drive: jax.Array
    tangent: jax.Array
    turn: jax.Array


@lru_cache(maxsize=32)
def _runner(
    function: Traced,
    slope: Traced | None,
    time: str,
    quiet: bool,
    turns: int,
    inner: int,
    exponents: int,
):
    """Records compiled, each of `turns` times `inner` steps, with one QR a turn; `quiet`: without
    noise, which is two thirds of what is compiled.
    """
    continuous = time == "continuous"

    def one_step(given: _Given, key, pushed, state: _State, first):
        held, held_by_slope = given.constants
        step, noise = given.numbers
        x = state.x
        block = function(held, x).astype(x.dtype)
        if slope is not None:
            rise = slope(held_by_slope, x).astype(x.dtype)
            block = jnp.concatenate([block, rise[:, :1] * state.tangent], axis=1)
        pull = given.couplings @ block
        drive = pull[:, : x.shape[1]] + given.field
        turn = pull[:, x.shape[1] :]
        decay = jnp.exp(-step) if continuous else jnp.zeros_like(step)
        kick = jnp.zeros((), x.dtype)
        if not quiet:
            kick = jnp.sqrt(noise * (1 - decay**2)) * jax.random.normal(key, (len(x), 1), x.dtype)
        if continuous:
            # The first step of all has no past: Euler.
            old = jnp.where(first, drive, state.drive)
            old_turn = jnp.where(first, turn, state.turn)
            gather = 1 - decay
            moved = _State(
                decay * x + gather * (1.5 * drive - 0.5 * old) + kick,
                drive,
                decay * state.tangent + gather * (1.5 * turn - 0.5 * old_turn),
                turn,
            )
        else:
            moved = _State(drive + kick, drive, turn, turn)
        # Added last, so that an input of zero changes no bit.
        return moved if pushed is None else moved._replace(x=moved.x + (1 - decay) * pushed)

    def orthogonal(state: _State, growth):
        """Tangent vectors of length one again, and what their lengths have grown by."""
        tangent, r = jnp.linalg.qr(state.tangent)
        turn = state.turn
        if continuous:
            # The drive kept from the last step belongs to the same tangent vectors.
            turn = jax.scipy.linalg.solve_triangular(r, turn.T, trans=1).T
        growth = growth + jnp.log(jnp.abs(jnp.diagonal(r)))
        return state._replace(tangent=tangent, turn=turn), growth

    @jit
    def run(given: _Given, outside, carry):
        seed, numbers, inputs = outside
        key = jax.random.key(seed)

        def record(carry, now):
            number, pushed = now
            steps = jax.random.split(jax.random.fold_in(key, number), turns * inner)

            def advance(k, carry):
                state, first = carry
                at = None if pushed is None else pushed[k]
                return one_step(given, steps[k], at, state, first), False

            def turn(part, carry):
                state, first, growth = carry
                end = (part + 1) * inner
                state, first = jax.lax.fori_loop(part * inner, end, advance, (state, first))
                if exponents:
                    state, growth = orthogonal(state, growth)
                return state, first, growth

            still = jnp.zeros(exponents, carry[0].x.dtype)
            state, first, growth = jax.lax.fori_loop(0, turns, turn, (*carry, still))
            return (state, first), (state.x, growth)

        return jax.lax.scan(record, carry, (numbers, inputs))

    return run


def kaplan_yorke_dimension(exponents: Any) -> float:
    """Dimension of the attractor from its Lyapunov spectrum: k + sum_{i <= k} lambda_i /
    |lambda_{k+1}|, k the last with sum >= 0.

    Source: Kaplan & Yorke (1979). Raises InputError where the exponents given are too few for their
    sum to turn negative.

    Returns one number. Referee: spectra written by hand (tests/recurrent).
    """
    expected = "give the Lyapunov exponents as one row of numbers"
    exponents = np.sort(real_array("exponents", exponents, expected, ndim=1, finite=False))[::-1]
    if np.isnan(exponents).any() or np.isposinf(exponents).any():
        raise InputError(f"exponents hold {exponents[~np.isfinite(exponents)][0]}: {expected}.")
    total = np.cumsum(exponents)
    if total[-1] >= 0:
        raise InputError(
            f"the sum of {len(exponents)} Lyapunov exponents is not yet negative: follow more of"
            " them."
        )
    k = int((total >= 0).sum())
    return 0.0 if k == 0 else float(k + total[k - 1] / abs(exponents[k]))
