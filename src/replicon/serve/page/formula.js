// Formulas as MathML, from small pieces: row(id("m"), op("="), fn("tanh"), ...). A piece may be
// named by term("field", piece): the step of a screen that is about it lights it up.

import {el} from "./el.js";

const piece = (given) => (typeof given === "string" || typeof given === "number" ?
  guess(String(given)) : given);

// Words of a formula: a number, a letter, or an operator.
function guess(text) {
  if (/^[\d.]+$/.test(text)) return el("m:mn", {}, text);
  if (/^[\p{L}]+$/u.test(text)) return el("m:mi", {}, text);
  return el("m:mo", {}, text);
}

export const row = (...parts) => el("m:mrow", {}, parts.map(piece));
export const id = (text) => el("m:mi", {}, text);
export const fn = (text) => el("m:mi", {mathvariant: "normal"}, text);
export const frac = (over, under) => el("m:mfrac", {}, piece(over), piece(under));
export const sub = (base, index) => el("m:msub", {}, piece(base), piece(index));
export const sup = (base, power) => el("m:msup", {}, piece(base), piece(power));
export const subsup = (base, index, power) =>
  el("m:msubsup", {}, piece(base), piece(index), piece(power));
export const root = (under) => el("m:msqrt", {}, piece(under));
export const sum = (under, over) => (over === undefined
  ? el("m:munder", {}, el("m:mo", {}, "∑"), piece(under))
  : el("m:munderover", {}, el("m:mo", {}, "∑"), piece(under), piece(over)));
export const mean = (inside) => row("⟨", inside, "⟩");
export const brackets = (...parts) => row("(", ...parts, ")");

export function term(name, part) {
  const node = piece(part);
  node.setAttribute("data-term", name);
  return node;
}

// One or several formulas, a line each. Returns light(name): which term matters now ("" none).
export function formula(parent, ...lines) {
  const nodes = lines.map((line) => el("m:math", {display: "block"}, piece(line)));
  parent.append(...nodes);
  return (name) => {
    for (const node of parent.querySelectorAll("[data-term]")) {
      node.classList.toggle("now", node.getAttribute("data-term") === name);
    }
  };
}
