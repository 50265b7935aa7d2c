// A canvas on the page, as sharp as the screen, and the colours and ticks of all that is drawn.

import {el} from "./el.js";
import {onLanguage} from "./words.js";

export const COLOURS = ["blue", "orange", "green", "pink", "sky", "gold", "grey", "wine"];

let palette = document.documentElement;
let known = new Map();
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => (known = new Map()));

// A colour of the style sheet by its name.
export function colour(name) {
  if (!known.has(name)) {
    const found = getComputedStyle(palette).getPropertyValue(`--${name}`).trim();
    if (!found) return "#888888";
    known.set(name, found);
  }
  return known.get(name);
}

// Where the style sheet's colours are defined, if not on the whole page.
export function colouredBy(node) {
  palette = node;
  known = new Map();
}

// A canvas as sharp as the screen, drawn again when its size, the language or the theme changes.
export class Board {
  constructor(parent, label, {ratio = 0.72, least = 180} = {}) {
    this.canvas = el("canvas", {role: "img", "aria-label": label});
    this.box = el("div", {class: "board"}, this.canvas);
    parent.append(this.box);
    this.ratio = ratio;
    this.least = least;
    this.asked = false;
    this.resized = new ResizeObserver(() => this.fit());
    this.resized.observe(this.box);
    this.silenced = onLanguage(() => this.later());
    this.theme = matchMedia("(prefers-color-scheme: dark)");
    this.themed = () => this.later();
    this.theme.addEventListener("change", this.themed);
    this.fit();
  }

  fit() {
    const width = Math.max(80, this.box.clientWidth);
    const height = Math.max(this.least, Math.round(width * this.ratio));
    const scale = window.devicePixelRatio || 1;
    this.width = width;
    this.height = height;
    this.canvas.width = Math.round(width * scale);
    this.canvas.height = Math.round(height * scale);
    this.canvas.style.height = `${height}px`;
    this.pen = this.canvas.getContext("2d");
    this.pen.setTransform(scale, 0, 0, scale, 0, 0);
    this.later();
  }

  later() {
    if (this.asked) return;
    this.asked = true;
    requestAnimationFrame(() => {
      this.asked = false;
      this.pen.clearRect(0, 0, this.width, this.height);
      this.draw();
    });
  }

  draw() {}

  close() {
    this.resized.disconnect();
    this.silenced();
    this.theme.removeEventListener("change", this.themed);
    this.box.remove();
  }
}

// Ticks at round numbers.
export function ticks(low, high, log = false, about = 5) {
  if (log && low > 0) {
    const out = [];
    const decades = Math.max(1, Math.round(Math.log10(high / low) / (about + 1)));
    const first = decades * Math.floor(Math.log10(low) / decades);
    for (let p = first; p <= Math.ceil(Math.log10(high)); p += decades) {
      for (const digit of high / low > 300 ? [1] : [1, 2, 5]) {
        const value = digit * 10 ** p;
        if (value >= low * 0.999 && value <= high * 1.001) out.push(value);
      }
    }
    return out;
  }
  const rough = (high - low) / about;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 2.5, 5, 10].find((digit) => digit * power >= rough * 0.999) * power;
  const out = [];
  for (let i = Math.ceil(low / step - 1e-9); i * step <= high + step * 1e-9; i++) {
    out.push(Number((i * step).toPrecision(12)));
  }
  return out;
}

// A curve read between its points, which are evenly spaced.
export function between(x, y, at) {
  const place = ((at - x[0]) / (x[x.length - 1] - x[0])) * (x.length - 1);
  const i = Math.min(x.length - 2, Math.max(0, Math.floor(place)));
  return y[i] + (place - i) * (y[i + 1] - y[i]);
}
