// The exact magnetization of the lattice against temperature, and what all views of the exhibit
// have in common.

import {Chart} from "./chart.js";
import {el} from "./el.js";
import {fn, formula, frac, root, row, sub, sup, term} from "./formula.js";
import {ask, forget} from "./wire.js";
import {say} from "./words.js";

export const CRITICAL = 2 / Math.log(1 + Math.SQRT2); // T_c/J of the lattice; Onsager 1944
export const SPAN = [1, 4]; // of its temperature

// The sum of spins over their number.
export function meanOf(spins) {
  let total = 0;
  for (const spin of spins) total += spin;
  return total / spins.length;
}

// Both curves +M(T), -M(T), with a handle on the temperature if `moved` is given.
export class MagnetizationMap {
  constructor(places, temperature, moved = null) {
    this.chart = new Chart(places.left, () => say("Magnetization against temperature"), {
      ratio: 0.68,
      axes: {x: {low: SPAN[0], high: SPAN[1], label: () => say("temperature T / J")},
        y: {low: -1.08, high: 1.08, label: () => say("magnetization m")}},
      handle: moved ? {x: temperature, label: () => say("temperature T / J"), moved} : undefined,
    });
    this.chart.marks = [{x: CRITICAL, y: null, colour: "quiet", label: () => "T_c"}];
    this.light = formula(places.formula,
      row("M", "=", term("curve", sup(row("(", "1", "−",
        sup(row(fn("sinh"), "(", frac(row("2", "J"), "T"), ")"), "−4"), ")"),
      frac("1", "8")))),
      term("critical", row(sub("T", "c"), "=", frac(row("2", "J"),
        row(fn("ln"), "(", "1", "+", root("2"), ")")))));
    ask("exact", "ising.magnetization", {span: SPAN}, ({header, arrays}) => {
      if (header.trouble || this.closed) return;
      this.exact = {x: arrays.temperature.data, y: arrays.magnetization.data,
        energy: arrays.energy.data};
      const below = this.exact.y.map((m) => -m);
      this.chart.curves = [
        {x: this.exact.x, y: this.exact.y, colour: "blue", label: () => say("exact, +M")},
        {x: this.exact.x, y: below, colour: "orange", label: () => say("exact, −M")},
      ];
      this.place(temperature);
      if (this.ready) this.ready();
    });
  }

  // What is exact at a temperature, read off the curve.
  at(temperature) {
    if (!this.exact) return null;
    const {x, y, energy} = this.exact;
    const i = Math.max(1, x.findIndex((value) => value >= temperature));
    const part = (temperature - x[i - 1]) / (x[i] - x[i - 1]);
    const between = (values) => values[i - 1] + part * (values[i] - values[i - 1]);
    return {magnetization: between(y), energy: between(energy)};
  }

  place(temperature) {
    const exact = this.at(temperature);
    if (this.chart.handle) {
      this.chart.handle.x = temperature;
      this.chart.placeHandle(exact ? exact.magnetization : null);
    }
    this.chart.later();
  }

  // A button that hides theory until a guess is drawn.
  cover() {
    const button = el("button", {type: "button", text: () => (this.chart.covered
      ? say("Lift the cover") : say("Predict first")), onclick: () => {
      this.chart.covered = !this.chart.covered;
      if (this.chart.covered) this.chart.guess = null;
      if (this.chart.ring) this.chart.ring.hidden = this.chart.covered;
      button.textContent = this.chart.covered ? say("Lift the cover") : say("Predict first");
      this.chart.later();
    }});
    return button;
  }

  close() {
    this.closed = true;
    forget("exact");
    this.chart.close();
  }
}
