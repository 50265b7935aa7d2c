// Five algorithms on the same patterns against the same clock.

import {clear, el, shownNumber} from "./el.js";
import {brackets, formula, frac, id, row, sum, sub, term} from "./formula.js";
import {toQuery} from "./lab_state.js";
import {Meeting} from "./meeting.js";
import {HELD} from "./perceptron_lines.js";
import {Tab} from "./perceptron_parts.js";
import {still} from "./screen.js";
import {say, told} from "./words.js";

const RACE = "perceptron:race";
const METHODS = ["focusing-bp", "reinforced-bp", "sbpi", "max-sum", "simulated-annealing"];
const SHADES = ["blue", "green", "orange", "pink", "grey"];
const CAPACITY = HELD.capacity;
const PASSES = 2000;
const LOADS = [0.3, 0.85];
const SPEEDS = [5, 20, 60, 120, 250];

export function raceTab(places, {models}) {
  return new Race(places, models);
}

class Race extends Tab {
  constructor(places, models) {
    super(places, models, "perceptron-algorithms");
    this.size = 501;
    this.seed = 0;
    this.load = 0.65;
    this.wins = [];
    this.meet();
    this.map();
    this.right();
    this.end({
      steps: this.steps(),
      papers: () => say("Review: H. Huang, Physics thoughts in neural network theory (2024), the " +
        "chapter on the perceptron. Papers: Braunstein & Zecchina, Phys. Rev. Lett. 96, 030201 " +
          "(2006), reinforced BP; Baldassi et al., PNAS 104, 11079 (2007), SBPI; PNAS 113, E7655 " +
            "(2016), focusing BP; Horner, Z. Phys. B 86, 291 (1992), annealing."),
      told: () => ({controls: {load: this.load, method: "focusing-bp", passes: PASSES},
        size: this.size, seed: this.seed}),
      address: () => toQuery({model: "perceptron-algorithms", size: this.size, seed: this.seed,
        controls: {load: this.load, method: "focusing-bp", passes: PASSES}}),
    });
    this.begin();
  }

  // ---- theory: where there are solutions

  map() {
    this.map_ = this.addChart(this.places.left,
      () => say("Share of instances that each algorithm solves, against load"), {axes: {
        x: {low: LOADS[0], high: 0.9, label: () => say("load α = P/N (patterns per weight)")},
        y: {low: -0.06, high: 1.12, label: () => say("share of instances solved")}},
      handle: {x: this.load, label: () => say("load of the race"),
        moved: (at, phase) => this.drag(at, phase)}});
    this.map_.ringHeight = 0.5; // between those that are solved and those that are not
    this.light = formula(this.places.formula, row(
      term("errors", row("e", "=", frac("1", "P"), sum("μ"), id("Θ"),
        brackets("−", sub("y", "μ"), term("field", row(sum("i"), sub("w", "i"), sub("x", "μi")))))),
      ",", sub("w", "i"), "=", "±", "1"));
    this.light("errors");
    this.places.formula.append(el("p", {class: "quiet", text: () => say("The share of patterns " +
      "in error; solved when it is zero. Two thousand reads of all patterns is what each " +
        "algorithm may spend.")}));
    this.redraw();
  }

  redraw() {
    this.map_.curves = [{x: [LOADS[0], CAPACITY, CAPACITY, 1], y: [1, 1, 0, 0], colour: "ink"},
      {x: [0.42], y: [1.0], colour: "ink", label: () => say("a solution exists (theory)")},
      {x: [0.72], y: [0.64], colour: "wine", label: () => say("dense clusters break up")}];
    this.map_.marks = [{x: this.load, y: null, colour: "quiet"},
      {x: HELD.cluster_limit, y: null, colour: "wine"}];
    this.map_.dots = this.wins.flatMap(({load, solved, raced}) => METHODS.map((_, i) => ({
      // Side by side where several are at the same place.
      x: load + 0.006 * (i - 2), y: solved[i] / raced[i],
      error: uncertainty(solved[i], raced[i]), colour: SHADES[i], size: 4})));
    this.map_.later();
    this.meetNow();
  }

  drag(at, phase) {
    const load = Number(Math.min(LOADS[1], Math.max(LOADS[0], at.x)).toFixed(2));
    if (load !== this.load) this.load = load;
    this.redraw();
    if (phase === "release") this.toLoad(load);
  }

  toLoad(load) {
    this.load = load;
    this.map_.handle.x = load;
    this.networks[RACE].act("load", {load});
    this.networks[RACE].asked.arguments.load = load;
    this.controls.playing(true);
    this.networks[RACE].play(true);
    this.redraw();
    this.chosen();
  }

  // ---- the race

  right() {
    const {right} = this.places;
    this.track = this.addChart(right, () => say("Errors of the five algorithms against passes"), {
      ratio: 0.62, axes: {
        x: {low: 4, high: PASSES, log: true, label: () => say("passes over the patterns")},
        y: {low: -0.02, high: 0.45, label: () => say("share of patterns in error")}}});
    this.legend = el("ul", {class: "racers"});
    right.append(this.legend);
    this.driven(RACE, {sizes: [101, 2001], speeds: SPEEDS, speed: 2,
      size: (size) => this.renew({size: size - 1 + (size % 2)})});
  }

  renew(part) {
    Object.assign(this, part);
    this.begin();
  }

  begin(playing = !still()) {
    this.wins = [];
    this.networks[RACE].start("perceptron.race", {load: this.load, size: this.size,
      seed: this.seed, passes: PASSES}, {playing, speed: this.controls.speedNow()});
    this.redraw();
    this.chosen();
  }

  frame(header, {times, errors, ended, solved}) {
    const columns = METHODS.length;
    this.track.curves = METHODS.map((method, i) => ({x: times.data, colour: SHADES[i],
      y: Float64Array.from(times.data, (_, t) => errors.data[t * columns + i])}));
    const last = times.data.length - 1;
    const lines = METHODS.map((method, i) => this.racer(method, i, {
      used: ended.data[i], solved: solved.data[i],
      now: last >= 0 ? errors.data[last * columns + i] : null}));
    this.track.dots = last < 0 ? [] : METHODS.map((_, i) => ({
      x: Number.isFinite(ended.data[i]) ? ended.data[i] : times.data[last],
      y: errors.data[last * columns + i], colour: SHADES[i], hollow: !solved.data[i], size: 5}));
    this.track.later();
    clear(this.legend).append(...lines);
    if (header.measured) {
      this.wins = header.measured.wins;
      if (this.networks[RACE].asked.playing) this.controls.rate(header.rate);
      this.redraw();
    }
  }

  racer(method, i, {used, solved, now}) {
    const passes = shownNumber(used, 4);
    const text = () => {
      if (solved) return say("solved after {passes} passes", {passes});
      if (Number.isFinite(used)) return say("gave up with {share} % wrong",
        {share: shownNumber(100 * now, 2)});
      return now === null ? "" : say("{share} % wrong", {share: shownNumber(100 * now, 2)});
    };
    return el("li", {class: `shade-${SHADES[i]}`}, el("b", {}, told(method)), ` ${text()}`);
  }

  // ---- where they meet

  meet() {
    const item = this.model.observables.find((o) => o.name === "solved");
    this.meeting = new Meeting(this.places.meeting, this.model,
      METHODS.map((name) => ({...item, name})));
    this.ends.push(() => this.meeting.close());
    this.meeting.because(() => say("Theory says that a solution exists, not that it can be " +
      "found: what lies between is the hardness of the search. The network has N = {size} weights.",
        {size: this.size}));
  }

  meetNow() {
    const there = this.load < CAPACITY ? 1 : 0;
    this.meeting.theory(Object.fromEntries(METHODS.map((name) => [name, there])), "ink");
    const here = this.wins.find((one) => Math.abs(one.load - this.load) < 1e-9);
    this.meeting.network(here ? Object.fromEntries(METHODS.map((name, i) => [name, {
      now: here.solved[i] / here.raced[i], mean: here.solved[i] / here.raced[i],
      error: uncertainty(here.solved[i], here.raced[i])}])) : null);
  }

  steps() {
    const to = (load) => [() => say("Race at {load}", {load}), () => this.toLoad(load)];
    return [
      {ask: () => say("Load 0.5: 501 weights have about 10⁶⁸ solutions. Who finds one?"),
        buttons: [to(0.5)],
        happened: () => say("All that pass messages do, within a few hundred passes; annealing, " +
          "which walks downhill one flip at a time, does not: nearly all solutions are islands, " +
            "and its way is held up in local minima with a few percent in error.")},
      {ask: () => say("Load 0.65: who falls behind?"), buttons: [to(0.65)],
        happened: () => say("Max-sum solves some instances only. The others still arrive: they " +
          "are drawn to dense clusters, where one solution has many others around it (see the " +
            "islands).")},
      {ask: () => say("Load 0.75, close to where the dense clusters break up: who is left?"),
        buttons: [to(0.75)],
        happened: () => say("Max-sum is out; the other three, which are drawn to crowds, still " +
          "solve about a third of the instances within what they may spend. A little beyond " +
            "0.755 they fail too, well before the solutions end at 0.833: in between there are " +
              "solutions that nobody finds.")},
    ];
  }

  close() {
    this.closed = true;
    super.close();
  }
}

// Standard error of a share, one instance added half solved, so that none and all have one too.
function uncertainty(solved, raced) {
  const share = (solved + 0.5) / (raced + 1);
  return Math.sqrt((share * (1 - share)) / raced);
}
