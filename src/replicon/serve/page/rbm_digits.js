// A machine learns digits: its singular values against time, one leaving the bulk after another,
// beside what theory knows of the data before any training.

import {Chart} from "./chart.js";
import {controlInput, driving, gaveWay, transport} from "./controls.js";
import {el, shownNumber} from "./el.js";
import {brackets, formula, frac, id, row, sub, sup, term} from "./formula.js";
import {toQuery} from "./lab_state.js";
import {Meeting} from "./meeting.js";
import {Panel} from "./panels.js";
import {asText, copies, guide, layout, still} from "./screen.js";
import {ask, forget, Network} from "./wire.js";
import {onLanguage, say} from "./words.js";

const MODES = ["blue", "orange", "green", "pink"];
const ORDERED = 4; // where a machine of 0 and 1 orders along a mode, whose growth then ends
const SPEEDS = [0.5, 1, 2, 4, 10, 30]; // epochs a second
const RATES = {digits: 0.01, "small-digits": 0.1}; // at which the cascade takes some thirty epochs
const TOP = 12; // singular value, the end of the axis
const NAMED = 7.5; // singular value at which lines are named, above where the dots end
const DOTS = 150; // of a mode at most

export function digits(root, given) {
  return new Training(root, given);
}

class Training {
  constructor(root, {query, models, tabs, title, further}) {
    this.model = models.get("rbm-training");
    const data = query.get("data") === "small-digits" ? "small-digits" : "digits";
    this.state = {size: 40, seed: 1,
      controls: {data, steps: 1, learning_rate: RATES[data], initial_scale: 3e-4, epochs: 150}};
    this.back = null; // the time that is looked back at
    this.places = layout(root, {title, question: () => say("What does a machine learn first, and " +
      "what later, of digits that nobody has labelled?")});
    this.places.tabs.append(tabs);
    this.map();
    this.right();
    const item = (name) => this.model.observables.find((one) => one.name === name);
    this.meeting = new Meeting(this.places.meeting, this.model, [item("growth_rate")],
      [item("largest_singular_value"), item("active_units")]);
    this.formulas();
    this.steps();
    this.recopy = copies(this.places.same, () => this.text());
    further(this.places.same, {study: "rbm-digits", lab: () => this.lab(),
      papers: () => say("Review: H. Huang, Physics thoughts in neural network theory (2024), the " +
        "chapter on restricted Boltzmann machines. Papers: Decelle, Fissore & Furtlehner, EPL " +
          "119, 60001 (2017), the modes; Tieleman, ICML 2008, the chains; digits: LeCun et al., " +
            "Proc. IEEE 86, 2278 (1998).")});
    this.silenced = onLanguage(() => this.tell());
    this.begin();
  }

  map() {
    this.chart = new Chart(this.places.left, () =>
      say("Singular values of the weights against time"), {
      axes: {x: {low: 0, high: 10, label: () => say("time: updates × learning rate")},
        y: {low: 5e-4, high: TOP, log: true, label: () => say("singular value")}},
      handle: {x: 0, label: () => say("time that is looked at"), moved: (at) => this.look(at.x)},
    });
    this.note = el("p", {class: "note"});
    this.places.left.append(this.note);
    this.inputs();
  }

  inputs() {
    const control = (name, typical) => {
      const found = this.model.controls.find((one) => one.name === name);
      return typical ? {...found, typical} : found;
    };
    const {controls} = this.state;
    const shown = {...control("data"), domain: {kind: "words", words: Object.keys(RATES)}};
    this.rate = controlInput(this.model, control("learning_rate", [0.001, 1]),
      controls.learning_rate, (value) => this.set("learning_rate", value));
    this.places.controls.append(
      controlInput(this.model, shown, controls.data, (value) => this.other(value)), this.rate,
      controlInput(this.model, control("steps"), controls.steps, (value) => this.set("steps",
        value)));
  }

  set(name, value) {
    this.state.controls[name] = value;
    this.live.set(name, value);
    this.recopy();
  }

  other(data) {
    Object.assign(this.state.controls, {data, learning_rate: RATES[data]});
    this.rate.put(RATES[data]);
    this.begin();
    this.recopy();
  }

  right() {
    const {right} = this.places;
    this.panels = {};
    const captions = {
      receptive_fields: () => say("receptive fields: the ten strongest hidden units"),
      chains: () => say("what ten of its chains see: the machine dreams"),
    };
    for (const [name, text] of Object.entries(captions)) {
      right.append(el("div", {class: "quiet", text}));
      this.panels[name] = new Panel(right, text, {ratio: 0.4});
    }
    this.trouble = el("p", {class: "note", role: "status",
      text: () => say("Preparing the training: some seconds, once.")});
    right.append(this.trouble);
    this.live = new Network("rbm-digits", {
      started: () => this.trouble.replaceChildren(),
      frame: (header, arrays) => this.frame(header, arrays),
      trouble: (sentence) => (this.trouble.textContent = sentence),
      gone: () => (this.trouble.textContent = gaveWay()),
    });
    this.transport = transport({size: this.state.size, seed: this.state.seed, sizes: [4, 100],
      speeds: SPEEDS, speed: 3, playing: !still()}, {
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
    this.recopy();
  }

  begin() {
    const {controls, size, seed} = this.state;
    this.back = null;
    this.scaled = false;
    this.theory();
    const {epochs, ...given} = controls;
    const playing = this.live.asked ? this.live.asked.playing : !still();
    this.live.start("rbm.digits", {controls: given, size, seed},
      {speed: this.transport.speedNow(), playing});
  }

  // The rate of the first mode of all rows, of which the machine learns nine tenths.
  theory() {
    const {data} = this.state.controls;
    ask("rbm-rate", "point", {model: "rbm-training", controls: {data}}, ({header}) => {
      if (header.trouble || data !== this.state.controls.data) return;
      this.meeting.theory({growth_rate: header.point.growth_rate}, "blue");
    });
  }

  // The time under the handle; at the end of what was trained the pictures go on with it.
  look(time) {
    if (!this.times) return;
    const now = this.times[this.times.length - 1];
    this.back = time >= now ? null : time;
    this.live.act("look", {time: this.back});
    this.draw();
  }

  frame(header, arrays) {
    for (const [name, panel] of Object.entries(this.panels)) panel.show(arrays[name]);
    this.times = arrays.time.data;
    this.values = arrays.values;
    this.linear = arrays.linear;
    this.rates = arrays.rates.data;
    this.looked = arrays.looked.data;
    if (!this.scaled) this.scale();
    if (header.measured) {
      this.meeting.network(header.measured);
      if (header.rate) this.transport.rate(header.rate);
    }
    this.draw();
  }

  // Time until the last of the modes shown would have grown to the end, as theory has it.
  scale() {
    const modes = this.linear.shape[1];
    const times = [];
    for (let k = 0; k < modes; k++) {
      times.push(Math.log(ORDERED / this.linear.data[k]) / this.rates[k]);
    }
    const known = times.filter((time) => Number.isFinite(time) && time > 0);
    this.end = 1.25 * Math.max(...known, 1);
    const met = this.meeting.rows.get("growth_rate");
    met.item = {...met.item, low: 0, high: 1.5 * this.rates[0]};
    this.growth = times.map((_, k) => [this.linear.data[k], this.rates[k]]);
    this.scaled = true;
  }

  draw() {
    const {chart, times, values} = this;
    if (!times) return;
    const modes = values.shape[1];
    const now = times[times.length - 1];
    chart.axes.x.high = Math.max(this.end, 1.05 * now);
    const named = (k) => () => `λ${"₁₂₃₄"[k]} = ${shownNumber(this.rates[k])}`;
    const reached = ([start, rate], value) => Math.log(value / start) / rate;
    chart.curves = this.growth.flatMap((one, k) => [
      {x: [0, reached(one, TOP)], y: [one[0], TOP], colour: MODES[k]},
      // Of a curve of one point nothing but its name is seen.
      {x: [reached(one, NAMED)], y: [NAMED], colour: MODES[k], label: named(k)},
    ]);
    const every = Math.max(1, Math.ceil(times.length / DOTS));
    chart.dots = [];
    for (let i = 0; i < times.length; i += every) {
      for (let k = 0; k < modes; k++) {
        chart.dots.push({x: times[i], y: values.data[i * modes + k], colour: MODES[k], size: 2.5});
      }
    }
    const place = this.back === null ? times.length - 1 : this.looked[0];
    chart.handle.x = this.back ?? now;
    chart.ringHeight = values.data[place * modes];
    chart.marks = [{x: chart.handle.x, y: null, colour: "quiet"},
      {x: null, y: ORDERED, colour: "quiet", label: () => `w = ${ORDERED}`}];
    chart.later();
    this.tell();
  }

  tell() {
    if (!this.looked) return;
    const [epoch, time] = this.looked;
    const told = {epoch, time: shownNumber(time)};
    this.note.textContent = this.back === null
      ? say("Epoch {epoch}, time {time}. Lines: small weights, from the data alone. Dots: the " +
        "machine.", told)
      : say("You look back at epoch {epoch}, time {time}: the pictures are of then.", told);
  }

  formulas() {
    const C = id("C");
    this.light = formula(this.places.formula,
      row(frac(row(id("d"), id("W")), row(id("d"), id("t"))), "=", frac("1", "4"),
        term("data", brackets(C, "−", id("diag"), id("p"), brackets("1", "−", id("p")))), id("W")),
      row(sub("w", "k"), brackets("t"), "=", sub("w", "k"), brackets("0"),
        term("rate", sup("e", row(sub("λ", "k"), "t")))));
    this.places.formula.append(el("p", {class: "quiet", text: () => say("C: covariance of the " +
      "pixels, p: their means, λ_k: eigenvalues of the matrix in front of W. Holds while weights " +
        "are small.")}));
  }

  steps() {
    guide(this.places.steps, [
      {ask: () => say("Four lines start together. Which directions does the machine learn first? " +
        "Begin anew and watch the dots."),
        buttons: [[() => say("Begin anew"), () => {
          this.light("data");
          this.begin();
        }]],
        happened: () => say("Not all at once: the strongest direction of the data leaves the " +
          "bulk first, along its line, until w is about 4, where the machine itself has a phase " +
            "transition: its units order along that direction, and growth ends. Then the next. " +
              "Later modes feel the earlier ones and leave their lines.")},
      {ask: () => say("Turn the learning rate tenfold while it runs. Do the dots leave the lines?"),
        buttons: [[() => say("Ten times faster"), () => {
          this.light("rate");
          const rate = 10 * RATES[this.state.controls.data];
          this.rate.put(rate);
          this.set("learning_rate", rate);
        }], [() => say("As it was"), () => {
          const rate = RATES[this.state.controls.data];
          this.rate.put(rate);
          this.set("learning_rate", rate);
        }]],
        happened: () => say("Against updates × learning rate the modes grow as before: the rate " +
          "of learning only sets the clock, as long as a step is small. With steps too large the " +
            "chains cannot follow the weights, and the dots scatter.")},
      {ask: () => say("Drag the ring back in time. What did the machine see before its first " +
        "mode, and after its fourth?"),
        buttons: [[() => say("Before the first"), () => this.look(this.end * 0.1)],
          [() => say("After the first"), () => this.look(this.crossing(0))],
          [() => say("Now"), () => this.look(Infinity)]],
        happened: () => say("Before: every chain dreams the same grey mean of all digits. Once " +
          "the first mode has passed w = 4 the dreams split in two, and with each further mode " +
            "again. The receptive fields, alike at first, become different: the permutation " +
              "symmetry of the hidden units breaks, as it did for the student.")},
    ]);
  }

  // When the machine had ordered along a mode.
  crossing(mode) {
    if (!this.values) return Infinity;
    const modes = this.values.shape[1];
    for (let i = 0; i < this.times.length; i++) {
      if (this.values.data[i * modes + mode] > 1.2 * ORDERED) return this.times[i];
    }
    return Infinity;
  }

  text() {
    const {controls, size, seed} = this.state;
    return asText(this.model, {controls, size, seed, sweep: null});
  }

  lab() {
    const {controls, size, seed} = this.state;
    return `#/lab?${toQuery({model: "rbm-training", size, seed, controls})}`;
  }

  close() {
    forget("rbm-rate");
    this.silenced();
    this.live.leave();
    for (const one of [this.chart, ...Object.values(this.panels), this.meeting]) one.close();
  }
}
