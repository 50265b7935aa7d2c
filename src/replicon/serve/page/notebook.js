// The lab in a notebook (Jupyter, VS Code, marimo): the same modules, over the notebook's wire.

import {colouredBy} from "./board.js";
import {el} from "./el.js";
import {Lab} from "./lab.js";
import {connect} from "./wire.js";
import {LANGUAGES, learnFrom, speak} from "./words.js";

// A wire over anywidget: messages out as JSON, in as one binary buffer.
class WidgetWire {
  constructor(model, heard, opened) {
    this.model = model;
    model.on("msg:custom", (_, buffers) => {
      for (const view of buffers) heard(copied(view));
    });
    setTimeout(opened, 0);
  }

  send(value) {
    this.model.send(value);
  }
}

function copied(view) {
  return view.buffer.slice(view.byteOffset, view.byteOffset + view.byteLength);
}

// What anywidget calls: a lab of the model and the state that Python gives.
export async function renderLab({model, el: place}) {
  const root = el("div", {class: "replicon"});
  place.append(root);
  colouredBy(root);
  const words = model.get("words");
  learnFrom(async (name) => words[name] || {});
  const language = model.get("language");
  await speak(language in LANGUAGES ? language : "en");
  connect((heard, opened) => new WidgetWire(model, heard, opened));
  const models = new Map(model.get("declarations").map((one) => [one.model, one]));
  let lab = null;
  const changed = (state, anew = false) => {
    model.set("state", JSON.parse(JSON.stringify(state)));
    model.save_changes();
    if (anew) open({...lab.state, ...state});
  };
  const open = (state) => {
    if (lab) lab.close();
    root.replaceChildren();
    lab = new Lab(root, models, state, {changed, plain: true});
  };
  open(model.get("state"));
  return () => lab.close();
}
