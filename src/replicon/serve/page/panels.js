// What is seen of a network: an array of each kind that declarations know, on a canvas.

import {Board, colour, ticks} from "./board.js";
import {shownNumber} from "./el.js";

const MOST = 8; // curves of a trajectory

// A panel for one view. `show(array, extra)` draws {data, shape, kind}; `extra` is the exhibit's.
export class Panel extends Board {
  constructor(parent, label, options = {}) {
    super(parent, label, {ratio: 1, least: 120, ...options});
    this.options = options;
    this.array = null;
    this.back = document.createElement("canvas");
  }

  show(array) {
    this.array = array;
    this.later();
  }

  // As high as what it shows asks for.
  shape(ratio) {
    const wanted = Math.min(1, Math.max(0.2, ratio));
    if (this.options.fixed || Math.abs(wanted - this.ratio) < 0.02) return;
    this.ratio = wanted;
    this.least = 40;
    this.fit();
  }

  draw() {
    if (!this.array || !this.array.data.length) return;
    PAINTERS[this.array.kind || "image"](this, this.array);
  }
}

const PAINTERS = {
  spins: paintSpins,
  lattice: paintSpins,
  weights: paintSigned,
  image: paintImage,
  trajectory: paintTrajectory,
  spectrum: paintSpectrum,
  histogram: paintHistogram,
};

// Side by side squares for (copies, N), a square for (N,), as it is for (L, L).
function paintSpins(panel, {data, shape, kind}) {
  const {rows, columns, at} = layout(shape, kind === "lattice");
  const on = rgb(colour("spin-up"));
  const off = rgb(colour("spin-down"));
  if (kind === "lattice") {
    pixels(panel, rows, columns, (row, column) => (data[row * columns + column] > 0 ? on : off));
    return;
  }
  pixels(panel, rows, columns, (row, column) => {
    const i = at(row, column);
    return i < 0 ? null : data[i] > 0 ? on : off;
  });
}

// The option `reach`, here and of images, is the value of the full colour; else the largest is.
function paintSigned(panel, {data, shape}) {
  const {rows, columns, at} = matrix(shape);
  let reach = panel.options.reach || 0;
  if (!reach) for (const value of data) reach = Math.max(reach, Math.abs(value));
  const [zero, plus, minus] = ["paper", "orange", "blue"].map((name) => rgb(colour(name)));
  pixels(panel, rows, columns, (row, column) => {
    const i = at(row, column);
    return i < 0 ? null : mixed(zero, data[i] > 0 ? plus : minus, Math.abs(data[i]) / (reach || 1));
  });
}

function paintImage(panel, array) {
  const {data, shape} = array;
  if (data.some((value) => value < 0)) return paintSigned(panel, array);
  const {rows, columns, at} = matrix(shape);
  const top = panel.options.reach || data.reduce((most, value) => Math.max(most, value), 0) || 1;
  const [from, to] = [rgb(colour("paper")), rgb(colour("ink"))];
  pixels(panel, rows, columns, (row, column) => {
    const i = at(row, column);
    return i < 0 ? null : mixed(from, to, data[i] / top);
  });
}

function paintTrajectory(panel, {data, shape}) {
  const [times, curves] = [shape[0], shape.length > 1 ? shape[1] : 1];
  const shown = Math.min(curves, MOST);
  let [low, high] = [Infinity, -Infinity];
  for (let t = 0; t < times; t++) {
    for (let c = 0; c < shown; c++) {
      const value = data[t * curves + c];
      if (Number.isFinite(value)) [low, high] = [Math.min(low, value), Math.max(high, value)];
    }
  }
  if (!(low <= high)) return;
  const {x, y} = frame(panel, 0, Math.max(1, times - 1), low, high, false);
  const names = ["blue", "orange", "green", "pink", "sky", "gold", "grey", "wine"];
  for (let c = 0; c < shown; c++) {
    panel.pen.strokeStyle = colour(names[c]);
    panel.pen.lineWidth = 1.4;
    panel.pen.beginPath();
    for (let t = 0; t < times; t++) panel.pen.lineTo(x(t), y(data[t * curves + c]));
    panel.pen.stroke();
  }
}

// Eigenvalues in the plane, with the line on which a network at rest becomes unstable.
function paintSpectrum(panel, {data, shape}) {
  let reach = 1.1;
  for (const value of data) if (Number.isFinite(value)) reach = Math.max(reach, Math.abs(value));
  const flat = panel.options.flat || !data.some((value, i) => i % 2 && value !== 0);
  const {x, y} = flat
    ? frame(panel, 0, Math.max(1, shape[0] - 1), 0, reach, false)
    : frame(panel, -reach, reach, -reach, reach, true);
  const pen = panel.pen;
  if (!flat && panel.options.edge !== false) {
    pen.strokeStyle = colour("orange");
    pen.lineWidth = 1.5;
    pen.beginPath();
    pen.moveTo(x(1), y(-reach));
    pen.lineTo(x(1), y(reach));
    pen.stroke();
  }
  pen.fillStyle = colour("blue");
  pen.globalAlpha = 0.7;
  for (let i = 0; i < shape[0]; i++) {
    const at = flat ? [x(i), y(data[2 * i])] : [x(data[2 * i]), y(data[2 * i + 1])];
    pen.fillRect(at[0] - 1.5, at[1] - 1.5, 3, 3);
  }
  pen.globalAlpha = 1;
}

function paintHistogram(panel, {data, shape}) {
  const bars = shape[0];
  let high = 0;
  let low = 0;
  for (let i = 0; i < bars; i++) {
    high = Math.max(high, data[2 * i + 1]);
    low = Math.min(low, data[2 * i + 1]);
  }
  const width = bars > 1 ? (data[2 * (bars - 1)] - data[0]) / (bars - 1) : 1;
  const edges = [data[0] - width / 2, data[2 * (bars - 1)] + width / 2];
  const {x, y} = frame(panel, edges[0], edges[1], low, high || 1, false);
  panel.pen.fillStyle = colour("blue");
  for (let i = 0; i < bars; i++) {
    const left = x(data[2 * i] - width / 2);
    const right = x(data[2 * i] + width / 2);
    const [a, b] = [y(data[2 * i + 1]), y(0)];
    panel.pen.fillRect(left, Math.min(a, b), Math.max(1, right - left - 0.5), Math.abs(b - a));
  }
}

// Axes with numbers at their ends; x and y take values to pixels.
function frame(panel, left, right, low, high, square) {
  const room = {left: 40, right: 8, top: 8, bottom: 22};
  let width = panel.width - room.left - room.right;
  let height = panel.height - room.top - room.bottom;
  if (square) width = height = Math.min(width, height);
  const span = high - low || 1;
  const x = (v) => room.left + ((v - left) / (right - left || 1)) * width;
  const y = (v) => room.top + (1 - (v - low) / span) * height;
  const pen = panel.pen;
  pen.font = "11px system-ui, sans-serif";
  pen.strokeStyle = colour("line");
  pen.fillStyle = colour("quiet");
  pen.lineWidth = 1;
  pen.strokeRect(room.left + 0.5, room.top + 0.5, width, height);
  pen.textAlign = "right";
  pen.textBaseline = "middle";
  for (const tick of ticks(low, low + span, false, 4)) {
    pen.fillText(shownNumber(tick), room.left - 4, y(tick));
  }
  pen.textAlign = "center";
  pen.textBaseline = "top";
  for (const tick of ticks(left, right, false, 5)) {
    pen.fillText(shownNumber(tick), x(tick), room.top + height + 5);
  }
  return {x, y};
}

// Cells in rows and columns from an array: `at(row, column)`, its place in the data or -1.
function layout(shape, asItIs) {
  if (asItIs && shape.length === 2) return matrix(shape);
  const copies = shape.length > 1 ? shape[0] : 1;
  const size = shape[shape.length - 1];
  const side = Math.ceil(Math.sqrt(size));
  const rows = Math.ceil(size / side);
  const stride = side + (copies > 1 ? Math.max(1, Math.round(side / 16)) : 0);
  const columns = stride * copies - (stride - side);
  const at = (row, column) => {
    const copy = Math.floor(column / stride);
    const within = column - copy * stride;
    const i = row * side + within;
    return within >= side || i >= size ? -1 : copy * size + i;
  };
  return {rows, columns, at};
}

function matrix(shape) {
  const columns = shape[shape.length - 1];
  const rows = shape.length > 1 ? shape[0] : 1;
  // Pictures in rows: (pictures, pixels) of a square each are laid out as squares.
  const side = Math.sqrt(columns);
  if (shape.length === 2 && Number.isInteger(side) && side > 7 && columns >= 8 * rows) {
    const across = Math.ceil(Math.sqrt(rows));
    const stride = side + 1;
    return {
      rows: Math.ceil(rows / across) * stride - 1,
      columns: across * stride - 1,
      at: (row, column) => {
        const [down, right] = [Math.floor(row / stride), Math.floor(column / stride)];
        const [r, c] = [row - down * stride, column - right * stride];
        const picture = down * across + right;
        return r >= side || c >= side || picture >= rows ? -1 : picture * columns + r * side + c;
      },
    };
  }
  return {rows, columns, at: (row, column) => row * columns + column};
}

function pixels(panel, rows, columns, shade) {
  const back = panel.back;
  if (back.width !== columns || back.height !== rows) {
    back.width = columns;
    back.height = rows;
    panel.image = null;
  }
  const pen = back.getContext("2d");
  panel.image = panel.image || pen.createImageData(columns, rows);
  const words = new Uint32Array(panel.image.data.buffer);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      words[row * columns + column] = shade(row, column) ?? 0;
    }
  }
  pen.putImageData(panel.image, 0, 0);
  panel.shape(rows / columns);
  const scale = Math.min(panel.width / columns, panel.height / rows);
  const [width, height] = [columns * scale, rows * scale];
  panel.pen.imageSmoothingEnabled = scale < 1;
  panel.at = {left: (panel.width - width) / 2, top: 0, scale};
  panel.pen.drawImage(back, panel.at.left, 0, width, height);
}

// A colour of the style sheet as the word of a pixel (little endian: alpha, blue, green, red).
function rgb(text) {
  const number = parseInt(text.replace("#", ""), 16);
  const [r, g, b] = [(number >> 16) & 255, (number >> 8) & 255, number & 255];
  return ((255 << 24) | (b << 16) | (g << 8) | r) >>> 0;
}

function mixed(from, to, part) {
  let out = 255;
  for (const shift of [16, 8, 0]) {
    const [a, b] = [(from >> shift) & 255, (to >> shift) & 255];
    out = out * 256 + Math.round(a + (b - a) * Math.min(1, part));
  }
  return out >>> 0;
}
