"""Pseudo-likelihood of the couplings of 200 spins from 100,000 rows, against a loop of
scikit-learn's LogisticRegression over spins.

Floor: two products of rows x spins x spins an evaluation, 1.6e10 operations, single precision. The
loop is timed on five spins, with its default tolerance, and multiplied.
"""

import time

import numpy as np
from sklearn.linear_model import LogisticRegression

from replicon.boltzmann import BoltzmannMachine
from replicon.spins import heat_bath as spins

N, ROWS, SPINS = 200, 100_000, 5


def rows_of(beta: float, rng) -> tuple[np.ndarray, np.ndarray]:
    """Rows of a Sherrington-Kirkpatrick model, every fifth sweep of 1000 heat-bath chains."""
    J = np.triu(rng.normal(0, beta / np.sqrt(N), (N, N)), 1)
    couplings, external = spins.as_kernel(J + J.T)
    s = rng.choice(np.array([-1, 1], np.float32), (1000, N))
    fields, rows = np.empty_like(s), []
    spins.local_fields(couplings, external, s, fields)
    for turn in range(-20, ROWS // 1000):
        for _ in range(5):
            spins.sweep(couplings, fields, s, np.ones(1000), rng)
        if turn >= 0:
            rows.append(s.astype(np.int8))
    return J + J.T, np.concatenate(rows)


if __name__ == "__main__":
    for beta in (0.4, 0.8):
        J, rows = rows_of(beta, np.random.default_rng(0))
        BoltzmannMachine().fit(
            rows[:: ROWS // 8200]
        )  # compiles nothing of the large shapes, but loads everything
        begin = time.perf_counter()
        machine = BoltzmannMachine().fit(rows)
        ours = time.perf_counter() - begin
        begin, theirs = time.perf_counter(), []
        for spin in range(SPINS):
            fit = LogisticRegression(C=1e9).fit(
                np.delete(rows, spin, axis=1).astype(float), rows[:, spin]
            )
            theirs.append(np.insert(fit.coef_[0] / 2, spin, 0.0))
        loop = (time.perf_counter() - begin) * N / SPINS
        x = rows.astype(np.float32)
        A = np.ones((N, N), np.float32)
        begin = time.perf_counter()
        for _ in range(5):
            _ = x.T @ (x @ A)
        floor = (time.perf_counter() - begin) / 5
        error = np.linalg.norm(machine.couplings_ - J) / np.linalg.norm(J)
        print(f"pseudo-likelihood, N = {N}, {ROWS} rows, beta = {beta}: relative error {error:.4f}")
        print(
            f"  ours {ours:.1f} s (asked: 20), LogisticRegression {loop:.0f} s: ratio"
            f" {loop / ours:.1f} (asked: 5)"
        )
        print(f"  products of one evaluation {floor:.2f} s")
