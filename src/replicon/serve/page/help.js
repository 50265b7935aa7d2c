// What a symbol means: hovered, tapped or focused, its name in both languages, its definition, its
// place and its source.

import {clear, el} from "./el.js";
import {currentLanguage, say, shownName, told, toldIn} from "./words.js";

let card = null;

// `node`, which opens a card on an item of a declaration (a control, an observable, a transition).
export function help(model, item, node) {
  const button = el("button", {class: "help", type: "button", "aria-haspopup": "dialog"}, node);
  button.addEventListener("click", () =>
    (card && card.of === button ? closeHelp() : open(button, model, item)));
  button.addEventListener("pointerenter", (event) => {
    if (event.pointerType === "mouse") open(button, model, item);
  });
  button.addEventListener("pointerleave", (event) => {
    if (event.pointerType === "mouse") closeHelp();
  });
  button.addEventListener("blur", closeHelp);
  return button;
}

async function open(button, model, item) {
  closeHelp();
  card = el("div", {class: "card", role: "dialog"});
  card.of = button;
  document.body.append(card);
  const other = currentLanguage() === "zh" ? "en" : "zh";
  const lines = [
    el("b", {}, item.symbol ? `${item.symbol}  ` : "", told(item.name)),
    el("div", {}, told(item.meaning)),
  ];
  if (item.domain && item.domain.kind === "interval") lines.push(el("div", {class: "quiet"},
    domainOf(item)));
  if (model && model.source) {
    lines.push(el("div", {class: "quiet"}, `${say("Source")}: ${model.source}`));
  }
  clear(card).append(...lines);
  put(button);
  const mine = card;
  const second = other === "en" ? shownName(item.name) : await toldIn(item.name, other);
  if (card !== mine) return;
  lines[0].append(el("span", {class: "quiet"}, `  ${second}`));
  put(button);
}

function domainOf(item) {
  const {low, high, open_low, open_high, integer} = item.domain;
  const left = low === "-inf" ? "" : `${open_low ? ">" : "≥"} ${low}`;
  const right = high === "inf" ? "" : `${open_high ? "<" : "≤"} ${high}`;
  const kind = integer ? say("a whole number") : say("a number");
  return [kind, left, right].filter(Boolean).join(" ");
}

function put(button) {
  const box = button.getBoundingClientRect();
  const width = card.offsetWidth;
  card.style.left = `${Math.max(8, Math.min(box.left, window.innerWidth - width - 8))}px`;
  const below = box.bottom + 6;
  const top = below + card.offsetHeight > window.innerHeight ?
    box.top - card.offsetHeight - 6 : below;
  card.style.top = `${Math.max(8, top)}px`;
}

export function closeHelp() {
  if (card) card.remove();
  card = null;
}
