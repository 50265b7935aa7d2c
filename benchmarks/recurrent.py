"""Random recurrent networks: integration against its products, Lyapunov exponents against lyapax,
theory per point.

The floor of a step is the product J @ phi(X) (2 N^2 columns operations, N^2 numbers read), timed
alone at the same shapes in the same run. The peer integrates the same network with the same step by
Heun's method (second order, as ours).
"""

import time

import jax
import jax.numpy as jnp
import numpy as np

import replicon
from replicon.recurrent.couplings import elliptic_matrix
from replicon.recurrent.evolution import evolve
from replicon.recurrent.nonlinearity import nonlinearity

TANH = nonlinearity("tanh")


def best(call, repeats=3):
    times = []
    for _ in range(repeats):
        begin = time.perf_counter()
        call()
        times.append(time.perf_counter() - begin)
    return min(times)


def integration(dtype, n=4000, duration=100, step=0.1, columns=8):
    rng = np.random.default_rng(0)
    J, x = (
        elliptic_matrix(rng, n, 2.0, 0.0).astype(dtype),
        rng.standard_normal((n, columns)).astype(dtype),
    )
    settings = {"function": TANH.function, "duration": duration, "step": step, "every": 1.0}
    evolve(J, x, **{**settings, "duration": 1})
    ours = best(lambda: evolve(J, x, **settings), 2)
    with jax.enable_x64(True):
        product = jax.jit(lambda J, x: jax.lax.fori_loop(0, 100, lambda _, x: J @ jnp.tanh(x), x))
        J, x = jnp.asarray(J), jnp.asarray(x)
        product(J, x).block_until_ready()
        floor = best(lambda: product(J, x).block_until_ready(), 3) / 100 * duration / step
    return ours, floor


def exponents(n=1000, count=10, duration=50.0, step=0.05):
    from lyapax import lyapunov_spectrum, ode_problem

    J = elliptic_matrix(np.random.default_rng(1), n, 2.0, 0.0)
    start = np.random.default_rng(2).standard_normal(n)
    settings = {
        "function": TANH.function,
        "slope": TANH.slope,
        "duration": duration,
        "transient": 20.0,
        "step": step,
        "every": 0.5,
    }
    found = evolve(J, start, exponents=count, **settings)
    ours = best(lambda: evolve(J, start, exponents=count, **settings), 2)
    with jax.enable_x64(True):
        matrix = jnp.asarray(J)
        problem = ode_problem(
            lambda x: -x + matrix @ jnp.tanh(x),
            state0=jnp.asarray(start),
            dt=step,
            integrator="heun",
        )

        def peer():
            return jax.block_until_ready(
                lyapunov_spectrum(
                    problem, round(duration / step), k=count, renorm_every=10, t_transient=20.0
                )
            )

        theirs = peer()
        seconds = best(peer, 2)
    return ours, seconds, found.exponents, np.asarray(theirs.exponents)


if __name__ == "__main__":
    for dtype in (np.float32, np.float64):
        ours, floor = integration(dtype)
        print(f"N = 4000, T = 100, dt = 0.1, 8 initial conditions, {np.dtype(dtype).name}")
        print(
            f"  integration {ours:7.2f} s, its products alone {floor:7.2f} s: {floor / ours:.2f} of"
            " their rate (asked: 0.5)"
        )
    ours, theirs, found, peer = exponents()
    print("10 leading Lyapunov exponents, N = 1000, T = 50 after 20, dt = 0.05, float64")
    print(f"  ours {ours:7.2f} s, lyapax {theirs:7.2f} s: ratio {theirs / ours:.1f} (asked: > 1)")
    print(f"  largest {found[0]:.3f}, {peer[0]:.3f}; tenth {found[-1]:.3f}, {peer[-1]:.3f}")
    begin = time.perf_counter()
    replicon.solve("recurrent-dynamics", gain=[float(g) for g in np.linspace(1.01, 5, 100)])
    print(f"100 gains, moving, this process cold: {time.perf_counter() - begin:6.2f} s (asked: 5)")
    for name in ("recurrent-dynamics", "recurrent-fixed-points"):
        replicon.solve(name, gain=1.5)
        print(
            f"one gain of {name}:"
            f" {1e3 * best(lambda name=name: replicon.solve(name, gain=1.7)):6.1f} ms (asked: 50)"
        )
