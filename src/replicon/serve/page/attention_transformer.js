// A softmax transformer in training beside its solvable twin: linear attention that has seen the
// same number of prompts, and whose weights are solved for.

import {Chart} from "./chart.js";
import {controlInput, gaveWay, transport} from "./controls.js";
import {el, shownNumber} from "./el.js";
import {brackets, formula, frac, fn, id, row, sub, sup} from "./formula.js";
import {toQuery} from "./lab_state.js";
import {Meeting} from "./meeting.js";
import {Panel} from "./panels.js";
import {asText, copies, guide, layout} from "./screen.js";
import {ask, forget, Network} from "./wire.js";
import {onLanguage, say} from "./words.js";

const BATCH = 64; // prompts of a step
const STEPS = 3000;
const SPEEDS = [1, 5, 20, 60, 200, 1000]; // steps a second
const SIZES = [4, 16];
const BLACK = 4; // times the mean attention
const NEW = "orange";
const OLD = "blue";

export class Transformer {
  constructor(root, models, state, {changed, tabs}) {
    this.model = models.get("softmax-transformer");
    this.changed = changed;
    const {diversity} = state.controls;
    this.controls = {context: 2, noise: 0.1, steps: STEPS,
      diversity: Number(diversity) > 0 ? Number(diversity) : "inf"};
    this.size = Math.min(SIZES[1], Math.max(SIZES[0], Math.round(Number(state.size)) || 8));
    this.seed = Math.round(Number(state.seed)) || 1;
    this.made = 0;
    this.places = layout(root, {title: () => say("Learning without learning"),
      question: () => say("A real transformer is trained on the same problems. Linear attention, " +
        "which can be solved, is its twin: what does the twin explain, and where does the " +
          "transformer go its own way?")});
    this.places.tabs.append(tabs);
    this.map();
    this.network();
    this.meeting = new Meeting(this.places.meeting, this.model,
      this.model.observables.filter((o) => o.name !== "training_error"));
    this.ending();
    this.silenced = onLanguage(() => this.tell());
    this.restart();
  }

  get fresh() {
    return this.controls.diversity === "inf";
  }

  // ---- theory

  map() {
    this.chart = new Chart(this.places.left, () => say("Errors while the transformer trains"),
      {axes: {
      x: {low: 1, high: STEPS, log: true, label: () => say("t  steps of training")},
      y: {low: 0.05, high: 4, log: true, label: () => say("mean square error")}}});
    this.note = el("p", {class: "note", "aria-live": "polite"});
    this.places.left.append(this.note,
      el("p", {class: "quiet", text: () => say("Lines: the twin, linear attention on as many " +
        "prompts as the transformer has seen, at its best ridge. Dots: the transformer, tested " +
          "on 4096 new prompts.")}));
    formula(this.places.formula,
      row(fn("softmax"), brackets(frac(row(sup("x", fn("⊤")), id("Q"), sub("x", "i")),
        row("√", "W"))), "→", frac("d", "l"), sup("x", fn("⊤")), id("Γ"), sub("x", "i")),
      row("τ", brackets("t"), "=", frac(row("B", "t"), sup("d", "2"))));
    this.places.formula.append(el("p", {class: "quiet", text: () => say("The twin keeps one head " +
      "of one layer and takes the softmax away: its weights are real spins with pair couplings, " +
        "and are solved for. After t batches of B it knows n = Bt prompts.")}));
  }

  solve() {
    const {context, noise, diversity} = this.controls;
    const asked = {controls: {context, noise, diversity}, size: this.size, steps: STEPS};
    this.answer = null;
    ask("attention:twin", "attention.twin", asked, ({header, arrays}) => {
      if (this.closed) return;
      if (header.trouble) {
        this.note.textContent = header.trouble;
        return;
      }
      this.answer = {header, arrays};
      this.draw();
    });
  }

  draw() {
    const {chart, answer} = this;
    if (!answer) return;
    const {header, arrays} = answer;
    const x = arrays.steps.data;
    chart.curves = [{x, y: arrays.icl_error.data, colour: NEW, label: () => (this.fresh
      ? say("twin") : say("twin, new tasks"))}];
    chart.marks = [
      {x: null, y: header.floors.none, colour: "quiet", label: () => say("no answer")},
      {x: null, y: header.floors.ridge, colour: "green", label: () => say("best possible")}];
    if (!this.fresh) {
      chart.curves.push({x, y: arrays.idg_error.data, colour: OLD, label: () =>
        say("twin, old tasks")});
      chart.marks.push({x: null, y: this.controls.noise, colour: OLD, label: () =>
        say("noise alone")});
    }
    chart.later();
    this.meet();
  }

  // The twin when the transformer was tested last.
  meet() {
    if (!this.answer) return;
    const {steps, icl_error: icl, idg_error: idg} = this.answer.arrays;
    const after = steps.data.findIndex((t) => t >= Math.max(1, this.tested || 0));
    const at = after < 0 ? steps.data.length - 1 : after;
    this.meeting.theory({icl_error: icl.data[at], idg_error: idg.data[at]});
  }

  // ---- the network

  network() {
    const panel = (text, options) => {
      const box = el("div", {}, el("div", {class: "caption", text}));
      return {box, panel: new Panel(box, text, options)};
    };
    this.look = panel(() => say("where the query looks: a row for each head, a column for each " +
      "example, itself last; black: four times the mean"), {ratio: 0.5, least: 140});
    this.losses = panel(() => say("error of each batch so far"), {ratio: 0.4, least: 140});
    this.trouble = el("p", {class: "note", role: "status"});
    this.places.right.append(this.look.box, this.losses.box, this.trouble);
    this.playing = !matchMedia("(prefers-reduced-motion: reduce)").matches;
    this.live = new Network("attention:learner", {
      started: () => this.wait(false),
      frame: (header, arrays) => this.frame(header, arrays),
      trouble: (sentence) => {
        this.wait(false);
        this.trouble.textContent = sentence;
      },
      gone: () => (this.trouble.textContent = gaveWay()),
    });
    this.transport = transport({size: this.size, seed: this.seed, sizes: SIZES, speeds: SPEEDS,
      speed: 4, playing: this.playing}, {
      play: (playing) => this.live.play((this.playing = playing)),
      step: () => {
        this.playing = false;
        this.live.step(1);
      },
      reset: () => this.restart(),
      speed: (speed) => this.live.speed(speed),
      size: (size) => this.renew({size}),
      seed: (seed) => this.renew({seed}),
    });
    this.places.transport.append(this.transport);
    const control = this.model.controls.find((c) => c.name === "diversity");
    this.input = controlInput(this.model, control, this.controls.diversity, (value, phase) => {
      if (phase === "release") this.tasks(value);
    });
    this.places.controls.append(this.input);
  }

  // So many tasks, as a multiple of d; "inf": a new one for each prompt.
  tasks(value) {
    this.controls.diversity = value === "inf" ? value
      : Math.max(1, Math.round(Number(value) * this.size)) / this.size;
    this.input.put(this.controls.diversity);
    this.renew({});
  }

  renew(part) {
    Object.assign(this, part);
    this.restart();
    this.changed(this.state());
    this.recopy();
    this.lab.href = this.toLab();
  }

  restart() {
    this.chart.dots = [];
    this.tested = 0;
    this.made = 0;
    this.note.textContent = "";
    this.meeting.network(null);
    this.solve();
    this.wait(true);
    this.live.start("attention.learner", {controls: {...this.controls}, size: this.size,
      seed: this.seed}, {speed: this.transport.speedNow(), playing: this.playing, steps: 1});
  }

  // Until a network of these sizes is compiled there is nothing to see, and it is said.
  wait(waiting) {
    clearInterval(this.clock);
    this.trouble.textContent = "";
    if (!waiting) return;
    const begun = performance.now();
    this.clock = setInterval(() => {
      const now = Math.round((performance.now() - begun) / 1000);
      this.trouble.textContent = say("Compiling the training: about 10 s, once for each size " +
        "({now} s).", {now});
    }, 1000);
  }

  frame(header, arrays) {
    this.look.panel.options.reach = BLACK / arrays.attention.shape[1];
    this.look.panel.show(arrays.attention);
    this.losses.panel.show(arrays.losses);
    const tests = arrays.tests.data;
    this.chart.dots = [];
    for (let i = 0; i < tests.length; i += 3) {
      this.chart.dots.push({x: tests[i], y: tests[i + 1], colour: NEW, size: 3});
      if (!this.fresh) this.chart.dots.push({x: tests[i], y: tests[i + 2], colour: OLD, size: 3});
    }
    this.tested = tests.length ? tests[tests.length - 3] : 0;
    this.chart.later();
    this.meet();
    if (header.measured) {
      this.meeting.network(header.measured);
      if (header.rate && this.playing) this.transport.rate(header.rate);
    }
    this.made = header.steps;
    this.done = header.done;
    this.tell();
  }

  tell() {
    if (!this.made) return;
    this.note.textContent = say("After {t} steps the transformer has seen {n} prompts: τ = {tau} " +
      "for its twin.", {
      t: this.made, n: BATCH * this.made, tau: shownNumber((BATCH * this.made) / this.size ** 2)});
    if (this.done) this.trouble.textContent = say("Trained: the learning rate has fallen to its " +
      "end. Reset begins anew.");
  }

  // ---- words

  state() {
    const {diversity} = this.controls;
    return {tab: "transformer", model: "softmax-transformer", size: this.size, seed: this.seed,
      controls: {diversity}};
  }

  toLab() {
    const {model, size, seed} = this.state();
    return `#/lab?${toQuery({model, size, seed, controls: this.controls})}`;
  }

  ending() {
    guide(this.places.steps, [
      {ask: () => say("Every prompt has a task of its own. Which of the two needs fewer prompts, " +
        "and which is better in the end?"),
        buttons: [[() => say("From the start"), () => this.tasks("inf")]],
        happened: () => say("The twin is solved, not trained: a few batches are enough. The " +
          "transformer walks downhill by gradients: for a hundred steps it is no better than no " +
            "answer, then its error falls, below everything that linear attention can do, " +
              "towards the best possible, ridge regression on the examples.")},
      {ask: () => say("Where does the query look, before the fall and after it?"),
        buttons: [[() => say("Once more"), () => this.restart()]],
        happened: () => say("Before the fall every head looks at all examples nearly alike. " +
          "While the error falls some heads pick out a few of them: their rows turn patchy. Once " +
            "it is trained most average over all examples again, which is what the twin does " +
              "from the start.")},
      {ask: () => say("Only two tasks: does the transformer recite, as its twin does?"),
        buttons: [[() => say("Two tasks"), () => this.tasks(2 / this.size)],
          [() => say("Many tasks"), () => this.tasks(64)]],
        happened: () => say("It learns both by heart: on old tasks little but the noise is left, " +
          "on new ones it is worse than no answer. The twin too knows old tasks far better than " +
            "new ones: that it takes many tasks to learn in context is no matter of architecture.")},
    ]);
    this.places.steps.append(el("p", {class: "quiet", text: () => say("In the review: learning " +
      "in context. Papers: {source}.", {source: this.model.source})}));
    this.recopy = copies(this.places.same, () => asText(this.model, {controls: this.controls,
      size: this.size, seed: this.seed}));
    this.lab = el("a", {href: this.toLab(), text: () => say("Open in the lab")});
    this.places.same.append(el("p", {}, this.lab));
  }

  close() {
    this.closed = true;
    clearInterval(this.clock);
    this.silenced();
    forget("attention:twin");
    this.live.leave();
    this.chart.close();
    this.look.panel.close();
    this.losses.panel.close();
    this.meeting.close();
  }
}
