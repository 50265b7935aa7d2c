"""The student of the wrong confidence: its lines are those of the theory, its instances those of
`simulate`.
"""

import numpy as np
import pytest
from threadpoolctl import threadpool_limits

import replicon
from replicon import InputError
from replicon.serve.asked import Offer
from replicon.serve.exhibits import networks, questions

OFFER = Offer()
CONTROLS = {"load": 3.0, "inverse_temperature": 1.5, "teacher_inverse_temperature": 1.0}


@pytest.fixture(autouse=True)
def _one_thread():
    """Sums as `simulate` makes them."""
    with threadpool_limits(limits=1, user_api="blas"):
        yield


def lines(beta, teacher, **given):
    asked = {"inverse_temperature": beta, "teacher_inverse_temperature": teacher, **given}
    return questions()["rbm.unmatched"](OFFER, model="rbm-unmatched", **asked)


def students(**given):
    arguments = {"controls": CONTROLS, "size": 60, "seed": 3, **given}
    return networks()["rbm.unmatched"](OFFER, **arguments)


def test_a_line_and_its_ends_are_those_of_the_theory():
    """Values of tests/reference at load 3; the glass at beta^-4, the signal on it."""
    header, found = lines(1.5, 1.0, count=32, ends=True)
    at = int(np.argmin(np.abs(found["load"] - 3)))
    assert found["load"][at] == 3
    assert found["teacher_overlap"][at] == pytest.approx(0.67292, abs=1e-5)
    assert found["overlap"][at] == pytest.approx(0.77473, abs=1e-5)
    assert header["ends"]["spin-glass"] == pytest.approx(1.5**-4, rel=1e-9)
    assert header["ends"]["retrieval"] == pytest.approx(1.141105, abs=1e-6)
    glass = found["load"] < header["ends"]["retrieval"]
    glass &= found["load"] > header["ends"]["spin-glass"]
    assert (found["teacher_overlap"][glass] == 0).all() and (found["stable"][glass] == 0).all()
    quick = lines(0.8, 0.8, count=8)
    assert quick[0]["ends"] == {}
    matched = lines(0.8, 0.8, count=8, ends=True)[0]["ends"]
    assert matched["entropy-crisis"] == pytest.approx(2 * np.log(2) / 0.64, rel=1e-9)
    assert np.isnan(matched["zero-entropy"])


def test_instances_are_those_of_simulate():
    one = students()
    while len(one.rows) < 3:
        one.step(100)
    sampled = replicon.simulate("rbm-unmatched", size=60, samples=3, seed=3, **CONTROLS)
    for name in ("teacher_overlap", "overlap", "entropy", "convergence_time"):
        found = [row[name] for row in one.rows[:3]]
        np.testing.assert_allclose(found, sampled[name].values.ravel(), rtol=0, atol=1e-12)
    known = np.array([row["teacher_overlap"] for row in one.rows])
    assert one.measured()["teacher_overlap"]["mean"] == pytest.approx(known.mean())


def test_an_instance_is_seen_until_it_rests_and_a_little_longer():
    one = students(controls={**CONTROLS, "load": 0.5, "inverse_temperature": 1.0})
    one.step(500)
    again = students(controls={**CONTROLS, "load": 0.5, "inverse_temperature": 1.0})
    for _ in range(100):
        again.step(5)
    view, other = ({n: array for n, (_, array) in s.view().items()} for s in (one, again))
    assert view["state"].tolist() == other["state"].tolist()
    assert np.array_equal(view["learning"], other["learning"])
    sweeps, _, instances, share = view["state"]
    assert instances >= 3 and share == 1
    assert view["fields"].shape == (2, 60) and view["learning"].shape == (sweeps + 1, 2)


@pytest.mark.parametrize(
    ("wrong", "part"),
    [
        (lambda: students(controls={"load": 7}), "load = 7"),
        (lambda: students(controls={"lode": 1}), "load"),
        (lambda: students(controls=3), "Controls were given"),
        (lambda: students(size=5000), "size = 5000"),
        (lambda: students().set("load", 1), "cannot be changed"),
        (lambda: lines(1.0, 9.0), "teacher_inverse_temperature = 9"),
        (lambda: lines(1.0, 1.0, count=10**6), "count = 1000000"),
        (
            lambda: questions()["rbm.unmatched"](
                OFFER, model="rbm", **{"inverse_temperature": 1, "teacher_inverse_temperature": 1}
            ),
            "no model",
        ),
    ],
)
def test_what_a_page_may_not_ask_is_told_in_a_sentence(wrong, part):
    with pytest.raises(InputError, match=part):
        wrong()
