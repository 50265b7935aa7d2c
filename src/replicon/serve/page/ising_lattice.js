// The lattice at a temperature, beside its exact magnetization; and at its critical point, with
// windows into it and the sizes of its clusters.

import {colour} from "./board.js";
import {Chart} from "./chart.js";
import {controlInput, transport} from "./controls.js";
import {el} from "./el.js";
import {fn, formula, frac, row, sub, sup, term} from "./formula.js";
import {CRITICAL, meanOf, MagnetizationMap, SPAN} from "./ising_map.js";
import {Meeting} from "./meeting.js";
import {Panel} from "./panels.js";
import {asText, still} from "./screen.js";
import {ask, forget, Network} from "./wire.js";
import {say} from "./words.js";

const SIZES = [32, 512];
const SPEEDS = [2, 8, 30, 60, 120, 400]; // sweeps a second
const SPEED = 3;
const HOT = 4; // T/J of a start whose spins know nothing of each other

// What the two views share: a temperature, a network of the lattice, the texts of its state.
class OnLattice {
  constructor(screen, {ratio} = {}) {
    this.screen = screen;
    this.model = screen.models.get("square-lattice");
    this.size = 512;
    if (ratio) screen.state.ratio = ratio;
  }

  get temperature() {
    const asked = Number((this.screen.state.ratio * CRITICAL).toPrecision(5));
    return Math.min(SPAN[1], Math.max(SPAN[0], asked));
  }

  begin() {
    const screen = this.screen;
    const {places} = screen;
    const control = this.model.controls.find((c) => c.name === "temperature");
    this.input = controlInput(this.model, control, this.temperature,
      (value, phase) => this.heat(Number(value), phase));
    places.left.append(this.input);
    this.transport = transport({size: this.size, sizes: SIZES, seed: screen.state.seed,
      speeds: SPEEDS, speed: SPEED, playing: !still()}, {
      play: (playing) => this.live.play(playing),
      step: () => this.live.step(1),
      reset: () => this.start(),
      speed: (speed) => this.live.speed(speed),
      size: (size) => {
        this.size = size - (size % 2);
        this.start();
      },
      seed: (seed) => {
        screen.state.seed = seed;
        screen.changed();
        this.start();
      },
    });
    places.transport.append(this.transport);
    this.note = el("p", {class: "note", role: "status"});
    places.transport.append(this.note);
    this.live = new Network(`ising-${this.screen.state.view}`, {
      frame: (header, arrays) => this.frame(header, arrays),
      started: () => (this.note.textContent = ""),
      trouble: (text) => (this.note.textContent = text),
      gone: () => this.start(),
    });
    this.start();
  }

  start(temperature = this.temperature) {
    this.measured = null;
    this.live.start(this.network, {...this.arguments(), controls: {temperature,
      ...this.controls()}, size: this.size, seed: this.screen.state.seed},
    {speed: this.transport.speedNow(), playing: this.playing});
  }

  get playing() {
    return this.live.asked ? this.live.asked.playing : !still();
  }

  // The temperature as it is dragged.
  heat(temperature, phase) {
    this.screen.state.ratio = temperature / CRITICAL;
    this.input.put(temperature);
    this.live.set("temperature", temperature);
    this.measured = null;
    this.moved(temperature);
    if (phase === "release") this.screen.changed();
  }

  arguments() {
    return {};
  }

  text() {
    return asText(this.model, {controls: {temperature: this.temperature, method: "heat-bath"},
      size: this.size, seed: this.screen.state.seed,
      sweep: {name: "temperature", low: SPAN[0], high: SPAN[1], count: 31,
        shown: "magnetization"}});
  }

  labState() {
    return {model: "square-lattice", x: "temperature", y: ":magnetization", size: 128,
      seed: this.screen.state.seed,
      controls: {temperature: this.temperature, method: "heat-bath"}};
  }

  close() {
    this.closed = true;
    this.live.leave();
    this.meeting.close();
    for (const panel of this.panels) panel.close();
  }
}

export class LatticeView extends OnLattice {
  constructor(screen, given) {
    super(screen, given);
    const {places} = screen;
    this.network = "model";
    this.map = new MagnetizationMap(places, this.temperature,
      ({x}, phase) => this.heat(x, phase));
    this.map.ready = () => this.moved(this.temperature);
    this.map.light("curve");
    const box = el("div", {class: "lattice-box"});
    places.right.append(box);
    this.panels = [new Panel(box, () => say("The lattice, dark where spins are up"))];
    this.meeting = new Meeting(places.meeting, this.model,
      this.model.observables.filter((o) => ["magnetization", "energy"].includes(o.name)));
    this.meeting.because(() => this.reason());
    places.left.append(el("div", {class: "row-of"}, this.map.cover(),
      el("button", {type: "button", text: () => say("Scramble"), onclick: () => this.scramble()}),
      el("button", {type: "button", text: () => say("Cool at once"), onclick: () => {
        this.scramble();
        this.heat(0.7 * CRITICAL, "release");
      }})));
    this.begin();
  }

  arguments() {
    return {model: "square-lattice"};
  }

  controls() {
    return {method: "heat-bath", sweeps: 400};
  }

  // Random spins, at the temperature that there is.
  scramble() {
    const now = this.temperature;
    this.start(HOT);
    this.live.set("temperature", now);
  }

  moved(temperature) {
    this.map.place(temperature);
    this.map.light(temperature < CRITICAL ? "curve" : "critical");
    this.meeting.theory(this.map.at(temperature));
  }

  frame(header, arrays) {
    this.panels[0].show(arrays.spins);
    const now = meanOf(arrays.spins.data);
    this.map.chart.dots = [{x: this.temperature, y: now, colour: "ink", size: 5}];
    this.map.chart.later();
    if (!header.measured) return;
    this.measured = header.measured;
    this.meeting.network(header.measured);
    this.transport.rate(header.rate);
  }

  reason() {
    const {magnetization, energy} = this.measured || {};
    const exact = this.map.at(this.temperature);
    if (!magnetization || !exact) return "";
    // Walls of domains cost energy: it is the clock of their growth.
    if (energy.mean - 2 * energy.error > exact.energy
      || (this.temperature < CRITICAL && magnetization.now < 0.9 * exact.magnetization)) {
      return say("Not yet in equilibrium: domains of both signs still grow, as the square root " +
        "of time. Below T_c, Reset begins with all spins up.");
    }
    if (this.temperature > CRITICAL && magnetization.mean > exact.magnetization) {
      return say("Finite size: |m| of {count} spins has a mean above zero, which shrinks as 1/L.",
        {count: this.size ** 2});
    }
    return say("Finite size and short time: L = {size}; near T_c a lattice forgets in about " +
      "L^2.2 sweeps.",
      {size: this.size});
  }

  close() {
    super.close();
    this.map.close();
  }
}

const ZOOMS = [[4, "orange"], [16, "blue"]];
const KINDS = [ // of clusters: column of the counts, colour, exponent of theory
  {column: 1, measured: "cluster_exponent", colour: "blue", exponent: 31 / 15, written: "31/15",
    name: "Fortuin-Kasteleyn clusters", title: () => say("Fortuin-Kasteleyn clusters")},
  {column: 2, measured: "domain_exponent", colour: "orange", exponent: 379 / 187,
    written: "379/187", name: "clusters of equal spins",
    title: () => say("clusters of equal spins")},
];
const SIZES_SHOWN = 3e5; // sites: the whole lattice of 512
const PIN = 100; // sites, at which the height of a line is taken from the counts

export class CriticalView extends OnLattice {
  constructor(screen, given) {
    super(screen, given);
    const {places} = screen;
    this.network = "ising.critical";
    this.chart = new Chart(places.left, () => say("Numbers of clusters against their size"), {
      ratio: 0.78,
      axes: {x: {low: 1, high: SIZES_SHOWN, log: true, label: () => say("sites s of a cluster")},
        y: {low: 1e-12, high: 1, log: true, label: () => say("clusters of s sites, per site")}},
    });
    const kind = (index, over, under, exponent) => row(sub("D", fn(index)), "=", frac(over, under),
      fn("\u2003"), "→", fn("\u2003"), sub("τ", fn(index)), "=", exponent);
    this.light = formula(places.formula,
      row(sub("n", "s"), "∝", term("power", sup("s", row("−", "τ"))), ",", fn("\u2003"),
        "τ", "=", "1", "+", frac("2", "D")),
      kind("FK", "15", "8", frac("31", "15")), kind("↑↑", "187", "96", frac("379", "187")));
    places.left.append(el("div", {class: "row-of"}, KINDS.map((kind) =>
      el("span", {style: `color: var(--${kind.colour})`,
        text: () => say("● {kind}: τ = {exponent} at T_c",
          {kind: kind.title(), exponent: kind.written})}))),
    el("p", {class: "quiet", text: () => say("Lines: exact slopes, their height taken from the " +
      "counts at 100 sites. Dots: counted on a second lattice of the same temperature under " +
        "Swendsen and Wang's updates, since heat bath would take hours to forget its large " +
          "clusters.")}));
    const box = el("div", {class: "lattice-box"});
    const pair = el("div", {class: "panels"});
    places.right.append(box, pair);
    this.panels = [new Framed(box, () => say("The lattice, with the windows that are enlarged"))];
    for (const [zoom, shade] of ZOOMS) {
      const place = el("div", {}, el("div", {class: "caption", style: `color: var(--${shade})`,
        text: () => say("enlarged {zoom} times", {zoom})}));
      pair.append(place);
      this.panels.push(new Panel(place, () => say("enlarged {zoom} times", {zoom})));
    }
    const energy = this.model.observables.find((o) => o.name === "energy");
    const exponents = KINDS.map(({name}) => ({name, symbol: "tau", low: 1.8, high: 2.3,
      get meaning() {
        return say("maximum likelihood, from clusters of 30 to 3000 sites");
      }}));
    this.meeting = new Meeting(places.meeting, this.model, [energy, ...exponents]);
    this.meeting.because(() => this.reason());
    places.left.append(el("div", {class: "row-of"},
      el("button", {type: "button", text: () => say("Stand at T_c"), onclick: () =>
        this.heat(Number(CRITICAL.toPrecision(7)), "release")}),
      el("button", {type: "button", text: () => say("New lattice in equilibrium"), onclick: () =>
        this.live.act("mix")})));
    this.begin();
    this.moved(this.temperature);
  }

  controls() {
    return {};
  }

  get critical() {
    return Math.abs(this.temperature / CRITICAL - 1) < 1e-3;
  }

  moved(temperature) {
    this.light(this.critical ? "power" : "");
    const controls = {temperature};
    ask("exact-energy", "point", {model: "square-lattice", controls}, ({header}) => {
      if (header.trouble || this.closed) return;
      const known = Object.fromEntries(KINDS.map((kind) =>
        [kind.name, this.critical ? kind.exponent : null]));
      this.meeting.theory({energy: header.point.energy, ...known});
    });
  }

  frame(header, {spins, sizes}) {
    const [side] = spins.shape;
    this.panels[0].windows = ZOOMS.map(([zoom, shade]) => ({side: side / zoom, shade}));
    this.panels[0].show(spins);
    ZOOMS.forEach(([zoom], i) => this.panels[i + 1].show(middleOf(spins, Math.round(side / zoom))));
    if (header.measured) {
      this.plot(sizes);
      this.measured = header.measured;
      this.meeting.network({...header.measured, ...Object.fromEntries(KINDS.map((kind) =>
        [kind.name, header.measured[kind.measured]]))});
      this.transport.rate(header.rate);
    }
  }

  plot({data, shape}) {
    const [bins, columns] = shape;
    this.chart.dots = [];
    this.chart.curves = [];
    for (const kind of KINDS) {
      const points = [];
      for (let i = 0; i < bins; i++) {
        const y = data[i * columns + kind.column];
        if (y > 0) points.push({x: data[i * columns], y, colour: kind.colour, size: 3});
      }
      this.chart.dots.push(...points);
      const pin = points.find((point) => point.x >= PIN);
      if (!pin) continue;
      const x = [3, SIZES_SHOWN];
      const y = x.map((s) => pin.y * (s / pin.x) ** -kind.exponent);
      this.chart.curves.push({x, y, colour: kind.colour, ghost: !this.critical});
    }
    this.chart.later();
  }

  reason() {
    if (!this.critical) {
      return say("The energy gathers slowly: about ten updates by clusters until one is forgotten.");
    }
    return say("Finite size: exponents of sizes from 30 to 3000 in a lattice of L = {size} are " +
      "not yet those of infinitely large clusters; they come closer as L grows.",
      {size: this.size});
  }

  text() {
    return asText(this.model, {controls: {temperature: this.temperature, method: "swendsen-wang"},
      size: this.size, seed: this.screen.state.seed});
  }

  close() {
    super.close();
    forget("exact-energy");
    this.chart.close();
  }
}

// The square in the middle of a lattice.
function middleOf({data, shape, kind}, side) {
  const [whole] = shape;
  const first = Math.floor((whole - side) / 2);
  const part = new Int8Array(side * side);
  for (let row_ = 0; row_ < side; row_++) {
    const from = (first + row_) * whole + first;
    part.set(data.subarray(from, from + side), row_ * side);
  }
  return {data: part, shape: [side, side], kind};
}

// A panel with the frames of windows in its middle.
class Framed extends Panel {
  draw() {
    super.draw();
    if (!this.array || !this.at) return;
    const {left, top, scale} = this.at;
    const middle = (this.array.shape[0] * scale) / 2;
    for (const {side, shade} of this.windows || []) {
      const half = (side * scale) / 2;
      this.pen.strokeStyle = colour(shade);
      this.pen.lineWidth = 2;
      this.pen.strokeRect(left + middle - half, top + middle - half, 2 * half, 2 * half);
    }
  }
}
