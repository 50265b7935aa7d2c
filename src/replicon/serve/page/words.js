// Two languages: every sentence of the page is say("English", values), every declared name or
// sentence told("load"). The catalogue is the server's.

import {retell} from "./el.js";

const CATALOGUES = {en: {}};
const listeners = new Set();
export const LANGUAGES = {en: "English", zh: "中文"};
let language = "en";
let fetched = async (name) => (await fetch(`words/${name}.json`)).json();

export function currentLanguage() {
  return language;
}

export function say(text, values = {}) {
  return filled(CATALOGUES[language][text] || text, values);
}

// A declared sentence or name, which the declarations hold in English.
export function told(text) {
  return CATALOGUES[language][shownName(text)] || CATALOGUES[language][text] || shownName(text);
}

export function shownName(text) {
  return /^[\w-]+$/.test(text) ? text.replace(/[_-]/g, " ") : text;
}

// The same in a language that need not be the page's.
export async function toldIn(text, name) {
  await learn(name);
  return CATALOGUES[name][shownName(text)] || CATALOGUES[name][text] || shownName(text);
}

function filled(text, values) {
  return text.replace(/\{(\w+)\}/g, (whole, name) => (name in values ? values[name] : whole));
}

// A sentence of the server's, which comes in English with its values in it: known again by the
// sentence of the catalogue that it is a form of, the one with the longest text first.
export function heard(text) {
  const known = CATALOGUES[language][text];
  if (known || !text) return known || text;
  for (const {pattern, names, translation} of forms(language)) {
    const found = pattern.exec(text);
    if (found) {
      const values = names.map((one, i) => [one, heard(found[i + 1])]);
      return filled(translation, Object.fromEntries(values));
    }
  }
  return told(text);
}

const FORMS = {};

function forms(name) {
  return (FORMS[name] ??= Object.entries(CATALOGUES[name])
    .filter(([text]) => PLACE.test(text) && bare(text).length >= LEAST)
    .sort(([a], [b]) => bare(b).length - bare(a).length)
    .map(([text, translation]) => ({translation,
      names: [...text.matchAll(/\{(\w+)\}/g)].map((found) => found[1]),
      pattern: new RegExp(`^${text.split(PLACE).map(escaped).join("(.+?)")}$`)})));
}

const PLACE = /\{\w+\}/;
const LEAST = 12; // letters of a form: shorter ones would fit sentences of which they are none

function bare(text) {
  return text.split(PLACE).join("");
}

function escaped(text) {
  return text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}

export async function learn(name) {
  if (!(name in CATALOGUES)) CATALOGUES[name] = await fetched(name);
}

export async function speak(name) {
  await learn(name);
  language = name;
  document.documentElement.lang = name === "zh" ? "zh-CN" : name;
  retell();
  for (const listener of listeners) listener();
}

export function onLanguage(listener) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

// Where catalogues come from, where there is no server to ask.
export function learnFrom(source) {
  fetched = source;
}
