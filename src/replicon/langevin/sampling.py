"""Learning as Langevin dynamics: parameters of any differentiable energy E at temperature T, with
the law exp(-E/T)/Z.

    dw = -grad E dt + sqrt(2 T) dB (overdamped),
    dw = p dt, dp = -grad E dt - friction p dt + sqrt(2 friction T) dB (underdamped).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from replicon._arrays import real_array
from replicon._declare import Interval, Words
from replicon._domains import check_argument, check_seed, show
from replicon._errors import InputError
from replicon.langevin.steps import Chains, Given, Record, check_start, compiled, followed
from replicon.langevin.vectors import as_vectors, unravelled

METHODS = ("ula", "mala", "baoab", "sgld")
# Chains have mixed; milder than what Vehtari et al. (2021) advise: R-hat below 1.01 and 100
# effective samples of each chain.
_AGREEMENT = 1.05
_ENOUGH = 100  # effective samples


class Trajectory(NamedTuple):
    """What a run measured; chains C, records R, d parameters.

    positions: the parameter tree, each leaf with leading axes (C, R); energy (C, R). Temperatures
    (C,), each an independent test of equilibrium: configurational <|grad E|^2>/<laplacian E>
    (Rugh), virial <(w - c) . grad E>/d, c the mean of the other chains, kinetic <p^2>/d (baoab;
    else NaN). acceptance (mala; else NaN). noise_ratio: variance that minibatches add to a step
    over that of the thermal noise (sgld; else 0). r_hat (largest) and effective_sample_size
    (smallest) over energy and parameters; converged: r_hat < 1.05, more than 100 effective samples,
    and a virial temperature that is `temperature` within 4.5 of its standard errors (over chains)
    and 5 %, which a step too long for an unadjusted method, or the heat of minibatches, are not.
    """

    positions: Any
    energy: np.ndarray
    configurational_temperature: np.ndarray
    virial_temperature: np.ndarray
    kinetic_temperature: np.ndarray
    acceptance: float
    noise_ratio: float
    r_hat: float
    effective_sample_size: float
    converged: bool


def sample_langevin(
    energy: Callable,
    start: Any,
    *,
    temperature: float,
    method: str = "mala",
    step: float,
    records: int = 1000,
    every: int = 10,
    burn: int = 1000,
    friction: float = 1.0,
    data: Any = None,
    batch: int | None = None,
    penalty: Callable | None = None,
    control_variate: bool = False,
    seed: int = 0,
) -> Trajectory:
    """Sample exp(-E/T) from `start`, a tree of parameters whose leaves have a leading axis of
    chains.

    energy(parameters), or, with data (n, ...), energy(parameters, rows), a sum over rows, to which
    penalty(parameters) is added. step: dt. Kept: every `every`-th of `records` x `every` steps
    after `burn`.

    ula: Euler steps, law wrong by O(dt). mala: the same, accepted or rejected, exact.
    baoab: underdamped, of unit mass, configurations wrong by O(dt^2). sgld: ula with gradients of
    `batch` rows drawn anew each step; `control_variate` subtracts their gradient at an anchor, the
    last record, and adds the whole one there.

    `energy` and `penalty` are what they compute at this call: globals, attributes and arrays that
    they read may change between two calls. What is compiled is kept by the computation and its
    shapes; arrays closed over, and `data`, may change without compiling again, numbers closed over
    may not. Raises InputError for what JAX cannot follow, for an energy that depends on more than
    its arguments and for a start at which it is not finite; DivergenceError, with step and state,
    where it ceases to be finite on the way.

    Sources: Roberts & Tweedie, Bernoulli 2, 341 (1996); Leimkuhler & Matthews, AMRX 2013, 34;
    Welling & Teh, ICML 2011; Baker et al., Stat. Comput. 29, 599 (2019) (control variates). Rugh,
    PRL 78, 772 (1997). Referee: quadratic energy, double well.
    """
    method = check_argument("method", method, Words(METHODS))
    temperature, step, friction = (
        check_argument(name, value, Interval(0, open_low=True))
        for name, value in (("temperature", temperature), ("step", step), ("friction", friction))
    )
    records, every, burn = (
        check_argument(name, value, Interval(low, integer=True))
        for name, value, low in (("records", records, 1), ("every", every, 1), ("burn", burn, 0))
    )
    seed = check_seed(seed)
    if not isinstance(control_variate, (bool, np.bool_)):
        raise InputError(f"control_variate = {show(control_variate)} is neither True nor False.")
    sampler = Sampler(
        energy,
        start,
        temperature=temperature,
        method=method,
        step=step,
        every=every,
        friction=friction,
        data=data,
        batch=batch,
        penalty=penalty,
        control_variate=bool(control_variate),
        seed=seed,
    )
    if burn:
        sampler.advance(-(-burn // every))
    return sampler.trajectory(sampler.advance(records))


class Sampler:
    """Chains of `sample_langevin`, which says what the arguments are, moved as far as asked.

    `start_energy` (chains,); `given`, what may change between two calls of `advance`.
    """

    def __init__(
        self,
        energy: Callable,
        start: Any,
        *,
        temperature: float,
        method: str,
        step: float,
        every: int,
        seed: int,
        friction: float = 1.0,
        data: Any = None,
        batch: int | None = None,
        penalty: Callable | None = None,
        control_variate: bool = False,
    ):
        self.method = method
        with jax.enable_x64(True):
            first, structure, shapes = as_vectors(start)
            self.unravel = unravelled(structure, shapes)
            rows = None if data is None else _rows(data)
            drawn = _batch(batch, rows) if method == "sgld" else 0
            functions, constants = followed(energy, penalty, self.unravel(first[0]), rows, drawn)
            block = compiled(functions, structure, shapes, method, drawn, control_variate)
            self.start_energy = check_start(functions, constants, self.unravel(first), rows)
            self.given = Given((constants, rows), temperature, step, friction, every)
            heat = temperature if method == "baoab" else 0.0
            self.chains = Chains(block, first, seed=seed, heat=heat)

    def advance(self, records: int) -> Record:
        """What was measured at so many records more."""
        with jax.enable_x64(True):
            return self.chains.advance(records, self.given)

    def change(self, *, temperature: float, step: float, data: Any) -> None:
        """Go on at another temperature and step, with data of the same shapes."""
        with jax.enable_x64(True):
            rows = None if data is None else _rows(data)
        data = (self.given.data[0], rows)
        self.given = self.given._replace(data=data, temperature=temperature, step=step)

    def trajectory(self, record: Record) -> Trajectory:
        """Thermometers and diagnostics of records."""
        x = record.position
        temperature = self.given.temperature
        step = self.given.step
        size = x.shape[2]
        # Centred at the other chains' mean: the chain's own would lower the temperature by the
        # share of its independent states.
        means = x.mean(axis=1)
        others = (means.sum(axis=0) - means) / max(len(x) - 1, 1)
        force = (others * record.gradient.mean(axis=1)).sum(axis=1)
        virial = (record.product.mean(axis=1) - force) / size
        r_hat, effective = diagnose(np.concatenate([x, record.energy[:, :, None]], axis=2))
        mixed = r_hat < _AGREEMENT and effective > _ENOUGH
        noise = record.noise
        kinetic = np.full(len(x), math.nan)
        acceptance = math.nan
        ratio = 0.0
        if self.method == "baoab":
            kinetic = record.kinetic.mean(axis=1)
        if self.method == "mala":
            acceptance = float(record.acceptance.mean())
        if self.method == "sgld":
            ratio = float(noise.mean()) * step / (2 * temperature * size)
        return Trajectory(
            self.unravel(x),
            record.energy,
            record.square.mean(axis=1) / record.laplacian.mean(axis=1),
            virial,
            kinetic,
            acceptance,
            ratio,
            r_hat,
            effective,
            bool(mixed and _is_mean(virial, temperature)),
        )


def _is_mean(values: np.ndarray, expected: float) -> bool:
    """Whether a mean over chains is `expected` within 4.5 standard errors and 5 %."""
    error = values.std(ddof=1) / math.sqrt(len(values)) if len(values) > 1 else 0.0
    return bool(abs(values.mean() - expected) < 4.5 * error + 0.05 * expected)


def diagnose(values: np.ndarray) -> tuple[float, float]:
    """Largest rank-normalised split R-hat and smallest effective sample size of values (chains,
    records, quantities).

    At most 200 quantities, equally spaced. Source: Vehtari et al., Bayesian Anal. 16, 667 (2021),
    by arviz-stats.
    """
    from arviz_stats.base.array import array_stats

    shown = values[:, :, np.unique(np.linspace(0, values.shape[2] - 1, 200).astype(int))]
    shown = shown[:, :, (shown != shown[:1, :1]).any(axis=(0, 1))]
    if values.shape[0] < 2 or values.shape[1] < 4 or not shown.shape[2]:
        return math.nan, math.nan  # too few, or all of them where they began
    r_hat = array_stats.rhat(shown, chain_axis=0, draw_axis=1)
    return float(np.max(r_hat)), float(np.min(array_stats.ess(shown, chain_axis=0, draw_axis=1)))


def _rows(data: Any) -> Any:
    """The user's data as a tree of arrays; whole numbers and truth values stay what they are, to
    index with.
    """

    def array(leaf):
        given = leaf if isinstance(leaf, (np.ndarray, jax.Array)) else None
        if given is not None and given.dtype.kind in "biu" and given.size:
            return jnp.asarray(given)
        return jnp.asarray(real_array("data", leaf, "expected arrays of finite numbers"))

    rows = jax.tree.map(array, data)
    if not jax.tree.leaves(rows):
        raise InputError("data holds no array: give arrays, or leave data out.")
    return rows


def _batch(batch: Any, rows: Any) -> int:
    counts = {leaf.shape[0] if leaf.ndim else 0 for leaf in jax.tree.leaves(rows)}
    if len(counts) > 1:
        raise InputError(
            f"data has leaves of {sorted(counts)} rows: method=sgld draws rows, give all leaves the"
            " same number."
        )
    count = max(counts, default=0)
    if not count or not Interval(1, count, integer=True).admits(batch):
        raise InputError(
            f"method=sgld draws batch = {show(batch)} of {count} rows: give data, and a whole"
            " number from 1 to its rows."
        )
    return int(batch)
