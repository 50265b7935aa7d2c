"""Training of a restricted Boltzmann machine: images a second against scikit-learn's BernoulliRBM
and the package rbms (PyTorch).

MNIST 5k, 784 x 500, persistent contrastive divergence with one sweep, batches of 128, plain
stochastic gradient, single precision. Floor: the products of one batch, rows x (V x H): 256 rows
through the weights, 128 back, 256 into the gradient, 10^9 operations. BernoulliRBM is asked for
single precision as well, which it takes.
"""

import time

import numpy as np
import torch
from rbms.bernoulli_bernoulli.classes import BBRBM
from rbms.training.pcd import fit_batch_pcd
from sklearn.neural_network import BernoulliRBM

import replicon

V, H, BATCH, EPOCHS = 784, 500, 128, 10


def floor(rows: int) -> float:
    rng = np.random.default_rng(0)
    draw = [
        rng.random(shape).astype(np.float32)
        for shape in ((2 * BATCH, V), (V, H), (BATCH, H), (2 * BATCH, H))
    ]
    data, weights, hidden, signed = draw
    best = np.inf
    for _ in range(5):
        begin = time.perf_counter()
        for _ in range(40):
            _ = data @ weights, hidden @ weights.T, data.T @ signed
        best = min(best, time.perf_counter() - begin)
    return 40 * BATCH / best


def ours(X) -> float:
    machine = replicon.rbm.RestrictedBoltzmannMachine(
        H, method="pcd", batch_size=BATCH, epochs=1, record_every=0
    )
    machine.fit(X)  # compiles
    begin = time.perf_counter()
    machine.set_params(epochs=EPOCHS).fit(X)
    return EPOCHS * len(X) / (time.perf_counter() - begin)


def scikit_learn(X) -> float:
    machine = BernoulliRBM(
        n_components=H, batch_size=BATCH, n_iter=EPOCHS, learning_rate=0.05, random_state=0
    )
    begin = time.perf_counter()
    machine.fit(X)
    return EPOCHS * len(X) / (time.perf_counter() - begin)


def rbms_package(X) -> float:
    """Its own step of training, without its command line, files and logs."""
    data = torch.from_numpy(X)
    frequencies = data.mean(dim=0).clamp(1e-4, 1 - 1e-4)
    generator = torch.Generator().manual_seed(0)
    parameters = BBRBM(
        weight_matrix=0.01 * torch.randn(V, H, generator=generator),
        vbias=torch.log(frequencies / (1 - frequencies)),
        hbias=torch.zeros(H),
    )
    chains = parameters.init_chains(num_samples=BATCH)
    rule = torch.optim.SGD(parameters.parameters(), lr=0.05, maximize=True)
    weights = torch.ones(len(data), 1)
    for parameter in parameters.parameters():
        parameter.grad = torch.zeros_like(parameter)
    with torch.no_grad():

        def step(chains):
            rows = torch.randperm(len(data))[:BATCH]
            rule.zero_grad(set_to_none=False)
            chains, _ = fit_batch_pcd(
                (data[rows], weights[rows]), chains, parameters, gibbs_steps=1, beta=1.0
            )
            rule.step()
            return chains

        chains = step(chains)
        count = EPOCHS * len(data) // BATCH
        begin = time.perf_counter()
        for _ in range(count):
            chains = step(chains)
        return count * BATCH / (time.perf_counter() - begin)


if __name__ == "__main__":
    X = (replicon.data.digits()[0].reshape(5000, V) >= 128).astype(np.float32)
    rates = {"ours": [], "BernoulliRBM": [], "rbms": [], "floor": []}
    for _ in range(3):  # in turn, so that a slow moment of the machine meets all
        for name, call in (("ours", ours), ("BernoulliRBM", scikit_learn), ("rbms", rbms_package)):
            rates[name].append(call(X))
        rates["floor"].append(floor(BATCH))
    best = {name: max(values) for name, values in rates.items()}
    print("784 x 500, PCD-1, batches of 128: images per second, best of 3")
    print(
        f"  ours {best['ours']:.0f}, BernoulliRBM {best['BernoulliRBM']:.0f}, rbms"
        f" {best['rbms']:.0f}, products alone {best['floor']:.0f}"
    )
    print(f"  ours / BernoulliRBM {best['ours'] / best['BernoulliRBM']:.2f} (asked: 1.3)")
    rows = np.random.default_rng(0).permutation(X)
    machine = replicon.rbm.RestrictedBoltzmannMachine(
        H, batch_size=BATCH, learning_rate=0.01, epochs=150, record_every=0
    ).fit(rows[:4500])
    found = machine.log_partition("ais", temperatures=2000)
    likelihood = machine.score_samples(rows[4500:], found).mean()
    print(
        f"  test log-likelihood after 150 epochs at rate 0.01, binarised at 128: {likelihood:.1f}"
        f" +- {found.error:.1f} nats"
    )
    print(
        f"  (annealing: {found.effective_sample_size:.0f} of 100 chains effective, reverse"
        f" {found.reverse - found.value:+.1f})"
    )
    print(
        f"  ours / rbms {best['ours'] / best['rbms']:.2f} (asked: 3); of the products' rate"
        f" {best['ours'] / best['floor']:.2f}"
    )
