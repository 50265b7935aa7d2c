// What a model is, what its theory takes for granted, where it comes from; and links into the
// documentation, where whoever serves the page has said at which address it lies.

import {el} from "./el.js";
import {currentLanguage, say, told} from "./words.js";

export function aboutModel({about, model, own, source}) {
  const more = own ? null : siteLink(`models/${model}.html`);
  return [
    ...(about ? [el("p", {text: () => told(about.summary)}),
      el("details", {}, el("summary", {text: () => say("What theory assumes")}),
        el("ul", {}, about.assumes.map((one) => el("li", {text: () => told(one)}))))] : []),
    el("p", {class: "quiet", text: source}),
    ...(more ? [el("p", {}, more)] : []),
  ];
}

function address() {
  const told = document.querySelector('meta[name="site"]');
  return told ? told.content : "";
}

// `path` below the site, as "models/hopfield.html"; null where there is no site.
export function siteLink(path, text = () => say("Documentation")) {
  if (!address()) return null;
  const link = el("a", {class: "site", target: "_blank", rel: "noopener", text});
  const turned = () => {
    link.href = `${address()}/${currentLanguage() === "zh" ? "zh/" : ""}${path}`;
  };
  for (const event of ["pointerenter", "focus", "click"]) link.addEventListener(event, turned);
  turned();
  return link;
}
