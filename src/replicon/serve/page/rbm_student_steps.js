// Formulas and guided steps of the student to whom samples arrive.

import {el} from "./el.js";
import {brackets, formula, frac, id, mean, row, sub, subsup, sum, sup, term} from "./formula.js";
import {guide} from "./screen.js";
import {say} from "./words.js";

// Formulas under the map. Returns light(name).
export function formulas(place) {
  const light = formula(place,
    row(id("P"), brackets("σ", ",", "h"), "∝", fnExp(), brackets(frac("β", rootN()), sum("i"),
      sub("σ", "i"), sum(row(id("k"), "=", "1"), "K"), subsup("ξ", "i", "k"), sub("h", "k"))),
    row(term("own", row(id("T"), "=", frac("1", "N"), sum("i"), subsup("ξ", "i", "1*"),
      mean(subsup("ξ", "i", "1")))), ",  ", term("cross", row("τ", "=", frac("1", "N"), sum("i"),
      subsup("ξ", "i", "2*"), mean(subsup("ξ", "i", "1"))))),
    term("onset", row(sub("α", "c"), "=", frac("1", row(sup("β", "4"), el("m:munder", {},
      el("m:mo", {}, "∏"), id("v")), term("correlation", brackets("1", "+", brackets(id("K"), "−",
      "1"), id("v"))))))));
  place.append(el("p", {class: "quiet", text: () => say("v runs over q₀, c₀, p and c_p: p is the " +
    "correlation that the student believes in, q₀ if informed, 0 if not; c₀ and c_p are those of " +
      "two hidden units, for K = 2 tanh(β²q₀) and tanh(β²p).")}));
  return light;
}

// view: the student's screen, of which the buttons move load, correlation and units.
export function studentSteps(view) {
  const told = () => (view.chart.covered ? say("Lift the cover") : say("Predict first"));
  const cover = (event) => {
    const {chart} = view;
    chart.covered = !chart.covered;
    if (chart.covered) chart.guess = null;
    chart.ring.hidden = chart.covered;
    event.target.textContent = told();
    view.redraw();
  };
  const to = (part, term_) => () => {
    view.light(term_);
    view.renew(part, "release");
  };
  guide(view.places.steps, [
    {ask: () => say("The student sees samples and no teacher. How does its overlap with the " +
      "teacher grow as they arrive? Draw it, lift the cover, then let them fall in."),
      buttons: [[told, cover], [() => say("Let samples fall in"), () => {
        view.light("onset");
        view.arrive();
      }]],
      happened: () => say("Below α_c the student knows nothing: an answer and its negative fit " +
        "the samples equally well, and the overlaps stay near zero. At α_c that symmetry " +
          "breaks, and both rows of the student become the same row. It knows the left part of " +
            "the barcode, where the teacher's two rows agree; the right part stays pale, for " +
              "there the two rows contradict each other.")},
    {ask: () => say("When do the student's rows become different, and when do they know which " +
      "is which? Compare a student who knows how the teacher's rows are correlated with one " +
        "who takes them for independent."),
      buttons: [[() => say("It takes them for independent"),
        to({prior: "uniform", correlation: 0.3}, "cross")],
        [() => say("It knows the correlation"), to({prior: "informed", correlation: 0.3},
          "own")]],
      happened: () => say("The informed student's rows differ and find their order at one " +
        "load: T leaves τ where q₁ leaves r. For the other there are three thresholds: it " +
          "begins later; at the second its own rows become different (q₁ leaves r) while " +
            "neither is nearer to a row of the teacher; only at the third each picks its own " +
              "(T leaves τ).")},
    {ask: () => say("Turn the correlation of the teacher's rows, and the number of units. " +
      "Which thresholds move?"),
      buttons: [[() => "q₀ = 0", to({correlation: 0}, "correlation")],
        [() => "q₀ = 0.3", to({correlation: 0.3}, "correlation")],
        [() => "q₀ = 0.5", to({correlation: 0.5}, "correlation")],
        [() => "K = 3", to({correlation: 0.3, hidden: 3}, "onset")],
        [() => "K = 4", to({correlation: 0.3, hidden: 4}, "onset")]],
      happened: () => say("Rows that share nothing are learned each by itself: at q₀ = 0 all " +
        "thresholds merge at α = 1/β⁴, however many units there are. What rows share is seen " +
          "the sooner the more they share and the more they are: from K = 1 to 4 at q₀ = 0.3 " +
            "the first threshold of an informed student falls from 1 to 0.048, as 1/K⁴ in the " +
              "end (small chart). Its last rises: 2.17, 2.54 and 3.32 for 2, 3 and 4 units. " +
                "Heard together early, told apart late.")},
  ]);
}

const fnExp = () => id("exp");
const rootN = () => el("m:msqrt", {}, el("m:mi", {}, "N"));
