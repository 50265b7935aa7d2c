// The one wire to the server: questions to the theory and networks that run. The newest wins:
// of one place (slot) one question is under way, and of those that wait only the last is kept;
// a network sends its next picture when the page has drawn the one before.

import {heard} from "./words.js";

const TYPES = {f32: Float32Array, f64: Float64Array, u8: Uint8Array, i8: Int8Array};

export function unpack(buffer, begin = 0) {
  const length = new DataView(buffer).getUint32(begin, true);
  const text = new TextDecoder().decode(new Uint8Array(buffer, begin + 4, length));
  const header = JSON.parse(text);
  const base = begin + 4 + length;
  const arrays = {};
  let end = base;
  for (const [name, form] of Object.entries(header.arrays)) {
    const data =
      form.type === "bits"
        ? spinsOf(new Uint8Array(buffer, base + form.at, form.bytes), count(form.shape))
        : typed(TYPES[form.type], buffer, base + form.at, form.bytes);
    arrays[name] = {data, shape: form.shape, kind: form.kind};
    end = Math.max(end, base + form.at + Math.ceil(form.bytes / 8) * 8);
  }
  return {header, arrays, end};
}

function typed(Type, buffer, at, bytes) {
  return new Type(at % 8 ? buffer.slice(at, at + bytes) : buffer, at % 8 ? 0 : at,
    bytes / Type.BYTES_PER_ELEMENT);
}

function count(shape) {
  return shape.reduce((product, side) => product * side, 1);
}

function spinsOf(bytes, length) {
  const spins = new Int8Array(length);
  for (let i = 0; i < length; i++) spins[i] = (bytes[i >> 3] >> (7 - (i & 7))) & 1 ? 1 : -1;
  return spins;
}

// A wire over a WebSocket that comes back by itself.
class SocketWire {
  constructor(heard, opened, closed) {
    this.heard = heard;
    this.opened = opened;
    this.closed = closed;
    this.wait = 250;
    this.open();
  }

  open() {
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    this.socket = new WebSocket(`${scheme}://${location.host}/socket`);
    this.socket.binaryType = "arraybuffer";
    this.socket.onopen = () => {
      this.wait = 250;
      this.opened();
    };
    this.socket.onmessage = (event) => this.heard(event.data);
    this.socket.onclose = () => {
      this.closed();
      setTimeout(() => this.open(), this.wait);
      this.wait = Math.min(2000, this.wait * 1.6);
    };
  }

  send(value) {
    if (this.socket.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify(value));
  }
}

const questions = new Map(); // slot -> {under, next}
const networks = new Map(); // slot -> Network
const listeners = new Set();
let wire = null;
let number = 0;
export const timings = []; // milliseconds to answers that follow a finger, the last few hundred

export function connect(makeWire = (...ends) => new SocketWire(...ends)) {
  wire = makeWire(receive, opened, () => state({state: "away"}));
}

function opened() {
  state({state: "connected"});
  for (const network of networks.values()) network.again();
  for (const [slot, place] of questions) if (place.under) send(slot, place.under);
}

// Told of compiling, ready, replaced (the process of theory or networks), away, connected.
export function onState(listener) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

function state(header) {
  for (const listener of listeners) listener(header);
}

// Ask the theory. answered({header, arrays}), where header.trouble is a sentence if it could not.
// A `patient` question does not follow a finger, and never keeps waiting one that does.
export function ask(slot, question, args, answered, patient = false) {
  const place = questions.get(slot) || {under: null, next: null};
  questions.set(slot, place);
  const asked = {question, args, answered, patient, number: ++number, since: performance.now()};
  if (place.under) place.next = asked;
  else send(slot, (place.under = asked));
}

export function forget(slot) {
  const place = questions.get(slot);
  if (place) place.next = null;
  if (place && place.under) place.under.answered = () => {};
}

function send(slot, asked) {
  wire.send({do: "ask", slot, question: asked.question, number: asked.number,
    arguments: asked.args, patient: asked.patient});
}

function answer(header, buffer, end) {
  const place = questions.get(header.slot);
  if (!place || !place.under || place.under.number !== header.number) return;
  const asked = place.under;
  place.under = place.next;
  place.next = null;
  if (place.under) send(header.slot, place.under);
  if (!asked.patient) timings.push(performance.now() - asked.since);
  if (timings.length > 500) timings.shift();
  asked.answered(translated(unpack(buffer, end)));
}

// What could not be done, and why theory has no number, in the language of the page.
function translated(told) {
  const {header} = told;
  if (header.trouble) header.trouble = heard(header.trouble);
  if (header.point && header.point.reason) header.point.reason = heard(header.point.reason);
  return told;
}

function receive(buffer) {
  const {header, arrays, end} = translated(unpack(buffer));
  if (header.kind === "answer") answer(header, buffer, end);
  else if (header.slot !== undefined && networks.has(header.slot)) {
    networks.get(header.slot).hear(header, arrays);
  } else state(header.kind === "mistake" ? {state: "mistake", ...header} : header);
}

// A network that runs on the server, in a place of the page. on: {started, frame, trouble, gone},
// functions; `frame(header, arrays)` is called once a picture of the screen at most.
export class Network {
  constructor(slot, on) {
    this.slot = slot;
    this.on = on;
    this.asked = null;
    this.number = 0;
    this.frames = 0;
    this.waiting = null;
    networks.set(slot, this);
  }

  // network: "model" with {model, controls, size, seed}, or one of an exhibit.
  start(network, args, pace = {}) {
    this.asked = {network, arguments: args, playing: true, speed: 30, ...pace};
    this.number += 1;
    this.order("start", {...this.asked, number: this.number});
  }

  // As it was asked for last, and set since: after a connection was lost.
  again() {
    if (this.asked) this.start(this.asked.network, this.asked.arguments, this.asked);
  }

  set(name, value) {
    const controls = this.asked.arguments.controls;
    if (controls && name in controls) controls[name] = value;
    this.order("set", {name, value});
  }

  act(name, args = {}) {
    this.order("act", {name, arguments: args});
  }

  play(playing) {
    if (this.asked) this.asked.playing = playing;
    this.order("play", {playing});
  }

  speed(speed) {
    if (this.asked) this.asked.speed = speed;
    this.order("play", {speed});
  }

  step(steps = 1) {
    this.order("step", {count: steps});
  }

  leave() {
    this.order("leave", {});
    networks.delete(this.slot);
  }

  order(command, args) {
    wire.send({do: command, slot: this.slot, arguments: args});
  }

  hear(header, arrays) {
    if (header.kind === "frame") {
      const first = this.waiting === null;
      this.waiting = {header: {...(this.waiting ? this.waiting.header : {}), ...header}, arrays};
      if (first) requestAnimationFrame(() => this.show());
      else this.order("seen", {});
    } else if (header.kind === "started") {
      if (header.number === this.number && this.on.started) this.on.started(header);
    } else if (header.kind === "given up") {
      if (this.on.gone) this.on.gone();
    } else if (header.trouble && this.on.trouble) this.on.trouble(header.trouble, header);
  }

  show() {
    const {header, arrays} = this.waiting;
    this.waiting = null;
    this.frames += 1;
    if (networks.get(this.slot) !== this) return;
    this.on.frame(header, arrays);
    this.order("seen", {});
  }
}
