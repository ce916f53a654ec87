// Committing to an uploaded model.

import { call, upload } from "./api.js";
import { cutting } from "./cuts.js";
import { choice, element, field, form, input as line, sheet } from "./dom.js";
import { committingExample } from "./examples.js";
import { fileField, perInput } from "./files.js";
import { shape } from "./format.js";
import { right } from "./policy.js";
import { quoted } from "./text.js";

const BINDINGS = [
  ["public", "show their input", "whoever gets a receipt sees what the model was asked"],
  ["committed", "hide their input", "they show a commitment that you can open later; a proof takes a little longer"],
];

/** What people expect on a card, by the names that it has there. */
const SAID = [["name", "Name"], ["version", "Version"], ["licence", "Licence"], ["intended_use", "Intended use"], ["contact", "Contact"], ["data", "Data"]];

/** Fields for what the card says; `read` gives that, or nothing. */
function saying(graph) {
  const texts = SAID.map(([name, title]) => [name, field(title, line(name))]);
  const outputs = graph ? graph.outputs.map((value) => graph.values[value].name) : [];
  const classes = outputs.map((name, index) => [name, field(outputs.length === 1 ? "Classes" : `Classes of ${quoted(name)}`, line(`classes${index}`, { placeholder: "cat, dog" }), "The name of each label, in their order, with commas between them; verdicts show it.")]);
  const value = (made) => made.querySelector("input").value.trim();
  const read = () => {
    const said = Object.fromEntries(texts.map(([name, made]) => [name, value(made)]).filter(([, text]) => text !== ""));
    const named = classes.filter(([, made]) => value(made) !== "").map(([name, made]) => ({ name, classes: value(made).split(",").map((one) => one.trim()) }));
    const about = { ...said, ...(named.length > 0 ? { outputs: named } : {}) };
    return Object.keys(about).length > 0 ? about : undefined;
  };
  const node = element("details", "", element("summary", "", "What the card says of the model (optional)"), element("div", "fields", ...texts.map(([, made]) => made), ...classes.map(([, made]) => made)));
  return { node, read, classes: classes[0]?.[1].querySelector("input") };
}

export function committing(sha256, summary, graph, signal) {
  const { input_shapes: shapes } = summary;
  // A file that was uploaded before graphs were kept has no names; then it has one input, or is uploaded again.
  const inputs = graph ? graph.inputs.map((value) => graph.values[value]) : shapes.map((extents) => ({ name: "", shape: extents }));
  const rows = ({ shape: extents }) => `Rows of shape ${shape(extents.slice(1))} in a .npy file`;
  const calibration = perInput(inputs, "Calibration data", (input) => fileField(of("Calibration data", input), { hint: `${rows(input)}; the scales of all numbers are chosen from them`, accept: ".npy", required: true }));
  const heldOut = perInput(inputs, "Held-out data", (input) => fileField(of("Held-out data", input), { hint: "Optional: other rows, that the fidelity on the card is measured on", accept: ".npy" }));
  function of(what, { name }) {
    return inputs.length === 1 ? what : `${what} of ${quoted(name)}`;
  }
  const said = saying(graph);
  const items = line("items", { inputMode: "numeric", placeholder: "one" });
  const cuts = cutting(summary.forecast === undefined);
  const act = async (made, tell) => {
    const send = async (bytes) => (await upload("inputs", bytes, tell, signal)).sha256;
    const binding = (index) => made.elements[`binding${index}`].value;
    const bindings = inputs.length === 1 ? { input: binding(0) } : { inputs: Object.fromEntries(inputs.map(({ name }, index) => [name, binding(index)])) };
    const about = said.read();
    const asked = right(items, /^([1-9]\d{0,4})?$/.test(items.value.trim()), "The rows of a batch are a whole number, at least 1.");
    const parts = cuts.read(asked !== "");
    const json = { about, batch: asked === "" ? undefined : Number(asked), calibration: await calibration.send(send), held_out: heldOut.given() ? await heldOut.send(send) : undefined, ...parts, ...bindings };
    const response = await call("POST", `/v1/models/${sha256}/commit`, { json, signal });
    location.hash = `#/jobs/${(await response.json()).id}`;
  };
  return sheet(
    "Commit",
    element("p", "hint", "Fixes the weights: the result is a card that anybody may see, and every receipt is about exactly this card. The weights stay secret."),
    form(
      "Commit to this model",
      act,
      element("div", "stack", ...calibration.nodes, ...heldOut.nodes, ...committingExample(summary, calibration.fields[0], heldOut.fields[0], said.classes)),
      ...inputs.map((input, index) => choice(of("Receipts", input), `binding${index}`, BINDINGS)),
      field("Rows in one proof", items, "Optional. The model then runs on so many rows at once, a batch, and receipts may count their labels: accuracy, a confusion matrix, rates of groups."),
      cuts.node,
      said.node,
    ),
  );
}
