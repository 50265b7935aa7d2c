// A memory that can be touched: its spins under a brush, a pad to draw on, a strip of what it has
// stored with the overlap of each.

import {Board, colour} from "./board.js";
import {el} from "./el.js";
import {Panel} from "./panels.js";
import {onLanguage, say} from "./words.js";

const WAYS = {ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0]};

// A square of cells that is painted by finger, mouse or keys (arrows and space). radius: of the
// brush in cells; painted(cells): the numbers of the cells that it has touched since.
class Canvas extends Panel {
  constructor(parent, label, {radius, painted}) {
    super(parent, label, {ratio: 1});
    this.radius = radius;
    this.painted = painted;
    this.cursor = null;
    this.touched = new Set();
    const {canvas} = this;
    canvas.classList.add("grabbed");
    canvas.tabIndex = 0;
    canvas.setAttribute("role", "application");
    canvas.addEventListener("pointerdown", (event) => this.begin(event));
    canvas.addEventListener("pointermove", (event) => this.move(event));
    for (const name of ["pointerup", "pointercancel"]) {
      canvas.addEventListener(name, () => (this.last = null));
    }
    canvas.addEventListener("keydown", (event) => this.key(event));
    canvas.addEventListener("blur", () => {
      this.cursor = null;
      this.later();
    });
  }

  get side() {
    return this.array ? Math.ceil(Math.sqrt(this.array.data.length)) : 0;
  }

  begin(event) {
    if (!this.at) return;
    event.preventDefault();
    this.canvas.setPointerCapture(event.pointerId);
    this.last = this.cell(event);
    this.stroke(this.last, this.last);
  }

  move(event) {
    if (!this.last) return;
    const next = this.cell(event);
    this.stroke(this.last, next);
    this.last = next;
  }

  cell(event) {
    const box = this.canvas.getBoundingClientRect();
    const {left, top, scale} = this.at;
    return {row: (event.clientY - box.top - top) / scale - 0.5,
      column: (event.clientX - box.left - left) / scale - 0.5};
  }

  // Every cell within the brush of a straight line.
  stroke(from, to) {
    const {side, radius} = this;
    const length = Math.hypot(to.row - from.row, to.column - from.column);
    const steps = Math.max(1, Math.ceil(2 * length));
    for (let i = 0; i <= steps; i++) {
      const row = from.row + (to.row - from.row) * i / steps;
      const column = from.column + (to.column - from.column) * i / steps;
      for (let r = Math.ceil(row - radius); r <= row + radius; r++) {
        for (let c = Math.ceil(column - radius); c <= column + radius; c++) {
          const inside = Math.hypot(r - row, c - column) <= radius;
          if (inside && r >= 0 && c >= 0 && r < side && c < side) this.touched.add(r * side + c);
        }
      }
    }
    if (this.sending) return;
    this.sending = requestAnimationFrame(() => {
      this.sending = 0;
      const cells = [...this.touched].filter((i) => i < this.array.data.length);
      this.touched.clear();
      this.painted(cells);
    });
  }

  key(event) {
    const way = WAYS[event.key];
    if (!this.at || (!way && event.key !== " ")) return;
    event.preventDefault();
    const middle = Math.floor(this.side / 2);
    this.cursor = this.cursor || {row: middle, column: middle};
    if (way) {
      const inside = (value) => Math.min(this.side - 1, Math.max(0, value));
      this.cursor.row = inside(this.cursor.row + way[0]);
      this.cursor.column = inside(this.cursor.column + way[1]);
    } else this.stroke(this.cursor, this.cursor);
    this.later();
  }

  draw() {
    super.draw();
    if (!this.at) return;
    const {left, top, scale} = this.at;
    const width = this.side * scale;
    this.pen.strokeStyle = colour("line");
    this.pen.lineWidth = 1;
    this.pen.strokeRect(left + 0.5, top + 0.5, width - 1, width - 1);
    if (!this.cursor) return;
    this.pen.strokeStyle = colour("accent");
    this.pen.lineWidth = 2;
    this.pen.strokeRect(left + this.cursor.column * scale, top + this.cursor.row * scale, scale,
      scale);
  }
}

// The spins of a network. Those that are held are tinted.
export class Spins extends Canvas {
  constructor(parent, painted) {
    super(parent, () => say("Spins: paint on them to damage the picture"), {radius: 1.6, painted});
    this.held = null;
  }

  draw() {
    super.draw();
    if (!this.held || !this.at) return;
    const {left, top, scale} = this.at;
    const {pen, side} = this;
    pen.fillStyle = colour("orange");
    pen.globalAlpha = 0.38;
    // Whole pixels, so that cells neither overlap nor leave a seam.
    const x = (column) => Math.round(left + column * scale);
    const y = (row) => Math.round(top + row * scale);
    for (let i = 0; i < this.held.length; i++) {
      if (this.held[i] < 0) continue;
      const [row, column] = [Math.floor(i / side), i % side];
      pen.fillRect(x(column), y(row), x(column + 1) - x(column), y(row + 1) - y(row));
    }
    pen.globalAlpha = 1;
  }
}

// A pad to draw a picture on.
export class Pad extends Canvas {
  constructor(parent) {
    super(parent, () => say("Pad: draw a picture"), {radius: 2.1, painted: (cells) => {
      for (const i of cells) this.array.data[i] = 1;
      this.later();
    }});
  }

  clean(size) {
    this.show({data: new Int8Array(size).fill(-1), shape: [size], kind: "spins"});
  }

  // The numbers of the black cells.
  get ink() {
    const out = [];
    this.array.data.forEach((value, i) => value > 0 && out.push(i));
    return out;
  }
}

// Small pictures of what is stored, the overlap of the state with each as a bar, and thin bars for
// all that find no room. on: {recall(serial), forget(serial)}.
export class Strip {
  constructor(parent, on) {
    this.on = on;
    this.cells = [];
    this.list = el("div", {class: "memories", role: "group",
      "aria-label": () => say("Stored memories")});
    this.rest = el("p", {class: "quiet"});
    parent.append(this.list, this.rest);
    this.bars = new Bars(parent);
    this.theme = matchMedia("(prefers-color-scheme: dark)");
    this.themed = () => this.renew();
    this.theme.addEventListener("change", this.themed);
    this.silenced = onLanguage(() => this.last && this.show(...this.last));
  }

  show(memories, serials, overlaps) {
    this.last = [memories, serials, overlaps];
    const count = serials.length;
    const size = memories.shape[1];
    while (this.cells.length < count) this.cells.push(this.cell());
    while (this.cells.length > count) this.cells.pop().box.remove();
    this.cells.forEach((cell, i) => {
      if (cell.serial !== serials[i]) {
        cell.serial = serials[i];
        paint(cell.picture, memories.data.subarray(i * size, (i + 1) * size));
      }
      const part = Math.min(1, Math.abs(overlaps[i]));
      cell.bar.style.width = `${100 * part}%`;
      cell.bar.classList.toggle("against", overlaps[i] < 0);
      cell.number.textContent = overlaps[i].toFixed(2).replace("-0.00", "0.00").replace("-", "−");
      cell.button.setAttribute("aria-label", say("Recall memory {number}: overlap {overlap}",
        {number: i + 1, overlap: cell.number.textContent}));
      cell.gone.setAttribute("aria-label", say("Forget memory {number}", {number: i + 1}));
      cell.box.classList.toggle("chosen", i === 0);
    });
    const more = overlaps.length - count;
    this.rest.textContent = more > 0 ? say("and {count} more; all {total} overlaps:",
      {count: more, total: overlaps.length}) : say("all {total} overlaps:",
      {total: overlaps.length});
    this.bars.show(overlaps);
  }

  // Another network's memories have the same serial numbers.
  renew() {
    this.cells.forEach((cell) => (cell.serial = null));
  }

  cell() {
    const cell = {serial: null};
    cell.picture = el("canvas", {width: 28, height: 28, "aria-hidden": "true"});
    cell.bar = el("span", {class: "fill"});
    cell.number = el("span", {class: "number"});
    cell.button = el("button", {type: "button", class: "recall",
      onclick: () => this.on.recall(cell.serial)}, cell.picture,
    el("span", {class: "track"}, cell.bar), cell.number);
    cell.gone = el("button", {type: "button", class: "gone",
      onclick: () => this.on.forget(cell.serial)}, "×");
    cell.box = el("div", {class: "memory"}, cell.button, cell.gone);
    this.list.append(cell.box);
    return cell;
  }

  close() {
    this.bars.close();
    this.silenced();
    this.theme.removeEventListener("change", this.themed);
  }
}

function paint(canvas, spins) {
  const side = Math.ceil(Math.sqrt(spins.length));
  canvas.width = side;
  canvas.height = side;
  const pen = canvas.getContext("2d");
  pen.fillStyle = colour("spin-down");
  pen.fillRect(0, 0, side, side);
  pen.fillStyle = colour("spin-up");
  spins.forEach((value, i) => {
    if (value > 0) pen.fillRect(i % side, Math.floor(i / side), 1, 1);
  });
}

// A thin bar for each overlap, upwards where it is positive.
class Bars extends Board {
  constructor(parent) {
    super(parent, () => say("Overlap with every memory"), {ratio: 0.14, least: 56});
  }

  show(overlaps) {
    this.overlaps = overlaps;
    this.later();
  }

  draw() {
    if (!this.overlaps) return;
    const {pen, width, height, overlaps} = this;
    const room = width - 34;
    const step = Math.min(14, room / overlaps.length);
    const zero = height * 0.62;
    const reach = zero - 4;
    pen.fillStyle = colour("quiet");
    pen.font = "11px system-ui, sans-serif";
    pen.textAlign = "right";
    pen.textBaseline = "middle";
    pen.fillText("1", 24, zero - reach + 3);
    pen.fillText("0", 24, zero);
    pen.strokeStyle = colour("line");
    pen.lineWidth = 1;
    pen.beginPath();
    for (const y of [zero - reach, zero]) {
      pen.moveTo(30, y + 0.5);
      pen.lineTo(30 + room, y + 0.5);
    }
    pen.stroke();
    for (let i = 0; i < overlaps.length; i++) {
      pen.fillStyle = colour(i ? "quiet" : "blue");
      const tall = reach * overlaps[i];
      pen.fillRect(31 + i * step, Math.min(zero, zero - tall), Math.max(1, step - 1),
        Math.max(1, Math.abs(tall)));
    }
  }
}
