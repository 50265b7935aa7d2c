"""Given networks: loaders, the connectome, linear theory and surrogates; the pseudo-potential of
three neurons.
"""

import numpy as np
import pytest
from scipy import sparse
from scipy.integrate import dblquad
from tests.statistical import assert_mean

import replicon
from replicon.data.networks import GABA
from replicon.recurrent.kinetic_energy import sample_kinetic_energy
from replicon.recurrent.nonlinearity import nonlinearity

TANH = nonlinearity("tanh")


def test_connectome_is_whole():
    network = replicon.data.load_network("celegans")
    assert network.weights.shape == (300, 300)
    assert set(GABA) <= set(network.names)
    assert np.count_nonzero(replicon.data.load_network("celegans", inhibitory=()).weights) > 4000
    from_dd1 = network.weights[:, network.names.index("DD1")]
    excitatory = replicon.data.load_network("celegans", inhibitory=()).weights
    assert (from_dd1 < 0).any()
    assert (excitatory >= 0).all()
    small = replicon.data.load_network("celegans", neurons=["AVAL", "DD1"])
    assert small.names == ("AVAL", "DD1")
    assert (
        small.weights[1, 0]
        == network.weights[network.names.index("DD1"), network.names.index("AVAL")]
    )


def test_every_format_gives_the_same_network(tmp_path):
    matrix = np.array([[0.0, 2.0, 0.0], [1.5, 0.0, 0.0], [0.0, -1.0, 0.5]])
    np.save(tmp_path / "a.npy", matrix)
    np.savez(tmp_path / "a.npz", J=matrix)
    sparse.save_npz(tmp_path / "b.npz", sparse.csr_array(matrix))
    (tmp_path / "a.csv").write_text("pre,post,weight\n1,0,2\n0,1,1.5\n1,2,-1\n2,2,0.5\n")
    for name in ("a.npy", "a.npz", "b.npz", "a.csv"):
        network = replicon.data.load_network(tmp_path / name)
        np.testing.assert_array_equal(network.weights, matrix)
        assert network.names == ("0", "1", "2")
    (tmp_path / "gap.csv").write_text("pre,post,type\na,b,electrical\nc,a,chemical\n")
    np.testing.assert_array_equal(
        replicon.data.load_network(tmp_path / "gap.csv").weights, [[0, 1, 1], [1, 0, 0], [0, 0, 0]]
    )


def test_bad_networks_are_refused_in_a_sentence(tmp_path):
    def refused(words, content, name, **settings):
        path = tmp_path / name
        if isinstance(content, str):
            path.write_text(content)
        elif content is not None:
            np.save(path, content)
        with pytest.raises(replicon.InputError, match=words):
            replicon.data.load_network(path, **settings)

    refused("No file", None, "missing.npy")
    refused("shape \\(2, 3\\)", np.ones((2, 3)), "wide.npy")
    refused("NaN or infinite", np.array([[np.nan]]), "nan.npy")
    refused("could not be read", "nothing", "text.npy")
    refused("no line of column names", "1,2,3\n4,5,6\n", "headless.csv")
    refused("line 3: the weight 'x' is no number", "pre,post,weight\na,b,1\nb,a,x\n", "word.csv")
    refused("line 2: the type 'magic'", "pre,post,type\na,b,magic\n", "type.csv")
    with pytest.raises(replicon.InputError, match=r"Unknown neuron 'AVAX'.* Did you mean 'AVA"):
        replicon.data.load_network("celegans", neurons=["AVAX"])
    refused("Unknown neuron 'b1'", "pre,post\na,b\n", "pair.csv", inhibitory=["b1"])
    with pytest.raises(replicon.InputError, match="it has 300 neurons"):
        replicon.simulate("recurrent-network", size=20)
    np.save(tmp_path / "zero.npy", np.zeros((3, 3)))
    with pytest.raises(replicon.InputError, match="all zero"):
        replicon.solve("recurrent-network", couplings=str(tmp_path / "zero.npy"))
    np.save(tmp_path / "four.npy", np.ones((4, 4)))
    with pytest.raises(replicon.InputError, match="at most 3"):
        replicon.solve("recurrent-pseudo-potential", couplings=str(tmp_path / "four.npy"))
    (tmp_path / "linear.py").write_text("def phi(x):\n    return x\n")
    with pytest.raises(replicon.InputError, match="without bound"):
        replicon.solve("recurrent-pseudo-potential", nonlinearity=str(tmp_path / "linear.py"))


def test_connectome_leaves_rest_through_an_outlier_without_chaos():
    """The Perron eigenvalue is far outside the bulk; four times beyond its gain the network rests
    at a stable fixed point.
    """
    out = replicon.solve("recurrent-network")
    assert float(out["outlier"]) > 2 * float(out["bulk_radius"])
    edge = float(replicon.find_transition("recurrent-network", "instability")["value"])
    assert edge * float(out["outlier"]) == pytest.approx(1, abs=1e-12)
    moved = replicon.simulate(
        "recurrent-network",
        gain=[0.9 * edge, 2 * edge, 4 * edge],
        size=300,
        samples=3,
        duration=100,
    )
    growth, fluctuation = moved["lyapunov_exponent"].values, moved["fluctuation"].values
    assert (growth < -0.01).all()
    assert (fluctuation < 1e-6).all()
    assert (moved["activity"].values[1:] > 0.1).all()
    assert np.abs(growth[0] + 0.1).max() < 0.02
    with pytest.raises(replicon.ConvergenceError, match="x = 0 is unstable"):
        replicon.solve("recurrent-network", gain=1.01 * edge)


def test_surrogates_keep_what_they_promise():
    out = replicon.simulate(
        "recurrent-network",
        gain=0.1,
        network=["original", "permuted", "signs", "random"],
        size=300,
        samples=4,
        duration=8,
    )
    bulk, symmetry, outlier = (out[name].values for name in ("bulk_radius", "symmetry", "outlier"))
    np.testing.assert_allclose(bulk[2], bulk[0], rtol=1e-12)
    assert np.abs(bulk[1] - 1).max() < 0.1
    assert np.abs(symmetry[3] - symmetry[0]).max() < 0.03
    assert np.abs(symmetry[1:3]).max() < 0.15
    assert np.abs(outlier[3] - 1 - symmetry[0]).max() < 0.1
    assert np.abs(outlier[2]).max() < 1.2 * bulk[0, 0]
    random = replicon.solve("recurrent-network", gain=0.5, network="random")
    z = (
        out["response"].sel(network="random").mean()
        - replicon.solve("recurrent-network", gain=0.1, network="random")["response"]
    ) / 0.01
    assert abs(float(z)) < 3
    quiet = replicon.solve(
        "recurrent-dynamics",
        gain=0.5,
        symmetry=float(replicon.solve("recurrent-network")["symmetry"]),
    )
    assert float(random["response"]) == pytest.approx(float(quiet["response"]), abs=1e-12)


def test_chaos_of_a_given_network_begins_where_its_random_twin_s_does(tmp_path):
    """A Gaussian matrix of 200 neurons: chaos sets in beyond g = 1, at a gain that finite size
    delays.
    """
    np.save(tmp_path / "J.npy", np.random.default_rng(3).standard_normal((200, 200)))
    gain = float(
        replicon.find_transition("recurrent-network", "chaos", couplings=str(tmp_path / "J.npy"))[
            "value"
        ]
    )
    assert 0.95 < gain < 1.8
    np.save(tmp_path / "S.npy", np.diag([1.0, 0.5, 0.2]))
    with pytest.raises(replicon.ConvergenceError, match=r"does not exist.*comes to rest"):
        replicon.find_transition("recurrent-network", "chaos", couplings=str(tmp_path / "S.npy"))


def test_integrals_of_the_pseudo_potential_are_exact(tmp_path):
    """Two neurons against adaptive quadrature; dependence on nothing but the couplings."""
    J = np.array([[0.5, 1.4], [-0.8, 0.3]])
    np.save(tmp_path / "J.npy", J)
    T, eta = 0.3, 0.05

    def weight(y, x, power=0):
        force = J @ np.tanh([x, y]) - [x, y]
        energy = force @ force / 2 + eta * (x * x + y * y)
        return np.exp(-energy / T) * ((x * x + y * y) / 2) ** power

    total = dblquad(weight, -8, 8, -8, 8, epsabs=1e-9)[0]
    variance = dblquad(weight, -8, 8, -8, 8, args=(1,), epsabs=1e-9)[0] / total
    out = replicon.solve(
        "recurrent-pseudo-potential",
        couplings=str(tmp_path / "J.npy"),
        temperature=T,
        regulariser=eta,
    )
    assert float(out["free_entropy"]) == pytest.approx(np.log(total) / 2, abs=1e-7)
    assert float(out["variance"]) == pytest.approx(variance, abs=1e-7)


def test_three_neurons_show_their_fixed_points():
    out = replicon.solve(
        "recurrent-pseudo-potential", couplings=["two-points", "spiral"], temperature=0.3
    )
    points, growth = out["fixed_point"].values, out["growth"].values
    stable = points[0][growth[0] < 0]
    np.testing.assert_allclose(np.abs(stable), np.tile([0.8747, 2.8650, 0.2418], (2, 1)), atol=5e-5)
    assert (growth[1] < 0).sum() == np.isfinite(growth[1]).sum() == 1
    landscape, first, second = (out[name].values[0] for name in ("landscape", "axis_1", "axis_2"))
    lowest = np.unravel_index(landscape.argmin(), landscape.shape)
    assert np.hypot(abs(first[lowest[0]]) - 0.8747, abs(second[lowest[1]]) - 2.8650) < 0.5


def test_langevin_dynamics_samples_the_pseudo_potential():
    """Thirty blocks of Metropolis-adjusted Langevin chains against the integral, for
    three neurons.
    """
    exact = replicon.solve("recurrent-pseudo-potential", couplings="spiral", temperature=0.3)
    J = np.array(
        [[0.6226, -0.4622, 0.2945], [-0.2913, 0.3212, 1.1663], [-0.3463, -0.6295, -0.0364]]
    )
    blocks = [
        sample_kinetic_energy(
            J,
            np.full(16, 0.3),
            function=TANH.function,
            slope=TANH.slope,
            sweeps=1500,
            leaps=1,
            seed=seed,
        )
        for seed in range(30)
    ]
    for name in ("variance", "activity", "energy"):
        value = float(exact[name])
        assert_mean([getattr(block, name).mean() for block in blocks], value, effect=0.1 * value)


@pytest.mark.slow
def test_replicas_overlap_where_phi_is_not_odd():
    """Without symmetry: Jensen's bound is met with equality, energy T/2; an odd phi has no such
    saddle.
    """
    out = replicon.solve(
        "recurrent-fixed-points", gain=[1.2, 2.0], temperature=[0.05, 0.2], nonlinearity="relu"
    )
    assert bool(out["converged"].all())
    np.testing.assert_allclose(out["energy"].values, np.tile([0.025, 0.1], (2, 1)), rtol=1e-7)
    np.testing.assert_allclose(
        out["free_entropy"].values,
        np.tile(np.log(2 * np.pi * np.array([0.05, 0.2])) / 2, (2, 1)),
        atol=1e-7,
    )
    assert ((out["overlap"] > 0.01) & (out["overlap"] < out["activity"])).all()
    with pytest.raises(replicon.ConvergenceError, match="Jensen"):
        replicon.solve("recurrent-fixed-points", branch="frozen", gain=1.5, temperature=0.05)


@pytest.mark.slow
def test_overlapping_replicas_agree_with_sampling():
    """Saturating relu with symmetric part, N = 250: |z| < 4 in every observable. (Longer chains
    have the same errors: those of 20 networks.)
    """
    for symmetry in (0.0, 0.4):
        out = replicon.compare(
            "recurrent-fixed-points",
            gain=1.0,
            symmetry=symmetry,
            temperature=0.1,
            nonlinearity="relu",
            size=250,
            samples=20,
            sweeps=100,
        )
        z = dict(zip(out["observable"].values, out["z"].values, strict=True))
        assert all(abs(z[name]) < 4 for name in ("activity", "response", "variance", "overlap")), z
