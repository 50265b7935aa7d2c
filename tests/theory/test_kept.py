"""Traced graphs kept on disk: the same bits, never another function's, and no damage matters."""

import os
import subprocess
import sys
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from replicon._content import shipped
from replicon.channel import replica
from replicon.theory import kept, points, stationary
from replicon.theory.points import evaluate


class Point(NamedTuple):
    load: object
    margin: object
    leak: object


@pytest.fixture
def folder(tmp_path):
    before = jax.config.jax_compilation_cache_dir
    jax.config.update("jax_compilation_cache_dir", str(tmp_path))
    yield tmp_path / "graphs"
    jax.config.update("jax_compilation_cache_dir", before)


def asked():
    loads = np.linspace(0.1, 0.7, 4)
    c = Point(loads, np.zeros(4), np.full(4, 0.1))
    return replica.Overlaps(np.full(4, 0.3), np.ones(4)), c


def called(function):
    """What the function returns, by a new table of compiled functions."""
    with jax.enable_x64(True):
        over_points = points._over_points(function)
        return jax.tree.map(np.asarray, kept.compiled(over_points)(*asked()))


def theory():
    return replica.storage(replica.ising, replica.threshold)


def same(one, other):
    leaves = zip(jax.tree.leaves(one), jax.tree.leaves(other), strict=True)
    return jax.tree.structure(one) == jax.tree.structure(other) and all(
        np.array_equal(a, b, equal_nan=True) for a, b in leaves
    )


def test_same_bits_traced_kept_and_read(folder):
    function = stationary._solver(theory().residual, theory().iterate, 60, 1.0)
    with jax.enable_x64(True):
        plain = jax.tree.map(np.asarray, jax.jit(jax.vmap(function))(*asked()))
    first = called(function)
    assert len(list(folder.glob("*.graph"))) == 1
    assert same(plain, first)
    assert same(first, called(function))
    assert type(first).__name__ == "Stationary"


def test_two_functions_never_share_a_graph(folder):
    other = replica.storage(replica.spherical, replica.threshold)
    one = called(theory().iterate)
    two = called(other.iterate)
    assert len(list(folder.glob("*.graph"))) == 2
    assert not same(one, two)
    assert same(two, called(other.iterate))


def test_users_function_is_traced_in_each_process(folder):
    def own(x, c):
        return x.overlap * c.load

    assert shipped(own) is None
    # Through a function of ours, too.
    assert shipped(stationary._solver(own, None, 3, 1.0)) is None
    evaluate(own, *asked())
    assert not folder.exists()


def test_same_words_for_the_same_function():
    words = shipped(theory().iterate)
    called(theory().iterate)
    assert shipped(theory().iterate) == words
    again = replica.storage.__wrapped__(replica.ising, replica.threshold)  # made anew
    assert shipped(again.iterate) == words


def test_what_a_closure_holds_is_part_of_it():
    coarse = replica.storage(replica.ising, replica.threshold, 65)
    assert shipped(coarse.iterate) != shipped(theory().iterate)
    one = stationary.gradient(lambda x, c: x)
    assert shipped(one) is None
    potential = theory().potential
    assert shipped(stationary.gradient(potential)) not in (None, shipped(potential))
    assert shipped(stationary.gradient(potential)) != shipped(stationary.gradient(coarse.potential))


def test_derivative_of_a_users_function_is_a_users(folder):
    assert shipped(jax.grad(lambda x: x**2)) is None
    assert shipped(jnp.tanh) is not None


@pytest.mark.parametrize("damage", ["cut", "flipped", "empty"])
def test_damaged_graph_is_traced_again(damage, folder):
    first = called(theory().iterate)
    (path,) = folder.glob("*.graph")
    whole = path.read_bytes()
    middle = len(whole) // 2
    flipped = whole[:middle] + bytes([whole[middle] ^ 1]) + whole[middle + 1 :]
    broken = {"cut": whole[:middle], "flipped": flipped, "empty": b""}[damage]
    path.write_bytes(broken)
    assert same(first, called(theory().iterate))
    assert kept._read(path) is not None  # written anew


def test_folder_stays_small(folder, monkeypatch):
    monkeypatch.setattr(kept, "_MOST", 2)
    for function in (theory().residual, theory().iterate, theory().potential):
        called(function)
    assert len(list(folder.glob("*.graph"))) == 2


def test_disk_that_takes_nothing_is_no_error(folder):
    folder.parent.mkdir(exist_ok=True)
    folder.write_text("a file where the folder should be")
    called(theory().iterate)


def test_second_process_traces_nothing(tmp_path):
    code = (
        "import jax, replicon; from jax import monitoring; spent = []\n"
        "def listen(event, seconds, **_):\n"
        "    spent.append(seconds) if event.endswith('jaxpr_trace_duration') else None\n"
        "monitoring.register_event_duration_secs_listener(listen)\n"
        "found = replicon.solve('perceptron', load=0.4)\n"
        "print(sum(spent), float(found['free_entropy']).hex())"
    )
    environment = {**os.environ, "JAX_COMPILATION_CACHE_DIR": str(tmp_path)}
    said = [
        subprocess.run(
            [sys.executable, "-c", code],
            env=environment,
            check=True,
            capture_output=True,
            text=True,
        ).stdout.split()
        for _ in range(2)
    ]
    assert said[0][1] == said[1][1]
    assert float(said[1][0]) < 0.2 * float(said[0][0])
