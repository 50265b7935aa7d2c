"""The page's modules as one."""

import re
import shutil
import subprocess

import pytest

from replicon.serve.bundle import PAGE, bundled, served


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


def test_what_a_browser_needs_at_once_is_one_module_and_every_other_takes_its_parts():
    sources = served("start")
    assert set(sources) == {path.stem for path in PAGE.glob("*.js")}
    start = sources["start"]
    assert not re.search(r"^import ", start, re.M) and 'import("./hopfield.js")' in start
    (exported,) = re.findall(r"^export \{(.*)\};$", start, re.M)
    together = {name.removeprefix("m_") for name in exported.split(", ")}
    assert {"main", "el", "wire", "lab_theory"} < together and "hopfield" not in together
    for name, source in sources.items():
        for other in re.findall(r'^import [^;]*"\./([\w-]+)\.js";', source, re.M):
            assert other == "start" or other not in together, (
                f"{name}: {other} would be there twice"
            )
        if name in together - {"start"}:
            said = re.findall(
                r"^export (?:(?:async )?function|class|const) (\w+)", _text(name), re.M
            )
            assert f"export const {{{', '.join(said)}}} = m_{name};" in source


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
