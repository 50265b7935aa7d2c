// How many ways are there to be right? Three tabs over one neuron with binary weights: its
// solutions counted while patterns are added, what lies around one of them, algorithms in a race.

import {clear, el} from "./el.js";
import {titleOf} from "./exhibits.js";
import {countingTab} from "./perceptron_counting.js";
import {islandsQuestion, islandsTab} from "./perceptron_islands.js";
import {raceTab} from "./perceptron_race.js";
import {layout} from "./screen.js";
import {say} from "./words.js";

const TABS = [
  {name: "counting", text: () => say("Counting"), make: countingTab,
    question: () => say("A neuron with N weights of +1 or −1 must answer every pattern as it is " +
      "told. Each pattern rules out half of all weights. When is nobody left?")},
  {name: "islands", text: () => say("Islands"), make: islandsTab,
    question: islandsQuestion},
  {name: "race", text: () => say("Race"), make: raceTab,
    question: () => say("Solutions exist up to load 0.833. Five algorithms look for one, on the " +
      "same patterns: how far does each of them get?")},
];

export function perceptronScreen(root, {query, models}) {
  let current = null;
  const show = (name, asked) => {
    const tab = TABS.find((one) => one.name === name) || TABS[0];
    if (current) current.close();
    clear(root);
    const places = layout(root, {title: titleOf("perceptron"), question: () => tab.question(asked)});
    places.tabs.append(...TABS.map((one) => el("button", {type: "button", text: one.text,
      class: one === tab ? "chosen" : "", "aria-pressed": String(one === tab), onclick: () => {
        history.replaceState(null, "", `#/perceptron?tab=${one.name}`);
        show(one.name, new URLSearchParams());
      }})));
    current = tab.make(places, {models, query: asked});
  };
  show(query.get("tab"), query);
  return {
    close: () => current.close(),
    moved: (now) => show(now.get("tab"), now),
  };
}
