"""What it costs to compile chains and training plainly (`replicon._jit`) and as XLA would: seconds
of processor time of the first call and of the next, each in a process of its own. Floor: a second
call compiles nothing.

`python benchmarks/compiler_options.py`
"""

import os
import subprocess
import sys
import time

import numpy as np


def calls():
    """{name: a function of a seed}."""
    import jax.numpy as jnp

    import replicon
    from replicon.langevin import sample_langevin
    from replicon.rbm import RestrictedBoltzmannMachine
    from replicon.recurrent import evolve, sample_kinetic_energy

    rng = np.random.default_rng(0)
    J = rng.standard_normal((500, 500)) * 2 / np.sqrt(500)
    start = rng.standard_normal(500)
    X = (rng.random((600, 100)) < 0.3).astype(float)
    ladder = np.geomspace(0.5, 0.01, 8)

    def quartic(x):
        return x @ x / 2 + (x**4).sum()

    def network(seed):
        evolve(J, start, function=jnp.tanh, duration=200, seed=seed)

    def exponents(seed):
        small = J[:200, :200]
        evolve(small, start[:200], function=jnp.tanh, duration=50, exponents=20, seed=seed)

    def kinetic(seed):
        sample_kinetic_energy(J, ladder, function=jnp.tanh, sweeps=100, seed=seed)

    def machine(seed):
        RestrictedBoltzmannMachine(hidden=30, epochs=20, method="pcd", seed=seed).fit(X)

    def langevin(seed):
        sample_langevin(quartic, np.zeros((4, 20)), temperature=1.0, step=1e-3, seed=seed)

    def transformer(seed):
        replicon.simulate("softmax-transformer", size=4, samples=1, steps=200, seed=seed)

    def passing(seed):
        replicon.simulate("perceptron-teacher", method="amp", size=500, samples=40, seed=seed)

    return {
        f.__name__: f
        for f in (network, exponents, kinetic, machine, langevin, transformer, passing)
    }


def measure(how: str) -> None:
    from replicon import _jit

    _jit.HOW["plain"] = _jit.HOW[how]
    for name, call in calls().items():
        spent = []
        for seed in range(3):
            begun = time.process_time()
            call(seed)
            spent.append(time.process_time() - begun)
        print(f"{name:<14}{how:<8}{spent[0]:8.2f}{min(spent[1:]):8.2f}", flush=True)


if __name__ == "__main__":
    if len(sys.argv) > 1:
        measure(sys.argv[1])
        sys.exit()
    print(f"{'':<14}{'how':<8}{'first':>8}{'next':>8}")
    for how in ("fast", "plain"):
        apart = os.environ | {"JAX_ENABLE_COMPILATION_CACHE": "false", "OPENBLAS_NUM_THREADS": "1"}
        subprocess.run([sys.executable, __file__, how], env=apart, check=True)
