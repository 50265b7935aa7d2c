"""Sentences of the library that the page says in another language: each is still a form of those
that are translated, values in their places.
"""

import ast
import re
from pathlib import Path

import pytest

import replicon
from replicon._errors import InputError
from replicon.serve import refusals, refusals_networks, sentences, theory
from replicon.serve.asked import Offer
from replicon.serve.networks import Network
from replicon.study import catalogue

FORMS = (*sentences.FORMS, *refusals.FORMS, *refusals_networks.FORMS)
SOURCE = Path(replicon.__file__).parents[1]
# What no page shows: parts of names and keys, remarks of `compare`, checkpoints of files, which a
# page cannot name, and the parts of two sentences that are put together.
UNSEEN = {
    "attention.transformer": ("single precision holds its squares", "checkpoint", "pre-training ("),
    "boltzmann.data_finite": ("data = {}, method = {}",),
    "boltzmann.reconstruction_finite": ("load = {}, inverse_temperature = {}",),
    "hopfield.finite": ("Theory is that of", "mean {}", "squared overlaps", "no bias or"),
    "ising.sherrington_kirkpatrick_finite": ("eps = {}",),
    "recurrent.chaos": ("gains run",),
    "recurrent.evolution": ("start has shape", "exponents hold"),
    "rbm.unmatched_finite": ("at size {} the messages", "a student that starts"),
}
# What takes functions, arrays and files of a user's own, which a page has none of.
OWN = ("boltzmann.estimator", "langevin.sampling", "perceptron.own_factors", "perceptron.search")
OWN += ("rbm.features", "recurrent.fixed_point_search", "recurrent.kinetic_energy")
OWN += ("recurrent.nonlinearity", "recurrent.transfer")
SENTENCE = 4  # words of one, at least


def form_of(text):
    """The form of a sentence and its values, the form with the longest text first; None."""
    for form in sorted(FORMS, key=lambda form: -len(re.sub(r"\{\w+\}", "", form))):
        names = re.findall(r"\{(\w+)\}", form)
        pattern = "(.+?)".join(map(re.escape, re.split(r"\{\w+\}", form)))
        if found := re.fullmatch(pattern, text):
            return form, dict(zip(names, found.groups(), strict=True))
    return None


def reasons(model, branch, **controls):
    """The forms of a point without a solution: of the sentence, and of the reason in it."""
    header, _ = theory.point(Offer(), model=model, controls=controls, branch=branch)
    form, values = form_of(header["point"]["reason"])
    return form, form_of(values["reason"]), values


def test_a_branch_that_has_ended():
    form, (inner, values), outer = reasons("hopfield", "retrieval", load=0.2, temperature=0.0)
    assert form.startswith("{model}, branch")
    assert outer["branch"] == "retrieval"
    assert inner.startswith("the branch ends at transition")
    assert values["transition"] == "retrieval" and float(values["value"]) == pytest.approx(0.1379)


def test_a_point_without_a_solution():
    _, (inner, _), _ = reasons("hopfield", "spin-glass", load=0.0, temperature=0.5)
    assert inner == "a single pattern has no spin glass"
    _, (inner, values), _ = reasons("hopfield", "retrieval", load=0.05, temperature=1.5)
    assert inner.startswith("it was not found") and values["branches"] == "spin-glass, paramagnet"


@pytest.mark.parametrize(
    ("refused", "start"),
    [
        (lambda: Offer().controls(_hopfield(), {"load": -1}, "theory"), "{name} = {value} is out"),
        (lambda: Offer().controls(_hopfield(), {"rule": "?"}, "theory"), "{name} = {value} is not"),
        (
            lambda: Network(Offer(), model="hopfield", controls={}, size=10_000),
            "size = {size} is too large",
        ),
    ],
)
def test_what_is_refused(refused, start):
    with pytest.raises(InputError) as error:
        refused()
    assert form_of(str(error.value))[0].startswith(start)


def test_every_form_is_still_said_by_the_library():
    """The longest fixed piece of each form is in a literal of the source."""
    said = set()
    for path in (SOURCE / "replicon").rglob("*.py"):
        if path.name not in ("sentences.py", "refusals.py", "refusals_networks.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Constant) and isinstance(node.value, str):
                    said.add(node.value)
    for form in FORMS:
        longest = max(re.split(r"\{\w+\}|; ", form), key=len)
        assert any(longest.strip(" .,:'") in text for text in said), form


def test_every_sentence_of_a_model_has_a_form():
    """Reasons and refusals of all that the shipped models name, and refusals of what these import
    from their own system: one that is added without a form is found here.
    """
    unknown = []
    for place, refused_only in _modules().items():
        for text in _said(SOURCE / f"{place.replace('.', '/')}.py", refused_only):
            told = text.replace("{}", "1")
            unseen = UNSEEN.get(place.removeprefix("replicon."), ())
            if not form_of(told) and not any(part in text for part in unseen):
                unknown.append((place, text))
    assert not unknown, "add them to serve/refusals.py"


def _modules():
    """{module: whether its refusals alone are looked at}, of the shipped models."""
    named = set()
    for model in catalogue.shipped():
        functions = [model.solve, model.start, model.sample, model.start_many, model.check_size]
        functions += [one.find for one in model.transitions]
        named |= {one.split(":")[0] for one in functions if isinstance(one, str)}
    out = dict.fromkeys(named, False)
    for place in named:
        system = ".".join(place.split(".")[:2])
        tree = _tree(SOURCE / f"{place.replace('.', '/')}.py")
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(system):
                for one in (node.module, *(f"{node.module}.{n.name}" for n in node.names)):
                    own = one.removeprefix("replicon.") in OWN
                    if not own and (SOURCE / f"{one.replace('.', '/')}.py").exists():
                        out.setdefault(one, True)
    return out


def _said(path, refused_only):
    """Literals of a module that are sentences, {} for each value in them."""
    tree = _tree(path)
    roots = [tree]
    if refused_only:
        roots = [node for node in ast.walk(tree) if isinstance(node, ast.Raise)]
    for root in roots:
        skipped = {id(node.value) for node in ast.walk(root) if isinstance(node, ast.Expr)}
        for node in ast.walk(root):
            if isinstance(node, ast.JoinedStr):
                skipped |= {id(part) for part in ast.walk(node) if part is not node}
                text = "".join(
                    getattr(part, "value", "") if isinstance(part, ast.Constant) else "{}"
                    for part in node.values
                )
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                text = node.value
            else:
                continue
            if id(node) not in skipped and len(text.split()) >= SENTENCE:
                yield text


def _tree(path):
    return ast.parse(path.read_text(encoding="utf-8"))


def _hopfield():
    return Offer().model("hopfield")
