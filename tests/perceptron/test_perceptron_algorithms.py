"""Algorithms of the perceptron against enumeration and sums written out, theory against the
instances they are measured on.
"""

import itertools

import numpy as np
import pytest
from tests.statistical import assert_mean

import replicon
from replicon.perceptron import search
from replicon.perceptron.enumeration import enumerate_errors


def patterns(count, size, seed, binary=True):
    rng = np.random.default_rng(seed)
    return rng.choice([-1.0, 1.0], (count, size)) if binary else rng.standard_normal((count, size))


def solutions(x):
    """All weight vectors without error, out of all there are."""
    n = x.shape[1]
    every = 2 * ((np.arange(2**n)[:, None] >> np.arange(n)) & 1) - 1
    return every[(every @ x.T >= 0).all(axis=1)]


@pytest.mark.parametrize(
    "method",
    [m for m in search.METHODS if m not in ("belief-propagation", "amp", "simulated-annealing")],
)
def test_every_search_solves_an_easy_instance(method):
    x = patterns(4 if method == "enumeration" else 40, 15 if method == "enumeration" else 201, 0)
    found = search.find_weights(x, method=method, seed=1, passes=4000)
    assert found.solved
    assert set(np.unique(found.weights)) <= {-1, 1}
    assert (x @ found.weights >= 0).all()
    assert found.errors[-1] == 0
    assert found.passes >= 1
    again = search.find_weights(x, method=method, seed=1, passes=4000)
    assert (again.weights == found.weights).all()


def test_errors_reported_are_those_of_the_weights():
    x = patterns(150, 101, 3)  # beyond the capacity
    for method in ("belief-propagation", "reinforced-amp", "sbpi", "max-sum"):
        found = search.find_weights(x, method=method, passes=60)
        assert not found.solved
        assert found.passes <= 60
        assert found.errors[-1] == np.sum(x @ found.weights < 0)
    annealed = search.find_weights(x, method="simulated-annealing", passes=60)
    assert annealed.errors.min() == np.sum(x @ annealed.weights < 0)


def test_enumeration_finds_a_solution_where_there_is_one():
    for seed in range(6):
        x = patterns(10, 11, seed)
        exists = len(solutions(x)) > 0
        assert search.find_weights(x, method="enumeration").solved == exists


def test_enumeration_ends_after_all_weights_were_tried():
    """Beyond the capacity, where there is no solution: one pass of the budget is used."""
    x = patterns(40, 9, 0)
    found = search.find_weights(x, method="enumeration", passes=500)
    assert not found.solved
    assert found.passes == len(found.errors) == 1
    race = replicon.start("perceptron-algorithms", method="enumeration", load=3.0, size=9)
    assert not race.done
    assert race.step(7).done
    measured = race.measure()
    assert measured["solved"] == 0
    assert measured["passes_used"] == 1


def test_max_sum_messages_are_the_cost_of_the_cheapest_change():
    """Each message against the maximum over all weights of the others, written out."""
    from replicon.perceptron import passing

    rng = np.random.default_rng(0)
    n = 7
    every = np.array(list(itertools.product((-1, 1), repeat=n)))
    for _ in range(20):
        row = rng.choice([-1.0, 1.0], n)
        h = rng.normal(size=n)
        allowed = every[every @ row > 0]
        wanted = []
        for i in range(n):
            others = np.delete(np.arange(n), i)
            best = [
                (allowed[allowed[:, i] == sign][:, others] @ h[others]).max() for sign in (1, -1)
            ]
            wanted.append((best[0] - best[1]) / 2)
        u, fields = np.zeros(n, np.float32), h.astype(np.float32)
        passing._max_sum_pattern(
            row.astype(np.float32),
            u,
            fields,
            np.zeros(n, np.float32),
            np.zeros(n, np.float32),
            np.zeros(n, np.int64),
        )
        np.testing.assert_allclose(u, wanted, atol=1e-5)
        np.testing.assert_allclose(fields, h + u, atol=1e-5)


def test_neighbours_counted_are_those_written_out():
    x = patterns(8, 15, 1, binary=False)
    every = solutions(x)
    w = every[0]
    flips = (every != w).sum(axis=1)
    assert search.count_near(x, w, 3).tolist() == [int((flips == k).sum()) for k in (1, 2, 3)]


def entropies(make, instances, **settings):
    """Bethe's minus the exact entropy per weight of the instances make(rng), those marked
    converged.
    """
    gap = []
    for seed in range(instances):
        x = make(np.random.default_rng(seed))
        found = search.count_solutions(x, **settings)
        if found.converged:
            counts, _ = enumerate_errors(np.asarray(x, float), 0.0, False)
            gap.append(found.entropy - np.log(counts[0]) / x.shape[1])
    return np.array(gap)


_COLUMNS = np.geomspace(1, 4, 15)


@pytest.mark.parametrize(
    "make",
    [
        lambda rng: rng.standard_normal((6, 15)) * np.geomspace(1e-3, 1e3, 6)[:, None],
        lambda rng: rng.standard_normal((6, 15)) * _COLUMNS,  # weights of unequal importance
        lambda rng: np.repeat(rng.standard_normal((4, 15)), 3, axis=0) * np.arange(1, 13)[:, None],
        lambda rng: np.vstack([rng.standard_normal((5, 15)), np.zeros((5, 15))]),
        lambda rng: rng.choice([-1.0, 1.0], (6, 15)),
        lambda rng: rng.choice([-1.0, 1.0], (6, 16)),  # one field in five is zero
        lambda rng: 0.3 * rng.integers(-3, 4, (6, 14)),  # fields in steps of 0.6
    ],
    ids=["scales", "columns", "repeated", "zeros", "odd", "even", "lattice"],
)
def test_bethe_entropy_of_any_patterns_is_that_of_enumeration(make):
    """N = 14 to 16: mean gaps of 0.4/N at most, of an entropy of 0.4 (for random patterns 0.15/N);
    all converge.
    """
    for settings in ({}, {"approximate": True}):
        gap = entropies(make, 40, **settings)
        assert len(gap) == 40
        assert abs(gap.mean()) < 0.4 / 15
        assert gap.std() < 0.04


def test_entropies_do_not_depend_on_what_says_nothing():
    """Scale of all or of each pattern, repetitions, zeros: the same entropies, to
    single precision.
    """
    rng = np.random.default_rng(3)
    x = rng.standard_normal((7, 17))
    w = solutions(x)[0]
    twins = (
        10 * x,
        1e-3 * x,
        1e6 * x,
        1e-30 * x,
        x * rng.uniform(0.1, 10, (7, 1)),
        np.vstack([x, 3 * x[:4]]),
        np.vstack([x, 0 * x]),
    )
    for measure in (search.count_solutions, lambda x: search.local_entropy(x, w, 0.2)):
        wanted = measure(x)
        assert wanted.converged
        for twin in twins:
            found = measure(twin)
            assert found.converged
            assert found.entropy == pytest.approx(wanted.entropy, abs=1e-6)
    nothing = search.count_solutions(np.zeros((3, 9)))
    assert nothing.converged and nothing.entropy == pytest.approx(np.log(2))


def test_patterns_that_bethe_cannot_count_are_not_marked_converged():
    rng = np.random.default_rng(0)
    x = rng.standard_normal((5, 16))
    for bad in (
        np.eye(16)[:3],  # each decides one weight
        np.vstack([x, -x[:1]]),  # opposite: no solution
        np.vstack([x, x + 0.05 * rng.standard_normal(x.shape)]),  # nearly repeated: 0.07 too low
        rng.standard_normal((40, 16)),  # beyond the capacity
    ):
        for settings in ({}, {"approximate": True}):
            assert not search.count_solutions(bad, **settings).converged
    many = rng.standard_normal((40, 400))  # one pair alike of so many costs nothing
    assert search.count_solutions(
        np.vstack([many, many[:1] + 0.05 * rng.standard_normal(400)])
    ).converged


def test_a_field_of_zero_is_no_error_for_search_and_count_alike():
    x = patterns(6, 12, 4)
    every = solutions(x)
    assert ((every @ x.T) == 0).any()
    counts, _ = enumerate_errors(x, 0.0, False)
    assert counts[0] == len(every)
    w = every[((every @ x.T) == 0).any(axis=1)][0]
    assert search.count_near(x, w, 1)[0] == ((every != w).sum(axis=1) == 1).sum()
    tied = np.array([[1.0, -1.0], [-1.0, 1.0]])  # w.x = 0 twice is all there is
    assert search.find_weights(tied, method="simulated-annealing").solved
    assert search.find_weights(1e-20 * np.array([[3.0, -1.0, 2.0]]), method="enumeration").solved


@pytest.mark.parametrize(
    "controls", [{"method": "belief-propagation"}, {"method": "amp", "temperature": 0.5}]
)
def test_bethe_entropy_approaches_enumeration_of_the_same_instances(controls):
    """Corrections 1/N: the gap at sizes 10 and 20 extrapolates to zero."""
    gap = {}
    for size in (10, 20):
        asked = {"load": 0.3, "size": size, "samples": 400, "seed": 6, **controls}
        exact = replicon.simulate("perceptron", **{**asked, "method": "enumeration"})
        passed = replicon.simulate("perceptron", **asked)
        assert passed["solvable"].values.all()
        gap[size] = passed["entropy"].values - exact["entropy"].values
    assert abs(gap[20].mean()) < 0.015
    assert_mean(2 * gap[20] - gap[10], 0.0, effect=0.06)


def test_bethe_entropy_of_large_instances_is_the_theory():
    """N = 1001, load 0.5: 0.3144 within 0.01 on average; standard error 0.002."""
    theory = replicon.solve("perceptron", load=0.5)
    for method in ("belief-propagation", "amp"):
        measured = replicon.simulate(
            "perceptron", load=0.5, method=method, size=1001, samples=32, seed=4
        )
        assert measured["solvable"].values.all()
        assert_mean(measured["entropy"].values, float(theory["entropy"]), effect=0.05)
        assert_mean(measured["overlap"].values, float(theory["overlap"]), effect=0.1)


@pytest.mark.slow
def test_amp_knows_margin_temperature_and_the_symmetric_constraint():
    for controls in (
        {"temperature": 0.5, "load": 1.0},
        {"margin": 0.3, "load": 0.3},
        {"constraint": "symmetric", "margin": 1.0, "load": 1.0},
    ):
        theory = replicon.solve("perceptron", **controls)
        measured = replicon.simulate(
            "perceptron", method="amp", size=500, samples=30, seed=5, **controls
        )
        for name, effect in (("entropy", 0.05), ("energy", 0.1)):
            if float(theory[name]) != 0:
                assert_mean(measured[name].values, float(theory[name]), effect=effect)


def test_local_entropy_is_the_count_in_a_shell():
    """Around a solution, N = 17: Bethe's local entropy against that of all solutions weighted to
    the same mean distance.
    """
    gap = []
    for seed in range(20):
        x = patterns(5, 17, 100 + seed, binary=False)
        every = solutions(x)
        w = every[seed % len(every)]
        near = search.local_entropy(x, w, 0.15)
        if not near.converged:
            continue
        overlap = every @ w / 17
        # The field that gives mean overlap 0.7, by bisection; entropy of that weighted set.
        low, high = -5.0, 8.0
        for _ in range(60):
            field = (low + high) / 2
            p = np.exp(17 * field * (overlap - 1))
            p /= p.sum()
            low, high = (field, high) if p @ overlap < 0.7 else (low, field)
        gap.append(near.entropy + (p[p > 0] * np.log(p[p > 0])).sum() / 17)
    assert len(gap) > 12
    assert abs(np.mean(gap)) < 0.02  # of 0.25


@pytest.mark.slow
def test_found_solutions_are_dense_where_typical_ones_are_not():
    found = replicon.simulate(
        "perceptron-algorithms", load=0.6, distance=0.05, size=501, samples=8, seed=1
    )
    mean = found["local_sum"].values.sum() / found["counted"].values.sum()
    typical = float(replicon.solve("perceptron-landscape", load=0.6, distance=0.05)["entropy"])
    assert found["counted"].values.all()
    assert mean > typical + 0.04


def test_annealing_is_stuck_where_message_passing_is_not():
    methods = ["focusing-bp", "reinforced-amp", "sbpi", "simulated-annealing"]
    out = replicon.simulate(
        "perceptron-algorithms", load=0.65, method=methods, size=501, samples=6, seed=2
    )
    assert out["solved"].mean("sample").values.tolist() == [1, 1, 1, 0]


def test_algorithms_race_on_the_same_instances():
    """Whether a method is asked for alone or with others: the same instances, which the unseen
    patterns betray.
    """
    race = replicon.simulate(
        "perceptron-algorithms",
        method=["sbpi", "focusing-bp"],
        load=0.3,
        size=101,
        samples=3,
        seed=7,
    )
    alone = replicon.simulate(
        "perceptron-algorithms",
        method="focusing-bp",
        passes=4000,
        load=0.3,
        size=101,
        samples=3,
        seed=7,
    )
    assert (race["test_error"].values[1] == alone["test_error"].values).all()
    assert set(race["test_error"].values[0]) != set(race["test_error"].values[1])


def test_bad_patterns_and_settings_are_refused_with_a_sentence():
    x = patterns(5, 10, 0)
    for call, match in (
        (lambda: search.find_weights(x, method="sbpi"), "odd number of weights"),
        (lambda: search.find_weights(x, method="bp"), "Methods: belief-propagation"),
        (lambda: search.find_weights(x * np.nan), "patterns holds nan"),
        (lambda: search.find_weights(x[0]), "patterns has shape"),
        (lambda: search.find_weights(1j * x), "complex"),
        (lambda: search.find_weights(x, passes=0), "passes must be"),
        (lambda: search.find_weights(x, passes=True), "passes must be"),
        (lambda: search.find_weights(x, passes=10**400), "passes must be"),
        (lambda: search.find_weights(x, method=None), "Unknown method None"),
        (lambda: search.find_weights(x, seed=None), "seed must be"),
        (lambda: search.find_weights(x, seed=-1), "seed must be"),
        (lambda: search.find_weights([["a"]]), "patterns holds entries"),
        (lambda: search.count_solutions(x, iterations=0), "iterations must be"),
        (lambda: search.count_solutions(x, approximate="yes"), "give True"),
        (lambda: search.count_solutions(x, seed=1.5), "seed must be"),
        (lambda: search.count_solutions(np.zeros((0, 5))), "patterns has shape"),
        (lambda: search.local_entropy(x, np.ones(10), 0.7), "distance must be"),
        (lambda: search.local_entropy(x, np.ones(10), np.nan), "distance must be"),
        (lambda: search.local_entropy(x, np.ones(9), 0.1), "weights has shape"),
        (lambda: search.local_entropy(x, 2 * np.ones(10), 0.1), "weights holds 2"),
        (lambda: search.count_near(x, np.ones(10), 4), "furthest must be"),
        (lambda: search.count_near(x, np.ones(10), True), "furthest must be"),
        (lambda: search.count_near(x, np.zeros(10)), "weights holds 0"),
        (
            lambda: replicon.simulate("perceptron-algorithms", method="max-sum", size=10),
            "give an odd size",
        ),
        (
            lambda: replicon.simulate("perceptron-algorithms", method="enumeration", size=30),
            "give size <= 25",
        ),
        (
            lambda: replicon.simulate(
                "perceptron-algorithms", data="digits-3-8", load=2.0, size=401
            ),
            "more than digits-3-8 holds",
        ),
        (
            lambda: replicon.simulate(
                "perceptron", method="belief-propagation", margin=0.5, size=100
            ),
            "take method=amp",
        ),
        (
            lambda: replicon.simulate("perceptron-teacher", weights="spherical", size=20),
            "simulate with method=amp",
        ),
    ):
        with pytest.raises(replicon.InputError, match=match):
            call()


def test_digits_are_learned_and_generalise():
    out = replicon.simulate(
        "perceptron-algorithms", data="digits-0-1", method="sbpi", load=0.6, size=201, samples=5
    )
    assert out["solved"].values.all()
    assert out["test_error"].values.mean() < 0.03
    assert out["local_sum"].values.min() > 0.1
