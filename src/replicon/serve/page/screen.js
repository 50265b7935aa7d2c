// What every screen is made of: a title with a question, two boards side by side, the meeting line
// below, three steps, the formula, and the same as command, Python and TOML.

import {el} from "./el.js";
import {say} from "./words.js";

// The frame of a screen. title, question: () => text. Returns the places to fill.
export function layout(root, {title, question}) {
  const places = {};
  const place = (name, attributes = {}) => (places[name] = el("div", attributes));
  places.meetingPane = el("section", {class: "pane"},
    el("h2", {text: () => say("Where theory and network meet")}), place("meeting"));
  root.append(
    title ? el("h1", {text: title}) : "",
    question ? el("p", {class: "question", text: question}) : "",
    place("tabs", {class: "row-of tabs"}),
    el("div", {class: "pair"},
      el("section", {class: "pane"}, place("left"), place("formula", {class: "formula"})),
      el("section", {class: "pane"}, place("right"), place("transport"), place("controls"))),
    places.meetingPane,
    el("div", {class: "pair"},
      el("section", {class: "pane"}, place("steps")),
      el("section", {class: "pane"}, place("same"))),
  );
  return places;
}

// Whether the reader asked for less motion: then everything begins at rest.
export function still() {
  return matchMedia("(prefers-reduced-motion: reduce)").matches;
}

// Three guided steps. Each: {ask: () => text, buttons: [[() => text, action], ...],
// happened: () => text, begin: called when it is opened}. What happened is hidden until asked for.
export function guide(parent, steps) {
  const list = el("ol", {class: "steps"});
  for (const [place, step] of steps.entries()) {
    const answer = el("p", {class: "happened", hidden: true, text: step.happened});
    const more = el("button", {type: "button", text: () => say("What happened?"), onclick: () => {
      answer.hidden = !answer.hidden;
    }});
    list.append(el("li", {},
      el("div", {class: "ask"}, `${place + 1}. `, el("span", {text: step.ask})),
      el("div", {class: "row-of"},
        (step.buttons || []).map(([text, action]) =>
          el("button", {type: "button", text, onclick: action})), more),
      answer));
  }
  parent.append(list);
}

// The same as command line, Python and TOML. make: () => {command, python, toml} as text now.
export function copies(parent, make) {
  const kinds = [["command", () => say("Command line")], ["python", () => "Python"],
    ["toml", () => say("TOML study")]];
  let chosen = "command";
  const box = el("pre", {class: "copy", tabindex: "0"});
  const tabs = kinds.map(([kind, text]) => el("button", {type: "button", text, onclick: () => {
    chosen = kind;
    refresh();
  }}));
  const done = el("span", {class: "quiet", role: "status"});
  const copy = el("button", {type: "button", text: () => say("Copy"), onclick: async () => {
    try {
      await navigator.clipboard.writeText(box.textContent);
      done.textContent = say("Copied.");
    } catch {
      getSelection().selectAllChildren(box);
      done.textContent = say("Selected: copy it with the keyboard.");
    }
    setTimeout(() => (done.textContent = ""), 2000);
  }});
  parent.append(el("h2", {text: () => say("The same without this page")}),
    el("div", {class: "row-of"}, tabs, copy, done), box);
  function refresh() {
    box.textContent = make()[chosen];
    tabs.forEach((tab, i) => tab.classList.toggle("chosen", kinds[i][0] === chosen));
  }
  refresh();
  return refresh;
}

// Text of a comparison of theory and network, three ways.
export function asText(model, {controls, branch, size, seed, sweep}) {
  const entries = Object.entries(controls);
  const simulated = model.process || model.simulation;
  const verb = simulated && model.theory ? "compare" : model.theory ? "solve" : "simulate";
  const value = (v) => (typeof v === "string" && v !== "inf" ? v : String(v));
  const words = entries.map(([name, v]) => `${name}=${shell(value(v))}`).join(" ");
  const numbers = verb === "solve" ? "" : ` --size ${size} --seed ${seed}`;
  const which = branch && verb !== "simulate" ? ` --branch ${branch}` : "";
  const python = (v) => (v === "inf" ? 'float("inf")' : typeof v === "string" ?
    JSON.stringify(v) : v);
  const named = entries.map(([name, v]) => `${name}=${python(v)}`);
  if (verb !== "solve") named.push(`size=${size}`, `seed=${seed}`);
  if (branch && verb !== "simulate") named.push(`branch=${JSON.stringify(branch)}`);
  return {
    command: `replicon ${verb} ${model.model} ${words}${which}${numbers}`,
    python: `import replicon\n\nreplicon.${verb}(${[JSON.stringify(model.model), ...named].join(", ")})`,
    toml: tomlOf(model, {controls, branch, size, seed, sweep}),
  };
}

function shell(text) {
  return /^[\w.,:+-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

function tomlOf(model, {controls, branch, size, seed, sweep}) {
  const of = (role) => model.controls.filter((c) => c.role === "both" || c.role === role);
  const table = (role) => {
    const entries = of(role).filter((c) => c.name in controls).map((c) => {
      const swept = sweep && c.name === sweep.name;
      const given = swept ? `${sweep.low}:${sweep.high}:${sweep.count}` : controls[c.name];
      return `${c.name} = ${typeof given === "string" ? JSON.stringify(given) : given}`;
    });
    return `controls = { ${entries.join(", ")} }`;
  };
  const lines = [`title = "${model.title}"`, `question = "?"`, `seed = ${seed}`];
  if (model.theory) {
    lines.push("", "[[theory]]", 'name = "theory"', `model = "${model.model}"`,
      ...(branch ? [`branch = "${branch}"`] : []), table("theory"));
  }
  if (model.simulation) {
    lines.push("", "[[simulation]]", 'name = "network"', `model = "${model.model}"`,
      table("simulation"), `sizes = [${size}]`, "samples = 10");
  }
  if (sweep) {
    lines.push("", "[[figure]]", `title = "${model.title}"`, `x = "${sweep.name}"`,
      `y = ["${sweep.shown}"]`, ...(model.theory ? ['theory = ["theory"]'] : []),
      ...(model.simulation ? ['simulation = ["network"]'] : []));
  }
  return lines.join("\n");
}
