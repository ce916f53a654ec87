// The expectations of the form as a request. Each malformed field is marked and makes the request incomplete.

import { unhex } from "./provenn.js";
import { integersOf, readSample } from "./sample.js";

const $ = (id) => document.getElementById(id);
const POINT = 32;
/** Where the output is asked for, by policy. */
const RESULTS = { label: "result-label", scores: "result-scores", threshold: "result-bit" };
/** Scores are below this. */
const BOUND = 2 ** 40;

/** Shows the fields that make sense for the card, all of them if there is none yet. */
export function showFields(card) {
  $("public-input").hidden = card?.public_input === false;
  $("committed-input").hidden = card?.public_input === true;
  const policy = $("policy").value;
  $("bound").hidden = !["threshold", "yes-only"].includes(policy);
  // The output of yes-only is always yes.
  for (const [name, id] of Object.entries(RESULTS)) $(id).hidden = name !== policy;
}

/** The request, with `null` for each field that is malformed. */
export function request(files, about, card) {
  return {
    receipt: files.receipt?.bytes,
    card: files.card?.bytes,
    srs: files.srs?.bytes,
    acceptDev: $("accept-dev").checked,
    now: now(),
    modelId: digest("model-id"),
    srsId: digest("srs-id"),
    nonce: digest("nonce"),
    audience: $("audience").value === "" ? undefined : $("audience").value,
    policy: policy(about),
    result: result(about),
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
  if (Math.abs(threshold) >= BOUND) return wrong("The threshold is out of range.");
  mark("policy", "", fields);
  return { name, output: Number(output), threshold };
}

/** The expected output as integers of the quantized model. */
function result(about) {
  for (const id of ["label", "scores"]) mark(id, "");
  switch ($("policy").value) {
    case "label":
      return label();
    case "scores":
      return scores(about);
    case "threshold":
      return $("bit").value === "" ? undefined : [Number($("bit").value)];
    default:
      return undefined;
  }
}

function label() {
  const text = $("label").value.trim();
  if (text === "") return undefined;
  const right = /^\d{1,9}$/.test(text);
  mark("label", right ? "" : "A label is a whole number, the first is 0.");
  return right ? [Number(text)] : null;
}

/** A score is the integer nearest to what is entered: what the verdict shows is rounded too. */
function scores({ outputFrac }) {
  const words = $("scores").value.split(/[\s,;]+/).filter((word) => word !== "");
  if (words.length === 0) return undefined;
  const wrong = (message) => {
    mark("scores", message);
    return null;
  };
  const bad = words.findIndex((word) => !Number.isFinite(Number(word)));
  if (bad >= 0) return wrong(`Score ${bad + 1} is not a number.`);
  if (outputFrac === null) return wrong("Choose the model card first: it says which integers stand for these scores.");
  const integers = words.map((word) => Math.round(Number(word) * 2 ** outputFrac));
  const large = integers.findIndex((integer) => Math.abs(integer) >= BOUND);
  return large < 0 ? integers : wrong(`Score ${large + 1} is out of range.`);
}

/** The time at which the receipt must be valid, in unix seconds. */
function now() {
  const text = $("now").value.trim();
  const entered = /^(\d{4}-\d\d-\d\d)(?:[ T](\d\d:\d\d(?::\d\d)?))?(?: ?UTC|Z)?$/i.exec(text);
  const time = text === "" ? Date.now() : entered ? Date.parse(`${entered[1]}T${entered[2] ?? "00:00"}Z`) : NaN;
  // A day that does not exist is another one to the browser.
  const right = time >= 0 && (!entered || new Date(time).toISOString().startsWith(entered[1]));
  mark("now", right ? "" : "A time is expected as 2030-01-31 or 2030-01-31 23:59:59, in UTC.");
  return right ? Math.floor(time / 1000) : null;
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
