// What the three tabs of the perceptron share.

import {Chart} from "./chart.js";
import {gaveWay} from "./controls.js";
import {clear, el} from "./el.js";
import {asText, copies, guide} from "./screen.js";
import {forget, Network} from "./wire.js";
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
