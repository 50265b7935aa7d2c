"""A compiled function is what the user's function computes now; the same computation is compiled
once.
"""

import functools
import time

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import replicon
from replicon._traced import first_derivatives, second_derivatives, trace

FACTOR = 1.0
ROWS = np.arange(3.0)


@pytest.fixture(autouse=True)
def _double():
    with jax.enable_x64(True):
        yield


def _energy(function, x=(1.0, 2.0, 4.0)):
    found = trace(
        "energy", function, jnp.array(x), derivatives=(jax.grad, second_derivatives), scalar=True
    )
    return *found, float(found[0](found[1], jnp.array(x)))


class Spring:
    def __init__(self, stiffness):
        self.stiffness = stiffness

    def __call__(self, w):
        return self.stiffness * (w**2).sum()

    def method(self, w):
        return self.stiffness * w.sum()


def _changes():
    """(function, how it changes, its value after)."""
    spring = Spring(1.0)
    cell = [1.0]
    array = np.ones(3)

    def closure(w):
        return cell[0] * w.sum()

    def default(w, k=np.ones(1)):  # noqa: B008
        return (k * w).sum()

    def inner(w):
        return FACTOR * w.sum()

    jitted = jax.jit(inner)

    def body(carry, _):
        return carry * FACTOR, None

    yield lambda w: FACTOR * w.sum(), lambda: globals().update(FACTOR=2.0), 14.0
    yield spring, lambda: setattr(spring, "stiffness", 2.0), 42.0
    yield spring.method, lambda: setattr(spring, "stiffness", 3.0), 21.0
    yield closure, lambda: cell.__setitem__(0, 2.0), 14.0
    yield functools.partial(lambda a, w: (a * w).sum(), array), lambda: array.__imul__(2), 14.0
    yield default, lambda: default.__defaults__[0].__imul__(2), 14.0
    yield lambda w: inner(w), lambda: globals().update(FACTOR=3.0), 21.0
    yield jitted, lambda: globals().update(FACTOR=4.0), 28.0
    yield lambda w: jitted(w) + w[0], lambda: globals().update(FACTOR=5.0), 36.0
    yield (
        lambda w: jax.lax.scan(body, w, None, length=2)[0].sum(),
        lambda: globals().update(FACTOR=2.0),
        28.0,
    )


def test_a_function_that_changed_is_another_computation():
    for number, (function, change, value) in enumerate(_changes()):
        before = _energy(function)
        change()
        after = _energy(function)
        assert after[2] == pytest.approx(value), number
        assert before[2] != after[2], number
    globals().update(FACTOR=1.0)


def test_the_same_computation_on_other_numbers_is_compiled_once():
    first, second = (_energy(lambda w, a=a: (a * w).sum()) for a in (np.arange(3.0), np.ones(3)))
    assert first[0] == second[0]
    assert hash(first[0]) == hash(second[0])
    assert (first[2], second[2]) == (10.0, 7.0)
    assert _energy(lambda w: (w**2).sum())[0] == _energy(lambda w: (w**2).sum())[0]
    assert _energy(lambda w: (w**2).sum())[0] != _energy(lambda w: (w**3).sum())[0]
    # Numbers closed over by an inner compiled function cannot become arguments: they belong to the
    # key.
    assert (
        _energy(lambda w: jax.jit(lambda v: (ROWS * v).sum())(w))[0]
        != _energy(lambda w: jax.jit(lambda v: (2 * ROWS * v).sum())(w))[0]
    )


def test_rules_of_differentiation_belong_to_the_function():
    def with_slope(slope):
        @jax.custom_jvp
        def f(x):
            return (x**2).sum()

        f.defjvp(lambda p, t: (f(*p), (slope * p[0]) @ t[0]))
        return f

    assert _energy(with_slope(2.0))[0] == _energy(with_slope(2.0))[0]
    assert _energy(with_slope(2.0))[0] != _energy(with_slope(3.0))[0]
    assert _energy(with_slope(ROWS))[0] == _energy(with_slope(ROWS.copy()))[0]
    assert _energy(with_slope(ROWS))[0] != _energy(with_slope(2 * ROWS))[0]


def test_functions_that_call_back_into_python_are_the_same_only_as_objects():
    def through(function):
        return lambda w: jax.pure_callback(function, jax.ShapeDtypeStruct(w.shape, w.dtype), w)

    x = jnp.ones(3)
    one, two = (trace("phi", through(f), x)[0] for f in (lambda v: v + 1, lambda v: v + 2))
    assert one != two


def test_functions_of_arrays_and_their_slopes():
    traced, constants = trace(
        "phi", lambda x: jnp.tanh(FACTOR * x), jnp.ones((2, 3)), derivatives=(first_derivatives,)
    )
    assert traced.result.shape == (2, 3)
    np.testing.assert_allclose(traced(constants, jnp.ones((2, 3))), np.tanh(np.ones((2, 3))))


@pytest.mark.parametrize(
    ("function", "words"),
    [
        (3, "is no function"),
        (lambda w: w, r"returns float64 of shape \(3,\): it must return one real number"),
        (lambda w: None, "returns nothing"),
        (lambda w: w.sum() * 1j, "returns complex128"),
        (lambda w: (w > 0).sum(), "returns int64"),
        (lambda w: (w * np.random.default_rng().normal()).sum(), "another computation each time"),
        (lambda w: w.sum() * time.perf_counter_ns(), "another computation each time"),
        (lambda w: 1.0 if w[0] > 0 else w.sum(), "without Python conditions"),
        (lambda w: np.sin(w).sum(), r"write it with jax\.numpy"),
        (lambda w: w[5, 2], "could not be followed by JAX"),
        (lambda w: w @ jnp.ones(4), "could not be followed by JAX"),
    ],
)
def test_what_cannot_be_followed_is_one_sentence(function, words):
    with pytest.raises(replicon.InputError, match=words):
        _energy(function)
