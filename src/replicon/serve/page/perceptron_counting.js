// Solutions of small perceptrons counted while patterns are added: entropy against load.

import {colour} from "./board.js";
import {clear, el, shownMean, shownNumber} from "./el.js";
import {brackets, formula, frac, id, root, row, sub, term} from "./formula.js";
import {toQuery} from "./lab_state.js";
import {Meeting} from "./meeting.js";
import {Panel} from "./panels.js";
import {HELD} from "./perceptron_lines.js";
import {interpolated, Tab} from "./perceptron_parts.js";
import {still} from "./screen.js";
import {ask} from "./wire.js";
import {say} from "./words.js";

const SIZES = [11, 15, 21, 25];
const SHADES = ["gold", "green", "orange", "pink"];
const SPAN = [0, 1.2]; // loads of the map
const LONGER = [0, 1.5]; // loads at which instances may still have solutions
const ENTROPY = [-0.22, 0.75];
const SPEEDS = [1, 2, 4, 10, 40, 150];
const FEW = 1500; // solutions from which each is a dot that can be seen
const FEWER = 300; // and from which a larger one
const KINDS = ["lines", "sizes"];
const COUNT = "perceptron:count";
const DEATHS = "perceptron:deaths";

const loadLabel = () => say("load α = P/N (patterns per weight)");

// Which first weights have solutions, a pixel each, as a strip.
class Sky extends Panel {
  draw() {
    super.draw();
    if (!this.few || this.few > FEW || !this.at) return;
    const columns = this.array.shape[1];
    const {left, scale} = this.at;
    const size = this.few <= FEWER ? 2.8 : 1.5;
    this.pen.fillStyle = colour("ink");
    this.array.data.forEach((value, i) => {
      if (!value) return;
      this.pen.beginPath();
      this.pen.arc(left + (i % columns + 0.5) * scale, (Math.floor(i / columns) + 0.5) * scale,
        size, 0, 2 * Math.PI);
      this.pen.fill();
    });
  }
}

export function countingTab(places, {models, query}) {
  return new Counting(places, models, query);
}

class Counting extends Tab {
  constructor(places, models, query) {
    super(places, models, "perceptron");
    const size = Math.round(Number(query.get("size")));
    this.size = size >= 5 && size <= 25 ? size : 21;
    this.seed = Math.abs(Math.round(Number(query.get("seed")))) || 0;
    this.patterns = 0;
    this.capacity = HELD.capacity;
    this.curve = null;
    this.measured = null;
    this.map();
    this.meet();
    this.right();
    this.end({
      steps: this.steps(),
      papers: () => say("Review: H. Huang, Physics thoughts in neural network theory (2024), the " +
        "chapter on the perceptron. Papers: Gardner, J. Phys. A 21, 257 (1988); Krauth & Mézard, " +
          "J. Physique 50, 3057 (1989); Krauth & Opper, J. Phys. A 22, L519 (1989), who " +
            "enumerated up to 25 weights."),
      told: () => ({controls: {load: this.load}, branch: "replica-symmetric", size: this.size,
        seed: this.seed, sweep: {name: "load", low: 0, high: 1, count: 21, shown: "entropy"}}),
      address: () => toQuery({model: "perceptron", x: "load", y: ":entropy", size: this.size,
        seed: this.seed, branches: ["replica-symmetric"], controls: {load: this.load}}),
    });
    this.slots("perceptron:curve", "perceptron:point");
    this.theory();
    this.begin();
  }

  get load() {
    return Number((this.patterns / this.size).toPrecision(4));
  }

  // ---- theory, on the left

  map() {
    this.map_ = this.addChart(this.places.left,
      () => say("Entropy of the solutions against load; the handle adds and removes patterns"), {
        axes: {
          x: {low: SPAN[0], high: SPAN[1], label: loadLabel},
          y: {low: ENTROPY[0], high: ENTROPY[1], label: () => say("entropy s = ln(solutions)/N")}},
        handle: {x: 0, label: () => say("load: patterns added"),
          moved: (at, phase) => this.drag(at, phase)},
      });
    this.coverButton = el("button", {type: "button", onclick: () => this.cover(),
      text: () => (this.map_.covered ? say("Lift the cover") : say("Predict first"))});
    this.places.left.append(el("div", {class: "row-of"}, this.coverButton));
    const hat = () => el("m:mover", {}, id("q"), el("m:mo", {}, "^"));
    const fence = (sign) => el("m:mo", {stretchy: "false"}, sign);
    const gauss = () => row("∫", id("D"), id("z"));
    this.light = formula(this.places.formula,
      row("s", brackets("α"), "=", sub(id("extr"), row("q", ",", hat())), fence("["), "−",
        frac(row(hat(), brackets("1", "−", "q")), "2")),
      row("+", term("ways", row(gauss(), id("ln"), "2", id("cosh"), brackets(root(hat()), "z")))),
      row("+", term("patterns", row("α", gauss(), id("ln"), "H",
        brackets("−", root(frac("q", row("1", "−", "q"))), "z"))), fence("]")));
    this.light("patterns");
    this.places.formula.append(el("p", {class: "quiet", text: () => say("First integral: the " +
      "freedom of the weights. Second: what each pattern takes away; H is the Gaussian tail, q " +
        "the overlap of two solutions.")}));
  }

  theory() {
    ask("perceptron:curve", "curve", {model: "perceptron", controls: {load: 0}, along: "load",
      span: SPAN, branch: "replica-symmetric"}, ({header, arrays}) => {
      if (header.trouble || this.closed) return;
      this.curve = {x: arrays.x.data, y: arrays.entropy.data, stable: arrays.stable.data};
      this.overlaps = arrays.overlap.data;
      this.redraw();
      this.read();
    });
    this.redraw();
  }

  // The theory at the handle, read off the curve while it moves.
  read() {
    if (!this.curve) return;
    const [entropy, overlap] = [this.curve.y, this.overlaps].map((ys) =>
      interpolated(this.curve.x, ys, this.load));
    this.meetTheory({entropy, overlap});
  }

  // The same to all digits, when it has come to rest.
  solve() {
    const asked = this.load;
    ask("perceptron:point", "point", {model: "perceptron", controls: {load: asked},
      branch: "replica-symmetric"}, ({header}) => {
      if (!header.trouble && !this.closed && this.load === asked) this.meetTheory(header.point);
    });
  }

  redraw() {
    const halves = {x: SPAN, y: SPAN.map((load) => Math.LN2 * (1 - load)), colour: "quiet",
      dashed: true};
    const known = this.curve ? [{...this.curve, colour: "blue"}] : [];
    // Names stand where the handle does not pass.
    this.map_.curves = [halves, ...known,
      {x: [0.2], y: [0.31], colour: "blue", label: () => say("typical instance")},
      {x: [0.86], y: [0.38], colour: "quiet",
        label: () => say("average number: half are left each time")}];
    this.map_.marks = [{x: null, y: 0, colour: "quiet"},
      {x: this.capacity, y: null, colour: "blue",
        label: () => say("capacity {value}", {value: shownNumber(this.capacity)})}];
    this.traceTheory = known;
    this.dot();
  }

  // What instances have on average at the handle.
  dot() {
    const now = this.measured && this.measured.entropy;
    const there = now && now.mean !== null;
    this.map_.dots = there ? [{x: this.load, y: now.mean, error: now.error, colour: "ink",
      hollow: !now.error}] : [];
    this.map_.ringHeight = this.curve ? interpolated(this.curve.x, this.curve.y, this.load) : null;
    this.map_.later();
  }

  cover() {
    const covered = !this.map_.covered;
    this.map_.covered = covered;
    if (covered) this.map_.guess = null;
    this.map_.ring.hidden = covered;
    this.coverButton.textContent = covered ? say("Lift the cover") : say("Predict first");
    this.places.meeting.hidden = covered;
    this.show("lines");
    if (covered) this.begin(false);
    else this.play(true);
    this.map_.later();
  }

  // ---- the network, on the right

  right() {
    const {right} = this.places;
    this.caption = el("p", {class: "caption"});
    right.append(this.caption);
    this.sky = this.board(new Sky(right,
      () => say("Which weights still get every pattern right"), {ratio: 0.25, least: 40}));
    const names = [() => say("Instances, one line each"), () =>
      say("Deaths at N = 11, 15, 21, 25")];
    this.kinds = KINDS.map((kind, i) =>
      el("button", {type: "button", text: names[i], onclick: () => this.show(kind)}));
    this.boxes = [el("div"), el("div", {hidden: true})];
    right.append(el("div", {class: "row-of"}, this.kinds), ...this.boxes);
    this.traces = this.addChart(this.boxes[0],
      () => say("Entropy of each instance while patterns are added"), {ratio: 0.5, axes: {
        x: {low: LONGER[0], high: LONGER[1], label: loadLabel},
        y: {low: -0.05, high: ENTROPY[1], label: () => say("ln(count)/N")}}});
    this.shares = this.addChart(this.boxes[1],
      () => say("Share of instances that still have a solution"), {ratio: 0.5, axes: {
        x: {low: LONGER[0], high: LONGER[1], label: loadLabel},
        y: {low: -0.05, high: 1.08, label: () => say("share with a solution")}}});
    this.tally = el("p", {class: "note"});
    this.boxes[1].append(this.tally);
    this.driven(COUNT, {sizes: [5, 25], speeds: SPEEDS, speed: 2,
      play: (playing) => this.play(playing)});
    this.show("lines");
  }

  renew(part) {
    Object.assign(this, part);
    this.begin();
  }

  begin(playing = !still()) {
    this.measured = null;
    this.patterns = 0;
    this.networks[COUNT].start("perceptron.count", {size: this.size, seed: this.seed},
      {playing, speed: this.controls.speedNow()});
    this.meeting.network(null);
    this.read();
    this.chosen();
  }

  play(playing) {
    this.networks[COUNT].play(playing);
    this.controls.playing(playing);
    if (!playing) this.solve();
  }

  // The handle adds and removes patterns of the instance that is there.
  drag(at, phase) {
    const patterns = Math.min(2 * this.size, Math.max(0, Math.round(at.x * this.size)));
    if (this.networks[COUNT].asked.playing) this.play(false);
    if (patterns !== this.patterns) this.act(patterns);
    if (phase === "release") this.solve();
  }

  act(patterns) {
    this.put(patterns);
    this.networks[COUNT].act("patterns", {count: patterns});
  }

  put(patterns) {
    this.patterns = patterns;
    if (!this.map_.dragging) this.map_.handle.x = Math.min(SPAN[1], this.load);
    this.measured = null;
    this.read();
    this.chosen();
  }

  frame(header, arrays) {
    const [patterns, solutions, instances] = arrays.count.data;
    if (patterns !== this.patterns && !this.map_.dragging) this.put(patterns);
    if (header.measured) {
      this.measured = header.measured;
      this.meeting.network(header.measured);
      if (this.networks[COUNT].asked.playing) this.controls.rate(header.rate);
    }
    this.instances = instances;
    this.caption.textContent = say("N = {size}: of {all} weight vectors, {count} get all " +
      "{patterns} patterns right. Below, where they are, by their first weights.", {
      size: this.size, all: grouped(2 ** this.size), count: grouped(solutions), patterns});
    this.sky.few = solutions;
    this.sky.show(asStrip(arrays.sky));
    this.trace(arrays);
    this.dot();
  }

  trace({now, lines, deaths}) {
    const [count, length] = lines.shape;
    const xs = Float64Array.from({length}, (_, k) => k / this.size);
    const old = [];
    for (let i = 0; i < count; i++) {
      old.push({x: xs, y: lines.data.subarray(i * length, (i + 1) * length), ghost: true});
    }
    this.traces.curves = [...old, ...(this.map_.covered ? [] : this.traceTheory),
      {x: xs.subarray(0, now.data.length), y: now.data, colour: "ink"}];
    this.traces.dots = [...deaths.data].map((x) => ({x, y: -0.02, colour: "wine", size: 3}));
    const last = now.data.findLastIndex((value) => Number.isFinite(value));
    if (last >= 0) this.traces.dots.push({x: xs[last], y: now.data[last], colour: "ink"});
    this.traces.marks = this.map_.covered ? [] : [{x: this.capacity, y: null, colour: "blue"}];
    this.traces.later();
  }

  // Instances one by one, or four sizes at once.
  show(kind) {
    this.kinds.forEach((button, i) => button.classList.toggle("chosen", kind === KINDS[i]));
    this.boxes[0].hidden = kind === "sizes";
    this.boxes[1].hidden = kind !== "sizes";
    const running = DEATHS in this.networks;
    if (kind === "sizes" && !running) {
      this.network(DEATHS, {frame: (header, arrays) => this.died(header, arrays.lived)});
      this.networks[DEATHS].start("perceptron.deaths", {sizes: SIZES, seed: this.seed},
        {playing: true, speed: 30});
    }
    if (kind !== "sizes" && running) this.leave(DEATHS);
    if (kind === "sizes") this.shares.fit();
  }

  died(header, {data, shape}) {
    const columns = shape[1];
    const curves = [];
    const totals = [];
    SIZES.forEach((size, i) => {
      const lived = data.subarray(i * columns, (i + 1) * columns);
      const total = lived.reduce((sum, value) => sum + value, 0);
      totals.push(total);
      let left = total;
      const y = Float64Array.from(lived, (value) => {
        const share = left / (total || 1);
        left -= value;
        return share;
      });
      const x = Float64Array.from(lived, (_, k) => k / size);
      if (total) curves.push({x, y, colour: SHADES[i]});
    });
    this.shares.curves = [{colour: "blue", label: () => "N = ∞",
      x: [0, this.capacity, this.capacity, LONGER[1]], y: [1, 1, 0, 0]}, ...curves];
    this.shares.later();
    if (header.measured) this.tallied(header.measured, totals);
  }

  tallied(measured, totals) {
    clear(this.tally).append(...SIZES.map((size, i) => el("span", {class: `shade-${SHADES[i]}`},
      say("N = {size}: {count} instances, last solution at load {load}", {size,
        count: totals[i], load: shownMean(measured[size].mean, measured[size].error)}), el("br"))));
  }

  // ---- where they meet

  meet() {
    const known = (name) => this.model.observables.find((o) => o.name === name);
    const capacity = this.model.transitions.find((t) => t.name === "capacity");
    this.meeting = new Meeting(this.places.meeting, this.model, [known("entropy"),
      known("overlap"), {...capacity, symbol: "alpha_c", low: 0.6, high: 1.1}]);
    this.ends.push(() => this.meeting.close());
    this.meeting.because(() => this.reason());
  }

  meetTheory(point) {
    const there = point.entropy !== null && point.entropy >= 0;
    this.meeting.theory({entropy: there ? point.entropy : null,
      overlap: there ? point.overlap : null, capacity: this.capacity});
  }

  reason() {
    return this.load > 0.7
      ? say("Finite size: N = {size}. Near the capacity only the lucky instances are left in the " +
        "mean, and they have more solutions; the theory is for infinitely many weights.",
          {size: this.size})
      : say("Finite size: N = {size}; the theory is for infinitely many weights.",
        {size: this.size});
  }

  steps() {
    return [
      {ask: () => say("Patterns are added one by one. At which load is the last solution gone? " +
        "Draw your guess first."),
        buttons: [[() => say("Hide the theory and begin"), () => {
          if (!this.map_.covered) this.cover();
        }], [() => say("Add patterns"), () =>
          (this.map_.covered ? this.cover() : this.play(true))]],
        happened: () => say("Each pattern rules out half of all weights, so the average number " +
          "is 2 to the power N − P and would last to load 1 (grey). But a few lucky instances " +
            "carry that average: the typical one loses more than half each time, because what is " +
              "left grows alike (q rises), and its solutions end at load 0.833 (blue).")},
      {ask: () => say("Drag the ring to and fro: patterns come and go. Is it always the same " +
        "pattern that kills?"),
        buttons: [[() => say("Another instance"), () => {
          this.light("ways");
          this.play(false);
          this.networks[COUNT].act("next");
          this.act(Math.round(0.6 * this.size));
        }]],
        happened: () => say("Every instance has its own last pattern: with 21 weights the deaths " +
          "(red dots) scatter by 0.15 about their mean. The entropy far below the capacity " +
            "hardly differs from one instance to the next: it is self-averaging, the last " +
              "solution is not.")},
      {ask: () => say("Do larger neurons agree better on where they die?"),
        buttons: [[() => say("Deaths at N = 11, 15, 21, 25"), () => this.show("sizes")]],
        happened: () => say("The curves grow steeper with N and turn about a point near 0.833: " +
          "for infinitely many weights all instances die at the same load. A sharp threshold is " +
            "something that only large systems have; with 25 weights, 33 million vectors are " +
              "counted for every instance.")},
    ];
  }

  close() {
    this.closed = true;
    super.close();
  }
}

// A square of pixels as a strip four times as wide as high.
function asStrip({data, shape, kind}) {
  const rows = shape[0] >= 4 ? shape[0] / 2 : shape[0];
  return {data, shape: [rows, data.length / rows], kind};
}

function grouped(number) {
  return String(number).replace(/\B(?=(\d{3})+$)/g, "\u202f");
}
