// What can be done to the spins of the Hopfield memory by hand, and to a picture on its pad.

import {el} from "./el.js";
import {say} from "./words.js";

export function damage(screen) {
  const inks = {noise: () => say("noise"), white: () => say("eraser"), black: () => say("ink")};
  screen.ink = "noise";
  const brush = el("select", {"aria-label": () => say("Brush"),
    onchange: () => (screen.ink = brush.value)},
  Object.entries(inks).map(([value, text]) => el("option", {value, text})));
  let corner = 3;
  screen.letGo = el("button", {type: "button", disabled: true, text: () => say("Let go"),
    onclick: () => screen.act("let go")});
  screen.erase = () => screen.act("erase", {corner: (corner = (corner + 1) % 4)});
  const hint = el("p", {class: "quiet", text: () => say("Paint on the spins: those you touch are " +
    "held (orange) until you let go.")});
  return el("div", {class: "row-of"}, hint,
    el("label", {class: "field"}, el("span", {text: () => say("Brush")}), brush),
    el("button", {type: "button", text: () => say("Erase a corner"), onclick: screen.erase}),
    el("button", {type: "button", text: () => say("Noise on half"),
      onclick: () => screen.act("noise", {part: 0.5})}),
    screen.letGo,
    el("button", {type: "button", text: () => say("Recall again"),
      onclick: () => screen.recall()}),
    el("button", {type: "button", text: () => say("Draw a memory"),
      onclick: () => screen.draw(true)}));
}

export function drawing(screen) {
  const hint = el("p", {class: "quiet", text: () => say("Draw with a finger or the mouse, as " +
    "large as the square.")});
  return el("div", {class: "row-of"}, hint,
    el("button", {type: "button", class: "main", text: () => say("Store it"),
      onclick: () => screen.store()}),
    el("button", {type: "button", text: () => say("Show it to the network"), onclick: () => {
      screen.act("show", {ink: screen.pad.ink});
      screen.draw(false);
    }}),
    el("button", {type: "button", text: () => say("Clear"),
      onclick: () => screen.pad.clean(screen.state.size)}),
    el("button", {type: "button", text: () => say("Back to the spins"),
      onclick: () => screen.draw(false)}));
}
