// The lab: any model. Two controls make a phase diagram, one makes curves of an order parameter by
// branch; the network runs beside it and its measurements gather.

import {aboutModel} from "./about.js";
import {COLOURS} from "./board.js";
import {Chart} from "./chart.js";
import {controlInput, driving, gaveWay, symbolText, transport} from "./controls.js";
import {clear, el, shownNumber} from "./el.js";
import {Meeting} from "./meeting.js";
import {Panel} from "./panels.js";
import {asText, copies, layout} from "./screen.js";
import {fromQuery, numeric, settled, shownObservables, toQuery} from "./lab_state.js";
import {LabTheory} from "./lab_theory.js";
import {Network} from "./wire.js";
import {say, told} from "./words.js";

// Where a lab begins that is asked for nothing: at temperature 0 a memory would be at rest.
const FIRST = {model: "hopfield", controls: {temperature: 0.2}, size: 784};
const KEPT = 60; // measurements that stay where they were made

// A model under your finger. state: what an address holds; also used by exhibits and notebooks.
export class Lab extends LabTheory {
  constructor(root, models, state, {changed = () => {}, plain = false} = {}) {
    super();
    this.root = root;
    this.models = models;
    this.changed = changed;
    this.model = models.get(state.model) || models.get("hopfield");
    this.state = settled(this.model, state);
    this.plain = plain;
    this.build();
  }

  build() {
    const {model, root} = this;
    if (!this.plain) root.append(el("h1", {class: "row-of"}, this.chooser()));
    this.places = layout(root, {title: this.plain ? () => told(model.title) : null});
    this.reading();
    this.map();
    this.network();
    const measured = model.observables.filter((o) => !o.axes.length && o.role !== "theory");
    this.meeting = new Meeting(this.places.meeting, model,
      measured.filter((o) => o.role === "both" && model.theory),
      measured.filter((o) => o.role !== "both" || !model.theory));
    this.meeting.because(() => this.reason());
    this.sliders();
    this.recopy = copies(this.places.same, () => this.text());
    this.places.steps.append(el("p", {text: () => say("Theory is lines, networks are dots. Grab " +
      "the ring, or move it by the arrows of your keyboard.")}),
      ...aboutModel(model));
    this.solve("release");
    this.begin();
    this.surroundings();
  }

  chooser() {
    const choice = el("select", {class: "title", "aria-label": () => say("Model"), onchange: () => {
      this.changed({model: choice.value}, true);
    }}, [...this.models.values()].map((model) =>
      el("option", {value: model.model, text: () => told(model.title)})));
    choice.value = this.model.model;
    return choice;
  }

  // What the map shows: two controls, or a control and an observable; branches; ghosts; the cover.
  reading() {
    const {model, state} = this;
    const axes = numeric(model);
    const row = this.places.tabs;
    if (!model.theory || !axes.length) return;
    const pick = (label, entries, value, put) => {
      const choice = el("select", {onchange: () => put(choice.value)},
        entries.map(([name, text]) => el("option", {value: name, text})));
      choice.value = value;
      return el("label", {class: "field"}, el("span", {text: label}), choice);
    };
    const controlsOf = axes.map((c) => [c.name, () => `${symbolText(c)} ${told(c.name)}`]);
    const shown = shownObservables(model).map((o) => [`:${o.name}`,
      () => `${symbolText(o)} ${told(o.name)}`]);
    row.append(
      pick(() => say("Along"), controlsOf, state.x, (name) => this.reset({x: name})),
      pick(() => say("Up"), [...controlsOf, ...shown], state.y, (name) => this.reset({y: name})),
      el("button", {type: "button", text: () => say("Leave a ghost"), onclick: () => this.ghost()}),
      el("button", {type: "button", text: () => (this.chart && this.chart.covered
        ? say("Lift the cover") : say("Predict first")), onclick: (event) => {
        this.chart.covered = !this.chart.covered;
        if (this.chart.covered) this.chart.guess = null;
        this.chart.ring.hidden = this.chart.covered;
        event.target.textContent = this.chart.covered ?
          say("Lift the cover") : say("Predict first");
        this.chart.later();
      }}));
    for (const branch of model.branches) {
      const box = el("input", {type: "checkbox", checked: state.branches.includes(branch.name),
        onchange: () => {
          state.branches = model.branches.map((b) => b.name).filter((name) =>
            name === branch.name ? box.checked : state.branches.includes(name));
          this.answers.delete(branch.name);
          this.changed(this.state);
          this.solve("release");
          this.surroundings();
        }});
      row.append(el("label", {class: "field"}, box,
        el("span", {style: `color: var(--${this.shade(branch.name)})`, text: () =>
          told(branch.name)})));
    }
  }

  shade(branch) {
    const at = this.model.branches.findIndex((one) => one.name === branch);
    return COLOURS[Math.max(0, at) % COLOURS.length];
  }

  get plane() {
    return !this.state.y.startsWith(":");
  }

  map() {
    const {model, state} = this;
    if (!model.theory || !numeric(model).length) {
      this.places.left.append(el("p", {class: "quiet", text: () => say("This model has no " +
        "theory: its network is measured.")}));
      return;
    }
    const x = model.controls.find((c) => c.name === state.x);
    const axis = (control) => ({
      low: Number(control.typical[0]), high: Number(control.typical[1]),
      log: control.scale === "log", whole: control.domain.integer,
      label: () => `${symbolText(control)}  ${told(control.name)}`,
    });
    const y = this.plane ? model.controls.find((c) => c.name === state.y) : null;
    const observable = this.plane ? null : model.observables.find((o) => o.name === this.shown)
      || {name: this.shown, symbol: "", low: "-inf", high: "inf"};
    this.chart = new Chart(this.places.left, () => say("Phase diagram or curve, with a handle"), {
      axes: {x: axis(x), y: y ? axis(y) : {low: 0, high: 1,
        label: () => `${symbolText(observable)}  ${told(observable.name)}`}},
      handle: {x: Number(state.controls[x.name]), y: y ? Number(state.controls[y.name]) : null,
        label: () => (y ? `${told(x.name)}, ${told(y.name)}` : told(x.name)),
        moved: (at, phase) => this.drag(at, phase)},
    });
    this.which = el("p", {class: "note", "aria-live": "polite"});
    this.places.left.append(this.which);
    this.points = [];
    this.ghosts = [];
  }

  get shown() {
    return this.state.y.slice(1);
  }

  drag(at, phase) {
    const {state} = this;
    this.keep();
    this.put(state.x, at.x, phase);
    if (at.y !== null) this.put(state.y, at.y, phase);
    this.after(phase);
  }

  put(name, value, phase) {
    const {state, model} = this;
    const control = model.controls.find((c) => c.name === name);
    state.controls[name] = value;
    if (this.inputs && this.inputs.has(name)) this.inputs.get(name).put(value);
    if (control.role === "theory" || !this.live) return;
    if (control.live) this.live.set(name, value);
    else if (phase === "release") this.restart = true;
  }

  // After controls have moved.
  after(phase) {
    this.solve(phase);
    if (phase === "release" && this.restart) this.begin();
    if (phase === "release") {
      this.changed(this.state);
      this.recopy();
    }
  }

  sliders() {
    const {model, state} = this;
    this.inputs = new Map();
    for (const control of model.controls) {
      if (control.domain.kind !== "words" && !control.typical) continue;
      const input = controlInput(model, control, state.controls[control.name], (value, phase) => {
        if (control.domain.kind !== "words") {
          const onMap = this.chart && [state.x, state.y].includes(control.name);
          if (onMap) {
            this.keep();
            this.chart.handle[control.name === state.x ? "x" : "y"] = Number(value);
          }
        }
        this.put(control.name, value, phase);
        this.after(phase);
        const elsewhere = ![state.x, state.y].includes(control.name);
        if (phase === "release" && elsewhere && control.role !== "simulation") {
          this.ladder.clear();
          this.points = [];
          this.surroundings();
        }
      });
      this.inputs.set(control.name, input);
      this.places.controls.append(input);
    }
  }

  redraw() {
    const {chart, state, model} = this;
    if (!chart) return;
    const first = [...this.answers.entries()].find(([, one]) => one.header.point.converged)
      || [...this.answers.entries()][0];
    if (!this.plane) {
      chart.curves = [...this.ghosts, ...[...this.answers.entries()].map(([branch, one]) => ({
        x: one.arrays.x.data, y: (one.arrays[this.shown] || {data: []}).data,
        stable: one.arrays.stable && one.arrays.stable.data, colour: this.shade(branch),
        label: branch ? () => told(branch) : null}))];
      chart.dots = [...this.points, ...this.dotNow()];
      const item = model.observables.find((o) => o.name === this.shown);
      const bounds = item ? [Number(item.low), Number(item.high)] : [NaN, NaN];
      chart.fitY(bounds.every(Number.isFinite) ? bounds : null);
      const height = first ? first[1].header.point[this.shown] : null;
      chart.placeHandle(height);
      chart.ringHeight = height;
    }
    chart.later();
    if (this.meeting) this.meeting.theory(first ? first[1].header.point : null,
      first ? this.shade(first[0]) : "blue");
    const texts = [];
    for (const [branch, one] of this.answers) {
      const named = branch ? `${told(branch)}: ` : "";
      if (!one.exact) {
        texts.push(named + (one.at !== null && one.at !== undefined
          ? say("nearest line solved before, {name} = {value}; exact when you let go", {
              name: told(state.y), value: shownNumber(one.at)})
          : say("read off the curve; exact when you let go")));
      }
    }
    this.which.textContent = [...texts, this.why.text].join("  ").trim();
  }

  ghost() {
    if (!this.chart || this.plane) return;
    for (const one of this.answers.values()) {
      this.ghosts.push({x: one.arrays.x.data, y: one.arrays[this.shown].data, ghost: true,
        stable: one.arrays.stable && one.arrays.stable.data});
    }
    this.ghosts = this.ghosts.slice(-12);
    this.redraw();
  }

  // ---- network

  network() {
    const {model, state} = this;
    if (!model.process) {
      this.places.right.append(el("p", {class: "quiet", text: () => (model.simulation
        ? say("This model is simulated in one shot: copy the command below to compare.")
        : say("This model has no finite network."))}));
      return;
    }
    this.panels = new Map();
    this.places.right.append(el("div", {class: "panels"}, model.views.map((view) => {
      const box = el("div", {}, el("div", {class: "caption", text: () => told(view.meaning)}));
      this.panels.set(view.name, new Panel(box, () => told(view.meaning),
        {ratio: ["spins", "lattice", "weights", "image", "spectrum"].includes(view.kind) ?
          0.8 : 0.55}));
      return box;
    })));
    this.trouble = el("p", {class: "note", role: "status"});
    this.places.right.append(this.trouble);
    this.live = new Network("lab", {
      started: (header) => {
        state.size = header.size;
        clearInterval(this.clock);
        this.trouble.textContent = "";
        this.transport.playing(this.live.asked.playing);
      },
      frame: (header, arrays) => this.frame(header, arrays),
      trouble: (sentence) => {
        clearInterval(this.clock);
        this.trouble.textContent = sentence;
      },
      gone: () => (this.trouble.textContent = gaveWay()),
    });
    this.transport = transport({size: state.size, seed: state.seed, unit: model.size.meaning,
      sizes: [model.size.least, model.size.greatest], speed: 3}, {
      ...driving(this.live),
      reset: () => this.begin(),
      size: (size) => this.renew({size}),
      seed: (seed) => this.renew({seed}),
    });
    this.places.transport.append(this.transport);
  }

  renew(part) {
    Object.assign(this.state, part);
    this.begin();
    this.changed(this.state);
    this.recopy();
  }

  begin() {
    if (!this.live) return;
    const {model, state} = this;
    this.restart = false;
    const of = model.controls.filter((c) => c.role !== "theory");
    const controls = Object.fromEntries(of.map((c) => [c.name, state.controls[c.name]]));
    this.measured = null;
    this.waiting(performance.now());
    this.live.start("model", {model: model.model, controls, size: state.size, seed: state.seed},
      {speed: this.transport.speedNow()});
  }

  // A wait is said in words and seconds.
  waiting(since) {
    clearInterval(this.clock);
    this.clock = setInterval(() => {
      const seconds = Math.round((performance.now() - since) / 1000);
      if (seconds) this.trouble.textContent = say("the network begins ({seconds} s)", {seconds});
    }, 1000);
  }

  frame(header, arrays) {
    clearInterval(this.clock);
    for (const [name, panel] of this.panels) if (arrays[name]) panel.show(arrays[name]);
    if (header.measured) {
      this.measured = header.measured;
      this.meeting.network(header.measured);
      if (header.rate) this.transport.rate(header.rate);
      if (!this.plane && this.chart) {
        this.chart.dots = [...this.points, ...this.dotNow()];
        this.chart.later();
      }
    }
  }

  dotNow() {
    const now = this.measured && this.measured[this.shown];
    if (!now || this.plane) return [];
    const y = now.mean ?? now.now;
    return [{x: Number(this.state.controls[this.state.x]), y, error: now.error, colour: "ink",
      hollow: !now.error}];
  }

  // A measurement stays where it was made when the handle moves on.
  keep() {
    const [dot] = this.dotNow();
    if (!dot || !dot.error) return;
    this.points.push({...dot, colour: "quiet"});
    this.points = this.points.slice(-KEPT);
    this.measured = null;
  }

  reason() {
    const slowest = Math.max(0, ...Object.values(this.measured || {}).map((m) => m.tau || 0));
    const patterns = this.state.controls.patterns;
    if (patterns && patterns !== "random") return say("Theory assumes random patterns.");
    if (slowest > 20) {
      return say("Not yet in equilibrium, perhaps: autocorrelation {tau} measurements.",
        {tau: shownNumber(slowest, 2)});
    }
    return say("One finite network, {symbol} = {size}: theory is for infinitely many, and the " +
      "error bar is that of time alone.",
      {symbol: this.model.size.symbol, size: this.state.size});
  }

  text() {
    const {model, state} = this;
    const controls = Object.fromEntries(Object.entries(state.controls).filter(([name, value]) => {
      const control = model.controls.find((c) => c.name === name);
      return String(value) !== String(control.default) || [state.x, state.y].includes(name);
    }));
    const sweep = this.sweep();
    return asText(model, {controls, branch: state.branches[0], size: state.size, seed: state.seed,
      sweep});
  }

  // What a study runs along: the axis of the map, or, without theory, the first control that can.
  sweep() {
    const {model, state} = this;
    const ends = (name) => ({name, low: this.span(name)[0], high: this.span(name)[1]});
    if (model.theory && numeric(model).length) {
      const shown = this.plane ? shownObservables(model)[0].name : this.shown;
      return {...ends(state.x), count: 21, shown};
    }
    const control = model.controls.find((c) => c.typical && c.domain.kind !== "words");
    const measured = model.observables.find((o) => !o.axes.length && o.role !== "theory");
    return control && measured ? {...ends(control.name), count: 5, shown: measured.name} : null;
  }

  reset(part) {
    this.changed({...this.state, ...part}, true);
  }

  close() {
    this.closed = true;
    clearInterval(this.clock);
    this.forgetAll();
    if (this.live) this.live.leave();
    if (this.chart) this.chart.close();
    if (this.panels) for (const panel of this.panels.values()) panel.close();
    if (this.meeting) this.meeting.close();
  }
}

// The lab as a screen, its whole state in the address.
export function lab(root, {query, models}) {
  let current = null;
  const open = (state) => {
    if (current) current.close();
    clear(root);
    current = new Lab(root, models, state, {changed});
  };
  const changed = (state, anew = false) => {
    const full = {...(anew && state.model && state.model !== current.model.model ?
      {} : current.state),
      ...state};
    history.replaceState(null, "", `#/lab?${toQuery(full)}`);
    if (anew) open(full);
  };
  open(query.has("model") ? fromQuery(query) : FIRST);
  return {close: () => current.close(), moved: (now) => open(fromQuery(now))};
}
