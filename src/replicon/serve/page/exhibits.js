// The exhibits: what the head and the first screen tell of them. The screens are fetched when they
// are opened (screens.js).

import {say} from "./words.js";

// name: its address; short, title, sentence: () => text; thumb: the network of its picture on the
// first screen, {network, arguments, view, speed}.
export const EXHIBITS = [
  {
    name: "ising",
    short: () => say("Ising"),
    title: () => say("Order from nothing"),
    sentence: () => say("Cool a lattice of spins through its critical point: out of noise comes " +
      "order, and nobody told it which."),
    thumb: {network: "model", arguments: {model: "square-lattice", controls: {temperature: 2.3,
      method: "heat-bath"}, size: 128, seed: 1}, view: "spins", speed: 20},
  },
  {
    name: "hopfield",
    short: () => say("Hopfield"),
    title: () => say("When does a memory forget?"),
    sentence: () => say("A network that recalls what it has seen from a damaged part of it, " +
      "until one memory too many."),
    thumb: {network: "hopfield.memory", arguments: {controls: {load: 0.04, temperature: 0.4,
      start: 0.4}, size: 784, seed: 0}, view: "spins", speed: 10},
  },
  {
    name: "perceptron",
    short: () => say("Perceptron"),
    title: () => say("How many ways are there to be right?"),
    sentence: () => say("Every example that a neuron must get right removes half of the ways " +
      "that were left, and then none is left at once."),
    thumb: {network: "perceptron.count", arguments: {size: 21, seed: 4}, view: "sky", speed: 3},
  },
  {
    name: "rbm",
    short: () => say("RBM"),
    title: () => say("Learning without being told"),
    sentence: () => say("Data fall in, and a machine discovers what made them: first the sign, " +
      "then the difference, then the order."),
    thumb: {network: "model", arguments: {model: "rbm-training", controls: {}, size: 16, seed: 1},
      view: "receptive_fields", speed: 2},
  },
  {
    name: "recurrent",
    short: () => say("Edge of chaos"),
    title: () => say("The edge of chaos"),
    sentence: () => say("Turn up the strength of a random network: at one it wakes."),
    thumb: {network: "recurrent.moving", arguments: {model: "recurrent-dynamics",
      controls: {gain: 1.8}, size: 200, seed: 1}, view: "trajectory", speed: 30},
  },
  {
    name: "attention",
    short: () => say("In context"),
    title: () => say("Learning without learning"),
    sentence: () => say("A machine that reads examples and answers, without changing a single " +
      "weight: when does it understand, and when does it only recite?"),
    thumb: {network: "attention.samples", view: "mean_weights", speed: 4,
      arguments: {controls: {diversity: 4, prompts: 4, context: 4, noise: 0.1, ridge: 0.01},
        size: 16, seed: 1}},
  },
  {
    name: "langevin",
    short: () => say("DNA of learning"),
    title: () => say("The DNA of learning"),
    sentence: () => say("Data, network, algorithm: learning is a walk in a landscape, and its " +
      "thermometer tells how honest the walker is."),
    thumb: {network: "model", arguments: {model: "langevin-learning",
      controls: {energy: "double-well", temperature: 0.3, method: "ula"}, size: 50, seed: 1},
        view: "histogram", speed: 20},
  },
];

// () => the title of an exhibit.
export function titleOf(name) {
  return EXHIBITS.find((one) => one.name === name).title;
}
