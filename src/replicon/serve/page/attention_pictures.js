// What is seen of linear attention: its weights, their mean over networks and theory's, all on one
// scale, and two prompts as it reads them.

import {Chart} from "./chart.js";
import {el, shownNumber} from "./el.js";
import {Panel} from "./panels.js";
import {onLanguage, say} from "./words.js";

const ENDS = [-3, 3]; // standard deviations of an input

export class AttentionPictures {
  // shades: [of new tasks, of old ones].
  constructor(parent, shades) {
    this.reach = 0;
    this.samples = 0;
    this.diagonal = null;
    this.squares = [0, 1, 2].map(() => {
      const caption = el("div", {class: "caption"});
      const box = el("div", {}, caption);
      const panel = new Panel(box, () => caption.textContent, {ratio: 1, least: 90, fixed: true});
      return {caption, box, panel};
    });
    const texts = [() => say("a prompt of a new task"), () => say("a prompt of an old task")];
    this.prompts = texts.map((text, i) => {
      const box = el("div", {}, el("div", {class: "caption", text}));
      const chart = new Chart(box, text, {ratio: 0.85, least: 170, axes: {
        x: {low: ENDS[0], high: ENDS[1], label: () => say("input along the task")},
        y: {low: -4, high: 4, label: () => say("label")}}});
      return {box, chart, shade: shades[i]};
    });
    parent.append(
      el("div", {class: "panels squares"}, this.squares.map((one) => one.box)),
      el("div", {class: "panels"}, this.prompts.map((one) => one.box)),
      el("p", {class: "quiet", text: () => say("Dots: the examples it reads. Green: the true " +
        "line. Coloured: its answers to queries, two in three of which fall between the dashed " +
          "lines.")}));
    this.silenced = onLanguage(() => this.captions());
    this.captions();
  }

  captions() {
    const texts = [say("Γ of this network"), say("mean of {n}", {n: this.samples}),
      say("theory: g = {g}", {g: shownNumber(this.diagonal, 2)})];
    this.squares.forEach(({caption}, i) => (caption.textContent = texts[i]));
  }

  count(samples) {
    this.samples = samples;
    this.captions();
  }

  // The mean of the weights: a multiple of the unit matrix, since no direction is preferred.
  theory(diagonal, d) {
    this.diagonal = diagonal;
    const data = new Float32Array(d * d);
    for (let i = 0; i < d; i++) data[i * d + i] = diagonal;
    this.squares[2].panel.show({data, shape: [d, d], kind: "weights"});
    this.captions();
  }

  network({weights, mean_weights: mean, new: fresh, known, answers}) {
    let most = 0;
    for (const value of weights.data) most = Math.max(most, Math.abs(value));
    this.reach = Math.max(most, 0.9 * this.reach);
    for (const {panel} of this.squares) panel.options.reach = this.reach;
    this.squares[0].panel.show(weights);
    this.squares[1].panel.show(mean);
    this.squares[2].panel.later();
    [fresh, known].forEach((points, i) =>
      read(this.prompts[i], points.data, answers.data.slice(3 * i, 3 * i + 3)));
  }

  close() {
    this.silenced();
    for (const {panel} of this.squares) panel.close();
    for (const {chart} of this.prompts) chart.close();
  }
}

// The examples, the line that made them, and the machine's with its spread.
function read({chart, shade}, points, [slope, answer, spread]) {
  const line = (by, shift) => ENDS.map((u) => by * u + shift);
  const curve = (y, rest) => ({x: ENDS, y, ...rest});
  chart.curves = [
    curve(line(answer, spread), {colour: shade, dashed: true}),
    curve(line(answer, -spread), {colour: shade, dashed: true}),
    curve(line(slope, 0), {colour: "green"}),
    curve(line(answer, 0), {colour: shade, wide: true})];
  chart.dots = [];
  for (let i = 0; i < points.length; i += 2) {
    chart.dots.push({x: points[i], y: points[i + 1], size: 1.5, colour: "quiet"});
  }
  chart.later();
}
