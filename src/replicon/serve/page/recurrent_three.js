// Three neurons in their pseudo-potential: the landscape of theory, Langevin chains in it, and the
// true motion, which knows nothing of it.

import {Chart} from "./chart.js";
import {controlInput} from "./controls.js";
import {el, shownNumber} from "./el.js";
import {brackets, formula, frac, fn, row, sub, sum, sup, term} from "./formula.js";
import {Meeting} from "./meeting.js";
import {Plane} from "./recurrent_charts.js";
import {clamp, Part} from "./recurrent_part.js";
import {asText, guide} from "./screen.js";
import {ask} from "./wire.js";
import {say, told} from "./words.js";

const MODEL = "recurrent-pseudo-potential";
const SPAN = [0.1, 2];
// Temperatures solved ahead, from the quickest: an answer takes a second, or several when cold.
const LADDER = [2, 1, 0.5, 0.3, 0.2, 0.14, 0.1];
const CHAINS = 200;
const SWEEPS = 1600; // of which half come down from the start and adapt
const SPEEDS = [4, 15, 60, 120, 240, 480];
const PACE = 20; // moments of the true motion a second
const REST = 40; // moments for which its end is shown

export class ThreeNeurons extends Part {
  constructor(root, {models, query, ...rest}) {
    super(root, {...rest, model: models.get(MODEL), question: () => say("A recurrent network has " +
      "no energy to descend. Can a landscape know where it comes to rest?")});
    this.slots = ["recurrent-flow", "recurrent-ahead", "recurrent-point"];
    const words = this.control("couplings").domain.words;
    const given = Number(query.get("temperature"));
    this.state = {temperature: given > 0 ? clamp(given, SPAN) : 0.3,
      couplings: words.includes(query.get("couplings")) ? query.get("couplings") : "two-points",
      seed: Math.round(Number(query.get("seed"))) || 0};
    this.map();
    this.network();
    this.meeting = new Meeting(this.places.meeting, this.model,
      this.model.observables.filter((o) => !o.axes.length && o.role !== "theory"));
    this.meeting.because(() => say("The chains forget slowly, or have not come down yet: wait. " +
      "Theory is exact for these three neurons."));
    this.steps();
    this.ends(() => say("In the review: pseudo-potential of non-equilibrium steady states."));
    this.landscapes();
    this.begin();
    this.clock = requestAnimationFrame((now) => this.tick(now));
  }

  // ---- theory

  map() {
    const temperature = this.control("temperature");
    this.chart = new Chart(this.places.left, () => say("Energy against the temperature, with a " +
      "handle"), {
      ratio: 0.42, least: 190,
      axes: {x: {low: SPAN[0], high: SPAN[1], log: true, label: () =>
        `T  ${told(temperature.name)}`},
        y: {low: 0, high: 1, label: () => `e  ${told("energy")}`}},
      handle: {x: this.state.temperature, label: () => told(temperature.name),
        moved: (at, phase) => this.turn(at.x, phase)},
    });
    this.places.left.append(el("div", {class: "caption quiet", text: () => say("Theory: the " +
      "landscape −T ln p of the first two neurons; filled: stable fixed points, hollow: unstable")}));
    this.ground = new Plane(this.places.left, () => say("Landscape of the first two neurons"));
    this.which = el("p", {class: "note", "aria-live": "polite"});
    this.couplings = controlInput(this.model, this.control("couplings"), this.state.couplings,
      (value) => this.take(value));
    this.places.left.append(this.which);
    this.places.controls.append(this.couplings);
    const phi = (index) => row(fn("φ"), brackets(sub("x", index)));
    this.light = formula(this.places.formula,
      term("motion", row(sub("ẋ", "i"), "=", "−", sub("x", "i"), "+", sum("j"),
        sub("J", row("i", "j")), phi("j"))),
      row(term("energy", row("E", brackets("x"), "=", frac("1", "2"), sum("i"), sup(sub("ẋ", "i"),
        "2"))),
        ",", term("measure", row("p", brackets("x"), "∝", sup("e", row("−", "E", "/", "T"))))));
  }

  // Answers along the ladder for these couplings, one after another; then exact where the handle
  // is.
  landscapes() {
    this.answers = [];
    this.exact = null;
    const mine = this.answers;
    ask("recurrent-flow", "recurrent.flow", {model: MODEL, couplings: this.state.couplings},
      ({header, arrays}) => {
        if (header.trouble || mine !== this.answers) return;
        this.plane.paths = arrays.flow;
        this.plane.moment = 0;
      });
    const next = (i) => {
      if (i >= LADDER.length || this.closed || mine !== this.answers) return;
      this.solve("recurrent-ahead", LADDER[i], (answer) => {
        if (mine !== this.answers) return;
        if (!answer.header.trouble) mine.push(answer);
        this.redraw();
        next(i + 1);
      });
    };
    this.point("release");
    next(0);
  }

  solve(slot, temperature, answered) {
    ask(slot, "point", {model: MODEL, branch: "equilibrium",
      controls: {temperature, couplings: this.state.couplings}}, answered);
  }

  point(phase) {
    this.exact = null;
    this.redraw();
    if (phase !== "release") return;
    this.waiting = true;
    const {temperature, couplings} = this.state;
    this.solve("recurrent-point", temperature, (answer) => {
      if (couplings !== this.state.couplings || temperature !== this.state.temperature) return;
      this.waiting = false;
      this.exact = answer;
      this.redraw();
    });
  }

  // What is shown: the exact answer, or the nearest that was solved before.
  nearest() {
    if (this.exact && !this.exact.header.trouble) return this.exact;
    const away = (answer) => Math.abs(Math.log(answer.header.at.temperature / this.state.temperature));
    return this.answers.reduce((best, one) => (!best || away(one) < away(best) ? one : best), null);
  }

  redraw() {
    const {chart} = this;
    const known = [...this.answers, ...(this.exact && !this.exact.header.trouble ? [this.exact] : [])]
      .filter((one) => one.header.point.converged)
      .sort((a, b) => a.header.at.temperature - b.header.at.temperature);
    chart.curves = [{x: known.map((one) => one.header.at.temperature),
      y: known.map((one) => one.header.point.energy), colour: "blue",
      label: known.length > 2 ? () => `e ${told("energy")}` : null}];
    chart.dots = this.dots();
    chart.fitY([0, 0.5]);
    const shown = this.nearest();
    const exact = shown !== null && shown === this.exact;
    chart.ringHeight = shown ? shown.header.point.energy : undefined;
    chart.later();
    this.meeting.theory(exact ? shown.header.point : null, "blue");
    this.which.textContent = this.said(shown, exact);
    if (shown && shown !== this.drawn) this.draw(shown);
  }

  said(shown, exact) {
    if (this.exact && this.exact.header.trouble) return this.exact.header.trouble;
    if (exact) return shown.header.point.reason || "";
    if (!shown) return say("The sum over all states of three neurons takes a second or two, more " +
      "when it is cold.");
    const nearest = say("Landscape of T = {value}, the nearest that was solved before.",
      {value: shownNumber(shown.header.at.temperature)});
    return `${nearest} ${this.waiting ? say("The exact one comes in a second or two.")
      : say("Exact when you let go.")}`;
  }

  draw(shown) {
    this.drawn = shown;
    const {landscape, axis_1: x, axis_2: y, fixed_point: fixed, growth} = shown.arrays;
    const dots = [];
    for (let i = 0; i < growth.data.length; i++) {
      if (!Number.isFinite(growth.data[i])) continue;
      dots.push({x: fixed.data[3 * i], y: fixed.data[3 * i + 1], colour: "orange",
        hollow: growth.data[i] > 0, size: 6});
    }
    for (const plane of [this.ground, this.plane]) {
      plane.landscape(landscape.data, x.data, y.data, shown.header.at.temperature);
    }
    this.ground.dots = dots;
  }

  // ---- what moves

  turn(temperature, phase) {
    if (temperature !== this.state.temperature) {
      this.state.temperature = temperature;
      this.measured = null;
      this.meeting.network(null);
      this.live.set("temperature", temperature);
    }
    this.waiting = false;
    this.point(phase);
    if (phase === "release") this.settled();
  }

  goTo(temperature) {
    this.chart.handle.x = temperature;
    this.turn(temperature, "release");
  }

  take(couplings) {
    this.couplings.put(couplings);
    if (couplings === this.state.couplings) return;
    this.state.couplings = couplings;
    this.drawn = null;
    this.plane.paths = null;
    this.landscapes();
    this.begin();
    this.settled();
  }

  network() {
    this.places.right.append(el("div", {class: "caption quiet", text: () => say("Network: dots " +
      "sample exp(−E/T) by Langevin dynamics; lines follow the true motion, which does not know E")}));
    this.plane = new Plane(this.places.right, () => say("Langevin chains and true motion"));
    // Its size is that of the couplings: nothing to choose.
    this.runs({speeds: SPEEDS, speed: 4});
  }

  startsWith() {
    const {temperature, couplings} = this.state;
    this.plane.moment = 0;
    return {network: "recurrent.few",
      args: {controls: {temperature, couplings, chains: CHAINS, sweeps: SWEEPS}}};
  }

  frame(header, arrays) {
    if (arrays.states) {
      this.plane.points = arrays.states;
      this.plane.later();
    }
    if (!header.measured) return;
    this.measured = header.measured;
    this.meeting.network(header.measured);
    this.chart.dots = this.dots();
    this.chart.later();
  }

  dots() {
    return this.dotsAt(this.state.temperature, {energy: "ink"});
  }

  // The true motion, computed once, seen again and again while the network plays.
  tick(now) {
    const seconds = Math.min(0.1, (now - (this.last || now)) / 1000);
    this.last = now;
    const {paths} = this.plane;
    if (paths && this.playing) {
      this.plane.moment += PACE * seconds;
      if (this.plane.moment > paths.shape[1] + REST) this.plane.moment = 0;
      this.plane.later();
    }
    if (!this.closed) this.clock = requestAnimationFrame((then) => this.tick(then));
  }

  steps() {
    guide(this.places.steps, [
      {ask: () => say("Follow the lines: sixteen starts of the true motion. Where do they end, " +
        "and what lies there in the landscape?"),
        buttons: [[() => say("Let them go again"), () => {
          this.light("motion");
          this.plane.moment = 0;
        }]],
        happened: () => say("At the fixed points, where the speed is zero and so is E: in the " +
          "valleys. E is half the squared speed, not an energy that the motion would descend: on " +
            "their way the lines climb too.")},
      {ask: () => say("Cool it. Which points do the chains choose?"),
        buttons: [[() => "T = 1", () => this.cool(1)], [() => "T = 0.1", () => this.cool(0.1)]],
        happened: () => say("All zeros of E, also the unstable one in the middle, which the true " +
          "motion leaves: the measure exp(−E/T) does not ask about stability. A valley weighs " +
            "more the wider it is, that is, the slower the motion there.")},
      {ask: () => say("Other couplings: can a single fixed point be reached in circles?"),
        buttons: [[() => say("Spiral"), () => this.take("spiral")],
          [() => say("Two points"), () => this.take("two-points")]],
        happened: () => say("The spiral has one fixed point, x = 0, with complex eigenvalues: " +
          "the motion circles around it, and no energy could make it do so. The landscape only " +
            "knows how fast it goes.")},
    ]);
  }

  cool(temperature) {
    this.light("measure");
    this.goTo(temperature);
  }

  forLab() {
    const {temperature, couplings} = this.state;
    return {x: "temperature", y: ":energy", size: 3, controls: {temperature, couplings}};
  }

  text() {
    const {temperature, couplings, seed} = this.state;
    return asText(this.model, {controls: {couplings, temperature}, branch: "equilibrium", size: 3,
      seed,
      sweep: {name: "temperature", low: SPAN[0], high: SPAN[1], count: 9, shown: "energy"}});
  }

  boards() {
    return [this.ground, this.plane];
  }

  close() {
    super.close();
    cancelAnimationFrame(this.clock);
  }
}
