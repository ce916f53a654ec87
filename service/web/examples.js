// Examples to click: a classifier of handwritten digits with its data, from the service, and a graph with a colouring.

import { call } from "./api.js";
import { button, element } from "./dom.js";

/** The classifier, as its file names itself. */
const NAME = "digits_cnn";
export const MODEL = "digits_cnn.onnx";
const CALIBRATION = "digits_calibration.npy";
const HELD_OUT = "digits_test.npy";
const INPUT = "digits_cnn.json";
const CLASSES = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"];

/** The Petersen graph: a pentagon, a pentagram, and spokes. */
const EDGES = Array.from({ length: 5 }, (_, v) => [[v, (v + 1) % 5], [v, v + 5], [v + 5, ((v + 2) % 5) + 5]]).flat();
const COLOURS = [0, 1, 0, 1, 2, 1, 2, 2, 0, 0];

/** A file of the service's examples. */
export async function example(name) {
  const response = await call("GET", `/examples/${name}`);
  return new File([await response.blob()], name);
}

const text = (name, lines) => new File([lines.map((line) => `${line}\n`).join("")], name, { type: "text/plain" });
export const petersen = () => text("petersen.col", ["c The Petersen graph", "p edge 10 15", ...EDGES.map(([u, v]) => `e ${u + 1} ${v + 1}`)]);
export const petersenColouring = () => text("petersen.sol", COLOURS);

/** A line that fills a form with an example. */
export const filling = (words, act) => element("p", "quiet-text", button(words, "quiet", act));

/** For the form that commits: only if the model is the example. */
export function committingExample({ name }, calibration, heldOut, classes) {
  if (name !== NAME) return [];
  const fill = async () => {
    calibration.give(await example(CALIBRATION));
    heldOut.give(await example(HELD_OUT));
    if (classes) classes.value = CLASSES.join(", ");
  };
  return [filling("Fill in the example’s data", fill)];
}

/** For the form that asks for a receipt. */
export function provingExample({ name }, sample) {
  if (name !== NAME) return [];
  return [filling("Take the example’s input, a handwritten digit", async () => sample.give(await example(INPUT)))];
}
