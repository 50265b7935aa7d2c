// Elements, and texts that change with the language.
//
// el("button", {class: "quiet", text: () => say("Play"), onclick: f}, child, ...): an attribute
// whose value is a function (but for on...) is asked again whenever the language changes.

const LIVE = Symbol("live");

export function el(tag, attributes = {}, ...children) {
  const mathml = "http://www.w3.org/1998/Math/MathML";
  const svg = "http://www.w3.org/2000/svg";
  const space = tag.startsWith("m:") ? mathml : tag.startsWith("s:") ? svg : null;
  const node = space
    ? document.createElementNS(space, tag.slice(2))
    : document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (typeof value === "function") live(node, name, value);
    else put(node, name, value);
  }
  node.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return node;
}

function live(node, name, value) {
  node[LIVE] = {...(node[LIVE] || {}), [name]: value};
  node.setAttribute("data-live", "");
  put(node, name, value());
}

function put(node, name, value) {
  if (name === "text") node.textContent = value;
  else if (name === "value") node.value = value;
  else if (name === "checked") node.checked = value;
  else if (name === "style") node.style.cssText = value;
  else node.setAttribute(name, value === true ? "" : value);
}

// Ask every text under a node again.
export function retell(root = document) {
  for (const node of root.querySelectorAll("[data-live]")) {
    for (const [name, value] of Object.entries(node[LIVE] || {})) put(node, name, value());
  }
}

export function clear(node) {
  node.replaceChildren();
  return node;
}

// A number as a person writes it.
export function shownNumber(value, digits = 3) {
  if (value === null || value === undefined || Number.isNaN(value)) return "–";
  if (value === "inf" || value === Infinity) return "∞";
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-3 || size >= 1e5)) {
    const [mantissa, power] = value.toExponential(Math.max(0, digits - 1)).split("e");
    const factor = Number(mantissa) === 1 ? "" : `${Number(mantissa)}·`;
    return `${factor}10${superscript(Number(power))}`.replace("-", "−");
  }
  return String(Number(value.toPrecision(digits))).replace("-", "−");
}

function superscript(power) {
  return String(power).replace(/./g, (c) => (c === "-" ? "⁻" : "⁰¹²³⁴⁵⁶⁷⁸⁹"[Number(c)]));
}

// value ± error with as many digits as the error allows.
export function shownMean(mean, error) {
  if (mean === null || mean === undefined) return "–";
  if (!error) return shownNumber(mean, 4);
  if (error < 1e-6) return `${shownNumber(mean, 6)} ± ${shownNumber(error, 1)}`;
  const places = Math.min(6, Math.max(0, 1 - Math.floor(Math.log10(error))));
  return `${mean.toFixed(places)} ± ${error.toFixed(places)}`.replace("-", "−");
}
