"""Sentences of the library that the page says in another language: each is still a form of those
that are translated, values in their places.
"""

import ast
import re
from pathlib import Path

import pytest

import replicon
from replicon._errors import InputError
from replicon.serve import theory
from replicon.serve.asked import Offer
from replicon.serve.networks import Network
from replicon.serve.sentences import FORMS


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
    room = Path(replicon.__file__).parent
    said = set()
    for path in room.rglob("*.py"):
        if path.name != "sentences.py":
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Constant) and isinstance(node.value, str):
                    said.add(node.value)
    for form in FORMS:
        longest = max(re.split(r"\{\w+\}|; ", form), key=len)
        assert any(longest.strip(" .,:'") in text for text in said), form


def _hopfield():
    return Offer().model("hopfield")
