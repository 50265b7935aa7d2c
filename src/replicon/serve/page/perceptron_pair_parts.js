// What the views of pairs are made of: two weight vectors side by side, their formulas, their steps.

import {Board, colour} from "./board.js";
import {brackets, formula, frac, id, row, sub, term} from "./formula.js";
import {el} from "./el.js";
import {say} from "./words.js";

// Two weight vectors, a weight a square; what differs is joined.
export class Two extends Board {
  show(pair, size) {
    this.pair = pair;
    this.size = size;
    this.later();
  }

  draw() {
    if (!this.pair) return;
    const {pen, size} = this;
    const cell = Math.min(26, this.width / size);
    const left = (this.width - size * cell) / 2;
    const [first, second] = [4, this.height - cell - 4];
    for (let i = 0; i < size; i++) {
      const there = this.pair.length > 0;
      const values = there ? [this.pair[i], this.pair[size + i]] : [0, 0];
      const x = left + i * cell;
      [first, second].forEach((y, k) => {
        pen.fillStyle = colour(values[k] > 0 ? "orange" : values[k] < 0 ? "blue" : "ground");
        pen.fillRect(x + 1, y, cell - 2, cell - 2);
        pen.strokeStyle = colour("line");
        pen.strokeRect(x + 1.5, y + 0.5, cell - 3, cell - 3);
      });
      if (values[0] === values[1]) continue;
      pen.strokeStyle = colour("wine");
      pen.lineWidth = 2;
      pen.beginPath();
      pen.moveTo(x + cell / 2, first + cell);
      pen.lineTo(x + cell / 2, second - 2);
      pen.stroke();
      pen.lineWidth = 1;
    }
  }
}

// Formulas under the map; random: around a random configuration. Returns light(name).
export function pairsFormula(place, random) {
  const chi = (name) => row(id("χ"), brackets(name));
  const counted = random ? chi("v") : row(chi("w"), chi("v"));
  const s = () => (random ? id("s") : sub("s", "2"));
  const bound = random ? row("−", id("α"), id("ln"), "2") : row("+", id("ln"), "2", "+",
    id("α"), id("ln"), brackets(frac("1", "2"), "−", frac(row(id("arccos"), "p"), row("2",
      id("π")))));
  const light = formula(place,
    row(s(), brackets("d"), "=", frac("1", "N"), term("typical", row("⟨", id("ln"), sub("∑",
      random ? id("v") : row("w", ",", "v")), counted, id("δ"), brackets(random ?
      sub("w", "0") : "w", "·", "v", ",", row("N", "p")), "⟩"))),
    row(s(), "≤", term("annealed", row(sub("H", "2"), brackets("d"), bound))));
  light("typical");
  place.append(el("p", {class: "quiet", text: () => say("χ is 1 for a solution, else 0; p = 1 " +
    "− 2d; H₂(d) = −d ln d − (1 − d) ln(1 − d). Blue: the typical number, from the mean of the " +
      "logarithm. Grey: the logarithm of the mean number, which few rich instances carry. Dashed " +
        "where there is less than one.")}));
  return light;
}

// view: the tab, of which the buttons move handle and load.
export function pairsSteps(view) {
  const go = (part, distance, load, near = false) => () => {
    view.light(part);
    if (view.near !== near) view.zoom(near);
    view.to(distance, load);
  };
  return view.random ? aroundSteps(go) : [
    {ask: () => say("How far apart can two solutions be? Follow the blue line to the right, at " +
      "few patterns and at many."),
      buttons: [[() => say("Load 0.3"), go("typical", 0.85, 0.3)],
        [() => say("Load 0.7"), go("typical", 0.6, 0.7)]],
      happened: () => say("At its top the line counts pairs of solutions drawn at random: twice " +
        "the entropy of all solutions. To the right it falls through zero, and farther apart no " +
          "two solutions are: the space of solutions has the diameter 0.95 at load 0.3 and 0.61 " +
            "at load 0.7.")},
    {ask: () => say("Filled dots and hollow dots count the same instances. Why do they follow " +
      "two lines?"),
      buttons: [[() => say("Load 0.7"), go("annealed", 0.35, 0.7)]],
      happened: () => say("A few instances have very many solutions, and carry the mean number " +
        "(hollow, grey): it is no instance that one meets. The mean of the logarithm (filled, " +
          "blue) is. The thin line of one instance lies higher or lower as a whole; what is left " +
            "when its number of solutions is taken out, e below, meets the theory soon.")},
    {ask: () => say("Look at small distances. Does a solution have partners close by, and what " +
      "happens at load 0.8?"),
      buttons: [[() => say("Load 0.5"), go("typical", 0.001, 0.5, true)],
        [() => say("Load 0.8"), go("typical", 0.0136, 0.8, true)]],
      happened: () => say("Where blue dips below the green line of a single solution, a typical " +
        "one has no partner there: it is frozen. From load 0.7988 on it dips below zero: between two " +
          "distances there are no pairs at all, and the solutions lie in separate clumps although " +
            "many are left, up to load 0.833. Twenty weights are too few to see it: their nearest " +
              "pairs, one flip apart, lie beyond the gap.")},
  ];
}

function aroundSteps(go) {
  return [
    {ask: () => say("Stand on a random configuration, no solution. How far away is the nearest " +
      "solution?"),
      buttons: [[() => say("Load 0.3"), go("typical", 0.15, 0.3)],
        [() => say("Load 0.7"), go("typical", 0.35, 0.7)]],
      happened: () => say("The blue line leaves zero at the first red mark: a typical random " +
        "configuration has its nearest solution 0.136 N flips away at load 0.3, and 0.322 N at " +
          "load 0.7. More patterns push the solutions away from everywhere.")},
    {ask: () => say("And the farthest? Compare both ends of the blue line."),
      buttons: [[() => say("Load 0.5"), go("typical", 0.75, 0.5)]],
      happened: () => say("The line is symmetric, since the opposite of a random configuration is " +
        "as random: solutions fill a shell between d and 1 − d, which shrinks towards 1/2 as " +
          "patterns are added.")},
    {ask: () => say("The mean number promises solutions far nearer than there are any. Which " +
      "line do the counted instances follow?"),
      buttons: [[() => say("Load 0.7"), go("annealed", 0.25, 0.7)]],
      happened: () => say("The filled dots keep to the blue line, as far as there are any: at " +
        "load 0.7 the grey one goes on to 0.19, where hardly any instance has a solution. " +
          "Twenty weights blur both ends.")},
  ];
}
