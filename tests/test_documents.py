"""README and the site's prose are true: every block is executed, page by page and in order, in an
empty folder; what is shown as printed is compared word by word. The cells of notebooks (lessons,
the landing page) are executed by the build of the site; pages that declarations tell are tested
with what tells them.

A block is `python` or `sh`; `text` after it is what it prints. A comment before it says otherwise:
`<!-- file: NAME -->` (it is written to that file), `<!-- fails: STATUS -->`,
`<!-- not run: REASON -->`.
"""

import contextlib
import io
import os
import re
import shlex
import subprocess
import sys
import types
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from markdown_it import MarkdownIt

from replicon import cli

ROOT = Path(__file__).parents[1]
NOTE = re.compile(r"<!-- (not run|file|fails): (.+) -->\s*")
DIRECTIVE = re.compile(r"^\s*[`:~]{3,}\{(code|code-block|sourcecode|literalinclude)\}", re.M)
NOTEBOOK = "---\njupytext:"


class Block(NamedTuple):
    """A block of code: `note` and `detail` are of the comment before it, empty where there is none;
    `language` is empty where none is named.
    """

    note: str
    detail: str
    language: str
    body: str


def blocks(text: str) -> Iterator[Block]:
    """Every block of a page but a notebook's cells, those inside directives too."""
    noted = ("", "")
    for token in MarkdownIt().parse(text):
        if token.type == "fence" and token.info.startswith("{code-cell}"):
            continue
        if token.type == "fence" and token.info.startswith("{"):
            yield from blocks(token.content)
        elif token.type in ("fence", "code_block"):
            yield Block(*noted, token.info.strip(), token.content)
        note = NOTE.fullmatch(token.content) if token.type == "html_block" else None
        noted = (note[1], note[2]) if note else ("", "")


def prose() -> list[str]:
    """Pages that are written by hand: what git ignores is made."""
    made = re.findall(r"^/docs/([\w./-]+?)/?$", (ROOT / ".gitignore").read_text(), re.M)
    pages = [path.relative_to(ROOT / "docs") for path in (ROOT / "docs").rglob("*.md")]
    written = [
        page.as_posix()
        for page in pages
        if not page.parts[0].startswith("_") and not {page.parts[0], page.as_posix()} & {*made}
    ]
    return ["README.md", *(f"docs/{page}" for page in sorted(written))]


def is_notebook(document: str) -> bool:
    """Whether the build of the site executes a page."""
    return (ROOT / document).read_text().startswith(NOTEBOOK)


PAGES = prose()
RUN = [page for page in PAGES if not is_notebook(page) and any(blocks((ROOT / page).read_text()))]


@pytest.mark.parametrize("document", RUN)
def test_every_block_of_a_document_runs(document, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    names: dict = {}
    shown = ""
    for block in blocks((ROOT / document).read_text()):
        if block.note == "not run":
            continue
        if block.note == "file":
            Path(block.detail).write_text(block.body)
        elif block.language == "python":
            with contextlib.redirect_stdout(io.StringIO()) as printed:
                exec(compile(block.body, document, "exec"), names)
            shown = printed.getvalue()
        elif block.language == "sh":
            commands = [] if document == "README.md" else own_commands(block.body)
            shown = run_here(block, commands) if commands else run_in_shell(block)
        else:
            assert shown.strip() == block.body.strip(), "it is not what the block before prints"


def own_commands(body: str) -> list[list[str]]:
    """The words of each command, where all are `replicon` and nothing is for a shell; else none.
    These are called in this process, since a process takes seconds to begin; the README's are left
    to a shell, which finds the command as a newcomer does.
    """
    lines = body.replace("\\\n", " ").splitlines()
    commands = [words for line in lines if (words := shlex.split(line, comments=True))]
    plain = all(words[0] == "replicon" for words in commands) and not re.search(r"[|<>$&;*]", body)
    return commands if plain else []


def run_here(block: Block, commands: list[list[str]]) -> str:
    """What commands print; the last ends with the status that the page says."""
    with contextlib.redirect_stdout(io.StringIO()) as shown, contextlib.redirect_stderr(shown):
        for words in commands:
            with warnings.catch_warnings():
                warnings.simplefilter("default")
                with pytest.raises(SystemExit) as end:
                    cli.main(words[1:])
            wanted = wanted_status(block) if words is commands[-1] else 0
            assert end.value.code == wanted, f"{words}\n{shown.getvalue()}"
    return shown.getvalue()


def run_in_shell(block: Block) -> str:
    """The same by bash, which finds the command as a user's shell does."""
    environment = {
        **os.environ,
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
    }
    command = ["bash", "-euo", "pipefail", "-c", block.body]
    done = subprocess.run(command, capture_output=True, text=True, env=environment)
    assert done.returncode == wanted_status(block), f"{block.body}\n{done.stdout}\n{done.stderr}"
    assert "Traceback" not in done.stderr
    return done.stdout + done.stderr


def wanted_status(block: Block) -> int:
    """The exit status that the page promises."""
    return int(block.detail) if block.note == "fails" else 0


@pytest.mark.parametrize("document", PAGES)
def test_every_block_of_a_document_can_be_run(document):
    """A block is executed, compared or written to a file, or says why it is not run: in a notebook
    all that are no cells.
    """
    text = (ROOT / document).read_text()
    assert not DIRECTIVE.search(text), "a directive's code would not be run: write a plain block"
    languages = () if is_notebook(document) else ("python", "sh")
    runs = False
    for block in blocks(text):
        if block.note in ("not run", "file"):
            continue
        assert block.language in languages or (block.language == "text" and runs), (
            f"a block of '{block.language}' would not be run: write python or sh, text after what"
            f" prints it, or a comment that says why not:\n{block.body}"
        )
        runs = True


def test_what_would_not_be_run_is_found():
    """Blocks in directives and lists, of other languages, indented, with tildes."""
    page = (
        "````{note}\n```python\na\n```\n````\n\n- one\n\n  <!-- not run: slow -->\n  ```sh\n  b\n"
        "  ```\n\n~~~toml\nc\n~~~\n\n    d\n\n<!-- fails: 2 -->\n```sh\ne\n```\n"
    )
    assert list(blocks(page)) == [
        Block("", "", "python", "a\n"),
        Block("not run", "slow", "sh", "b\n"),
        Block("", "", "toml", "c\n"),
        Block("", "", "", "d\n"),
        Block("fails", "2", "sh", "e\n"),
    ]
    assert DIRECTIVE.search(":::{code-block} python\nf\n:::\n")


@pytest.mark.parametrize("document", [*PAGES, "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md"])
def test_links_and_named_files_exist(document):
    """In the site, links to pages that are made are checked by its build."""
    path = ROOT / document
    text = path.read_text()
    site = ROOT / "docs" in path.parents
    for target in re.findall(r"\]\(([^)#\s]+)", text):
        if not target.startswith("http") and not (site and target.endswith(".md")):
            assert (path.parent / target).exists(), target
    for name in re.findall(r"`((?:src|tests|docs|benchmarks)/[\w./-]+)`", text):
        assert (ROOT / name).exists() or name.startswith("docs/_build/"), name
    for anchor in re.findall(r"\]\(#([^)]+)\)", text):
        headings = [
            re.sub(r"[^\w -]", "", h).strip().lower().replace(" ", "-")
            for h in re.findall(r"^#+ (.*)$", text, re.M)
        ]
        assert anchor in headings


@pytest.mark.slow
def test_the_blocks_for_slurm_run_where_this_machine_stands_in(tmp_path, monkeypatch):
    """The script with dask's LocalCluster for SLURMCluster, whose arguments are those of
    dask-jobqueue 0.9; and two jobs of the array, one after the other.
    """
    distributed = pytest.importorskip("distributed", reason="needs the extra cluster")

    class SLURMCluster(distributed.LocalCluster):
        def __init__(
            self,
            *,
            queue: str,
            account: str,
            walltime: str,
            cores: int,
            processes: int,
            memory: str,
            job_script_prologue: list[str],
            log_directory: str,
        ) -> None:
            quiet = {"dashboard_address": None, "silence_logs": 50}
            super().__init__(n_workers=0, threads_per_worker=1, **quiet)

        def scale(self, jobs: int) -> None:
            super().scale(min(jobs, 1))

    monkeypatch.chdir(tmp_path)
    standing_in = types.SimpleNamespace(SLURMCluster=SLURMCluster)
    monkeypatch.setitem(sys.modules, "dask_jobqueue", standing_in)
    Path("mine.toml").write_text(
        'seed = 1\n[[simulation]]\nname = "networks"\nmodel = "curie-weiss"\nsizes = [50]\n'
        'samples = 2\ncontrols = { temperature = "0.5:1:3" }\n'
    )
    bodies = [block.body for block in blocks((ROOT / "docs/how-to/cluster.md").read_text())]
    (script,) = [body for body in bodies if "run_on_slurm.py: " in body]
    (array,) = [body for body in bodies if "#SBATCH" in body]
    (read,) = [body for body in bodies if "load_results" in body]
    monkeypatch.setattr(sys, "argv", ["run_on_slurm.py", "mine.toml", "folder"])
    names: dict = {}
    exec(compile(script, "run_on_slurm.py", "exec"), names)
    names["cluster"].close()
    assert names["results"]["networks"].sizes["temperature"] == 3
    for job in ("0", "1"):
        monkeypatch.setenv("SLURM_ARRAY_TASK_ID", job)
        run_in_shell(Block("", "", "sh", array))
    exec(compile(read.replace("range(10)", "range(2)"), "cluster.md", "exec"), names)
    assert names["everything"].sizes["sample"] == 4


WORKED = (ROOT / "docs/write-a-model.md").read_text()


def test_the_worked_model_is_short():
    """Theory, process and one transition in at most forty lines, blank ones aside."""
    (model,) = [b.body for b in blocks(WORKED) if b.detail == "random_field.py"]
    assert len([line for line in model.splitlines() if line.strip()]) <= 40


def test_the_worked_models_pass_the_common_tests(tmp_path):
    for block in blocks(WORKED):
        if block.note == "file" and block.detail in ("random_field.py", "three_spin.py"):
            (tmp_path / block.detail).write_text(block.body)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    command += ["tests/test_models_common.py", "--models-folder", str(tmp_path)]
    names = "random-field or three-spin"
    done = subprocess.run([*command, "-k", names], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
    assert int(re.search(r"(\d+) passed", done.stdout)[1]) >= 25
