// The verifier in a browser or in node: bytes in, report out. No network, no clock, no state between calls.

/** Compiles the module (`wasm`: its bytes) and returns it as a verifier. */
export async function load(wasm) {
  const module = await WebAssembly.compile(wasm);
  return { verify: (request) => JSON.parse(run(module, encode(request))), policies: listed(module) };
}

/**
 * Runs the module on an encoded request. A fresh instance for each call: nothing of one receipt can reach the next.
 *
 * @returns {string} the report, as `report` in the crate documents it: `verdict` is `verified`, `dev-verified` or
 *   `refused`, and only under the first two is the claim true.
 */
export function run(module, request) {
  const { memory, reserve, verify, output, output_length } = new WebAssembly.Instance(module).exports;
  const address = reserve(request.length);
  new Uint8Array(memory.buffer, address, request.length).set(request);
  verify();
  return new TextDecoder().decode(new Uint8Array(memory.buffer, output(), output_length()));
}

/** What can be asked: `policies` of the crate, a list with `name`, `title`, `parameters` and `form` of each policy. */
function listed(module) {
  const { memory, policies, output, output_length } = new WebAssembly.Instance(module).exports;
  policies();
  return JSON.parse(new TextDecoder().decode(new Uint8Array(memory.buffer, output(), output_length())));
}

/** The least integer that stands for at least this number in the units of the output. */
export const scaled = (value, outputFrac) => Math.ceil(Number(value) * 2 ** outputFrac);

/** The text of a policy, from a description of `policies`, the values of its parameters, and the output that it speaks of: an index, or `all`. */
export const policyText = ({ name, parameters }, values, target = "0") =>
  (target === "0" ? "" : `${target}/`) + [name, ...parameters.map((parameter) => values[parameter.name])].join(":");

/**
 * A request as bytes, see `Request` in the crate.
 *
 * @param request `receipt`, `card`, `srs`: bytes of the files. What you rely on, each optional: `modelId`, `srsId`,
 *   `nonce` (32 bytes each), `audience` (text), `now` (unix seconds), `acceptDev` (flag), `publicInputs` (pairs of an index and integers of
 *   the quantized model), `committedInputs` (pairs of an index and a list of 32-byte points), `policy` (text, `threshold:0:512` or
 *   `1/label`, with integers of the quantized model; or `realPolicy`, with numbers in the units of the output) and `answer` (text: scores separated by spaces, those of several outputs by ` | `, a label, `yes` or `no`).
 *   A `bundle` (bytes) in place of `receipt`, `card` and `srs`, and `receiptIndex` (a number, the first by default) for one of its receipts.
 *   For a colouring `graph` (bytes of a DIMACS file or a list of edges) in place of `card`, and `colours` (a number).
 */
export function encode(request) {
  const fields = [];
  const put = (tag, value, bytes) => {
    if (value !== undefined && value !== null) fields.push([tag, bytes(value)]);
  };
  const same = (bytes) => bytes;
  put(1, request.receipt, same);
  put(2, request.card, same);
  put(3, request.srs, same);
  put(4, request.modelId, same);
  put(5, request.srsId, same);
  const text = (value) => new TextEncoder().encode(value);
  put(6, request.audience, text);
  put(7, request.nonce, same);
  put(8, request.now, (seconds) => integers([seconds]));
  put(9, request.acceptDev || null, () => new Uint8Array());
  for (const [index, values] of request.publicInputs ?? []) put(10, values, () => join([u32(index), integers(values)]));
  for (const [index, points] of request.committedInputs ?? []) put(11, points, () => join([u32(index), ...points]));
  put(12, request.policy, text);
  put(13, request.answer, text);
  put(14, request.graph, same);
  put(15, request.colours, u32);
  put(16, request.bundle, same);
  put(17, request.receiptIndex, u32);
  put(18, request.realPolicy, text);
  return join(fields.flatMap(([tag, bytes]) => [Uint8Array.of(tag), u32(bytes.length), bytes]));
}

function u32(value) {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value, true);
  return bytes;
}

function integers(values) {
  const bytes = new Uint8Array(8 * values.length);
  const view = new DataView(bytes.buffer);
  values.forEach((value, index) => view.setBigInt64(8 * index, BigInt(value), true));
  return bytes;
}

function join(parts) {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

/** Bytes of hexadecimal text of `length` bytes, or null. */
export function unhex(text, length) {
  if (!/^(?:[0-9a-f]{2})*$/i.test(text) || text.length !== 2 * length) return null;
  return Uint8Array.from({ length }, (_, index) => Number.parseInt(text.slice(2 * index, 2 * index + 2), 16));
}
