"""Five tasks of research, each at most three lines of Python and no file, as a newcomer would write
them, and what they find.
"""

import jax.numpy as jnp
import matplotlib.figure
import numpy as np
import pytest

import replicon


def test_capacity_with_a_margin_beside_enumeration():
    capacity = replicon.find_transition("perceptron", "capacity", margin=0.5)["value"]
    counted = replicon.compare(
        "perceptron", margin=0.5, load=0.2, method="enumeration", size=15, samples=40
    )
    # Krauth & Mezard, zero entropy at margin 1/2: below 0.833, as any margin costs solutions.
    assert 0.2 < capacity < 0.6
    # Solutions are counted one by one; fifteen weights have a few hundredths less than infinitely
    # many, as 1/N (0.4386, 0.4511 at 21, against 0.46).
    row = counted.sel(observable="entropy")
    assert abs(row["mean"] - row["theory"]) < 0.04


def test_critical_gain_of_a_connectome_given_as_an_array():
    W = np.random.default_rng(0).normal(size=(40, 40))
    critical = replicon.find_transition("recurrent-network", "instability", couplings=W)["value"]
    own = critical / replicon.solve("recurrent-network", couplings=W, gain=0)["scale"]
    # Rest is unstable where g max Re lambda(W) = 1.
    assert own == pytest.approx(1 / np.linalg.eigvals(W).real.max(), rel=1e-9)


def test_pairwise_model_of_a_raster():
    rng = np.random.default_rng(1)
    first = np.sort(rng.uniform(0, 200, 1000))
    spikes = [first, first[::2] + 1e-3, rng.uniform(0, 200, 900)]
    machine = replicon.boltzmann.BoltzmannMachine("exact").fit(
        replicon.data.bin_spikes(spikes, width=0.05)
    )
    strong, weak = machine.couplings_[0, 1], machine.couplings_[0, 2]
    assert strong > 10 * machine.coupling_errors_[0, 1]
    assert abs(weak) < 4.5 * machine.coupling_errors_[0, 2]


def test_activation_of_ones_own():
    def own(x):
        return x / jnp.sqrt(1 + x * x)

    found = replicon.solve("recurrent-dynamics", nonlinearity=own, gain=2)
    # Sigmoid of slope one at rest: chaos beyond g = 1, weaker than that of tanh at the same gain.
    assert 0 < found["variance"] < replicon.solve("recurrent-dynamics", gain=2)["variance"]
    assert found["lyapunov_exponent"] > 0


def test_distribution_of_overlaps_drawn():
    glass = replicon.simulate("sherrington-kirkpatrick", temperature=0.5, size=32, samples=6)
    figure = replicon.draw(glass, observables="overlap_density")
    assert isinstance(figure, matplotlib.figure.Figure)
