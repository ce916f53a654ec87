// A report in plain words. Everything here is text made of a report; nothing decides anything.

import { quoted } from "./text.js";

const integer = (value, least, most) => Number.isInteger(value) && value >= least && value <= most;
const extents = (value) => Array.isArray(value) && value.every((d) => integer(d, 0, 2 ** 31));
const record = (value) => value !== null && typeof value === "object" && !Array.isArray(value);
const pairs = (form) => (value) => Array.isArray(value) && value.every((pair) => Array.isArray(pair) && pair.length === 2 && typeof pair[0] === "string" && form(pair[1]));
const string = (value) => typeof value === "string";
const lifts = (value) => value === undefined || (Array.isArray(value) && value.every((lift) => integer(lift, 0, 255)));
/** At least one tensor, each with name, shape and scale, and these fields. */
const tensors = (more) => (value) => {
  const fields = Object.entries({ name: string, shape: extents, frac: (value) => integer(value, -900, 644), ...more });
  const tensor = (one) => record(one) && lifts(one.lifts) && fields.every(([field, form]) => Object.hasOwn(one, field) && form(one[field]));
  return Array.isArray(value) && value.length > 0 && value.every(tensor);
};
/** The parts of a description that the prover reads, with their forms: a card without them is refused there too. */
export const PARTS = {
  name: string,
  inputs: tensors({ elements: (value) => string(value) || record(value), binding: (value) => value === "public" || value === "committed" }),
  outputs: tensors({}),
  parameters: (value) => integer(value, 0, Number.MAX_SAFE_INTEGER),
  shape: record,
  ranges: (value) => Array.isArray(value) && value.every(Number.isInteger),
  tensors: pairs(Number.isInteger),
  fidelity: (value) => record(value) && ["rows", "label_flips", "max_error", "relative_error"].every((name) => Number.isFinite(value[name])),
  leakage: pairs(string),
};

const told = (value) => value === null || string(value);
const list = (form) => (value) => Array.isArray(value) && value.every(form);
const fields = (forms, value) => record(value) && Object.entries(value).every(([field, part]) => Object.hasOwn(forms, field) && forms[field](part));
/** What publishers may say of a model: every field is optional, and no other is known. */
const SAID = {
  name: told, version: told, licence: told, intended_use: told, contact: told, data: told,
  inputs: list((one) => fields({ name: string, unit: string }, one) && string(one.name) && string(one.unit)),
  outputs: list((one) => fields({ name: string, unit: told, classes: list(string) }, one) && string(one.name)),
};

/** Whether a publisher speaks of what the model has, and names a class for each label or none. */
function fits(said, parsed, card) {
  const once = (part) => new Set((said[part] ?? []).map(({ name }) => name)).size === (said[part] ?? []).length;
  const known = (part) => (said[part] ?? []).every(({ name }) => parsed[part].some((one) => one.name === name));
  const labels = (name) => card.outputs?.[parsed.outputs.findIndex((one) => one.name === name)]?.labels;
  const whole = (said.outputs ?? []).every(({ name, classes = [] }) => classes.length === 0 || classes.length === labels(name));
  return once("inputs") && once("outputs") && known("inputs") && known("outputs") && whole;
}

/**
 * What the card's publisher says about the model: bound by the model id, but free text. `wrong` says why a description
 * cannot be read; nothing of it is shown then, and no receipt is accepted under it.
 */
export function description(card) {
  const nothing = { name: "", parameters: null, inputs: [], outputs: [], fidelity: null, items: 0, said: {}, wrong: null };
  if (!card) return nothing;
  let parsed;
  try {
    parsed = JSON.parse(card.description);
  } catch {
    return { ...nothing, wrong: "it is not JSON" };
  }
  if (!record(parsed)) return { ...nothing, wrong: "it is no JSON object" };
  const repeated = twice(card.description);
  if (repeated !== null) return { ...nothing, wrong: `the field ${quoted(repeated)} appears twice` };
  const bad = Object.keys(PARTS).find((name) => !Object.hasOwn(parsed, name) || !PARTS[name](parsed[name]));
  if (bad) return { ...nothing, wrong: `the field "${bad}" is missing or of another form` };
  const said = parsed.about ?? {};
  if (!fields(SAID, said) || !fits(said, parsed, card)) return { ...nothing, wrong: 'the field "about" is of another form, or does not fit the model' };
  return {
    name: parsed.name,
    parameters: parsed.parameters,
    inputs: parsed.inputs,
    outputs: parsed.outputs,
    fidelity: parsed.fidelity,
    // How many a batch has; 0 if the model takes one at a time.
    items: integer(parsed.shape.items, 0, 65_536) ? parsed.shape.items : 0,
    said,
    wrong: null,
  };
}

/** A key that one object of a JSON text has twice, or null: readers differ on which of them counts. */
function twice(json) {
  const open = [];
  for (const [token, , colon] of json.matchAll(/"((?:[^"\\]|\\.)*)"(\s*:)?|[{}[\]]/gs)) {
    if (token === "{" || token === "[") open.push(new Set());
    else if (token === "}" || token === "]") open.pop();
    else if (colon) {
      const key = JSON.parse(token.slice(0, token.lastIndexOf('"') + 1));
      if (open.at(-1).has(key)) return key;
      open.at(-1).add(key);
    }
  }
  return null;
}

/**
 * An integer of the quantized model in the model's own units: the decimal of the fewest digits after the point that is nearest to this integer
 * and to no other, as `text::decimal` of the verifier writes it.
 */
export function real(integer, frac) {
  if (frac === null) return `${integer} (integer of the quantized model)`;
  if (Math.abs(frac) > 64) return `${integer} * 2^${-frac}`;
  if (frac <= 0) return String(BigInt(integer) << BigInt(-frac));
  const [size, unit] = [BigInt(Math.abs(integer)), 1n << BigInt(frac)];
  for (let digits = 0, power = 1n; ; digits++, power *= 10n) {
    const number = (2n * size * power + unit) / (2n * unit);
    const off = 2n * (number * unit - size * power);
    if (off >= power || -off >= power) continue;
    const text = String(number).padStart(digits + 1, "0");
    const point = text.length - digits;
    return (integer < 0 ? "-" : "") + text.slice(0, point) + (digits > 0 ? `.${text.slice(point)}` : "");
  }
}

/** A sentence of a report: texts, and integers of the quantized model, each with the output that it is of, in the units of that output. */
export const sentence = (words, { outputs }) => words.map((word) => (Array.isArray(word) ? real(word[0], outputs[word[1]]?.frac ?? null) : word)).join("");

/** The one inference that a claim states, or null: of others no receipt is accepted. */
export function inference({ body }) {
  const [item, ...more] = body.items ?? [];
  return item && item.inputs.length > 0 && more.length === 0 ? { ...body, ...item } : null;
}

/** Which outputs of several a policy speaks of, by the name that the publisher gave; null if there is one. */
export function spoken({ target }, { outputs }) {
  if (outputs.length < 2) return null;
  if (target === "all") return `all ${outputs.length} outputs`;
  return `${quoted(outputs[target]?.name ?? "?")}, number ${target} of ${outputs.length}; the others stay hidden`;
}

/** What the publisher calls a label of an output, or null. */
export function className({ said, outputs }, output, label) {
  const about = said.outputs?.find(({ name }) => name === outputs[output]?.name);
  return about?.classes?.[label] ?? null;
}

/** What the publisher says of the model, as pairs of a term and a text. */
export function sayings({ said }) {
  const texts = [["Called", said.name], ["Version", said.version], ["Licence", said.licence], ["Intended use", said.intended_use], ["Contact", said.contact], ["Data", said.data]];
  const units = [...(said.inputs ?? []), ...(said.outputs ?? [])].map(({ name, unit }) => [`Unit of ${quoted(name)}`, unit]);
  const classes = (said.outputs ?? []).map(({ name, classes: names }) => [`Classes of ${quoted(name)}`, names?.map((one, label) => `${label} ${quoted(one)}`).join(", ")]);
  return [...texts, ...units, ...classes].filter(([, text]) => text);
}

/** Where an input is to be seen. */
const seen = ({ kind }) => (kind === "public" ? "shown below" : "inside the commitment below");

/** One sentence that says what a verified receipt states. */
export function statement({ claim }, about) {
  if (claim.statement === "colouring") return upper(`${claim.body.says.join("")}.`);
  const { inputs, says, policy } = inference(claim);
  // Names are their publisher's free text: they stand with the model id and below, not in the verdict.
  const numbered = inputs.map((input, index) => `input ${index} ${seen(input)}`);
  const where = inputs.length === 1 ? `the input ${seen(inputs[0])}` : `${numbered.slice(0, -1).join(", ")} and ${numbered.at(-1)}`;
  const first = about.outputs.length > 1 && policy.target === "0" ? " (of output tensor 0)" : "";
  return `The committed model gave ${sentence(says, about)}${first} for ${where}.`;
}

const upper = (text) => text.charAt(0).toUpperCase() + text.slice(1);

/** The name under which a card lists a policy of an output; its whole text, if what it lets out depends on its parameters. */
export function disclosure({ name, target, text }, card) {
  const whole = card?.leakage.some(([known]) => known === text);
  return whole ? text : target === "0" ? name : `${target}/${name}`;
}

/** What asking for a receipt of this policy lets out about a hidden input or about the weights, as the verifier counts it. */
export function leakText(name, card) {
  if (!card) return "unknown without the model’s card";
  const [, microbits] = card.leakage.find(([known]) => known === name) ?? [];
  if (microbits === undefined) return "unknown: the model offers no such policy";
  return `at most ${(microbits / 1e6).toFixed(2)} bits, the answer that there is no receipt among them`;
}

export function validText(notAfter) {
  if (notAfter === "0") return "no end";
  const date = new Date(Number(notAfter) * 1000);
  const calendar = Number.isNaN(date.getTime()) ? "beyond the calendar" : date.toISOString().replace(".000Z", " UTC").replace("T", " ");
  return `${calendar} (${notAfter})`;
}

/** What a verified receipt leaves open, given what was asked. */
export function notProven(report, about) {
  const asked = (name) => report.checks.find((check) => check.name === name)?.state === "passed";
  const list = [];
  if (report.verdict === "dev-verified") {
    list.push("Anything at all, to somebody who does not trust the machine that made the development SRS: whoever knows its secret can forge receipts.");
  }
  if (report.claim?.statement === "colouring") return [...list, ...colouringNotProven(asked)];
  if (!asked("named-model")) {
    list.push("That this card is the one its publisher published: you named no model id, so the card is taken on the word of whoever gave it to you.");
  }
  if (report.bundle?.signed || report.bundle?.logged) {
    list.push("What vouches for the card in the bundle (a publisher's signature, a log's proof): this page does not check it, provenn verify does.");
  }
  if (report.bundle?.agreement) {
    list.push("That the receipt keeps to the agreement in the bundle, and that its parties signed it: this page does not check it, provenn verify does.");
  }
  if (report.bundle?.state) {
    list.push("Whether the model was revoked: what its publisher says of that is in the bundle, and this page does not check it, provenn verify does.");
  }
  if (!asked("named-srs")) {
    list.push("That these are the parameters you trust: you named no SRS id, so the key file is taken on the word of whoever gave it to you, whatever kind it says it is.");
  }
  if (!asked("nonce")) {
    list.push("That the receipt is fresh, or was made for you: you named no nonce, so it may be a copy.");
  }
  if (report.claim && inference(report.claim).inputs.some(({ kind }) => kind === "committed")) {
    list.push("What the committed input is, and where it came from.");
  } else {
    list.push("Where the input came from.");
  }
  list.push(
    "That the operator kept no copy of the input, and that no other receipt was made and withheld.",
    "That the model is good, or fit for your purpose." +
      (about.fidelity ? " The fidelity on the card, how far its integers are from the float model, is its publisher's own measurement." : ""),
    "That the circuit is the network the card describes: that is its publisher's word, unless somebody you trust audited the card (provenn audit).",
  );
  return list;
}

function colouringNotProven(asked) {
  return [
    ...(asked("named-srs") ? [] : ["That these are the parameters you trust: you named no SRS id, so the key file is taken on the word of whoever gave it to you."]),
    ...(asked("nonce") ? [] : ["That the receipt is fresh, or was made for you: you named no nonce, so it may be a copy."]),
    "That fewer colours are not enough.",
    "Who else knows a colouring, and how it was found.",
  ];
}
