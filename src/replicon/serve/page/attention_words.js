// The formulas of linear attention in context, and the three steps of its screen.

import {el, shownNumber} from "./el.js";
import {brackets, formula, frac, fn, id, row, sub, sum, sup, term} from "./formula.js";
import {say} from "./words.js";

// Returns light(name): "tasks", "prompts", "ridge" or "".
export function attentionFormulas(parent) {
  const trace = (...parts) => row(fn("tr"), "[", ...parts, "]");
  const shifted = () => row("B", "+", "ξ");
  const light = formula(parent,
    row("ŷ", "=", sup("x", fn("⊤")), id("Γ"), "h", ",", "h", "=", frac("d", "l"), sum("i"),
      sub("y", "i"), sub("x", "i")),
    row(id("Γ"), "=", fn("arg min"), frac("1", "2"), sum("μ"),
      sup(brackets(sub("y", "μ"), "−", sub("ŷ", "μ")), "2"), "+",
      frac(row(term("ridge", "λ"), "n"), row("2", "d")), sup(row("|", id("Γ"), "|"), "2")),
    row(sub("e", fn("ICL")), "=", "ρ", "+",
      trace("1", "−", "2", "G", "+", brackets("1", "+", "c"), sup("G", "2")), "+",
      term("prompts", id("V"))),
    row(term("prompts", id("V")), "=", frac(sub("e", fn("IDG")), "τ"),
      trace(frac(row(brackets("1", "+", "c"), "B"), sup(brackets(shifted()), "2")))),
    row("G", "=", frac(term("tasks", "R"), shifted()), ",", "B", "=", term("tasks", "R"), "+", "c",
      ",", "c", "=", frac(row("1", "+", "ρ"), "α")),
    row(term("ridge", "λ"), "=", "ξ",
      brackets("1", "−", term("prompts", row(frac("1", "τ"), trace(frac("B", shifted())))))));
  parent.append(el("p", {class: "quiet", text: () => say("R: the covariance of the old tasks, " +
    "whose spectrum κ decides (Marchenko-Pastur); tr: the mean over its eigenvalues; ξ: the " +
      "ridge that endlessly many prompts would need to give the same; V: what the chance of a " +
        "finite number of prompts adds.")}));
  return light;
}

// How large the network is; header: an answer to "attention.curve".
export function attentionCounts({size: d, counts: {l, k, n}}) {
  return say("d = {d}: {k} tasks, {n} prompts of {l} examples for {w} weights", {d, k, n, l,
    w: d * d});
}

// Why theory and network may differ.
export function attentionReason({size: d, finite: {icl_error: icl, idg_error: idg}}) {
  return say("Finite size: theory is for infinitely large d. With the exact second moments at d " +
    "= {d} it gives {icl} on new tasks and {idg} on old ones.", {
    d, icl: shownNumber(icl), idg: shownNumber(idg)});
}

// screen: a LinearAttention.
export function attentionSteps(screen) {
  const show = (x, part, lit) => {
    if (screen.chart.covered) screen.predict();
    if (screen.x !== x) screen.along(x);
    screen.go(part);
    screen.light(lit);
  };
  const one = () => Number((1 / screen.size).toPrecision(4));
  const guess = () => {
    if (screen.x !== "diversity") screen.along("diversity");
    if (!screen.chart.covered) screen.predict();
  };
  const falling = (prompts) => () => {
    screen.ghosts = [];
    show("prompts", {prompts, diversity: 4, ridge: 0.001}, "prompts");
  };
  return [
    {ask: () => say("Train it on a single task. Does it use the examples of a prompt?"),
      buttons: [[() => say("One task"), () => show("diversity", {diversity: one()}, "tasks")]],
      happened: () => say("It recites. Γ is a single pattern, the old task times itself: of the " +
        "examples it keeps only how much they look like the old task. On that task it does well; " +
          "on a new one it is worse than no answer at all.")},
    {ask: () => say("How many tasks until it reads the examples? Guess the curve of new tasks " +
      "first, then lift the cover."),
      buttons: [[() => say("Predict first"), guess],
        [() => say("Many tasks"), () => show("diversity", {diversity: 10}, "tasks")]],
      happened: () => say("The two errors approach each other around κ = 1, as many tasks as " +
        "dimensions, and meet when tasks are many. Γ becomes a multiple of the unit matrix: it " +
          "treats every direction alike, also those of tasks it has never seen. It has learnt to " +
            "learn.")},
    {ask: () => say("Now fix the tasks and add prompts. Does more data always help? Find the " +
      "valley and the peak."),
      buttons: [[() => say("Few prompts"), falling(0.25)], [() => say("To the peak"), falling(1)],
        [() => say("The best ridge"), () => screen.bestRidge()]],
      happened: () => say("Double descent: a shallow valley, then a peak where n = d², as many " +
        "prompts as weights. There the weights fit every prompt exactly, noise included, and " +
          "grow wild: look at Γ. More prompts average the noise away; a ridge of the right size " +
            "removes the peak altogether.")},
  ];
}
