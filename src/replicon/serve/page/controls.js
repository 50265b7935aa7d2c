// Sliders and words from a declaration, and the six controls of a network that are the same on
// every screen: play, step, reset, speed, size, seed.

import {el, shownNumber} from "./el.js";
import {help} from "./help.js";
import {say, told} from "./words.js";

const STEPS = 1000; // of a slider

// A slider for a control of a declaration, or a choice of words. changed(value, phase); phase:
// "drag" while it moves, "release" when it has come to rest.
export function controlInput(model, control, value, changed) {
  const label = el("span", {class: "name"}, symbolOf(control), " ",
    el("span", {text: () => told(control.name)}));
  const row = el("div", {class: "control"}, el("div", {class: "label"},
    help(model, control, label)));
  if (control.domain.kind === "words") {
    const choice = el("select", {"aria-label": () => told(control.name)},
      control.domain.words.map((word) =>
        el("option", {value: word, text: () => wordShown(word)})));
    choice.value = value;
    choice.addEventListener("change", () => changed(choice.value, "release"));
    row.append(choice);
    row.put = (given) => (choice.value = given);
    return row;
  }
  const [low, high] = control.typical.map(Number);
  const log = control.scale === "log" && low > 0;
  const slider = el("input", {type: "range", min: 0, max: STEPS, step: 1,
    "aria-label": () => told(control.name)});
  const box = el("input", {class: "number", inputmode: "decimal", autocomplete: "off",
    "aria-label": () => told(control.name)});
  const at = (place) => {
    const part = place / STEPS;
    const raw = log ? low * (high / low) ** part : low + part * (high - low);
    return control.domain.integer ? Math.round(raw) : Number(raw.toPrecision(4));
  };
  const placeOf = (number) =>
    STEPS * (log ? Math.log(number / low) / Math.log(high / low) : (number - low) / (high - low));
  const put = (given) => {
    const number = given === "inf" ? Infinity : Number(given);
    slider.value = Math.min(STEPS, Math.max(0, placeOf(number)));
    box.value = given === "inf" || number === Infinity ? "inf" : String(given);
    slider.setAttribute("aria-valuetext", shownNumber(given));
  };
  slider.addEventListener("input", () => {
    const number = at(Number(slider.value));
    box.value = String(number);
    changed(number, "drag");
  });
  slider.addEventListener("change", () => changed(at(Number(slider.value)), "release"));
  box.addEventListener("change", () => {
    const text = box.value.trim().replace("−", "-").replace("∞", "inf");
    const number = text === "inf" ? "inf" : Number(text);
    if (number !== "inf" && (text === "" || Number.isNaN(number))) return put(row.value);
    changed(number, "release");
  });
  row.append(slider, box);
  row.put = (given) => put((row.value = given));
  row.put(value);
  return row;
}

function wordShown(word) {
  return /[./\\]/.test(word) ? word.split(/[/\\]/).pop() : told(word);
}

// Greek letters for the symbols of declarations.
const GREEK = {alpha: "α", beta: "β", gamma: "γ", kappa: "κ", lambda: "λ", rho: "ρ", tau: "τ",
  xi: "ξ", phi: "φ", eta: "η", epsilon: "ε", sigma: "σ", delta: "δ", omega: "ω", chi: "χ",
  mu: "μ", nu: "ν", theta: "θ", zeta: "ζ", psi: "ψ", Gamma: "Γ", Delta: "Δ", Theta: "Θ",
  Lambda: "Λ", Sigma: "Σ", Phi: "Φ", Psi: "Ψ", Omega: "Ω"};

export function symbolOf(item) {
  const [base, index] = String(item.symbol || "").split("_");
  const letter = GREEK[base] || base;
  const node = el("i", {class: "symbol"}, letter);
  if (index) node.append(el("sub", {}, GREEK[index] || index));
  return node;
}

export function symbolText(item) {
  const [base, index] = String(item.symbol || "").split("_");
  return `${GREEK[base] || base}${index ? `_${GREEK[index] || index}` : ""}`;
}

// The six controls. on: {play(playing), step(), reset(), speed(factor), size(n), seed(n)};
// given: {size, seed, sizes: [least, greatest], unit: what a step is, speeds: [slow .. fast]}.
export function transport(given, on) {
  let playing = given.playing ?? true;
  const play = el("button", {class: "main", type: "button",
    text: () => (playing ? say("Pause") : say("Play")),
    onclick: () => {
      playing = !playing;
      play.textContent = playing ? say("Pause") : say("Play");
      on.play(playing);
    }});
  const speeds = given.speeds || [1, 4, 15, 60, 240, 1000];
  const speed = el("input", {type: "range", min: 0, max: speeds.length - 1, step: 1,
    value: String(given.speed ?? 3), "aria-label": () => say("Speed"),
    oninput: () => {
      on.speed(speeds[Number(speed.value)]);
      tellSpeed();
    }});
  const rate = el("span", {class: "quiet rate"});
  const tellSpeed = () => {
    rate.textContent = `${shownNumber(speeds[Number(speed.value)])}/s`;
  };
  tellSpeed();
  const parts = [
    play,
    el("button", {type: "button", text: () => say("Step"), onclick: () => {
      playing = false;
      play.textContent = say("Play");
      on.play(false);
      on.step();
    }}),
    el("button", {type: "button", text: () => say("Reset"), onclick: () => on.reset()}),
    el("label", {class: "field"}, el("span", {text: () => say("Speed")}), speed, rate),
  ];
  if (given.size !== undefined) parts.push(wholeField(() => say("Size"), given.size, given.sizes,
    on.size));
  const seed = wholeField(() => say("Seed"), given.seed ?? 0, [0, 2 ** 31], on.seed);
  parts.push(seed);
  const row = el("div", {class: "transport", role: "group", "aria-label": () => say("Network")},
    parts);
  row.playing = (now) => {
    playing = now;
    play.textContent = playing ? say("Pause") : say("Play");
  };
  row.rate = (now) => (rate.textContent = `${shownNumber(now, 2)}/s`);
  row.seed = (now) => (seed.querySelector("input").value = String(now));
  row.speedNow = () => speeds[Number(speed.value)];
  return row;
}

// What a transport does to one network: the three of its six controls that are always the same.
export function driving(network) {
  return {
    play: (playing) => network.play(playing),
    step: () => network.step(1),
    speed: (speed) => network.speed(speed),
  };
}

// Said where the server runs too many networks and let this one go.
export function gaveWay() {
  return say("This network gave way to others: press Reset.");
}

function wholeField(label, value, [low, high], changed) {
  const box = el("input", {class: "number", type: "number", min: low, max: high, step: 1,
    value: String(value)});
  box.addEventListener("change", () => {
    const number = Math.min(high, Math.max(low, Math.round(Number(box.value) || low)));
    box.value = String(number);
    changed(number);
  });
  return el("label", {class: "field"}, el("span", {text: label}), box);
}
