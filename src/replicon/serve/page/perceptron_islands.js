// What lies around one solution: entropies at a distance, and the solutions of small instances
// counted ring by ring.

import {Board, colour} from "./board.js";
import {el, shownNumber} from "./el.js";
import {formula, frac, id, row, sub, term} from "./formula.js";
import {toQuery} from "./lab_state.js";
import {Meeting} from "./meeting.js";
import {HELD} from "./perceptron_lines.js";
import {Pairs} from "./perceptron_pairs.js";
import {CountedTab, interpolated} from "./perceptron_parts.js";
import {still} from "./screen.js";
import {say} from "./words.js";

const ISLANDS = "perceptron:islands";
const LINES = "perceptron:around";
const SHADES = ["blue", "orange", "green"]; // typical, found by an algorithm, densest
const LOADS = [0.3, 0.82];
const SPEEDS = [0.5, 1, 2, 5, 20];
const RINGS = 8; // that are drawn around a solution
const MOST = 90; // dots of a ring

const NAMES = [() => say("around a typical solution"), () => say("around one that an algorithm " +
  "found"),
  () => say("around the densest")];
const KEYS = ["around a typical solution", "around one that an algorithm found",
  "around the densest"];

// Solutions around one in the middle: a ring a flip, a dot a solution, empty rings in warm colour.
class Rings extends Board {
  show(counts, shade) {
    this.counts = counts;
    this.shade = shade;
    this.later();
  }

  draw() {
    if (!this.counts) return;
    const {pen} = this;
    const [x, y] = [this.width / 2, this.height / 2];
    const step = (Math.min(x, y) - 6) / RINGS;
    pen.font = "11px system-ui, sans-serif";
    for (let k = RINGS; k >= 1; k--) this.ring(x, y, k, step);
    pen.fillStyle = colour("ink");
    pen.beginPath();
    pen.arc(x, y, 5, 0, 2 * Math.PI);
    pen.fill();
  }

  ring(x, y, k, step) {
    const {pen} = this;
    const count = this.counts[k];
    const empty = count === 0;
    pen.strokeStyle = colour(empty ? "wine" : "line");
    pen.lineWidth = empty ? 1.5 : 1;
    pen.setLineDash(empty ? [4, 4] : []);
    pen.beginPath();
    pen.arc(x, y, k * step, 0, 2 * Math.PI);
    pen.stroke();
    pen.setLineDash([]);
    pen.fillStyle = colour(this.shade);
    const shown = Math.min(MOST, count);
    for (let i = 0; i < shown; i++) {
      const angle = 2 * Math.PI * ((i + 0.5) / shown + 0.382 * k);
      pen.beginPath();
      pen.arc(x + k * step * Math.cos(angle), y + k * step * Math.sin(angle), 2.2, 0, 2 * Math.PI);
      pen.fill();
    }
  }
}

const VIEWS = [
  ["solution", () => say("Around one solution"), () => say("Stand on one solution and look " +
    "around: is the next one a flip away, or far across the sea?")],
  ["pairs", () => say("Pairs of solutions"), () => say("Take any two solutions: how far apart do " +
    "they lie, and are there distances at which no two lie at all?")],
  ["random", () => say("Around a random configuration"), () => say("Stand anywhere, on no " +
    "solution: how far is it to the nearest, and where are all the others?")],
];

const viewOf = (query) => VIEWS.find(([name]) => name === query.get("around")) || VIEWS[0];

export const islandsQuestion = (query) => viewOf(query)[2]();

// Three views of the same space of solutions, the first where none is asked for.
export function islandsTab(places, {models, query}) {
  const [chosen] = viewOf(query);
  places.tabs.after(el("div", {class: "row-of tabs"}, VIEWS.map(([name, text]) =>
    el("button", {type: "button", class: name === chosen ? "chosen" : "", text,
      "aria-pressed": String(name === chosen),
      onclick: () => (location.hash = `#/perceptron?tab=islands&around=${name}`)}))));
  if (chosen === "solution") return new Islands(places, models);
  return new Pairs(places, models, chosen === "pairs" ? "solution-pair" : "random");
}

class Islands extends CountedTab {
  constructor(places, models) {
    super(places, models, "perceptron-landscape");
    this.size = 21;
    this.seed = 0;
    this.patterns = 14;
    this.flips = 1;
    this.line = null;
    this.meet();
    this.map();
    this.right();
    this.end({
      steps: this.steps(),
      papers: () => say("Review: H. Huang, Physics thoughts in neural network theory (2024), the " +
        "chapter on the perceptron. Papers: Huang, Wong & Kabashima, J. Phys. A 46, 375002 " +
          "(2013); Huang & Kabashima, Phys. Rev. E 90, 052813 (2014); Baldassi et al., Phys. " +
            "Rev. Lett. 115, 128101 (2015)."),
      told: () => ({controls: {load: this.load, distance: this.distance}, seed: this.seed,
        sweep: {name: "distance", low: 0.01, high: 0.5, count: 25, shown: "entropy"}}),
      address: () => toQuery({model: "perceptron-landscape", x: "distance", y: ":entropy",
        controls: {load: this.load, distance: this.distance}}),
    });
    this.slots(LINES);
    this.theory("drag");
    this.begin();
  }

  get distance() {
    return Number((this.flips / this.size).toPrecision(4));
  }

  // ---- theory

  map() {
    this.map_ = this.addChart(this.places.left,
      () => say("Entropy of the solutions at a distance from one of them"), {axes: {
        x: {low: 0, high: 0.52, label: () => say("distance d (share of weights that differ)")},
        y: {low: -0.06, high: 0.72, label: () => say("entropy per weight")}},
      handle: {x: this.distance, label: () => say("distance from the solution"),
        moved: (at, phase) => this.drag(at, phase)}});
    this.which = el("p", {class: "note", "aria-live": "polite"});
    this.places.left.append(this.which);
    const star = () => el("m:msup", {}, id("w"), el("m:mo", {}, "∗"));
    const fence = (sign) => el("m:mo", {stretchy: "false"}, sign);
    this.light = formula(this.places.formula, row("V", fence("("), "d", fence(")"), "=",
      frac("1", "N"), fence("⟨"),
      term("ln", row(id("ln"), "𝒩", fence("("), "d", ",", star(), fence(")"))),
      sub(fence("⟩"), term("star", row(star(), id("typical"))))));
    this.light("star");
    this.places.formula.append(el("p", {class: "quiet", text: () => say("𝒩 is the number of " +
      "solutions that differ in dN weights from a solution w*: averaged over typical w* (blue), " +
        "or from the middle of the densest clusters (green); dashed where there is less than one " +
          "of them.")}));
  }

  theory(phase) {
    this.nearest(HELD.lines, phase, {slot: LINES, question: "perceptron.around"});
  }

  redraw() {
    const {line} = this;
    if (!line) return;
    const ds = Array.from({length: 53}, (_, i) => i / 100);
    const all = ds.map((d) => (d ? -d * Math.log(d) - (1 - d) * Math.log(1 - d) : 0));
    const numbers = (values) => values.map((value) => (value === null ? NaN : value));
    this.map_.curves = [
      {x: ds, y: all, colour: "quiet", dashed: true, label: () => say("all weight vectors")},
      {x: line.distance, y: numbers(line.typical), colour: "blue",
        stable: line.typical.map((value) => (value < 0 ? 0 : 1)), label: NAMES[0]},
      {x: line.dense_distance, y: line.dense, stable: line.there, colour: "green",
        label: NAMES[2]},
    ];
    this.map_.marks = [{x: null, y: 0, colour: "quiet"}];
    if (line.isolation) {
      this.map_.marks.push({x: line.isolation, y: null, colour: "wine",
        label: () => say("nobody nearer than {d}", {d: shownNumber(line.isolation, 2)})});
    }
    this.map_.ringHeight = interpolated(line.distance, line.typical, this.distance);
    this.map_.later();
    this.which.textContent = this.said();
    this.meetTheory();
  }

  drag(at, phase) {
    this.flips = Math.min(Math.floor(this.size / 2), Math.max(1, Math.round(at.x * this.size)));
    if (phase === "release") {
      this.map_.handle.x = this.distance;
      this.chosen();
    }
    this.redraw();
    this.meetNetwork();
  }

  // ---- network

  right() {
    const {right} = this.places;
    this.rings = NAMES.map((name) => {
      const box = el("div", {}, el("div", {class: "caption", text: name}));
      const board = this.board(new Rings(box, name, {ratio: 1, least: 90}));
      board.words = el("div", {class: "caption"});
      box.append(board.words);
      return {box, board};
    });
    right.append(el("div", {class: "panels rings"}, this.rings.map(({box}) => box)),
      el("p", {class: "quiet", text: () => say("A ring is one flip farther, a dot a solution (90 " +
        "at most); a red ring is empty.")}));
    this.isolated = el("p", {});
    right.append(this.isolated);
    this.instances(ISLANDS, {sizes: [11, 21], speeds: SPEEDS, speed: 1, typical: [1 / 3, 17 / 21],
      loads: LOADS});
  }

  renew(part) {
    Object.assign(this, part);
    this.slider.put(this.load);
    this.flips = Math.min(this.flips, Math.floor(this.size / 2));
    this.map_.handle.x = this.distance;
    this.theory("release");
    this.begin();
  }

  begin(playing = !still()) {
    this.entropies = null;
    this.networks[ISLANDS].start("perceptron.islands", {load: Math.min(LOADS[1], this.load),
      size: this.size, seed: this.seed}, {playing, speed: this.controls.speedNow()});
    this.chosen();
  }

  frame(header, {rings, entropies, errors}) {
    const columns = this.size + 1;
    if (rings.shape[1] !== columns) return;
    this.rings.forEach(({board}, i) => {
      const counts = rings.data.subarray(i * columns, (i + 1) * columns);
      const known = Number.isFinite(counts[1]);
      board.show(known ? counts : null, SHADES[i]);
      board.words.textContent = known
        ? say("one flip away: {one}, two: {two}", {one: counts[1], two: counts[2]})
        : say("The algorithm found none here.");
    });
    this.entropies = entropies.data;
    this.errors = errors.data;
    const dots = [];
    for (let i = 0; i < SHADES.length; i++) {
      for (let k = 1; k <= this.size / 2; k++) {
        dots.push({x: k / this.size, y: entropies.data[i * columns + k],
          error: errors.data[i * columns + k], colour: SHADES[i], size: 3.5, hollow: i === 1});
      }
    }
    this.map_.dots = dots;
    this.map_.later();
    if (header.measured) {
      const {isolated, instances} = header.measured;
      this.isolated.textContent = say("{count} instances: {share} % of all their solutions have " +
        "no other one flip away.", {
        count: instances.now, share: shownNumber(100 * isolated.now, 2)});
      if (this.networks[ISLANDS].asked.playing) this.controls.rate(header.rate);
    }
    this.meetNetwork();
  }

  // ---- where they meet

  meet() {
    const entropy = this.model.observables.find((o) => o.name === "entropy");
    const items = KEYS.map((name, i) => ({...entropy, name, symbol: ["V", "V_a", "V_c"][i], low: 0,
      high: 0.3}));
    this.meeting = new Meeting(this.places.meeting, this.model, items);
    this.ends.push(() => this.meeting.close());
    this.meeting.because(() => say("Finite size: N = {size}, and only instances with at least " +
      "two solutions are counted; the theory is for infinitely many weights.", {size: this.size}));
  }

  meetTheory() {
    const {line} = this;
    this.meeting.theory({
      [KEYS[0]]: interpolated(line.distance, line.typical, this.distance),
      [KEYS[2]]: interpolated(line.dense_distance, line.dense, this.distance),
    });
  }

  meetNetwork() {
    if (!this.entropies) return;
    const columns = this.size + 1;
    const measured = {};
    KEYS.forEach((name, i) => {
      const [now, error] = [this.entropies, this.errors].map((all) =>
        all[i * columns + this.flips]);
      measured[name] = Number.isFinite(now)
        ? {now, mean: now, error: Number.isFinite(error) ? error : null} : null;
    });
    this.meeting.network(measured);
  }

  go(flips, load) {
    this.flips = flips;
    this.map_.handle.x = this.distance;
    if (load) this.toLoad(load, "release");
    this.redraw();
    this.meetNetwork();
  }

  steps() {
    return [
      {ask: () => say("Stand on a typical solution. How many others are one flip away?"),
        buttons: [[() => say("Look one flip away"), () => {
          this.light("star");
          this.go(1);
        }]],
        happened: () => say("The blue line is below zero at small distances: around a typical " +
          "solution of a large neuron there is nobody, it is an island. With 21 weights the sea " +
            "is narrower than one flip at most loads, and what one sees is a thinned first ring, " +
              "now and then an empty one.")},
      {ask: () => say("Now stand on a solution that an algorithm found. Is it lonely too?"),
        buttons: [[() => say("Two flips away"), () => {
          this.light("ln");
          this.go(2);
        }]],
        happened: () => say("No: it has about twice as many neighbours, nearly as many as the " +
          "most crowded solution there is. Algorithms do not draw solutions evenly; they end in " +
            "the dense clusters, which are too rare to be seen in the entropy of all solutions.")},
      {ask: () => say("More patterns: what becomes of sea and crowd?"),
        buttons: [[() => say("Load 0.33"), () => this.go(this.flips, 7 / 21)],
          [() => say("Load 0.81"), () => this.go(this.flips, 17 / 21)]],
        happened: () => say("The sea around a typical solution widens from a thousandth to a " +
          "tenth of the weights. The green line loses its steady rise at load 0.755: the dense " +
            "clusters break up there, and so do the algorithms that live in them (see the race).")},
    ];
  }
}
