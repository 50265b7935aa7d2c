"""Pre-training of a small transformer on prompts of linear tasks; float32, on whatever device JAX
has.
"""

from __future__ import annotations

import hashlib
import io
import math
from functools import cached_property, partial
from pathlib import Path
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax

from replicon._declare import Interval
from replicon._domains import check_argument
from replicon._errors import DivergenceError, InputError
from replicon._files import write_whole
from replicon._jit import jit
from replicon._seed import read_seed
from replicon.attention.finite import check_counts

_HEADS = 4
_TEST = 4096  # test prompts of each kind
_CHUNK = 250  # steps between checkpoints, and looks at the loss
_ROOM = _CHUNK  # for losses of steps between looks: one compiled shape, however they are cut
_ROWS = 4096  # of which tasks are held a multiple of: one compiled shape for most numbers of them


def check_size(controls: dict, size: int) -> None:
    """Refuse sizes at which there is no example or no task, and widths that heads cannot share."""
    units = {"context": ("examples", size), "diversity": ("tasks", size)}
    check_counts(controls, units, endless=("diversity",))
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
        self.first = eqx.nn.LayerNorm(width)
        self.second = eqx.nn.LayerNorm(width)
        self.attention = eqx.nn.MultiheadAttention(_HEADS, width, key=one)
        self.perceptron = eqx.nn.MLP(width, width, 4 * width, 1, jax.nn.gelu, key=two)

    def __call__(self, stream):
        x = jax.vmap(self.first)(stream)
        stream = stream + self.attention(x, x, x)
        return stream + jax.vmap(self.perceptron)(jax.vmap(self.second)(stream))

    def look(self, stream):
        """softmax(q.k / sqrt(channels)) of the last token, (heads, l + 1): rows of sum 1."""
        x = jax.vmap(self.first)(stream)
        heads = self.attention.num_heads
        q = self.attention.query_proj(x[-1]).reshape(heads, -1)
        k = jax.vmap(self.attention.key_proj)(x).reshape(len(x), heads, -1)
        return jax.nn.softmax(jnp.einsum("hc,thc->ht", q, k) / math.sqrt(q.shape[-1]))


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

    def look(self, tokens):
        """What the query's token attends to in every layer, (layers, heads, l + 1)."""
        arrays, rest = eqx.partition(self.layers, eqx.is_array)

        def through(stream, layer):
            layer = eqx.combine(layer, rest)
            return layer(stream), layer.look(stream)

        return jax.lax.scan(through, jax.vmap(self.read)(tokens), arrays)[1]


class Tasks(NamedTuple):
    """Rows (a multiple of 4096, d), of which the first `count` are tasks; 0: each is a new one."""

    rows: Any
    count: Any


def held(tasks: np.ndarray) -> Tasks:
    """Tasks (k, d) as they are drawn from."""
    count = len(tasks)
    rows = np.zeros((_ROWS * max(1, -(-count // _ROWS)), tasks.shape[1]), np.float32)
    rows[:count] = tasks
    return Tasks(jnp.asarray(rows), jnp.asarray(count))


def draw(key, tasks: Tasks, count: int, length: int, noise: Any):
    """(tokens (count, l + 1, d + 2), labels (count,)) for tasks drawn from `tasks`."""
    size = tasks.rows.shape[1]
    which, new, inputs, errors = jax.random.split(key, 4)
    known = tasks.rows[jax.random.randint(which, (count,), 0, jnp.maximum(tasks.count, 1))]
    w = jnp.where(tasks.count > 0, known, jax.random.normal(new, (count, size)))
    # Of norm sqrt(d), as networks like them: y = w.x / sqrt(d).
    x = jax.random.normal(inputs, (count, length + 1, size))
    error = jnp.sqrt(noise) * jax.random.normal(errors, (count, length + 1))
    y = jnp.einsum("nld,nd->nl", x, w) / jnp.sqrt(size) + error
    query = jnp.zeros(length + 1).at[-1].set(1.0)
    tokens = jnp.concatenate(
        [x, (y * (1 - query))[..., None], jnp.broadcast_to(query, y.shape)[..., None]], axis=-1
    )
    return tokens, y[:, -1]


class State(NamedTuple):
    """losses (steps,), mean square errors, NaN at steps still to come; the network; the
    optimiser's memory of it.
    """

    losses: Any
    network: Transformer
    memory: Any


def rate(step, steps):
    """Of learning at a step (0, 1, ...): up to 0.003 over 200 steps or half of fewer, and down to a
    hundred thousandth by half a period of a cosine. Optax's schedule, whose number of steps cannot
    be traced.
    """
    most, least = 3e-3, 1e-5
    up = jnp.minimum(200, steps // 2)
    rising = most - most * (1 - step / up)
    share = least / most
    cosine = 0.5 * (1 + jnp.cos(jnp.pi * (step - up) / (steps - up)))
    return jnp.where(step < up, rising, most * ((1 - share) * cosine + share))


def _optimizer(steps):
    """Adam with this rate, and no slope above norm one."""
    return optax.chain(optax.clip_by_global_norm(1.0), optax.adam(lambda count: rate(count, steps)))


@partial(jit, by=eqx.filter_jit, how="seldom")
def _first(key, size: int, width: int, layers: int):
    """A network that knows nothing yet, and an optimiser that has seen nothing of it."""
    network = Transformer(size, width, layers, jax.random.fold_in(key, 0))
    return network, _optimizer(1).init(eqx.filter(network, eqx.is_array))


def _loss(network, tokens, labels):
    return jnp.mean((jax.vmap(network)(tokens) - labels) ** 2)


@partial(jit, by=eqx.filter_jit)
def _run(state: State, tasks, key, batch: int, length: int, noise, steps, bounds):
    """Steps `begin` to `end` - 1 of `steps`: the State after them, its losses from the first on
    those of these steps alone. One compilation for any number, bounds and noise: they are traced.
    """
    begin, end = bounds
    parameters, static = eqx.partition(state.network, eqx.is_array)
    optimizer = _optimizer(steps)

    def advance(step, state):
        network = eqx.combine(state.network, static)
        prompts = draw(jax.random.fold_in(key, step + 1), tasks, batch, length, noise)
        value, slope = eqx.filter_value_and_grad(_loss)(network, *prompts)
        change, memory = optimizer.update(slope, state.memory)
        parameters = eqx.apply_updates(state.network, change)
        return State(state.losses.at[step - begin].set(value), parameters, memory)

    state = jax.lax.fori_loop(begin, end, advance, state._replace(network=parameters))
    return state._replace(network=eqx.combine(state.network, static))


@partial(jit, by=eqx.filter_jit)
def _test(network: Transformer, tasks, key, length: int, noise):
    """Mean square error on 4096 new prompts."""
    return _loss(network, *draw(key, tasks, _TEST, length, noise))


@partial(jit, by=eqx.filter_jit, how="seldom")
def _look(network: Transformer, tasks, key, length: int, noise):
    """`look` on one prompt of the tasks, (layers, heads, l + 1)."""
    return network.look(draw(key, tasks, 1, length, noise)[0][0])


class Pretraining:
    """A transformer in pre-training on `tasks` (k, d) (k = 0: a new task for each prompt); a step
    is one fresh batch.

    `state`: the network and its losses; `made`: steps that were made, of `steps` at most. Settings
    as of `pretrain`.
    """

    def __init__(
        self,
        tasks: np.ndarray,
        *,
        length: int,
        noise: float,
        steps: int,
        batch: int,
        layers: int,
        width: int,
        seed: int | np.random.Generator,
    ):
        whole = Interval(1, integer=True)
        self.length = check_argument("length", length, whole)
        self.steps = check_argument("steps", steps, whole)
        batch = check_argument("batch", batch, whole)
        layers = check_argument("layers", layers, whole)
        width = check_argument("width", width, whole)
        squares = "single precision holds its squares"
        noise = check_argument("noise", noise, Interval(0, 1e30), squares)
        self.seed = read_seed(seed)
        tasks = np.asarray(tasks, np.float32)
        settings = (self.length, noise, self.steps, batch, layers, width, self.seed)
        self.asked = repr((*settings, tasks.shape)).encode() + tasks.tobytes()
        self.tasks = held(tasks)
        self.noise = jnp.float32(noise)
        self.batch = batch
        self.key = jax.random.key(self.seed)
        self._shape = (tasks.shape[1], width, layers)
        self.made = 0

    @cached_property
    def state(self) -> State:
        """The network and its losses: one that knows nothing, until a step is made."""
        network, memory = _first(self.key, *self._shape)
        return State(np.full(self.steps, np.nan, np.float32), network, memory)

    @property
    def losses(self) -> np.ndarray:
        """Mean square errors of the batches so far, (steps made,)."""
        return self.state.losses[: self.made].copy()

    @property
    def done(self) -> bool:
        """Whether all steps were made: the learning rate has fallen to its end."""
        return self.made == self.steps

    def step(self, count: int) -> None:
        """So many batches, fewer at the end. DivergenceError for a loss that is no number."""
        end = min(self.made + count, self.steps)
        while self.made < end:
            upto = min(self.made + _CHUNK, end)
            losses = self.state.losses
            given = (self.key, self.batch, self.length, self.noise, jnp.int32(self.steps))
            bounds = (jnp.int32(self.made), jnp.int32(upto))
            state = self.state._replace(losses=jnp.zeros(_ROOM, jnp.float32))
            state = _run(state, self.tasks, *given, bounds)
            losses[self.made : upto] = np.asarray(state.losses)[: upto - self.made]
            self.state = state._replace(losses=losses)
            self.made = upto
            sound = np.isfinite(self.losses)
            if not sound.all():
                step = int(np.argmin(sound))
                raise DivergenceError(
                    f"The loss of pre-training became {self.losses[step]:g} at step {step + 1}:"
                    " give smaller tasks or less noise."
                )

    def measure(self) -> dict:
        """Errors on 4096 new prompts of each kind, the same at any time."""
        new, known = jax.random.split(jax.random.key(self.seed + 1))
        given = (self.length, self.noise)
        network = self.state.network
        any_task = self.tasks._replace(count=jnp.asarray(0))
        losses = self.losses
        last = losses[-max(1, self.made // 10) :]
        return {
            "icl_error": float(_test(network, any_task, new, *given)),
            "idg_error": float(_test(network, self.tasks, known, *given)),
            "training_error": float(last.mean()) if self.made else math.nan,
        }

    def view(self) -> dict:
        """The losses so far, and where the query of one prompt looks: a row for each head."""
        key = jax.random.key(self.seed + 2)
        heads = _look(self.state.network, self.tasks, key, self.length, self.noise)
        return {
            "losses": self.losses[:, None],
            "attention": np.asarray(heads).reshape(-1, self.length + 1),
        }


def start(controls, size: int, rng: np.random.Generator) -> Pretraining:
    """One set of tasks, and a network that knows nothing yet."""
    length = round(controls.context * size)
    count = 0 if math.isinf(controls.diversity) else round(controls.diversity * size)
    tasks = rng.standard_normal((count, size)).astype(np.float32)
    names = ("noise", "steps", "batch", "layers", "width")
    settings = {name: getattr(controls, name) for name in names}
    return Pretraining(tasks, length=length, seed=rng, **settings)


def pretrain(
    tasks: np.ndarray,
    *,
    length: int,
    noise: float,
    steps: int,
    batch: int,
    layers: int,
    width: int,
    seed: int | np.random.Generator,
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
    training = Pretraining(
        tasks,
        length=length,
        noise=noise,
        steps=steps,
        batch=batch,
        layers=layers,
        width=width,
        seed=seed,
    )
    if checkpoint is not None and checkpoint.exists():
        made, training.state = _read(checkpoint, training)
        training.made = int(made)
    while not training.done:
        training.step(_CHUNK)
        if checkpoint is not None:
            _write(checkpoint, training.asked, (np.array(training.made), training.state))
    return training.state.network, training.losses


def _digest(content: bytes) -> bytes:
    return hashlib.sha256(content).digest()


def _write(checkpoint: Path, asked: bytes, kept: Any) -> None:
    """Digests of what was asked and of the rest, 32 bytes each; then the arrays, one .npy after
    another.
    """
    arrays = io.BytesIO()
    eqx.tree_serialise_leaves(arrays, kept)
    write_whole(checkpoint, _digest(asked) + _digest(arrays.getvalue()) + arrays.getvalue())


def _read(checkpoint: Path, training: Pretraining) -> Any:
    """The steps made and the state kept there, of this very pre-training."""
    content = checkpoint.read_bytes()
    if content[32:64] != _digest(content[64:]):
        raise InputError(
            f"{checkpoint} is no checkpoint of a pre-training, or damaged: delete it to begin anew."
        )
    if content[:32] != _digest(training.asked):
        raise InputError(
            f"{checkpoint} belongs to another pre-training (tasks, settings or seed): give another"
            " file."
        )
    like = (np.zeros((), int), training.state)
    return eqx.tree_deserialise_leaves(io.BytesIO(content[64:]), like)
