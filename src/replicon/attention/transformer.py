"""Pre-training of a small transformer on prompts of linear tasks; float32, on whatever device JAX
has.
"""

from __future__ import annotations

import hashlib
import io
import math
from functools import lru_cache
from pathlib import Path
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax

from replicon._declare import Interval
from replicon._domains import check_argument, check_seed
from replicon._errors import DivergenceError, InputError
from replicon._files import write_whole
from replicon.attention.finite import check_counts

_HEADS = 4
_TEST = 4096  # test prompts of each kind
_CHUNK = 250  # steps between checkpoints


def check_size(controls: dict, size: int) -> None:
    """Refuse a size at which there is no example or no task, and a width that the heads cannot
    share.
    """
    check_counts(
        controls,
        {"context": ("examples", size), "diversity": ("tasks", size)},
        endless=("diversity",),
    )
    for width in controls["width"]:
        if width % _HEADS:
            raise InputError(
                f"width = {width} is no multiple of {_HEADS} (the heads): give"
                f" {width - width % _HEADS + _HEADS}."
            )


class Layer(eqx.Module):
    """Softmax attention and a perceptron, each after a normalisation, each added to the residual
    stream.
    """

    first: eqx.nn.LayerNorm
    attention: eqx.nn.MultiheadAttention
    second: eqx.nn.LayerNorm
    perceptron: eqx.nn.MLP

    def __init__(self, width: int, key):
        one, two = jax.random.split(key)
        self.first, self.second = eqx.nn.LayerNorm(width), eqx.nn.LayerNorm(width)
        self.attention = eqx.nn.MultiheadAttention(_HEADS, width, key=one)
        self.perceptron = eqx.nn.MLP(width, width, 4 * width, 1, jax.nn.gelu, key=two)

    def __call__(self, stream):
        x = jax.vmap(self.first)(stream)
        stream = stream + self.attention(x, x, x)
        return stream + jax.vmap(self.perceptron)(jax.vmap(self.second)(stream))


class Transformer(eqx.Module):
    """Tokens (x_i, y_i, 0) of the context and (x, 0, 1) of the query, (l + 1, d + 2), to the
    query's label.
    """

    read: eqx.nn.Linear
    # stacked: each array has the layers as first axis, so that depth costs no compile time
    layers: Layer
    write: eqx.nn.Linear

    def __init__(self, size: int, width: int, depth: int, key):
        keys = jax.random.split(key, depth + 2)
        self.read = eqx.nn.Linear(size + 2, width, key=keys[0])
        self.layers = eqx.filter_vmap(lambda k: Layer(width, k))(keys[1:-1])
        self.write = eqx.nn.Linear(width, 1, key=keys[-1])

    def __call__(self, tokens):
        arrays, rest = eqx.partition(self.layers, eqx.is_array)

        def through(stream, layer):
            return eqx.combine(layer, rest)(stream), None

        stream, _ = jax.lax.scan(through, jax.vmap(self.read)(tokens), arrays)
        return self.write(stream[-1])[0]


def draw(key, tasks, count: int, length: int, noise: float):
    """(tokens (count, l + 1, d + 2), labels (count,)) for tasks drawn from `tasks` (k, d), or new
    ones if its k is 0.
    """
    size = tasks.shape[1]
    which, new, inputs, errors = jax.random.split(key, 4)
    if len(tasks):
        w = tasks[jax.random.randint(which, (count,), 0, len(tasks))]
    else:
        w = jax.random.normal(new, (count, size))
    x = jax.random.normal(
        inputs, (count, length + 1, size)
    )  # of norm sqrt(d), as networks like them: y = w.x / sqrt(d)
    y = jnp.einsum("nld,nd->nl", x, w) / jnp.sqrt(size) + jnp.sqrt(noise) * jax.random.normal(
        errors, (count, length + 1)
    )
    query = jnp.zeros(length + 1).at[-1].set(1.0)
    tokens = jnp.concatenate(
        [x, (y * (1 - query))[..., None], jnp.broadcast_to(query, y.shape)[..., None]], axis=-1
    )
    return tokens, y[:, -1]


@lru_cache(maxsize=16)
def _trainer(steps: int, batch: int, length: int, noise: float):
    optimizer = optax.chain(
        optax.clip_by_global_norm(1.0),
        optax.adam(
            optax.warmup_cosine_decay_schedule(0.0, 3e-3, min(200, steps // 2), max(steps, 1), 1e-5)
        ),
    )

    def loss(network, tokens, labels):
        return jnp.mean((jax.vmap(network)(tokens) - labels) ** 2)

    @eqx.filter_jit
    def run(state, tasks, keys):
        parameters, static = eqx.partition(state[0], eqx.is_array)

        def advance(carry, key):
            parameters, memory = carry
            network = eqx.combine(parameters, static)
            value, slope = eqx.filter_value_and_grad(loss)(
                network, *draw(key, tasks, batch, length, noise)
            )
            change, memory = optimizer.update(slope, memory)
            return (eqx.apply_updates(parameters, change), memory), value

        (parameters, memory), values = jax.lax.scan(advance, (parameters, state[1]), keys)
        return (eqx.combine(parameters, static), memory), values

    @eqx.filter_jit
    def test(network, tasks, key):
        return loss(network, *draw(key, tasks, _TEST, length, noise))

    return optimizer, run, test


def pretrain(
    tasks: np.ndarray,
    *,
    length: int,
    noise: float,
    steps: int,
    batch: int,
    layers: int,
    width: int,
    seed: int,
    checkpoint: Path | None = None,
) -> tuple[Transformer, np.ndarray]:
    """A transformer pre-trained on `tasks` (k, d) (k = 0: a new task for each prompt), and the loss
    at each step.

    With `checkpoint` the state is kept in this file every 250 steps, written aside and renamed;
    called again, it continues from there and ends with the same bits as an undisturbed run. The
    file holds arrays alone, and the digests of them and of what was asked: InputError for one that
    is damaged or another pre-training's. DivergenceError for a loss that is no number.

    Returns the network and its losses (steps,), mean square errors. Raises InputError for settings
    out of range. Source: Raventos et al., NeurIPS (2023). Referee: the Bayes-optimal errors of
    in-context-estimators, below which it cannot go.
    """
    whole = Interval(1, integer=True)
    length, steps, batch, layers, width = (
        check_argument(name, value, whole)
        for name, value in (
            ("length", length),
            ("steps", steps),
            ("batch", batch),
            ("layers", layers),
            ("width", width),
        )
    )
    noise = check_argument("noise", noise, Interval(0, 1e30), "single precision holds its squares")
    seed = check_seed(seed)
    tasks = np.asarray(tasks, np.float32)
    asked = (
        repr((length, noise, steps, batch, layers, width, seed, tasks.shape)).encode()
        + tasks.tobytes()
    )
    keys = jax.random.split(jax.random.key(seed), steps + 1)
    optimizer, run, _ = _trainer(steps, batch, length, noise)
    network = Transformer(tasks.shape[1], width, layers, keys[0])
    state = (network, optimizer.init(eqx.filter(network, eqx.is_array)))
    losses = np.full(steps, np.nan, np.float32)
    done = 0
    if checkpoint is not None and checkpoint.exists():
        kept: Any = _read(checkpoint, asked, (np.zeros((), int), losses, state))
        done, losses, state = int(kept[0]), np.array(kept[1]), kept[2]
    tasks_ = jnp.asarray(tasks, jnp.float32)
    while done < steps:
        end = min(done + _CHUNK, steps)
        state, values = run(state, tasks_, keys[1 + done : 1 + end])
        losses[done:end] = values
        if not np.isfinite(losses[:end]).all():
            step = int(np.argmin(np.isfinite(losses))) + 1
            raise DivergenceError(
                f"The loss of pre-training became {losses[step - 1]:g} at step {step}: give smaller"
                " tasks or less noise."
            )
        done = end
        if checkpoint is not None:
            _write(checkpoint, asked, (np.array(done), losses, state))
    return state[0], losses


def _digest(content: bytes) -> bytes:
    return hashlib.sha256(content).digest()


def _write(checkpoint: Path, asked: bytes, kept: Any) -> None:
    """Digests of what was asked and of the rest, 32 bytes each; then the arrays, one .npy after
    another.
    """
    arrays = io.BytesIO()
    eqx.tree_serialise_leaves(arrays, kept)
    write_whole(checkpoint, _digest(asked) + _digest(arrays.getvalue()) + arrays.getvalue())


def _read(checkpoint: Path, asked: bytes, like: Any) -> Any:
    content = checkpoint.read_bytes()
    if content[32:64] != _digest(content[64:]):
        raise InputError(
            f"{checkpoint} is no checkpoint of a pre-training, or damaged: delete it to begin anew."
        )
    if content[:32] != _digest(asked):
        raise InputError(
            f"{checkpoint} belongs to another pre-training (tasks, settings or seed): give another"
            " file."
        )
    return eqx.tree_deserialise_leaves(io.BytesIO(content[64:]), like)


def sample(controls, size: int, rng: np.random.Generator) -> dict:
    """One set of tasks and one pre-trained network; errors on 4096 new prompts of each kind."""
    length = round(controls.context * size)
    count = 0 if math.isinf(controls.diversity) else round(controls.diversity * size)
    tasks = rng.standard_normal((count, size)).astype(np.float32)
    seed = int(rng.integers(2**31))
    names = ("noise", "steps", "batch", "layers", "width")
    settings = {name: getattr(controls, name) for name in names}
    network, losses = pretrain(tasks, length=length, seed=seed, **settings)
    _, _, test = _trainer(controls.steps, controls.batch, length, controls.noise)
    new, known = jax.random.split(jax.random.key(seed + 1))
    last = losses[-max(1, len(losses) // 10) :]
    return {
        "icl_error": float(test(network, jnp.zeros((0, size)), new)),
        "idg_error": float(test(network, jnp.asarray(tasks), known)),
        "training_error": float(last.mean()),
    }
