// A receipt in, what it states out, in the units of the model. What is not as asked is thrown.

import { load, unhex } from "./provenn.js";

const FILES = ["bundle", "receipt", "card", "srs"];
/** What a caller relies on has to be named. */
const USUAL = ["modelId", "policy", "audience", "nonce"];
const KNOWN = [...FILES, ...USUAL, "receiptIndex", "srsId", "now", "acceptDev"];
const UNREAD = {
  code: "card-description",
  message: "the description on the card is not one that this release reads",
  help: "Get the card again from its publisher, or use the release that made it.",
};

/** Why a receipt is refused. */
export class VerifyError extends Error {
  constructor({ code, message, help, check = null }, fields = []) {
    super(message);
    this.name = "VerifyError";
    this.code = code;
    this.help = help;
    this.check = check;
    this.fields = fields;
  }
}

let verifier;

/** Verifies a receipt. Documented in index.d.ts. */
export async function verify(request) {
  const unknown = Object.keys(request).find((name) => !KNOWN.includes(name));
  if (unknown !== undefined) throw new TypeError(`${unknown} is nothing that can be asked; known are ${KNOWN.join(", ")}`);
  const missing = USUAL.find((name) => request[name] === undefined);
  if (missing !== undefined) throw new TypeError(`${missing} is missing; null says that it is not checked`);
  const { policy, audience, receiptIndex, acceptDev = false, now = Math.floor(Date.now() / 1000) } = request;
  const asked = { realPolicy: policy, audience, receiptIndex, acceptDev, now };
  for (const name of FILES) asked[name] = await bytes(request[name], name);
  for (const name of ["modelId", "srsId", "nonce"]) asked[name] = digest(request[name], name);
  const { verdict, error, differences, values, claim, card } = (await loaded()).verify(asked);
  if (error) throw new VerifyError(error, differences?.map(({ field }) => field));
  if (!values) throw new VerifyError(UNREAD);
  const { words, target, inputs, ...answer } = values;
  const { schema } = card;
  return {
    development: verdict === "dev-verified",
    words,
    answer,
    policy: claim.body.policy.name,
    output: target === "all" ? null : schema.outputs[target].name,
    inputs: schema.inputs.map(({ name, shape, unit }, index) => ({ name, shape, unit, values: inputs[index] })),
    modelId: card.model_id,
    audience: claim.audience,
    nonce: claim.nonce,
    notAfter: claim.not_after === "0" ? null : Number(claim.not_after),
  };
}

/** The module is compiled once; what failed is tried again. */
function loaded() {
  verifier ??= wasm().then(load);
  verifier.catch(() => (verifier = undefined));
  return verifier;
}

async function wasm() {
  const url = new URL("./provenn.wasm", import.meta.url);
  // Node fetches no files.
  if (url.protocol === "file:" && globalThis.process?.versions?.node) return (await import("node:fs/promises")).readFile(url);
  const answer = await fetch(url);
  if (!answer.ok) throw new Error(`${url}: ${answer.status}`);
  return answer.arrayBuffer();
}

async function bytes(value, name) {
  if (value === undefined || value instanceof Uint8Array) return value;
  if (value instanceof ArrayBuffer) return new Uint8Array(value);
  if (value instanceof Blob) return new Uint8Array(await value.arrayBuffer());
  throw new TypeError(`${name} has to be a Uint8Array, an ArrayBuffer, or a Blob such as a file`);
}

function digest(value, name) {
  if (value === undefined || value === null) return undefined;
  const bytes = typeof value === "string" ? unhex(value, 32) : value;
  if (!(bytes instanceof Uint8Array) || bytes.length !== 32) throw new TypeError(`${name} has to be 64 hexadecimal digits, or a Uint8Array of 32 bytes`);
  return bytes;
}
