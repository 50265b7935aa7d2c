// A network for each algorithm, the map of the temperatures that they read against the temperature
// that they were given, and the meeting line of one of them.

import {Chart} from "./chart.js";
import {controlInput, transport} from "./controls.js";
import {el, shownNumber} from "./el.js";
import {Meeting} from "./meeting.js";
import {asText, still} from "./screen.js";
import {Network} from "./wire.js";
import {say} from "./words.js";

export const METHODS = {
  ula: {shade: "orange", name: () => "ULA",
    reason: () => say("Euler steps: the law is wrong by the order of dt; halve the step and the " +
      "lie halves.")},
  mala: {shade: "green", name: () => "MALA",
    reason: () => say("Exact at any step: what differs is chance, or a run that is still short.")},
  baoab: {shade: "pink", name: () => say("underdamped"),
    reason: () => say("Underdamped (BAOAB): the law is wrong by the order of dt squared; it " +
      "remembers its momentum, so give it time.")},
  sgld: {shade: "gold", name: () => say("minibatches"),
    reason: (ratio) => say("Minibatches: their noise adds {ratio} times the thermal noise, and " +
      "the weights are hotter than they were told.",
      {ratio: shownNumber(ratio, 2)})},
};
const TEMPERATURES = [0.03, 3];
const STEPS = [0.002, 0.1];
const SPEEDS = [2, 8, 30, 60, 120]; // ten Langevin steps each, a second
const SPEED = 2;

export class Thermometers {
  constructor(screen, {energy, size, methods, compared, extra = {}}) {
    this.screen = screen;
    this.state = screen.state;
    this.model = screen.models.get("langevin-learning");
    Object.assign(this, {energy, size, methods, compared, extra: {...extra}});
    this.walkers = new Map(methods.map((method) => [method, {}]));
    if (!methods.includes(this.state.method)) this.state.method = methods[0];
    const axis = (label) => ({low: TEMPERATURES[0], high: 2 * TEMPERATURES[1], log: true, label});
    this.thermometer = new Chart(screen.places.left,
      () => say("Temperature read by each algorithm against the temperature given"), {
        ratio: 0.68,
        axes: {x: {...axis(() => say("temperature T given")), high: TEMPERATURES[1]},
          y: axis(() => say("temperature T_v read"))},
        handle: {x: this.state.temperature, label: () => say("temperature T given"),
          moved: ({x}, phase) => this.become({temperature: x}, phase)},
      });
    this.thermometer.curves = [{x: TEMPERATURES, y: TEMPERATURES, colour: "blue",
      label: () => say("theory: T_v = T")}];
    this.legend = el("div", {class: "row-of", role: "group",
      "aria-label": () => say("Algorithm compared below")});
    screen.places.left.append(this.legend);
    this.inputs = {
      temperature: this.slider("temperature", this.state.temperature, (value, phase) =>
        this.become({temperature: value}, phase)),
      step: this.slider("step", this.state.step, (value, phase) =>
        this.become({step: value}, phase)),
    };
  }

  slider(name, value, changed) {
    const control = this.model.controls.find((c) => c.name === name);
    const typical = {temperature: TEMPERATURES, step: STEPS}[name] || control.typical;
    const input = controlInput(this.model, {...control, typical}, value, (given, phase) =>
      changed(Number(given), phase));
    this.screen.places.left.append(input);
    return input;
  }

  // Legend, transport, meeting and the networks, once the places of a view are made.
  begin() {
    const {places} = this.screen;
    this.buttons = new Map(this.methods.map((method) => {
      const {shade, name} = METHODS[method];
      const reading = el("span", {class: "quiet"}, "…");
      const button = el("button", {type: "button", onclick: () => this.choose(method)},
        el("span", {style: `color: var(--${shade})`}, "● "), el("span", {text: name}), " ",
        reading);
      this.legend.append(button);
      return [method, {button, reading}];
    }));
    this.transport = transport({seed: this.state.seed, speeds: SPEEDS, speed: SPEED,
      playing: !still()}, {
      play: (playing) => this.each((live) => live.play(playing)),
      step: () => this.each((live) => live.step(1)),
      reset: () => this.restart(),
      speed: (speed) => this.each((live) => live.speed(speed)),
      seed: (seed) => {
        this.state.seed = seed;
        this.screen.changed();
        this.restart();
      },
    });
    places.transport.append(this.transport);
    this.note = el("p", {class: "note", role: "status"});
    places.transport.append(this.note);
    this.meeting = new Meeting(places.meeting, this.model,
      this.model.observables.filter((o) => this.compared.includes(o.name)));
    this.meeting.because(() => METHODS[this.state.method].reason(this.ratio()));
    for (const [method, one] of this.walkers) {
      one.live = new Network(`langevin-${method}`, {
        frame: (header, arrays) => this.frame(method, header, arrays),
        started: (header) => {
          one.ready = true;
          this.tell();
          if (this.started) this.started(header);
        },
        trouble: (text) => {
          one.lost = text;
          this.tell();
          const next = this.methods[this.methods.indexOf(method) + 1];
          if (!one.ready && next) this.start(next);
        },
        gone: () => this.start(method),
      });
    }
    this.restart();
    this.choose(this.state.method);
    this.solve();
  }

  each(action) {
    for (const {live} of this.walkers.values()) action(live);
  }

  // One after another: while the next is being compiled nothing else would move.
  restart() {
    for (const one of this.walkers.values()) Object.assign(one, {ready: false, lost: ""});
    this.start(this.methods[0]);
  }

  controls(method) {
    const {temperature, step} = this.state;
    return {energy: this.energy, temperature, step, method, ...this.extra};
  }

  start(method) {
    const one = this.walkers.get(method);
    const {asked} = this.walkers.get(this.methods[0]).live;
    Object.assign(one, {ready: false, lost: "", measured: null, arrays: null});
    this.buttons.get(method).reading.textContent = "…";
    one.live.start("langevin.walkers", {controls: this.controls(method), size: this.size,
      seed: this.state.seed},
    {speed: this.transport.speedNow(), playing: asked ? asked.playing : !still()});
    this.tell();
  }

  // Temperature or step, as they are dragged.
  become(given, phase = "release") {
    Object.assign(this.state, given);
    for (const [name, value] of Object.entries(given)) {
      if (!(name in this.inputs)) continue;
      this.inputs[name].put(value);
      for (const one of this.walkers.values()) {
        if (!one.live.asked) continue; // it begins with what there is then
        one.live.set(name, value);
        one.measured = null;
        if (one.lost) {
          one.lost = "";
          one.live.play(true);
        }
      }
    }
    this.thermometer.handle.x = this.state.temperature;
    this.thermometer.later();
    if (phase === "release") this.screen.changed();
    this.tell();
    this.solve();
  }

  choose(method) {
    this.state.method = method;
    for (const [name, {button}] of this.buttons) {
      button.classList.toggle("chosen", name === method);
      button.setAttribute("aria-pressed", String(name === method));
    }
    this.compare();
  }

  frame(method, header, arrays) {
    const one = this.walkers.get(method);
    const next = this.methods[this.methods.indexOf(method) + 1];
    if (!one.ready) return;
    if (!one.arrays && next && !this.walkers.get(next).ready) this.start(next);
    one.arrays = arrays;
    if (header.measured) {
      one.measured = header.measured;
      this.read(method);
      if (method === this.state.method) {
        this.compare();
        this.transport.rate(header.rate);
      }
    }
    this.paint();
  }

  // The readings of all thermometers, side by side so that they can be told apart.
  read(method) {
    const {virial_temperature: read} = this.walkers.get(method).measured;
    const text = read ? `T_v = ${shownNumber(read.mean, 3)}` : "…";
    this.buttons.get(method).reading.textContent = text;
    this.thermometer.dots = this.methods.flatMap((name, i) => {
      const told = (this.walkers.get(name).measured || {}).virial_temperature;
      if (!told || told.mean === null) return [];
      const aside = 1 + 0.05 * (i - (this.methods.length - 1) / 2);
      return [{x: this.state.temperature * aside, y: told.mean,
        error: Math.min(told.error, 0.9 * told.mean), colour: METHODS[name].shade, size: 5}];
    });
    this.thermometer.later();
  }

  compare() {
    if (!this.meeting) return;
    this.meeting.theory(this.point || null);
    this.meeting.network(this.walkers.get(this.state.method).measured);
  }

  ratio() {
    const {measured} = this.walkers.get(this.state.method);
    return measured && measured.noise_ratio ? measured.noise_ratio.mean : null;
  }

  // What is being waited for, and what went wrong.
  tell() {
    const waiting = this.methods.filter((name) => !this.walkers.get(name).ready
      && !this.walkers.get(name).lost);
    const lost = this.methods.filter((name) => this.walkers.get(name).lost)
      .map((name) => `${METHODS[name].name()}: ${this.walkers.get(name).lost}`);
    const wait = waiting.length ? say("compiling the steps of {methods}: a few seconds each, once",
      {methods: waiting.map((name) => METHODS[name].name()).join(", ")}) : "";
    this.note.textContent = [wait, ...lost].filter(Boolean).join("  ");
  }

  text() {
    const controls = this.controls(this.state.method);
    return asText(this.model, {controls, size: this.size, seed: this.state.seed,
      sweep: {name: "temperature", low: 0.1, high: 1, count: 10, shown: "virial_temperature"}});
  }

  labState() {
    return {model: "langevin-learning", x: "temperature", y: ":virial_temperature",
      size: this.size, seed: this.state.seed, controls: this.controls(this.state.method)};
  }

  close() {
    this.closed = true;
    this.each((live) => live.leave());
    this.meeting.close();
    this.thermometer.close();
  }
}
