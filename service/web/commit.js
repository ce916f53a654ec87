// Committing to an uploaded model.

import { call, upload } from "./api.js";
import { choice, element, form, sheet } from "./dom.js";
import { fileField, missing } from "./files.js";
import { shape } from "./format.js";

export function committing(sha256, { input_shapes: shapes }, signal) {
  const rows = shapes.length === 1 ? `Rows of shape ${shape(shapes[0].slice(1))} in a .npy file` : "Rows in a .npy file";
  const calibration = fileField("Calibration data", { hint: `${rows}; the scales of all numbers are chosen from them`, accept: ".npy", required: true });
  const heldOut = fileField("Held-out data", { hint: "Optional: other rows, that the fidelity on the card is measured on", accept: ".npy" });
  const act = async (made, tell) => {
    const send = async (field) => (field.file() ? (await upload("inputs", await field.read(), tell, signal)).sha256 : undefined);
    if (!calibration.file()) throw missing(calibration, "The calibration data");
    const json = { calibration: await send(calibration), held_out: await send(heldOut), input: made.elements.binding.value };
    const response = await call("POST", `/v1/models/${sha256}/commit`, { json, signal });
    location.hash = `#/jobs/${(await response.json()).id}`;
  };
  return sheet(
    "Commit",
    element("p", "hint", "Fixes the weights: the result is a card that anybody may see, and every receipt is about exactly this card. The weights stay secret."),
    form(
      "Commit to this model",
      act,
      element("div", "stack", calibration.node, heldOut.node),
      choice("Receipts", "binding", [
        ["public", "show their input", "whoever gets a receipt sees what the model was asked"],
        ["committed", "hide their input", "they show a commitment that you can open later; a proof takes a little longer"],
      ]),
    ),
  );
}
