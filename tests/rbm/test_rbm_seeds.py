"""A seed of the restricted Boltzmann machine is a whole number or a NumPy Generator."""

import numpy as np

from replicon.rbm import RestrictedBoltzmannMachine


def test_a_generator_as_seed_gives_a_stream_to_every_fit(tmp_path):
    """Fits draw different seeds from one generator, the same from equal ones; the parameter stays
    what was given. A saved machine goes on with the seed that it drew.
    """
    rng = np.random.default_rng(7)
    X = np.random.default_rng(0).integers(0, 2, (60, 4))
    machine = RestrictedBoltzmannMachine(3, epochs=2, record_every=0, seed=rng)
    first = machine.fit(X).weights_
    assert machine.get_params()["seed"] is rng
    second = machine.fit(X).weights_
    assert not np.array_equal(first, second)
    again = RestrictedBoltzmannMachine(
        3, epochs=2, record_every=0, seed=int(np.random.default_rng(7).integers(2**31))
    )
    assert np.array_equal(again.fit(X).weights_, first)
    path = tmp_path / "machine.npz"
    machine.save(path)
    loaded = RestrictedBoltzmannMachine.load(path).partial_fit(X)
    assert np.array_equal(loaded.weights_, machine.partial_fit(X).weights_)
    resumed = RestrictedBoltzmannMachine(
        3, epochs=3, record_every=0, seed=np.random.default_rng(1)
    ).fit(X, checkpoint=path)
    assert np.array_equal(resumed.weights_, machine.weights_)
    drawn = [machine.sample(5, seed=np.random.default_rng(s)) for s in (2, 2, 3)]
    assert np.array_equal(drawn[0], drawn[1])
    assert not np.array_equal(drawn[0], drawn[2])
    assert machine.log_partition(seed=np.random.default_rng(2)).method == "exact"
