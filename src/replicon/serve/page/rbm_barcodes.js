// A teacher, a student and the samples between them: an entry of a row is a bar.

import {Board, colour} from "./board.js";
import {say} from "./words.js";

const LABELS = 78; // pixels for what rows are called
const SAMPLE = 7; // pixels of a sample's height
const ROW = 26; // of a row, where there are two; of more each is thinner
const GAP = 30;

// show({teacher, student, samples, state}), arrays of the network rbm.student.
export class Barcodes extends Board {
  constructor(parent, label) {
    super(parent, label, {ratio: 0, least: 12 * SAMPLE + 4 * ROW + 3 * GAP + 8});
    this.arrays = null;
  }

  show(arrays) {
    this.arrays = arrays;
    this.later();
  }

  draw() {
    if (!this.arrays) return;
    const {teacher, student, samples, state} = this.arrays;
    const size = teacher.shape[1];
    const pen = this.pen;
    pen.font = "12px system-ui, sans-serif";
    pen.textBaseline = "middle";
    let top = 4;
    this.name(() => say("samples"), top + 6 * SAMPLE);
    for (let row = 0; row < samples.shape[0]; row++) {
      pen.globalAlpha = 1 - row / 15;
      this.bars(samples.data, row * size, size, top + row * SAMPLE, SAMPLE - 1, (value) =>
        colour(value > 0 ? "spin-up" : "spin-down"));
    }
    pen.globalAlpha = 1;
    top += 12 * SAMPLE + GAP;
    this.rows(student, top, (row) => say("student {number}", {number: row + 1}));
    if (student.shape[0] > 1) this.groups(state.data[3], size, top - 9);
    top += 2 * ROW + GAP;
    this.rows(teacher, top, (row) => say("teacher {number}", {number: row + 1}));
  }

  rows({data, shape}, top, nameOf) {
    const high = Math.min(ROW, (2 * ROW) / shape[0]);
    const gap = high < ROW ? 2 : 3;
    for (let row = 0; row < shape[0]; row++) {
      const begin = top + row * high;
      this.name(() => nameOf(row), begin + high / 2);
      this.bars(data, row * shape[1], shape[1], begin, high - gap, (value, pen) => {
        pen.globalAlpha = Math.min(1, Math.abs(value));
        return colour(value > 0 ? "orange" : "blue");
      });
      this.pen.globalAlpha = 1;
      this.pen.strokeStyle = colour("line");
      this.pen.strokeRect(LABELS + 0.5, begin + 0.5, this.width - LABELS - 1, high - gap - 1);
    }
  }

  bars(data, begin, size, top, height, shade) {
    const width = (this.width - LABELS) / size;
    for (let i = 0; i < size; i++) {
      this.pen.fillStyle = shade(data[begin + i], this.pen);
      this.pen.fillRect(LABELS + i * width, top, width + 0.3, height);
    }
  }

  name(text, middle) {
    this.pen.fillStyle = colour("quiet");
    this.pen.textAlign = "left";
    this.pen.fillText(text(), 0, middle);
  }

  // Where the teacher's rows agree, and where they differ.
  groups(alike, size, middle) {
    const pen = this.pen;
    const width = (this.width - LABELS) / size;
    const cut = LABELS + alike * width;
    pen.strokeStyle = colour("quiet");
    pen.fillStyle = colour("quiet");
    pen.textAlign = "center";
    const parts = [[LABELS, cut, () => say("teacher's rows agree")],
      [cut, this.width, () => say("they differ")]];
    for (const [left, right, text] of parts) {
      if (right - left < 40) continue;
      pen.fillText(text(), (left + right) / 2, middle - 3);
      pen.beginPath();
      pen.moveTo(left + 2, middle + 5.5);
      pen.lineTo(right - 2, middle + 5.5);
      pen.stroke();
    }
    pen.setLineDash([3, 3]);
    pen.beginPath();
    pen.moveTo(cut, middle + 8);
    pen.lineTo(cut, this.height - 2);
    pen.stroke();
    pen.setLineDash([]);
  }
}
