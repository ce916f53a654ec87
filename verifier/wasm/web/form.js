// The expectations of the form as a request. Each malformed field is marked and makes the request incomplete.

import { unhex } from "./provenn.js";
import { integersOf, readSample } from "./sample.js";

const $ = (id) => document.getElementById(id);
const POINT = 32;

/** Shows the fields that make sense for the card, all of them if there is none yet. */
export function showFields(card) {
  $("public-input").hidden = card?.public_input === false;
  $("committed-input").hidden = card?.public_input === true;
  $("bound").hidden = !["threshold", "yes-only"].includes($("policy").value);
}

/** The request, with `null` for each field that is malformed. */
export function request(files, about, card) {
  return {
    receipt: files.receipt?.bytes,
    card: files.card?.bytes,
    srs: files.srs?.bytes,
    acceptDev: $("accept-dev").checked,
    now: Math.floor(Date.now() / 1000),
    modelId: digest("model-id"),
    srsId: digest("srs-id"),
    nonce: digest("nonce"),
    audience: $("audience").value === "" ? undefined : $("audience").value,
    policy: policy(about),
    publicInput: card?.public_input === false ? undefined : input(files.input, about),
    committedInput: card?.public_input === true ? undefined : points(),
  };
}

/** Whether no field of a request is malformed. */
export function complete(request) {
  return Object.values(request).every((value) => value !== null);
}

/** Marks the field `id` as wrong, or as right if there is no message. */
function mark(id, message, fields = [id]) {
  $(`${id}-error`).textContent = message;
  for (const field of fields) $(field).setAttribute("aria-invalid", String(message !== ""));
}

function digest(id) {
  const text = $(id).value.trim();
  const bytes = text === "" ? undefined : unhex(text, 32);
  mark(id, bytes === null ? `64 hex digits are expected, this has ${text.length} characters.` : "");
  return bytes;
}

function policy(about) {
  const name = $("policy").value;
  const fields = ["bound-output", "bound-value"];
  const wrong = (message) => {
    mark("policy", message, fields);
    return null;
  };
  if (!["threshold", "yes-only"].includes(name)) {
    mark("policy", "", fields);
    return name === "" ? undefined : { name };
  }
  const output = $("bound-output").value.trim();
  const value = $("bound-value").value.trim();
  if (!/^\d{1,9}$/.test(output)) return wrong("The output index is a whole number, the first is 0.");
  if (value === "" || !Number.isFinite(Number(value))) return wrong("The threshold is a number, in the units of the model’s output.");
  if (about.outputFrac === null) return wrong("Choose the model card first: it says which integer stands for this threshold.");
  // As the prover does it: a score z stands for z / 2^frac.
  const threshold = Math.ceil(Number(value) * 2 ** about.outputFrac);
  if (Math.abs(threshold) >= 2 ** 40) return wrong("The threshold is out of range.");
  mark("policy", "", fields);
  return { name, output: Number(output), threshold };
}

function input(file, about) {
  $("input-error").textContent = "";
  if (!file) return undefined;
  try {
    return integersOf(readSample(file.bytes), about);
  } catch (error) {
    $("input-error").textContent = error.message;
    return null;
  }
}

function points() {
  const words = $("points").value.split(/\s+/).filter((word) => word !== "");
  if (words.length === 0) {
    mark("points", "");
    return undefined;
  }
  const list = words.map((word) => unhex(word, POINT));
  const wrong = list.indexOf(null);
  mark("points", wrong < 0 ? "" : `Point ${wrong + 1} is not 64 hex digits.`);
  return wrong < 0 ? list : null;
}
