// Committing to an uploaded model.

import { call, upload } from "./api.js";
import { choice, element, form, sheet } from "./dom.js";
import { fileField, perInput } from "./files.js";
import { shape } from "./format.js";
import { quoted } from "./text.js";

const BINDINGS = [
  ["public", "show their input", "whoever gets a receipt sees what the model was asked"],
  ["committed", "hide their input", "they show a commitment that you can open later; a proof takes a little longer"],
];

export function committing(sha256, { input_shapes: shapes }, graph, signal) {
  // A file that was uploaded before graphs were kept has no names; then it has one input, or is uploaded again.
  const inputs = graph ? graph.inputs.map((value) => graph.values[value]) : shapes.map((extents) => ({ name: "", shape: extents }));
  const rows = ({ shape: extents }) => `Rows of shape ${shape(extents.slice(1))} in a .npy file`;
  const calibration = perInput(inputs, "Calibration data", (input) => fileField(of("Calibration data", input), { hint: `${rows(input)}; the scales of all numbers are chosen from them`, accept: ".npy", required: true }));
  const heldOut = perInput(inputs, "Held-out data", (input) => fileField(of("Held-out data", input), { hint: "Optional: other rows, that the fidelity on the card is measured on", accept: ".npy" }));
  function of(what, { name }) {
    return inputs.length === 1 ? what : `${what} of ${quoted(name)}`;
  }
  const act = async (made, tell) => {
    const send = async (bytes) => (await upload("inputs", bytes, tell, signal)).sha256;
    const binding = (index) => made.elements[`binding${index}`].value;
    const bindings = inputs.length === 1 ? { input: binding(0) } : { inputs: Object.fromEntries(inputs.map(({ name }, index) => [name, binding(index)])) };
    const json = { calibration: await calibration.send(send), held_out: heldOut.given() ? await heldOut.send(send) : undefined, ...bindings };
    const response = await call("POST", `/v1/models/${sha256}/commit`, { json, signal });
    location.hash = `#/jobs/${(await response.json()).id}`;
  };
  return sheet(
    "Commit",
    element("p", "hint", "Fixes the weights: the result is a card that anybody may see, and every receipt is about exactly this card. The weights stay secret."),
    form(
      "Commit to this model",
      act,
      element("div", "stack", ...calibration.nodes, ...heldOut.nodes),
      ...inputs.map((input, index) => choice(of("Receipts", input), `binding${index}`, BINDINGS)),
    ),
  );
}
