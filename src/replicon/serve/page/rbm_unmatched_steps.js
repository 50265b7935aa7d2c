// Formulas and guided steps of the student of the wrong confidence.

import {el} from "./el.js";
import {brackets, formula, frac, id, row, sub, sup, term} from "./formula.js";
import {guide} from "./screen.js";
import {say} from "./words.js";

// Formulas under the map. Returns light(name).
export function formulas(place) {
  const teacher = () => sub("β", "0");
  const light = formula(place,
    term("glass", row(sub("α", "G"), "=", frac("1", sup("β", "4")), ",  ", sub("α", "F"), "=",
      frac("1", sup(brackets("β", teacher()), "2")))),
    term("weights", row("s", "=", frac("1", "N"), "[", id("ln"), "Z", "−", sub("∑", "a"), "⟨",
      id("ln"), id("cosh"), "β", sub("X", "a"), "⟩", "]")),
    term("hidden", row(sub("s", "th"), "=", frac("1", "N"), "[", id("ln"), "Z", "−", "β",
      sub("∑", "a"), "⟨", sub("X", "a"), id("tanh"), "β", sub("X", "a"), "⟩", "]")));
  place.append(el("p", {class: "quiet", text: () => say("β is the student's inverse temperature, " +
    "β₀ the teacher's. From nothing the student freezes at α_G, or finds its teacher at α_F, " +
      "whichever comes first. s is the entropy of the weights; s_th = (1 − β d/dβ) ln Z/N counts " +
        "the hidden units too. Dashed: replica symmetry is unstable.")}));
  return light;
}

// view: the screen, of which the buttons move load and both inverse temperatures.
export function unmatchedSteps(view) {
  const to = (part, load, beta, teacher) => () => {
    view.light(part);
    view.put({load, inverse_temperature: beta, teacher_inverse_temperature: teacher}, "release");
  };
  guide(view.places.steps, [
    {ask: () => say("The teacher has β₀ = 1. Who needs the fewest samples: a student that is too " +
      "sure, one that doubts, or one that knows its teacher's β₀?"),
      buttons: [[() => say("Too sure"), to("glass", 0.7, 1.5, 1)],
        [() => say("Doubting"), to("glass", 1.5, 0.7, 1)],
        [() => say("Matched"), to("glass", 1.5, 1, 1)]],
      happened: () => say("The matched one: it finds its teacher at load 1. The doubting one " +
        "(β = 0.7) needs 2.04. The one that is too sure (β = 1.5) freezes at 0.198 already, in a " +
          "direction of its own, where q grows and T stays zero; only from 1.14 on is it its " +
            "teacher's. Wrong confidence costs samples either way.")},
    {ask: () => say("Two entropies go down with the load. Which may be negative, and which is " +
      "wrong where it is?"),
      buttons: [[() => say("Matched, β = 0.8"), to("hidden", 2.3, 0.8, 0.8)],
        [() => say("Pure noise, β = 2"), to("weights", 3, 2, 0)]],
      happened: () => say("The green one counts hidden units and may be negative: at β = 0.8 it " +
        "crosses zero at 2 ln 2/β² = 2.17, before the student learns anything at 2.44, and " +
          "nothing happens there. The red one is the entropy of the weights, never negative for " +
            "a true posterior. For a student of pure noise (β₀ = 0) replica symmetry lets it " +
              "vanish, at 3.29 for β = 2: there this theory is wrong, having been unstable (dashed) " +
                "from the glass on.")},
    {ask: () => say("How many sweeps until the messages rest: with few samples, about as many as " +
      "are needed, and with many?"),
      buttons: [[() => say("Load 0.5"), to("glass", 0.5, 1, 1)],
        [() => say("Load 1.1"), to("glass", 1.1, 1, 1)],
        [() => say("Load 3"), to("glass", 3, 1, 1)],
        [() => say("In the glass"), to("glass", 0.7, 1.5, 1)]],
      happened: () => say("Easy, hard, easy: about 30 sweeps at load 0.5, hundreds to more than " +
        "1500 near 1, about 30 again at load 3. Below the transition a small belief shrinks by " +
          "β²√α a sweep, which tells the time. In the spin glass of the one that is too sure the " +
            "messages hardly ever rest.")},
  ]);
}
