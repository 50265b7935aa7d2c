// Three lattices cooled side by side from the same heat: each chooses its sign.

import {transport} from "./controls.js";
import {el, shownNumber} from "./el.js";
import {CRITICAL, MagnetizationMap, SPAN} from "./ising_map.js";
import {Panel} from "./panels.js";
import {asText, still} from "./screen.js";
import {Network} from "./wire.js";
import {say} from "./words.js";

const NAMES = ["first", "second", "third"];
const SHADES = ["green", "pink", "gold"];
const SPEEDS = [60, 200, 600, 1500]; // sweeps a second
const SPEED = 2;
const SWEEPS = 6000; // from hot to cold
const FOLLOWED = 0.02; // of the temperature, between two points of a path

export class Cooling {
  constructor(screen) {
    this.screen = screen;
    this.model = screen.models.get("square-lattice");
    this.tally = {up: 0, down: 0};
    this.seed = screen.state.seed;
    const {places} = screen;
    this.map = new MagnetizationMap(places, CRITICAL);
    this.map.light("critical");
    this.grid = el("div", {class: "panels three"});
    places.right.append(this.grid);
    this.captions = [];
    this.panels = NAMES.map((name, i) => {
      const caption = el("div", {class: "caption", style: `color: var(--${SHADES[i]})`});
      const box = el("div", {}, caption);
      this.grid.append(box);
      this.captions.push(caption);
      return new Panel(box, () => say("One of three lattices that cool"));
    });
    this.reading = el("p", {class: "note", role: "status"});
    places.right.append(this.reading);
    this.transport = transport({seed: this.seed, speeds: SPEEDS, speed: SPEED, playing: !still()}, {
      play: (playing) => this.live.play(playing),
      step: () => this.live.step(20),
      reset: () => this.start(),
      speed: (speed) => this.live.speed(speed),
      seed: (seed) => {
        screen.state.seed = seed;
        this.seed = seed;
        screen.changed();
        this.start();
      },
    });
    places.transport.append(this.transport);
    places.left.append(el("div", {class: "row-of"},
      el("button", {class: "main", type: "button", text: () => say("Three more"), onclick: () => {
        this.seed += NAMES.length;
        this.transport.seed(this.seed);
        this.start();
      }}), this.map.cover()));
    places.meeting.append(this.ends = el("p", {"aria-live": "polite"}));
    this.live = new Network("ising-cooling", {
      frame: (header, arrays) => this.frame(header, arrays),
      trouble: (text) => (this.reading.textContent = text),
      gone: () => this.start(),
    });
    this.start();
  }

  start() {
    this.paths = NAMES.map(() => ({x: [], y: []}));
    this.counted = false;
    const {asked} = this.live;
    this.live.start("ising.coolings", {seed: this.seed, sweeps: SWEEPS},
      {speed: this.transport.speedNow(), playing: asked ? asked.playing : !still()});
  }

  frame(header, arrays) {
    NAMES.forEach((name, i) => this.panels[i].show(arrays[name]));
    if (!header.measured) return;
    const {temperature, each} = header.measured;
    this.transport.rate(header.rate);
    this.reading.textContent = say("T = {temperature} J, that is {ratio} T_c", {
      temperature: shownNumber(temperature), ratio: shownNumber(temperature / CRITICAL)});
    each.forEach((m, i) => {
      const path = this.paths[i];
      const last = path.x[path.x.length - 1];
      if (last === undefined || last - temperature > FOLLOWED) {
        path.x.push(temperature);
        path.y.push(m);
      }
      this.captions[i].textContent = `m = ${shownNumber(m, 2)}`;
    });
    this.draw(temperature, each);
    this.judge(header.steps, each, temperature);
  }

  draw(temperature, each) {
    const {chart} = this.map;
    chart.dots = this.paths.flatMap((path, i) => path.x.map((x, k) =>
      ({x, y: path.y[k], colour: SHADES[i], size: 1.5})));
    each.forEach((m, i) => chart.dots.push({x: temperature, y: m, colour: SHADES[i], size: 5}));
    chart.later();
  }

  // What each ended in, once they are cold.
  judge(steps, each, temperature) {
    const exact = this.map.at(temperature);
    if (steps < SWEEPS || !exact) {
      this.ends.textContent = say("Still cooling: above T_c the exact magnetization is zero, " +
        "below it both signs are right.");
      return;
    }
    if (!this.counted) {
      for (const m of each) if (Math.abs(m) > 0.5) this.tally[m > 0 ? "up" : "down"] += 1;
      this.counted = true;
    }
    const striped = each.some((m) => Math.abs(m) < 0.5);
    this.ends.textContent = [
      say("theory ±{exact}; network {first}, {second}, {third}.",
        {exact: shownNumber(exact.magnetization),
        first: shownNumber(each[0]), second: shownNumber(each[1]), third: shownNumber(each[2])}),
      say("So far: {up} up, {down} down.", this.tally),
      striped ? say("One kept a stripe: two walls across the lattice, which take very long to meet.") : "",
    ].join(" ");
  }

  text() {
    return asText(this.model, {controls: {temperature: 1.5, method: "heat-bath"}, size: 64,
      seed: this.seed, sweep: {name: "temperature", low: SPAN[0], high: SPAN[1], count: 31,
        shown: "magnetization"}});
  }

  labState() {
    return {model: "square-lattice", x: "temperature", y: ":magnetization", size: 64,
      seed: this.seed, controls: {temperature: 2.5, method: "heat-bath"}};
  }

  close() {
    this.live.leave();
    this.map.close();
    for (const panel of this.panels) panel.close();
  }
}
