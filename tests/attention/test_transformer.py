"""The transformer: a process that learns, its checkpoints, and what it ends with."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

import replicon
from replicon.attention import pretrain, transformer

_SHAPE = {"layers": 2, "width": 16, "batch": 16}  # one for all: each is compiled for seconds
_SHORT = {"size": 4, "steps": 25, "diversity": 0.5, **_SHAPE}


@pytest.mark.slow
def test_the_transformer_memorises_few_tasks_and_learns_many_in_context():
    settings = {"size": 4, "samples": 1, "steps": 1500, "seed": 0, **_SHAPE}
    few, many = (
        replicon.simulate("softmax-transformer", diversity=k, **settings).mean("sample")
        for k in (0.5, float("inf"))
    )
    assert float(few["idg_error"]) < 0.2 < 0.6 < float(few["icl_error"])
    assert float(many["icl_error"]) < 0.5
    assert float(many["icl_error"]) == pytest.approx(float(many["idg_error"]), rel=0.2)


def test_a_transformer_continues_from_its_checkpoint_with_the_same_bits(tmp_path, monkeypatch):
    settings = {"length": 8, "noise": 0.1, "steps": 30, "seed": 3, **_SHAPE}
    tasks = np.random.default_rng(0).normal(size=(2, 4))
    monkeypatch.setattr(transformer, "_CHUNK", 10)
    whole, losses = transformer.pretrain(tasks, **settings)
    file = tmp_path / "state.eqx"
    run = transformer._run
    calls = iter(range(2))

    def interrupted(*given):
        next(calls)  # the third chunk never comes
        return run(*given)

    monkeypatch.setattr(transformer, "_run", interrupted)
    with pytest.raises(StopIteration):
        transformer.pretrain(tasks, checkpoint=file, **settings)
    monkeypatch.setattr(transformer, "_run", run)
    resumed, again = transformer.pretrain(tasks, checkpoint=file, **settings)
    np.testing.assert_array_equal(losses, again)
    np.testing.assert_array_equal(whole.read.weight, resumed.read.weight)
    sound = file.read_bytes()
    for damage in (
        b"",
        sound[:-100],
        sound[:3000] + bytes([sound[3000] ^ 1]) + sound[3001:],
        b"\x80\x04K\x01.",
    ):
        file.write_bytes(damage)
        with pytest.raises(
            replicon.InputError, match="no checkpoint of a pre-training, or damaged"
        ):
            transformer.pretrain(tasks, checkpoint=file, **settings)
    file.write_bytes(sound)
    for other in ({"seed": 4}, {"noise": 0.2}, {"width": 12}):
        with pytest.raises(replicon.InputError, match="belongs to another pre-training"):
            transformer.pretrain(tasks, checkpoint=file, **{**settings, **other})
    with pytest.raises(replicon.InputError, match="belongs to another pre-training"):
        transformer.pretrain(tasks + 1e-3, checkpoint=file, **settings)
    with pytest.raises(replicon.DivergenceError, match="loss of pre-training became"):
        transformer.pretrain(1e25 * tasks, **settings)
    with pytest.raises(replicon.InputError, match="single precision"):
        transformer.pretrain(tasks, **{**settings, "noise": 1e300})
    with pytest.raises(replicon.InputError, match="no multiple of 4"):
        replicon.simulate("softmax-transformer", size=4, width=6, steps=1)


def test_training_does_not_see_how_its_steps_are_cut(monkeypatch):
    """To the bit, whatever the steps between looks at the loss; it ends after its steps."""
    whole = replicon.start("softmax-transformer", seed=2, **_SHORT).step(25)
    monkeypatch.setattr(transformer, "_CHUNK", 4)
    cut = replicon.start("softmax-transformer", seed=2, **_SHORT)
    cut.step(1).step(0).step(5)
    assert not cut.done
    cut.measure()
    cut.view()
    cut.step(13).step(100)
    assert whole.done
    assert cut.done
    assert whole.measure() == cut.measure()
    for name, array in cut.view().items():
        np.testing.assert_array_equal(array, whole.view()[name])


def test_simulate_measures_the_trained_network():
    """A sample of `simulate` is the process at its end; training error: the last tenth of steps."""
    process = replicon.start("softmax-transformer", seed=2, **_SHORT)
    blank = process.measure()
    assert np.isnan(blank["training_error"])
    now = process.step(25).measure()
    assert now["icl_error"] != blank["icl_error"]
    assert now["training_error"] == pytest.approx(process.view()["losses"][-2:].mean(), rel=1e-6)
    out = replicon.simulate("softmax-transformer", samples=1, seed=2, **_SHORT)
    for name, value in now.items():
        assert float(out[name][0]) == value


def test_views_of_a_transformer():
    process = replicon.start("softmax-transformer", seed=2, **_SHORT).step(3)
    views = process.view()
    assert set(views) == {view.name for view in process.model.views}
    assert views["losses"].shape == (3, 1)
    assert views["attention"].shape == (2 * 4, 8 + 1)  # heads of both layers; examples, query
    np.testing.assert_allclose(views["attention"].sum(axis=1), 1, atol=1e-6)


def test_where_a_layer_looks_gives_what_it_adds():
    """Values weighted by `look` are what Equinox's attention gives the last token."""
    network = transformer._first(jax.random.key(0), 4, 16, 2)[0]
    stream = np.random.default_rng(1).standard_normal((5, 16)).astype(np.float32)

    @eqx.filter_jit
    def added(layers):
        layer = jax.tree.map(lambda a: a[0] if isinstance(a, jax.Array) else a, layers)
        x = jax.vmap(layer.first)(stream)
        values = jax.vmap(layer.attention.value_proj)(x).reshape(5, 4, -1)
        seen = jnp.einsum("ht,thc->hc", layer.look(stream), values).ravel()
        return layer.attention.output_proj(seen), layer.attention(x, x, x)[-1]

    # Single precision: sums of 16 terms of order one.
    np.testing.assert_allclose(*added(network.layers), atol=1e-6)


def test_the_rate_of_learning_is_the_usual_schedule():
    """That of Optax, which is compiled anew for every number of steps."""
    for steps in (1, 7, 3000):
        at = np.minimum([0, 1, 3, 199, 200, 1600, 2999], steps - 1)
        usual = optax.warmup_cosine_decay_schedule(0.0, 3e-3, min(200, steps // 2), steps, 1e-5)
        # Single precision, of numbers up to 0.003.
        np.testing.assert_allclose(transformer.rate(at, steps), usual(at), rtol=1e-6, atol=1e-9)


def test_a_seed_is_a_number_or_a_generator():
    settings = {"length": 8, "noise": 0.1, "steps": 2, **_SHAPE}
    rng = np.random.default_rng(5)
    number = int(np.random.default_rng(5).integers(2**31))
    first = pretrain(np.ones((1, 4)), seed=rng, **settings)[1]
    np.testing.assert_array_equal(first, pretrain(np.ones((1, 4)), seed=number, **settings)[1])
    assert (first != pretrain(np.ones((1, 4)), seed=rng, **settings)[1]).any()
    with pytest.raises(replicon.InputError, match="seed must be"):
        pretrain(np.ones((1, 4)), seed=-1, **settings)
