// Two landscapes, the double well and a regression of two weights, under the same thermometers.

import {between, colour} from "./board.js";
import {Chart} from "./chart.js";
import {el} from "./el.js";
import {brackets, fn, formula, frac, root, row, sub, sum, sup, term} from "./formula.js";
import {METHODS, Thermometers} from "./langevin_walkers.js";
import {ask, forget} from "./wire.js";
import {say} from "./words.js";

const SHOWN = 24; // walkers of each method

// E = (w^2 - 1)^2 with walkers on it, and under it the law exp(-E/T) with what they measure.
export class WellView extends Thermometers {
  constructor(screen) {
    super(screen, {energy: "double-well", size: 20, methods: ["ula", "mala", "baoab"],
      compared: ["mean_energy", "second_moment", "virial_temperature",
        "configurational_temperature"]});
    const {places} = screen;
    const weight = {low: -1.9, high: 1.9, label: () => say("weight w")};
    this.well = new Chart(places.right, () => say("The double well, with walkers of each method"),
      {ratio: 0.5, axes: {x: {...weight}, y: {low: -0.12, high: 2,
        label: () => say("energy E")}}});
    this.law = new Chart(places.right, () => say("The law exp(-E/T), with measured densities"),
      {ratio: 0.5, axes: {x: {...weight}, y: {low: 0, high: 1, label: () => say("density P(w)")}}});
    this.light = formula(places.formula,
      row(term("energy", row("E", "=", sup(brackets(row(sup("w", "2"), "−", "1")), "2"))), ",",
        fn("\u2003"), "d", "w", "=", "−", sup("E", "′"), "d", "t", "+",
        term("noise", row(root(row("2", "T")), "d", "B"))),
      row("P", brackets("w"), "∝", sup("e", row("−", "E", "/", "T")), ",", fn("\u2003"),
        term("thermometer", row(sub("T", "v"), "=", "⟨", "w", sup("E", "′"), "⟩"))));
    this.light("noise");
    this.begin();
  }

  solve() {
    ask("langevin-well", "langevin.well", {temperature: this.state.temperature},
      ({header, arrays}) => {
        if (header.trouble || this.closed) return;
        this.point = header.point;
        this.well.curves = [{x: arrays.weight.data, y: arrays.energy.data, colour: "blue"}];
        const peak = Math.max(...arrays.density.data);
        this.law.axes.y.high = 1.25 * peak;
        this.law.curves = [{x: arrays.weight.data, y: arrays.density.data, colour: "blue",
          label: () => "exp(−E/T)/Z"}];
        this.weights = arrays.weight.data;
        this.energies = arrays.energy.data;
        this.well.later();
        this.law.later();
        this.compare();
      });
  }

  // Walkers where they are, densities as they were measured.
  paint() {
    if (!this.weights) return;
    const walkers = [];
    const measured = [];
    for (const [method, one] of this.walkers) {
      if (!one.arrays) continue;
      const {shade} = METHODS[method];
      const w = one.arrays.walkers.data;
      for (let i = 0; i < Math.min(SHOWN, w.length); i++) {
        const y = between(this.weights, this.energies, w[i]);
        walkers.push({x: w[i], y, colour: shade, size: 3});
      }
      const density = one.arrays.density.data;
      if (density.length !== this.weights.length) continue;
      density.forEach((y, i) => {
        if (i % 2 === 0) measured.push({x: this.weights[i], y, colour: shade, size: 2});
      });
    }
    this.well.dots = walkers;
    this.law.dots = measured;
    this.well.later();
    this.law.later();
  }

  close() {
    super.close();
    forget("langevin-well");
    this.well.close();
    this.law.close();
  }
}

const EXTRA = ["load", "noise", "ridge", "batch"];

// E of two weights as a map in bands, deepest where it is least, with every walker as a dot.
export class RegressionView extends Thermometers {
  constructor(screen) {
    super(screen, {energy: "regression", size: 2, methods: ["ula", "mala", "baoab", "sgld"],
      extra: {load: 4, noise: 0.25, ridge: 0.1, batch: 0.25},
      compared: ["virial_temperature", "configurational_temperature"]});
    const {places} = screen;
    const weight = (label) => ({low: -2.4, high: 2.4, label});
    this.map = new Landscape(places.right, () => say("The landscape of two weights, with walkers"),
      {
      ratio: 0.85, axes: {x: weight(() => "w₁"), y: weight(() => "w₂")}});
    places.right.append(el("p", {class: "quiet", text: () => say("Bands: E above its least value " +
      "by T, 3T, 7T, 15T and so on, for these data. Diamond: the teacher's weights. Dots: eight " +
        "walkers of each method.")}));
    const x = sub("x", "a");
    this.light = formula(places.formula,
      row("E", "=", frac("1", "2"), sum("a"), term("data", sup(brackets(row(sub("y", "a"), "−",
        frac(row("w", "·", x), root("N")))), "2")), "+",
      term("network", row(frac("λ", "2"), sup("w", "2")))));
    this.light("data");
    for (const name of EXTRA) this.slider(name, this.extra[name], (value, phase) => {
      this.extra[name] = value;
      this.light(name === "ridge" ? "network" : "data");
      if (phase === "release") this.restart();
    });
    places.left.append(el("div", {class: "row-of"}, el("button", {type: "button", class: "main",
      text: () => say("Other data"), onclick: () => this.other()})));
    this.begin();
  }

  other() {
    this.state.seed += 1;
    this.transport.seed(this.state.seed);
    this.screen.changed();
    this.restart();
  }

  solve() {
    this.point = {virial_temperature: this.state.temperature,
      configurational_temperature: this.state.temperature};
    this.map.temperature = this.state.temperature;
    this.compare();
  }

  started(header) {
    if (!header.landscape) return;
    this.map.energy = header.landscape;
    this.map.teacher = header.teacher;
    this.map.later();
  }

  paint() {
    this.map.dots = [];
    for (const [method, one] of this.walkers) {
      if (!one.arrays) continue;
      const w = one.arrays.walkers.data;
      for (let i = 0; i < w.length; i += 2) {
        this.map.dots.push({x: w[i], y: w[i + 1], colour: METHODS[method].shade, size: 4});
      }
    }
    this.map.later();
  }

  close() {
    super.close();
    this.map.close();
  }
}

const DEEPEST = 0.75; // shade of the valley, where E is within T of its least value
const FAINTER = 0.72; // from band to band

// A chart on a shaded landscape: `energy`, rows of numbers, over the whole of its axes.
class Landscape extends Chart {
  constructor(...given) {
    super(...given);
    this.regions = {names: []};
    this.energy = null;
  }

  drawRegions() {
    if (!this.energy) return;
    const {energy, pen} = this;
    const lowest = Math.min(...energy.map((line) => Math.min(...line)));
    const width = (this.px(this.axes.x.high) - this.px(this.axes.x.low)) / (energy[0].length - 1);
    const height = (this.py(this.axes.y.low) - this.py(this.axes.y.high)) / (energy.length - 1);
    const back = document.createElement("canvas");
    back.width = energy[0].length;
    back.height = energy.length;
    const brush = back.getContext("2d");
    brush.fillStyle = colour("blue");
    energy.forEach((line, r) => line.forEach((value, c) => {
      const band = Math.floor(Math.log2(1 + (value - lowest) / this.temperature));
      brush.globalAlpha = DEEPEST * FAINTER ** band;
      brush.fillRect(c, energy.length - 1 - r, 1, 1);
    }));
    pen.imageSmoothingEnabled = false;
    pen.drawImage(back, this.px(this.axes.x.low) - width / 2,
      this.py(this.axes.y.high) - height / 2, width * back.width, height * back.height);
    if (this.teacher) this.diamond(...this.teacher);
  }

  diamond(x, y) {
    const {pen} = this;
    pen.save();
    pen.translate(this.px(x), this.py(y));
    pen.rotate(Math.PI / 4);
    pen.strokeStyle = colour("ink");
    pen.lineWidth = 2;
    pen.strokeRect(-6, -6, 12, 12);
    pen.restore();
  }
}
