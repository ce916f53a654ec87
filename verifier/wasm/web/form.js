// The expectations of the form as a request. Each malformed field is marked and makes the request incomplete.

import { policyText, scaled, unhex } from "./provenn.js";
import { integersOf, readSample } from "./sample.js";

const $ = (id) => document.getElementById(id);
const POINT = 32;
/** Where the answer is asked for, by its form; what a receipt of the form `yes` says is always yes. */
const ANSWERS = { label: "result-label", scores: "result-scores", bit: "result-bit" };
/** Scores are below this. */
const BOUND = 2 ** 40;

/** The policies that can be chosen, with a field for each of their parameters. */
let offered = [];

/** Builds the choice of policies: `known` is the verifier's list. */
export function offer(known) {
  offered = known;
  for (const { name, title } of known) $("policy").add(new Option(`${name}: ${title}`, name));
}

const chosen = () => offered.find(({ name }) => name === $("policy").value);
const parameterId = (name) => `parameter-${name.replaceAll(" ", "-")}`;

/** Shows the fields that make sense for the card, all of them if there is none yet. */
export function showFields(card) {
  $("public-input").hidden = card?.public_input === false;
  $("committed-input").hidden = card?.public_input === true;
  const policy = chosen();
  if ($("parameters").dataset.policy !== (policy?.name ?? "")) {
    $("parameters").dataset.policy = policy?.name ?? "";
    $("parameters").replaceChildren(...(policy?.parameters ?? []).map(parameterField));
  }
  for (const [form, id] of Object.entries(ANSWERS)) $(id).hidden = form !== policy?.form;
}

function parameterField({ name, title, unit }) {
  const field = document.createElement("input");
  Object.assign(field, { id: parameterId(name), inputMode: unit === "output" ? "numeric" : "decimal", value: unit === "output" ? "0" : "", placeholder: "0.5" });
  field.setAttribute("aria-describedby", "policy-error");
  const label = document.createElement("label");
  label.append(title, field);
  return label;
}

/** The request, with `null` for each field that is malformed. */
export function request(files, about, card) {
  return {
    receipt: files.receipt?.bytes,
    card: files.card?.bytes,
    graph: files.graph?.bytes,
    colours: colours(),
    srs: files.srs?.bytes,
    acceptDev: $("accept-dev").checked,
    now: now(),
    modelId: digest("model-id"),
    srsId: digest("srs-id"),
    nonce: digest("nonce"),
    audience: $("audience").value === "" ? undefined : $("audience").value,
    policy: policy(about),
    answer: answer(about),
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

function colours() {
  const text = $("colours").value.trim();
  const right = text === "" || /^\d{1,2}$/.test(text);
  mark("colours", right ? "" : "A whole number is expected, from 2 to 16.");
  if (!right) return null;
  return text === "" ? undefined : Number(text);
}

function policy(about) {
  const asked = chosen();
  const parameters = asked?.parameters ?? [];
  const fields = parameters.map(({ name }) => parameterId(name));
  const wrong = (message) => {
    mark("policy", message, fields);
    return null;
  };
  mark("policy", "", fields);
  if (!asked) return undefined;
  const values = {};
  for (const { name, title, unit } of parameters) {
    const text = $(parameterId(name)).value.trim();
    if (unit === "output") {
      if (!/^\d{1,9}$/.test(text)) return wrong(`${title}: a whole number is expected, the first output is 0.`);
      values[name] = text;
    } else {
      if (text === "" || !Number.isFinite(Number(text))) return wrong(`${title}: a number is expected, in the units of the model’s output.`);
      if (about.outputFrac === null) return wrong("Choose the model card first: it says which integer stands for this number.");
      values[name] = scaled(text, about.outputFrac);
      if (Math.abs(values[name]) >= BOUND) return wrong(`${title}: the number is out of range.`);
    }
  }
  return policyText(asked, values);
}

/** The expected answer, with integers of the quantized model. */
function answer(about) {
  for (const id of ["label", "scores"]) mark(id, "");
  switch (chosen()?.form) {
    case "label":
      return label();
    case "scores":
      return scores(about);
    case "bit":
      return $("bit").value === "" ? undefined : $("bit").value;
    default:
      return undefined;
  }
}

function label() {
  const text = $("label").value.trim();
  if (text === "") return undefined;
  const right = /^\d{1,9}$/.test(text);
  mark("label", right ? "" : "A label is a whole number, the first is 0.");
  return right ? text : null;
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
  return large < 0 ? integers.join(" ") : wrong(`Score ${large + 1} is out of range.`);
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
