// Where theory and network meet: for each order parameter an axis with the theory's mark and the
// network's dot, whose error bar shrinks while it runs.

import {el, shownMean, shownNumber} from "./el.js";
import {help} from "./help.js";
import {symbolOf} from "./controls.js";
import {onLanguage, say, told} from "./words.js";

const APART = 2; // errors from which a difference is highlighted
const SAME = 1e-4; // of a value: a smaller difference is one of time steps and rounding
const NOTHING = 1e-9;

// observables: declared items; others: those that theory does not know, folded away below.
export class Meeting {
  constructor(parent, model, observables, others = []) {
    this.rows = new Map();
    this.model = model;
    this.note = el("p", {class: "note", "aria-live": "polite"});
    this.list = el("div", {class: "meeting"});
    parent.append(this.list, this.note);
    for (const item of observables) this.add(item, this.list);
    if (others.length) {
      const more = el("div", {class: "meeting"});
      parent.append(el("details", {open: !observables.length},
        el("summary", {text: () => say("measured only")}), more));
      for (const item of others) this.add(item, more);
    }
    this.silenced = onLanguage(() => this.refresh());
  }

  add(item, list) {
    const mark = el("div", {class: "theory"});
    const dot = el("div", {class: "dot"});
    const bar = el("div", {class: "bar"});
    const axis = el("div", {class: "axis", role: "img"}, bar, mark, dot);
    const numbers = el("div", {class: "numbers"});
    const name = help(this.model, item,
      el("span", {}, symbolOf(item), " ", el("span", {text: () => told(item.name)})));
    const row = el("div", {class: "row"}, el("div", {class: "label"}, name), axis, numbers);
    list.append(row);
    this.rows.set(item.name, {item, row, axis, mark, dot, bar, numbers, theory: null, network: null,
      low: null, high: null});
  }

  // theory: {observable: value}, colour: of the branch; NaN or null where not known.
  theory(values, shade = "blue") {
    for (const [name, row] of this.rows) {
      row.theory = values ? values[name] ?? null : null;
      row.shade = shade;
    }
    this.refresh();
  }

  // measured: {observable: {now, mean, error}}.
  network(measured) {
    for (const [name, row] of this.rows) row.network = measured ? measured[name] || null : null;
    this.refresh();
  }

  // sentence: () => text, why theory and network may differ; shown only where they do.
  because(sentence) {
    this.reason = sentence;
    this.refresh();
  }

  refresh() {
    let apart = false;
    for (const row of this.rows.values()) apart = place(row) || apart;
    const text = apart && this.reason ? this.reason() : "";
    if (this.note.textContent !== text) this.note.textContent = text;
  }

  close() {
    this.silenced();
  }
}

// Put mark and dot on the axis; whether they are apart.
function place(row) {
  const {item, theory, network} = row;
  const mean = network ? network.mean ?? network.now : null;
  const error = network ? network.error : null;
  stretch(row, [theory, mean, error ? mean - error : null, error ? mean + error : null], item);
  const at = (value) => 100 * (value - row.low) / (row.high - row.low || 1);
  row.mark.hidden = theory === null;
  row.mark.style.left = `${at(theory)}%`;
  row.mark.style.background = `var(--${row.shade})`;
  row.dot.hidden = mean === null;
  row.bar.hidden = mean === null || !error;
  row.dot.style.left = `${at(mean)}%`;
  row.bar.style.left = `${at(mean - (error || 0))}%`;
  row.bar.style.width = `${Math.max(0, (200 * (error || 0)) / (row.high - row.low || 1))}%`;
  const same = Math.max(APART * error, SAME * Math.abs(theory), NOTHING);
  const differs = theory !== null && error > 0 && Math.abs(mean - theory) > same;
  row.row.classList.toggle("apart", differs);
  const told_ = [
    theory === null ? "" : `${say("theory")} ${shownNumber(theory, 4)}`,
    mean === null ? "" : `${say("network")} ${shownMean(mean, error)}`,
  ].filter(Boolean);
  row.numbers.replaceChildren(...told_.map((text, i) =>
    el("span", {class: i || theory === null ? "" : "quiet"}, text)));
  row.axis.setAttribute("aria-label", told_.join(", "));
  return differs;
}

// The axis holds its ends, and grows to what comes. Where the declaration does not bound it, it
// holds zero: a difference looks as small as it is.
function stretch(row, values, item) {
  const known = values.filter((value) => value !== null && Number.isFinite(value));
  if (!known.length) return;
  const declared = [item.low, item.high].map(Number);
  known.push(...(declared.every(Number.isFinite) ? declared : [0]));
  const low = Math.min(...known);
  const high = Math.max(...known);
  const room = 0.08 * (high - low) || 0.1 * Math.abs(high) || 0.1;
  if (row.low === null || low < row.low || high > row.high ||
    high - low < 0.2 * (row.high - row.low)) {
    row.low = low - room;
    row.high = high + room;
  }
}
