// What a lab asks of the theory: branches under the handle, and the lines and regions of a plane;
// as many points as can be afforded, which the first answer says.

import {COLOURS} from "./board.js";
import {ask, forget} from "./wire.js";
import {told} from "./words.js";

const UNKNOWN = {of: "", text: ""};
const QUICK = 0.1; // seconds of a point up to which theory follows the finger
const LADDER = 9; // lines solved ahead where it does not, and points of each
const COARSE = 9; // points of a first curve, from which the cost of others is known
const CURVES = [127, 65, 33, 17]; // points of a curve, the most that take less than PATIENCE
const LINES = [65, 33, 17, 9];
const SIDES = [61, 25, 13];
const PATIENCE = 1.5; // seconds that a curve may take, and a line
const PLANE = 2; // seconds that the regions of a plane may take

// The half of a lab that asks. The other half (lab.js) has `model`, `state`, `chart`, `plane`,
// `shade(branch)`, `which` (a line of text), `redraw()` and `closed`.
export class LabTheory {
  constructor() {
    this.answers = new Map(); // branch -> the last answer
    this.ladder = new Map(); // branch -> answers along the axis that is not theirs
    this.took = new Map(); // branch -> seconds of a point
    this.counts = new Map(); // branch -> points of its curves
    this.why = UNKNOWN; // why there is no number, and what was asked to learn it
    this.again = new Set(); // branches whose first answer, which may have compiled, was slow
  }

  theoryControls() {
    const of = this.model.controls.filter((c) => c.role !== "simulation");
    return Object.fromEntries(of.map((c) => [c.name, this.state.controls[c.name]]));
  }

  span(name) {
    return this.model.controls.find((c) => c.name === name).typical.map(Number);
  }

  asked(branch, count, controls = this.theoryControls()) {
    const {model, state} = this;
    return {model: model.model, controls, along: state.x, span: this.span(state.x), count,
      ...(branch ? {branch} : {})};
  }

  // A quick branch is solved as a whole at every move. Of a slow one the point is solved on
  // release, its curve only where controls off the axis have changed.
  solve(phase) {
    if (!this.chart) return;
    const wanted = this.model.branches.length ? this.state.branches : [""];
    const moving = [];
    for (const branch of wanted) {
      const cost = this.took.get(branch);
      const slow = cost !== undefined && cost > QUICK;
      if (phase === "drag" && slow) this.nearest(branch);
      else if (cost === undefined) this.askCurve(branch, this.plane ? 0 : COARSE);
      else if (phase === "drag" && branch && !this.count(branch)) moving.push(branch);
      else this.askCurve(branch, this.count(branch));
    }
    if (moving.length) this.askPoints(moving);
    this.why = UNKNOWN;
    for (const branch of [...this.answers.keys()]) {
      if (branch && !wanted.includes(branch)) this.answers.delete(branch);
    }
    this.redraw();
  }

  // Points of the curve to be asked for: none where it is there, and the handle moved along it.
  count(branch) {
    const wanted = this.counts.get(branch) || COARSE;
    const there = this.isOn(branch) && this.answers.get(branch).count >= wanted;
    return this.plane || there ? 0 : wanted;
  }

  askCurve(branch, count) {
    ask(`curve:${branch}`, "curve", this.asked(branch, count), ({header, arrays}) => {
      if (header.trouble) {
        this.which.textContent = header.trouble;
        return;
      }
      const before = this.answers.get(branch);
      const kept = count === 0 && before && !this.plane ? before : null;
      const curve = kept ? kept.header.curve : this.offAxis(header.at);
      this.answers.set(branch, {header: {...header, curve}, arrays: kept ? kept.arrays : arrays,
        count: kept ? kept.count : count, exact: true});
      if (!this.took.has(branch)) this.refine(branch, header.seconds, count);
      this.askWhy();
      this.redraw();
    });
  }

  // Why theory has no number: asked when the handle is at rest, since that may take seconds.
  askWhy() {
    const none = [...this.answers.values()].every((one) => !one.header.point.converged);
    const [branch] = this.answers.keys();
    const asked = {model: this.model.model, controls: this.theoryControls(),
      ...(branch ? {branch} : {})};
    const of = JSON.stringify(asked);
    if (!none || this.why.of === of) return;
    this.why = {of, text: ""};
    ask("why", "point", asked, ({header}) => {
      if (this.why.of !== of) return;
      this.why.text = header.trouble || header.point.reason;
      this.redraw();
    }, true);
  }

  // What moves under the finger, of all branches in one question.
  askPoints(branches) {
    const asked = {model: this.model.model, controls: this.theoryControls(), branches};
    ask("points", "points", asked, ({header}) => {
      if (header.trouble) {
        this.which.textContent = header.trouble;
        return;
      }
      for (const [branch, point] of Object.entries(header.points)) {
        const before = this.answers.get(branch);
        if (!before) continue;
        if (header.seconds[branch] > QUICK) this.isSlow(branch, header.seconds[branch]);
        const curve = this.plane ? this.offAxis(header.at) : before.header.curve;
        this.answers.set(branch, {...before, exact: true,
          header: {...before.header, point, at: header.at, curve}});
      }
      this.redraw();
    });
  }

  // Slow twice, here if not where it began: it follows the finger no more.
  isSlow(branch, seconds) {
    const again = this.again.has(branch);
    this.again.add(branch);
    if (!again) return;
    this.took.set(branch, seconds);
    this.solveAhead(branch);
  }

  // The first answer says how many points a curve may have. Models that solve many points as one
  // take as long for one as for all; the others in proportion, which is what is reckoned with.
  refine(branch, seconds, count) {
    if (seconds > QUICK && !this.again.has(branch)) {
      this.again.add(branch);
      this.askCurve(branch, count + 1);
      return;
    }
    this.took.set(branch, seconds / (this.plane ? 1 : seconds > QUICK ? count + 1 : 1));
    const most = CURVES.find((n) => (seconds * n) / (count + 1) < PATIENCE || seconds < QUICK);
    this.counts.set(branch, most || COARSE);
    if (!this.plane && most) this.askCurve(branch, most);
    if (this.took.get(branch) > QUICK) this.solveAhead(branch);
  }

  // Controls that are not along the axis, as text: what a curve belongs to.
  offAxis(at) {
    return JSON.stringify(Object.entries(at).filter(([name]) => name !== this.state.x).sort());
  }

  // Whether the curve that is shown is that of the controls now.
  isOn(branch) {
    const one = this.answers.get(branch);
    return one && one.header.curve === this.offAxis(this.theoryControls());
  }

  // Where theory is too slow to follow: the nearest line that was solved before, and it is said.
  nearest(branch) {
    const lines = this.ladder.get(branch) || [];
    const name = this.plane ? this.state.y : null;
    const here = name ? Number(this.state.controls[name]) : null;
    let best = this.answers.get(branch);
    if (name && !lines.length) return;
    if (name) {
      best = lines.reduce((a, b) => (Math.abs(b.at - here) < Math.abs(a.at - here) ? b : a)).answer;
    }
    if (!best) return;
    const x = Number(this.state.controls[this.state.x]);
    const point = along(best, x);
    const at = name ? best.header.at[name] : null;
    if (!name && !this.isOn(branch)) return;
    this.answers.set(branch, {...best, header: {...best.header, point}, exact: false, at});
  }

  solveAhead(branch) {
    if (!this.plane || this.ladder.has(branch)) return;
    const name = this.state.y;
    const control = this.model.controls.find((c) => c.name === name);
    const [low, high] = this.span(name);
    const lines = [];
    this.ladder.set(branch, lines);
    const next = (i) => {
      if (i >= LADDER || this.closed || this.ladder.get(branch) !== lines) return;
      const part = i / (LADDER - 1);
      const at = control.scale === "log" && low > 0 ? low * (high / low) ** part
        : low + part * (high - low);
      const value = control.domain.integer ? Math.round(at) : Number(at.toPrecision(4));
      const controls = {...this.theoryControls(), [name]: value};
      ask(`ahead:${branch}`, "curve", this.asked(branch, LADDER, controls), (answer) => {
        if (!answer.header.trouble) lines.push({at: value, answer});
        next(i + 1);
      }, true);
    };
    next(0);
  }

  // Lines and regions, which do not move with the handle.
  surroundings() {
    const {chart, model, state} = this;
    if (!chart || !this.plane || state.x === state.y) return;
    const common = {model: model.model, controls: this.theoryControls(), x: state.x, y: state.y,
      x_span: this.span(state.x), y_span: this.span(state.y)};
    chart.lines = [];
    chart.regions = null;
    const transitions = model.transitions.filter((t) => [state.x, state.y].includes(t.control));
    transitions.forEach((transition, i) => {
      const slot = `line:${transition.name}`;
      const draw = ({header, arrays}, finer = null) => {
        if (header.trouble || this.closed) return;
        const most = finer && finer.find((n) => (header.took * n) / LINES[3] < PATIENCE);
        if (most) ask(slot, "line", {...common, name: transition.name, count: most}, draw, true);
        const shade = transition.bounds.length ? this.shade(transition.bounds[0])
          : COLOURS[i % COLOURS.length];
        chart.lines = chart.lines.filter((one) => one.name !== transition.name);
        chart.lines.push({name: transition.name, x: arrays[state.x].data, y: arrays[state.y].data,
          colour: shade, label: () => told(transition.name)});
        chart.later();
      };
      const coarse = {...common, name: transition.name, count: LINES[3]};
      ask(slot, "line", coarse, (first) => draw(first, LINES.slice(0, 3)), true);
    });
    if (model.branches.length < 2) return;
    this.regions({...common, branches: state.branches}, 5);
  }

  // Very coarse first, which says how fine they may be.
  regions(asked, side) {
    const {chart} = this;
    ask("regions", "regions", {...asked, side}, ({header, arrays}) => {
      if (header.trouble || this.closed) return;
      if (side === 5) {
        const most = SIDES.find((n) => (header.took * n * n) / 128 < PLANE && header.took < 1);
        if (most) this.regions(asked, most);
        return;
      }
      chart.regions = {x: arrays.x.data, y: arrays.y.data, rules: arrays.rules.data,
        colours: header.branches.map((branch) => this.shade(branch)),
        names: header.branches.map((branch) => () => told(branch))};
      chart.later();
    }, true);
  }

  // Ask nothing more.
  forgetAll() {
    const {model} = this;
    for (const branch of ["", ...model.branches.map((b) => b.name)]) {
      forget(`curve:${branch}`);
      forget(`ahead:${branch}`);
    }
    forget("regions");
    forget("points");
    forget("why");
    for (const transition of model.transitions) forget(`line:${transition.name}`);
  }
}

// Numbers on a curve between its points.
function along({header, arrays}, x) {
  const xs = arrays.x.data;
  let i = xs.findIndex((value) => value >= x);
  if (i < 0) i = xs.length - 1;
  const before = Math.max(0, i - 1);
  const part = i === before ? 0 : Math.min(1, Math.max(0, (x - xs[before]) / (xs[i] - xs[before])));
  const point = {...header.point};
  for (const [name, {data}] of Object.entries(arrays)) {
    if (name !== "x") point[name] = data[before] + part * (data[i] - data[before]);
  }
  point.converged = arrays.converged ? point.converged === 1 : header.point.converged;
  return point;
}

