// What theory says of a student against the load: lines solved before, the one that is asked for
// exactly, and what is read off them.

import {say} from "./words.js";
import {shownNumber} from "./el.js";

export const SHOWN = [["teacher_overlap", "blue", "T"], ["cross_overlap", "orange", "τ"],
  ["overlap", "green", "q₁"], ["cross_replica_overlap", "pink", "r"]];
const NAMES = ["symmetry-breaking", "permutation-student", "permutation-teacher"];
const PHASES = ["grey", "sky", "gold", "green"];
const CELLS = 240;
const LAST = 6; // load, the end of the axis
const LABELLED = 5.4; // load at which curves are named
const LEGIBLE = 0.7; // loads of a phase that has room for its name

// The kept line whose correlation is nearest.
export function nearest(lines, correlation) {
  return lines.reduce((best, line) =>
    (Math.abs(line.correlation - correlation) < Math.abs(best.correlation - correlation)
      ? line : best));
}

// Every observable of a line at a load, between its points.
export function readOff(line, load) {
  const after = line.load.findIndex((value) => value >= load);
  const i = after < 0 ? line.load.length - 1 : Math.max(1, after);
  const part = (load - line.load[i - 1]) / (line.load[i] - line.load[i - 1] || 1);
  const out = {};
  for (const [name, values] of Object.entries(line)) {
    if (!Array.isArray(values) || name === "load") continue;
    const [a, b] = [values[i - 1], values[i]];
    out[name] = a === null || b === null ? null : a + Math.min(1, part) * (b - a);
  }
  return out;
}

// Curves of a chart, named at their ends, and the phases named below them. An informed student's
// overlaps with teacher and replica are the same.
export function curvesOf(line, prior) {
  const alike = {x: line.alike.load, y: numbers(line.alike.teacher_overlap), colour: "blue",
    dashed: true};
  const informed = prior === "informed";
  const known = ([name]) => line[name].some((value) => value !== null); // one unit has no cross
  const drawn = (informed ? SHOWN.slice(0, 2) : [...SHOWN].reverse()).filter(known);
  const second = {teacher_overlap: "T = q₁", cross_overlap: "τ = r"};
  return [alike, ...drawn.map(([name, shade]) => ({x: line.load, y: numbers(line[name]),
    colour: shade})),
  ...drawn.map(([name, shade, symbol]) => label(LABELLED, readOff(line, LABELLED)[name], shade,
    () => (informed ? second[name] : symbol))),
  ...phasesOf(line).filter(({wide}) => wide > LEGIBLE).map(({middle, phase}) =>
    label(middle, 0.06, "ink", namesOf(line)[phase]))];
}

// A curve of one point, of which nothing but its name is seen.
const label = (x, y, shade, text) => ({x: [x], y: [y], colour: shade, label: text});

// The phases along the axis: {phase, middle, wide}.
function phasesOf(line) {
  const ends = [0, ...NAMES.map((name) => line.thresholds[name] ?? LAST), LAST];
  return namesOf(line).map((_, phase) => ({phase, middle: (ends[phase] + ends[phase + 1]) / 2,
    wide: ends[phase + 1] - ends[phase]}));
}

const numbers = (values) => values.map((value) => (value === null ? NaN : value));

// Thresholds as they part: {at, names}, those that fall together as one.
export function thresholdsOf(line) {
  const out = [];
  for (const name of NAMES) {
    const at = line.thresholds[name];
    if (at === null) continue;
    const last = out[out.length - 1];
    if (last && Math.abs(last.at - at) < 1e-3 * at) last.names.push(name);
    else out.push({at, names: [name]});
  }
  return out;
}

export function marksOf(line) {
  return thresholdsOf(line).map(({at}) => ({x: at, y: null, colour: "ink",
    label: () => `α = ${shownNumber(at)}`}));
}

// Which of the phases a load is in: 0 nothing, 1 alike, 2 different, 3 in order.
export function phaseAt(line, load) {
  return NAMES.filter((name) => line.thresholds[name] !== null &&
    load > line.thresholds[name]).length;
}

const PHASE_NAMES = [() => say("nothing is known"), () => say("only what the rows share"),
  () => say("the rows differ"), () => say("each its own")];
const ALONE = [PHASE_NAMES[0], () => say("the row is known, the better the more samples")];

const namesOf = (line) => (line.hidden === 1 ? ALONE : PHASE_NAMES);

export const phaseName = (line, load) => namesOf(line)[phaseAt(line, load)]();

export function regionsOf(line, axes) {
  const x = Array.from({length: CELLS}, (_, i) => axes.x.low
    + (axes.x.high - axes.x.low) * (i + 0.5) / CELLS);
  const y = Array.from({length: 9}, (_, i) => axes.y.low
    + (axes.y.high - axes.y.low) * (i + 0.5) / 9);
  const rules = new Int8Array(CELLS * 9);
  for (let i = 0; i < rules.length; i++) rules[i] = phaseAt(line, x[i % CELLS]);
  return {x, y, rules, colours: PHASES, names: []};
}
