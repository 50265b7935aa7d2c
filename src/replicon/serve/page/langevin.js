// The DNA of learning: data, network, algorithm. Walkers of several algorithms in one landscape,
// and the temperature that each reads.

import {clear, el} from "./el.js";
import {titleOf} from "./exhibits.js";
import {toQuery} from "./lab_state.js";
import {RegressionView, WellView} from "./langevin_views.js";
import {copies, guide, layout} from "./screen.js";
import {say} from "./words.js";

export function langevinScreen(root, given) {
  return new LangevinScreen(root, given);
}

const VIEWS = {
  well: [() => say("Double well"), WellView],
  data: [() => say("A landscape made of data"), RegressionView],
};
const PLACES = ["left", "formula", "controls", "right", "transport", "meeting"];

// state: view, temperature, step, seed, and the method that the meeting is about.
class LangevinScreen {
  constructor(root, {query, models}) {
    this.models = models;
    this.state = this.read(query);
    this.places = layout(root, {title: titleOf("langevin"),
      question: () => say("Learning walks downhill in a landscape that the data make, shaken by " +
        "noise. What does it find, and does the algorithm tell the truth about the temperature?")});
    this.tabs = new Map(Object.entries(VIEWS).map(([name, [text]]) =>
      [name, el("button", {type: "button", text, onclick: () => this.open(name)})]));
    this.places.tabs.append(...this.tabs.values());
    this.steps();
    this.refresh = copies(this.places.same, () => this.view ? this.view.text() : {command: ""});
    this.inLab = el("a", {href: "#/lab", text: () => say("Open in the lab")});
    this.places.same.append(el("p", {}, this.inLab),
      el("p", {class: "quiet", text: () => say("In the gallery: replicon run learning-dna, " +
        "replicon run langevin-equilibrium.")}),
      el("p", {class: "quiet", text: () => say("Review: H. Huang, Physics thoughts in neural " +
        "network theory (2024), on data, network and algorithm. Papers: Roberts & Tweedie, " +
          "Bernoulli 2, 341 (1996) (ULA, MALA); Leimkuhler & Matthews, AMRX 2013, 34 " +
            "(underdamped, BAOAB); Welling & Teh, ICML 2011 (minibatches); Rugh, Phys. Rev. " +
              "Lett. 78, 772 (1997) (thermometer).")}));
    this.open(this.state.view);
  }

  read(query) {
    const number = (name, value, low, high) => {
      const given = query.has(name) ? Number(query.get(name)) : NaN;
      return Number.isFinite(given) ? Math.min(high, Math.max(low, given)) : value;
    };
    return {view: query.get("view") in VIEWS ? query.get("view") : "well",
      temperature: number("temperature", 0.3, 0.03, 3), step: number("step", 0.03, 0.001, 0.2),
      seed: Math.round(number("seed", 1, 0, 2 ** 31)), method: "ula"};
  }

  // given: changes of the state, such as {temperature: 0.1}.
  open(name, given = {}) {
    if (this.view) this.view.close();
    for (const place of PLACES) clear(this.places[place]);
    Object.assign(this.state, given, {view: name});
    for (const [other, tab] of this.tabs) {
      tab.classList.toggle("chosen", other === name);
      tab.setAttribute("aria-pressed", String(other === name));
    }
    this.view = new VIEWS[name][1](this);
    this.changed();
  }

  changed() {
    const {view, temperature, step, seed} = this.state;
    const query = new URLSearchParams({view, temperature, step, seed});
    history.replaceState(null, "", `#/langevin?${query}`);
    this.refresh();
    if (this.view) this.inLab.href = `#/lab?${toQuery(this.view.labState())}`;
  }

  // Change the state where it is, or after going there.
  go(view, given) {
    if (this.state.view === view) this.view.become(given);
    else this.open(view, given);
  }

  steps() {
    guide(this.places.steps, [
      {
        ask: () => say("Heat and cool. When do walkers cross from one well to the other?"),
        buttons: [[() => say("Cold: T = 0.05"), () => this.go("well", {temperature: 0.05})],
          [() => say("Hot: T = 1"), () => this.go("well", {temperature: 1})]],
        happened: () => say("The barrier is 1. Far below T = 1 a walker waits of the order of " +
          "exp(1/T) before it crosses, and each stays where it was born; the law exp(-E/T) is " +
            "two separate peaks. Near T = 1 it crosses freely, and the peaks run into one another."),
      },
      {
        ask: () => say("Change the data. What of the landscape moves?"),
        buttons: [[() => say("Two weights and their data"), () => this.go("data", {})],
          [() => say("Other data"), () => {
            if (this.state.view === "data") this.view.other();
            else this.open("data", {seed: this.state.seed + 1});
          }]],
        happened: () => say("Everything: data decide where the valley lies, how steep it is and " +
          "how far it points from the teacher. More examples make it narrower; noisier labels " +
            "move it away from the teacher; the ridge, which belongs to the network, pulls it " +
              "towards zero."),
      },
      {
        ask: () => say("Take long steps. Which algorithm lies about the temperature?"),
        buttons: [[() => say("Long steps: dt = 0.06"), () => this.go("well",
          {temperature: 0.3, step: 0.06})],
        [() => say("Short steps: dt = 0.005"), () => this.go("well",
          {temperature: 0.3, step: 0.005})],
        [() => say("With minibatches"), () => this.go("data", {temperature: 0.3, step: 0.03})]],
        happened: () => say("ULA is too hot, by an amount in proportion to the step. MALA " +
          "corrects itself by rejecting moves; BAOAB errs by the square of the step only. " +
            "Minibatches are hotter still: their noise adds to the thermal one, and it too " +
              "shrinks with the step."),
      },
    ]);
  }

  close() {
    if (this.view) this.view.close();
    this.view = null;
  }
}
