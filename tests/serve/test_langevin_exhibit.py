"""The exhibit of learning as Langevin dynamics: its walkers are the library's process, its law the
library's theory, its landscape that of the data.
"""

import numpy as np
import pytest

import replicon
from replicon import InputError
from replicon.serve.asked import Offer
from replicon.serve.exhibits import networks, questions

_WELL = {"energy": "double-well", "temperature": 0.3, "step": 0.04}
_DATA = {"energy": "regression", "temperature": 0.3, "step": 0.02, "load": 4}


@pytest.fixture(scope="module")
def offer():
    return Offer()


def _walkers(offer, controls, size, seed=1):
    return networks()["langevin.walkers"](offer, controls=controls, size=size, seed=seed)


def test_the_law_is_that_of_the_library(offer):
    header, arrays = questions()["langevin.well"](offer, temperature=0.3)
    solved = replicon.solve("langevin-learning", energy="double-well", temperature=0.3)
    for name in ("mean_energy", "second_moment", "virial_temperature"):
        assert header["point"][name] == float(solved[name])
    assert (arrays["density"] == solved["density"].values).all()
    w = arrays["weight"]
    assert arrays["energy"] == pytest.approx((w**2 - 1) ** 2, abs=1e-14)
    # The bins reach far beyond the wells, and a trapezoid is exact for what decays so fast.
    assert arrays["density"].sum() * (w[1] - w[0]) == pytest.approx(1, abs=1e-9)


@pytest.mark.parametrize("temperature", [0, -1, "hot", None, 1e9])
def test_a_temperature_that_is_none_is_refused(offer, temperature):
    with pytest.raises(InputError):
        questions()["langevin.well"](offer, temperature=temperature)


@pytest.fixture(scope="module")
def well(offer):
    walkers = _walkers(offer, {**_WELL, "method": "ula"}, 20)
    walkers.step(400)
    return walkers


def test_walkers_are_the_librarys_process(well):
    alone = replicon.start(
        "langevin-learning", size=20, seed=1, method="ula", records=2000, **_WELL
    )
    alone.step(401)
    shown = well.view()["walkers"][1]
    assert (shown == alone.view()["weights"]).all()
    told = alone.measure()
    well.known = None
    for name in (
        "mean_energy",
        "second_moment",
        "virial_temperature",
        "configurational_temperature",
    ):
        assert well.measured()[name]["mean"] == pytest.approx(float(told[name]), rel=1e-13)
    assert (well.view()["density"][1] == told["density"]).all()


def test_euler_steps_are_too_hot(well):
    read = well.measured()["virial_temperature"]
    # In a well of curvature 8 a step dt gives T/(1 - 4 dt), 1.19 T here.
    assert read["mean"] - 0.3 > 4.5 * read["error"]
    assert read["mean"] == pytest.approx(0.3 / (1 - 4 * 0.04), rel=0.1)


def test_another_temperature_begins_averages_anew(well):
    well.set("temperature", 0.1)
    assert well.measured() == {}
    well.step(8)
    assert well.measured()["virial_temperature"]["mean"] < 0.3
    with pytest.raises(InputError):
        well.set("method", "mala")
    with pytest.raises(InputError, match="do not know how"):
        well.act("fly")


@pytest.fixture(scope="module")
def data(offer):
    return _walkers(offer, {**_DATA, "method": "ula"}, 2)


def test_the_landscape_is_that_of_the_data(data):
    told = data.told()
    E = np.asarray(told["landscape"])
    axis = np.linspace(-told["reach"], told["reach"], len(E))
    task = data.learning.task
    w = np.array([axis[10], axis[30]])
    expected = ((task.labels - task.examples @ w / np.sqrt(2)) ** 2).sum() / 2 + 0.1 * (w @ w) / 2
    assert E[30, 10] == pytest.approx(expected, rel=1e-12)
    A = task.examples.T @ task.examples / 2 + 0.1 * np.eye(2)
    lowest = np.linalg.solve(A, task.examples.T @ task.labels / np.sqrt(2))
    row, column = np.unravel_index(E.argmin(), E.shape)
    assert [axis[column], axis[row]] == pytest.approx(lowest, abs=axis[1] - axis[0])


def test_other_data_make_another_landscape(offer, data):
    other = _walkers(offer, {**_DATA, "method": "ula"}, 2, seed=2)
    assert not np.allclose(other.told()["landscape"], data.told()["landscape"])


@pytest.mark.parametrize(
    ("change", "size"),
    [
        ({"energy": "perceptron"}, 2),
        ({"energy": "lake"}, 2),
        ({"load": 100}, 64),
        ({}, 65),
        ({}, "many"),
        ({"method": "sgld", "energy": "double-well"}, 2),
        ({"temperature": -1}, 2),
    ],
)
def test_walkers_that_cannot_be_are_refused(offer, change, size):
    with pytest.raises(InputError):
        _walkers(offer, {**_DATA, **change}, size)


def test_steps_too_long_are_said(offer):
    walkers = _walkers(offer, {**_DATA, "method": "ula", "step": 0.02}, 2)
    walkers.set("step", 10.0)
    with pytest.raises(replicon.DivergenceError, match="smaller step"):
        walkers.step(200)
