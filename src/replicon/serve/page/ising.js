// Order from nothing: the lattice and its exact curve, its critical point, the mean-field magnet.
// Four views over one handle: the temperature in units of the critical one stays when you change.

import {clear, el} from "./el.js";
import {titleOf} from "./exhibits.js";
import {Cooling} from "./ising_cooling.js";
import {CriticalView, LatticeView} from "./ising_lattice.js";
import {MagnetView} from "./ising_magnet.js";
import {toQuery} from "./lab_state.js";
import {copies, guide, layout} from "./screen.js";
import {say} from "./words.js";

export function isingScreen(root, given) {
  return new IsingScreen(root, given);
}

const VIEWS = {
  lattice: [() => say("Lattice"), LatticeView],
  cooling: [() => say("Three coolings"), Cooling],
  critical: [() => say("Critical point"), CriticalView],
  magnet: [() => say("Cobweb and double well"), MagnetView],
  loop: [() => say("Hysteresis"), MagnetView],
};
const PLACES = ["left", "formula", "controls", "right", "transport", "meeting"];

// state: view; ratio, T/T_c; field; seed.
class IsingScreen {
  constructor(root, {query, models}) {
    this.models = models;
    this.state = this.read(query);
    this.places = layout(root, {title: titleOf("ising"),
      question: () => say("Every spin prefers to agree with its neighbours, and none prefers up " +
        "to down. How does a direction come about?")});
    this.tabs = new Map(Object.entries(VIEWS).map(([name, [text]]) =>
      [name, el("button", {type: "button", text, onclick: () => this.open(name)})]));
    this.places.tabs.append(...this.tabs.values());
    this.steps();
    this.refresh = copies(this.places.same, () => this.view ? this.view.text() : {command: ""});
    this.links();
    this.open(this.state.view);
  }

  read(query) {
    const number = (name, value, low, high) => {
      const given = Number(query.get(name) ?? NaN);
      return Number.isFinite(given) ? Math.min(high, Math.max(low, given)) : value;
    };
    return {view: query.get("view") in VIEWS ? query.get("view") : "lattice",
      ratio: number("ratio", 1.02, 0.2, 1.8), field: number("field", 0, -1, 1),
      seed: Math.round(number("seed", 1, 0, 2 ** 31))};
  }

  open(name, given = {}) {
    if (this.view) this.view.close();
    for (const place of PLACES) clear(this.places[place]);
    this.state.view = name;
    for (const [other, tab] of this.tabs) {
      tab.classList.toggle("chosen", other === name);
      tab.setAttribute("aria-pressed", String(other === name));
    }
    this.view = new VIEWS[name][1](this, {...given, name});
    this.changed();
  }

  // The address and the copies say where one stands.
  changed() {
    const {view, ratio, field, seed} = this.state;
    const query = new URLSearchParams({view, ratio: ratio.toFixed(4), field, seed});
    history.replaceState(null, "", `#/ising?${query}`);
    this.refresh();
    if (this.inLab && this.view) this.inLab.href = `#/lab?${toQuery(this.view.labState())}`;
  }

  steps() {
    guide(this.places.steps, [
      {
        ask: () => say("Cool three lattices from the same heat, at the same rate. Which sign wins?"),
        buttons: [[() => say("Cool three times"), () => this.open("cooling")]],
        happened: () => say("Each chose a sign, and the choices differ: the energy is the same " +
          "for both, chance near T_c decided, and below T_c the lattice cannot take it back. " +
            "This is spontaneous symmetry breaking: both exact curves, +M and −M, are equally " +
              "right, and each lattice follows one."),
      },
      {
        ask: () => say("Stand at the critical point and zoom in 4 and 16 times: how large is the " +
          "typical cluster?"),
        buttons: [[() => say("Stand at T_c"), () => this.open("critical", {ratio: 1})],
          [() => say("A little hotter"), () => this.open("critical", {ratio: 1.08})]],
        happened: () => say("At T_c there is no typical size: the three pictures look alike, and " +
          "numbers of clusters fall on a straight line over all sizes. A little hotter the " +
            "pictures differ, and Fortuin-Kasteleyn clusters end where they reach the " +
              "correlation length. Clusters of equal spins go on: neighbours agree by chance, " +
                "too. At T_c the exponent is 31/15 for the first and 379/187 for the second."),
      },
      {
        ask: () => say("Below the critical temperature, drag the field to and fro. Where does " +
          "the magnet turn over?"),
        buttons: [[() => say("Drive the field"), () => this.open("loop",
          {ratio: 0.6, drive: true})],
          [() => say("Watch the ball in its well"), () => this.open("magnet", {ratio: 0.6})]],
        happened: () => say("Not at zero field, but near the spinodal, where the well that holds " +
          "the ball ceases to exist: the way up and the way down differ, and enclose a loop. " +
            "With fewer spins the ball is shaken out a little earlier; with infinitely many it " +
              "jumps exactly at the spinodal. The magnet here is Curie and Weiss's, in which " +
                "every spin feels every other; the lattice of the other views has no field."),
      },
    ]);
  }

  links() {
    this.inLab = el("a", {href: "#/lab", text: () => say("Open in the lab")});
    this.places.same.append(
      el("p", {}, this.inLab),
      el("p", {class: "quiet", text: () => say("In the gallery: replicon run " +
        "ising-symmetry-breaking, replicon run ising-universality.")}),
      el("p", {class: "quiet", text: () => say("Review: H. Huang, Physics thoughts in neural " +
        "network theory (2024), the chapter on the Ising model. Papers: Onsager, Phys. Rev. 65, " +
          "117 (1944); Yang, Phys. Rev. 85, 808 (1952). Clusters: Coniglio & Klein, J. Phys. A " +
            "13, 2775 (1980), D = 15/8 and 31/15 for those of Fortuin and Kasteleyn; Stella & " +
              "Vanderzande, Phys. Rev. Lett. 62, 1067 (1989), D = 187/96, hence 379/187, for " +
                "equal spins.")}));
  }

  close() {
    if (this.view) this.view.close();
    this.view = null;
  }
}
