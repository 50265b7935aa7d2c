// The state of a lab: what an address holds, and what a model makes of it.

// Controls that can be axes of the theory, and observables that can be drawn along them.
export function numeric(model) {
  return model.controls.filter((c) => c.role !== "simulation" && c.typical &&
    c.domain.kind !== "words");
}

export function shownObservables(model) {
  const theory = model.observables.filter((o) => !o.axes.length && o.role !== "simulation");
  const out = [...theory.filter((o) => o.role === "both"),
    ...theory.filter((o) => o.role !== "both")];
  return model.potential ? [...out, {name: model.potential, symbol: "", role: "theory"}] : out;
}

// A state that the model allows, whatever an address says.
export function settled(model, given) {
  const controls = {};
  for (const control of model.controls) {
    const value = given.controls ? given.controls[control.name] : undefined;
    const known = control.domain.kind === "words" ? control.domain.words.includes(value)
      : value !== undefined && value !== "" && (value === "inf" || Number.isFinite(Number(value)));
    const asNumber = (v) => (v === "inf" || control.domain.kind === "words" ? v : Number(v));
    controls[control.name] = known ? asNumber(value) : control.default;
  }
  const axes = numeric(model).map((c) => c.name);
  // What moves a transition is worth an axis; two of them make a plane.
  const turning = [...new Set(model.transitions.map((t) => t.control))];
  const x = axes.includes(given.x) ? given.x : axes.find((name) => name === turning[0]) ||
    axes[0] || "";
  const shown = shownObservables(model).map((o) => `:${o.name}`);
  const fallback = turning.find((name) => name !== x && axes.includes(name)) || shown[0] || "";
  const y = (axes.includes(given.y) && given.y !== x) || shown.includes(given.y) ?
    given.y : fallback;
  const branches = model.branches.map((b) => b.name);
  const asked = (given.branches || []).filter((name) => branches.includes(name));
  const quick = model.branches.filter((b) => !b.dear).map((b) => b.name);
  const size = Math.round(Number(given.size)) || Math.min(model.size.greatest, model.size.control
    && model.size.meaning.includes("linear") ? 128 : Math.max(model.size.quick, 400));
  const largest = Math.max(model.size.least, model.size.typical[1]);
  return {model: model.model, controls, x, y, branches: asked.length ? asked : quick,
    size: given.size ? size : Math.min(size, largest), seed: Math.round(Number(given.seed)) || 0};
}

export function toQuery(state) {
  const query = new URLSearchParams({model: state.model});
  for (const name of ["x", "y", "size", "seed"]) {
    if (state[name] !== undefined) query.set(name, state[name]);
  }
  if (state.branches) query.set("branches", state.branches.join(","));
  for (const [name, value] of Object.entries(state.controls || {})) query.set(`c.${name}`, value);
  return query.toString();
}

export function fromQuery(query) {
  const state = {controls: {}};
  for (const [name, value] of query) {
    if (name.startsWith("c.")) state.controls[name.slice(2)] = value;
    else if (name === "branches") state.branches = value.split(",");
    else state[name] = value;
  }
  return state;
}
