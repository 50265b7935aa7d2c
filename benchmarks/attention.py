"""Ground state of linear attention at d = 128, tau = 2 (32,768 prompts, 16,384 spins), one process;
and 10,000 points of theory.

The peer is the dense way, which would need 2 GiB for the couplings alone: here the floor is the two
products with the prompts' matrices (32,768 x 128 by 128 x 128 and back) that every step of
conjugate gradient contains, timed alone.
"""

import resource
import time

import numpy as np
from threadpoolctl import threadpool_limits

import replicon
from replicon.attention import finite as simulation

D, TAU, ALPHA = 128, 2, 2


def ground_state():
    rng = np.random.default_rng(0)
    begin = time.perf_counter()
    tasks = simulation.draw_tasks(rng, D, np.ones(D))
    prompts = simulation.draw_prompts(
        rng, tasks[rng.integers(0, D, TAU * D * D)], ALPHA * D, 0.1, np.ones(D), False
    )
    hamiltonian = simulation.Hamiltonian(prompts, 0.01 * TAU * D)
    drawn = time.perf_counter()
    steps, product = [], hamiltonian.product
    hamiltonian.product = lambda v: steps.append(1) or product(v)
    simulation.train(hamiltonian, 0.0, "conjugate-gradient", rng)
    solved = time.perf_counter()
    v = rng.standard_normal((D, D))
    for _ in range(20):
        there = prompts.x @ v
        there.T @ prompts.h
    bare = (time.perf_counter() - solved) / 20
    return drawn - begin, solved - drawn, len(steps), bare


def theory():
    grid = {
        "diversity": list(np.geomspace(0.05, 20, 100)),
        "prompts": list(np.geomspace(0.1, 10, 100)),
    }
    times = []
    for _ in range(3):
        begin = time.perf_counter()
        replicon.solve("attention", **grid)
        times.append(time.perf_counter() - begin)
    return min(times)


if __name__ == "__main__":
    for threads in (1, 2):
        with threadpool_limits(threads, user_api="blas"):
            drawn, solved, steps, bare = ground_state()
        print(
            f"attention, d = {D}, {TAU * D * D} prompts, {D * D} spins, {threads}"
            f" thread{'s' if threads > 1 else ''}"
        )
        print(f"  drawing the prompts   {drawn:7.2f} s")
        print(f"  ground state          {solved:7.2f} s   (asked: 60), {steps} products")
        print(
            f"  a step                {solved / steps * 1e3:7.1f} ms  = {solved / steps / bare:.2f}"
            " x its two matrix products (asked: 2)"
        )
    print(
        f"  largest memory        {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20:7.2f}"
        " GiB (asked: 2)"
    )
    print(f"theory, 10,000 points   {theory():7.2f} s   (asked: 1)")
