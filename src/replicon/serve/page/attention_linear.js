// Linear attention: its errors against task diversity and prompts, on the map and of a network.

import {AttentionPictures} from "./attention_pictures.js";
import {attentionCounts, attentionFormulas, attentionReason,
  attentionSteps} from "./attention_words.js";
import {Chart} from "./chart.js";
import {controlInput, gaveWay, transport} from "./controls.js";
import {el} from "./el.js";
import {toQuery} from "./lab_state.js";
import {Meeting} from "./meeting.js";
import {asText, copies, guide, layout} from "./screen.js";
import {ask, forget, Network} from "./wire.js";
import {onLanguage, say, told} from "./words.js";

const MET = ["icl_error", "idg_error", "diagonal", "alignment"];
const SPEEDS = [1, 3, 8, 20, 60, 240]; // samples a second
const LARGEST = 34; // of d: larger ones are too dear to train while one watches
const KEPT = 80; // dots that stay where they were measured
const OLD = "blue";
const NEW = "orange";

export class LinearAttention {
  constructor(root, models, state, {changed, tabs, at}) {
    this.model = models.get("attention");
    this.changed = changed;
    this.x = ["diversity", "prompts", "both"].includes(state.x) ? state.x : "diversity";
    this.size = Math.min(LARGEST, Math.max(4, Math.round(Number(state.size)) || 16));
    this.seed = Math.round(Number(state.seed)) || 1;
    this.controls = {...at};
    for (const [name, value] of Object.entries(state.controls)) {
      if (!(name in at) || !Number.isFinite(Number(value))) continue;
      const [low, high] = this.span(name);
      this.controls[name] = Math.min(high, Math.max(low, Number(value)));
    }
    this.dots = [];
    this.ghosts = [];
    const title = () => say("Learning without learning");
    this.places = layout(root, {title, question: () => say("A machine is trained on many small " +
      "problems, each told by examples. Its weights are then fixed. Does it solve a new problem " +
        "from its examples, or only recite the old ones?")});
    this.places.tabs.append(tabs);
    this.choices();
    this.chartBox = el("div");
    this.note = el("p", {class: "note", "aria-live": "polite"});
    this.places.left.append(this.chartBox, this.note);
    this.light = attentionFormulas(this.places.formula);
    this.sliders();
    this.pictures = new AttentionPictures(this.places.right, [NEW, OLD]);
    this.counts = el("p", {class: "note"});
    this.places.right.append(this.counts);
    this.live();
    this.meeting = new Meeting(this.places.meeting, this.model,
      this.model.observables.filter((o) => MET.includes(o.name)));
    this.meeting.because(() => (this.answer ? attentionReason(this.answer.header) : ""));
    this.ending();
    this.silenced = onLanguage(() => this.redraw());
    this.map();
    this.solve();
    this.start();
  }

  // ---- the map

  choices() {
    const entries = [["diversity", () => say("along tasks κ")], ["prompts",
      () => say("along prompts τ")],
      ["both", () => say("both: who recites?")]];
    this.axisButtons = entries.map(([name, text]) =>
      el("button", {type: "button", text, onclick: () => this.along(name)}));
    this.cover = el("button", {type: "button", text: () => (this.chart && this.chart.covered
      ? say("Lift the cover") : say("Predict first")), onclick: () => this.predict()});
    this.choiceRow = el("div", {class: "row-of"}, this.axisButtons, this.cover);
    this.places.left.append(this.choiceRow);
  }

  along(name) {
    if (name !== this.x) this.ghosts = [];
    this.x = name;
    this.dots = [];
    this.map();
    this.after();
  }

  span(name) {
    const [low, high] = this.model.controls.find((c) => c.name === name).typical.map(Number);
    // A little beneath one task, which is the least that there can be.
    return [name === "diversity" ? 0.7 / this.size : low, high];
  }

  // The control along the map.
  get first() {
    return this.x === "both" ? "diversity" : this.x;
  }

  map() {
    const {first} = this;
    if (this.chart) this.chart.close();
    const axis = (name) => {
      const [low, high] = this.span(name);
      const symbol = name === "diversity" ? "κ" : "τ";
      const unit = name === "diversity" ? () => say("tasks / d") : () => say("prompts / d²");
      return {low, high, log: true, label: () => `${symbol}  ${told(name)} (${unit()})`};
    };
    const both = this.x === "both";
    const y = both ? axis("prompts") : {low: 0.1, high: 3, log: true,
      label: () => say("mean square error")};
    this.chart = new Chart(this.chartBox, () => say("Errors of linear attention, with a handle"), {
      axes: {x: axis(first), y},
      handle: {x: this.controls[first], y: both ? this.controls.prompts : null,
        label: () => told(first), moved: (at, phase) => this.drag(first, at, phase)},
    });
    this.axisButtons.forEach((button, i) =>
      button.classList.toggle("chosen", ["diversity", "prompts", "both"][i] === this.x));
    this.cover.hidden = both;
    this.cover.textContent = say("Predict first");
    if (both) this.plane();
  }

  predict() {
    const {chart} = this;
    chart.covered = !chart.covered;
    if (chart.covered) chart.guess = null;
    chart.ring.hidden = chart.covered;
    this.cover.textContent = chart.covered ? say("Lift the cover") : say("Predict first");
    this.redraw();
  }

  drag(first, at, phase) {
    this.keep();
    this.put(first, at.x);
    if (at.y !== null) this.put("prompts", at.y);
    this.after(phase);
  }

  // A control has a new value: everywhere but on the handle.
  put(name, value) {
    this.controls[name] = value;
    this.inputs.get(name).put(value);
    this.network.set(name, value);
    this.refused = false;
    this.trouble.textContent = "";
    this.measured = null;
  }

  // Set some controls, from a slider or a step of the guide.
  go(part, phase = "release") {
    const both = this.x === "both";
    this.keep();
    for (const [name, value] of Object.entries(part)) this.put(name, value);
    if (Object.keys(part).some((name) => name !== this.x)) this.dots = [];
    this.chart.handle.x = this.controls[this.first];
    if (both) this.chart.handle.y = this.controls.prompts;
    this.after(phase);
    if (both && phase === "release") this.plane();
  }

  after(phase = "release") {
    this.solve();
    if (phase !== "release") return;
    if (this.accepted !== this.size) this.start();
    else if (!this.playing) this.network.step(1);
    this.changed(this.state());
    this.recopy();
    this.lab.href = this.toLab();
  }

  state() {
    return {tab: "linear", model: "attention", x: this.x, size: this.size, seed: this.seed,
      controls: this.controls};
  }

  toLab() {
    return `#/lab?${toQuery({...this.state(), x: this.first, y: ":icl_error"})}`;
  }

  solve() {
    const {first: along, size} = this;
    const asked = {controls: {...this.controls}, along, span: this.span(along), size};
    ask("attention:curve", "attention.curve", asked, ({header, arrays}) => {
      if (this.closed) return;
      this.answer = header.trouble ? null : {header, arrays};
      this.note.textContent = header.trouble || header.point.reason || "";
      this.redraw();
    });
  }

  plane() {
    const {diversity, prompts, ...controls} = this.controls;
    const asked = {controls, x_span: this.span("diversity"), y_span: this.span("prompts")};
    ask("attention:plane", "attention.plane", asked, ({header, arrays}) => {
      if (this.closed || this.x !== "both" || header.trouble) return;
      this.chart.regions = {x: arrays.x.data, y: arrays.y.data, rules: arrays.rules.data,
        colours: [OLD, NEW], names: [() => say("it recites"), () => say("it reads the examples")]};
      this.line("peak", {x: arrays.x.data, y: arrays.peak.data, colour: "wine",
        label: () => say("peak: as many prompts as weights")});
    });
    const line = {model: "attention", name: "memorization", x: "diversity", y: "prompts", ...asked};
    ask("attention:line", "line", line, ({header, arrays}) => {
      if (this.closed || this.x !== "both" || header.trouble) return;
      this.line("edge", {x: arrays.diversity.data, y: arrays.prompts.data, colour: "ink"});
    });
  }

  line(name, line) {
    this.chart.lines = [...this.chart.lines.filter((one) => one.name !== name), {name, ...line}];
    this.chart.later();
  }

  redraw() {
    const {chart, answer} = this;
    if (!answer) return;
    const {header, arrays} = answer;
    this.meeting.theory(header.point);
    this.pictures.theory(header.point.diagonal, this.size);
    this.counts.textContent = attentionCounts(header);
    if (this.x !== "both") {
      chart.curves = [...this.ghosts,
        {x: arrays.x.data, y: arrays.icl_error.data, colour: NEW, label: () => say("new tasks")},
        {x: arrays.x.data, y: arrays.idg_error.data, colour: OLD, label: () => say("old tasks")}];
      chart.marks = [
        {x: null, y: header.floors.none, colour: "quiet", label: () => say("no answer")},
        {x: null, y: header.floors.ridge, colour: "green", label: () => say("best possible")}];
      if (this.x === "prompts") {
        chart.marks.push({x: 1, y: null, colour: "wine", label: () => say("n = d², as many as " +
          "weights")});
      }
      this.showDots();
      // The ring stands below, where it hides no dot.
      chart.marks.push({x: this.controls[this.x], y: null, colour: "ink"});
      this.fit();
      chart.placeHandle(null);
    }
    chart.later();
  }

  // The errors' axis in quarters of a decade, so that it does not tremble.
  fit() {
    const {axes, curves, dots, marks} = this.chart;
    const values = [...curves.flatMap(({y}) => [...y]), ...dots.map((dot) => dot.y),
      ...marks.map((mark) => mark.y)].filter((value) => value > 0);
    const part = (value, round) => 10 ** (round(4 * Math.log10(value)) / 4);
    axes.y.low = part(0.95 * Math.min(...values), Math.floor);
    axes.y.high = part(1.05 * Math.max(...values), Math.ceil);
  }

  // What the network is at now, as dots; they stay behind when the handle moves on.
  dotsNow() {
    if (!this.measured || !this.answer || this.x === "both") return [];
    const {k, n} = this.answer.header.counts;
    const x = this.x === "diversity" ? k / this.size : n / this.size ** 2;
    return [["icl_error", NEW], ["idg_error", OLD]].map(([name, shade]) => ({x, colour: shade,
      y: this.measured[name].mean, error: this.measured[name].error}));
  }

  // Under the cover the network gives nothing away.
  showDots() {
    const {chart} = this;
    chart.dots = chart.covered || this.x === "both" ? [] : [...this.dots, ...this.dotsNow()];
    chart.later();
  }

  keep() {
    if (!this.measured || this.measured.samples.now < 3) return;
    this.dots = [...this.dots, ...this.dotsNow().map((dot) => ({...dot, hollow: true, size: 3}))]
      .slice(-KEPT);
    this.measured = null;
  }

  sliders() {
    this.inputs = new Map();
    for (const name of ["diversity", "prompts", "context", "noise", "ridge"]) {
      const control = this.model.controls.find((c) => c.name === name);
      const input = controlInput(this.model, control, this.controls[name], (value, phase) =>
        this.go({[name]: value === "inf" ? control.typical[1] : value}, phase));
      this.inputs.set(name, input);
      this.places.controls.append(input);
    }
  }

  // ---- the network

  live() {
    const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
    this.trouble = el("p", {class: "note", role: "status"});
    this.places.right.append(this.trouble);
    this.playing = !still;
    this.network = new Network("attention:samples", {
      started: ({size}) => {
        this.accepted = size;
        this.refused = false;
        this.trouble.textContent = "";
      },
      frame: (header, arrays) => this.frame(header, arrays),
      trouble: (sentence) => this.refuse(sentence),
      gone: () => (this.trouble.textContent = gaveWay()),
    });
    this.transport = transport({size: this.size, seed: this.seed, sizes: [4, LARGEST],
      speeds: SPEEDS, speed: 2, playing: this.playing}, {
      play: (playing) => this.network.play((this.playing = playing)),
      step: () => {
        this.playing = false;
        this.network.step(1);
      },
      reset: () => this.start(),
      speed: (speed) => this.network.speed(speed),
      size: (size) => this.renew({size}),
      seed: (seed) => this.renew({seed}),
    });
    this.transport.append(el("button", {type: "button", text: () => say("Another prompt"),
      onclick: () => this.network.act("prompt")}));
    this.places.transport.append(this.transport);
  }

  renew(part) {
    Object.assign(this, part);
    this.dots = [];
    this.map();
    this.accepted = null;
    this.after();
  }

  start() {
    this.refused = false;
    this.measured = null;
    const {size, seed, playing} = this;
    this.network.start("attention.samples", {controls: {...this.controls}, size, seed},
      {speed: this.transport.speedNow(), playing, steps: 1});
  }

  // What was asked for was refused: pictures that still come are of the network before.
  refuse(sentence) {
    this.refused = true;
    this.measured = null;
    this.meeting.network(null);
    this.trouble.textContent = sentence;
  }

  frame(header, arrays) {
    if (this.refused || this.accepted !== this.size) return;
    if (arrays.weights) {
      this.pictures.network(arrays);
    }
    if (header.measured && header.measured.icl_error) {
      this.measured = header.measured;
      this.meeting.network(header.measured);
      if (header.rate && this.playing) this.transport.rate(header.rate);
      this.pictures.count(header.measured.samples.now);
      this.showDots();
    }
    if (header.done && this.measured) {
      this.trouble.textContent = say("{n} networks: that is enough.",
        {n: this.measured.samples.now});
    }
  }

  // ---- words

  ending() {
    this.lab = el("a", {href: this.toLab(), text: () => say("Open in the lab")});
    guide(this.places.steps, attentionSteps(this));
    this.places.steps.append(el("p", {class: "quiet", text: () => say("In the review: learning " +
      "in context as a two-body model of real spins. Papers: {source}. The peak: Belkin et al., " +
        "PNAS 116, 15849 (2019).", {source: this.model.source})}));
    this.recopy = copies(this.places.same, () => this.text());
    this.places.same.append(el("p", {}, this.lab));
  }

  // The ridge of least error on new tasks, with the curve of the old one left behind in grey.
  bestRidge() {
    const controls = {...this.controls};
    ask("attention:ridge", "attention.best_ridge", {controls}, ({header}) => {
      if (this.closed || header.trouble || header.value === null) return;
      this.ghost();
      this.go({ridge: Number(header.value.toPrecision(3))});
      this.light("ridge");
    });
  }

  ghost() {
    if (!this.answer || this.x === "both") return;
    const {x, icl_error: y} = this.answer.arrays;
    this.ghosts = [...this.ghosts, {x: x.data, y: y.data, ghost: true}].slice(-4);
  }

  text() {
    const [low, high] = this.span(this.first).map((end) => Number(end.toPrecision(3)));
    return asText(this.model, {controls: this.controls, size: this.size, seed: this.seed,
      sweep: {name: this.first, low, high, count: 21, shown: "icl_error"}});
  }

  close() {
    this.closed = true;
    for (const slot of ["curve", "plane", "line", "ridge"]) forget(`attention:${slot}`);
    this.silenced();
    this.network.leave();
    this.chart.close();
    this.pictures.close();
    this.meeting.close();
  }
}
