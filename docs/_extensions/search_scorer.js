// The order in which pages are found: what explains before what lists, and what has changed last.
// Who types the name of a model, a study or a lesson finds that first.
var Scorer = {
  score: ([docname, , anchor, , score]) => {
    const explains = {models: 6, lessons: 5, gallery: 4, "how-to": 3};
    const lists = {api: 2, changes: 5, roadmap: 5};
    const [folder, page] = docname.split("/");
    const asked = (new URLSearchParams(location.search).get("q") || "").trim().toLowerCase();
    const named = folder in explains && page === asked.replace(/[ _]+/g, "-");
    const worth = (explains[folder] || 0) - (lists[folder] || 0);
    return score + worth * (named ? 40 : 1) - (anchor ? 1 : 0); // a page before its sections
  },
  // Sphinx's own numbers.
  objNameMatch: 11,
  objPartialMatch: 6,
  objPrio: {0: 15, 1: 5, 2: -5},
  objPrioDefault: 0,
  title: 15,
  partialTitle: 7,
  term: 5,
  partialTerm: 2,
};
