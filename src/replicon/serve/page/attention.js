// Learning without learning: linear attention beside its theory, a transformer beside its twin.

import {LinearAttention} from "./attention_linear.js";
import {Transformer} from "./attention_transformer.js";
import {clear, el} from "./el.js";
import {fromQuery, toQuery} from "./lab_state.js";
import {say} from "./words.js";

const AT = {diversity: 0.25, prompts: 4, context: 4, noise: 0.1, ridge: 0.01};

const TABS = {
  linear: {make: LinearAttention, text: () => say("Linear attention")},
  transformer: {make: Transformer, text: () => say("A transformer and its twin")},
};

export function attentionScreen(root, {query, models}) {
  let current = null;
  const changed = (state) => {
    const {tab, ...rest} = state;
    history.replaceState(null, "", `#/attention?tab=${tab}&${toQuery(rest)}`);
  };
  const tabs = Object.entries(TABS).map(([tab, {text}]) => el("button", {type: "button", text,
    role: "tab", "data-tab": tab, onclick: () => {
      open({tab, controls: {}});
      changed(current.state());
    }}));
  const open = (state) => {
    if (current) current.close();
    clear(root);
    const tab = state.tab in TABS ? state.tab : "linear";
    for (const button of tabs) {
      const chosen = button.dataset.tab === tab;
      button.classList.toggle("chosen", chosen);
      button.setAttribute("aria-selected", String(chosen));
    }
    const row = el("div", {class: "row-of", role: "tablist"}, tabs);
    current = new TABS[tab].make(root, models, {...state, tab}, {changed, tabs: row, at: AT});
  };
  open(fromQuery(query));
  return {close: () => current.close(), moved: (now) => open(fromQuery(now))};
}
