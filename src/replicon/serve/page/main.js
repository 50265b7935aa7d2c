// The page: its head, its screens by address (#/hopfield?load=0.05), its two languages.

import {siteLink} from "./about.js";
import {closeHelp} from "./help.js";
import {clear, el, shownNumber} from "./el.js";
import {EXHIBITS} from "./exhibits.js";
import {home} from "./home.js";
import {lab} from "./lab.js";
import {SCREENS} from "./screens.js";
import {connect, onState} from "./wire.js";
import {currentLanguage, LANGUAGES, say, speak, told} from "./words.js";

let models = new Map();
let screen = null; // what is shown: {close, moved}
let shown = "";
let status = null;

export async function begin(root, given) {
  models = new Map(given.map((model) => [model.model, model]));
  const asked = new URLSearchParams(location.search).get("lang")
    || new URLSearchParams(location.hash.split("?")[1] || "").get("lang") || remembered()
    || navigator.language.slice(0, 2);
  await speak(asked in LANGUAGES ? asked : "en");
  frame(root);
  window.addEventListener("hashchange", () => show(root));
  onState(tellState);
  show(root);
}

function remembered() {
  try {
    return localStorage.getItem("language");
  } catch {
    return null;
  }
}

function frame(root) {
  status = el("div", {class: "status", role: "status", "aria-live": "polite"});
  const links = [["", () => say("Start")], ...EXHIBITS.map((one) => [one.name, one.short]),
    ["lab", () => say("Lab")]];
  const language = el("div", {class: "row-of"}, Object.entries(LANGUAGES).map(([name, text]) =>
    el("button", {type: "button", lang: name, class: "language", onclick: async () => {
      await speak(name);
      try {
        localStorage.setItem("language", name);
      } catch {
        // Private windows keep nothing: the page speaks it all the same.
      }
      mark();
    }}, text)));
  root.append(
    el("header", {class: "top"},
      el("a", {class: "brand", href: "#/"}, "Replicon"),
      el("nav", {"aria-label": () => say("Screens")}, links.map(([name, text]) =>
        el("a", {href: `#/${name}`, "data-screen": name, text})), siteLink("index.html")),
      language, status),
    el("main", {id: "screen", tabindex: "-1"}));
  mark();
}

function mark() {
  for (const button of document.querySelectorAll("button.language")) {
    button.classList.toggle("chosen", button.lang === currentLanguage());
  }
}

// {screen, query} of an address.
export function address() {
  const [path, query] = location.hash.replace(/^#\/?/, "").split("?");
  return {name: path, query: new URLSearchParams(query || "")};
}

async function show(root) {
  const {name, query} = address();
  const place = root.querySelector("#screen");
  if (screen && shown === name && screen.moved) {
    screen.moved(query);
    return;
  }
  if (screen && screen.close) screen.close();
  screen = null;
  shown = name;
  closeHelp();
  clear(place);
  const exhibit = EXHIBITS.find((one) => one.name === name);
  const make = exhibit ? await SCREENS[name]() : name === "lab" ? lab : home;
  if (address().name !== name) return; // another was opened meanwhile
  screen = make(place, {query, models});
  for (const link of document.querySelectorAll("nav a[data-screen]")) {
    if (link.dataset.screen === name) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  document.title = exhibit ? `${exhibit.short()} · Replicon` : "Replicon";
  window.scrollTo(0, 0);
}

let clock = null;

function tellState(now) {
  clearInterval(clock);
  status.classList.toggle("trouble", ["away", "replaced", "mistake"].includes(now.state));
  if (now.state === "compiling") {
    const begun = performance.now();
    const tell = () => {
      const model = models.get(now.of);
      status.textContent = say("compiling the equations of {model}: about {seconds} s, once " +
        "({now} s)", {
        model: model ? told(model.title) : "", seconds: now.seconds,
        now: shownNumber(Math.round((performance.now() - begun) / 1000))});
    };
    const later = setTimeout(() => {
      tell();
      clock = setInterval(tell, 1000);
    }, 400);
    clock = later;
    return;
  }
  const texts = {
    away: say("The server does not answer: looking for it again."),
    replaced: now.of === "theory" ? say("The theory was stopped and begins again.")
      : say("The network was stopped and begins again."),
    mistake: now.trouble || "",
  };
  status.textContent = now.trouble || texts[now.state] || "";
  if (now.state === "replaced") setTimeout(() => tellState({state: "ready"}), 3000);
}

export async function beginServed() {
  connect();
  const given = await (await fetch("declarations.json")).json();
  await begin(document.getElementById("page"), given);
}
