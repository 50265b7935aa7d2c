"""ln Z of spins with dense couplings by annealing, 100 chains in 1000 steps: our heat bath (Numba)
against the same sweeps as a scan over sites in JAX.

Floor: a random number and an exponential for each of N x 100 x 1000 spins.
"""

import time

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from replicon.spins import partition

CHAINS, STEPS = 100, 1000


@jax.jit
def scanned(J, h, base, betas, spins, key):
    """Log-weights (chains,) of an annealing whose sweeps are scans over sites."""

    def site(carry, given):
        s, fields, beta = carry
        i, noise = given
        odds = 2 * (beta * fields[:, i] + (1 - beta) * base[i])
        new = jnp.where(noise < jax.nn.sigmoid(odds), 1.0, -1.0).astype(s.dtype)
        fields = fields + (new - s[:, i])[:, None] * J[i]
        return (s.at[:, i].set(new), fields, beta), None

    def step(carry, given):
        s, total = carry
        before, beta, key = given
        fields = s @ J + h
        minus = (s * (fields + h)).sum(axis=1) / 2 - s @ base
        noise = jax.random.uniform(key, (len(h), len(s)))
        s = lax.scan(site, (s, fields, beta), (jnp.arange(len(h)), noise))[0][0]
        return (s, total + (beta - before) * minus), None

    keys = jax.random.split(key, len(betas) - 1)
    return lax.scan(step, (spins, jnp.zeros(len(spins))), (betas[:-1], betas[1:], keys))[0][1]


if __name__ == "__main__":
    for n in (100, 200, 500):
        rng = np.random.default_rng(0)
        J = np.triu(rng.normal(0, 0.7 / np.sqrt(n), (n, n)), 1).astype(np.float32)
        J = J + J.T
        h = rng.normal(-1, 0.3, n).astype(np.float32)
        base = h.astype(float)
        betas = np.linspace(0, 1, STEPS)
        start = np.where(rng.random((CHAINS, n)) < (1 + np.tanh(h)) / 2, 1, -1).astype(np.float32)
        relative = (h - 2 * base).astype(np.float32)
        partition.anneal(J, h, relative, base, betas[:3], start.copy(), rng)  # compiles
        begin = time.perf_counter()
        partition.anneal(J, h, relative, base, betas, start.copy(), rng)
        ours = time.perf_counter() - begin
        given = (jnp.asarray(J), jnp.asarray(h), jnp.asarray(h), jnp.asarray(betas, jnp.float32))
        scanned(*given, jnp.asarray(start), jax.random.key(0)).block_until_ready()
        begin = time.perf_counter()
        scanned(*given, jnp.asarray(start), jax.random.key(1)).block_until_ready()
        theirs = time.perf_counter() - begin
        begin = time.perf_counter()
        for _ in range(10):
            np.exp(rng.random(n * CHAINS * STEPS // 10))
        floor = time.perf_counter() - begin
        print(f"N = {n}: ours {ours:.2f} s, JAX {theirs:.2f} s, floor {floor:.2f} s")
