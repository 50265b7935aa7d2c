// The map m -> tanh((J m + h)/T) as a cobweb, and under it, on the same axis, the double well f(m)
// with the network as a ball in it.

import {between} from "./board.js";
import {Chart} from "./chart.js";
import {el, retell} from "./el.js";
import {still} from "./screen.js";
import {say} from "./words.js";

export const SHADES = {up: "blue", down: "orange", paramagnet: "green"};
const TURNS = 24; // of the cobweb
const TURN = 220; // milliseconds of one
const FLOOR = -1.08; // where the first line of the cobweb begins

export class Wells {
  // dropped(m): the reader pointed at a magnetization to begin from.
  constructor(parent, dropped) {
    this.start = 0;
    const box = (caption) => {
      const place = el("div", {}, el("div", {class: "quiet", text: caption}));
      parent.append(place);
      return place;
    };
    const m = {low: -1.08, high: 1.08, label: () => say("magnetization m")};
    this.parent = parent;
    this.cobweb = new Chart(box(() => say("The map again and again, from m = {start}",
      {start: this.start})), () => say("Cobweb of the map"), {ratio: 0.56,
      axes: {x: {...m}, y: {...m, label: () => "tanh((J m + h)/T)"}}});
    this.well = new Chart(box(() => say("The ball is the network, in f(m)")),
      () => say("Double well, with a ball in it"), {ratio: 0.56,
        axes: {x: {...m}, y: {low: -1, high: 0, label: () => say("free energy f / J")}}});
    this.cobweb.canvas.addEventListener("pointerdown", (event) => {
      const edge = this.cobweb.box.getBoundingClientRect();
      const at = this.cobweb.fromPixels(event.clientX - edge.left, event.clientY - edge.top);
      dropped(Math.min(1, Math.max(-1, at.x)));
    });
  }

  // The cobweb begins again, from m.
  drop(m) {
    this.start = m;
    this.begun = performance.now();
    retell(this.parent);
  }

  // What theory says at a temperature and field: an answer of the question "ising.mean_field".
  theory(fixed, {m, next, potential}) {
    this.solved = {m: m.data, next: next.data, potential: potential.data};
    const low = Math.min(...potential.data);
    const high = Math.max(...potential.data);
    const room = 0.12 * (high - low);
    this.well.axes.y.low = low - room;
    this.well.axes.y.high = high + room;
    this.well.curves = [{x: m.data, y: potential.data, colour: "blue"}];
    this.cobweb.curves = [{x: [-1, 1], y: [-1, 1], colour: "grey"},
      {x: m.data, y: next.data, colour: "blue"}, this.staircase()];
    const mark = (branch, one, y) => ({x: one.magnetization, y, colour: SHADES[branch], size: 4,
      hollow: !one.stable});
    const solutions = Object.entries(fixed);
    this.marks = {
      cobweb: solutions.map(([branch, one]) => mark(branch, one, one.magnetization)),
      well: solutions.map(([branch, one]) => mark(branch, one, one.free_energy)),
    };
    this.ball(this.now);
  }

  // The steps of the map that have been made, from the start.
  staircase() {
    const made = still() ? TURNS : Math.floor((performance.now() - this.begun) / TURN);
    const x = [this.start];
    const y = [FLOOR];
    for (let turn = 0, m = this.start; turn < Math.min(TURNS, made); turn++) {
      const to = between(this.solved.m, this.solved.next, m);
      x.push(m, to);
      y.push(to, to);
      m = to;
    }
    return {x, y, colour: "wine"};
  }

  // The network, at its magnetization.
  ball(now) {
    this.now = now;
    if (now === undefined || !this.solved) return;
    const {m, next, potential} = this.solved;
    this.cobweb.dots = [...this.marks.cobweb,
      {x: now, y: between(m, next, now), colour: "ink", size: 5}];
    this.well.dots = [...this.marks.well,
      {x: now, y: between(m, potential, now), colour: "ink", size: 9}];
    this.cobweb.curves[2] = this.staircase();
    this.cobweb.later();
    this.well.later();
  }

  close() {
    this.cobweb.close();
    this.well.close();
  }
}
