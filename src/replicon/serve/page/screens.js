// The screens of the exhibits, each fetched when it is first opened: a function
// (root, {query, models}) -> {close, moved}.

export const SCREENS = {
  ising: async () => (await import("./ising.js")).isingScreen,
  hopfield: async () => (await import("./hopfield.js")).hopfieldScreen,
  perceptron: async () => (await import("./perceptron.js")).perceptronScreen,
  rbm: async () => (await import("./rbm.js")).rbmScreen,
  recurrent: async () => (await import("./recurrent.js")).recurrentScreen,
  attention: async () => (await import("./attention.js")).attentionScreen,
  langevin: async () => (await import("./langevin.js")).langevinScreen,
};
