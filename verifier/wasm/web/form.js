// The expectations of the form as a request. Each malformed field is marked and makes the request incomplete.

import { policyText, scaled, unhex } from "./provenn.js";
import { integersOf, readSamples } from "./sample.js";
import { printable } from "./text.js";

const $ = (id) => document.getElementById(id);
const POINT = 32;
/** Where the answer is asked for, by its form; what a receipt of the form `yes` says is always yes. */
const ANSWERS = { label: "result-label", labels: "result-labels", scores: "result-scores", bit: "result-bit" };
const LIST = /^\d{1,9}([\s,:]+\d{1,9})*$/;
/** How whole numbers are entered, by their unit. */
const WHOLE = {
  output: { start: "0", right: /^\d{1,9}$/, wanted: "a whole number is expected, the first output is 0." },
  outputs: { start: "", right: LIST, wanted: "whole numbers with spaces between them are expected, the first output is 0." },
  count: { start: "1", right: /^[1-9]\d{0,8}$/, wanted: "a whole number is expected, at least 1." },
  items: { start: "1", right: /^[1-9]\d{0,8}$/, wanted: "a whole number is expected, at least 1." },
  label: { start: "", right: LIST, wanted: "labels with spaces between them are expected, the first is 0." },
  labels: { start: "", right: LIST, wanted: "a label for each item is expected, with spaces between them." },
  groups: { start: "", right: LIST, wanted: "a group for each item is expected, with spaces between them." },
  marks: { start: "", right: LIST, wanted: "a label and a group for each item are expected, with spaces between them." },
};
/** Units of which there may be several. */
const LISTS = ["outputs", "label", "labels", "groups", "marks"];
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
/** The output that the policy is to speak of: an index, or `all`. */
const target = () => $("target").value || "0";
/** The scores of all outputs are their own kind of answer. */
const kind = () => (target() === "all" ? "scores" : chosen()?.form);
const parameterId = (name) => `parameter-${name.replaceAll(" ", "-")}`;

/** Shows the fields that make sense for the card, all of them if there is none yet. */
export function showFields(card, about) {
  const bound = (kind) => !card || card.inputs.some((input) => input.public === kind);
  $("public-input").hidden = !bound(true);
  $("committed-input").hidden = !bound(false);
  showTargets(about.outputs);
  const policy = chosen();
  if ($("parameters").dataset.policy !== (policy?.name ?? "")) {
    $("parameters").dataset.policy = policy?.name ?? "";
    $("parameters").replaceChildren(...(policy?.parameters ?? []).map(parameterField));
  }
  for (const [form, id] of Object.entries(ANSWERS)) $(id).hidden = !policy || form !== kind();
}

/** Which of several receipts of a bundle is judged. */
export function showReceipts(count) {
  if ($("which").options.length === count) return;
  $("which").replaceChildren(...Array.from({ length: count }, (_, index) => new Option(`${index + 1} of ${count}`, String(index))));
  $("receipts").hidden = count < 2;
}

/** Which outputs a policy can speak of, where there are several. */
function showTargets(outputs) {
  const names = JSON.stringify(outputs.map(({ name }) => name));
  if ($("target").dataset.outputs === names) return;
  $("target").dataset.outputs = names;
  const several = outputs.length > 1 ? outputs : [];
  const options = several.map(({ name }, index) => new Option(`${index}: ${printable(name)}`, String(index)));
  $("target").replaceChildren(...options, ...(several.length > 0 ? [new Option("all: the scores of all outputs", "all")] : []));
  $("targets").hidden = several.length === 0;
}

function parameterField({ name, title, unit }) {
  const field = document.createElement("input");
  Object.assign(field, { id: parameterId(name), inputMode: LISTS.includes(unit) ? "text" : unit in WHOLE ? "numeric" : "decimal", value: WHOLE[unit]?.start ?? "", placeholder: LISTS.includes(unit) ? "0 3 7" : "0.5" });
  field.setAttribute("aria-describedby", "policy-error");
  const label = document.createElement("label");
  label.append(title, field);
  return label;
}

/** The request, with `null` for each field that is malformed. */
export function request(files, about, card) {
  return {
    bundle: files.bundle?.bytes,
    receiptIndex: files.bundle ? Number($("which").value) : undefined,
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
    publicInputs: $("public-input").hidden ? undefined : input(files.input, about),
    committedInputs: $("committed-input").hidden ? undefined : points(card),
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
  if (target() === "all" && asked.name !== "scores") return wrong("Of all outputs together only the scores can be asked.");
  const frac = about.outputs[target()]?.frac ?? null;
  const values = {};
  for (const { name, title, unit } of parameters) {
    const text = $(parameterId(name)).value.trim();
    if (unit in WHOLE) {
      if (!WHOLE[unit].right.test(text)) return wrong(`${title}: ${WHOLE[unit].wanted}`);
      values[name] = text.split(/[\s,:]+/).join(":");
    } else {
      if (text === "" || !Number.isFinite(Number(text))) return wrong(`${title}: a number is expected, in the units of the model’s output.`);
      if (frac === null) return wrong("Choose the model card first: it says which integer stands for this number.");
      values[name] = scaled(text, frac);
      if (Math.abs(values[name]) >= BOUND) return wrong(`${title}: the number is out of range.`);
    }
  }
  return policyText(asked, values, target());
}

/** The expected answer, with integers of the quantized model. */
function answer(about) {
  for (const id of ["label", "labels", "scores"]) mark(id, "");
  switch (chosen() && kind()) {
    case "label":
      return label();
    case "labels":
      return labels();
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

/** Labels, which stand in the claim in ascending order. */
function labels() {
  const words = $("labels").value.split(/[\s,;]+/).filter((word) => word !== "");
  if (words.length === 0) return undefined;
  const right = words.every((word) => /^\d{1,9}$/.test(word));
  mark("labels", right ? "" : "Labels are whole numbers, the first is 0.");
  return right ? words.map(Number).sort((a, b) => a - b).join(" ") : null;
}

/** A score is the integer nearest to what is entered: what the verdict shows is rounded too. Outputs are separated by `|`. */
function scores({ outputs }) {
  if ($("scores").value.trim() === "") return undefined;
  const wrong = (message) => {
    mark("scores", message);
    return null;
  };
  const lists = target() === "all" ? $("scores").value.split("|") : [$("scores").value];
  const answers = [];
  for (const [index, list] of lists.entries()) {
    const frac = outputs[target() === "all" ? index : target()]?.frac ?? null;
    const words = list.split(/[\s,;]+/).filter((word) => word !== "");
    const bad = words.findIndex((word) => !Number.isFinite(Number(word)));
    if (bad >= 0) return wrong(`Score ${bad + 1} is not a number.`);
    if (outputs.length === 0) return wrong("Choose the model card first: it says which integers stand for these scores.");
    if (frac === null) return wrong(`The model has ${outputs.length} outputs, separated by |.`);
    const integers = words.map((word) => Math.round(Number(word) * 2 ** frac));
    const large = integers.findIndex((integer) => Math.abs(integer) >= BOUND);
    if (large >= 0) return wrong(`Score ${large + 1} is out of range.`);
    answers.push(integers.join(" "));
  }
  return answers.join(" | ");
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
    return readSamples(file.bytes, about.inputs).map(([index, sample]) => [index, integersOf(sample, about.inputs[index])]);
  } catch (error) {
    $("input-error").textContent = error.message;
    return null;
  }
}

/** Commitments by the index of their input: of several committed inputs a line for each, in their order; an empty one asks nothing. */
function points(card) {
  const committed = (card?.inputs ?? [{ public: false }]).flatMap((input, index) => (input.public ? [] : [index]));
  const text = $("points").value;
  const lines = committed.length > 1 ? text.split("\n") : [text];
  const asked = [];
  for (const [line, list] of lines.entries()) {
    const words = list.split(/\s+/).filter((word) => word !== "");
    if (words.length === 0) continue;
    const points = words.map((word) => unhex(word, POINT));
    const wrong = points.indexOf(null);
    if (wrong >= 0 || committed[line] === undefined) {
      mark("points", wrong < 0 ? `The model has ${committed.length} committed inputs.` : `Point ${wrong + 1} is not 64 hex digits.`);
      return null;
    }
    asked.push([committed[line], points]);
  }
  mark("points", "");
  return asked.length === 0 ? undefined : asked;
}
