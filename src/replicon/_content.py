"""What a value holds, as a key: so that no cache answers for a function, array or object that has
changed since.

A function is its code, its defaults, what its closure holds and what the globals that its code
names hold, each followed down to plain values; an array is its bytes; an object is its attributes
and its class, that is, the methods and values which this defines. Functions of Replicon itself are
followed into their closures only, and those of installed packages not at all: they do not change
while a program runs.
"""

from __future__ import annotations

import dis
import functools
import hashlib
import sys
import sysconfig
import threading
import types
from collections import OrderedDict
from collections.abc import Callable, Hashable
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

_PLAIN = (int, float, complex, str, bytes, bool, type(None), types.EllipsisType)
_ATTRIBUTES = ("LOAD_ATTR", "LOAD_METHOD")
_RULES = ("jvp", "fwd", "bwd")  # of differentiation, where jax.custom_jvp and its kind keep them
Made = TypeVar("Made")


def content(value: Any) -> Hashable:
    """A hashable key that is equal for equal contents; values that cannot be looked into count as
    themselves.
    """
    return _key(value, {})


def digest(value: Any) -> str:
    """Sixty-four hexadecimal digits of what a value holds: the same in every process for the same
    content, and another in each where a value cannot be looked into.
    """
    return hashlib.sha256(repr(_told(content(value), [])).encode()).hexdigest()


def shipped(value: Any) -> tuple[str, ...] | None:
    """Everything that a value is made of, in words that mean the same in any process with the same
    packages: plain values, arrays, and functions of Replicon and of installed packages by where
    they stand and what they hold. None for a value that holds anything else, a user's function say.
    """
    found: list[str] = []
    return tuple(found) if _shipped(value, {}, found) else None


def _shipped(value: Any, seen: dict[int, tuple[int, Any]], found: list[str]) -> bool:
    """Adds to `found`; whether it is all known."""
    if isinstance(value, _PLAIN):
        found.append(f"{type(value).__name__} {value!r}")
        return True
    if id(value) in seen:
        found.append(f"again {seen[id(value)][0]}")
        return True
    seen[id(value)] = (len(seen), value)  # holding it keeps its identity from another
    if isinstance(value, (type, types.ModuleType)):
        module = value.__module__ if isinstance(value, type) else value.__name__
        found.append(f"named {module} {getattr(value, '__qualname__', '')}")
        return (_ours(module) or _installed(module)) and "<" not in found[-1]
    if isinstance(value, np.ndarray):
        data = hashlib.sha256(np.ascontiguousarray(value).tobytes()).hexdigest()
        found.append(f"array {value.dtype.str} {value.shape} {data}")
        return not value.dtype.hasobject
    if isinstance(value, types.FunctionType):
        return _shipped_function(value, seen, found)
    wrapped = getattr(value, "__wrapped__", None)  # jax.jit, custom_jvp and their kind
    if isinstance(wrapped, types.FunctionType):
        found.append(f"wrapped {type(value).__name__}")
        return _shipped(wrapped, seen, found)
    if isinstance(value, dict):
        held = [part for item in value.items() for part in item]
    elif isinstance(value, (tuple, list)):
        held = list(value)
    elif isinstance(value, functools.partial):
        held = [value.func, value.args, value.keywords]
    else:
        return False
    found.append(f"{type(value).__module__} {type(value).__qualname__} of {len(held)}")
    return all(_shipped(item, seen, found) for item in held)


def _shipped_function(
    function: types.FunctionType, seen: dict[int, tuple[int, Any]], found: list[str]
) -> bool:
    module = function.__module__ or ""
    code = function.__code__
    found.append(f"function {module} {function.__qualname__} {code.co_name} {code.co_firstlineno}")
    if not (_ours(module) or _installed(module)) or not _of_a_package(code):
        return False
    cells = [cell.cell_contents for cell in function.__closure__ or ()]
    return _shipped([function.__defaults__, function.__kwdefaults__, *cells], seen, found)


def _of_a_package(code: types.CodeType) -> bool:
    """Whether code lies in this package's folder or in that of installed ones: a derivative has the
    name of what was derived and JAX's code.
    """
    place = Path(code.co_filename)
    homes = (str(Path(__file__).parent), sysconfig.get_path("stdlib"), *_homes())
    return any(place.is_relative_to(home) for home in homes)


def unknown_part(value: Any) -> tuple:
    """The first part of what a value holds that cannot be looked into, alone in a tuple; () where
    `digest` knows all of it.
    """
    unknown: list = []
    _told(content(value), unknown)
    return tuple(unknown[:1])


def _told(key: Any, unknown: list) -> Any:
    """A key as something whose text does not depend on where in memory it lies; what has no such
    text is added to `unknown`.
    """
    if isinstance(key, (tuple, list)):
        return tuple(_told(item, unknown) for item in key)
    if isinstance(key, frozenset):
        return ("set", *sorted(repr(_told(item, unknown)) for item in key))
    if isinstance(key, types.CodeType):
        code = (key.co_code.hex(), key.co_names, key.co_varnames, key.co_freevars)
        return ("code", *code, _told(key.co_consts, unknown))
    if isinstance(key, _Itself):
        key = key.value
    if isinstance(key, types.ModuleType):
        return ("module", key.__name__)
    # Built-in methods of an object hold that, which is not told by their names.
    if isinstance(key, types.BuiltinFunctionType):
        named = isinstance(key.__self__, (types.ModuleType, type, types.NoneType))
    else:
        named = isinstance(key, (type, types.FunctionType)) or _can_be_imported(key)
    if named:
        return ("named", key.__module__, _called(key))
    if not isinstance(key, _PLAIN):
        unknown.append(key)
    return key


def _can_be_imported(value: Any) -> bool:
    """Whether a value is what its module and name lead to, as wrapped functions of JAX are."""
    name = _called(value)
    module = sys.modules.get(getattr(value, "__module__", None) or "")
    return isinstance(name, str) and getattr(module, name, None) is value


def _called(value: Any) -> str | None:
    return getattr(value, "__qualname__", None) or getattr(value, "__name__", None)


def cached(
    maxsize: int = 128, changed: Callable[[], Any] | None = None
) -> Callable[[Callable[..., Made]], Callable[..., Made]]:
    """`functools.lru_cache` keyed by the content of the arguments at the time of the call.

    `changed()` is called before something is made again for the very objects that held something
    else before.
    """

    def decorate(function: Callable[..., Made]) -> Callable[..., Made]:
        kept: OrderedDict[Hashable, tuple[tuple, Made]] = OrderedDict()
        alone = threading.Lock()  # two graphs may be compiled side by side

        @functools.wraps(function)
        def wrapper(*arguments: Any, **named: Any) -> Made:
            key = content((arguments, tuple(sorted(named.items()))))
            with alone:
                if key in kept:
                    kept.move_to_end(key)
                    return kept[key][1]
                if any(_same(arguments, before) for before, _ in kept.values()):
                    kept.clear()
                    if "jax" in sys.modules:
                        sys.modules["jax"].clear_caches()
            made = function(*arguments, **named)
            with alone:
                kept[key] = (arguments, made)
                if len(kept) > maxsize:
                    kept.popitem(last=False)
            return made

        wrapper.cache_clear = kept.clear  # type: ignore[attr-defined]
        return wrapper

    return decorate


def _same(one: tuple, other: tuple) -> bool:
    return len(one) == len(other) and all(a is b for a, b in zip(one, other, strict=True))


class _Itself:
    """A value that stands for itself; holding it keeps its identity from being given to another."""

    __slots__ = ("value",)

    def __init__(self, value: Any):
        self.value = value

    def __hash__(self) -> int:
        return id(self.value)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Itself) and self.value is other.value


def _key(value: Any, seen: dict[int, int]) -> Hashable:
    if isinstance(value, _PLAIN):
        return (type(value), value)
    if id(value) in seen:  # a cycle: the place where it closes
        return ("again", seen[id(value)])
    seen = {**seen, id(value): len(seen)}
    if isinstance(value, (tuple, list)):
        return (type(value), *(_key(item, seen) for item in value))
    if isinstance(value, (set, frozenset)):
        return (type(value), frozenset(_key(item, seen) for item in value))
    if isinstance(value, dict):
        return (dict, *((_key(name, seen), _key(item, seen)) for name, item in value.items()))
    if isinstance(value, types.FunctionType):
        return _of_function(value, seen)
    if isinstance(value, types.MethodType):
        return ("method", _key(value.__func__, seen), _key(value.__self__, seen))
    if isinstance(value, functools.partial):
        return ("partial", *(_key(item, seen) for item in (value.func, value.args, value.keywords)))
    if isinstance(value, types.CellType):
        return _key(value.cell_contents, seen)
    if isinstance(value, type):
        return _of_class(value, seen)
    if isinstance(value, (types.ModuleType, types.BuiltinFunctionType)):
        return _Itself(value)
    wrapped = getattr(value, "__wrapped__", None)
    # jax.jit and its kind; an object of a user's that wraps a function holds more than that.
    if callable(wrapped) and _installed(type(value).__module__):
        rules = [getattr(value, name, None) for name in _RULES]
        return ("wrapped", type(value), _key(wrapped, seen), _key(rules, seen))
    if hasattr(value, "dtype") and hasattr(value, "shape"):
        return _of_array(value, seen)
    if _installed(type(value).__module__):
        return _Itself(value)
    return _of_object(value, seen)


def _of_array(value: Any, seen: dict[int, int]) -> Hashable:
    try:
        array = np.asarray(value)
    except Exception:  # a tracer of JAX: part of one trace, which no cache outlives
        return _Itself(value)
    if array.dtype.hasobject:
        return ("array", array.shape, _key(array.tolist(), seen))
    digest = hashlib.sha256(np.ascontiguousarray(array).tobytes()).hexdigest()
    return ("array", array.shape, array.dtype.str, digest)


def _of_object(value: Any, seen: dict[int, int]) -> Hashable:
    held = dict(getattr(value, "__dict__", {}))
    for kind in type(value).__mro__:
        slots = kind.__dict__.get("__slots__", ())
        for name in (slots,) if isinstance(slots, str) else slots:
            if hasattr(value, name):
                held[name] = getattr(value, name)
    return ("object", _key(type(value), seen), _key(held, seen))


def _of_class(kind: type, seen: dict[int, int]) -> Hashable:
    """What a class of a user's and those that it inherits from define: methods and values. Of what
    Python calls by itself, `__call__` alone.
    """
    if _installed(kind.__module__) or _ours(kind.__module__):
        return _Itself(kind)
    parts: list[Hashable] = ["class", kind.__module__, kind.__qualname__]
    for one in kind.__mro__:
        if one is not kind:
            parts.append(_key(one, seen))
            continue
        for name, item in vars(one).items():
            if name == "__call__" or not name.startswith(("__", "_abc_")):
                parts.append((name, _key(_behind(item), seen)))
    return tuple(parts)


def _behind(item: Any) -> Any:
    """The function behind a method or property of a class; of a slot and its kind the type."""
    if isinstance(item, (staticmethod, classmethod)):
        return item.__func__
    if isinstance(item, functools.cached_property):
        return item.func
    if isinstance(item, property):
        return item.fget
    slot = hasattr(item, "__get__") and not callable(item) and _installed(type(item).__module__)
    return type(item) if slot else item


def _of_function(function: types.FunctionType, seen: dict[int, int]) -> Hashable:
    module = function.__module__ or ""
    if _installed(module):
        return _Itself(function)
    parts: list[Hashable] = ["function", function.__code__]
    parts += [_key(held, seen) for held in (function.__defaults__, function.__kwdefaults__)]
    for cell in function.__closure__ or ():
        try:
            parts.append(_key(cell.cell_contents, seen))
        except ValueError:  # not filled yet: a function that names itself
            parts.append("empty")
    if not _ours(module):
        names, attributes = _named(function.__code__)
        for name in names:
            if name in function.__globals__:
                parts.append((name, _of_global(function.__globals__[name], attributes, seen)))
    return tuple(parts)


def _of_global(value: Any, attributes: frozenset[str], seen: dict[int, int]) -> Hashable:
    """A global's content; of a module, that of the attributes which the code reads anywhere."""
    if not isinstance(value, types.ModuleType):
        return _key(value, seen)
    if _installed(value.__name__) or _ours(value.__name__):
        return _Itself(value)
    held = sorted(attributes & vars(value).keys())
    return (value.__name__, *((name, _key(vars(value)[name], seen)) for name in held))


@functools.lru_cache(maxsize=4096)
def _named(code: types.CodeType) -> tuple[tuple[str, ...], frozenset[str]]:
    """The globals and the attributes that some code names, that of the functions inside it
    included.
    """
    names: dict[str, None] = {}
    attributes: set[str] = set()
    for instruction in dis.get_instructions(code):
        if instruction.opname in ("LOAD_GLOBAL", "LOAD_NAME"):
            names[instruction.argval] = None
        elif instruction.opname in _ATTRIBUTES:
            attributes.add(instruction.argval)
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            inner, read = _named(constant)
            names |= dict.fromkeys(inner)
            attributes |= read
    return tuple(names), frozenset(attributes)


def _ours(module: str) -> bool:
    return module.partition(".")[0] == "replicon"


@functools.cache
def _installed(module: str) -> bool:
    """Whether a module comes with Python or an installed package other than this one."""
    root = module.partition(".")[0]
    if root in sys.stdlib_module_names and root != "__main__":
        return True
    if root in ("", "__main__", "replicon") or root not in sys.modules:
        return False
    file = getattr(sys.modules[root], "__file__", None)
    if file is None:
        return False
    return any(Path(file).is_relative_to(home) for home in _homes())


@functools.cache
def _homes() -> tuple[str, ...]:
    """The folders of installed packages."""
    homes = {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}
    return tuple(home for home in homes if home)
