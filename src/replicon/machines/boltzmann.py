"""The Boltzmann machine as an estimator: couplings and fields of Ising spins from binary recordings, and how well they fit."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from replicon._errors import InputError
from replicon.machines import inverse, likelihood
from replicon.machines.inputs import choose, real, spin_rows, whole
from replicon.simulation.exact import enumerate_states
from replicon.simulation.spins import as_kernel, energy, local_fields, sweep
from replicon.simulation.statistics import mean_and_error

if TYPE_CHECKING:
    import xarray

LARGEST = 20  # spins that are enumerated
METHODS = (*inverse.CLOSED, "pseudo-likelihood", "exact", "monte-carlo")


class BoltzmannMachine(BaseEstimator):
    """Pairwise model of binary data, P(s) ~ exp(sum_{i<j} J_ij s_i s_j + sum_i h_i s_i), s = +-1 (temperature 1).

    Parameters
    ----------
    method : "independent" (no couplings), "pair" (every pair as if alone), "naive-mean-field", "tap", "bethe" (susceptibility
        propagation; exact on trees), "pseudo-likelihood", "exact" (likelihood by enumeration, at most 20 spins), "monte-carlo"
        (likelihood by persistent chains).
    regularization, penalty : strength and kind ("l2", "l1") of a penalty sum_{i != j} J_ij^2 or |J_ij|, subtracted from the mean
        log-(pseudo-)likelihood of a row; of the three last methods ("l1": pseudo-likelihood only).
    chains, updates, sweeps : of "monte-carlo".
    seed : whole number; same seed, same bits.

    Attributes
    ----------
    couplings_ (N, N) : symmetric, zero diagonal. fields_ (N,). converged_ : bool. magnetization_ (N,), correlation_ (N, N) :
    <s_i> and <s_i s_j> of the data.

    X: rows (B, N) of +-1 or 0/1 (0 read as -1), or the path of a .csv, .npy or .npz file. InputError for NaN, other values,
    columns that never change, and too few rows for the method.

    Review: Nguyen, Zecchina & Berg, Adv. Phys. 66, 197 (2017). Referee: enumeration; trees; the Cramer-Rao bound.
    """

    def __init__(
        self,
        method: str = "pseudo-likelihood",
        *,
        regularization: float = 0.0,
        penalty: str = "l2",
        chains: int = 2000,
        updates: int = 600,
        sweeps: int = 2,
        seed: int = 0,
    ):
        self.method = method
        self.regularization = regularization
        self.penalty = penalty
        self.chains = chains
        self.updates = updates
        self.sweeps = sweeps
        self.seed = seed

    def fit(self, X, y=None):
        """Infer couplings and fields from rows."""
        self._check()
        spins = spin_rows(X)
        rows, count = spins.shape
        if self.method == "exact" and count > LARGEST:
            raise InputError(f"method=exact sums over 2^N states and takes at most {LARGEST} spins, X has {count}: take monte-carlo.")
        m, C = inverse.moments(spins)
        if (np.abs(m) == 1).any():
            spin = int(np.argmax(np.abs(m)))
            raise InputError(f"Spin {spin} is {m[spin]:+.0f} in all {rows} rows, so its field would be infinite: leave that column out.")
        if rows < 2 * count and self.method not in ("independent", "pair") and not self.regularization:
            raise InputError(
                f"{rows} rows are too few for method={self.method} with {count} spins: give at least {2 * count}, "
                "or method=pseudo-likelihood with regularization > 0."
            )
        if self.method in inverse.CLOSED:
            self.couplings_, self.fields_ = inverse.CLOSED[self.method](m, C)
            self.converged_ = True
        else:
            self.couplings_, self.fields_, self.converged_ = self._climb(spins, m, C)
        if not (np.isfinite(self.couplings_).all() and np.isfinite(self.fields_).all()):
            raise InputError(f"method={self.method} gave no finite couplings for these data: take method=pseudo-likelihood.")
        if not self.converged_:
            from sklearn.exceptions import ConvergenceWarning

            way_out = "more updates" if self.method == "monte-carlo" else "some regularization"
            warnings.warn(f"method={self.method} did not converge: give {way_out} (converged_ is False).", ConvergenceWarning, stacklevel=2)
        self.magnetization_, self.correlation_ = m, C + np.outer(m, m)
        self.n_features_in_ = count
        return self

    def _check(self) -> None:
        choose("method", self.method, METHODS)
        choose("penalty", self.penalty, ("l2", "l1"))
        real("regularization", self.regularization, 0.0)
        for name, low in (("chains", 2), ("updates", 2), ("sweeps", 1), ("seed", 0)):
            whole(name, getattr(self, name), low)
        if self.regularization and self.method in inverse.CLOSED:
            raise InputError(f"method={self.method} has no regularization: leave it 0, or take method=pseudo-likelihood.")
        if self.penalty == "l1" and self.regularization and self.method != "pseudo-likelihood":
            raise InputError(f"penalty=l1 belongs to method=pseudo-likelihood, not to {self.method}: take penalty=l2.")

    def _climb(self, spins, m, C):
        second = C + np.outer(m, m)
        try:
            start = inverse.bethe(m, C)
            tame = all(np.isfinite(x).all() for x in start) and np.abs(start[0]).max() < 2
        except InputError:
            tame = False
        if not tame:
            start = inverse.independent(m, C)
        if self.method == "pseudo-likelihood":
            return likelihood.pseudo_likelihood(spins, start, self.regularization, self.penalty)
        if self.method == "exact":
            return likelihood.exact_likelihood(m, second, start, self.regularization, self.penalty)
        rng = np.random.default_rng(self.seed)
        return likelihood.monte_carlo_likelihood(m, second, start, self.regularization, self.chains, self.updates, self.sweeps, rng)

    def _rows(self, X) -> np.ndarray:
        check_is_fitted(self, "couplings_")
        return spin_rows(X, self.n_features_in_)

    def energy(self, X) -> np.ndarray:
        """-sum_{i<j} J_ij s_i s_j - sum_i h_i s_i of each row, (rows,)."""
        s = self._rows(X).astype(float)
        return -((s @ self.couplings_) * s).sum(axis=1) / 2 - s @ self.fields_

    def score_samples(self, X) -> np.ndarray:
        """Ln P(s) of each row in nats, (rows,); at most 20 spins. Beyond: `pseudo_likelihood`."""
        rows = self.energy(X)
        if self.n_features_in_ > LARGEST:
            raise InputError(f"ln P needs a sum over 2^N states, at most {LARGEST} spins: use pseudo_likelihood, which score returns.")
        return -rows + enumerate_states(self.couplings_, self.fields_).free_energy

    def pseudo_likelihood(self, X) -> np.ndarray:
        """Sum over spins of ln P(s_i | the others) of each row in nats, (rows,)."""
        s = self._rows(X).astype(float)
        return -np.logaddexp(0, -2 * s * (s @ self.couplings_ + self.fields_)).sum(axis=1)

    def score(self, X, y=None) -> float:
        """Mean of `pseudo_likelihood` over rows: what cross-validation compares at any size."""
        return float(self.pseudo_likelihood(X).mean())

    def sample(self, count: int = 1, *, sweeps: int = 200, temperature: float = 1.0, seed: int = 0) -> np.ndarray:
        """`count` rows (count, N) of +-1, int8, each the end of its own heat-bath chain of `sweeps` sweeps from independent spins."""
        check_is_fitted(self, "couplings_")
        whole("count", count, 1)
        whole("sweeps", sweeps, 1)
        rng = np.random.default_rng(seed)
        spins = np.where(rng.random((count, self.n_features_in_)) < (1 + self.magnetization_) / 2, 1, -1).astype(np.float32)
        self._run(spins, np.full(count, 1 / temperature), sweeps, rng)
        return spins.astype(np.int8)

    def _run(self, spins: np.ndarray, betas: np.ndarray, sweeps: int, rng) -> None:
        """Heat bath in place."""
        matrix, external = as_kernel(self.couplings_, self.fields_)
        fields = np.empty_like(spins)
        for turn in range(sweeps):
            if turn % 200 == 0:
                local_fields(matrix, external, spins, fields)
            sweep(matrix, fields, spins, betas, rng)

    def _tempered_energies(self, T: np.ndarray, copies: int, sweeps: int, rng) -> np.ndarray:
        """(sweeps, temperatures, copies) after a quarter as many: neighbouring temperatures of a copy exchange their states."""
        order = np.argsort(T)
        ladder, levels = 1 / T[order], len(T)
        matrix, external = as_kernel(self.couplings_, self.fields_)
        spins = np.where(rng.random((levels * copies, len(external))) < 0.5, 1, -1).astype(np.float32)
        fields, now, out = np.empty_like(spins), np.empty(len(spins)), np.empty((sweeps, levels, copies))
        chain = np.arange(levels * copies).reshape(levels, copies)  # the chain at each temperature
        betas = np.repeat(ladder, copies)
        for turn in range(-(sweeps // 4), sweeps):
            if turn % 200 == 0:
                local_fields(matrix, external, spins, fields)
            betas[chain] = ladder[:, None]
            sweep(matrix, fields, spins, betas, rng)
            energy(fields, external, spins, now)
            if turn >= 0:
                out[turn, order] = now[chain]
            for k in range(turn % 2, levels - 1, 2):
                gain = (ladder[k + 1] - ladder[k]) * (now[chain[k + 1]] - now[chain[k]])
                swap = rng.random(copies) < np.exp(np.minimum(gain, 0.0))
                chain[k, swap], chain[k + 1, swap] = chain[k + 1, swap], chain[k, swap].copy()
        return out

    def diagnose(self, X, *, count: int = 20_000, triples: int = 1000, seed: int = 0) -> xarray.Dataset:
        """Moments of the rows X (held out, or those of the fit) beside those of the model.

        magnetization_* (spin), correlation_* (pair), three_point_* (triple; <(s_i - m_i)(s_j - m_j)(s_k - m_k)>, at most `triples`
        of them, chosen at random), and active_* (the distribution of the number of spins +1): `*` is data, model and z, the
        difference over both standard errors. The model never saw the last two. Model: `count` independent chains.
        """
        import xarray

        spins = self._rows(X)
        model = self.sample(count, seed=seed)
        n = self.n_features_in_
        first, second = np.triu_indices(n, 1)
        rng = np.random.default_rng(seed)
        if n > 2:
            chosen = np.unique(np.sort([rng.permutation(n)[:3] for _ in range(triples)], axis=1), axis=0)
        else:
            chosen = np.zeros((0, 3), int)
        statistics = {
            "magnetization": ("spin", lambda s: s.astype(float)),
            "correlation": ("pair", lambda s: s[:, first].astype(np.float32) * s[:, second]),
            "three_point": ("triple", lambda s: np.prod([(s - s.mean(axis=0))[:, chosen[:, k]] for k in range(3)], axis=0)),
            "active": ("number", lambda s: (((s > 0).sum(axis=1))[:, None] == np.arange(n + 1)).astype(float)),
        }
        variables = {}
        for name, (axis, of) in statistics.items():
            (a, da), (b, db) = (_moments(of, rows) for rows in (spins, model))
            with np.errstate(divide="ignore", invalid="ignore"):
                z = (a - b) / np.hypot(da, db)
            variables |= {f"{name}_data": (axis, a), f"{name}_model": (axis, b), f"{name}_z": (axis, z)}
        places = {"first": ("pair", first), "second": ("pair", second), "triple_spins": (("triple", "place"), chosen)}
        return xarray.Dataset({**variables, **places})

    def specific_heat(self, temperatures, *, copies: int = 64, sweeps: int = 2000, seed: int = 0) -> xarray.Dataset:
        """(<E^2> - <E>^2)/(N T^2) of P_T(s) ~ exp(-E(s)/T) over `temperature`; the data stand at T = 1.

        A maximum at T = 1 that grows with N is the sign of a critical point; for few rows or spins it is also what inference makes
        of noise (compare independent or shuffled data). Exact up to 20 spins (error 0), else `copies` ladders of
        heat-bath chains that exchange neighbouring temperatures: give temperatures close enough, up to one at which chains move freely.

        Source: Tkacik et al., PNAS 112, 11508 (2015); Mastromatteo & Marsili, J. Stat. Mech. P10012 (2011).
        """
        import xarray

        check_is_fitted(self, "couplings_")
        T = np.atleast_1d(np.asarray(temperatures, float))
        if T.ndim != 1 or not (np.isfinite(T) & (T > 0)).all():
            raise InputError(f"temperatures = {temperatures!r} is outside its domain: give numbers > 0 (the data stand at 1).")
        n = self.n_features_in_
        if n <= LARGEST:
            states = 1 - 2 * ((np.arange(2**n)[:, None] >> np.arange(n)) & 1).astype(np.int8)
            levels = self.energy(states)
            value, error = np.empty(len(T)), np.zeros(len(T))
            for k, t in enumerate(T):
                weight = np.exp(-(levels - levels.min()) / t)
                weight /= weight.sum()
                value[k] = (weight @ levels**2 - (weight @ levels) ** 2) / (n * t**2)
        else:
            levels = self._tempered_energies(T, copies, sweeps, np.random.default_rng(seed))
            # Fluctuations about the mean of all copies of a temperature, one number a copy.
            spread = ((levels - levels.mean(axis=(0, 2), keepdims=True)) ** 2).mean(axis=0) / (n * T[:, None] ** 2)
            value, error = np.array([mean_and_error(x) for x in spread]).T
        return xarray.Dataset({"specific_heat": ("temperature", value), "error": ("temperature", error)}, {"temperature": T})


def _moments(of, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean and standard error over rows of the columns that `of` makes of them."""
    columns = of(rows)
    mean = columns.mean(axis=0, dtype=float)
    return mean, np.sqrt(np.maximum((columns.astype(float) ** 2).mean(axis=0) - mean**2, 0.0) / len(rows))
