// Theory of the Hopfield memory on a screen: its phase diagram, the same near T = 0, and the curve
// of m against the load, under one handle.

import {Chart} from "./chart.js";
import {symbolText} from "./controls.js";
import {el, shownNumber} from "./el.js";
import {ask, forget} from "./wire.js";
import {say, told} from "./words.js";

const REGIONS = {
  memory: {colour: "blue", name: () => say("memory")},
  "metastable memory": {colour: "sky", name: () => say("metastable memory")},
  "spin glass": {colour: "orange", name: () => say("spin glass")},
  paramagnet: {colour: "green", name: () => say("paramagnet")},
};
const HERE = [
  () => say("Here the memories have the lowest free energy."),
  () => say("Here a spin glass has a lower free energy, but a network that begins near a memory " +
    "stays there: the memory is metastable."),
  () => say("Here no memory is stable: the spins freeze in states of their own, a spin glass."),
  () => say("Here it is too hot: no spin freezes."),
];
const LINES = {retrieval: "blue", "global-retrieval": "sky", "spin-glass": "green",
  "almeida-thouless": "pink"};
const BRANCHES = {retrieval: "blue", "spin-glass": "orange", paramagnet: "green"};
const LOADS = [0, 0.2];
const HOT = [0, 1.5];
const COLD = [0, 0.04]; // where the Almeida-Thouless line can be seen
const GHOSTS = 6;
const KEPT = 40; // measurements that stay where they were made

// state: {load, temperature, patterns, rule, size}, the screen's. moved({load, temperature}, phase)
// when the handle is dragged; answered() when theory has answered for where it stands.
export class HopfieldMap {
  constructor(places, model, state, {moved, answered}) {
    this.model = model;
    this.state = state;
    this.answered = answered;
    this.answer = null;
    this.unlike = null; // {bias, alike} of the network's patterns
    this.points = [];
    this.ghosts = [];
    this.lines = [];
    this.regions = null;
    this.charts(places.left, moved);
    this.where = el("p", {class: "note", "aria-live": "polite", text: () => this.sentence()});
    places.left.append(this.where);
    this.tabs(places.tabs);
    this.look("map");
  }

  charts(parent, moved) {
    const axis = (items, name, [low, high]) => {
      const item = items.find((one) => one.name === name);
      return {low, high, label: () => `${symbolText(item)}  ${told(name)}`};
    };
    const {controls, observables} = this.model;
    this.plane = el("div");
    this.line = el("div");
    parent.append(this.plane, this.line);
    this.chart = new Chart(this.plane,
      () => say("Phase diagram: load along, temperature up, with a handle"), {
        axes: {x: axis(controls, "load", LOADS), y: axis(controls, "temperature", HOT)},
        handle: {x: this.state.load, y: this.state.temperature,
          label: () => `${told("load")}, ${told("temperature")}`,
          moved: (at, phase) => moved({load: at.x, temperature: at.y}, phase)},
      });
    this.curve = new Chart(this.line, () => say("Overlap m against the load, with a handle"), {
      axes: {x: axis(controls, "load", LOADS), y: axis(observables, "magnetization", [-0.3, 1.1])},
      handle: {x: this.state.load, label: () => told("load"),
        moved: (at, phase) => moved({load: at.x}, phase)},
    });
  }

  tabs(parent) {
    const views = {map: () => say("Phase diagram"), cold: () => say("Near T = 0"),
      curve: () => say("Overlap against load")};
    this.buttons = Object.entries(views).map(([view, text]) =>
      el("button", {type: "button", role: "tab", "data-view": view, text,
        onclick: () => this.look(view)}));
    this.guess = el("button", {type: "button",
      text: () => (this.curve.covered ? say("Lift the cover") : say("Predict first")),
      onclick: () => this.cover(!this.curve.covered)});
    const list = el("div", {class: "row-of", role: "tablist",
      "aria-label": () => say("What the map shows")}, this.buttons);
    parent.append(list, this.guess);
  }

  look(view) {
    for (const button of this.buttons) {
      const chosen = button.dataset.view === view;
      button.classList.toggle("chosen", chosen);
      button.setAttribute("aria-selected", String(chosen));
    }
    this.plane.hidden = view === "curve";
    this.line.hidden = view !== "curve";
    if (view === "curve") {
      this.curve.fit();
      this.solve();
      return;
    }
    if (this.curve.covered) this.cover(false);
    const [low, high] = view === "cold" ? COLD : HOT;
    Object.assign(this.chart.axes.y, {low, high});
    this.chart.fit();
    this.surroundings([low, high]);
  }

  // "Predict first": the curve is hidden until a guess is drawn.
  cover(covered) {
    if (covered) this.look("curve");
    this.curve.covered = covered;
    if (covered) this.curve.guess = null;
    this.curve.ring.hidden = covered;
    this.guess.textContent = covered ? say("Lift the cover") : say("Predict first");
    this.redraw();
    this.answered();
  }

  surroundings(span) {
    const args = {x_span: LOADS, y_span: span};
    ask("hopfield-map", "hopfield.map", args, ({header, arrays}) => {
      if (header.trouble) return;
      const regions = header.regions.map((name) => REGIONS[name]);
      this.regions = {x: arrays.x.data, y: arrays.y.data, rules: arrays.rules.data,
        colours: regions.map((one) => one.colour), names: regions.map((one) => one.name)};
      this.lines = header.lines.map((name) => ({x: arrays[`${name}.load`].data,
        y: arrays[`${name}.temperature`].data, colour: LINES[name], label: () => told(name)}));
      this.redraw();
    });
  }

  // The network's load is a whole number of patterns: theory is asked there.
  solve() {
    const {load, temperature, size} = this.state;
    const args = {load: Math.max(1, Math.round(load * size)) / size, temperature};
    ask("hopfield-here", "hopfield.here", args, ({header}) => {
      this.trouble = header.trouble || "";
      if (!header.trouble) this.answer = header;
      this.redraw();
      this.answered();
    });
    if (!this.line.hidden && this.solved !== temperature) this.solveCurve(temperature);
  }

  solveCurve(temperature) {
    this.solved = temperature;
    ask("hopfield-curve", "hopfield.curve", {temperature}, ({header, arrays}) => {
      if (header.trouble) return;
      this.retrieval = {x: arrays.load.data, y: arrays.magnetization.data,
        stable: arrays.stable.data};
      this.redraw();
    });
  }

  // Whether the network is one that theory speaks of: random patterns under Hebb's rule.
  get spoken() {
    return this.state.patterns === "random" && this.state.rule === "hebb";
  }

  get shade() {
    return this.answer && this.spoken ? BRANCHES[this.answer.branch] : "ghost";
  }

  // What theory says of the network; null where it is silent, or under the cover.
  get point() {
    return this.answer && this.spoken && !this.curve.covered ? this.answer.point : null;
  }

  place() {
    const {chart, curve, state} = this;
    chart.handle.x = state.load;
    chart.handle.y = state.temperature;
    curve.handle.x = state.load;
    chart.placeHandle();
    curve.placeHandle();
  }

  redraw() {
    const {answer, chart, curve, regions, spoken} = this;
    chart.lines = this.lines.map((one) => ({...one, ghost: !spoken}));
    chart.regions = regions && {...regions,
      colours: spoken ? regions.colours : regions.colours.map(() => "ghost")};
    chart.later();
    this.where.textContent = this.sentence();
    if (!answer) return;
    curve.curves = [...this.ghosts];
    if (this.retrieval) {
      curve.curves.push({...this.retrieval, colour: BRANCHES.retrieval, ghost: !spoken,
        label: () => told("retrieval")});
    }
    curve.marks = [{x: null, y: 0, colour: spoken ? BRANCHES["spin-glass"] : "ghost",
      label: () => "m = 0"}];
    curve.dots = this.now ? [...this.points, this.now] : this.points;
    curve.placeHandle(answer.point.magnetization);
    curve.later();
  }

  // The network's mean overlap at the handle, or null.
  measure(mean) {
    this.now = mean && {x: this.state.load, y: mean.mean ?? mean.now, error: mean.error,
      colour: "ink", hollow: !mean.error};
    if (!this.line.hidden) this.redraw();
  }

  // What was measured stays where it was measured, and a curve that is left as a ghost.
  leave(temperatureChanges) {
    if (this.now && this.now.error) {
      this.points = [...this.points, {...this.now, colour: "quiet"}].slice(-KEPT);
    }
    this.now = null;
    if (!temperatureChanges || this.line.hidden || !this.retrieval) return;
    const last = this.ghosts[this.ghosts.length - 1];
    if (last && last.y === this.retrieval.y) return;
    this.ghosts = [...this.ghosts, {...this.retrieval, ghost: true}].slice(-GHOSTS);
  }

  sentence() {
    if (this.trouble) return this.trouble;
    const texts = [];
    if (this.state.rule !== "hebb") {
      texts.push(say("Theory's lines are those of Hebb's rule, not of the pseudo-inverse."));
    }
    if (this.state.patterns !== "random" && this.unlike) {
      texts.push(say("Theory's memories are random, with mean 0 and squared overlaps 1/N; these " +
        "digits have mean {bias} and squared overlaps {alike}/N.", {
        bias: shownNumber(this.unlike.bias, 2), alike: shownNumber(this.unlike.alike, 3)}));
    }
    if (this.point) texts.push(HERE[this.answer.region]());
    return texts.join(" ");
  }

  close() {
    forget("hopfield-map");
    forget("hopfield-here");
    forget("hopfield-curve");
    this.chart.close();
    this.curve.close();
  }
}
