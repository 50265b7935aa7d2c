// The three steps of the screen of the Hopfield memory, and its formulas.

import {el} from "./el.js";
import {
  brackets, fn, formula, frac, mean, root, row, sub, subsup, sum, sup, term,
} from "./formula.js";
import {say} from "./words.js";

// Steps for `guide`; screen: of hopfield.js.
export function steps(screen) {
  const lit = (name, action) => () => {
    screen.lights(name);
    action();
    screen.show();
  };
  const digits = (rule, name) => lit(name, () =>
    screen.choose({load: 0.02, temperature: 0.05, patterns: "digits", rule}));
  const cool = () => (screen.map.spoken ? screen.move({temperature: 0.05}, "release")
    : screen.choose({load: 0.04, temperature: 0.05, patterns: "random", rule: "hebb"}));
  return [
    {ask: () => say("Erase a corner, or paint noise on the spins, and let go; or strike half of " +
      "them at once. How much can you destroy before the picture does not come back?"),
      buttons: [[() => say("Erase a corner"), lit("signal", screen.erase)],
        [() => say("Let go"), lit("signal", () => screen.act("let go"))],
        [() => say("Noise on half"), lit("signal", () => screen.act("noise", {part: 0.5}))]],
      happened: () => say("Each spin hears all others through the couplings: the field on it is " +
        "the memory's own spin times the overlap m, plus the noise of the other memories. While " +
          "m outweighs the noise, every sweep turns more spins to the memory's side. Here, at 31 " +
            "memories, about a third of the overlap is enough; at 80 memories the basin has " +
              "become narrow. Noise that is held goes on pulling, and less of it can tear down " +
                "the rest.")},
    {ask: () => say("Keep it cold and add memories past 0.138, then take the new ones away " +
      "again. What stays?"),
      buttons: [[() => say("Cool to 0.05"), lit("noise", cool)],
      [() => say("Add up to 0.2"), lit("noise", () => screen.glide(0.2))],
      [() => say("Take away down to 0.04"), lit("noise", () => screen.glide(0.04))],
      [() => say("Recall again"), lit("noise", () => screen.recall())]],
      happened: () => say("Past the line the noise of the others overwhelms the memory. It does " +
        "not fade little by little: its state ends, at a spinodal, and the spins slide away. " +
          "When the new memories are gone the couplings are, bit for bit, what they were, but " +
            "the spins stay where they fell: what is lost is the way, not the memory. Begin near " +
              "it and it is there again.")},
    {ask: () => say("Draw a picture of your own, store it and recall it. Then take real digits: " +
      "what does Hebb's rule make of them, and what the pseudo-inverse?"),
      buttons: [[() => say("Draw a memory"), lit("sum", () => screen.draw(true))],
        [() => say("Store it"), lit("sum", () => screen.store())],
      [() => say("Real digits, Hebb"), digits("hebb", "sum")],
      [() => say("Real digits, pseudo-inverse"), digits("pseudo-inverse", "inverse")]],
      happened: () => say("One picture more is one term more in the sum. Real digits are mostly " +
        "empty and resemble one another: under Hebb's rule what they share adds up, and all are " +
          "recalled as one blurred mean. The pseudo-inverse divides by how alike they are, and " +
            "gives each back. Theory's lines turn grey: its patterns are random.")},
  ];
}

// The field on a spin, and the overlap that reproduces itself; with the pseudo-inverse, its
// couplings. Returns light(name), and light.rule(rule).
export function formulas(parent) {
  const noise = row(root(row("α", "r")), "z");
  const inverse = el("div", {hidden: true});
  const light = formula(parent,
    row(sub("h", "i"), "=", term("sum", row(sum("μ"), subsup("ξ", "i", "μ"), sup("m", "μ"))), ",",
      sup("m", "μ"), "=", frac("1", "N"), sum("i"), subsup("ξ", "i", "μ"), sub("s", "i")),
    row("m", "=", mean(row(fn("tanh"), brackets(frac(row(term("signal", "m"), "+",
      term("noise", noise)), "T"))))),
    row("r", "=", frac("q", sup(brackets("1", "−", "C"), "2")), ",", "C", "=",
      frac(row("1", "−", "q"), "T"), ",", "α", "=", frac("P", "N")));
  const power = row("−", "1");
  formula(inverse, row(sub("J", row("i", "j")), "=", frac("1", "N"), sum(row("μ", "ν")),
    subsup("ξ", "i", "μ"), term("inverse", subsup(brackets("Q"), row("μ", "ν"), power)),
    subsup("ξ", "j", "ν"), ",", sub("Q", row("μ", "ν")), "=", frac("1", "N"), sum("i"),
    subsup("ξ", "i", "μ"), subsup("ξ", "i", "ν")));
  parent.append(inverse);
  light.rule = (rule) => (inverse.hidden = rule !== "pseudo-inverse");
  return light;
}

export function papers(parent) {
  parent.append(
    el("p", {class: "quiet", text: () => say("About the picture: the memories are random signs, " +
      "as theory wants them. Turning one spin round in all memories and in the state changes " +
        "nothing, so any one of them may be drawn as a picture: the first is a handwritten digit " +
          "in bold.")}),
    el("p", {class: "quiet", text: () => say("Chapter: the Hopfield model, in H. Huang, " +
      "Statistical Mechanics of Neural Networks (Springer, 2021).")}),
    el("p", {class: "quiet", text: () => say("Papers: Hopfield, PNAS 79, 2554 (1982); Amit, " +
      "Gutfreund & Sompolinsky, Ann. Phys. 173, 30 (1987), the phase diagram; Personnaz, Guyon & " +
        "Dreyfus, J. Physique Lett. 46, 359 (1985), the pseudo-inverse.")}));
}
