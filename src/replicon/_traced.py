"""Functions of a user's as what they compute now: compiled code is kept by that, never by the
function's name or identity.

A function may read a global, an attribute, a cell or an array that changes between two calls. It is
therefore traced at every call (milliseconds). The trace is the key of what is compiled, and the
arrays that the function closes over are arguments of it: the same computation on other numbers
needs no compilation, and another computation never meets old code.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.core import eval_jaxpr
from jax.extend.core import ClosedJaxpr, Jaxpr, Literal

from replicon._domains import show
from replicon._errors import InputError, RepliconError

_AGREE = (
    1e-5  # relative; far above rounding in another order of operations, also of single precision
)


@dataclass(frozen=True, eq=False)
class Traced:
    """What a function computes: `traced(constants, *arguments)`. Equal, and of one hash, where the
    computation is the same.

    `result`: shapes and types of what it returns (a tree of jax.ShapeDtypeStruct).
    """

    jaxpr: Jaxpr
    result: Any
    key: tuple

    def __call__(self, constants: Sequence, *arguments: Any) -> Any:
        flat = eval_jaxpr(self.jaxpr, constants, *jax.tree.leaves(arguments))
        return jax.tree.unflatten(jax.tree.structure(self.result), flat)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Traced) and self.key == other.key

    def __hash__(self) -> int:
        return hash(self.key)


def trace(
    name: str,
    function: Callable,
    *arguments: Any,
    derivatives: Sequence[Callable] = (),
    scalar: bool = False,
    shipped: bool = False,
) -> tuple[Traced, list]:
    """`function` as it is now, for arguments of these shapes and types, and the arrays it closes
    over.

    `arguments` (trees of arrays) also are the point at which the trace is compared with the
    function itself. `derivatives`: what the compiled code takes of it, e.g. (jax.grad,), each a map
    from functions to functions of the same arguments; their traces belong to the key, since rules
    of differentiation (jax.custom_jvp) are part of the function. `scalar`: one real number is asked
    for. `shipped`: a function of this package, which is what its trace says: of the arguments
    shapes and types alone are read, and nothing is compiled.

    Raises InputError, with `name` in its sentence: what JAX cannot follow; what draws random
    numbers, reads a clock or otherwise answers differently each time. A jax.jit within the function
    keeps what it once read; where that is old, JAX's caches are emptied and the function is traced
    again.
    """
    if not callable(function):
        raise InputError(
            f"{name} = {show(function)} is no function: give one written with jax.numpy."
        )
    function = _bare(function)
    found = _trace(name, function, arguments, derivatives, scalar)
    if not (shipped or _faithful(name, function, found, arguments)):
        jax.clear_caches()
        found = _trace(name, function, arguments, derivatives, scalar)
        if not _faithful(name, function, found, arguments):
            raise InputError(
                f"{name} gives one value when it is called and another when it is compiled: it must"
                " depend on its arguments alone; pass what changes, random numbers too, as data."
            )
    return found


def first_derivatives(function: Callable) -> Callable:
    """Its derivative along itself, of a function from an array to an array of any shape: an entry
    for `derivatives`.
    """
    return lambda x, *rest: jax.jvp(lambda y: function(y, *rest), (x,), (x,))[1]


def second_derivatives(function: Callable) -> Callable:
    """Product of the Hessian with a vector, of a function from a tree to one number: an entry for
    `derivatives`.
    """
    return lambda x, *rest: jax.jvp(jax.grad(lambda y: function(y, *rest)), (x,), (x,))[1]


def _bare(function: Callable) -> Callable:
    """Without an outer jax.jit, whose cache would hide what changed."""
    while (
        hasattr(function, "__wrapped__")
        and hasattr(function, "lower")
        and hasattr(function, "trace")
    ):
        function = function.__wrapped__
    return function


def _trace(name, function, arguments, derivatives, scalar) -> tuple[Traced, list]:
    shapes = jax.tree.map(lambda leaf: jax.ShapeDtypeStruct(leaf.shape, leaf.dtype), arguments)
    closed, result = _followed(name, function, shapes)
    again, _ = _followed(name, function, shapes)
    if _content(closed) != _content(again):
        raise InputError(
            f"{name} is another computation each time it is called (random numbers, a clock, a"
            " counter): it must depend on its arguments alone; pass what changes as data."
        )
    if scalar:
        leaves = jax.tree.leaves(result)
        if (
            len(leaves) != 1
            or leaves[0].shape != ()
            or not jnp.issubdtype(leaves[0].dtype, jnp.floating)
        ):
            shown = ", ".join(f"{leaf.dtype} of shape {leaf.shape}" for leaf in leaves) or "nothing"
            raise InputError(
                f"{name} returns {shown}: it must return one real number for one set of parameters."
            )
    views = [_followed(name, derivative(function), shapes)[0] for derivative in derivatives]
    given = {bits(value) for value in closed.consts}
    rules = tuple(
        (str(view), tuple(_within(view)), *({bits(v) for v in view.consts} - given))
        for view in views
    )
    key = (
        jax.tree.structure(shapes),
        str(closed),
        tuple(_within(closed)),
        tuple(_opaque(closed.jaxpr)),
        rules,
    )
    return Traced(closed.jaxpr, result, key), [jnp.array(value) for value in closed.consts]


def _followed(name: str, function: Callable, shapes: tuple) -> tuple[ClosedJaxpr, Any]:
    try:
        # By a new name each time: JAX, too, remembers traces by identity.
        return jax.make_jaxpr(lambda *arguments: function(*arguments), return_shape=True)(*shapes)
    except RepliconError:
        raise
    except Exception as error:
        raise _unfit(name, error) from error


def _unfit(name: str, error: Exception) -> InputError:
    words = str(error).strip().splitlines() or [""]
    what = f"{type(error).__name__}: {words[0][:200]}".rstrip(": .")
    return InputError(
        f"{name} could not be followed by JAX ({what}): write it with jax.numpy, for one set of"
        " parameters of the given shapes, differentiable, without Python conditions on its values."
    )


def _faithful(name: str, function: Callable, found: tuple[Traced, list], arguments: tuple) -> bool:
    """Whether trace and function agree at the arguments and beside them; the function runs without
    any jax.jit within it.
    """
    traced, constants = found
    for shift in (0.0, 0.1):
        point = (_beside(arguments[0], shift), *arguments[1:])
        try:
            with jax.disable_jit():
                raw = function(*point)
        except RepliconError:
            raise
        except Exception as error:
            raise _unfit(name, error) from error
        for a, b in zip(
            jax.tree.leaves(raw), jax.tree.leaves(traced(constants, *point)), strict=True
        ):
            a = np.asarray(a)
            b = np.asarray(b)
            scale = np.max(np.abs(b), initial=0.0, where=np.isfinite(b))
            if not np.allclose(a, b, rtol=_AGREE, atol=_AGREE * scale, equal_nan=True):
                return False
    return True


def _beside(tree: Any, shift: float) -> Any:
    """A tree whose real numbers are moved, each by another part of `shift`."""

    def moved(leaf):
        if not jnp.issubdtype(leaf.dtype, jnp.floating):
            return leaf
        # Of NumPy: every operation of JAX on its own is compiled.
        apart = shift * np.cos(np.arange(leaf.size)).reshape(leaf.shape)
        return jnp.asarray(np.asarray(leaf) + apart.astype(leaf.dtype))

    return jax.tree.map(moved, tree)


def _content(closed: ClosedJaxpr) -> tuple:
    return str(closed), [bits(value) for value in closed.consts], list(_within(closed))


def _within(closed: ClosedJaxpr) -> Iterator[tuple]:
    """Arrays inside a trace, to the bit: literals, and what inner functions (jax.jit, scan) close
    over.
    """
    for inner in _jaxprs(closed.jaxpr):
        if isinstance(inner, ClosedJaxpr):
            yield from map(bits, inner.consts)
            continue
        for equation in inner.eqns:
            yield from (bits(atom.val) for atom in equation.invars if isinstance(atom, Literal))
            yield from (
                bits(p) for p in _parameters(equation) if isinstance(p, (np.ndarray, jax.Array))
            )


def _opaque(jaxpr: Jaxpr) -> Iterator[Any]:
    """Functions that a trace calls by name (callbacks into Python): the same only where they are
    the same object.

    Rules of differentiation are left to the traces of the derivatives.
    """
    for inner in _jaxprs(jaxpr):
        if isinstance(inner, Jaxpr):
            for equation in inner.eqns:
                if not equation.primitive.name.startswith("custom_"):
                    yield from (
                        p
                        for p in _parameters(equation)
                        if callable(p) and not isinstance(p, (type, Jaxpr, ClosedJaxpr))
                    )


def _jaxprs(jaxpr: Jaxpr) -> Iterator[Jaxpr | ClosedJaxpr]:
    """A trace and all traces within it, closed ones before what they close."""
    yield jaxpr
    for equation in jaxpr.eqns:
        for parameter in _parameters(equation):
            if isinstance(parameter, ClosedJaxpr):
                yield parameter
                parameter = parameter.jaxpr
            if isinstance(parameter, Jaxpr):
                yield from _jaxprs(parameter)


def _parameters(equation) -> list:
    return jax.tree.leaves(
        list(equation.params.values()), is_leaf=lambda p: isinstance(p, (Jaxpr, ClosedJaxpr))
    )


def bits(value: Any) -> tuple:
    """Type, shape and digest of an array's bytes."""
    if jnp.issubdtype(getattr(value, "dtype", float), jax.dtypes.prng_key):
        value = jax.random.key_data(value)
    array = np.ascontiguousarray(value)
    return str(array.dtype), array.shape, hashlib.blake2b(array.tobytes(), digest_size=16).digest()
