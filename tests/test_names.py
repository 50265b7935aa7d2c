"""Names as people write them: symbols, Greek letters, inverses and other words are understood in
one place, whoever asks; what is not understood gets one sentence with what is nearest.
"""

import math
import re

import pytest

import replicon
from replicon import Control, Interval, Model, Observable, Words
from replicon._names import spelled
from replicon.study import catalogue, plan


def test_every_control_is_meant_by_its_symbol_unless_two_share_it():
    for model in catalogue.shipped():
        symbols = [c.symbol for c in model.controls]
        for control in model.controls:
            named = [c for c in model.controls if c.name == control.symbol]
            if symbols.count(control.symbol) == 1 and not named:
                assert model.control(control.symbol) is control
            assert model.control(control.name) is control


def test_a_symbol_asks_the_same_question():
    by_name = replicon.solve("hopfield", load=[0.02, 0.05], temperature=0.3)
    for load in ("alpha", "α"):
        assert replicon.solve("hopfield", T=0.3, **{load: [0.02, 0.05]}).identical(by_name)
    assert list(by_name.dims) == ["load"]


def test_an_inverse_is_converted_where_it_is_declared():
    wanted = replicon.solve("curie-weiss", temperature=[0.5, 0.25])
    for name in ("beta", "β", "inverse_temperature"):
        assert replicon.solve("curie-weiss", **{name: [2, 4]}).identical(wanted)
    assert replicon.solve("curie-weiss", beta="2:4:2").identical(wanted)
    assert replicon.solve("curie-weiss", beta=math.inf)["temperature"] == 0
    assert replicon.solve("rbm", T=1.25)["inverse_temperature"] == 0.8
    assert replicon.solve("boltzmann-machine", temperature=4.0)["inverse_temperature"] == 0.25


def test_simulations_comparisons_transitions_and_processes_understand_symbols():
    few = {"size": 20, "samples": 3, "seed": 2}
    same = replicon.simulate("curie-weiss", temperature=0.5, start=0.5, **few)
    assert replicon.simulate("curie-weiss", beta=2, m0=0.5, **few).identical(same)
    same = replicon.compare("curie-weiss", temperature=0.5, **few)
    assert replicon.compare("curie-weiss", T=0.5, **few).identical(same)
    same = replicon.find_transition("hopfield", "retrieval", temperature=0.1)
    assert replicon.find_transition("hopfield", "retrieval", T=0.1).identical(same)
    with pytest.raises(replicon.InputError, match="load is what transition 'retrieval'"):
        replicon.find_transition("hopfield", "retrieval", alpha=0.1)
    running = replicon.start("curie-weiss", T=0.5, size=20)
    assert running.set("beta", 4).controls["temperature"] == 0.25
    assert running.set("h", 0.5).controls["field"] == 0.5


def test_a_finite_size_given_by_its_symbol_is_kept():
    lattice = {"temperature": 3.0, "sweeps": 200, "size": 8, "samples": 4}
    infinite = replicon.compare("square-lattice", L=math.inf, **lattice)
    finite = replicon.compare("square-lattice", **lattice)
    energy = {"observable": "energy"}
    assert infinite["theory"].sel(energy) == replicon.solve("square-lattice", T=3.0)["energy"]
    assert finite["theory"].sel(energy) != infinite["theory"].sel(energy)


@pytest.mark.parametrize(
    ("model", "given", "wanted"),
    [
        ("perceptron", {"weights": "binary"}, {"weights": "ising"}),
        ("perceptron", {"weights": "Spherical"}, {"weights": "spherical"}),
        (
            "perceptron",
            {"weights": "continuous", "κ": 0.5},
            {"weights": "spherical", "margin": 0.5},
        ),
        ("perceptron-teacher", {"W": "binary"}, {"weights": "ising"}),
        ("hopfield", {"rule": "pseudo_inverse"}, {"rule": "pseudo-inverse"}),
        ("square-lattice", {"method": ["glauber", "wolff"]}, {"method": ["heat-bath", "wolff"]}),
        ("sherrington-kirkpatrick", {"ansatz": "full"}, {"ansatz": "frsb"}),
        ("boltzmann-machine", {"method": "PLM"}, {"method": "pseudo-likelihood"}),
        ("attention", {"λ": "0.1,0.2"}, {"ridge": [0.1, 0.2]}),
    ],
)
def test_words_and_symbols_are_read_in_one_place(model, given, wanted):
    from replicon.study import ask

    found = ask.read(catalogue.get(model), given, "both")
    assert {name: found[name] for name in wanted} == wanted


def test_every_declared_synonym_stands_for_its_word():
    count = 0
    for model in catalogue.shipped():
        for control in model.controls:
            for other, word in getattr(control.domain, "synonyms", {}).items():
                assert control.check(other) == word
                assert other not in control.domain.words
                count += 1
    assert count >= 20


def _study(**controls):
    series = {"name": "s", "model": "curie-weiss", "controls": controls}
    return {"name": "study", "theory": [series]}


def test_studies_understand_symbols_and_record_names():
    same = plan.planned(_study(temperature=[0.5, 0.25], field=0.1))[1]
    for controls in ({"β": [2, 4], "h": 0.1}, {"T": "0.5:0.25:2", "field": 0.1}):
        assert plan.planned(_study(**controls))[1] == same
    study = {**_study(T=0.5)}
    study["theory"][0]["quick"] = {"controls": {"temperature": 0.9}}
    quick = plan.planned(study, quick=True)[1]
    assert quick["series"][0]["controls"]["temperature"] == 0.9


def test_a_study_is_changed_by_symbols():
    study = _study(T=0.5, h=0.1)
    study["theory"][0]["quick"] = {"controls": {"T": 0.9}}
    study["theory"].append({"name": "other", "model": "hopfield", "controls": {"alpha": 0.02}})
    for changes in ({"temperature": 0.25}, {"T": 0.25}, {"beta": "4"}):
        for quick in (False, True):
            _, told = plan.planned(study, changes=changes, quick=quick)
            assert [one["controls"]["temperature"] for one in told["series"]] == [0.25, 0.25]
    study["theory"].append({"name": "driven", "model": "recurrent-dynamics"})
    study["simulation"] = [
        {"name": "moving", "model": "recurrent-dynamics", "sizes": [20], "samples": 2}
    ]
    sentence = "'T' stands for temperature and duration in the series of study 'study'"
    with pytest.raises(replicon.InputError, match=sentence):
        plan.planned(study, changes={"T": 0.25})


def _model(*controls):
    return Model(
        "twice",
        "A model",
        controls,
        (Observable("x", "x", "one"),),
        solve=lambda c: {"x": c.first, "free_energy": c.first, "converged": c.first == c.first},
    )


def test_a_symbol_of_two_controls_is_refused_and_a_name_goes_before_a_symbol():
    first = Control("first", "a", 1.0, Interval(), "one")
    second = Control("second", "a", 2.0, Interval(), "another")
    third = Control("a_3", "first", 3.0, Interval(), "a third")
    model = _model(first, second, third)
    with pytest.raises(replicon.InputError, match="'a' stands for first and second in twice"):
        replicon.solve(model, a=3)
    assert replicon.solve(model, first=5)["x"] == 5
    with pytest.raises(replicon.InputError, match="has no such word"):
        Words(("yes", "no"), synonyms={"perhaps": "maybe"})


@pytest.mark.parametrize(
    ("model", "given", "sentence"),
    [
        (
            "hopfield",
            {"load": 0.1, "alpha": 0.1},
            "load and alpha are the same control of hopf",
        ),
        (
            "curie-weiss",
            {"T": 1, "beta": 1},
            "T and beta are the same control of curie-weiss",
        ),
        ("curie-weiss", {"beta": -1}, "beta = -1, that is, temperature = -1 is outside its domain"),
        (
            "curie-weiss",
            {"beta": "cold"},
            "beta = 'cold', that is, temperature = 'cold' is out",
        ),
        ("curie-weiss", {"beta": 0}, "beta = 0, that is, temperature = inf is outside its domain"),
        ("hopfield", {"lod": 0.1}, "Did you mean 'load' (alpha)?"),
        ("hopfield", {"aplha": 0.1}, "Did you mean 'load' (alpha)?"),
        ("hopfield", {"bta": 0.1}, "Did you mean 'temperature' (T)?"),
        ("perceptron", {"weights": "binry"}, "Did you mean 'ising' (binary)?"),
        ("perceptron", {"weights": "spherical_"}, "Did you mean 'spherical'?"),
        ("perceptron", {"weights": 3}, "weights must be one of ising, spherical"),
        ("perceptrn", {}, "Did you mean 'perceptron'?"),
        ("transformer", {}, "Did you mean 'softmax-transformer'?"),
        (
            "ising",
            {},
            "Did you mean 'curie-weiss' or 'square-lattice' or 'sherr",
        ),
    ],
)
def test_what_is_not_understood_gets_one_sentence(model, given, sentence):
    with pytest.raises(replicon.InputError, match=re.escape(sentence)) as told:
        replicon.solve(model, **given)
    assert "\n" not in str(told.value)


def test_greek_letters_are_spelled_as_declarations_write_them():
    assert [spelled(s) for s in ("α", "λ", "Δ", "q_1", "σ2", "T")] == [
        "alpha",
        "lambda",
        "Delta",
        "q_1",
        "sigma2",
        "T",
    ]


def test_declarations_tell_synonyms_and_inverses_to_programs():
    told = replicon.describe("perceptron")["controls"]
    by_name = {control["name"]: control for control in told}
    assert by_name["temperature"]["inverse"] == ["beta", "inverse_temperature"]
    assert by_name["weights"]["domain"]["synonyms"]["binary"] == "ising"
