// A student to whom samples arrive: overlaps against the load, its belief beside the teacher.

import {Chart} from "./chart.js";
import {controlInput, gaveWay, transport} from "./controls.js";
import {el, shownNumber} from "./el.js";
import {toQuery} from "./lab_state.js";
import {Meeting} from "./meeting.js";
import {Panel} from "./panels.js";
import {Barcodes} from "./rbm_barcodes.js";
import {curvesOf, marksOf, nearest, phaseName, readOff, regionsOf,
  SHOWN} from "./rbm_lines.js";
import {Onsets, unitsChosen} from "./rbm_units.js";
import {formulas, studentSteps} from "./rbm_student_steps.js";
import {asText, copies, layout, still} from "./screen.js";
import {ask, forget, Network} from "./wire.js";
import {onLanguage, say} from "./words.js";

const LAST = 6; // load
const MET = ["teacher_overlap", "cross_overlap", "overlap", "cross_replica_overlap", "entropy"];
const SPEEDS = [30, 120, 480, 2000, 8000]; // iterations of messages a second
const KEPT = 40; // measurements that stay where they were made

export function student(root, given) {
  return new Student(root, given);
}

class Student {
  constructor(root, {query, models, tabs, title, further}) {
    this.model = models.get("rbm");
    const number = (name, fallback, low, high) => {
      const value = Number(query.get(name) ?? fallback);
      return Number.isFinite(value) ? Math.min(high, Math.max(low, value)) : fallback;
    };
    this.state = {load: number("load", 0, 0, LAST), correlation: number("correlation", 0.3, 0, 0.7),
      prior: query.get("prior") === "uniform" ? "uniform" : "informed",
      hidden: Math.round(number("hidden", 2, 1, 4)),
      size: Math.round(number("size", 200, 20, 400)), seed: Math.round(number("seed", 1, 0, 1e9))};
    this.arriving = !query.has("load");
    this.lines = {};
    this.trail = [];
    this.points = [];
    this.places = layout(root, {title, question: () => say("Nobody says what the data mean. From " +
      "how many samples on does a machine know what made them, and in which order does it find out?")});
    this.places.tabs.append(tabs);
    this.map();
    this.right();
    const met = MET.map((name) => this.model.observables.find((one) => one.name === name));
    this.meeting = new Meeting(this.places.meeting, this.model, met);
    this.meeting.because(() => this.reason());
    this.light = formulas(this.places.formula);
    studentSteps(this);
    this.recopy = copies(this.places.same, () => this.text());
    further(this.places.same, {study: "rbm-symmetry-breaking", lab: () => this.lab(),
      papers: () => say("Review: H. Huang, Physics thoughts in neural network theory (2024), the " +
        "chapter on restricted Boltzmann machines. Papers: Huang & Toyoizumi, Phys. Rev. E 94, " +
          "062310 (2016), one hidden unit; Hou, Wong & Huang, J. Phys. A 52, 414001 (2019), two; " +
            "Hou & Huang, Phys. Rev. Lett. 124, 248302 (2020), what the student believes before.")});
    this.silenced = onLanguage(() => this.tell());
    this.begin();
    this.theory("release");
  }

  // ---- the map

  map() {
    const {left, controls} = this.places;
    this.chart = new Chart(left, () => say("Overlaps against load, with a handle"), {
      axes: {x: {low: 0, high: LAST, label: () => say("α  samples per weight of a row")},
        y: {low: -0.03, high: 1, label: () => say("overlap")}},
      handle: {x: this.state.load, label: () => say("load"), moved: (at, phase) => this.drag(at,
        phase)},
    });
    this.which = el("p", {class: "note", "aria-live": "polite"});
    this.phase = el("p", {class: "note"});
    left.append(this.phase, this.which);
    const control = (name) => this.model.controls.find((one) => one.name === name);
    const limited = {...control("correlation"), typical: [0, 0.7]};
    this.correlation = controlInput(this.model, limited, this.state.correlation, (value, phase) =>
      this.renew({correlation: Math.min(0.7, Math.max(0, Number(value) || 0))}, phase));
    this.prior = controlInput(this.model, control("prior"), this.state.prior, (value) =>
      this.renew({prior: value}, "release"));
    this.many = unitsChosen(this.state.hidden, (hidden) => this.renew({hidden}, "release"));
    controls.append(this.many, this.correlation, this.prior);
    this.onsets = new Onsets(left);
  }

  // What says of how many units a question is: nothing of two.
  get units() {
    return this.state.hidden === 2 ? {} : {hidden: this.state.hidden};
  }

  drag(at, phase) {
    this.keep();
    this.arriving = false;
    this.state.load = at.x;
    this.live.set("load", at.x);
    this.trail = [];
    this.measured = null;
    if (phase === "release") this.exactPoint();
    else this.point = null;
    this.redraw();
    if (phase === "release") this.changed();
  }

  // Another teacher or another student.
  renew(part, phase) {
    Object.assign(this.state, part);
    this.correlation.put(this.state.correlation);
    this.prior.put(this.state.prior);
    this.many.put(this.state.hidden);
    this.points = [];
    this.theory(phase);
    if (phase !== "release") return;
    this.begin();
    this.changed();
  }

  // The nearest kept line at once; the exact one and the exact point when the finger has let go, of
  // one or two units: of more they take minutes.
  theory(phase) {
    const {prior, correlation, hidden} = this.state;
    this.point = null;
    this.onsets.ask(correlation, hidden, prior);
    const kept = `${hidden} ${prior}`;
    if (!this.lines[kept]) {
      ask("rbm-lines", "rbm.lines", {prior, ...this.units}, ({header}) => {
        if (header.trouble) return void (this.which.textContent = header.trouble);
        this.lines[kept] = header.lines;
        this.theory(phase);
      });
      return;
    }
    this.line = nearest(this.lines[kept], correlation);
    if (phase === "release" && hidden <= 2) {
      this.exactPoint();
      if (hidden === 2 && this.line.correlation !== correlation) this.exactLine();
    }
    this.redraw();
  }

  // Whether the state is still what was asked about.
  asked() {
    const {correlation, prior, hidden} = this.state;
    return () => this.state.correlation === correlation && this.state.prior === prior &&
      this.state.hidden === hidden;
  }

  exactLine() {
    const {correlation, prior} = this.state;
    const still_ = this.asked();
    ask("rbm-line", "rbm.line", {model: "rbm", correlation, prior}, ({header}) => {
      if (!still_()) return;
      if (header.trouble) this.which.textContent = header.trouble;
      else this.line = header.line;
      this.redraw();
    });
  }

  exactPoint() {
    if (this.arriving || this.state.hidden > 2) return;
    const {load, correlation, prior} = this.state;
    const still_ = this.asked();
    ask("rbm-point", "point", {model: "rbm", controls: {load, correlation, prior, ...this.units},
      branch: "equilibrium"}, ({header}) => {
      if (header.trouble || this.state.load !== load || !still_()) return;
      this.point = header.point.converged ? header.point : null;
      this.redraw();
    });
  }

  redraw() {
    const {chart, line, state} = this;
    if (!line) return;
    chart.curves = curvesOf(line, state.prior);
    chart.marks = marksOf(line);
    chart.regions = regionsOf(line, chart.axes);
    chart.dots = chart.covered ? [] : [...this.trail, ...this.points, ...this.dotsNow()];
    const here = this.point || readOff(line, state.load);
    chart.handle.x = state.load;
    chart.ringHeight = here.teacher_overlap;
    chart.later();
    this.meeting.theory(here, "blue");
    this.tell();
  }

  tell() {
    const {line, state} = this;
    if (!line) return;
    this.phase.textContent = `α = ${shownNumber(state.load)}: ${phaseName(line, state.load)}`;
    const values = {value: shownNumber(line.correlation)};
    const there = line.correlation === state.correlation;
    const told = [];
    if (state.hidden === 1) told.push(say("Line: exact; one unit shares nothing with another."));
    else if (there) told.push(say("Line: exact for q₀ = {value}.", values));
    else if (state.hidden > 2) told.push(say("Line: the nearest solved before, q₀ = {value}: of " +
      "three or four units one takes minutes.", values));
    else told.push(say("Line: the nearest solved before, q₀ = {value}; exact some seconds after " +
      "you let go.", values));
    told.push(this.point ? say("Mark: exact.") : say("Mark: read off the line."));
    this.which.textContent = told.join(" ");
  }

  // ---- the network

  right() {
    const {right} = this.places;
    right.append(el("p", {class: "quiet", text: () => say("Samples fall in, the newest on top. " +
      "Each bar is a weight: orange +1, blue −1, pale: not sure. The student never sees the " +
        "teacher.")}));
    this.barcodes = new Barcodes(right, () => say("Samples, student and teacher"));
    this.count = el("p", {class: "note"});
    const box = el("div", {}, el("div", {class: "caption quiet", text: () => say("overlap with " +
      "the teacher after each iteration of message passing, four random starts")}));
    right.append(this.count, box);
    this.learning = new Panel(box, () => say("Learning curves of the messages"), {ratio: 0.26,
      least: 110});
    this.trouble = el("p", {class: "note", role: "status"});
    right.append(this.trouble);
    this.live = new Network("rbm-student", {
      started: () => {
        this.trouble.textContent = "";
        if (!this.arriving) this.live.set("load", this.state.load);
      },
      frame: (header, arrays) => this.frame(header, arrays),
      trouble: (sentence) => (this.trouble.textContent = sentence),
      gone: () => (this.trouble.textContent = gaveWay()),
    });
    this.resting = still();
    this.transport = transport({size: this.state.size, seed: this.state.seed, sizes: [20, 400],
      speeds: SPEEDS, speed: 2, playing: !this.resting}, {
      play: (playing) => this.live.play(playing),
      step: () => {
        this.arriving = true;
        this.live.act("deliver");
      },
      reset: () => this.arrive(),
      speed: (speed) => this.live.speed(speed),
      size: (size) => this.other({size}),
      seed: (seed) => this.other({seed}),
    });
    this.places.transport.append(this.transport);
  }

  other(part) {
    Object.assign(this.state, part);
    this.points = [];
    this.begin();
    this.changed();
  }

  // From no sample at all.
  arrive() {
    this.arriving = true;
    this.state.load = 0;
    this.transport.playing(true);
    this.resting = false;
    this.begin();
    this.changed();
  }

  begin() {
    const {load, correlation, prior, size, seed} = this.state;
    this.trail = [];
    this.measured = null;
    this.live.start("rbm.student", {controls: {load, correlation, prior, ...this.units}, size, seed,
      arriving: this.arriving}, {speed: this.transport.speedNow(), playing: !this.resting});
    this.resting = false;
  }

  frame(header, arrays) {
    this.barcodes.show(arrays);
    this.learning.show(arrays.learning);
    const [count, , , , teachers, arriving, believed] = arrays.state.data;
    this.teachers = teachers;
    const ended = this.arriving && !arriving && count / this.state.size >= LAST - 1e-9;
    if (this.arriving) {
      this.state.load = count / this.state.size;
      if (ended) {
        this.arriving = false;
        this.exactPoint();
        this.changed();
      }
    }
    if (header.measured) {
      this.measured = header.measured;
      this.leave(believed);
      this.meeting.network(header.measured);
      if (header.rate && arriving) this.transport.rate(header.rate);
    }
    const samples = say("{count} samples of {size} units.", {count, size: this.state.size});
    this.count.textContent = `${samples} ${arriving ? say("Data arrive.") : say("Data are held. " +
      "Of 64 students of other teachers {teachers} are measured.", {teachers})}`;
    this.redraw();
  }

  // Where the student stood while data arrived.
  leave(load) {
    if (!this.arriving) return;
    const last = this.trail[this.trail.length - 1];
    if (last && Math.abs(last.x - load) < 1e-9) return;
    const drawn = this.state.prior === "informed" ? SHOWN.slice(0, 2) : SHOWN;
    for (const [name, shade] of drawn) {
      this.trail.push({x: load, y: this.measured[name].now, colour: shade, size: 2.5});
    }
  }

  dotsNow() {
    if (this.arriving || !this.measured) return [];
    const drawn = this.state.prior === "informed" ? SHOWN.slice(0, 2) : SHOWN;
    return drawn.map(([name, shade]) => {
      const {now, mean: over, error} = this.measured[name];
      return {x: this.state.load, y: over ?? now, error, colour: shade, hollow: !error};
    });
  }

  keep() {
    this.points.push(...this.dotsNow().filter((dot) => dot.error));
    this.points = this.points.slice(-KEPT);
  }

  reason() {
    const rested = this.measured && this.measured.converged_fraction.mean;
    if (rested !== null && rested < 0.9) {
      return say("Near a threshold messages rest late: in {percent} % of the students they had " +
        "not after 500 iterations. And N = {size} is finite.",
        {percent: Math.round(100 * (1 - rested)), size: this.state.size});
    }
    return say("Finite size: {symbol} = {size}, theory is for infinitely many.",
      {symbol: "N", size: this.state.size});
  }

  text() {
    const {load, correlation, prior, size, seed} = this.state;
    return asText(this.model, {controls: {load, correlation, prior, ...this.units},
      branch: "equilibrium", size, seed,
      sweep: {name: "load", low: 0, high: LAST, count: 25, shown: "teacher_overlap"}});
  }

  lab() {
    const {load, correlation, prior, size, seed} = this.state;
    return `#/lab?${toQuery({model: "rbm", x: "load", y: ":teacher_overlap", size, seed,
      branches: ["equilibrium"], controls: {load, correlation, prior, ...this.units}})}`;
  }

  changed() {
    const {load, correlation, prior, size, seed} = this.state;
    const query = new URLSearchParams({correlation, prior, size, seed, ...this.units});
    if (!this.arriving) query.set("load", load);
    history.replaceState(null, "", `#/rbm?${query}`);
    this.recopy();
  }

  close() {
    for (const slot of ["rbm-lines", "rbm-line", "rbm-point"]) forget(slot);
    this.silenced();
    this.live.leave();
    for (const one of [this.chart, this.onsets, this.barcodes, this.learning, this.meeting]) {
      one.close();
    }
  }
}
