// What the three tabs of the edge of chaos share: a frame, a network that runs, where to read on.

import {driving, gaveWay, transport} from "./controls.js";
import {el} from "./el.js";
import {toQuery} from "./lab_state.js";
import {copies, layout, still} from "./screen.js";
import {forget, Network} from "./wire.js";
import {say} from "./words.js";

// A tab has `state`, which the address holds; `frame(header, arrays)`, a picture of its network;
// `startsWith()`, {network, args}; `forLab()`, the state of the lab that shows the same; `text()`;
// `slots`, of its questions; `boards()`, what is to be closed.
export class Part {
  constructor(root, {model, remember, tabs, question}) {
    this.model = model;
    this.remember = remember;
    this.places = layout(root, {title: () => say("The edge of chaos"), question});
    this.places.tabs.append(...tabs);
  }

  control(name) {
    return this.model.controls.find((c) => c.name === name);
  }

  observable(name) {
    return this.model.observables.find((o) => o.name === name);
  }

  // given: of the transport, with the size where there is one to choose.
  runs(given) {
    this.trouble = el("p", {class: "note", role: "status"});
    this.places.right.append(this.trouble);
    const sentence = (text) => {
      clearInterval(this.wait);
      this.trouble.textContent = text;
    };
    this.live = new Network("recurrent", {
      started: (header) => {
        this.fresh = true;
        this.told = header;
        sentence("");
        this.transport.playing(this.live.asked.playing);
        this.recopy();
      },
      frame: (header, arrays) => {
        if (!this.fresh) return; // of the network before
        this.frame(header, arrays);
        if (header.rate) this.transport.rate(header.rate);
      },
      trouble: sentence,
      gone: () => sentence(gaveWay()),
    });
    this.transport = transport({...given, seed: this.state.seed, playing: !still()}, {
      ...driving(this.live),
      reset: () => this.begin(),
      size: (size) => this.renew({size}),
      seed: (seed) => this.renew({seed}),
    });
    this.places.transport.append(this.transport);
  }

  get playing() {
    return this.live.asked ? this.live.asked.playing : !still();
  }

  renew(part) {
    Object.assign(this.state, part);
    this.points = [];
    this.begin();
    this.settled();
  }

  // A new network; a wait for it is told in words and seconds.
  begin() {
    this.measured = null;
    this.fresh = false;
    this.meeting.network(null);
    clearInterval(this.wait);
    const since = performance.now();
    this.wait = setInterval(() => {
      const seconds = Math.round((performance.now() - since) / 1000);
      this.trouble.textContent = say("the network begins ({seconds} s)", {seconds});
    }, 1000);
    const {network, args} = this.startsWith();
    this.live.start(network, {model: this.model.model, seed: this.state.seed, ...args},
      {speed: this.transport.speedNow(), playing: this.playing});
  }

  // Controls have come to rest.
  settled() {
    this.remember(this.state);
    this.recopy();
    this.lab.href = this.labAddress();
  }

  labAddress() {
    return `#/lab?${toQuery({model: this.model.model, seed: this.state.seed, ...this.forLab()})}`;
  }

  // chapter: () => text, where the review tells of it.
  ends(chapter) {
    this.recopy = copies(this.places.same, () => this.text());
    this.lab = el("a", {href: this.labAddress(), text: () => say("Open in the lab")});
    this.places.same.append(el("p", {}, this.lab),
      el("p", {class: "quiet"}, el("span", {text: chapter}), " ",
        el("span", {text: () => say("Papers: {source}.", {source: this.model.source})})));
  }

  // Dots of what was measured at x: {observable: colour}.
  dotsAt(x, colours) {
    return Object.entries(colours).flatMap(([name, colour]) => {
      const now = this.measured && this.measured[name];
      if (!now) return [];
      return [{x, y: now.mean ?? now.now, error: now.error, colour, hollow: !now.error, size: 5}];
    });
  }

  close() {
    this.closed = true;
    clearInterval(this.wait);
    for (const slot of this.slots) forget(slot);
    this.live.leave();
    for (const one of [this.chart, this.meeting, ...this.boards()]) one.close();
  }
}

export function clamp(value, [low, high]) {
  return Math.min(high, Math.max(low, value));
}
