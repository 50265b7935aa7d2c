// A random network: variance and response along its gain, and the network that wakes.

import {between} from "./board.js";
import {Chart} from "./chart.js";
import {controlInput} from "./controls.js";
import {el, shownNumber} from "./el.js";
import {brackets, formula, frac, fn, mean, row, sub, subsup, sum, sup, term} from "./formula.js";
import {Meeting} from "./meeting.js";
import {Distance, tracesAndCloud} from "./recurrent_charts.js";
import {clamp, Part} from "./recurrent_part.js";
import {asText, guide} from "./screen.js";
import {ask} from "./wire.js";
import {say, told} from "./words.js";

const MODEL = "recurrent-dynamics";
const SHOWN = ["variance", "response", "activity", "lyapunov_exponent"];
const COLOURS = {variance: "blue", response: "orange"};
const SPAN = [0, 2.2];
const LOW = -0.12;
const TALL = 2.6; // of variance and response that are shown
const SETTLED = 250; // records after which a network that was changed is poked
const NEAR = 0.12; // of the edge, where everything is slow
const ROUNDING = 1e-12;
const KEPT = 40; // measurements that stay where they were made
const SPEEDS = [5, 15, 30, 60, 120, 240];
const SIZES = [8, 2000];
const SLOW = 20; // measurements of an autocorrelation time that is said to be long

export class RandomNetwork extends Part {
  constructor(root, {models, query, ...rest}) {
    super(root, {...rest, model: models.get(MODEL), question: () => say("At which strength of " +
      "its couplings does a random network wake, and where does it listen best?")});
    this.slots = ["recurrent-curve", "recurrent-point"];
    const given = (name, usual, span) => clamp(Number(query.get(name) ?? usual) || 0, span);
    this.state = {gain: given("gain", 1.5, SPAN), symmetry: given("symmetry", 0, [-1, 1]),
      size: Math.round(given("size", 500, SIZES)),
        seed: Math.round(given("seed", 1, [0, 2 ** 31]))};
    this.points = [];
    this.map();
    this.network();
    this.meeting = new Meeting(this.places.meeting, this.model,
      SHOWN.map((name) => this.observable(name)));
    this.meeting.because(() => this.reason());
    this.steps();
    this.ends(() => say("In the review: recurrent networks, chaos and the edge of chaos."));
    this.curve();
    this.point("release");
    this.begin();
  }

  // ---- theory

  map() {
    this.chart = new Chart(this.places.left, () => say("Variance and response against the gain, " +
      "with a handle"), {
      ratio: 0.66, least: 230,
      axes: {x: {low: SPAN[0], high: SPAN[1], label: () => `g  ${told("gain")}`},
        y: {low: LOW, high: TALL, label: () => `Δ₀ ${told("variance")}, R ${told("response")}`}},
      handle: {x: this.state.gain, label: () => told("gain"),
        moved: (at, phase) => this.turn(at.x, phase)},
    });
    this.which = el("p", {class: "note", "aria-live": "polite"});
    this.predict = el("button", {type: "button",
      text: () => (this.chart.covered ? say("Lift the cover") : say("Predict first")),
      onclick: () => this.cover()});
    this.symmetry = controlInput(this.model, this.control("symmetry"), this.state.symmetry, (value,
      phase) =>
      this.lean(value, phase));
    this.places.left.append(this.which);
    this.places.controls.append(this.symmetry);
    this.places.tabs.append(this.predict);
    const [x, phi] = [sub("x", "i"), (inside) => row(fn("φ"), brackets(inside))];
    this.light = formula(this.places.formula,
      row(sub("ẋ", "i"), "=", "−", x, "+", sum("j"), term("couplings", sub("J", row("i", "j"))),
        phi(sub("x", "j")), ",", mean(subsup("J", row("i", "j"), "2")), "=", frac(sup("g", "2"),
          "N")),
      row(term("variance", sub("Δ", "0")), "=", mean(sup("x", "2")), ",",
        term("response", row("R", "=", frac(row("d", mean(phi("x"))), row("d", "h")))), ",",
        term("exponent", row(fn("d"), brackets("t"), "≃", fn("d"), brackets("0"),
          sup("e", row("λ", "t"))))));
  }

  cover() {
    const {chart} = this;
    chart.covered = !chart.covered;
    if (chart.covered) chart.guess = null;
    chart.ring.hidden = chart.covered;
    this.predict.textContent = chart.covered ? say("Lift the cover") : say("Predict first");
    chart.later();
  }

  // The curves depend on the symmetry alone, and are solved once for each.
  curve() {
    const symmetry = this.state.symmetry;
    ask("recurrent-curve", "recurrent.curve", {model: MODEL, symmetry, greatest: SPAN[1]},
      ({header, arrays}) => {
        if (header.trouble) return;
        this.edge = header.edge;
        this.known = arrays;
        this.redraw();
        this.recopy();
      });
  }

  // Theory where the handle is: while it moves read off the curve, exact when it is let go.
  point(phase) {
    if (phase === "drag") {
      this.exact = null;
      this.redraw();
      return;
    }
    const {gain, symmetry} = this.state;
    ask("recurrent-point", "point", {model: MODEL, branch: "stationary",
      controls: {gain, symmetry}},
      ({header}) => {
        if (header.at && header.at.gain !== this.state.gain) return;
        this.exact = header.trouble ? {reason: header.trouble} : header.point;
        this.redraw();
      });
  }

  now() {
    if (this.exact) return this.exact.converged ? rounded(this.exact) : null;
    if (!this.known || (this.state.symmetry && this.edge &&
      this.state.gain > this.edge)) return null;
    const {gain, variance, response} = this.known;
    return {variance: between(gain.data, variance.data, this.state.gain),
      response: between(gain.data, response.data, this.state.gain)};
  }

  redraw() {
    const {chart, known, edge, state} = this;
    const now = this.now();
    if (known) {
      const x = known.gain.data;
      const stable = known.stable.data;
      const line = (name, colour, label) => ({x, y: known[name].data, stable, colour, label});
      chart.curves = [line("variance", "blue", () => `Δ₀ ${told("variance")}`),
        line("response", "orange", () => `R ${told("response")}`)];
      if (this.all) {
        chart.curves.push(line("response_variance", "pink", () => say("R₂ sum over all neurons")));
      }
      chart.marks = edge ? [{x: edge, y: null, colour: "green",
        label: () => say("edge, g = {edge}", {edge: shownNumber(edge)})}] : [];
      chart.regions = sides(edge, state.symmetry);
    }
    chart.dots = [...this.points, ...this.dots()];
    const height = now ? now.variance : null;
    chart.ringHeight = height === null ? undefined : Math.min(height, TALL - 0.1);
    chart.later();
    this.meeting.theory(now, "blue");
    this.which.textContent = this.said(now);
    this.cloudEdge();
  }

  said(now) {
    const {gain, symmetry} = this.state;
    if (symmetry && this.edge && gain > this.edge) {
      return say("Beyond the edge, with symmetry, theory knows fixed points alone (dashed): the " +
        "network is measured.");
    }
    if (this.exact && !this.exact.converged) return this.exact.reason || "";
    if (!this.known) return say("The theory of this curve is being solved.");
    return this.exact || !now ? "" : say("read off the curve; exact when you let go");
  }

  // ---- what moves

  turn(gain, phase) {
    if (gain !== this.state.gain) {
      this.keep();
      this.state.gain = gain;
      this.since = this.made;
      this.live.set("gain", gain);
    }
    this.pokeAt = null;
    this.point(phase);
    if (phase === "release") this.settled();
  }

  // To a gain by a button.
  goTo(gain) {
    this.chart.handle.x = gain;
    this.turn(gain, "release");
  }

  lean(symmetry, phase) {
    this.symmetry.put(symmetry);
    if (phase !== "release") return;
    if (Number(symmetry) === this.state.symmetry) return;
    this.state.symmetry = Number(symmetry);
    this.points = [];
    this.known = null;
    this.exact = null;
    this.curve();
    this.point("release");
    this.begin();
    this.settled();
  }

  network() {
    Object.assign(this, tracesAndCloud(this.places.right, 1.6));
    this.places.right.append(el("div", {class: "caption quiet", text: () => say("Two copies, one " +
      "of them poked: their distance d")}));
    this.distance = new Distance(this.places.right);
    this.runs({size: this.state.size, sizes: SIZES, speeds: SPEEDS, speed: 3});
  }

  startsWith() {
    const {gain, symmetry, size} = this.state;
    this.made = 0; // records; since: when the gain was changed
    this.since = 0;
    this.pokeAt = null;
    return {network: "recurrent.moving", args: {controls: {gain, symmetry}, size}};
  }

  frame(header, arrays) {
    this.made = header.steps;
    if (arrays.trajectory) this.traces.show(arrays.trajectory, arrays.copy, this.told.span);
    if (arrays.eigenvalues) this.cloud.show(arrays.eigenvalues, this.ellipse());
    const now = this.now();
    this.distance.show(arrays.distance, now && now.lyapunov_exponent, now && now.variance);
    if (this.pokeAt !== null && this.made >= this.pokeAt) {
      this.pokeAt = null;
      this.trouble.textContent = "";
      this.live.act("poke");
    }
    if (!header.measured) return;
    this.measured = header.measured;
    this.meeting.network(header.measured);
    this.chart.dots = [...this.points, ...this.dots()];
    this.chart.later();
  }

  // Half axes of the ellipse that eigenvalues of infinitely many neurons fill.
  ellipse() {
    const {gain, symmetry} = this.state;
    return [gain * (1 + symmetry), gain * (1 - symmetry)];
  }

  cloudEdge() {
    this.cloud.edge(this.ellipse());
    this.cloud.later();
  }

  // Poke it: at once, or when it has come to its own after the gain was changed.
  poke(gain) {
    this.light("exponent");
    this.goTo(gain);
    const steps = Math.max(0, SETTLED - (this.made - this.since));
    if (!this.live.asked.playing) {
      this.live.step(steps);
      this.live.act("poke");
      this.live.step(SETTLED);
    } else if (steps) {
      this.pokeAt = this.made + steps;
      this.trouble.textContent = say("The poke comes when the network has settled at this gain.");
    } else this.live.act("poke");
  }

  // ---- where theory and network meet

  dots() {
    return this.dotsAt(this.state.gain, COLOURS);
  }

  // A measurement stays where it was made when the handle moves on.
  keep() {
    const made = this.dots().filter((dot) => dot.error).map((dot) => ({...dot, size: 3}));
    this.points = [...this.points, ...made].slice(-KEPT);
    this.measured = null;
    this.meeting.network(null);
  }

  reason() {
    const {gain, size} = this.state;
    if (this.edge && Math.abs(gain - this.edge) < NEAR) {
      return say("At the edge everything is slow, and a field of 0.1, which measures the " +
        "response, is no whisper.");
    }
    if (this.edge && gain < this.edge) {
      return say("At rest the field of 0.1 that measures the response is felt: it bends tanh a " +
        "little.");
    }
    const slowest = Math.max(0, ...Object.values(this.measured || {}).map((m) => m.tau || 0));
    const finite = say("One network of {size} neurons has deviations of its own: theory is for " +
      "infinitely many.",
      {size});
    return slowest > SLOW ? `${finite} ${say("It moves slowly: autocorrelation {tau} records.",
      {tau: shownNumber(slowest, 2)})}` : finite;
  }

  steps() {
    guide(this.places.steps, [
      {ask: () => say("Wake it. From which gain on do the neurons never come to rest?"),
        buttons: [[() => "g = 0.8", () => this.show(0.8)], [() => "g = 1.2", () => this.show(1.2)],
          [() => "g = 2", () => this.show(2)]],
        happened: () => say("The eigenvalues of J fill a disc of radius g. At g = 1 it reaches " +
          "the line Re = 1: from there on a small deviation from rest grows, until tanh bends it " +
            "back. What remains is no rhythm but chaos, of the variance that the blue line " +
              "tells. Just beyond the edge it grows slowly: be patient.")},
      {ask: () => say("Poke it: in a copy every neuron is moved by 0.001. Do the two meet again?"),
        buttons: [[() => say("Poke at g = 2"), () => this.poke(2)],
          [() => say("Poke at g = 0.8"), () => this.poke(0.8)]],
        happened: () => say("At g = 2 their distance grows like exp(λ t), with the largest " +
          "Lyapunov exponent λ > 0 (line: theory, dots: the copies), until they are strangers, " +
            "√(2Δ₀) apart: nobody can foretell this network for long. At g = 0.8 they meet, " +
              "since λ = g − 1 < 0. One poke goes up and down around the line; the mean of many " +
                "follows it.")},
      {ask: () => say("Where does it answer a whisper best: a small constant field at a single " +
        "neuron?"),
        buttons: [[() => say("Without symmetry"), () => this.whisper(0)],
          [() => say("Symmetry 0.5"), () => this.whisper(0.5)]],
        happened: () => say("At the edge. Without symmetry the neuron's own response is R = 1 up " +
          "to the edge, and falls beyond: a kink. Symmetric couplings hand its answer back to " +
            "it: R rises to a peak of 1 + γ at g = 1/(1 + γ). What diverges there in both cases " +
              "is R₂, the sum of the squared responses of all neurons to that one field. Dashed: " +
                "fixed points that are unstable, beside which the network moves.")},
    ]);
  }

  show(gain) {
    this.light(gain > 1 ? "variance" : "couplings");
    this.goTo(gain);
  }

  whisper(symmetry) {
    this.light("response");
    this.all = true;
    if (symmetry !== this.state.symmetry) this.lean(symmetry, "release");
    this.goTo(Math.floor(1000 / (1 + symmetry)) / 1000);
  }

  forLab() {
    const {gain, symmetry, size} = this.state;
    return {x: "gain", y: ":variance", branches: ["stationary"], size, controls: {gain, symmetry}};
  }

  text() {
    const {gain, symmetry, size, seed} = this.state;
    const known = !symmetry || !this.edge || gain <= this.edge;
    return asText(known ? this.model : {...this.model, theory: false},
      {controls: symmetry ? {gain, symmetry} : {gain}, branch: "stationary",
      size, seed, sweep: {name: "gain", low: SPAN[0], high: SPAN[1], count: 23,
        shown: "variance"}});
  }

  boards() {
    return [this.traces, this.cloud, this.distance];
  }
}

// What is nothing but rounding is told as zero.
function rounded(values) {
  return Object.fromEntries(Object.entries(values).map(([name, value]) =>
    [name, Math.abs(value) < ROUNDING ? 0 : value]));
}

// Rest to the left of the edge, chaos to its right: two cells that meet there.
function sides(edge, symmetry) {
  const at = edge || 2 * SPAN[1];
  const x = [at - 2 * SPAN[1], at + 2 * SPAN[1]];
  const y = [(LOW + TALL) / 2, (LOW + TALL) / 2 + TALL - LOW];
  const moving = () => (symmetry === 1 ? say("many fixed points") : say("chaos"));
  return {x, y, rules: [0, 1, 0, 1], colours: ["sky", "gold"], names: [() => say("rest"), moving]};
}
