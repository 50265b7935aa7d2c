"""ln Z as annealed importance sampling estimates it, and when the estimate is to be believed."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from replicon._domains import show
from replicon._errors import InputError

# Annealing is reliable where no fewer than a tenth of the chains carry the weight, and both
# directions agree within three of their errors.
_LEAST_EFFECTIVE = 0.1
_APART = 3


class LogPartition(NamedTuple):
    """ln Z in nats, its standard error, and why it may be wrong nevertheless.

    effective_sample_size: (sum w)^2 / sum w^2 of the weights of annealing (NaN for other methods).
    `reverse`, `reverse_error`: the same from annealing backwards, out of the machine's own samples:
    too large where the forward estimate is too small. Each is one number. reason: what says that it
    is not reliable, else ''.
    """

    value: float
    error: float
    method: str
    effective_sample_size: float = math.nan
    reverse: float = math.nan
    reverse_error: float = math.nan
    reliable: bool = True
    reason: str = ""


def log_mean(w: np.ndarray) -> tuple[float, float, float]:
    """Ln mean exp(w) over chains (chains,), its standard error by the delta method, and the
    effective sample size.
    """
    count = len(w)
    weight = np.exp(w - w.max())
    effective = float(weight.sum() ** 2 / (weight**2).sum())
    error = math.sqrt(max(count / effective - 1, 0.0) / (count - 1)) if count > 1 else math.nan
    return float(w.max() + math.log(weight.mean())), error, effective


def judge(zero: float, forward: np.ndarray, backward: np.ndarray) -> LogPartition:
    """ln Z = zero + ln mean exp(forward), with what the reverse says of it.

    zero: ln Z where annealing begins; forward, backward (chains,): log-weights of both directions.
    Not reliable: effective sample size below a tenth of the chains, or both estimates more than
    three errors apart. Source: Burda, Grosse & Salakhutdinov, AISTATS 2015 (reverse).
    """
    value, error, effective = log_mean(forward)
    reverse, reverse_error, back = log_mean(backward)
    apart = abs(value + reverse)
    # Where there is nothing to anneal the errors vanish and rounding is left.
    rounding = 1e-5 * max(1.0, abs(zero + value))
    reason = ""
    if effective < _LEAST_EFFECTIVE * len(forward) or back < _LEAST_EFFECTIVE * len(backward):
        reason = (
            f"the weight lies on {effective:.1f} chains of {len(forward)} and, in reverse,"
            f" {back:.1f} of {len(backward)}"
        )
    elif apart > _APART * math.hypot(error, reverse_error) + rounding:
        reason = f"the estimates of both directions are {apart:.2f} nats apart"
    return LogPartition(
        zero + value, error, "ais", effective, zero - reverse, reverse_error, not reason, reason
    )


def given_or_own(machine: Any, given: LogPartition | None, key: Callable[[], Any]) -> LogPartition:
    """ln Z as a user gives it, or the machine's own `log_partition()`, computed once for the same
    parameters (of which `key()` is a key) and remembered. Raises InputError.
    """
    if given is None:
        held = key()
        if getattr(machine, "_known", (None,))[0] != held:
            machine._known = (held, machine.log_partition())
        given = machine._known[1]
    if not isinstance(given, LogPartition):
        raise InputError(
            f"log_partition = {show(given)} is none: give what log_partition() returns."
        )
    return given
