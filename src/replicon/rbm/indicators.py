"""What physics watches while a machine learns: modes of the weights, use of hidden units, phase."""

from __future__ import annotations

import numpy as np

from replicon.rbm.layers import Machine, Parameters, sigmoid
from replicon.rbm.partition import independent_log_partition, quick_log_partition
from replicon.rbm.settings import SUMMED
from replicon.rbm.training import State, pseudo_likelihood

_MODES = 32  # leading singular values kept
_COMPONENTS = 8  # leading principal components and singular vectors compared
# A likelihood has declined where it lost a tenth of its best gain and three standard errors more.
_KEPT = 0.9
_ERRORS = 3


def principal_components(X: np.ndarray) -> np.ndarray:
    """Leading eigenvectors of the covariance of the rows, (V, at most 8)."""
    from scipy.linalg import eigh

    x = X - X.mean(axis=0, dtype=float)
    visible = X.shape[1]
    return eigh(x.T @ x / len(x), subset_by_index=[max(visible - _COMPONENTS, 0), visible - 1])[1][
        :, ::-1
    ]


def participation(x: np.ndarray) -> np.ndarray:
    """(sum x^2)^2 / sum x^4 over the first axis: the number of entries that carry the weight."""
    fourth = (x**4).sum(axis=0)
    return (x**2).sum(axis=0) ** 2 / np.maximum(fourth, np.finfo(float).tiny)


def measure(
    state: State, mean: np.ndarray, components: np.ndarray, rows: np.ndarray, sites: np.ndarray
) -> dict:
    """One record of training.

    singular_values: the 32 leading ones of W; left_vectors (modes, V) and right_vectors (modes, H)
    of the first 8. principal_overlap (modes, components): |u_a . c_k| of left singular vectors with
    the data's principal components. hidden_usage (H,): mean of P(h = 1 | v) over rows of the data.
    active_units: hidden units that carry the fields of one of the machine's own samples, (sum_j
    I_j^2)^2 / sum_j I_j^4 with I = (v - mean).W, averaged over chains: H/3 in a paramagnet (normal
    fields), about 1 in a ferromagnet, between in the compositional phase. sparsity: visible units
    on which a hidden one's weights live, as a fraction. pseudo_likelihood: of data, sum over
    visible units in nats per row (from at most 32 units), where they are 0 and 1.

    Sources: Decelle, Fissore & Furtlehner, EPL 119, 60001 (2017); Tubiana & Monasson, PRL 118,
    138301 (2017), SM (participation ratios).
    """
    import jax

    parameters = state.parameters.in_double()
    W = parameters.weights
    left, singular, right = np.linalg.svd(W, full_matrices=False)
    modes = min(_COMPONENTS, left.shape[1])
    v = _visible_rows(parameters, np.asarray(state.hidden)[-1])
    rows = np.asarray(rows)
    found = {
        "singular_values": singular[:_MODES],
        "left_vectors": left[:, :modes].T,
        "right_vectors": right[:modes],
        "principal_overlap": np.abs(left[:, :modes].T @ components),
        "hidden_usage": np.asarray(sigmoid(rows @ W + parameters.hidden_bias), float).mean(axis=0),
        "active_units": float(participation(((v - mean) @ W).T).mean()),
        "sparsity": float(participation(W).mean()) / len(W),
    }
    if not parameters.real:
        of_rows = pseudo_likelihood(jax.tree.map(np.asarray, state.parameters), rows, sites)
        found["pseudo_likelihood"] = float(np.mean(np.asarray(of_rows, float)))
    return found


def _visible_rows(parameters: Machine, hidden: np.ndarray) -> np.ndarray:
    """Visible units (rows, V) drawn given hidden ones, always with the same noise."""
    rng = np.random.default_rng(0)
    if not isinstance(parameters, Parameters):
        return parameters.draw_given(hidden, rng)
    field = hidden @ parameters.weights.T + parameters.visible_bias
    v = np.asarray(sigmoid(field), float)
    return (rng.random(v.shape) < v) * 1.0


def likelihood_gain(parameters, base: np.ndarray, rows: np.ndarray, seed: tuple[int, int]) -> dict:
    """Log-likelihood of rows beside that of independent units of biases `base`; ln Z summed, or
    annealed forward in 200 steps.
    """
    value, error = quick_log_partition(parameters, base, SUMMED, seed)
    rows = rows.astype(float)
    own = -parameters.in_double().free_energy(rows) - value
    alone = rows @ base - independent_log_partition(base, parameters.real)
    if parameters.real:
        alone = alone - (rows**2).sum(axis=1) / 2
    spread = (own - alone).std(ddof=1) / np.sqrt(len(rows)) if len(rows) > 1 else 0.0
    return {
        "log_likelihood": float(own.mean()),
        "independent_log_likelihood": float(alone.mean()),
        "log_likelihood_error": float(np.hypot(spread, error)),
    }


def decline(records: list[dict], epochs: int) -> str:
    """What is wrong, if the last record is worse than independent units, or than the machine was
    before; else empty.
    """
    if not records or records[-1]["epoch"] != epochs or not epochs:
        return ""
    gains = np.array([r["log_likelihood"] - r["independent_log_likelihood"] for r in records])
    errors = np.array([r["log_likelihood_error"] for r in records])
    best = int(np.argmax(gains - errors))
    if gains[-1] < -_ERRORS * errors[-1]:
        what = f"worse than independent units ({gains[-1]:.3g} nats per row)"
    elif gains[-1] < _KEPT * gains[best] - _ERRORS * (errors[-1] + errors[best]):
        what = (
            f"worse by {gains[best] - gains[-1]:.3g} nats per row than it did after epoch"
            f" {records[best]['epoch']}"
        )
    else:
        return ""
    return (
        f"After {epochs} epochs the machine describes its data {what}, as log_likelihood in"
        " history_ shows: its chains do not follow; give method='pt', a smaller learning_rate, or"
        " more steps."
    )


def as_dataset(records: list[dict]):
    """Records as an xarray.Dataset over `epoch`; further dimensions mode, component, unit."""
    import xarray

    axes = {
        "singular_values": ("mode",),
        "principal_overlap": ("vector", "component"),
        "hidden_usage": ("unit",),
    }
    axes |= {"left_vectors": ("vector", "site"), "right_vectors": ("vector", "unit")}
    names = [name for name in (records[0] if records else {}) if name != "epoch"]
    variables = {
        name: (("epoch", *axes.get(name, ())), np.array([record[name] for record in records]))
        for name in names
    }
    return xarray.Dataset(variables, {"epoch": [record["epoch"] for record in records]})


def record_of(state, mean, components, base, X: np.ndarray, seed: int, epoch: int) -> dict:
    """What the history keeps of an epoch: `measure` and `likelihood_gain` on at most 512 rows."""
    rng = np.random.default_rng((seed, 2, epoch))
    chosen = X[rng.permutation(len(X))[:512]]
    sites = rng.permutation(X.shape[1])[:32]
    record = measure(state, mean, components, chosen, sites)
    return record | likelihood_gain(state.parameters, base, chosen, (seed, epoch))
