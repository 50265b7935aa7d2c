"""Users' files: their bytes, their Python modules by content, and files that appear whole or not at
all.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import importlib
import os
import re
import secrets
import socket
import sys
import threading
import traceback
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

from replicon._errors import InputError

# Endings of users' files that hold rows, and of those that hold a network.
ROWS = (".npy", ".npz", ".csv", ".tsv", ".txt", ".mat")
NETWORKS = (*ROWS, ".mtx", ".graphml", ".gml")

_REASONS = {
    errno.ENOSPC: "the disk is full: free some space, or give another folder",
    errno.EDQUOT: "your quota on this disk is used up: free some space, or give another folder",
    errno.EROFS: "the disk is read-only: give a folder that can be written",
    errno.EACCES: "permission is denied: give a file or folder of your own",
    errno.EPERM: "permission is denied: give a file or folder of your own",
    errno.ENAMETOOLONG: "the name is too long: give a shorter one",
    errno.ENOENT: "there is no such file or folder: create it, or give another name",
    errno.ENOTDIR: "a part of the path is a file and no folder: give another name",
    errno.EEXIST: "it is a file: give another name",
    errno.EISDIR: "it is a folder: give the name of a file",
    errno.ELOOP: "links lead in a circle: give another name",
    errno.EFBIG: "it is larger than the disk or the limits of this process allow",
}


def why(error: OSError | ValueError) -> str:
    """What is the matter with a path, and the way out, as the end of a sentence."""
    if isinstance(error, OSError):
        return _REASONS.get(error.errno or 0, error.strerror or str(error))
    return f"it is no name of a file ({error}): give another"


def read_bytes(path: str | Path, what: str) -> bytes:
    """The content of a user's file; `what`: the phrase that says what is expected. Raises
    InputError, one sentence.
    """
    shown = str(path) if len(str(path)) < 300 else f"{str(path)[:200]}..."
    try:
        if Path(path).is_dir():
            raise InputError(f"'{shown}' is a folder: {what}.")
        if not Path(path).is_file():
            home = " (~ is not read as a home folder: write it out)" * shown.startswith("~")
            raise InputError(f"No file '{shown}'{home}: {what}.")
        return Path(path).read_bytes()
    except (OSError, ValueError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(f"'{shown}' cannot be read, {why(error)}: {what}.") from None


def digest(path: str | Path, what: str = "give the path of a file") -> str:
    """Sixty-four hexadecimal digits of a file's content; of 'file.npz:name', that of the file."""
    return hashlib.sha256(read_bytes(split_member(path)[0], what)).hexdigest()


def write_whole(
    path: str | Path, content: bytes | str, *, raises: type[Exception] = InputError
) -> Path:
    """Write a file that appears whole or not at all, also if the process dies or the disk fills up.

    Written aside in the same folder, flushed to the disk, renamed; an existing file is replaced, a
    link is followed. What killed calls left aside of the same file is removed. Raises `raises`, one
    sentence.
    """
    data = content.encode() if isinstance(content, str) else content
    aside = None
    try:
        if os.path.islink(path) and not os.path.exists(path):
            leads = os.readlink(path)
            raise raises(
                f"'{path}' is a link to '{leads}', which is not there: remove the link, or give"
                " another name."
            )
        target = Path(os.path.realpath(path))
        if target.is_dir():
            raise raises(f"'{path}' cannot be written: {_REASONS[errno.EISDIR]}.")
        mark = hashlib.sha256(f"{target.name} {socket.gethostname()}".encode()).hexdigest()[:12]
        for left in target.parent.glob(f".{mark}.*.part"):
            if not alive(left.name.split(".")[2]):
                left.unlink(missing_ok=True)
        aside = target.parent / f".{mark}.{os.getpid()}.{secrets.token_hex(4)}.part"
        with open(aside, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(aside, target)
    except (OSError, ValueError) as error:
        if isinstance(error, raises):
            raise
        raise raises(f"'{path}' cannot be written: {why(error)}.") from None
    finally:
        if aside is not None:
            with contextlib.suppress(OSError):
                aside.unlink(missing_ok=True)
    return Path(path)


def alive(pid: str | int) -> bool:
    """Whether a process of this machine is running."""
    try:
        os.kill(int(pid), 0)
    except (ValueError, OverflowError, ProcessLookupError):
        return False
    except PermissionError:
        return True
    return True


# What was loaded: for each file and its content, the modules, each with the contents of those it
# imported from beside it.
_LOADED: dict[tuple[str, str], list[tuple[dict[str, str], ModuleType]]] = {}
_LOADING = threading.RLock()


def load_module(path: str | Path, what: str = "give the path of a Python file") -> ModuleType:
    """The module of a user's Python file, executed once for each content of it and of what it
    imports from its folder.

    Files beside it may be imported, absolutely or relatively, at its top. `module.__digest__`: 64
    hexadecimal digits of all these contents. Raises InputError, one sentence, for a file that is
    not there or raises.
    """
    content = read_bytes(path, what)
    place = Path(os.path.realpath(path))
    own = hashlib.sha256(content).hexdigest()
    with _LOADING:
        for beside, module in _LOADED.get((str(place), own), []):
            if all(Path(name).is_file() and digest(name) == held for name, held in beside.items()):
                return module
        beside, module = _execute(path, place, content)
        held = hashlib.sha256(own.encode())
        for name, one in sorted(beside.items()):
            held.update(f"{os.path.relpath(name, place.parent)} {one}".encode())
        module.__digest__ = held.hexdigest() if beside else own  # pyright: ignore
        _LOADED.setdefault((str(place), own), []).append((beside, module))
        return module


def _execute(path: str | Path, place: Path, content: bytes) -> tuple[dict[str, str], ModuleType]:
    package = ModuleType(f"replicon_user_{secrets.token_hex(8)}")
    package.__path__ = [str(place.parent)]
    module = ModuleType(f"{package.__name__}.{place.stem}")
    module.__file__ = str(place)
    module.__package__ = package.__name__
    with _folder_first(place.parent) as beside:
        sys.modules[package.__name__] = package
        sys.modules[module.__name__] = module
        try:
            exec(compile(content, str(place), "exec", dont_inherit=True), module.__dict__)
        except (Exception, SystemExit) as error:
            del sys.modules[module.__name__]
            lines = [
                f.lineno
                for f in traceback.extract_tb(error.__traceback__)
                if f.filename == str(place)
            ]
            at = f" in line {lines[-1]}" if lines else ""
            raise InputError(
                f"'{path}' could not be imported: {type(error).__name__}{at}: {error}."
            ) from error
    beside.pop(str(place), None)
    return beside, module


@contextlib.contextmanager
def _folder_first(folder: Path) -> Iterator[dict[str, str]]:
    """Import from a folder first, and afresh; gives the contents of what was. Modules of other
    folders with these names stay.
    """
    found: dict[str, str] = {}
    before = _modules_of(folder)
    for name in before:
        del sys.modules[name]
    importlib.invalidate_caches()
    written = sys.dont_write_bytecode
    sys.dont_write_bytecode = True
    sys.path.insert(0, str(folder))
    try:
        yield found
        for module in _modules_of(folder).values():
            file = str(module.__file__)
            if os.path.isfile(file):
                found[file] = digest(file)
    finally:
        sys.path.remove(str(folder))
        sys.dont_write_bytecode = written
        for name in _modules_of(folder):
            if not name.startswith("replicon_user_"):
                del sys.modules[name]
        sys.modules.update(before)


def _modules_of(folder: Path) -> dict[str, ModuleType]:
    """Loaded modules whose file, or whose package's, lies in the folder itself, those of installed
    packages left alone.
    """
    here = {}
    for name, module in list(sys.modules.items()):
        file = getattr(module, "__file__", None)
        top = name.split(".")[0]
        if (
            not isinstance(file, str)
            or top in ("__main__", "replicon")
            or top in sys.stdlib_module_names
        ):
            continue
        depth = (
            name.count(".") - top.startswith("replicon_user_") + (Path(file).name == "__init__.py")
        )
        parents = Path(file).parents
        if 0 <= depth < len(parents) and parents[depth] == folder:
            here[name] = module
    return here


def check_folder_of(path: Path) -> None:
    """InputError unless the folder is there in which a file is to be written."""
    if not path.parent.is_dir():
        raise InputError(
            f"'{path}' cannot be written: there is no folder '{path.parent}': create it, or give"
            " another name."
        )


def check_path(name: str, path: object, expected: str) -> Path:
    """A path given as text or as a Path; InputError for anything else, before any file is looked
    for.
    """
    if not isinstance(path, (str, os.PathLike)) or isinstance(path, bytes):
        raise InputError(f"{name} = {type(path).__name__} is no path: {expected}.")
    return Path(path)


_MEMBER = re.compile(r"(.*?\.(?:npy|npz|mat|mtx|py)):(.+)", re.IGNORECASE | re.DOTALL)


def split_member(source: str | os.PathLike) -> tuple[str, str | None]:
    """A path, and the name of the array or function meant in that file: 'file.npz:name' is
    ('file.npz', 'name'); without one, None.
    """
    text = os.fspath(source)
    found = _MEMBER.fullmatch(text) if isinstance(text, str) else None
    return (found[1], found[2]) if found else (text, None)


def ends_as_file(text: str) -> bool:
    """Whether a text can only be the path of a file that is read, or 'path:name' of an array in
    one.
    """
    return split_member(text)[0].lower().endswith((*NETWORKS, ".py"))
