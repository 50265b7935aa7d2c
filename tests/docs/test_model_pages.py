"""Every shipped model has a page, on which everything stands that it declares; what a page tells
one to type is understood; and its formulas are those that are solved.
"""

import ast
import html
import re

import numpy as np
import pytest
from scipy.optimize import brentq
from scipy.special import log_ndtr

import replicon
from command import call
from replicon import cli
from replicon._declare import axes, evidence
from replicon.serve import words as live
from replicon.study import catalogue

pytest.importorskip("latex2mathml", reason="the packages of the site are not installed: '.[docs]'")
import declared_markdown
import mathml
import model_commands
import model_pages
import model_studies

MODELS = {model.name: model for model in catalogue.shipped()}
EACH = pytest.mark.parametrize("model", MODELS.values(), ids=MODELS)


@pytest.fixture(scope="session")
def pages():
    return model_pages.pages()


@EACH
def test_a_shipped_model_says_what_it_is(model):
    about = model.about
    assert about is not None, "a shipped model declares about=About(...)"
    assert about.assumes
    assert about.chapter in live.catalogue("zh_CN")
    for caption, latex in about.formulas.items():
        assert latex.count("{") == latex.count("}"), caption
        told = mathml.mathml(latex, display="block")
        assert "\\" not in told, f"{caption}: not understood by the converter"


def test_every_model_has_a_page_and_stands_in_the_index(pages):
    assert set(pages) == {"models/index.md", *(f"models/{name}.md" for name in MODELS)}
    index = pages["models/index.md"]
    for name, model in MODELS.items():
        assert f"[]({name}.md)" in index
        assert f":link: {name}\n" in index
        assert model.about.summary in index
    listed = [model.title for model in sorted(MODELS.values(), key=lambda model: model.title)]
    order = [MODELS[name].title for name in re.findall(r"\[\]\(([\w-]+)\.md\)", index)]
    assert order == listed


@EACH
def test_everything_declared_is_on_the_page(pages, model):
    page = pages[f"models/{model.name}.md"]
    rows = {re.split(r"(?<!\\)\|", line)[1].strip() for line in page.split("\n") if "|" in line[:1]}
    first = {match[1] for row in rows if (match := re.match(r"`([^`]+)`", row))}
    items = (*model.controls, *model.observables, *model.branches, *model.transitions)
    for item in (*items, *model.views, *axes(model), *evidence(model)):
        assert item.name in first, item.name
        assert item.meaning.replace("|", r"\|") in page
    for text in (*model.about.assumes, *model.about.formulas, model.about.summary):
        assert text in page
    for text in (*model.about.formulas.values(), *model.about.papers):
        assert text.split(",")[0] in page
    for heading in ("Formula", "What theory assumes", "Controls", "Observables", "Papers"):
        assert f"\n## {heading}\n" in page
    assert live.catalogue("zh_CN")[model.about.chapter] in page


@EACH
def test_known_numbers_and_studies_are_on_the_page(pages, model):
    page = pages[f"models/{model.name}.md"]
    known = [one for one in model_pages.known_numbers.values() if one["model"] == model.name]
    table = page.partition("## Known numbers")[2].partition("## Ask it")[0]
    assert table.count("\n| `") == len(known)
    for one in known:
        assert one["source"].split(" ")[0].split("\\")[0] in table
    for study in model_studies.studies_of(model.name):
        assert f"[](../gallery/{study}.md)" in page


def test_studies_are_those_that_ask():
    assert model_studies.studies_of("hopfield")[0] == "hopfield-phase-diagram"
    assert "attention-double-descent" in model_studies.studies_of("attention")
    assert not model_studies.studies_of("no-such-model")


def test_lessons_are_those_that_link_to_a_model(pages):
    assert model_studies.lessons_of("perceptron-pairs") == ["perceptron", "landscape"]
    assert not model_studies.lessons_of("no-such-model")
    assert "- [](../lessons/landscape.md)" in pages["models/perceptron-pairs.md"]


def test_a_page_is_told_alike_twice(pages):
    assert model_pages.pages() == pages


@EACH
def test_commands_are_understood(model, monkeypatch):
    """Parsed by the command line's own rules, every control checked by the declaration."""
    for command in model_commands.commands(model).values():
        _, bound, _ = cli.app.parse_args(command, exit_on_error=False, print_error=False)
        assert bound.args[0] == model.name
        if command[0] == "models":
            continue
        given = [word.partition("=") for word in command if re.match(r"\w+=", word)]
        role = {"solve": "theory", "simulate": "simulation"}.get(command[0])
        known = {c.name for c in (model.controls if role is None else model.controls_for(role))}
        assert {name for name, _, _ in given} <= known
        if command[0] == "transition":
            assert model.transition(command[2]).control not in {name for name, _, _ in given}
        if "--branch" in command:
            model.branch(command[command.index("--branch") + 1])


@pytest.mark.parametrize(
    "name", ["curie-weiss", "square-lattice", "attention", "boltzmann-machine"]
)
def test_cheap_commands_run(name, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for command in model_commands.commands(MODELS[name]).values():
        if "--size" in command:
            command = [*command[: command.index("--size")], "--size", "8", "--samples", "2"]
        status, _, error = call(capsys, *command)
        assert (status, error) == (0, ""), command


@EACH
def test_branches_and_transitions_have_an_example(model):
    """Where one does not exist at the defaults, the declaration says where it does; what is checked
    by solving is in the slow test.
    """
    for item in (*model.branches, *model.transitions):
        for name, value in item.example.items():
            model.control(name).check(value)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("model", "branch"),
    [(m.name, b.name) for m in MODELS.values() for b in m.branches],
)
def test_the_command_of_a_branch_finds_it(model, branch):
    found = replicon.solve(model, branch=branch, **_example(MODELS[model], branch))
    assert bool(found["converged"])


def _example(model, branch: str) -> dict:
    return dict(model.branch(branch).example) or model_commands.shown(model)


@EACH
def test_python_is_python(pages, model):
    page = pages[f"models/{model.name}.md"]
    block = re.search(r"```python\n(.*?)```", page, re.DOTALL)
    assert block is not None
    tree = ast.parse(block[1])
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    for made in calls:
        if ast.unparse(made.func) in ("replicon.solve", "replicon.simulate"):
            given = {word.arg for word in made.keywords} - {"size", "samples"}
            assert given <= {control.name for control in model.controls}


def test_domains_in_symbols():
    interval = replicon.Interval
    assert declared_markdown.allowed(interval(0, 1, open_high=True)) == "[0, 1)"
    assert declared_markdown.allowed(interval(0, open_low=True, infinite=True)) == "(0, ∞]"
    assert declared_markdown.allowed(interval()) == "(−∞, ∞)"
    assert declared_markdown.allowed(interval(1, 24, integer=True)) == "1, 2, …, 24"
    assert declared_markdown.allowed(interval(2, integer=True, infinite=True)) == "2, 3, …, ∞"
    words = replicon.Words(tuple(f"w{k}" for k in range(30)), (".csv",))
    assert declared_markdown.allowed(words).count("`") == 2 * 8
    assert "`*.csv`" in declared_markdown.allowed(words)


def test_citations_are_linked_where_their_address_follows():
    told = declared_markdown.linked("Sherrington & Kirkpatrick, PRL 35, 1792 (1975)")
    assert "[PRL 35, 1792](https://doi.org/10.1103/PhysRevLett.35.1792) (1975)" in told
    told = declared_markdown.linked("Qiu & Huang, arXiv 2401.10009; Weiss (1907)")
    assert told == "Qiu & Huang, [arXiv 2401.10009](https://arxiv.org/abs/2401.10009); Weiss (1907)"


def test_functions_stand_apart_as_tex_sets_them():
    told = html.unescape(mathml.mathml(r"\ln 2\cosh x + \ln(1 - q) + \tanh^2 y"))
    assert "<mi>ln</mi>" not in told
    assert 'rspace="0.167em">cosh</mo>' in told
    assert 'rspace="0em">ln</mo><mo stretchy="false">(' in told
    assert 'rspace="0.167em">tanh</mo>' in told


# The formulas of the pages, coded once more: what `solve` gives must obey them.
_Z = np.linspace(-10, 10, 4001)
_DZ = np.exp(-(_Z**2) / 2) / np.sqrt(2 * np.pi) * (_Z[1] - _Z[0])
_ROUNDING = 1e-9  # of the sums above, and of solutions to 1e-10


def _ln_2cosh(x):
    return np.logaddexp(x, -x)


def _given(name, **controls):
    found = replicon.solve(name, **controls)
    return {str(key): float(found[key]) for key in found.data_vars if found[key].dtype == float}


def test_the_formulas_of_magnets_are_those_that_are_solved():
    found = _given("curie-weiss", coupling=1.3, temperature=0.8, field=0.1)
    m = found["magnetization"]
    assert m == pytest.approx(np.tanh((1.3 * m + 0.1) / 0.8), abs=_ROUNDING)
    f = 1.3 * m**2 / 2 - 0.8 * np.logaddexp((1.3 * m + 0.1) / 0.8, -(1.3 * m + 0.1) / 0.8)
    assert found["free_energy"] == pytest.approx(f, abs=_ROUNDING)
    chi = (1 - m**2) / (0.8 - 1.3 * (1 - m**2))
    assert found["susceptibility"] == pytest.approx(chi, abs=_ROUNDING)
    found = _given("square-lattice", coupling=1.0, temperature=2.0)
    m = (1 - np.sinh(2 / 2.0) ** -4) ** (1 / 8)
    assert found["magnetization"] == pytest.approx(m, abs=_ROUNDING)
    k = 2 * np.sinh(1.0) / np.cosh(1.0) ** 2
    theta = (np.arange(2000) + 0.5) * np.pi / 4000  # the midpoint rule, exact for such a period
    inner = np.log((1 + np.sqrt(1 - k**2 * np.sin(theta) ** 2)) / 2).mean() / 2
    assert found["free_energy"] == pytest.approx(
        -2.0 * (np.log(2 * np.cosh(1.0)) + inner), abs=_ROUNDING
    )


def test_the_formulas_of_glass_and_memory_are_those_that_are_solved():
    t, h = 0.7, 0.2
    found = _given("sherrington-kirkpatrick", temperature=t, field=h)
    q = found["overlap"]
    local = (np.sqrt(q) * _Z + h) / t
    assert q == pytest.approx((_DZ * np.tanh(local) ** 2).sum(), abs=_ROUNDING)
    f = -((1 - q) ** 2) / (4 * t) - t * (_DZ * _ln_2cosh(local)).sum()
    assert found["free_energy"] == pytest.approx(f, abs=_ROUNDING)
    stability = 1 - (_DZ / np.cosh(local) ** 4).sum() / t**2
    assert found["replicon"] == pytest.approx(stability, abs=_ROUNDING)

    load, t = 0.05, 0.4
    found = _given("hopfield", load=load, temperature=t)
    m, q, r = (found[name] for name in ("magnetization", "overlap", "noise_overlap"))
    local = (m + np.sqrt(load * r) * _Z) / t
    c = (1 - q) / t
    assert m == pytest.approx((_DZ * np.tanh(local)).sum(), abs=_ROUNDING)
    assert r == pytest.approx(q / (1 - c) ** 2, abs=_ROUNDING)
    f = load / 2 + m**2 / 2 + load / 2 * (t * np.log(1 - c) - (1 - t * c) / (1 - c))
    f += load * r * c / 2 - t * (_DZ * _ln_2cosh(local)).sum()
    assert found["free_energy"] == pytest.approx(f, abs=_ROUNDING)
    stability = 1 - load / (t**2 * (1 - c) ** 2) * (_DZ / np.cosh(local) ** 4).sum()
    assert found["replicon"] == pytest.approx(stability, abs=_ROUNDING)


def test_the_formulas_of_attention_are_those_that_are_solved():
    """Traces over a Marchenko-Pastur spectrum by its density, at diversity > 1 without an atom."""
    alpha, kappa, tau, rho, ridge, t = 2.0, 4.0, 1.5, 0.1, 0.05, 0.3
    given = {"context": alpha, "diversity": kappa, "prompts": tau, "noise": rho, "ridge": ridge}
    found = _given("attention", **given, temperature=t)
    angle = (np.arange(20_000) + 0.5) * np.pi / 20_000
    ratio = 1 / kappa
    r = 1 + ratio + 2 * np.sqrt(ratio) * np.cos(angle)
    weight = 2 * np.sin(angle) ** 2 / r
    weight /= weight.sum()
    c = (1 + rho) / alpha
    b = r + c
    xi = found["effective_ridge"]
    assert ridge == pytest.approx(xi * (1 - (weight * b / (b + xi)).sum() / tau), abs=_ROUNDING)
    g = r / (b + xi)
    idg = rho + (weight * (r - 2 * g * r + g**2 * b)).sum()
    idg /= 1 - (weight * b**2 / (b + xi) ** 2).sum() / tau
    icl = rho + (weight * (1 - 2 * g + (1 + c) * g**2)).sum()
    icl += idg / tau * (1 + c) * (weight * b / (b + xi) ** 2).sum()
    heat = t * xi / (tau * ridge)
    idg += heat * (weight * b / (b + xi)).sum()
    icl += heat * (1 + c) * (weight / (b + xi)).sum()
    assert found["idg_error"] == pytest.approx(idg, rel=1e-8)
    assert found["icl_error"] == pytest.approx(icl, rel=1e-8)


def _zero(function, low, high):
    return brentq(function, low, high, xtol=1e-13)


@pytest.mark.slow
def test_the_formulas_of_perceptrons_are_those_that_are_solved():
    load, margin = 0.4, 0.2
    for weights in ("ising", "spherical"):
        found = _given("perceptron", load=load, margin=margin, weights=weights)
        q = found["overlap"]
        patterns = (_DZ * log_ndtr(-(margin + np.sqrt(q) * _Z) / np.sqrt(1 - q))).sum()
        if weights == "ising":
            hat = _zero(lambda hat: (_DZ * np.tanh(np.sqrt(hat) * _Z) ** 2).sum() - q, 1e-9, 50)  # noqa: B023
            own = -hat * (1 - q) / 2 + (_DZ * _ln_2cosh(np.sqrt(hat) * _Z)).sum()
        else:
            own = np.log(1 - q) / 2 + q / (2 * (1 - q))
        assert found["free_entropy"] == pytest.approx(own + load * patterns, abs=_ROUNDING)
    found = _given("perceptron-teacher", load=1.0)
    r = found["overlap"]
    assert found["generalization_error"] == pytest.approx(np.arccos(r) / np.pi, abs=_ROUNDING)
    hat = _zero(lambda hat: (_DZ * np.tanh(np.sqrt(hat) * _Z + hat)).sum() - r, 1e-9, 50)
    ln_h = log_ndtr(np.sqrt(r / (1 - r)) * _Z)
    phi = -hat * (1 + r) / 2 + (_DZ * _ln_2cosh(np.sqrt(hat) * _Z + hat)).sum()
    phi += 2 * (_DZ * np.exp(ln_h) * ln_h).sum()
    assert found["free_entropy"] == pytest.approx(phi, abs=_ROUNDING)


def test_the_formulas_of_recurrent_networks_are_those_that_are_solved():
    gain, symmetry = 0.9, 0.3
    found = _given("recurrent-fixed-points", gain=gain, symmetry=symmetry)
    activity, response = found["activity"], found["response"]
    own = gain**2 * symmetry * response
    field = gain * np.sqrt(activity) * _Z
    x = field.copy()
    for _ in range(200):  # x = b tanh x + y, b < 1
        x = own * np.tanh(x) + field
    slope = 1 / np.cosh(x) ** 2
    assert activity == pytest.approx((_DZ * np.tanh(x) ** 2).sum(), abs=1e-8)
    assert response == pytest.approx((_DZ * slope / (1 - own * slope)).sum(), abs=1e-8)


def test_learning_begins_where_the_page_of_the_machine_says():
    beta, q = 0.9, 0.3
    for prior, p in (("informed", q), ("uniform", 0.0)):
        found = replicon.find_transition(
            "rbm", "symmetry-breaking", inverse_temperature=beta, correlation=q, prior=prior
        )
        t, own = np.tanh(beta**2 * q), np.tanh(beta**2 * p)
        load = 1 / (beta**4 * (1 + t) * (1 + q) * (1 + own) * (1 + p))
        assert float(found["value"]) == pytest.approx(load, rel=1e-12)


def test_the_formulas_of_inference_are_those_that_are_solved():
    load, beta = 20.0, 0.4
    exact = 1 / (load - 1) ** 2
    exact += (load / (load - 1)) ** 3 * (1 + beta**2) ** 2 / (load * beta**2)
    found = _given("boltzmann-machine", load=load, inverse_temperature=beta)
    assert found["reconstruction_error"] == pytest.approx(np.sqrt(exact), abs=_ROUNDING)
    found = _given("boltzmann-machine", load=load, inverse_temperature=beta, method="pair")
    pairs = beta**2 / (1 - beta**2) + 1 / (load * beta**2)
    assert found["reconstruction_error"] == pytest.approx(np.sqrt(pairs), abs=_ROUNDING)
