// Axes with curves, dots, lines and regions on a canvas, and a handle that can be dragged or moved
// by arrows. Theory is lines, networks are dots.

import {Board, colour, ticks} from "./board.js";
import {el, shownNumber} from "./el.js";
import {say} from "./words.js";

const MARGIN = {left: 60, right: 14, top: 14, bottom: 40};
const HANDLE = 44; // CSS pixels: a finger
const RING = 10; // what is drawn of it

// axes: x, y = {low, high, log, label: () => text}, x also step, the part of the axis that an arrow
// moves the handle by (a hundredth). What is drawn:
//   regions {x, y, rules, colours, names}      the branch that rules, a colour each, -1 nothing
//   lines   [{x, y, colour, label, dashed}]    transitions
//   curves  [{x, y, colour, stable, ghost, label, wide}]  stable: an array, dashed where 0
//   dots    [{x, y, error, colour, hollow}]
//   marks   [{x, y, colour, label}]            a vertical (y null) or horizontal (x null) line
export class Chart extends Board {
  constructor(parent, label, options = {}) {
    super(parent, label, options);
    this.axes = options.axes;
    this.regions = null;
    this.lines = [];
    this.curves = [];
    this.dots = [];
    this.marks = [];
    this.covered = false;
    this.guess = null;
    this.handle = null;
    this.moved = () => {};
    if (options.handle) this.addHandle(options.handle);
  }

  // Fit the axes to what is drawn: y from low to high of the curves and dots.
  fitY(least = null) {
    let low = Infinity;
    let high = -Infinity;
    for (const {y} of [...this.curves, ...this.dots.map((dot) => ({y: [dot.y]}))]) {
      for (const value of y) {
        if (!Number.isFinite(value)) continue;
        low = Math.min(low, value);
        high = Math.max(high, value);
      }
    }
    if (!(low <= high)) [low, high] = [0, 1];
    if (least) [low, high] = [Math.min(low, least[0]), Math.max(high, least[1])];
    const room = 0.06 * (high - low || 1);
    this.axes.y.low = low - room;
    this.axes.y.high = high + room;
  }

  px(value) {
    const {low, high, log} = this.axes.x;
    return MARGIN.left + place(value, low, high, log) * (this.width - MARGIN.left - MARGIN.right);
  }

  py(value) {
    const {low, high, log} = this.axes.y;
    const height = this.height - MARGIN.top - MARGIN.bottom;
    return MARGIN.top + (1 - place(value, low, high, log)) * height;
  }

  fromPixels(x, y) {
    const width = this.width - MARGIN.left - MARGIN.right;
    const height = this.height - MARGIN.top - MARGIN.bottom;
    return {
      x: value((x - MARGIN.left) / width, this.axes.x),
      y: value(1 - (y - MARGIN.top) / height, this.axes.y),
    };
  }

  draw() {
    const pen = this.pen;
    pen.save();
    pen.font = "12px system-ui, sans-serif";
    pen.beginPath();
    pen.rect(MARGIN.left, MARGIN.top, this.width - MARGIN.left - MARGIN.right,
      this.height - MARGIN.top - MARGIN.bottom);
    pen.save();
    pen.clip();
    if (this.regions && !this.covered) this.drawRegions();
    if (!this.covered) {
      for (const mark of this.marks) this.drawMark(mark);
      for (const curve of this.curves) this.drawCurve(curve);
      for (const line of this.lines) this.drawCurve({...line, wide: true});
    }
    if (this.guess) this.drawCurve({...this.guess, colour: "wine", ghost: false});
    for (const dot of this.dots) this.drawDot(dot);
    pen.restore();
    this.drawAxes();
    if (!this.covered) this.drawLabels();
    if (this.covered) this.drawCover();
    pen.restore();
    this.placeHandle();
  }

  drawAxes() {
    const pen = this.pen;
    const bottom = this.height - MARGIN.bottom;
    const right = this.width - MARGIN.right;
    pen.strokeStyle = colour("line");
    pen.fillStyle = colour("quiet");
    pen.lineWidth = 1;
    pen.strokeRect(MARGIN.left + 0.5, MARGIN.top + 0.5, right - MARGIN.left - 1,
      bottom - MARGIN.top - 1);
    pen.textAlign = "center";
    pen.textBaseline = "top";
    const room = Math.max(3, Math.floor((right - MARGIN.left) / 90));
    for (const tick of ticks(this.axes.x.low, this.axes.x.high, this.axes.x.log, room)) {
      const x = this.px(tick);
      line(pen, x, bottom, x, bottom - 4);
      pen.fillText(shownNumber(tick), x, bottom + 5);
    }
    pen.textAlign = "right";
    pen.textBaseline = "middle";
    for (const tick of ticks(this.axes.y.low, this.axes.y.high, this.axes.y.log)) {
      const y = this.py(tick);
      line(pen, MARGIN.left, y, MARGIN.left + 4, y);
      pen.fillText(shownNumber(tick), MARGIN.left - 6, y);
    }
    pen.fillStyle = colour("ink");
    pen.textAlign = "center";
    pen.textBaseline = "bottom";
    pen.fillText(this.axes.x.label(), (MARGIN.left + right) / 2, this.height - 4);
    pen.save();
    pen.translate(12, (MARGIN.top + bottom) / 2);
    pen.rotate(-Math.PI / 2);
    pen.textBaseline = "middle";
    pen.fillText(this.axes.y.label(), 0, 0);
    pen.restore();
  }

  drawRegions() {
    const {x, y} = this.regions;
    const [columns, rows] = [x.length, y.length];
    const cells = this.paintedCells();
    // The values stand in the middle of their cells.
    const width = (this.px(x[columns - 1]) - this.px(x[0])) / (columns - 1);
    const height = (this.py(y[0]) - this.py(y[rows - 1])) / (rows - 1);
    const pen = this.pen;
    pen.globalAlpha = 0.16;
    pen.imageSmoothingEnabled = false;
    pen.drawImage(cells, this.px(x[0]) - width / 2, this.py(y[rows - 1]) - height / 2,
      width * columns, height * rows);
    pen.globalAlpha = 1;
  }

  // A picture of a pixel for each cell, painted again when the cells or their colours change.
  paintedCells() {
    const {x, y, rules, colours} = this.regions;
    const [columns, rows] = [x.length, y.length];
    const shades = colours.map(colour);
    const key = shades.join();
    if (this.painted?.rules === rules && this.painted.key === key) return this.painted.cells;
    const cells = el("canvas", {width: columns, height: rows});
    const brush = cells.getContext("2d");
    for (let row = 0; row < rows; row++) {
      for (let column = 0; column < columns; column++) {
        const rule = rules[row * columns + column];
        if (rule < 0) continue;
        brush.fillStyle = shades[rule];
        brush.fillRect(column, rows - 1 - row, 1, 1);
      }
    }
    this.painted = {rules, key, cells};
    return cells;
  }

  // The name of each region in the middle of its widest run of cells.
  drawLabels() {
    const pen = this.pen;
    const taken = [];
    const put = (text, x, y, shade) => {
      const width = pen.measureText(text).width;
      const left = Math.min(Math.max(x - width / 2, MARGIN.left + 3),
        this.width - MARGIN.right - width - 3);
      for (const shift of [0, -15, 15, -30, 30, -45, 45]) {
        const box = [left, y + shift - 8, left + width, y + shift + 8];
        const inside = box[1] > MARGIN.top && box[3] < this.height - MARGIN.bottom;
        if (!inside || taken.some((other) => overlap(box, other))) continue;
        taken.push(box);
        pen.fillStyle = colour("paper");
        pen.globalAlpha = 0.75;
        pen.fillRect(box[0] - 2, box[1], width + 4, 16);
        pen.globalAlpha = 1;
        pen.fillStyle = shade;
        pen.textAlign = "left";
        pen.textBaseline = "middle";
        pen.fillText(text, left, y + shift);
        return;
      }
    };
    if (this.handle) taken.push(this.ringBox());
    for (const dot of this.dots) taken.push([this.px(dot.x) - 5, this.py(dot.y) - 5,
      this.px(dot.x) + 5, this.py(dot.y) + 5]);
    if (this.regions) {
      for (const [rule, name] of this.regions.names.entries()) {
        const spot = middle(this.regions, rule);
        if (spot) put(name(), this.px(spot.x), this.py(spot.y), colour("ink"));
      }
    }
    for (const one of [...this.lines, ...this.curves]) {
      if (!one.label || one.ghost) continue;
      const spot = labelSpot(one, this);
      if (spot) put(one.label(), spot.x, spot.y - 10, colour(one.colour || "ink"));
    }
    for (const mark of this.marks) {
      if (!mark.label) continue;
      if (mark.y === null) put(mark.label(), this.px(mark.x), MARGIN.top + 12, colour(mark.colour));
      else put(mark.label(), this.width - 60, this.py(mark.y) - 10, colour(mark.colour));
    }
  }

  drawCurve(curve) {
    const pen = this.pen;
    pen.strokeStyle = colour(curve.ghost ? "ghost" : curve.colour || "ink");
    pen.lineWidth = curve.ghost ? 1.5 : curve.wide ? 2.2 : 2;
    const unstable = (i) => curve.stable && curve.stable[i] === 0;
    let i = 0;
    while (i < curve.x.length) {
      if (!Number.isFinite(curve.y[i]) || !Number.isFinite(curve.x[i])) {
        i += 1;
        continue;
      }
      const dashed = curve.dashed || unstable(i);
      pen.setLineDash(dashed ? [5, 4] : []);
      pen.beginPath();
      pen.moveTo(this.px(curve.x[i]), this.py(curve.y[i]));
      let j = i + 1;
      for (; j < curve.x.length && Number.isFinite(curve.y[j]); j++) {
        pen.lineTo(this.px(curve.x[j]), this.py(curve.y[j]));
        if (!curve.dashed && unstable(j) !== dashed) break;
      }
      pen.stroke();
      i = Math.max(j, i + 1);
    }
    pen.setLineDash([]);
  }

  drawMark(mark) {
    const pen = this.pen;
    pen.strokeStyle = colour(mark.colour || "quiet");
    pen.lineWidth = 1;
    pen.setLineDash([2, 3]);
    if (mark.y === null) line(pen, this.px(mark.x), 0, this.px(mark.x), this.height);
    else line(pen, 0, this.py(mark.y), this.width, this.py(mark.y));
    pen.setLineDash([]);
  }

  drawDot(dot) {
    if (!Number.isFinite(dot.y)) return;
    const pen = this.pen;
    const x = this.px(dot.x);
    const y = this.py(dot.y);
    pen.strokeStyle = colour(dot.colour || "ink");
    pen.fillStyle = dot.hollow ? colour("paper") : colour(dot.colour || "ink");
    pen.lineWidth = 1.5;
    if (dot.error) line(pen, x, this.py(dot.y - dot.error), x, this.py(dot.y + dot.error));
    pen.beginPath();
    pen.arc(x, y, dot.size || 4, 0, 2 * Math.PI);
    pen.fill();
    pen.stroke();
  }

  drawCover() {
    const pen = this.pen;
    pen.fillStyle = colour("quiet");
    pen.textAlign = "center";
    pen.textBaseline = "middle";
    if (!this.guess) {
      pen.fillText(say("Draw what you expect, then lift the cover."), this.width / 2,
        this.height / 2);
    }
  }

  // handle: {x, y} in the units of the axes; y null: it moves along x alone.
  // options: {label: () => text, moved({x, y}, phase), steps}; phase: "drag" or "release".
  addHandle({x, y = null, label, moved}) {
    this.handle = {x, y};
    this.moved = moved;
    this.ring = el("button", {class: "handle", type: "button", role: "slider",
      "aria-roledescription": () => say("handle: arrows move it"), "aria-label": label});
    this.box.append(this.ring);
    this.ring.addEventListener("keydown", (event) => this.onKey(event));
    this.canvas.classList.add("grabbed");
    for (const node of [this.canvas, this.ring]) {
      node.addEventListener("pointerdown", (event) => this.onDown(event));
      node.addEventListener("pointermove", (event) => this.onMove(event));
      node.addEventListener("pointerup", (event) => this.onUp(event));
      node.addEventListener("pointercancel", (event) => this.onUp(event));
    }
  }

  onDown(event) {
    event.target.setPointerCapture(event.pointerId);
    event.preventDefault();
    this.dragging = true;
    if (this.covered) this.guess = {x: [], y: []};
    else this.ring.focus({preventScroll: true});
    this.onMove(event);
  }

  onMove(event) {
    if (!this.dragging) return;
    const box = this.box.getBoundingClientRect();
    const at = this.fromPixels(event.clientX - box.left, event.clientY - box.top);
    if (this.covered) {
      this.addToGuess(at);
      return;
    }
    this.moveTo(at, "drag");
  }

  onUp(event) {
    if (!this.dragging) return;
    this.dragging = false;
    if (!this.covered) this.moved({...this.handle}, "release");
  }

  addToGuess(at) {
    const {x, y} = this.guess;
    const after = x.findIndex((value) => value >= at.x);
    const i = after < 0 ? x.length : after;
    x.splice(i, 0, at.x);
    y.splice(i, 0, at.y);
    this.later();
  }

  onKey(event) {
    const step = {ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowDown: [0, -1], ArrowUp: [0, 1]};
    const turn = step[event.key];
    if (!turn) return;
    event.preventDefault();
    const {x, y} = this.axes;
    const by = event.shiftKey ? 0.1 : x.step || 0.01;
    const at = {...this.handle};
    if (turn[0] || this.handle.y === null) {
      const way = turn[0] || turn[1];
      at.x = value(place(at.x, x.low, x.high, x.log) + way * by, x);
    } else at.y = value(place(at.y, y.low, y.high, y.log) + turn[1] * by, y);
    this.moveTo(at, "drag");
    clearTimeout(this.settled);
    this.settled = setTimeout(() => this.moved({...this.handle}, "release"), 250);
  }

  moveTo({x, y}, phase) {
    this.handle.x = clamp(x, this.axes.x);
    if (this.handle.y !== null) this.handle.y = clamp(y, this.axes.y);
    this.placeHandle();
    this.moved({...this.handle}, phase);
  }

  // The middle of the ring, in pixels: at the foot where the handle has no height.
  ringAt() {
    const {x, y} = this.handle;
    const shown = y === null ? this.ringHeight : y;
    const foot = this.height - MARGIN.bottom;
    const top = Number.isFinite(shown) ? this.py(shown) : foot - 12;
    return {x: this.px(x), y: Math.min(foot, Math.max(MARGIN.top, top))};
  }

  ringBox() {
    const {x, y} = this.ringAt();
    return [x - RING, y - RING, x + RING, y + RING];
  }

  // Where the handle stands: the height of a handle that moves along x alone is given.
  placeHandle(height = this.ringHeight) {
    if (!this.handle) return;
    this.ringHeight = height;
    const {x, y} = this.handle;
    const at = this.ringAt();
    this.ring.style.left = `${at.x - HANDLE / 2}px`;
    this.ring.style.top = `${at.y - HANDLE / 2}px`;
    this.ring.setAttribute("aria-valuenow", String(x));
    this.ring.setAttribute("aria-valuetext",
      y === null ? shownNumber(x) : `${shownNumber(x)}, ${shownNumber(y)}`);
  }
}

function place(value, low, high, log) {
  if (log && low > 0) return Math.log(value / low) / Math.log(high / low);
  return (value - low) / (high - low);
}

function value(place_, {low, high, log, whole}) {
  const raw = log && low > 0 ? low * (high / low) ** place_ : low + place_ * (high - low);
  return Number((whole ? Math.round(raw) : raw).toPrecision(4));
}

function clamp(value_, {low, high}) {
  return Math.min(high, Math.max(low, value_));
}

function line(pen, x0, y0, x1, y1) {
  pen.beginPath();
  pen.moveTo(x0, y0);
  pen.lineTo(x1, y1);
  pen.stroke();
}

function overlap(a, b) {
  return a[0] < b[2] && b[0] < a[2] && a[1] < b[3] && b[1] < a[3];
}

const middles = new WeakMap(); // cells -> the middle of each region, found once

// The cell of a region that is farthest from any other.
function middle(regions, rule) {
  const {rules} = regions;
  if (!middles.has(rules)) middles.set(rules, new Map());
  const found = middles.get(rules);
  if (!found.has(rule)) found.set(rule, farthest(regions, rule));
  return found.get(rule);
}

function farthest({x, y, rules}, rule) {
  const columns = x.length;
  const rows = y.length;
  let best = null;
  let most = 1;
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      if (rules[row * columns + column] !== rule) continue;
      let reach = Math.min(row + 1, rows - row, column + 1, columns - column);
      for (let r = Math.max(0, row - reach); r <= Math.min(rows - 1, row + reach); r++) {
        for (let c = Math.max(0, column - reach); c <= Math.min(columns - 1, column + reach); c++) {
          if (rules[r * columns + c] === rule) continue;
          reach = Math.min(reach, Math.max(Math.abs(r - row), Math.abs(c - column)));
        }
      }
      if (reach > most || !best) {
        most = Math.max(reach, most);
        best = {x: x[column], y: y[row]};
      }
    }
  }
  return best;
}

function labelSpot({x, y}, chart) {
  const inside = [];
  for (let i = 0; i < x.length; i++) {
    const px = chart.px(x[i]);
    const py = chart.py(y[i]);
    if (px > MARGIN.left && px < chart.width - MARGIN.right && py > MARGIN.top
      && py < chart.height - MARGIN.bottom) inside.push({x: px, y: py});
  }
  return inside.length ? inside[Math.floor(inside.length * 0.6)] : null;
}
