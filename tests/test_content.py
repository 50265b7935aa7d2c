"""A cache by content never answers for what a function, an array or an object held before."""

import enum
import functools
import sys
import types
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from replicon._content import cached, content, digest, unknown_part

SCALE = 1.0
TABLE = np.ones(3)


def scaled(x):
    return SCALE * x


def through_another(x):
    return scaled(x) + 1


def summed(x):
    return x + TABLE.sum()


def inner_lambda(x):
    return (lambda y: SCALE * y)(x)


class Loss:
    def __init__(self, weight):
        self.weight = weight

    def __call__(self, x):
        return self.weight * x

    def method(self, x):
        return self.weight * x


class Slotted:
    __slots__ = ("weight",)

    def __init__(self, weight):
        self.weight = weight


def _global(monkeypatch, value):
    monkeypatch.setattr(sys.modules[__name__], "SCALE", value)


@pytest.mark.parametrize(
    "function",
    [
        scaled,
        through_another,
        inner_lambda,
        functools.partial(scaled),
        jax.jit(scaled),
        lambda x: scaled(x),
    ],
    ids=range(6),
)
def test_a_function_is_also_what_its_globals_hold(function, monkeypatch):
    before = content(function)
    assert content(function) == before
    _global(monkeypatch, 2.0)
    after = content(function)
    assert after != before
    _global(monkeypatch, 1.0)
    assert content(function) == before


def test_closures_defaults_objects_and_arrays_count_by_what_they_hold():
    def make(value):
        return lambda x, y=[value]: x * value + y[0]

    assert content(make(1.0)) == content(make(1.0))
    assert content(make(1.0)) != content(make(2.0))
    loss = Loss(np.zeros(2))
    keys = {content(loss), content(loss.method)}
    loss.weight[0] = 1
    assert keys.isdisjoint({content(loss), content(loss.method)})
    assert content(Slotted(1)) == content(Slotted(1)) != content(Slotted(2))
    before = content(summed)
    TABLE[0] = 5
    assert content(summed) != before
    TABLE[0] = 1
    assert content(summed) == before
    assert content(jnp.ones(2)) != content(jnp.zeros(2))
    assert content([1, 2]) != content((1, 2))
    assert content({"a": 1}) != content({"a": 2})
    assert content(1) != content(1.0) != content(True)


class Pair(NamedTuple):
    weight: float = 1.0


def _made(scale, kind):
    """An object of a class whose method, whose base or whose value is another for another scale."""

    class Base:
        factor = scale if kind == "value" else 1.0

        def helper(self, x):
            return x * scale if kind == "base" else x * self.factor

    class Wanted(Base):
        def own(self, x):
            return self.helper(x) * scale if kind == "method" else self.helper(x)

        def __call__(self, x):
            return self.own(x)

    return Wanted()


@pytest.mark.parametrize("kind", ["method", "base", "value"])
def test_an_object_is_all_that_its_class_defines(kind):
    one, same, other = (_made(scale, kind) for scale in (2.0, 2.0, 3.0))
    for read in (lambda x: x, lambda x: x.__call__, lambda x: lambda y: type(x).own(x, y)):
        assert digest(read(one)) == digest(read(same)) != digest(read(other))
        assert unknown_part(read(one)) == ()


class Wrapping:
    def __init__(self, function, factor):
        functools.update_wrapper(self, function)
        self.factor = factor

    def __call__(self, x):
        return self.factor * self.__wrapped__(x)


class Colour(enum.Enum):
    RED = 1


def test_what_wraps_a_function_is_that_and_what_it_holds_besides():
    assert digest(Wrapping(scaled, 2.0)) != digest(Wrapping(scaled, 3.0))
    known = [
        jax.jit(jnp.tanh),
        jax.jit(jax.jit(scaled)),
        jax.jit(Loss(2.0)),
        functools.partial(jnp.maximum, 0.0),
        Colour.RED,
        lambda x: Pair(x),
    ]
    for one in known:
        assert unknown_part(one) == ()
    assert digest(jax.jit(Loss(2.0))) == digest(jax.jit(Loss(2.0))) != digest(jax.jit(Loss(3.0)))


def test_a_module_counts_by_what_is_read_of_it(monkeypatch):
    module = types.ModuleType("my_settings")
    module.gain, module.unread = 1.0, 1.0
    monkeypatch.setattr(sys.modules[__name__], "settings", module, raising=False)
    read = eval("lambda x: settings.gain * x", globals())
    before = content(read)
    module.unread = 2.0
    assert content(read) == before
    module.gain = 2.0
    assert content(read) != before


def test_cycles_end():
    loop = []
    loop.append(loop)
    hash(content(loop))

    def recursive(n):
        return recursive(n - 1) if n else 0

    hash(content(recursive))


def test_cached_makes_again_what_changed_and_only_that(monkeypatch):
    made = []

    @cached(maxsize=2)
    def make(function):
        made.append(function)
        return len(made)

    assert [make(scaled), make(scaled)] == [1, 1]
    _global(monkeypatch, 3.0)
    assert make(scaled) == 2
    _global(monkeypatch, 1.0)
    assert make(scaled) == 3  # made again: what was compiled before is forgotten
    assert make(lambda x: x) == 4
    assert make(scaled) == 3


def _plain(h):
    return SCALE * h


_jitted = jax.jit(_plain)


def _scanned(h):
    return jax.lax.scan(_step, h, None, length=1)[0]


def _step(h, _):
    return SCALE * h, None


@pytest.mark.parametrize("scale", [_plain, _jitted, _scanned])
def test_theory_of_a_potential_that_reads_a_global_is_never_the_old_one(monkeypatch, scale):
    from collections import namedtuple

    from replicon.theory import stationary

    Order = namedtuple("Order", "m")
    Controls = namedtuple("Controls", "h")

    def residual(x, c):
        return Order(x.m - scale(c.h))

    answers = []
    for value in (1.0, 2.0, 1.0):
        _global(monkeypatch, value)
        found = stationary.solve(residual, Order(np.zeros(1)), Controls(np.ones(1)))
        answers.append(float(found.x.m[0]))
    assert answers == [1.0, 2.0, 1.0]


def test_a_cache_serves_threads():
    """Graphs are compiled side by side: what one thread adds does not disturb another's search."""

    @cached(maxsize=16)
    def made(function):
        return function(1.0)

    def use(begin):
        return [made(lambda x, k=k: x + k) for k in range(begin, begin + 150)]

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(use, range(0, 800, 100)))
    assert found == [[1.0 + k for k in range(b, b + 150)] for b in range(0, 800, 100)]
