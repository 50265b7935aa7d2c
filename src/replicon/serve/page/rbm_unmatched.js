// A student that is surer of its samples than it should be, or less sure: overlaps and two entropies
// against the load, and its messages on an instance until they rest.

import {Chart} from "./chart.js";
import {controlInput, driving, gaveWay, transport} from "./controls.js";
import {el, shownNumber} from "./el.js";
import {toQuery} from "./lab_state.js";
import {Meeting} from "./meeting.js";
import {Panel} from "./panels.js";
import {interpolated} from "./perceptron_parts.js";
import {formulas, unmatchedSteps} from "./rbm_unmatched_steps.js";
import {asText, copies, layout, still} from "./screen.js";
import {ask, forget, Network} from "./wire.js";
import {onLanguage, say} from "./words.js";

const LAST = 6; // load
const MET = ["teacher_overlap", "overlap", "entropy", "thermodynamic_entropy", "convergence_time"];
const SPEEDS = [5, 20, 80, 300, 2000]; // sweeps a second
const MOVING = 32; // points of a line that follows a finger
const RESTING = 128;
const LINES = "rbm-unmatched-lines";
const ENDS = "rbm-unmatched-ends";
const BETAS = {inverse_temperature: [0.3, 2], teacher_inverse_temperature: [0, 2]};

export function unmatched(root, given) {
  return new Unmatched(root, given);
}

class Unmatched {
  constructor(root, {models, tabs, title, further}) {
    this.model = models.get("rbm-unmatched");
    this.state = {load: 3, inverse_temperature: 1.5, teacher_inverse_temperature: 1, size: 400,
      seed: 1};
    this.places = layout(root, {title, question: () => say("A student may trust its samples too " +
      "much, or too little. What does the wrong confidence cost?")});
    this.places.tabs.append(tabs);
    this.map();
    this.right();
    const met = MET.map((name) => this.model.observables.find((one) => one.name === name));
    this.meeting = new Meeting(this.places.meeting, this.model, met);
    this.meeting.because(() => this.reason());
    this.light = formulas(this.places.formula);
    unmatchedSteps(this);
    this.recopy = copies(this.places.same, () => this.text());
    further(this.places.same, {study: "rbm-entropy-crisis", lab: () => this.lab(),
      papers: () => say("Papers: Huang & Toyoizumi, Phys. Rev. E 94, 062310 (2016); Huang, J. " +
        "Stat. Mech. 053302 (2017).")});
    this.silenced = onLanguage(() => this.redraw());
    this.theory("release");
    this.begin();
  }

  // ---- the map

  map() {
    const {left, controls} = this.places;
    const x = () => ({low: 0, high: LAST, label: () => say("α  samples per weight of a row")});
    this.chart = new Chart(left, () => say("Overlaps against load, with a handle"), {
      axes: {x: x(), y: {low: -0.03, high: 1, label: () => say("overlap")}},
      handle: {x: this.state.load, label: () => say("load"),
        moved: (at, phase) => this.put({load: at.x}, phase)}, ratio: 0.5});
    this.entropies = new Chart(left, () => say("Both entropies against load"), {ratio: 0.5,
      axes: {x: x(), y: {low: -0.7, high: 0.75, label: () => say("entropy per weight")}}});
    this.note = el("p", {class: "note", "aria-live": "polite"});
    left.append(this.note);
    this.sliders = Object.entries(BETAS).map(([name, typical]) => {
      const control = {...this.model.controls.find((one) => one.name === name), typical};
      const slider = controlInput(this.model, control, this.state[name], (value, phase) =>
        this.put({[name]: Math.min(typical[1], Math.max(typical[0], Number(value) || 0))}, phase));
      slider.named = name;
      return slider;
    });
    controls.append(...this.sliders);
  }

  // Where the handle or a slider goes; the network begins anew when it is let go.
  put(part, phase) {
    const lines = Object.keys(part).some((name) => name !== "load");
    Object.assign(this.state, part);
    this.chart.handle.x = this.state.load;
    if (lines) this.theory(phase);
    if (phase === "release") {
      this.sliders.forEach((slider) => slider.put(this.state[slider.named]));
      this.begin();
      this.recopy();
    }
    this.redraw();
  }

  // Lines follow the finger; where they end is looked for behind it, when it has let go.
  theory(phase) {
    const {inverse_temperature, teacher_inverse_temperature} = this.state;
    const resting = phase === "release";
    const asked = {model: "rbm-unmatched", inverse_temperature, teacher_inverse_temperature};
    this.ends = {};
    forget(ENDS);
    ask(LINES, "rbm.unmatched", {...asked, count: resting ? RESTING : MOVING}, ({header,
      arrays}) => {
      if (header.trouble) return void (this.note.textContent = header.trouble);
      this.line = Object.fromEntries(Object.entries(arrays).map(([name, {data}]) =>
        [name, [...data]]));
      this.redraw();
    });
    if (!resting) return;
    ask(ENDS, "rbm.unmatched", {...asked, count: 2, ends: true}, ({header}) => {
      if (!header.trouble) this.ends = header.ends;
      this.redraw();
    }, true);
  }

  redraw() {
    const {line, ends, chart, entropies} = this;
    if (!line) return;
    const curve = (name, shade, label) => ({x: line.load, y: line[name], colour: shade,
      stable: line.stable, label});
    chart.curves = [curve("overlap", "orange", () => "q"), curve("teacher_overlap", "blue",
      () => "T")];
    const mark = (name, shade, label) => {
      const x = ends[name];
      return Number.isFinite(x) ? [{x, y: null, colour: shade, label}] : [];
    };
    chart.marks = [
      ...mark("spin-glass", "orange", () => say("freezes")),
      ...mark("retrieval", "blue", () => say("finds its teacher"))];
    entropies.curves = [curve("thermodynamic_entropy", "green", () => say("with hidden units")),
      curve("entropy", "wine", () => say("of the weights"))];
    entropies.marks = [{x: null, y: 0, colour: "quiet"},
      ...mark("entropy-crisis", "green", () => `α = ${shownNumber(ends["entropy-crisis"])}`),
      ...mark("zero-entropy", "wine", () => `α = ${shownNumber(ends["zero-entropy"])}`)];
    chart.dots = this.dots(["teacher_overlap", "blue"], ["overlap", "orange"]);
    entropies.dots = this.dots(["entropy", "wine"], ["thermodynamic_entropy", "green"]);
    const here = Object.fromEntries(MET.map((name) => [name,
      interpolated(line.load, line[name], this.state.load)]));
    chart.ringHeight = here.teacher_overlap;
    chart.later();
    entropies.later();
    this.meeting.theory(here);
    this.note.textContent = this.told(here);
  }

  dots(...named) {
    if (!this.measured) return [];
    return named.map(([name, shade]) => {
      const {mean, error} = this.measured[name];
      return {x: this.state.load, y: mean ?? NaN, error, colour: shade};
    });
  }

  // The phase at the handle.
  told({teacher_overlap: T, overlap: q}) {
    const {load, inverse_temperature, teacher_inverse_temperature} = this.state;
    const sure = inverse_temperature - teacher_inverse_temperature;
    const kind = sure > 0 ? say("The student is surer than it should be.") : sure < 0
      ? say("The student doubts more than it should.")
      : say("The student has the right confidence (matched).");
    const phase = T > 1e-4 ? say("it has found its teacher's direction") : q > 1e-4
      ? say("it is frozen in a direction of its own: a spin glass")
      : say("it has learned nothing");
    return `${kind} α = ${shownNumber(load)}: ${phase}.`;
  }

  // ---- the network

  right() {
    const {right} = this.places;
    right.append(el("p", {class: "quiet", text: () => say("Weights: the teacher's on the left, " +
      "the student's on the right; orange +1, blue −1, pale: not sure.")}));
    this.fields = new Panel(right, () => say("Weights of teacher and student"), {ratio: 0.16,
      least: 70});
    this.count = el("p", {class: "note"});
    right.append(this.count, el("div", {class: "caption quiet", text: () => say("T and q after " +
      "each sweep of message passing, of this instance")}));
    this.learning = new Panel(right, () => say("Learning curves of the messages"), {ratio: 0.3,
      least: 120});
    this.trouble = el("p", {class: "note", role: "status"});
    right.append(this.trouble);
    this.live = new Network("rbm-unmatched", {
      started: () => (this.trouble.textContent = ""),
      frame: (header, arrays) => this.frame(header, arrays),
      trouble: (sentence) => (this.trouble.textContent = sentence),
      gone: () => (this.trouble.textContent = gaveWay()),
    });
    this.resting = still();
    this.transport = transport({size: this.state.size, seed: this.state.seed, sizes: [20, 1000],
      speeds: SPEEDS, speed: 3, playing: !this.resting}, {...driving(this.live),
      reset: () => this.begin(),
      size: (size) => this.put({size}, "release"),
      seed: (seed) => this.put({seed}, "release"),
    });
    this.places.transport.append(this.transport);
  }

  begin() {
    const {load, inverse_temperature, teacher_inverse_temperature, size, seed} = this.state;
    this.measured = null;
    this.live.start("rbm.unmatched", {controls: {load, inverse_temperature,
      teacher_inverse_temperature}, size, seed},
    {speed: this.transport.speedNow(), playing: !this.resting});
    this.resting = false;
  }

  frame(header, arrays) {
    this.fields.show(arrays.fields);
    this.learning.show(arrays.learning);
    const [sweeps, rests, instances, share] = arrays.state.data;
    this.share = share;
    const now = rests ? say("Instance {number}: at rest after {sweeps} sweeps.",
      {number: instances, sweeps}) : say("Instance {number}: sweep {sweeps}, not at rest.",
      {number: instances + 1, sweeps});
    const all = instances ? say("Of {count} so far {percent} % came to rest.",
      {count: instances, percent: Math.round(100 * share)}) : "";
    this.count.textContent = `${now} ${all}`;
    if (header.measured) {
      this.measured = header.measured;
      this.meeting.network(header.measured);
    }
    if (header.rate) this.transport.rate(header.rate);
    this.redraw();
  }

  reason() {
    return this.share < 1 ? say("In a spin glass, and near a transition, messages do not come to " +
      "rest within 1500 sweeps: their overlaps are means over the second half of these.")
      : say("Finite size: {symbol} = {size}, theory is for infinitely many.",
        {symbol: "N", size: this.state.size});
  }

  text() {
    const {load, inverse_temperature, teacher_inverse_temperature, size, seed} = this.state;
    return asText(this.model, {controls: {load, inverse_temperature, teacher_inverse_temperature},
      branch: "replica-symmetric", size, seed,
      sweep: {name: "load", low: 0.2, high: LAST, count: 30, shown: "teacher_overlap"}});
  }

  lab() {
    const {load, inverse_temperature, teacher_inverse_temperature, size, seed} = this.state;
    return `#/lab?${toQuery({model: "rbm-unmatched", x: "load", y: ":teacher_overlap", size, seed,
      branches: ["replica-symmetric"], controls: {load, inverse_temperature,
        teacher_inverse_temperature}})}`;
  }

  close() {
    forget(LINES);
    forget(ENDS);
    this.silenced();
    this.live.leave();
    for (const one of [this.chart, this.entropies, this.fields, this.learning, this.meeting]) {
      one.close();
    }
  }
}
