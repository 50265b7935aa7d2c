"""README and guide are true: every block is executed, in order, in an empty folder; shown errors
are compared word by word.
"""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
DOCUMENTS = ["README.md", "docs/guide.md"]
BLOCK = re.compile(r"(?:<!-- (?P<note>[^>]*) -->\n)?```(?P<language>\w+)\n(?P<body>.*?)```", re.S)


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_block_of_a_document_runs(document, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    environment = {
        **os.environ,
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
    }
    names: dict = {}
    shown = ""
    ran = 0
    for block in BLOCK.finditer((ROOT / document).read_text()):
        kind, _, detail = (block["note"] or "").partition(": ")
        body, language = block["body"], block["language"]
        if kind == "not run":
            assert detail
        elif kind == "file":
            Path(detail).write_text(body)
        elif language == "python":
            exec(compile(body, document, "exec"), names)
            ran += 1
        elif language == "sh":
            wanted = int(detail) if kind == "fails" else 0
            done = subprocess.run(
                ["bash", "-euo", "pipefail", "-c", body],
                capture_output=True,
                text=True,
                env=environment,
            )
            assert done.returncode == wanted, f"{body}\n{done.stdout}\n{done.stderr}"
            assert "Traceback" not in done.stderr
            shown = done.stdout + done.stderr
            ran += 1
        elif language == "text":
            assert shown.strip() == body.strip()
        else:
            raise AssertionError(
                f"a block of {language} would not be run: write python, sh or text, or note why not"
            )
    assert ran >= 5


@pytest.mark.parametrize(
    "document", [*DOCUMENTS, "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md"]
)
def test_links_and_named_files_exist(document):
    path = ROOT / document
    text = path.read_text()
    for target in re.findall(r"\]\(([^)#]+)\)", text):
        if not target.startswith("http"):
            assert (path.parent / target).exists(), target
    for name in re.findall(r"`((?:src|tests|docs|benchmarks)/[\w./-]+)`", text):
        assert (ROOT / name).exists(), name
    for anchor in re.findall(r"\]\(#([^)]+)\)", text):
        headings = [
            re.sub(r"[^\w -]", "", h).strip().lower().replace(" ", "-")
            for h in re.findall(r"^#+ (.*)$", text, re.M)
        ]
        assert anchor in headings


def test_the_worked_model_is_short():
    """Theory, process and one transition in at most forty lines, blank ones aside."""
    guide = (ROOT / "docs/guide.md").read_text()
    (model,) = [b["body"] for b in BLOCK.finditer(guide) if b["note"] == "file: random_field.py"]
    assert len([line for line in model.splitlines() if line.strip()]) <= 40


def test_the_worked_models_pass_the_common_tests(tmp_path):
    guide = (ROOT / "docs/guide.md").read_text()
    for block in BLOCK.finditer(guide):
        if (block["note"] or "").endswith(".py"):
            (tmp_path / block["note"].removeprefix("file: ")).write_text(block["body"])
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    command += ["tests/test_models_common.py", "--models-folder", str(tmp_path)]
    names = "random-field or three-spin"
    done = subprocess.run([*command, "-k", names], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
    assert int(re.search(r"(\d+) passed", done.stdout)[1]) >= 25
