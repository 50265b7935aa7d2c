// The first screen: a living picture of every exhibit.

import {el} from "./el.js";
import {EXHIBITS} from "./exhibits.js";
import {Panel} from "./panels.js";
import {Network} from "./wire.js";
import {say} from "./words.js";

export function home(root) {
  const running = [];
  const thumb = (one) => {
    const box = el("div", {class: "picture"});
    const panel = new Panel(box, one.title, {ratio: 0.62});
    const network = new Network(`thumb-${one.name}`, {
      frame: (header, arrays) => panel.show(arrays[one.thumb.view]),
    });
    network.start(one.thumb.network, one.thumb.arguments, {speed: one.thumb.speed});
    running.push(panel, {close: () => network.leave()});
    return el("a", {class: "thumb", href: `#/${one.name}`},
      el("div", {class: "pane"}, el("h2", {text: one.title}), box, el("p", {text: one.sentence})));
  };
  root.append(
    el("h1", {text: () => say("The statistical physics of neural networks, alive")}),
    el("p", {class: "question", text: () => say("Drag a point through a phase diagram and see, " +
      "at once, what the theory of infinitely many neurons predicts and what a real finite " +
        "network does.")}),
    el("div", {class: "thumbs"}, EXHIBITS.map(thumb),
      el("a", {class: "thumb", href: "#/lab"}, el("div", {class: "pane"},
        el("h2", {text: () => say("Lab")}),
        el("p", {text: () => say("Any model, any two controls: its phase diagram, its curves, " +
          "its network.")})))),
  );
  return {close: () => running.forEach((one) => one.close())};
}
