// What is seen of a network in motion: states in time, eigenvalues in the plane, the distance of
// two copies; and three neurons in their landscape.

import {colour} from "./board.js";
import {Chart} from "./chart.js";
import {el} from "./el.js";
import {say} from "./words.js";

const SHADES = ["blue", "orange", "green", "pink", "sky", "gold", "grey", "wine"];
const REACHES = [1, 2, 4, 8, 16, 32, 64]; // of states: the axis moves seldom
const MOST = 40; // times as far from 0 as eigenvalues may lie

// Recent states of a few neurons, the present at the right.
export class Traces extends Chart {
  constructor(parent) {
    super(parent, () => say("States of eight neurons in time"), {ratio: 0.72, axes: {
      x: {low: -60, high: 0, label: () => say("time")},
      y: {low: -1, high: 1, label: () => "x"}}});
  }

  // trajectory, copy: (records, neurons), records `span` apart; the copy dashed.
  show(trajectory, copy, span) {
    const [count, neurons] = trajectory.shape;
    let most = 0;
    for (const value of trajectory.data) most = Math.max(most, Math.abs(value));
    const reach = REACHES.find((one) => one > 1.02 * most) || most;
    this.axes.y.low = -reach;
    this.axes.y.high = reach;
    const line = (array, neuron, ends) => {
      const records = array.shape[0];
      const x = new Float32Array(records);
      const y = new Float32Array(records);
      for (let t = 0; t < records; t++) {
        x[t] = (t - records + 1) * span;
        y[t] = array.data[t * neurons + neuron];
      }
      return {x, y, colour: SHADES[neuron], ...ends};
    };
    this.curves = [];
    for (let neuron = 0; neuron < neurons && count > 1; neuron++) {
      this.curves.push(line(trajectory, neuron, {}));
    }
    if (copy) {
      for (let neuron = 0; neuron < 3; neuron++) this.curves.push(line(copy, neuron,
        {dashed: true}));
    }
    this.later();
  }
}

// Eigenvalues of the couplings, the line at which a network at rest becomes unstable, and, where
// theory knows it, the edge of the cloud.
export class Cloud extends Chart {
  constructor(parent, reach) {
    super(parent, () => say("Eigenvalues of the couplings in the complex plane"), {ratio: 0.72,
      axes: {
      x: {low: -1, high: 1, label: () => say("real part")},
      y: {low: -1, high: 1, label: () => say("imaginary part")}}});
    this.reach = reach;
    this.marks = [{x: 1, y: null, colour: "orange", label: () => "Re = 1"}];
    this.key = "";
  }

  // eigenvalues (N, 2); ellipse: its half axes, or null.
  show({data, shape}, ellipse) {
    const key = `${shape[0]} ${data[0]} ${data[1]} ${ellipse}`;
    if (key === this.key) return;
    this.key = key;
    this.dots = [];
    for (let i = 0; i < shape[0]; i++) {
      const out = data[2 * i] > 1;
      this.dots.push({x: data[2 * i], y: data[2 * i + 1], colour: out ? "orange" : "ink",
        size: out ? 2.5 : 1.2});
    }
    this.edge(ellipse);
    this.later();
  }

  edge(ellipse) {
    this.curves = [];
    if (!ellipse) return;
    const turn = Array.from({length: 97}, (_, k) => (2 * Math.PI * k) / 96);
    this.curves = [{x: turn.map((a) => ellipse[0] * Math.cos(a)),
      y: turn.map((a) => ellipse[1] * Math.sin(a)), colour: "blue"}];
  }

  // A circle is a circle, and everything is seen; Re = 1 too.
  draw() {
    let [tall, wide] = [this.reach, Math.max(this.reach, 1.2)];
    for (const {x, y} of this.dots) {
      wide = Math.max(wide, 1.08 * Math.abs(x));
      tall = Math.max(tall, 1.08 * Math.abs(y));
    }
    const aspect = (this.px(this.axes.x.high) - this.px(this.axes.x.low))
      / (this.py(this.axes.y.low) - this.py(this.axes.y.high));
    const reach = Math.min(MOST, Math.max(tall, wide / aspect));
    Object.assign(this.axes.x, {low: -reach * aspect, high: reach * aspect});
    Object.assign(this.axes.y, {low: -reach, high: reach});
    super.draw();
  }
}

// Distance of two copies since the poke, and the theory's exponential.
export class Distance extends Chart {
  constructor(parent) {
    super(parent, () => say("Distance of two copies in time"), {ratio: 0.42, least: 170, axes: {
      x: {low: 0, high: 60, label: () => say("time since the poke")},
      y: {low: 1e-6, high: 10, log: true, label: () => ""}}});
  }

  // distance (records, 2); exponent and variance of the theory, null where not known.
  show(distance, exponent, variance) {
    this.dots = [];
    this.curves = [];
    this.marks = [];
    if (distance) {
      const count = distance.shape[0];
      const at = (i) => ({x: distance.data[2 * i], y: Math.max(1e-12, distance.data[2 * i + 1])});
      for (let i = 0; i < count; i++) this.dots.push({...at(i), colour: "ink", size: 1.6});
      // As long as they are apart.
      const last = Math.max(...this.dots.filter((dot) => dot.y > this.axes.y.low).map((dot) =>
        dot.x));
      this.axes.x.high = [60, 120, 240, 480, 960].find((end) => end > last) || last;
      if (Number.isFinite(exponent)) {
        const x = Array.from({length: 61}, (_, k) => (this.axes.x.high * k) / 60);
        this.curves = [{x, y: x.map((t) => at(0).y * Math.exp(exponent * t)), colour: "blue",
          label: () => say("theory: exp(λ t)")}];
      }
    }
    if (variance > 0) {
      this.marks = [{x: null, y: Math.sqrt(2 * variance), colour: "green",
        label: () => say("strangers")}];
    }
    this.later();
  }
}

// The plane of the first two neurons: the landscape as shades, fixed points, and what moves there.
export class Plane extends Chart {
  constructor(parent, label) {
    super(parent, label, {ratio: 0.7, axes: {
      x: {low: -8, high: 8, label: () => "x₁"}, y: {low: -8, high: 8, label: () => "x₂"}}});
    this.back = document.createElement("canvas");
    this.points = null;
    this.paths = null;
    this.moment = 0;
  }

  // landscape {E (n, n), x (n,), y (n,)}; temperature: what a step of shade is measured in.
  landscape(E, x, y, temperature) {
    this.ground = {E, x, y, temperature};
    Object.assign(this.axes.x, {low: x[0], high: x[x.length - 1]});
    Object.assign(this.axes.y, {low: y[0], high: y[y.length - 1]});
    this.later();
  }

  draw() {
    if (this.ground) this.paintGround();
    super.draw();
    const pen = this.pen;
    pen.save();
    pen.beginPath();
    pen.rect(this.px(this.axes.x.low), this.py(this.axes.y.high),
      this.px(this.axes.x.high) - this.px(this.axes.x.low),
      this.py(this.axes.y.low) - this.py(this.axes.y.high));
    pen.clip();
    if (this.paths) this.paintPaths();
    if (this.points) this.paintPoints();
    pen.restore();
  }

  // Ten shades of E up to 10 T: where exp(-E/T) is next to nothing it is dark.
  paintGround() {
    const {E, x, y, temperature} = this.ground;
    const [columns, rows] = [x.length, y.length];
    this.back.width = columns;
    this.back.height = rows;
    const back = this.back.getContext("2d");
    const image = back.createImageData(columns, rows);
    const [low, high] = [shades("warm"), shades("sky")];
    for (let row = 0; row < rows; row++) {
      for (let column = 0; column < columns; column++) {
        const value = E[column * rows + (rows - 1 - row)];
        const level = Number.isFinite(value) ? Math.min(10,
          Math.floor(value / temperature)) / 10 : 1;
        const at = 4 * (row * columns + column);
        for (let c = 0; c < 3; c++) image.data[at + c] = low[c] + (high[c] - low[c]) * level;
        image.data[at + 3] = 255;
      }
    }
    back.putImageData(image, 0, 0);
    const left = this.px(x[0]);
    const top = this.py(y[rows - 1]);
    this.pen.drawImage(this.back, left, top, this.px(x[columns - 1]) - left, this.py(y[0]) - top);
  }

  paintPoints() {
    const {data, shape} = this.points;
    this.pen.fillStyle = colour("ink");
    this.pen.globalAlpha = 0.6;
    for (let i = 0; i < shape[0]; i++) {
      this.pen.fillRect(this.px(data[i * shape[1]]) - 1.5, this.py(data[i * shape[1] + 1]) - 1.5, 3,
        3);
    }
    this.pen.globalAlpha = 1;
  }

  // paths (starts, moments, neurons), each seen so far as `moment`.
  paintPaths() {
    const {data, shape} = this.paths;
    const [starts, moments, neurons] = shape;
    const end = Math.min(moments - 1, Math.floor(this.moment));
    const pen = this.pen;
    for (let start = 0; start < starts; start++) {
      const at = (t) => {
        const i = (start * moments + t) * neurons;
        return [this.px(data[i]), this.py(data[i + 1])];
      };
      pen.strokeStyle = colour("wine");
      pen.lineWidth = 1.2;
      pen.globalAlpha = 0.55;
      pen.beginPath();
      for (let t = 0; t <= end; t++) pen.lineTo(...at(t));
      pen.stroke();
      pen.globalAlpha = 1;
      pen.fillStyle = colour("wine");
      pen.beginPath();
      pen.arc(...at(end), 3, 0, 2 * Math.PI);
      pen.fill();
    }
  }
}

function shades(name) {
  const number = parseInt(colour(name).replace("#", ""), 16);
  return [(number >> 16) & 255, (number >> 8) & 255, number & 255];
}

// What is seen of every network in motion, side by side: its traces, and the cloud of eigenvalues
// within `reach`.
export function tracesAndCloud(parent, reach) {
  const [left, right] = [el("div", {}), el("div", {})];
  parent.append(el("div", {class: "panels"}, left, right));
  left.append(el("div", {class: "caption", text: () => say("Eight of its neurons")}));
  right.append(el("div", {class: "caption", text: () => say("Eigenvalues of J; rest is lost " +
    "where one passes Re = 1")}));
  return {traces: new Traces(left), cloud: new Cloud(right, reach)};
}
