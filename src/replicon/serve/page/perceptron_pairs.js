// Pairs of solutions at every distance, or the solutions around a random configuration: lines of
// theory, and small instances counted at all distances at once.

import {el, shownNumber} from "./el.js";
import {toQuery} from "./lab_state.js";
import {Meeting} from "./meeting.js";
import {CountedTab, interpolated} from "./perceptron_parts.js";
import {HELD} from "./perceptron_pair_lines.js";
import {pairsFormula, pairsSteps, Two} from "./perceptron_pair_parts.js";
import {still} from "./screen.js";
import {say} from "./words.js";

const PAIRS = "perceptron:pairs";
const LINES = "perceptron:pair-lines";
const LOADS = [0.3, 0.8];
const SIZES = [8, 21];
const SPEEDS = [0.5, 1, 2, 5];
const NEAREST = 2e-4; // distance at which the map of small distances begins
const NEAR = 0.2; // and ends
const TYPICAL = 0.5; // of the instances, from which their mean is shown
const CELLS = 240; // of the band without pairs
const KEYS = ["pair_entropy", "relative_entropy", "annealed"];

export class Pairs extends CountedTab {
  constructor(places, models, reference) {
    super(places, models, "perceptron-pairs");
    this.reference = reference;
    this.random = reference === "random";
    this.size = 20;
    this.seed = 0;
    this.patterns = 10;
    this.distance = 0.3;
    this.near = false;
    this.meet();
    this.map();
    this.right();
    this.end({
      steps: pairsSteps(this),
      papers: () => say("Papers: Huang, Wong & Kabashima, J. Phys. A 46, 375002 (2013); Huang & " +
        "Kabashima, Phys. Rev. E 90, 052813 (2014)."),
      told: () => ({controls: {load: this.load, distance: this.distance, reference},
        branch: "replica-symmetric", size: this.size, seed: this.seed,
        sweep: {name: "distance", low: 0.05, high: 0.8, count: 16, shown: "pair_entropy"}}),
      address: () => toQuery({model: "perceptron-pairs", x: "distance", y: ":pair_entropy",
        size: this.size, seed: this.seed, branches: ["replica-symmetric", "annealed"],
        controls: {load: this.load, distance: this.distance, reference}}),
    });
    this.slots(LINES);
    this.theory("drag");
    this.begin();
  }

  get flips() {
    return Math.min(this.size - 1, Math.max(1, Math.round(this.distance * this.size)));
  }

  // ---- theory

  map() {
    this.chart = this.addChart(this.places.left, () => (this.random
      ? say("Entropy of the solutions at a distance from a random configuration")
      : say("Entropy of pairs of solutions at a distance")), {axes: {
      x: {low: 0, high: 1, label: () => say("distance d (share of weights that differ)")},
      y: {low: -0.1, high: 1, label: () => say("entropy per weight")}},
    handle: {x: this.distance, label: () => say("distance of the pair"),
      moved: (at, phase) => this.drag(at, phase)}});
    this.which = el("p", {class: "note", "aria-live": "polite"});
    if (!this.random) {
      this.zoomed = el("button", {type: "button", onclick: () => this.zoom(!this.near),
        text: () => (this.near ? say("All distances") : say("Small distances"))});
      this.places.left.append(el("div", {class: "row-of"}, this.zoomed));
    }
    this.places.left.append(this.which);
    this.light = pairsFormula(this.places.formula, this.random);
  }

  theory(phase) {
    const {reference} = this;
    const lines = HELD[reference].map((line) => ({...line, distance: HELD.distance}));
    this.nearest(lines, phase, {slot: LINES, question: "perceptron.pairs", asked: {reference}});
  }

  redraw() {
    const {chart, line} = this;
    chart.axes.x.step = this.near ? null : 1 / this.size; // a flip
    const numbers = (values) => values.map((value) => (value === null ? NaN : value));
    const highest = Math.max(...numbers(line.annealed).filter(Number.isFinite));
    chart.axes.y = {...chart.axes.y, low: this.near ? -0.25 * line.typical : -0.15 * highest,
      high: this.near ? 2.6 * line.typical : 1.15 * highest};
    const at = numbers(line.replica);
    chart.curves = [
      {x: line.distance, y: numbers(line.annealed), colour: "grey", stable: line.annealed.map(
        (value) => (value < 0 ? 0 : 1)), label: () => say("the mean number (annealed)")},
      {x: line.distance, y: at, colour: "blue", stable: at.map((value) => (value < 0 ? 0 : 1)),
        label: () => say("the typical number")},
      ...(this.now ? [this.now] : []),
    ];
    this.marks();
    chart.ringHeight = interpolated(line.distance, line.replica, this.distance);
    chart.later();
    this.which.textContent = this.random ? this.said() : `${this.said()} ${this.gap()}`;
    this.meetTheory();
  }

  // Where there are none: the axis of zero, the ends, and the band of a gap.
  marks() {
    const {chart, line} = this;
    const begin = line["gap-begin"];
    const end = line["gap-end"];
    const edge = (x, label) => ({x, y: null, colour: "wine", label});
    const known = (x) => x !== null && x !== undefined && Number.isFinite(x);
    chart.marks = [{x: null, y: 0, colour: "quiet"}];
    if (!this.random) {
      chart.marks.push({x: null, y: line.typical, colour: "green",
        label: this.near ? () => say("one solution") : null});
    }
    if (known(line.diameter) && !this.near) {
      chart.marks.push(edge(line.diameter, () => say("none farther")));
    }
    if (known(line.shell)) {
      chart.marks.push(edge(line.shell, () => say("none nearer")),
        edge(1 - line.shell, () => say("none farther")));
    }
    chart.regions = null;
    if (!known(begin) || !known(end)) return;
    if (!this.near) {
      chart.marks.push(edge(Math.sqrt(begin * end), () => say("gap")));
      return;
    }
    const x = Array.from({length: CELLS}, (_, i) => NEAREST * (NEAR / NEAREST) ** (i / (CELLS - 1)));
    const inside = x.map((d) => (d > begin && d < end ? 0 : -1));
    const {low, high} = chart.axes.y;
    chart.regions = {x, y: [low, (low + high) / 2, high], rules: [...inside, ...inside, ...inside],
      colours: ["wine"], names: [() => say("no pairs")]};
  }

  gap() {
    const [begin, end] = [this.line["gap-begin"], this.line["gap-end"]];
    return begin && end ? say("No pairs between d = {begin} and {end}: a gap.",
      {begin: shownNumber(begin, 2), end: shownNumber(end, 2)})
      : say("No gap: it opens at load {load}.", {load: shownNumber(HELD.opening, 4)});
  }

  zoom(near) {
    if (this.random) return;
    this.near = near;
    const x = this.chart.axes.x;
    Object.assign(x, near ? {low: NEAREST, high: NEAR, log: true} : {low: 0, high: 1, log: false});
    this.zoomed.textContent = near ? say("All distances") : say("Small distances");
    this.to(near ? 0.05 : 0.3);
  }

  drag(at, phase) {
    this.distance = this.near ? at.x : Number((Math.min(this.size - 1, Math.max(1,
      Math.round(at.x * this.size))) / this.size).toPrecision(4));
    this.redraw();
    this.meetNetwork();
    if (phase !== "release") return;
    this.chart.handle.x = this.distance;
    this.networks[PAIRS].act("flips", {count: this.flips});
    this.chosen();
  }

  to(distance, load) {
    if (load) this.toLoad(load, "release");
    this.chart.handle.x = distance;
    this.drag({x: distance}, "release");
  }

  // ---- network

  right() {
    const {right} = this.places;
    this.pairWords = el("div", {class: "caption", text: () => this.pairTold()});
    right.append(this.pairWords);
    this.two = this.board(new Two(right, () => say("A pair at the distance"), {ratio: 0,
      least: 110}));
    right.append(el("p", {class: "quiet", text: () => say("A square is a weight: orange +1, blue " +
      "−1; red lines join those that differ.")}));
    this.counted = el("p", {});
    right.append(this.counted, el("p", {class: "quiet", text: () => say("All 2^N weights of each " +
      "instance are tried. Thin line: this instance; filled dots: mean of the logarithm, where at " +
        "least half of the instances have any; hollow dots: logarithm of the mean.")}));
    this.instances(PAIRS, {sizes: SIZES, speeds: SPEEDS, speed: 3, typical: LOADS, loads: LOADS});
  }

  pairTold() {
    const values = {flips: this.shownFlips ?? this.flips, size: this.size};
    if (this.found === false) {
      return say("None met {flips} of {size} weights apart in this instance.", values);
    }
    return this.random
      ? say("A random configuration and a solution, {flips} of {size} weights apart", values)
      : say("Two solutions, {flips} of {size} weights apart", values);
  }

  renew(part) {
    Object.assign(this, part);
    this.slider.put(this.load);
    this.theory("release");
    this.begin();
    this.to(this.distance);
  }

  begin(playing = !still()) {
    this.arrays = null;
    this.now = null;
    this.networks[PAIRS].start("perceptron.pairs", {load: this.load, size: this.size,
      seed: this.seed, reference: this.reference, flips: this.flips},
    {playing, speed: this.controls.speedNow()});
    this.chosen();
  }

  frame(header, arrays) {
    const columns = this.size + 1;
    if (arrays.mean.shape[0] !== columns) return;
    this.arrays = arrays;
    this.found = arrays.pair.shape[0] > 0;
    this.shownFlips = this.flips;
    this.two.show(this.found ? arrays.pair.data : [], this.size);
    this.pairWords.textContent = this.pairTold();
    const [instances, solutions] = arrays.count.data;
    this.counted.textContent = say("Instance {count}: {solutions} solutions.",
      {count: instances, solutions});
    const dots = [];
    for (let k = 1; k < this.size; k++) {
      const at = (name) => arrays[name].data[k];
      dots.push({x: k / this.size, y: at("annealed"), colour: "grey", size: 3.5, hollow: true});
      if (at("there") < TYPICAL) continue;
      dots.push({x: k / this.size, y: at("mean"), error: at("error"), colour: "blue", size: 3.5});
    }
    this.chart.dots = dots;
    this.now = {x: Array.from({length: columns}, (_, k) => k / this.size), y: arrays.now.data,
      ghost: true};
    this.chart.curves = [...this.chart.curves.filter((curve) => !curve.ghost), this.now];
    this.chart.later();
    if (this.networks[PAIRS].asked.playing && header.rate) this.controls.rate(header.rate);
    this.meetNetwork();
  }

  // ---- where they meet

  meet() {
    const of = (name) => this.model.observables.find((o) => o.name === name);
    const [entropy, relative] = [of("pair_entropy"), of("relative_entropy")];
    const symbol = this.random ? "s" : "s_2";
    const items = [{...entropy, symbol, low: 0, high: 0.3}, {...relative, low: -0.2, high: 0},
      {...entropy, name: "annealed", symbol: `${symbol[0]}_ann`, low: 0, high: 0.3}];
    this.meeting = new Meeting(this.places.meeting, this.model, items);
    this.ends.push(() => this.meeting.close());
    this.meeting.because(() => say("Finite size: N = {size}. The whole curve of an instance lies " +
      "as high as it has solutions; e, from which that is taken, meets the theory sooner.",
    {size: this.size}));
  }

  meetTheory() {
    const {line} = this;
    const value = interpolated(line.distance, line.replica, this.distance);
    this.meeting.theory({
      pair_entropy: value,
      relative_entropy: value === null ? null : value - (this.random ? 1 : 2) * line.typical,
      annealed: interpolated(line.distance, line.annealed, this.distance),
    });
  }

  // A distance of less than half a flip has no instance.
  meetNetwork() {
    if (!this.arrays || this.distance * this.size < 0.5) {
      this.meeting.network(null);
      return;
    }
    const measured = {};
    ["mean", "relative", "annealed"].forEach((name, i) => {
      const mean = this.arrays[name].data[this.flips];
      const error = this.arrays[name === "mean" ? "error" : `${name}_error`].data[this.flips];
      measured[KEYS[i]] = Number.isFinite(mean)
        ? {now: mean, mean, error: Number.isFinite(error) ? error : null} : null;
    });
    this.meeting.network(measured);
  }
}
