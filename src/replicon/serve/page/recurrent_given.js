// A given network: the connectome of a worm, or couplings from the command line.

import {between} from "./board.js";
import {Chart} from "./chart.js";
import {controlInput} from "./controls.js";
import {el, retell, shownNumber} from "./el.js";
import {brackets, formula, frac, fn, row, sub, sum, sup, term} from "./formula.js";
import {Meeting} from "./meeting.js";
import {tracesAndCloud} from "./recurrent_charts.js";
import {clamp, Part} from "./recurrent_part.js";
import {asText, guide} from "./screen.js";
import {ask} from "./wire.js";
import {say, told} from "./words.js";

const MODEL = "recurrent-network";
const SHOWN = ["lyapunov_exponent", "response", "variance", "activity"];
const COLOURS = {lyapunov_exponent: "blue", response: "orange"};
const CHOSEN = ["couplings", "network", "weights"];
const SPEEDS = [5, 15, 30, 60, 120, 240];
const FURTHEST = 4; // gain at which surrogates are shown, whose instability is not known ahead
const DRAWN = ["permuted", "signs"]; // networks of which no theory is known
const LOW = -1.1;
const HIGH = 1.9;
const BEYOND = 1.3; // instabilities: where a network begins
const KEPT = 40;

export class GivenNetwork extends Part {
  constructor(root, {models, query, ...rest}) {
    super(root, {...rest, model: models.get(MODEL), question: () => say("Is the nervous system " +
      "of a worm at the edge of chaos?")});
    this.slots = ["recurrent-rest", "recurrent-point"];
    const word = (name) => {
      const {domain, default: usual} = this.control(name);
      if (domain.words.includes(query.get(name))) return query.get(name);
      // A network that was given on the command line comes first.
      return name === "couplings" ? domain.words[domain.words.length - 1] : usual;
    };
    const gain = query.has("gain") ? Number(query.get("gain")) : NaN;
    this.free = !(gain >= 0); // to begin a little beyond the instability, when that is known
    this.state = {gain: gain >= 0 ? clamp(gain, [0, 5]) : 0.3,
      seed: Math.round(Number(query.get("seed"))) || 0,
      ...Object.fromEntries(CHOSEN.map((name) => [name, word(name)]))};
    this.points = [];
    this.map();
    this.network();
    this.meeting = new Meeting(this.places.meeting, this.model,
      SHOWN.map((name) => this.observable(name)));
    this.meeting.because(() => say("Theory is exact for these couplings near rest; a field of " +
      "0.1, which measures the response, bends tanh, and a trajectory needs time to come to rest."));
    this.steps();
    this.ends(() => say("In the review: recurrent networks, chaos and the edge of chaos."));
    this.curve();
    this.point("release");
    this.begin();
  }

  words() {
    return Object.fromEntries(CHOSEN.map((name) => [name, this.state[name]]));
  }

  // ---- theory

  map() {
    const lyapunov = () => `λ ${told("lyapunov_exponent")}`;
    this.chart = new Chart(this.places.left, () => say("Lyapunov exponent and response against " +
      "the gain, with a handle"), {
      ratio: 0.66, least: 230,
      axes: {x: {low: 0, high: 0.7, label: () => `g  ${told("gain")}`},
        y: {low: LOW, high: HIGH, label: () => `${lyapunov()}, R ${told("response")}`}},
      handle: {x: this.state.gain, label: () => told("gain"), moved: (at, phase) => this.turn(at.x,
        phase)},
    });
    this.which = el("p", {class: "note", "aria-live": "polite"});
    this.places.left.append(this.which);
    this.inputs = new Map(CHOSEN.map((name) => [name, controlInput(this.model, this.control(name),
      this.state[name], (value) => this.take({[name]: value}))]));
    this.places.controls.append(...this.inputs.values());
    this.light = formula(this.places.formula,
      row(sub("ẋ", "i"), "=", "−", sub("x", "i"), "+", "g", sum("j"),
        term("couplings", frac(sub("W", row("i", "j")), "s")), fn("φ"), brackets(sub("x", "j"))),
      row(term("exponent", row("λ", "=", "g", fn("Re"), sub("l", "1"), "−", "1")), ",",
        term("response", row("R", "=", frac("1", "N"), fn("tr"), sup(brackets("1", "−", "J"),
          "−1")))));
  }

  curve() {
    this.known = null;
    this.edge = null;
    this.why = "solving";
    this.redraw();
    ask("recurrent-rest", "recurrent.rest", {model: MODEL, controls: this.words()},
      ({header, arrays}) => {
      if (this.closed) return;
      this.why = header.trouble || (DRAWN.includes(this.state.network) ? "drawn" : header.reason ||
        "");
      this.edge = header.edge ?? null;
      this.known = arrays.gain ? arrays : null;
      this.chart.axes.x.high = arrays.gain ? header.greatest : FURTHEST;
      if (this.free && this.edge) this.goTo(Number((BEYOND * this.edge).toPrecision(2)));
      this.free = false;
      this.redraw();
    });
  }

  // Theory where the handle is: while it moves read off the curve, exact when it is let go.
  point(phase) {
    this.exact = null;
    this.redraw();
    if (phase !== "release") return;
    const {gain} = this.state;
    const words = JSON.stringify(this.words());
    ask("recurrent-point", "recurrent.rest", {model: MODEL, count: 2,
      controls: {...this.words(), gain}}, ({header}) => {
      if (gain !== this.state.gain || words !== JSON.stringify(this.words())) return;
      this.exact = header.point || null;
      this.redraw();
      this.recopy();
    });
  }

  now() {
    if (this.exact) {
      return this.exact.response === null ? null : {variance: 0, activity: 0, ...this.exact};
    }
    if (!this.known || (this.edge && this.state.gain > this.edge)) return null;
    const {gain, ...rest} = this.known;
    return {variance: 0, activity: 0, ...Object.fromEntries(Object.entries(rest).map(
      ([name, {data}]) => [name, between(gain.data, data, this.state.gain)]))};
  }

  redraw() {
    const {chart, known, edge} = this;
    chart.curves = known ? Object.entries(COLOURS).map(([name, colour]) => ({x: known.gain.data,
      y: known[name].data, colour,
      label: () => `${name === "response" ? "R" : "λ"} ${told(name)}`})) : [];
    chart.marks = [{x: null, y: 0, colour: "quiet", label: null}];
    if (edge) {
      chart.marks.push({x: edge, y: null, colour: "green",
        label: () => say("rest is lost, g = {edge}", {edge: shownNumber(edge)})});
    }
    chart.dots = [...this.points, ...this.dots()];
    const now = this.now();
    chart.ringHeight = now ? now.lyapunov_exponent : 0;
    chart.later();
    this.meeting.theory(now, "blue");
    this.which.textContent = this.said();
  }

  said() {
    if (this.why === "solving") return say("The theory of this curve is being solved.");
    if (this.why === "drawn") {
      return say("A surrogate is drawn anew for each seed: no theory, the network is measured.");
    }
    if (this.why) return this.why;
    if (this.edge && this.state.gain > this.edge) {
      return say("Rest is unstable here: no theory, the network is measured.");
    }
    return this.exact || !this.known ? "" : say("read off the curve; exact when you let go");
  }

  // ---- what moves

  turn(gain, phase) {
    if (gain !== this.state.gain) {
      const made = this.dots().filter((dot) => dot.error).map((dot) => ({...dot, size: 3}));
      this.points = [...this.points, ...made].slice(-KEPT);
      this.measured = null;
      this.meeting.network(null);
      this.state.gain = gain;
      this.live.set("gain", gain);
    }
    this.point(phase);
    if (phase === "release") this.settled();
  }

  goTo(gain) {
    this.chart.handle.x = gain;
    this.turn(gain, "release");
  }

  take(part, gain = null) {
    for (const [name, value] of Object.entries(part)) this.inputs.get(name).put(value);
    const same = Object.entries(part).every(([name, value]) => this.state[name] === value);
    if (gain !== null) this.goTo(gain);
    if (same) return;
    Object.assign(this.state, part);
    this.points = [];
    this.curve();
    this.point("release");
    this.begin();
    this.settled();
  }

  network() {
    Object.assign(this, tracesAndCloud(this.places.right, 0.4));
    this.has = el("p", {class: "note", text: () => (this.told
      ? say("{size} neurons", {size: this.told.size}) : "")});
    this.places.right.append(this.has);
    // Its size is that of the data: nothing to choose.
    this.runs({speeds: SPEEDS, speed: 3});
  }

  startsWith() {
    this.cloud.key = "";
    return {network: "recurrent.moving",
      args: {controls: {...this.words(), gain: this.state.gain}}};
  }

  frame(header, arrays) {
    if (!this.has.textContent) retell(this.has.parentNode);
    if (arrays.trajectory) this.traces.show(arrays.trajectory, null, this.told.span);
    if (arrays.eigenvalues) this.cloud.show(arrays.eigenvalues, null);
    if (!header.measured) return;
    this.measured = header.measured;
    this.meeting.network(header.measured);
    this.chart.dots = [...this.points, ...this.dots()];
    this.chart.later();
  }

  dots() {
    return this.dotsAt(this.state.gain, COLOURS);
  }

  steps() {
    guide(this.places.steps, [
      {ask: () => say("Raise the gain until one eigenvalue passes Re = 1: where does the worm " +
        "wake, and how?"),
        buttons: [[() => "g = 0.15", () => this.wake(0.15)], [() => "g = 0.5",
          () => this.wake(0.5)],
          [() => say("Start again"), () => this.begin()]],
        happened: () => say("At g = 0.23, long before a random network: most synapses excite, " +
          "and their common pull makes one eigenvalue far outside the cloud. But it does not " +
            "turn chaotic: its neurons are pulled along, and come to another rest.")},
      {ask: () => say("The same synapses with random signs: what is different?"),
        buttons: [[() => say("Random signs"), () => this.swap("signs", 3)],
          [() => say("The worm itself"), () => this.swap("original", 0.5)]],
        happened: () => say("The outlier shrinks to a half, and rest lasts twice as long, to " +
          "about g = 0.5. Beyond, the draw decides (change the seed): another rest, a cycle, " +
            "slow wandering. So it is the agreement of its signs, most of them positive, which " +
              "takes the worm's rest away so early.")},
      {ask: () => say("And a random network of its size, gain and symmetry?"),
        buttons: [[() => say("Random network"), () => this.swap("random", 2.5)],
          [() => say("Logarithms of the synapses"), () =>
            this.take({network: "original", weights: "log"})]],
        happened: () => say("Its eigenvalues fill an ellipse, wider along the real line, since " +
          "its couplings have some symmetry: it wakes at g = 0.71, and far beyond it is chaotic, " +
            "as the worm never is. With the logarithms of the numbers of synapses the worm's " +
              "outlier is even larger. Your own network: replicon serve couplings=FILE.")},
    ]);
  }

  wake(gain) {
    this.light("exponent");
    this.take({network: "original"}, gain);
  }

  swap(network, gain) {
    this.light("couplings");
    this.take({network}, gain);
  }

  forLab() {
    return {x: "gain", y: ":lyapunov_exponent", ...(this.told ? {size: this.told.size} : {}),
      controls: {gain: this.state.gain, ...this.words()}};
  }

  text() {
    const {gain, seed} = this.state;
    const words = Object.entries(this.words()).filter(([name, word]) =>
      word !== this.control(name).default);
    const model = this.now() ? this.model : {...this.model, theory: false};
    return asText(model, {controls: {gain, ...Object.fromEntries(words)}, branch: "rest",
      size: this.told ? this.told.size : 300, seed, sweep: {name: "gain", low: 0,
        high: shownHigh(this.edge), count: 21,
        shown: "lyapunov_exponent"}});
  }

  boards() {
    return [this.traces, this.cloud];
  }
}

function shownHigh(edge) {
  return edge ? Number(edge.toPrecision(2)) : 1;
}
