// Learning without being told: a student whose teacher is known to us, one of the wrong confidence,
// and a machine that learns digits, as three views of one screen.

import {el} from "./el.js";
import {titleOf} from "./exhibits.js";
import {digits} from "./rbm_digits.js";
import {student} from "./rbm_student.js";
import {unmatched} from "./rbm_unmatched.js";
import {say} from "./words.js";

export function rbmScreen(root, {query, models}) {
  const made = {student, unmatched, digits};
  const chosen = Object.hasOwn(made, query.get("view")) ? query.get("view") : "student";
  const views = [["student", () => say("A student of samples alone"), "#/rbm"],
    ["unmatched", () => say("The wrong confidence"), "#/rbm?view=unmatched"],
    ["digits", () => say("A machine learns digits"), "#/rbm?view=digits"]];
  const tabs = el("div", {class: "row-of"}, views.map(([name, text, address]) =>
    el("button", {type: "button", class: name === chosen ? "chosen" : null,
      "aria-pressed": String(name === chosen), text, onclick: () => (location.hash = address)})));
  return made[chosen](root, {query, models, tabs, further, title: titleOf("rbm")});
}

// The end of every view: the same in the lab, the gallery's study, the papers.
function further(parent, {lab, study, papers}) {
  parent.append(
    el("p", {}, el("a", {href: lab(), text: () => say("Open in the lab"),
      onclick: (event) => (event.target.href = lab())})),
    el("p", {class: "quiet", text: () => say("The study in the gallery: replicon run {study}",
      {study})}),
    el("p", {class: "quiet", text: papers}));
}
