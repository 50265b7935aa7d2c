// What the three tabs of the perceptron share.

import {Chart} from "./chart.js";
import {controlInput, gaveWay, transport} from "./controls.js";
import {clear, el, shownNumber} from "./el.js";
import {asText, copies, guide, still} from "./screen.js";
import {ask, forget, Network} from "./wire.js";
import {say} from "./words.js";

// A tab: its places, its networks and boards, which all end with it.
export class Tab {
  constructor(places, models, model) {
    this.places = places;
    this.models = models;
    this.model = models.get(model);
    this.ends = [];
    this.networks = {};
  }

  addChart(parent, label, options) {
    return this.board(new Chart(parent, label, options));
  }

  board(made) {
    this.ends.push(() => made.close());
    return made;
  }

  // The network of a slot under its transport. A view has begin(), renew({size or seed}) and
  // frame(header, arrays).
  driven(slot, {sizes, speeds, speed, play = (playing) => this.networks[slot].play(playing),
    size = (given) => this.renew({size: given})}) {
    this.controls = transport({size: this.size, sizes, seed: this.seed, speeds, speed,
      playing: !still()}, {
      play,
      step: () => {
        play(false);
        this.networks[slot].step(1);
      },
      reset: () => this.begin(),
      speed: (given) => this.networks[slot].speed(given),
      size,
      seed: (seed) => this.renew({seed}),
    });
    this.places.transport.append(this.controls);
    this.network(slot, {
      started: () => this.controls.playing(this.networks[slot].asked.playing),
      frame: (header, arrays) => this.frame(header, arrays)});
  }

  // Slots of questions that are asked, forgotten when the tab is left.
  slots(...names) {
    this.ends.push(() => names.forEach(forget));
  }

  // A network in a place of its own; what goes wrong is said under the boards.
  network(slot, {started, frame}) {
    if (!this.trouble) {
      this.trouble = el("p", {class: "note", role: "status"});
      this.places.right.append(this.trouble);
    }
    const made = new Network(slot, {
      started: (header) => {
        this.trouble.textContent = "";
        if (started) started(header);
      },
      frame,
      trouble: (sentence) => (this.trouble.textContent = sentence),
      gone: () => (this.trouble.textContent = gaveWay()),
    });
    this.trouble.textContent = say("The network starts; the first time its algorithms are " +
      "compiled, a few seconds.");
    this.networks[slot] = made;
    return made;
  }

  leave(slot) {
    if (this.networks[slot]) this.networks[slot].leave();
    delete this.networks[slot];
  }

  // Steps, the same as text, papers, and the way to the lab. told(): what the text is about;
  // address(): of the lab.
  end({steps, told, papers, address}) {
    guide(this.places.steps, steps);
    this.recopy = copies(this.places.same, () => asText(this.model, told()));
    const link = el("a", {text: () => say("Open in the lab")});
    this.aim = () => (link.href = `#/lab?${address()}`);
    this.aim();
    this.places.same.append(el("p", {}, link), el("p", {class: "quiet", text: papers}));
  }

  // After something was chosen: text and link say the same.
  chosen() {
    this.recopy();
    this.aim();
  }

  close() {
    for (const slot of Object.keys(this.networks)) this.leave(slot);
    this.ends.forEach((end) => end());
    clear(this.places.right);
  }
}

// A tab of lines of theory, solved before for some loads, beside small instances that are counted:
// of `size` weights and `patterns`. A view has theory(phase) and redraw() too.
export class CountedTab extends Tab {
  get load() {
    return Number((this.patterns / this.size).toPrecision(4));
  }

  // The line held of the nearest load at once; the exact one, the answer to a question, when the
  // load has come to rest.
  nearest(lines, phase, {slot, question, asked}) {
    const {load} = this;
    this.line = lines.reduce((a, b) =>
      (Math.abs(b.load - load) < Math.abs(a.load - load) ? b : a));
    const held = this.line.load;
    const exact = Math.abs(held - load) < 1e-3;
    this.said = () => (exact
      ? say("Lines of theory at load {load}, solved beforehand.", {load: shownNumber(load)})
      : say("Nearest line solved before, load {load}; exact in some seconds when you let go.",
        {load: shownNumber(held)}));
    if (!exact && phase === "release") this.exactLine(slot, question, {load, ...asked});
    this.redraw();
  }

  exactLine(slot, question, asked) {
    const {load} = asked;
    ask(slot, question, asked, ({header, arrays}) => {
      if (this.closed || load !== this.load) return;
      if (header.trouble) this.said = () => header.trouble;
      else {
        const lists = Object.entries(arrays).map(([name, {data}]) => [name, [...data]]);
        this.line = {...header, ...Object.fromEntries(lists)};
        this.said = () => say("Exact at load {load}.", {load: shownNumber(load)});
      }
      this.redraw();
    });
  }

  // Transport, slider of the load within `typical`, and the network; loads: those of instances.
  instances(slot, {sizes, speeds, speed, typical, loads}) {
    this.loads = loads;
    this.driven(slot, {sizes, speeds, speed, size: (size) => {
      this.patterns = Math.round(this.load * size);
      this.renew({size});
    }});
    const load = this.model.controls.find((c) => c.name === "load");
    this.slider = controlInput(this.model, {...load, typical}, this.load,
      (value, phase) => this.toLoad(value, phase));
    this.places.controls.append(this.slider);
  }

  toLoad(value, phase) {
    const [low, high] = this.loads.map((load) => Math.round(load * this.size));
    const patterns = Math.min(high, Math.max(low, Math.round(Number(value) * this.size)));
    const changed = patterns !== this.patterns;
    this.patterns = patterns;
    if (phase === "release") this.slider.put(this.load);
    if (changed || phase === "release") this.theory(phase);
    if (phase === "release") this.begin();
  }

  close() {
    this.closed = true;
    super.close();
  }
}

// Lines of a question's answer, which come as lists where they were kept in a file.
export function interpolated(xs, ys, x) {
  for (let i = 1; i < xs.length; i++) {
    if (x > xs[i] || x < xs[i - 1]) continue;
    const part = (x - xs[i - 1]) / (xs[i] - xs[i - 1] || 1);
    const value = ys[i - 1] + part * (ys[i] - ys[i - 1]);
    return ys[i - 1] === null || ys[i] === null || !Number.isFinite(value) ? null : value;
  }
  return null;
}
