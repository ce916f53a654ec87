// The verifier in a browser or in node: bytes in, report out. No network, no clock, no state between calls.

/** Compiles the module (`wasm`: its bytes) and returns it as a verifier. */
export async function load(wasm) {
  const module = await WebAssembly.compile(wasm);
  return { verify: (request) => JSON.parse(run(module, encode(request))) };
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

export const POLICIES = ["scores", "label", "threshold", "yes-only"];

/**
 * A request as bytes, see `Request` in the crate.
 *
 * @param request `receipt`, `card`, `srs`: bytes of the files. What you rely on, each optional: `modelId`, `srsId`,
 *   `nonce` (32 bytes each), `audience` (text), `now` (unix seconds), `acceptDev` (flag), `publicInput` (integers of
 *   the quantized model), `committedInput` (list of 32-byte points), `policy` (`{name, output, threshold}`, name one
 *   of POLICIES, threshold an integer of the quantized model) and `result` (its expected output, a list of integers).
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
  put(6, request.audience, (text) => new TextEncoder().encode(text));
  put(7, request.nonce, same);
  put(8, request.now, (seconds) => integers([seconds]));
  put(9, request.acceptDev || null, () => new Uint8Array());
  put(10, request.publicInput, integers);
  put(11, request.committedInput, join);
  put(12, request.policy, policy);
  put(13, request.result, integers);
  return join(fields.flatMap(([tag, bytes]) => [Uint8Array.of(tag), u32(bytes.length), bytes]));
}

function policy({ name, output, threshold }) {
  const tag = Uint8Array.of(POLICIES.indexOf(name) + 1);
  return threshold === undefined ? tag : join([tag, u32(output), integers([threshold])]);
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
