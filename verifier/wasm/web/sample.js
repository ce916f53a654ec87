// One input sample from a file, and the integers that stand for it. Errors are texts for people.

/** `{shape, values}` of JSON, or of a .npy file of 4- or 8-byte floats in C order. */
export function readSample(bytes) {
  return bytes[0] === 0x93 ? readNpy(bytes) : readJson(bytes);
}

function readJson(bytes) {
  let sample;
  try {
    sample = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    throw new Error('This is neither JSON {"shape": [..], "values": [..]} nor a .npy file.');
  }
  return checked(sample);
}

function checked(sample) {
  const numbers = (list) => Array.isArray(list) && list.every(Number.isFinite);
  if (!numbers(sample?.shape) || !numbers(sample?.values)) throw new Error('{"shape": [..], "values": [..]} is expected, numbers only.');
  return sample;
}

function readNpy(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const unsupported = new Error("This .npy file is not one of floats in C order.");
  if (bytes.length < 10) throw unsupported;
  const start = 10 + view.getUint16(8, true);
  const header = new TextDecoder().decode(bytes.subarray(10, start));
  const item = Number(/'descr': '<f([48])'/.exec(header)?.[1]);
  const shape = /'shape': \(([\d, ]*)\)/.exec(header)?.[1].split(",").filter((d) => d.trim() !== "").map(Number);
  const count = shape?.reduce((product, d) => product * d, 1);
  if (bytes[6] !== 1 || !item || !header.includes("'fortran_order': False") || bytes.length !== start + item * count) throw unsupported;
  const read = (index) => (item === 4 ? view.getFloat32(start + 4 * index, true) : view.getFloat64(start + 8 * index, true));
  return { shape, values: Array.from({ length: count }, (_, index) => read(index)) };
}

/** The samples of a file by the index of their input: one of the model's only input, or a JSON object of such by the names of inputs. */
export function readSamples(bytes, inputs) {
  if (inputs.length === 0) throw new Error("Choose the model card first: it says which integers stand for this input.");
  if (inputs.length === 1) return [[0, readSample(bytes)]];
  let named;
  try {
    named = Object.entries(JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes)));
  } catch {
    throw new Error('This is not JSON {"NAME": {"shape": [..], "values": [..]}, ..} with the names of inputs.');
  }
  return named.map(([name, sample]) => {
    const index = inputs.findIndex((input) => input.name === name);
    if (index < 0) throw new Error(`The model has no input ${name}.`);
    return [index, checked(sample)];
  });
}

/** The integers of the quantized model: `round(x * 2^(frac + lift))` of the value as a 32-bit float, halves away from zero. */
export function integersOf({ shape, values }, { shape: inputShape, frac: inputFrac, lifts = [] }) {
  const same = (a, b) => a.length === b.length && a.every((d, index) => d === b[index]);
  if (!same(shape, inputShape) && !same(shape, [1, ...inputShape])) {
    throw new Error(`The sample has shape [${shape}], the model takes [${inputShape}].`);
  }
  const count = inputShape.reduce((product, d) => product * d, 1);
  if (values.length !== count || !values.every(Number.isFinite)) throw new Error(`${count} finite values are expected, got ${values.length}.`);
  return values.map((value, index) => {
    const scaled = Math.fround(value) * 2 ** (inputFrac + (lifts[index] ?? 0));
    return Math.sign(scaled) * Math.round(Math.abs(scaled));
  });
}
