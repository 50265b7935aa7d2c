"""The page's modules as one."""

import re
import shutil
import subprocess

import pytest

from replicon.serve.bundle import PAGE, bundled, wanted


def test_imports_and_exports_are_of_the_one_form_that_is_joined():
    for path in PAGE.glob("*.js"):
        source = path.read_text()
        for line in re.findall(r"^import[^;]*;", source, re.M):
            assert re.fullmatch(r'import (\{[\w\s,]*\} from )?"\./[\w-]+\.js";', line), line
            assert " as " not in line, line
        for line in re.findall(r"^export .*", source, re.M):
            assert re.match(r"export ((async )?function|class|const) \w+", line), line
        for found in re.findall(r"\bimport\(.*?\)", source):
            assert re.fullmatch(r'import\("\./[\w-]+\.js"\)', found), found


def test_what_a_browser_needs_at_once_is_all_that_is_imported_and_no_exhibit():
    names = wanted("start")
    assert len(names) == len(set(names)) > 10
    for name in names:
        for other in re.findall(r'^import [^;]*"\./([\w-]+)\.js";', _text(name), re.M):
            assert other in names
    assert "hopfield" not in names and "hopfield" in _text("screens")


def _text(name):
    return (PAGE / f"{name}.js").read_text()


@pytest.mark.parametrize("first", ["start", "notebook", "recorded"])
def test_one_module_is_sound_javascript(first, tmp_path):
    node = shutil.which("node")
    source = bundled(first)
    assert not re.search(r"^(import|export) ", source, re.M)
    if node is None:
        pytest.skip("no node on this machine: the browser tests see it too")
    path = tmp_path / "page.mjs"
    path.write_text(source)
    done = subprocess.run([node, "--check", str(path)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
