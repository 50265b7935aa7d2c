// Learning without being told: a student whose teacher is known to us, and a machine that learns
// digits, as two views of one screen.

import {el} from "./el.js";
import {titleOf} from "./exhibits.js";
import {digits} from "./rbm_digits.js";
import {student} from "./rbm_student.js";
import {say} from "./words.js";

export function rbmScreen(root, {query, models}) {
  const chosen = query.get("view") === "digits" ? "digits" : "student";
  const views = [["student", () => say("A student of samples alone"), "#/rbm"],
    ["digits", () => say("A machine learns digits"), "#/rbm?view=digits"]];
  const tabs = el("div", {class: "row-of"}, views.map(([name, text, address]) =>
    el("button", {type: "button", class: name === chosen ? "chosen" : null,
      "aria-pressed": String(name === chosen), text, onclick: () => (location.hash = address)})));
  const make = chosen === "digits" ? digits : student;
  return make(root, {query, models, tabs, further, title: titleOf("rbm")});
}

// The end of both views: the same in the lab, the gallery's study, the papers.
function further(parent, {lab, study, papers}) {
  parent.append(
    el("p", {}, el("a", {href: lab(), text: () => say("Open in the lab"),
      onclick: (event) => (event.target.href = lab())})),
    el("p", {class: "quiet", text: () => say("The study in the gallery: replicon run {study}",
      {study})}),
    el("p", {class: "quiet", text: papers}));
}
