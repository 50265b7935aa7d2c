// A static copy of the page: theory on a grid and networks as they were filmed, from files beside.

import {begin} from "./main.js";
import {connect, unpack} from "./wire.js";
import {learnFrom, say} from "./words.js";
import {el} from "./el.js";

const PICTURES = 15; // a second, of a film

// What `replicon serve --export` wrote: {declarations, words}, and a file for each screen, which
// calls repliconRecord(screen, {answers, films, data}) once it is loaded.
const records = new Map();
const waiting = new Map();

window.repliconRecord = async (screen, {answers, films, data}) => {
  const bytes = Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  const buffer = await new Response(stream).arrayBuffer();
  records.set(screen, {answers, films, buffer});
  waiting.get(screen).done();
};

function record(screen) {
  if (!waiting.has(screen)) {
    let done = null;
    const ready = new Promise((resolve) => (done = resolve));
    waiting.set(screen, {ready, done});
    document.head.append(el("script", {src: `record-${screen || "home"}.js`,
      onerror: () => {
        records.set(screen, {answers: [], films: [], buffer: new ArrayBuffer(0)});
        done();
      }}));
  }
  return waiting.get(screen).ready.then(() => records.get(screen));
}

// The same wire, from what was recorded: of answers and films the nearest to what is asked.
class RecordedWire {
  constructor(heard, opened) {
    this.heard = heard;
    this.films = new Map();
    setTimeout(opened, 0);
  }

  async send(said) {
    const screen = location.hash.replace(/^#\/?/, "").split("?")[0];
    const held = await record(screen);
    if (said.do === "ask") this.answer(held, said);
    else if (said.do === "start") this.start(held, said);
    else if (said.do === "leave") this.stop(said.slot);
    else this.order(held, said);
  }

  answer({answers, buffer}, said) {
    const found = nearest(answers.filter((one) => one.question === said.question), said.arguments);
    const head = pack({kind: "answer", slot: said.slot, number: said.number});
    const body = found ? buffer.slice(found.at, found.at + found.bytes)
      : pack({trouble: say("This was not recorded: `replicon serve` answers it.")});
    this.heard(joined(head, body));
  }

  start({films, buffer}, said) {
    const {network, arguments: args} = said.arguments;
    const found = nearest(films.filter((one) => one.network === network), args);
    this.stop(said.slot);
    if (!found) {
      this.heard(pack({slot: said.slot,
        trouble: say("This was not recorded: `replicon serve` runs it.")}));
      return;
    }
    const film = {found, buffer, at: 0, said, playing: said.arguments.playing !== false};
    this.films.set(said.slot, film);
    this.heard(pack({kind: "started", slot: said.slot, number: said.arguments.number,
      ...found.told}));
    film.timer = setInterval(() => film.playing && this.picture(said.slot), 1000 / PICTURES);
    this.picture(said.slot);
  }

  picture(slot) {
    const film = this.films.get(slot);
    const [at, bytes] = film.found.pictures[film.at % film.found.pictures.length];
    film.at += 1;
    const {header, arrays} = unpack(film.buffer.slice(at, at + bytes));
    this.heard(packAll({...header, slot}, film.buffer.slice(at, at + bytes), arrays));
  }

  order(held, said) {
    const film = this.films.get(said.slot);
    if (!film) return;
    if (said.do === "play" && "playing" in said.arguments) film.playing = said.arguments.playing;
    if (said.do === "step") this.picture(said.slot);
    if (said.do === "set") {
      const inner = film.said.arguments.arguments;
      inner.controls = {...inner.controls, [said.arguments.name]: said.arguments.value};
      this.start(held, film.said);
    }
    if (said.do === "act") {
      this.heard(pack({slot: said.slot, command: "act",
        trouble: say("This copy was filmed: `replicon serve` lets you do that.")}));
    }
  }

  stop(slot) {
    if (this.films.has(slot)) clearInterval(this.films.get(slot).timer);
    this.films.delete(slot);
  }
}

// Of the recorded the one whose words are the same and whose numbers are nearest.
function nearest(held, asked) {
  let best = null;
  let least = Infinity;
  for (const one of held) {
    const far = distance(one.arguments, asked);
    if (far < least) [best, least] = [one, far];
  }
  return least < 1e6 ? best : null;
}

function distance(a, b) {
  if (typeof a === "number" && typeof b === "number") {
    return Math.abs(a - b) / (Math.abs(a) + Math.abs(b) || 1);
  }
  if (a && b && typeof a === "object" && typeof b === "object") {
    let far = 0;
    for (const name of new Set([...Object.keys(a), ...Object.keys(b)])) far += distance(a[name],
      b[name]);
    return far;
  }
  if (a === b) return 0;
  // The numbers of a network's disorder do not matter; other words are another question.
  return 1e6;
}

function pack(header) {
  const text = new TextEncoder().encode(JSON.stringify({...header, arrays: header.arrays || {}}));
  const room = (8 - ((text.length + 4) % 8)) % 8;
  const out = new Uint8Array(4 + text.length + room).fill(32);
  new DataView(out.buffer).setUint32(0, text.length + room, true);
  out.set(text, 4);
  return out.buffer;
}

// A picture with another head: the arrays stay where they are.
function packAll(header, buffer, arrays) {
  const length = new DataView(buffer).getUint32(0, true);
  const old = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 4, length)));
  return arrays ? joined(pack({...header, arrays: old.arrays}), buffer.slice(4 + length)) : buffer;
}

function joined(one, other) {
  const out = new Uint8Array(one.byteLength + other.byteLength);
  out.set(new Uint8Array(one), 0);
  out.set(new Uint8Array(other), one.byteLength);
  return out.buffer;
}

export async function beginRecorded({declarations, words}) {
  learnFrom(async (name) => words[name] || {});
  connect((heard, opened) => new RecordedWire(heard, opened));
  const root = document.getElementById("page");
  await begin(root, declarations);
  root.prepend(el("p", {class: "recorded", text: () => say("A recorded copy: theory on a grid, " +
    "networks as they were filmed. `replicon serve` runs them live.")}));
}
