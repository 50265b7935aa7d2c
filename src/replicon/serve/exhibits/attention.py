"""The networks of the exhibit of in-context learning: linear attention, drawn and trained again and
again, and a softmax transformer in training.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np
from threadpoolctl import ThreadpoolController

from replicon import _seed
from replicon._declare import controls_tuple, resolve
from replicon._domains import check_argument, check_seed
from replicon._errors import InputError
from replicon.attention.finite import counts
from replicon.attention.prompts import draw_tasks, power_law
from replicon.serve.asked import Offer
from replicon.serve.exhibits.attention_theory import SHOWN, STEPS, check_names
from replicon.serve.networks import Mean, Network, View, check_live_size, told_of
from replicon.study import ask
from replicon.study.process import streams

# Half a second of drawing and training on one core, in the unit of `_check_work`.
_MOST_WORK = 2e7
_ENOUGH = 4096  # samples, of which the error is a 64th of the spread
_BLOCK = 64  # random streams made at once
_EXAMPLES = 200  # of a prompt that are shown
_MOST_TOKENS = 256  # of a prompt of the transformer
_APART = 1.3  # steps between two tests of the transformer, as a factor


class Reading(NamedTuple):
    """A prompt of one task w and what the machine makes of it, along the direction of w: `points`
    (l, 2), an example's component along w (of variance 1) and its label; `true`, the slope of the
    labels; `slope`, that of the machine's answers; `spread`, their standard deviation about it, for
    queries that are random across w.
    """

    points: np.ndarray
    true: float
    slope: float
    spread: float

    @property
    def error(self) -> float:
        """Mean square error of the answers to random queries of this prompt, without noise."""
        return (self.true - self.slope) ** 2 + self.spread**2


class Normals(NamedTuple):
    """What a prompt is made of: standard normal numbers, `along` (l,), `across` (l, d), `noise`
    (l,), and `task` (d,) of a new task.
    """

    along: np.ndarray
    across: np.ndarray
    noise: np.ndarray
    task: np.ndarray


def read_prompt(weights: np.ndarray, task: np.ndarray, normals: Normals, noise: float) -> Reading:
    """The examples of a prompt, x ~ N(0, I/d) and y = w.x + eps, and the answers x Gamma h of
    weights (d, d), with h = (d/l) sum_i y_i x_i.
    """
    d = len(task)
    norm = float(np.linalg.norm(task))
    unit = task / norm
    across = normals.across - (normals.across @ unit)[:, None] * unit
    x = (normals.along[:, None] * unit + across) / math.sqrt(d)
    y = x @ task + math.sqrt(noise) * normals.noise
    h = d / len(x) * (y @ x)
    answer = weights @ h  # answers are x.answer
    slope = float(unit @ answer)
    off = float(np.linalg.norm(answer - slope * unit))
    root = math.sqrt(d)
    points = np.column_stack([normals.along, y])
    return Reading(points, norm / root, slope / root, off / root)


class Samples:
    """Linear attention: every step draws tasks and prompts and trains the weights. Step i is sample
    i of `simulate`, to the bit. What is measured gathers until a control is changed.

    Actions: `prompt`, another prompt.
    """

    def __init__(self, offer: Offer, *, controls: Any, size: Any, seed: Any = 0):
        self.offer = offer
        self.model = offer.model("attention")
        check_names(controls, SHOWN)
        check_live_size(self.model, size)
        self.size = int(size)
        self.seed = check_seed(seed)
        self.steps = 0
        self.prompt = 0
        self.threads = ThreadpoolController()
        self._put(controls)

    def _put(self, given: Mapping[str, Any]) -> None:
        controls = self.offer.controls(self.model, given, "simulation")
        ask.check_size(self.model, controls, self.size)
        _check_work(controls, self.size)
        self.given = dict(given)
        self.controls = controls
        self.begin()

    def begin(self) -> None:
        """Forget what was gathered: the first sample comes next."""
        self.rows: list[dict[str, float]] = []
        self.streams: list[np.random.SeedSequence] = []
        self.weights = np.zeros((self.size, self.size))
        self.total = np.zeros((self.size, self.size))
        self.known = np.zeros(self.size)
        self._draw_normals()

    def _draw_normals(self) -> None:
        """Random numbers of the prompts that are shown; the samples' own are not touched."""
        length = round(self.controls["context"] * self.size)
        rng = np.random.default_rng([self.seed, self.prompt])
        self.normals = tuple(
            Normals(
                along=rng.standard_normal(length),
                across=rng.standard_normal((length, self.size)),
                noise=rng.standard_normal(length),
                task=rng.standard_normal(self.size),
            )
            for _ in range(2)
        )

    @property
    def done(self) -> bool:
        return len(self.rows) >= _ENOUGH

    def step(self, count: int) -> None:
        """So many samples."""
        for _ in range(count):
            if self.done:
                return
            self._draw()
            self.steps += 1

    def _draw(self) -> None:
        index = len(self.rows)
        if index >= len(self.streams):
            made = index + _BLOCK
            self.streams = streams(self.model, self.controls, self.size, made, self.seed)
        stream = self.streams[index]
        given = controls_tuple(tuple(self.controls), tuple(self.controls.values()))
        # One thread, as in `simulate`: sums, and so bits, depend on how many there are.
        with self.threads.limit(limits=1, user_api="blas"):
            drawn = resolve(self.model.sample)(given, self.size, _seed.generator(stream))
        self.weights = drawn["weights"].reshape(self.size, self.size)
        self.total += self.weights
        names = {o.name for o in self.model.scalars} & set(drawn)
        self.rows.append({name: float(drawn[name]) for name in names})
        self.known = first_task(given, self.size, stream)

    def set(self, name: str, value: Any) -> None:
        """Change any control: what was gathered belongs to the old one."""
        check_names({name: value}, SHOWN)
        self._put({**self.given, name: value})

    def act(self, name: str, **arguments: Any) -> None:
        """An action, of which there is one: `prompt`, another prompt for the same weights."""
        if name != "prompt" or arguments:
            raise InputError(f"There is no action '{name}' here: give 'prompt', another prompt.")
        self.prompt += 1
        self._draw_normals()

    def readings(self) -> tuple[Reading, Reading]:
        """A prompt of a new task and one of a task of pre-training."""
        new, known = self.normals
        noise = self.controls["noise"]
        return (
            read_prompt(self.weights, new.task, new, noise),
            read_prompt(self.weights, self.known, known, noise),
        )

    def view(self) -> View:
        """`weights` and `mean_weights` (d, d); `new` and `known` (l, 2), points of two prompts, and
        `answers` (2, 3), of each the true slope, the machine's, and its spread.
        """
        if not self.rows:
            return {}
        readings = self.readings()
        answers = np.array([[one.true, one.slope, one.spread] for one in readings])
        return {
            "weights": ("weights", self.weights),
            "mean_weights": ("weights", self.total / len(self.rows)),
            "new": ("points", readings[0].points[:_EXAMPLES]),
            "known": ("points", readings[1].points[:_EXAMPLES]),
            "answers": ("points", answers),
        }

    def told(self) -> dict[str, Any]:
        """What is known from the start."""
        return {**told_of(self.model, self.controls, self.size, self.seed), "burn": 0}

    def measured(self) -> dict[str, dict[str, Any]]:
        """{observable: `Mean`} over the samples so far, which are independent; `samples`, how many
        there are, beside them.
        """
        count = len(self.rows)
        out = {}
        for name in sorted(self.rows[0]) if self.rows else ():
            values = np.array([row[name] for row in self.rows])
            error = values.std(ddof=1) / math.sqrt(count) if count > 1 else math.nan
            out[name] = Mean(values[-1], values.mean(), error, math.nan)._asdict()
        out["samples"] = Mean(count, count, math.nan, math.nan)._asdict()
        return out


def first_task(controls: Any, size: int, stream: np.random.SeedSequence) -> np.ndarray:
    """The first task of pre-training (d,) of a sample: what its generator draws first."""
    _, count, _ = counts(controls, size)
    covariance = power_law(size, controls.task_decay)
    return draw_tasks(_seed.generator(stream), count, covariance)[0]


def _check_work(controls: Mapping[str, Any], size: int) -> None:
    """InputError for a network that would be too dear to train while somebody watches."""
    length, count, n = counts(controls_tuple(tuple(controls), tuple(controls.values())), size)
    # Numbers that are drawn, and products of the d^2 weights' couplings, a hundred of which cost
    # as much.
    work = n * (length + size) + count * size + n * size**4 / 100
    if work > _MOST_WORK:
        raise InputError(
            f"size = {size} with {n} prompts of {length} examples is too much to train while you"
            " watch: give a smaller size or fewer prompts; `replicon simulate` has no such limit."
        )


class Learner(Network):
    """A softmax transformer in training, tested on new prompts at steps 1, 2, 3, ... that are about
    1.3 times apart, since a test costs as much as many steps.
    """

    def __init__(self, offer: Offer, *, controls: Any, size: Any, seed: Any = 0):
        names = ("context", "diversity", "noise", "steps")
        check_names(controls, names)
        model = offer.model("softmax-transformer")
        at = offer.controls(model, controls, "simulation")
        check_live_size(model, size)
        self.last = check_argument("steps", at["steps"], STEPS, "steps of pre-training")
        if at["context"] * size > _MOST_TOKENS:
            raise InputError(
                f"context = {at['context']:g} at this size makes prompts of more than"
                f" {_MOST_TOKENS} examples: give fewer, or a smaller size."
            )
        self.tests: list[tuple[int, float, float]] = []
        self.tested: dict[str, float] = {}
        super().__init__(offer, model=model.name, controls=controls, size=size, seed=seed)
        self._compile(at)

    def _compile(self, at: Mapping[str, Any]) -> None:
        """Training, test and view are compiled here, while the page is told to wait, on a network
        that is thrown away: the real one begins at step 0.
        """
        first = ask.start(self.model, size=self.process.size, seed=self.process.seed, **at)
        first.step(1)
        first.measure()
        first.view()

    def step(self, count: int) -> None:
        """So many steps, but none beyond a test, which ends the call: it is dear, and a page waits
        for its next picture.
        """
        if self.done:
            return
        end = min(self.steps + count, self.last, self._next())
        super().step(end - self.steps)
        if self.steps == self._next() or self.done:
            self.tested = self.process.measure()
            new, old = (float(self.tested[name]) for name in ("icl_error", "idg_error"))
            self.tests.append((self.steps, new, old))

    def _next(self) -> int:
        """The step of the next test."""
        last = self.tests[-1][0] if self.tests else 0
        return max(last + 1, math.ceil(last * _APART))

    def view(self) -> View:
        """The declared views, and `tests` (tests, 3): steps made, errors on new and old tasks."""
        tests = np.array(self.tests).reshape(-1, 3)
        return {**super().view(), "tests": ("points", tests)}

    def measured(self) -> dict[str, dict[str, Any]]:
        """The last test."""
        nan = math.nan
        return {name: Mean(x, x, nan, nan)._asdict() for name, x in self.tested.items()}


NETWORKS: dict[str, Callable] = {"attention.samples": Samples, "attention.learner": Learner}
