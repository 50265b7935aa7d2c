"""A machine in training as one file: whole or not there at all, and refused where it
does not fit.
"""

from __future__ import annotations

import hashlib
import io
import json
import struct
import zipfile
import zlib
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from replicon._domains import check_seed, show
from replicon._errors import InputError
from replicon._files import write_whole
from replicon.rbm.frame import Frame
from replicon.rbm.settings import OPTIMIZERS

_VERSION = 3
_READ = (2, 3)  # before 3 visible units were 0 and 1, in these units, and thresholds one number
_UNREADABLE = (
    OSError,
    ValueError,
    LookupError,
    TypeError,
    AttributeError,
    EOFError,
    ArithmeticError,
    MemoryError,
    RuntimeError,
    SyntaxError,
    zipfile.BadZipFile,
    struct.error,
    zlib.error,
)
_OWN = "optax object"
_BEFORE = {"visible": "binary", "learn_variance": True}  # what settings of version 2 do not tell
_EXPECTED = "expected a file that RestrictedBoltzmannMachine.save has written"


class Saved(NamedTuple):
    """Contents of a checkpoint: settings of the machine; its `State`, without the optimiser's
    memory, whose arrays `leaves` holds in order; base (V,), mean (V,) and components (V, kept) of
    the data; epochs done; the records of the history; a fingerprint of the data, empty where no
    rows were met; the user's units; thresholds (V,) of the data, or None.
    """

    settings: dict
    state: Any
    leaves: list[np.ndarray]
    base: np.ndarray
    mean: np.ndarray
    components: np.ndarray
    epochs: int
    records: list[dict]
    data: str
    frame: Frame
    thresholds: np.ndarray | None


def check_path(path) -> None:
    """InputError for what names no file."""
    if not isinstance(path, (str, Path)):
        raise InputError(
            f"path = {show(path)} is none: give the name of a .npz file, as text or a Path."
        )


def there(path: str | Path) -> bool:
    """Whether something lies at the path."""
    try:
        return Path(path).exists()
    except (OSError, ValueError):  # a name too long, or no name: writing says so
        return False


def _sum(arrays: dict) -> str:
    """Of names and contents of all arrays but the head: the archive's own sums do not see that an
    entry is missing.
    """
    total = hashlib.sha256()
    for name in sorted(arrays):
        array = np.asarray(arrays[name])
        total.update(f"{name} {array.dtype.str} {array.shape} ".encode() + array.tobytes())
    return total.hexdigest()


def write(path: str | Path, machine) -> None:
    """All of a machine into one file, written aside and renamed. InputError where it cannot be."""
    import jax

    check_path(path)
    settings = machine.get_params(deep=False)
    if hasattr(settings["optimizer"], "update"):
        settings["optimizer"] = _OWN
    settings["seed"] = machine._seed
    state = machine._state
    leaves = jax.tree.leaves(state.optimizer)
    arrays = {
        **state.parameters._asdict(),
        **{f"optimizer/{k}": np.asarray(leaf) for k, leaf in enumerate(leaves)},
        "hidden": state.hidden.astype(np.int8),
        "offset": state.offset,
        "base": machine.base_,
        "mean": machine._mean,
        "components": machine._components,
        **{f"frame/{name}": np.asarray(x) for name, x in machine._frame._asdict().items()},
    }
    if getattr(machine, "thresholds_", None) is not None:
        arrays["thresholds"] = machine.thresholds_
    for name in machine._records[0] if machine._records else ():
        arrays[f"history/{name}"] = np.array([record[name] for record in machine._records])
    head = {
        "version": _VERSION,
        "settings": settings,
        "epochs": machine.epochs_,
        "data": machine._data,
        "sum": _sum(arrays),
    }
    content = io.BytesIO()
    np.savez(content, head=np.array(json.dumps(head, default=lambda x: x.item())), **arrays)
    write_whole(path, content.getvalue())


def read(path: str | Path) -> Saved:
    """A saved machine; InputError for a file that is none or is damaged."""
    check_path(path)
    if not (there(path) and Path(path).is_file()):
        raise InputError(f"No file {str(path)[:200]!r}: {_EXPECTED}.")
    try:
        with open(path, "rb") as file, np.load(file, allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in archive.files}
        head = json.loads(str(arrays.pop("head")))
        _check_head(path, head, arrays)
        saved = _saved(head, arrays)
        _check_arrays(path, saved)
        return saved
    except InputError:
        raise
    except _UNREADABLE:
        raise InputError(f"'{path}' could not be read: {_EXPECTED}.") from None


def _check_head(path: str | Path, head: dict, arrays: dict) -> None:
    """InputError for a checkpoint of another version, ValueError for a damaged one."""
    if head["version"] not in _READ:
        raise InputError(
            f"'{path}' is a checkpoint of version {head['version']}, this Replicon reads versions"
            f" {', '.join(map(str, _READ))}."
        )
    settings = head["settings"]
    sound = (
        head["sum"] == _sum(arrays)
        and settings["dtype"] in ("float32", "float64")
        and settings["optimizer"] in (*OPTIMIZERS, _OWN)
        and type(head["epochs"]) is int
        and head["epochs"] >= 0
        and isinstance(head["data"], str)
    )
    if not sound:
        raise ValueError


def _saved(head: dict, arrays: dict) -> Saved:
    """The parts of a checkpoint, put together and not yet checked."""
    from replicon.rbm.layers import Parameters, RealParameters
    from replicon.rbm.training import State

    settings = _BEFORE | head["settings"]
    kind = RealParameters if settings["visible"] == "gaussian" else Parameters
    parameters = kind(*(arrays[name] for name in kind._fields))
    frame = Frame(
        **{
            name.removeprefix("frame/"): values if values.ndim else float(values)
            for name, values in arrays.items()
            if name.startswith("frame/")
        }
    )
    hidden = arrays["hidden"].astype(head["settings"]["dtype"])
    memory = sum(name.startswith("optimizer/") for name in arrays)
    history = {
        name.removeprefix("history/"): values
        for name, values in arrays.items()
        if name.startswith("history/")
    }
    count = len(next(iter(history.values()), ()))
    return Saved(
        settings=settings,
        state=State(parameters, None, hidden, arrays["offset"]),
        leaves=[arrays[f"optimizer/{k}"] for k in range(memory)],
        base=arrays["base"],
        mean=arrays["mean"],
        components=arrays["components"],
        epochs=head["epochs"],
        records=[{name: values[k] for name, values in history.items()} for k in range(count)],
        data=head["data"],
        frame=frame,
        thresholds=arrays.get("thresholds"),
    )


def _check_arrays(path: str | Path, saved: Saved) -> None:
    """InputError for arrays that do not fit each other, or that no training leaves."""
    parameters, _, hidden, offset = saved.state
    visible, units = parameters.weights.shape
    of_visible = [parameters.visible_bias, saved.base, saved.mean]
    if parameters.real:
        of_visible.append(parameters.inverse_deviation)
    if saved.thresholds is not None:
        of_visible.append(saved.thresholds)
    of_hidden = (parameters.hidden_bias, offset)
    fits = (
        all(x.shape == (visible,) for x in of_visible)
        and all(x.shape == (units,) for x in of_hidden)
        and hidden.shape[2] == units
        and saved.settings["hidden"] == units
    )
    if not fits:
        raise InputError(
            f"'{path}' holds arrays that do not belong together (weights {visible} x {units}):"
            f" {_EXPECTED}."
        )
    numbers = (parameters.weights, *of_visible, *of_hidden, saved.components, *saved.leaves)
    sound = all(x.dtype.kind in "fiu" and np.isfinite(x).all() for x in numbers)
    sound &= all(np.isfinite(x).all() for x in saved.frame)
    if not (sound and np.isin(hidden, (0, 1)).all()):
        raise InputError(f"'{path}' holds numbers that no training leaves: {_EXPECTED}.")


def check(saved: Saved, machine, path, visible: int, data: str) -> None:
    """Refuse to go on with another machine, other settings or other data."""
    held, units = saved.state.parameters.weights.shape
    way_out = "give another path, or load it with RestrictedBoltzmannMachine.load"
    if (held, units) != (visible, int(machine.hidden)):
        raise InputError(
            f"The checkpoint '{path}' holds a machine of {held} x {units} units, this one has"
            f" {visible} x {machine.hidden}: {way_out}."
        )
    mine = machine.get_params(deep=False)
    # Of an optax object, or a generator, the file tells nothing that could be compared.
    untold = {"epochs"}
    untold |= {"optimizer"} if hasattr(mine["optimizer"], "update") else set()
    untold |= {"seed"} if isinstance(mine["seed"], np.random.Generator) else set()
    for name, value in saved.settings.items():
        if name not in untold and mine[name] != value:
            raise InputError(
                f"The checkpoint '{path}' was trained with {name} = {value}, this machine has"
                f" {mine[name]}: {way_out}."
            )
    if saved.data != data:
        raise InputError(
            f"The checkpoint '{path}' was trained on other data of this shape, or on its rows in"
            f" another order: {way_out}."
        )


def with_optimizer(saved: Saved, rule, path):
    """The saved state with the memory of its optimiser in the form the rule expects."""
    import jax

    blank = rule.init(saved.state.parameters)
    leaves, structure = jax.tree.flatten(blank)
    if [np.shape(x) for x in leaves] != [x.shape for x in saved.leaves]:
        raise InputError(
            f"'{path}' holds the memory of another optimizer: give the one it was trained with."
        )
    return saved.state._replace(optimizer=jax.tree.unflatten(structure, saved.leaves))


def settings_of(saved: Saved, optimizer: Any, path: Any, known: set[str]) -> dict[str, Any]:
    """The settings of a saved machine, with an optax object given anew; InputError where one is
    missing or they are of another kind.
    """
    settings = dict(saved.settings)
    if optimizer is not None:
        settings["optimizer"] = optimizer
    elif settings["optimizer"] not in OPTIMIZERS:
        raise InputError(
            f"'{path}' was trained with an optax object of its own: give it as optimizer=."
        )
    if set(settings) != known:
        raise InputError(
            f"'{path}' holds settings of another kind: expected what"
            " RestrictedBoltzmannMachine.save has written."
        )
    return settings


def digest_of(*arrays) -> str:
    """What arrays hold, as a key."""
    return hashlib.sha256(
        b"".join(
            repr((x.shape, x.dtype.str)).encode() + x.tobytes() for x in map(np.asarray, arrays)
        )
    ).hexdigest()


def fingerprint_of(X: np.ndarray, frame: Frame, real: bool) -> str:
    """Which rows X (rows, V) are, and in which order, as a key; with the units of real-valued
    ones.
    """
    if real:
        return digest_of(X, *frame)
    return hashlib.sha256(
        repr(X.shape).encode() + np.packbits(X.astype(bool)).tobytes()
    ).hexdigest()


def restore(machine: Any, saved: Saved, path: Any, rule: Any) -> None:
    """Make a machine, whose optimiser is the rule, the saved one."""
    machine.n_features_in_, machine._n_features_out = saved.state.parameters.weights.shape
    with machine._precision():
        machine._state = with_optimizer(saved, rule, path)
    machine.base_ = saved.base
    machine._mean = saved.mean
    machine._components = saved.components
    machine.epochs_ = saved.epochs
    machine._records = saved.records
    machine._data = saved.data
    machine._seed = check_seed(saved.settings["seed"])
    machine._exchanges = np.nan
    machine._frame = saved.frame
    machine.thresholds_ = saved.thresholds
