// The mean-field magnet under temperature and field: where it has one state and where two, and the
// loop of its magnetization as the field goes to and fro. Beside either, cobweb and double well.

import {between} from "./board.js";
import {Chart} from "./chart.js";
import {controlInput, transport} from "./controls.js";
import {el} from "./el.js";
import {brackets, fn, formula, frac, row, sub, sup, term} from "./formula.js";
import {meanOf} from "./ising_map.js";
import {SHADES, Wells} from "./ising_wells.js";
import {Meeting} from "./meeting.js";
import {asText, still} from "./screen.js";
import {ask, forget, Network} from "./wire.js";
import {say, told} from "./words.js";

const TEMPERATURES = [0.05, 1.4];
const FIELDS = [-0.6, 0.6];
const SPEEDS = [1, 4, 15, 60, 240]; // sweeps a second
const SPEED = 2; // of them at first; one more for the loop, where the field should be slow
const SIZES = [50, 20000];
const PERIOD = 20000; // milliseconds of the field to and fro
const TRAIL = 900; // points
const CELLS = 40; // of a side of the plane
const COUNT = 61; // points of the spinodal line

export class MagnetView {
  constructor(screen, {name, ratio, drive = false}) {
    this.screen = screen;
    this.loop = name === "loop";
    this.model = screen.models.get("curie-weiss");
    this.size = 1000;
    this.start_ = 0.1; // m0: where the ball is dropped
    if (ratio) screen.state.ratio = ratio;
    this.trail = [];
    this.mapLeft();
    this.wells = new Wells(screen.places.right, (m) => this.drop(m));
    this.meetings();
    this.controls();
    this.begin();
    this.solve();
    this.spinodals();
    if (drive && !still()) this.drive();
  }

  get temperature() {
    const [low, high] = TEMPERATURES;
    return Number(Math.min(high, Math.max(low, this.screen.state.ratio)).toPrecision(4)); // T_c = J
  }

  get field() {
    return this.screen.state.field;
  }

  mapLeft() {
    const {places} = this.screen;
    const temperature = {low: TEMPERATURES[0], high: TEMPERATURES[1],
      label: () => say("temperature T / J")};
    const field = {low: FIELDS[0], high: FIELDS[1], label: () => say("field h / J")};
    const m = {low: -1.08, high: 1.08, label: () => say("magnetization m")};
    this.map = new Chart(places.left, () => (this.loop ? say("Magnetization against field")
      : say("Temperature and field, with the lines where a second state appears")), {
      ratio: 0.72,
      axes: this.loop ? {x: field, y: m} : {x: temperature, y: field},
      handle: this.loop ? {x: this.field, label: () => say("field h / J"),
        moved: ({x}, phase) => this.move({field: x}, phase)}
        : {x: this.temperature, y: this.field, label: () => say("temperature T / J, field h / J"),
          moved: ({x, y}, phase) => this.move({temperature: x, field: y}, phase)},
    });
    const argument = () => brackets(frac(row("J", "m", "+", term("field", "h")), "T"));
    const map = row("m", "=", fn("tanh"), argument());
    const well = row("f", brackets("m"), "=", frac(row("J", sup("m", "2")), "2"), "−", "T",
      fn("ln"), "(", "2", fn("cosh"), argument(), ")");
    const spinodal = term("spinodal", row(sub("h", "s"), "=", "J", sub("m", "s"), "−", "T",
      fn("artanh"), fn("\u2009"), sub("m", "s"), ",", fn(" "), sup(sub("m", "s"), "2"), "=",
      "1", "−", frac("T", "J")));
    this.light = formula(places.formula, map, this.loop ? spinodal : well);
    this.light(this.loop ? "spinodal" : "field");
  }

  meetings() {
    const shown = ["magnetization", "energy", "susceptibility"];
    this.meeting = new Meeting(this.screen.places.meeting, this.model,
      this.model.observables.filter((o) => shown.includes(o.name)));
    this.meeting.because(() => this.reason());
    this.branchNote = el("p", {class: "quiet"});
    this.screen.places.meeting.append(this.branchNote);
  }

  controls() {
    const {places} = this.screen;
    const control = (name) => this.model.controls.find((c) => c.name === name);
    const input = (name, value, changed) => {
      const node = controlInput(this.model, control(name), value, changed);
      places.left.append(node);
      return node;
    };
    this.inputs = {
      temperature: input("temperature", this.temperature, (value, phase) =>
        this.move({temperature: Number(value)}, phase)),
      field: input("field", this.field, (value, phase) => this.move({field: Number(value)}, phase)),
      start: input("start", this.start_, (value, phase) => {
        if (phase === "release") this.drop(Number(value));
      }),
    };
    this.driver = el("button", {type: "button", text: () => (this.driving
      ? say("Let go of the field") : say("Drive the field")), onclick: () => this.drive()});
    places.left.append(el("div", {class: "row-of"}, this.driver,
      el("button", {type: "button", text: () => say("Zero field"), onclick: () =>
        this.move({field: 0}, "release")})));
    this.transport = transport({size: this.size, sizes: SIZES, seed: this.screen.state.seed,
      speeds: SPEEDS, speed: SPEED + (this.loop ? 1 : 0), playing: !still()}, {
      play: (playing) => this.live.play(playing),
      step: () => this.live.step(1),
      reset: () => this.drop(this.start_),
      speed: (speed) => this.live.speed(speed),
      size: (size) => {
        this.size = size;
        this.drop(this.start_);
      },
      seed: (seed) => {
        this.screen.state.seed = seed;
        this.screen.changed();
        this.drop(this.start_);
      },
    });
    places.transport.append(this.transport);
    this.note = el("p", {class: "note", role: "status"});
    places.transport.append(this.note);
  }

  begin() {
    this.live = new Network("ising-magnet", {
      frame: (header, arrays) => this.frame(header, arrays),
      started: () => (this.note.textContent = ""),
      trouble: (text) => (this.note.textContent = text),
      gone: () => this.drop(this.start_),
    });
    this.drop(this.start_);
  }

  // The network from m0, and the cobweb too.
  drop(start) {
    this.start_ = Number(start.toFixed(2));
    this.inputs.start.put(this.start_);
    this.wells.drop(this.start_);
    this.trail = [];
    const {asked} = this.live;
    this.live.start("model", {model: "curie-weiss", size: this.size, seed: this.screen.state.seed,
      controls: {temperature: this.temperature, field: this.field, start: this.start_}},
    {speed: this.transport.speedNow(), playing: asked ? asked.playing : !still()});
  }

  // Temperature, field or both, as they are dragged.
  move({temperature, field}, phase) {
    if (temperature !== undefined && temperature !== this.temperature) {
      this.screen.state.ratio = temperature;
      this.live.set("temperature", this.temperature);
      this.inputs.temperature.put(this.temperature);
      this.trail = [];
      if (this.loop) this.branches(phase);
    }
    if (field !== undefined && field !== this.field) {
      this.screen.state.field = field;
      this.live.set("field", field);
      this.inputs.field.put(field);
    }
    this.map.handle.x = this.loop ? this.field : this.temperature;
    if (!this.loop) this.map.handle.y = this.field;
    if (phase === "release" && this.driving) this.drive();
    if (phase === "release") this.screen.changed();
    this.solve();
    this.map.later();
  }

  // The field to and fro by itself, until it is taken in hand.
  drive() {
    this.driving = !this.driving;
    this.driver.textContent = this.driving ? say("Let go of the field") : say("Drive the field");
    const [, most] = FIELDS;
    const begun = performance.now() - (PERIOD / (2 * Math.PI)) * Math.asin(this.field / most);
    const turn = (now) => {
      if (!this.driving || this.closed) return;
      const phase = (2 * Math.PI * (now - begun)) / PERIOD;
      this.move({field: Number((most * Math.sin(phase)).toFixed(3))}, "drag");
      requestAnimationFrame(turn);
    };
    if (this.driving) requestAnimationFrame(turn);
  }

  // ---- theory

  solve() {
    const point = {temperature: this.temperature, field: this.field};
    ask("mean-field", "ising.mean_field", point, ({header, arrays}) => {
      if (this.closed) return;
      if (header.trouble) {
        this.note.textContent = header.trouble;
        return;
      }
      this.fixed = header.fixed;
      this.wells.theory(header.fixed, arrays);
    });
  }

  // Fields at which a state ends, all temperatures at once.
  spinodals() {
    const span = {x: "temperature", y: "field", x_span: TEMPERATURES, y_span: FIELDS};
    ask("spinodal", "line", {model: "curie-weiss", controls: {}, name: "spinodal", count: COUNT,
      ...span}, ({header, arrays}) => {
      if (header.trouble || this.closed) return;
      this.spinodal = {x: arrays.temperature.data, y: arrays.field.data};
      this.redraw();
    });
    if (this.loop) this.branches("release");
  }

  // The curves of the loop, where theory has three answers. It takes 50 ms: at rest only.
  branches(phase) {
    if (phase !== "release") return;
    this.curves = new Map();
    for (const branch of Object.keys(SHADES)) {
      ask(`branch:${branch}`, "curve", {model: "curie-weiss", branch, along: "field", span: FIELDS,
        controls: {temperature: this.temperature, field: this.field}}, ({header, arrays}) => {
        if (header.trouble || this.closed) return;
        this.curves.set(branch, {x: arrays.x.data,
          y: arrays.magnetization.data.map((m, i) => (arrays.converged.data[i] ? m : NaN)),
          stable: arrays.stable.data, colour: SHADES[branch],
          label: branch === "paramagnet" ? null : () => told(branch)});
        this.redraw();
      });
    }
  }

  // NaN where there is one state only.
  spinodalField(temperature) {
    if (!this.spinodal) return NaN;
    const {x, y} = this.spinodal;
    return between(x, y, temperature);
  }

  redraw() {
    if (this.loop) this.redrawLoop();
    else this.redrawPlane();
    this.map.later();
  }

  redrawPlane() {
    if (!this.spinodal) return;
    const {x, y} = this.spinodal;
    const line = {x, colour: "wine", label: () => say("spinodal")};
    this.map.lines = [{...line, y}, {...line, y: y.map((h) => -h), label: null}];
    this.map.regions = {...twoStates((T) => this.spinodalField(T)), colours: ["blue", "paper"],
      names: [() => say("two states"), () => say("one state")]};
  }

  redrawLoop() {
    const h = this.spinodalField(this.temperature);
    this.map.curves = [...(this.curves || new Map()).values()];
    this.map.marks = Number.isFinite(h)
      ? [-1, 1].map((sign) => ({x: sign * h, y: null, colour: "wine", label: () =>
        say("spinodal")}))
      : [];
    this.map.placeHandle(this.now ?? null);
  }

  // ---- the network

  frame(header, arrays) {
    this.now = meanOf(arrays.spins.data);
    this.wells.ball(this.now);
    if (this.loop) {
      this.trail.push({x: this.field, y: this.now, colour: "ink", size: 1});
      this.trail = this.trail.slice(-TRAIL);
      this.map.dots = [...this.trail, {x: this.field, y: this.now, colour: "ink", size: 5}];
      this.map.ringHeight = this.now;
      this.map.later();
    }
    if (!header.measured) return;
    this.measured = header.measured;
    this.meeting.network(header.measured);
    this.transport.rate(header.rate);
    this.compare();
  }

  // The stable solution that is nearest to the network.
  compare() {
    if (!this.fixed) return;
    const stable = Object.entries(this.fixed).filter(([, one]) => one.stable);
    if (!stable.length) return;
    const far = ([, one]) => Math.abs(one.magnetization - this.now);
    const [branch, one] = stable.reduce((a, b) => (far(b) < far(a) ? b : a));
    this.meeting.theory(one, SHADES[branch]);
    this.branchNote.textContent = say("Theory: the stable solution nearest to the ball, of {count}.",
      {count: new Set(stable.map(([, each]) => each.magnetization.toFixed(6))).size});
  }

  reason() {
    if (this.driving) return say("The field does not wait: the magnet lags behind.");
    return say("Finite size: N = {size}; near T_c and near a spinodal fluctuations are largest, " +
      "and the ball may leave its well.",
      {size: this.size});
  }

  text() {
    const sweep = this.loop ? {name: "field", low: FIELDS[0], high: FIELDS[1], count: 31}
      : {name: "temperature", low: TEMPERATURES[0], high: TEMPERATURES[1], count: 28};
    return asText(this.model, {controls: {temperature: this.temperature, field: this.field,
      start: this.start_}, branch: this.start_ < 0 ? "down" : "up", size: this.size,
    seed: this.screen.state.seed, sweep: {...sweep, shown: "magnetization"}});
  }

  labState() {
    return {model: "curie-weiss", x: this.loop ? "field" : "temperature",
      y: this.loop ? ":magnetization" : "field", size: this.size, seed: this.screen.state.seed,
      controls: {temperature: this.temperature, field: this.field, start: this.start_}};
  }

  close() {
    this.closed = true;
    this.live.leave();
    this.meeting.close();
    const branches = Object.keys(SHADES).map((name) => `branch:${name}`);
    for (const slot of ["mean-field", "spinodal", ...branches]) forget(slot);
    this.wells.close();
    this.map.close();
  }
}

// Where on the plane there are two states (0) and where one (1).
function twoStates(spinodal) {
  const grid = ([low, high]) => Array.from({length: CELLS}, (_, i) =>
    low + ((high - low) * i) / (CELLS - 1));
  const x = grid(TEMPERATURES);
  const y = grid(FIELDS);
  return {x, y, rules: y.flatMap((h) => x.map((T) => (Math.abs(h) < spinodal(T) ? 0 : 1)))};
}
