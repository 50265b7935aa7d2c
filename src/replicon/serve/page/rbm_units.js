// How many hidden units: the choice, and where learning begins for each number.

import {Chart} from "./chart.js";
import {el} from "./el.js";
import {ask, forget} from "./wire.js";
import {say} from "./words.js";

const WORDS = [() => say("one"), () => say("two"), () => say("three"), () => say("four")];
const MOST = 8; // units of the chart
const SLOT = "rbm-onsets";

// A row of words, one to four; changed(number).
export function unitsChosen(chosen, changed) {
  const buttons = WORDS.map((text, i) => el("button", {type: "button", text,
    onclick: () => changed(i + 1)}));
  const row = el("div", {class: "control"}, el("div", {class: "label"},
    el("span", {class: "name"}, el("i", {class: "symbol"}, "K"), " ",
      el("span", {text: () => say("hidden units")}))),
  el("div", {class: "row-of", role: "group", "aria-label": () => say("hidden units")}, buttons));
  row.put = (number) => buttons.forEach((button, i) => {
    button.classList.toggle("chosen", i + 1 === number);
    button.setAttribute("aria-pressed", String(i + 1 === number));
  });
  row.put(chosen);
  return row;
}

// The onset against the number of units, both axes logarithmic: flat where rows share nothing.
export class Onsets {
  constructor(parent) {
    parent.append(el("div", {class: "caption quiet", text: () => say("where learning begins, for " +
      "1 to 8 units")}));
    this.chart = new Chart(parent, () => say("Load at which learning begins against the number of " +
      "units"), {ratio: 0.34, least: 150, axes: {
      x: {low: 0.9, high: MOST + 0.9, log: true, label: () => say("hidden units K")},
      y: {low: 5e-4, high: 2, log: true, label: () => "α_c"}}});
  }

  // Asked anew only where the correlation has changed.
  ask(correlation, hidden, prior) {
    this.hidden = hidden;
    this.prior = prior;
    if (this.of === correlation) return this.draw();
    this.of = correlation;
    ask(SLOT, "rbm.onsets", {correlation}, ({header, arrays}) => {
      if (header.trouble) return;
      this.found = arrays;
      this.draw();
    });
  }

  draw() {
    if (!this.found) return;
    const {chart, prior, hidden} = this;
    const units = [...this.found.units.data];
    const curve = (name, label) => ({x: units, y: [...this.found[name].data],
      colour: name === prior ? "blue" : "grey", label});
    chart.curves = [
      {x: units, y: units.map((k) => k ** -4), colour: "quiet", dashed: true, label: () => "1/K⁴"},
      curve("uniform", () => say("takes them for independent")),
      curve("informed", () => say("knows the correlation")),
    ];
    chart.marks = [{x: hidden, y: null, colour: "wine"}];
    chart.later();
  }

  close() {
    forget(SLOT);
    this.chart.close();
  }
}
