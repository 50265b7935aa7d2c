"""Weights of a machine that another program has trained, checked and put into a machine of ours."""

from __future__ import annotations

from typing import Any

import numpy as np

from replicon._arrays import real_array
from replicon._declare import Words
from replicon._domains import check_argument
from replicon._errors import InputError
from replicon._seed import read_seed
from replicon.rbm import fitting
from replicon.rbm.frame import SPINS, ZERO_ONE, Frame, Outside
from replicon.rbm.layers import Machine, Parameters
from replicon.rbm.rows import frame_of, read_rows

_UNITS = Words(("0/1", "-1/+1"))
_CHAINS = 128  # where neither `chains` nor `batch_size` says how many


def check_names(given: dict, known: set[str]) -> None:
    """Refuse settings that are none, or that the weights decide."""
    for name in given:
        if name == "hidden":
            raise InputError("hidden is the number of columns of weights: leave it out.")
        if name not in known:
            raise InputError(
                f"Unknown setting {name!r} of RestrictedBoltzmannMachine: it has"
                f" {', '.join(sorted(known - {'hidden'}))}."
            )


def check_weights(weights, visible_biases, hidden_biases, variances, real: bool) -> Outside:
    """The arrays of a machine in its user's units; InputError where they do not fit each other."""
    W = real_array("weights", weights, "expected weights (visible units, hidden units)", ndim=2)
    visible, hidden = W.shape
    a = _along("visible_biases", visible_biases, visible, 0.0, W.shape)
    b = _along("hidden_biases", hidden_biases, hidden, 0.0, W.shape)
    if not real:
        if variances is not None:
            raise InputError(
                "variances are of real-valued visible units: give visible='gaussian', or leave them"
                " out."
            )
        return Outside(W, a, b)
    spread = _along("variances", variances, visible, 1.0, W.shape)
    if not (spread > 0).all():
        unit = int(np.argmin(spread))
        raise InputError(f"variances holds {spread[unit]:g} at {unit}: expected numbers > 0.")
    return Outside(W, a, b, spread)


def _along(name: str, given, length: int, default: float, shape: tuple[int, ...]) -> np.ndarray:
    if given is None:
        return np.full(length, default)
    expected = f"expected ({length},) for weights of {shape[0]} visible x {shape[1]} hidden units"
    array = real_array(name, given, expected)
    if array.shape == (1, length):  # as some programs keep them
        array = array[0]
    if array.shape != (length,):
        raise InputError(
            f"{name} has shape {array.shape}: {expected}; weights of (hidden, visible) units are to"
            " be transposed."
        )
    return array


def take_weights(machine: Any, given: Outside, units: Any, data: Any) -> None:
    """Make a machine that of the weights, in units '0/1' or '-1/+1', and, where data are given, one
    that has met them.
    """
    spins = check_argument("units", units, _UNITS) == "-1/+1"
    own = SPINS if spins else ZERO_ONE
    real = given.variances is not None
    if real:
        own = Frame(hidden_origin=own.hidden_origin, hidden_scale=own.hidden_scale)
    if data is None and isinstance(machine.binarize, str):
        raise InputError(
            f"binarize={machine.binarize} is formed of rows: give data=, or thresholds as numbers."
        )
    rows = None
    if data is not None:
        rows = read_rows(machine, data, "float64", own, real=real, reset=True)
        if rows.shape[1] != len(given.weights):
            raise InputError(
                f"data has {rows.shape[1]} columns: expected {len(given.weights)}, one for each"
                " visible unit of weights."
            )
    if real:
        seen = _half_on(own.inside(given)) if rows is None else frame_of(True, rows, data)
        own = own._replace(visible_origin=seen.visible_origin, visible_scale=seen.visible_scale)
    machine._frame = own
    machine._seed = read_seed(machine.seed)
    parameters = own.inside(given)
    chains = int(machine.chains or machine.batch_size or _CHAINS)
    fitting.take(machine, parameters, chains, np.random.default_rng(machine._seed))
    if rows is not None:
        X = own.enter(rows, machine.dtype)
        fitting.settle(machine, X)
        fitting.meet(machine, X)
        return
    visible = len(given.weights)
    half = parameters.visible_bias + parameters.weights.sum(axis=1) / 2
    machine.base_ = np.zeros(visible) if real else half
    machine._mean = np.zeros(visible, machine.dtype) if real else _mean_of(half, machine.dtype)
    machine._components = np.zeros((visible, 0))
    machine._data = ""


def _mean_of(bias: np.ndarray, dtype: str) -> np.ndarray:
    from scipy.special import expit

    return expit(bias).astype(dtype)


def _half_on(machine: Machine) -> Frame:
    """Means and deviations of real-valued visible units where every hidden unit is on half of the
    time, independently.
    """
    assert not isinstance(machine, Parameters)
    variance = 1 / machine.inverse_deviation**2
    reach = machine.weights * variance[:, None]
    mean = machine.visible_bias * variance + reach.sum(axis=1) / 2
    return Frame(mean, np.sqrt(variance + (reach**2).sum(axis=1) / 4))
