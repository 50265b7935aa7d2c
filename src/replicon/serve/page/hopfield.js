// When does a memory forget? 28 x 28 spins that recall a picture, damaged, overloaded and taught by
// hand, beside the phase diagram of the Hopfield memory.

import {Chart} from "./chart.js";
import {controlInput, driving, gaveWay, transport} from "./controls.js";
import {el, retell, shownNumber} from "./el.js";
import {titleOf} from "./exhibits.js";
import {HopfieldMap} from "./hopfield_map.js";
import {formulas, papers, steps} from "./hopfield_steps.js";
import {damage, drawing} from "./hopfield_tools.js";
import {toQuery} from "./lab_state.js";
import {Meeting} from "./meeting.js";
import {Pad, Spins, Strip} from "./memory.js";
import {asText, copies, guide, layout} from "./screen.js";
import {Network} from "./wire.js";
import {say} from "./words.js";

const SIZES = [100, 2500];
const PICTURES = 784; // spins of a handwritten digit
const SPEEDS = [1, 5, 20, 60, 250, 1000]; // sweeps a second
const SPEED = 2; // the place of the first: an eye sees a recall, and an error bar in 9 seconds
const TRACE = 300; // pictures that m(t) remembers
const GLIDE = 60; // milliseconds between two steps of a load that moves by itself
const RATE = 0.002; // of load in such a step
const START = 0.4; // overlap with which a recall begins
const LOST = 0.5; // of theory's m, below which a memory is not recalled

export function hopfieldScreen(root, {query, models}) {
  const screen = new Screen(root, models.get("hopfield"), query);
  return {close: () => screen.close()};
}

class Screen {
  constructor(root, model, query) {
    this.model = model;
    this.state = settled(model, query);
    this.rest = false;
    this.still = matchMedia("(prefers-reduced-motion: reduce)").matches;
    this.places = layout(root, {title: titleOf("hopfield"),
      question: () => say("A network stores memories in its couplings and recalls one from a " +
        "damaged part of it. How much damage, how much heat, how many memories can it bear?")});
    this.network();
    this.map = new HopfieldMap(this.places, model, this.state, {
      moved: (part, phase) => {
        clearInterval(this.gliding);
        this.move(part, phase);
      },
      answered: () => this.meet(),
    });
    this.places.left.append(this.places.controls);
    this.lights = formulas(this.places.formula);
    this.lights.rule(this.state.rule);
    this.meeting = new Meeting(this.places.meeting, model,
      model.observables.filter((one) => !one.axes.length));
    this.meeting.because(() => this.reason());
    this.controls();
    guide(this.places.steps, steps(this));
    this.recopy = copies(this.places.same, () => this.text());
    this.sources();
    this.map.solve();
    this.begin();
  }

  // ---- the network

  network() {
    const {right} = this.places;
    this.board = el("div");
    this.easel = el("div", {hidden: true});
    this.spins = new Spins(this.board, (cells) => this.act("brush", {at: cells, ink: this.ink}));
    this.pad = new Pad(this.easel);
    this.board.append(damage(this));
    this.easel.append(drawing(this));
    const strip = el("div");
    right.append(el("div", {class: "memory-pair"}, el("div", {}, this.board, this.easel), strip));
    this.strip = new Strip(strip, {
      recall: (memory) => this.recall({memory}),
      forget: (memory) => this.act("forget", {memory}),
    });
    const time = el("div");
    right.append(time);
    this.past = new Chart(time, () => say("Overlap m in time, beside theory's"), {
      ratio: 0.3, least: 130,
      axes: {x: {low: 0, high: 100, label: () => say("sweeps")},
        y: {low: -0.2, high: 1.3, label: () => "m"}},
    });
    this.trouble = el("p", {class: "note", role: "status",
      text: () => (this.rest ? say("At rest: no spin wants to turn.") : "")});
    right.append(this.trouble);
    this.live = new Network("hopfield", {
      started: (header) => this.started(header),
      frame: (header, arrays) => this.frame(header, arrays),
      trouble: (sentence) => (this.trouble.textContent = sentence),
      gone: () => (this.trouble.textContent = gaveWay()),
    });
    this.transport = transport({size: this.state.size, seed: this.state.seed, sizes: SIZES,
      speeds: SPEEDS, speed: SPEED, playing: !this.still}, {
      ...driving(this.live),
      reset: () => this.begin(),
      size: (size) => this.renew({size, patterns: size === PICTURES ? this.state.patterns
        : "random"}),
      seed: (seed) => this.renew({seed}),
    });
    this.places.transport.append(this.transport);
  }

  draw(drawing) {
    this.board.hidden = drawing;
    this.easel.hidden = !drawing;
    if (drawing && (!this.pad.array || this.pad.array.data.length !== this.state.size)) {
      this.pad.clean(this.state.size);
    }
    (drawing ? this.pad : this.spins).fit();
  }

  // Store what is on the pad, and recall it from a damaged copy.
  store() {
    if (!this.pad.array || !this.pad.ink.length) {
      this.draw(true);
      return;
    }
    this.act("store", {ink: this.pad.ink});
    this.recall();
    this.draw(false);
  }

  // A step that is done below is seen above.
  show() {
    const smooth = this.still ? "auto" : "smooth";
    this.places.right.parentElement.scrollIntoView({block: "nearest", behavior: smooth});
  }

  // Begin near a memory, by default the one that was recalled before.
  recall(which = {}) {
    this.act("recall", {overlap: START, ...which});
  }

  act(name, args = {}) {
    this.trouble.textContent = "";
    this.rest = false;
    if (name !== "recall") this.counting = ["store", "forget"].includes(name);
    this.live.act(name, args);
  }

  begin() {
    clearInterval(this.gliding);
    const {load, temperature, rule, patterns, size, seed} = this.state;
    this.forgetTrace();
    this.measured = null;
    this.live.start("hopfield.memory",
      {controls: {load, temperature, rule, patterns, start: START}, size, seed},
      {speed: this.transport.speedNow(), playing: this.live.asked ? this.live.asked.playing
        : !this.still});
  }

  renew(part) {
    Object.assign(this.state, part);
    for (const [name, input] of this.inputs) input.put(this.state[name]);
    this.transport.querySelector("input[type=number]").value = this.state.size;
    this.lights.rule(this.state.rule);
    this.map.leave(false);
    this.map.points = [];
    this.map.place();
    this.map.solve();
    this.begin();
    this.settle();
  }

  started(header) {
    this.trouble.textContent = "";
    this.transport.playing(this.live.asked.playing);
    this.strip.renew();
    this.map.unlike = header;
    this.map.redraw();
  }

  frame(header, arrays) {
    const {spins, held, memories, serials, overlaps} = arrays;
    this.spins.held = held.data;
    this.spins.show(spins);
    this.held = held.data.includes(1);
    this.letGo.disabled = !this.held;
    this.letGo.classList.toggle("main", this.held);
    this.strip.show(memories, serials.data, overlaps.data);
    this.remember(header.steps, overlaps.data[0]);
    this.count(overlaps.data.length);
    if (!header.measured) return;
    this.measured = header.measured;
    if (this.rest !== header.done) {
      this.rest = header.done;
      retell(this.trouble.parentElement);
    }
    this.meeting.network(header.measured);
    this.map.measure(this.held ? null : header.measured.magnetization);
    if (header.rate) this.transport.rate(header.rate);
  }

  // Memories come and go by hand, too: then the handle follows what is stored.
  count(stored) {
    const {state} = this;
    this.stored = stored;
    if (!this.counting || stored === Math.max(1, Math.round(state.load * state.size))) return;
    this.counting = false;
    this.map.leave(false);
    state.load = Number((stored / state.size).toPrecision(4));
    this.inputs.get("load").put(state.load);
    this.map.place();
    this.map.solve();
    this.settle();
  }

  remember(steps, overlap) {
    const {x, y} = this.trace;
    if (x.length && steps < x[x.length - 1]) this.forgetTrace();
    this.trace.x.push(steps);
    this.trace.y.push(overlap);
    if (this.trace.x.length > TRACE) {
      this.trace.x.shift();
      this.trace.y.shift();
    }
    this.tellPast();
  }

  forgetTrace() {
    this.trace = {x: [], y: []};
  }

  tellPast() {
    const {past, trace, map} = this;
    const last = trace.x.length ? trace.x[trace.x.length - 1] : 0;
    const first = trace.x.length ? trace.x[0] : 0;
    Object.assign(past.axes.x, {low: first, high: Math.max(last, first + 60)});
    past.axes.y.low = trace.y.some((m) => m < -0.2) ? -1.1 : -0.2;
    past.curves = [{...trace, colour: "ink"}];
    const theory = map && map.answer && !map.curve.covered ? map.answer.point.magnetization : null;
    past.marks = theory === null ? [] : [{x: null, y: theory, colour: map.shade,
      label: () => say("theory")}];
    past.later();
  }

  // ---- where both meet

  meet() {
    this.meeting.theory(this.map.point, this.map.shade);
    this.tellPast();
  }

  reason() {
    const {map, measured, state} = this;
    if (this.held) return say("Spins are held: let go, and the network measures anew.");
    const found = measured.magnetization.mean ?? measured.magnetization.now;
    const wanted = map.point ? map.point.magnetization : 0;
    if (wanted > LOST && found < -LOST * wanted) {
      return say("This is the memory's mirror image, which is a memory too: turning all spins " +
        "changes no energy.");
    }
    if (wanted > LOST && found < LOST * wanted) {
      return say("The spins have left this memory, and nothing leads them back; the couplings " +
        "still hold it: press \"Recall again\".");
    }
    if (map.answer && map.answer.region === 2) {
      return say("Beyond the line a finite network stops in states that still resemble the " +
        "memory, and a spin glass never comes to rest: theory's m = 0 is that of infinitely many " +
          "spins in equilibrium.");
    }
    const slowest = Math.max(...Object.values(measured).map((one) => one.tau || 0));
    if (slowest > 20) {
      return say("Not yet in equilibrium, perhaps: autocorrelation {tau} measurements.",
        {tau: shownNumber(slowest, 2)});
    }
    return say("Finite size: N = {size}, and one draw of {count} memories, of whose noise r is a " +
      "mean: another seed moves these dots.",
      {size: state.size, count: this.stored});
  }

  // ---- controls, steps, and the same elsewhere

  controls() {
    const {model, state, places} = this;
    this.inputs = new Map();
    for (const name of ["load", "temperature"]) {
      const control = model.controls.find((one) => one.name === name);
      const input = controlInput(model, control, state[name], (value, phase) => {
        clearInterval(this.gliding);
        this.move({[name]: Number(value)}, phase);
      });
      this.inputs.set(name, input);
      places.controls.append(input);
    }
    const pick = (name, label, words) => {
      const choice = el("select", {onchange: () => this.choose({[name]: choice.value})},
        Object.entries(words).map(([value, text]) => el("option", {value, text})));
      choice.value = state[name];
      choice.put = (value) => (choice.value = value);
      this.inputs.set(name, choice);
      return el("label", {class: "field"}, el("span", {text: label}), choice);
    };
    places.controls.append(el("div", {class: "row-of"},
      pick("patterns", () => say("Memories"), {random: () => say("a picture among random ones"),
        digits: () => say("real digits")}),
      pick("rule", () => say("Rule"), {hebb: () => say("Hebb"),
        "pseudo-inverse": () => say("pseudo-inverse")})));
  }

  choose(part) {
    const size = part.patterns === "digits" ? PICTURES : this.state.size;
    this.renew({...part, size});
  }

  // The handle, wherever it was moved from.
  move(part, phase) {
    const {state, live, map} = this;
    map.leave("temperature" in part && part.temperature !== state.temperature);
    for (const [name, value] of Object.entries(part)) {
      if (value === state[name]) continue;
      state[name] = value;
      live.set(name, value);
      this.inputs.get(name).put(value);
    }
    this.counting = false;
    map.place();
    map.solve();
    if (phase === "release") this.settle();
  }

  // The load goes by itself, one or two memories at a time.
  glide(load) {
    clearInterval(this.gliding);
    this.gliding = setInterval(() => {
      const left = load - this.state.load;
      const ends = Math.abs(left) <= RATE;
      const next = ends ? load : this.state.load + Math.sign(left) * RATE;
      if (ends) clearInterval(this.gliding);
      this.move({load: Number(next.toPrecision(4))}, ends ? "release" : "drag");
    }, GLIDE);
  }

  settle() {
    const {load, temperature, rule, patterns, size, seed} = this.state;
    const query = new URLSearchParams({load, temperature, rule, patterns, size, seed});
    history.replaceState(null, "", `#/hopfield?${query}`);
    this.recopy();
    this.lab.href = `#/lab?${toQuery(this.asLab())}`;
    this.map.redraw();
  }

  // Controls by which the library knows this network.
  given() {
    const {load, temperature, rule, patterns} = this.state;
    const others = Object.fromEntries(Object.entries({rule, patterns}).filter(([name, value]) =>
      value !== this.model.controls.find((one) => one.name === name).default));
    return {load, temperature, ...others, start: START};
  }

  asLab() {
    const {size, seed} = this.state;
    return {model: this.model.model, x: "load", y: "temperature", controls: this.given(), size,
      seed};
  }

  text() {
    const {size, seed} = this.state;
    return asText(this.model, {controls: this.given(), branch: "retrieval", size, seed,
      sweep: {name: "load", low: 0.01, high: 0.2, count: 20, shown: "magnetization"}});
  }

  sources() {
    this.lab = el("a", {text: () => say("Open in the lab")});
    this.places.same.append(el("p", {}, this.lab));
    papers(this.places.same);
    this.settle();
  }

  close() {
    clearInterval(this.gliding);
    this.live.leave();
    for (const part of [this.spins, this.pad, this.strip, this.past, this.map, this.meeting]) {
      part.close();
    }
  }
}

// A state that the screen allows, whatever an address says.
function settled(model, query) {
  const within = (name, fallback, low, high) => {
    const given = Number(query.get(name));
    return query.get(name) && Number.isFinite(given) ? Math.min(high, Math.max(low, given))
      : fallback;
  };
  const patterns = query.get("patterns") === "digits" ? "digits" : "random";
  const size = Math.round(within("size", PICTURES, ...SIZES));
  return {
    load: within("load", 0.04, 0, 0.2), temperature: within("temperature", 0.3, 0, 1.5), patterns,
    rule: query.get("rule") === "pseudo-inverse" ? "pseudo-inverse" : "hebb",
    size: patterns === "digits" ? PICTURES : size, seed: Math.round(within("seed", 0, 0, 2 ** 31)),
  };
}
