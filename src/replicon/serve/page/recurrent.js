// The edge of chaos: a random network, three neurons, a worm; a tab each.

import {clear, el} from "./el.js";
import {GivenNetwork} from "./recurrent_given.js";
import {RandomNetwork} from "./recurrent_random.js";
import {ThreeNeurons} from "./recurrent_three.js";
import {say} from "./words.js";

const PARTS = [
  ["random", () => say("A random network"), RandomNetwork],
  ["three", () => say("Three neurons"), ThreeNeurons],
  ["given", () => say("The worm, or your own"), GivenNetwork],
];

export function recurrentScreen(root, {query, models}) {
  let current = null;
  const open = (asked) => {
    if (current) current.close();
    clear(root);
    const part = PARTS.find(([name]) => name === asked.get("part")) || PARTS[0];
    const remember = (state) => {
      const full = new URLSearchParams({part: part[0], ...state});
      history.replaceState(null, "", `#/recurrent?${full}`);
    };
    current = new part[2](root, {models, query: asked, remember, tabs: tabs(part[0])});
  };
  const tabs = (chosen) => PARTS.map(([name, text]) =>
    el("button", {type: "button", text, class: name === chosen ? "chosen" : "",
      "aria-pressed": String(name === chosen), onclick: () => {
        const asked = new URLSearchParams({part: name});
        history.replaceState(null, "", `#/recurrent?${asked}`);
        open(asked);
      }}));
  open(query);
  return {close: () => current.close(), moved: open};
}
