"""Users' files: modules by content, and files that appear whole or not at all, with a sentence
where they cannot.
"""

import os
import subprocess
import sys

import pytest

import replicon
from replicon import _files


def test_a_module_is_executed_once_for_each_content(tmp_path):
    path, log = tmp_path / "mine.py", tmp_path / "log"
    text = f"with open({str(log)!r}, 'a') as log:\n    log.write('x')\nvalue = "
    path.write_text(text + "1")
    first = _files.load_module(path)
    assert _files.load_module(path) is first
    path.write_text(text + "2")  # within the second, of the same length
    second = _files.load_module(path)
    assert (first.value, second.value) == (1, 2)
    assert first.__digest__ != second.__digest__
    path.write_text(text + "1")
    assert _files.load_module(path) is first
    assert log.read_text() == "xx"


@pytest.mark.parametrize(
    "line",
    ["from .beside import value", "from beside import value", "from pack.inner import value"],
)
def test_what_lies_beside_a_module_belongs_to_its_content(tmp_path, line):
    other = tmp_path / "other"
    for folder, number in ((tmp_path, 1), (other, 7)):
        (folder / "pack").mkdir(parents=True)
        (folder / "pack" / "__init__.py").write_text("")
        (folder / "pack" / "inner.py").write_text(f"value = {number}")
        (folder / "beside.py").write_text(f"value = {number}")
        (folder / "mine.py").write_text(line)
    first, elsewhere = (
        _files.load_module(tmp_path / "mine.py"),
        _files.load_module(other / "mine.py"),
    )
    assert (first.value, elsewhere.value) == (1, 7)
    assert _files.load_module(tmp_path / "mine.py") is first
    for name in ("beside.py", "pack/inner.py"):
        (tmp_path / name).write_text("value = 2")
    second = _files.load_module(tmp_path / "mine.py")
    assert second.value == 2
    assert second.__digest__ != first.__digest__
    assert not {"beside", "pack", "pack.inner"} & set(sys.modules)
    assert not list(tmp_path.rglob("__pycache__"))


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"x = 1\nraise ValueError('no')", "ValueError in line 2: no"),
        (b"import nonsense_that_is_not_there", "ModuleNotFoundError in line 1"),
        (b"import sys; sys.exit(3)", "SystemExit in line 1"),
        (b"x = (", "SyntaxError"),
        (b"x = \0", "could not be imported"),
        (b"\xff\xfe", "could not be imported"),
    ],
)
def test_a_module_that_raises_gets_one_sentence(tmp_path, content, words):
    (tmp_path / "mine.py").write_bytes(content)
    with pytest.raises(replicon.InputError) as caught:
        _files.load_module(tmp_path / "mine.py")
    assert words in str(caught.value)


@pytest.mark.parametrize("name", ["", "none.py", "a\0b", "x" * 5000, "."])
def test_what_is_no_file_gets_one_sentence(tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(replicon.InputError, match="give a file"):
        _files.read_bytes(name, "give a file")
    with pytest.raises(replicon.InputError, match="write it out"):
        _files.read_bytes("~/none.npy", "give a file")


def test_files_appear_whole(tmp_path):
    path = tmp_path / ("n" * 255)  # the longest name there is, so that nothing may be added to it
    assert _files.write_whole(path, "first") == path
    _files.write_whole(path, b"second")
    (tmp_path / "link").symlink_to(path)
    _files.write_whole(tmp_path / "link", "third")
    assert path.read_text() == "third"
    assert (tmp_path / "link").is_symlink()
    assert len(list(tmp_path.iterdir())) == 2


def test_a_killed_writer_leaves_nothing_in_the_way(tmp_path):
    code = (
        "import os, sys\nfrom replicon import _files\nos.replace = lambda *a: os.kill(os.getpid(),"
        " 9)\n"
    )
    code += f"_files.write_whole({str(tmp_path / 'out')!r}, 'x')"
    subprocess.run([sys.executable, "-c", code])
    assert [p.name[-5:] for p in tmp_path.iterdir()] == [".part"]
    _files.write_whole(tmp_path / "out", "y")
    assert [p.name for p in tmp_path.iterdir()] == ["out"]


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("none/out", "no such file or folder: create it"),
        ("file/out", "a part of the path is a file"),
        ("folder", "it is a folder"),
        ("dangling", "is a link to 'nowhere', which is not there"),
        ("loop", "link"),
        ("x" * 256, "the name is too long"),
        ("a\0b", "no name of a file"),
    ],
)
def test_what_cannot_be_written_gets_one_sentence(tmp_path, name, words):
    (tmp_path / "file").touch()
    (tmp_path / "folder").mkdir()
    (tmp_path / "dangling").symlink_to("nowhere")
    (tmp_path / "loop").symlink_to("loop")
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(replicon.InputError) as caught:
        _files.write_whole(tmp_path / name, "x")
    assert words in str(caught.value)
    assert sorted(tmp_path.rglob("*")) == before


def test_a_full_disk_loses_nothing(tmp_path):
    disk = tmp_path / "disk"
    disk.mkdir()
    if (
        os.geteuid()
        or subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=64k", "none", str(disk)], capture_output=True
        ).returncode
    ):
        pytest.skip("needs the right to mount a small disk")
    try:
        _files.write_whole(disk / "out", "first")
        with pytest.raises(replicon.InputError, match="the disk is full: free some space"):
            _files.write_whole(disk / "out", bytes(100_000))
        assert [p.name for p in disk.iterdir()] == ["out"]
        assert (disk / "out").read_text() == "first"
        subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
        with pytest.raises(replicon.InputError, match="the disk is read-only"):
            _files.write_whole(disk / "out", "second")
    finally:
        subprocess.run(["umount", str(disk)], check=True)
