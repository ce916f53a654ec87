// Words of the page: what a hostile card or claim can make it say.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";
import { unhex } from "../web/provenn.js";
import { integersOf, readSample, readSamples } from "../web/sample.js";
import { printable, quoted } from "../web/text.js";
import { PARTS, className, description, inference, leakText, real, sayings, sentence, spoken, statement, validText } from "../web/words.js";

const card = (value) => ({ description: typeof value === "string" ? value : JSON.stringify(value), leakage: [["scores", 160_000_001], ["label", 3_459_432], ["threshold", 1_584_963]] });
const nothing = { name: "", parameters: null, inputs: [], outputs: [], fidelity: null, items: 0, said: {}, wrong: null };
const outputs = (...fracs) => fracs.map((frac, index) => ({ name: `y${index}`, shape: [1], frac }));
const good = {
  name: "m", inputs: [{ name: "x", shape: [2], elements: "reals", frac: 4, binding: "public" }], outputs: outputs(9), parameters: 3, shape: {}, ranges: [1, -2], tensors: [["t", 4]],
  fidelity: { rows: 1, label_flips: 0, max_error: 0.5, relative_error: 0.01 }, leakage: [["label", "0 bits"]],
};

test("a description of the wrong form is refused, and nothing of it shown", () => {
  assert.equal(description(card(good)).wrong, null);
  assert.equal(description(card(good)).name, "m");
  assert.deepEqual(description(null), nothing);
  const { wrong: _, ...empty } = nothing;
  const refused = (text) => {
    const { wrong, ...rest } = description(card(text));
    assert.ok(wrong, JSON.stringify(text));
    assert.deepEqual(rest, empty);
    return wrong;
  };
  for (const text of ["", "{", "null", "7", '"text"', "[]"]) refused(text);
  for (const name of Object.keys(PARTS)) {
    const { [name]: _gone, ...rest } = good;
    assert.match(refused(rest), new RegExp(`"${name}"`));
    for (const value of [null, true, -1.5, [[]], [1, "x"]]) assert.match(refused({ ...good, [name]: value }), new RegExp(`"${name}"`));
  }
  const text = JSON.stringify(good);
  assert.match(refused(`{"name":"other",${text.slice(1)}`), /"name" appears twice/);
  assert.match(refused(`{"n\\u0061me":"other",${text.slice(1)}`), /"name" appears twice/);
  assert.match(refused(text.replace('"rows":1', '"rows":1,"rows":2')), /"rows" appears twice/);
  // Braces and colons in a text are no structure; the same key in two objects is none twice.
  assert.equal(description(card({ ...good, name: '{"a": [{"a":' , more: [{ a: 1 }, { a: 2 }] })).wrong, null);
});

test("what a publisher says of a model fits it", () => {
  const of = (about, labels = 2) => description({ ...card({ ...good, about }), outputs: [{ labels }] });
  const whole = { name: "Digits", version: "1", intended_use: "none", inputs: [{ name: "x", unit: "mm" }], outputs: [{ name: "y0", unit: "log odds", classes: ["no", "ye\u202es"] }] };
  const about = of(whole);
  assert.equal(about.wrong, null);
  assert.equal(className(about, "0", 1), "ye\u202es");
  for (const [output, label] of [["0", 2], ["1", 0], ["all", 0]]) assert.equal(className(about, output, label), null);
  assert.deepEqual(sayings(about).map(([term]) => term), ["Called", "Version", "Intended use", 'Unit of "x"', 'Unit of "y0"', 'Classes of "y0"']);
  assert.equal(sayings(about).at(-1)[1], '0 "no", 1 "ye\\u{202e}s"');
  for (const nothing of [undefined, null, {}]) assert.deepEqual(sayings(of(nothing)), []);
  for (const wrong of [[], "x", { license: "MIT" }, { name: 7 }, { inputs: null }, { inputs: [{ name: "x" }] }, { inputs: [{ name: "z", unit: "m" }] }, { outputs: [{ name: "y0" }, { name: "y0" }] }, { outputs: [{ name: "y0", classes: ["a"] }] }, { outputs: [{ name: "y0", classes: [1, 2] }] }]) {
    assert.match(of(wrong).wrong, /"about"/, JSON.stringify(wrong));
  }
});

test("text is shown as the verifier crate shows it", () => {
  const table = JSON.parse(readFileSync(new URL("text.json", import.meta.url), "utf8"));
  for (const [given, shown] of table.printable) assert.equal(printable(given), shown);
  for (const [given, shown] of table.quoted) assert.equal(quoted(given), shown);
  assert.equal(quoted("x".repeat(200_000)), `"${"x".repeat(80)}…" (200000 characters)`);
});

test("numbers are shown as the verifier crate shows them", () => {
  const table = JSON.parse(readFileSync(new URL("decimal.json", import.meta.url), "utf8"));
  for (const [integer, frac, shown] of table) assert.equal(real(integer, frac), shown);
});

/** A claim as the module reports it. */
const said = (says, inputs = [{ kind: "public" }], target = "0") => ({ body: { policy: { name: "label", target }, items: [{ inputs, says, words: says }] } });

test("a name is no part of the verdict", () => {
  const about = { ...nothing, name: "good” gave label 0 .., as audited. Note: “x", outputs: outputs(9) };
  const claim = { claim: said(["label 7"]) };
  assert.equal(statement(claim, about), "The committed model gave label 7 for the input shown below.");
});

test("units, leaks and dates", () => {
  assert.equal(real(768, 9), "1.5");
  // No two integers look the same.
  for (const integer of [1, 12_345_678, -(2 ** 40) + 1, 2 ** 40 - 1]) assert.equal(Math.round(Number(real(integer, 9)) * 512), integer);
  assert.equal(real(768, null), "768 (integer of the quantized model)");
  assert.equal(sentence([[512, 0], " ", [-256, 0]], { outputs: outputs(9) }), "1 -0.5");
  assert.equal(sentence([[512, 0], " | ", [512, 1], " ", [1, 2]], { outputs: outputs(9, 10) }), "1 | 0.5 1 (integer of the quantized model)");
  assert.match(leakText("scores", card("")), /at most 160.00 bits/);
  assert.match(leakText("label", card("")), /at most 3\.46 bits/);
  assert.match(leakText("threshold", card("")), /at most 1.58 bits/);
  assert.equal(validText("0"), "no end");
  assert.equal(validText("2000000000"), "2033-05-18 03:33:20 UTC (2000000000)");
  assert.match(validText("18446744073709551615"), /beyond the calendar/);
});

test("scores in a sentence are in the units of the output", () => {
  const about = { ...nothing, name: "m", outputs: outputs(9) };
  const claim = said(["an output 2 that is below ", [512, 0]], [{ kind: "committed" }]);
  assert.equal(statement({ claim }, about), "The committed model gave an output 2 that is below 1 for the input inside the commitment below.");
});

test("of several inputs and outputs each is told by its number", () => {
  const about = { ...nothing, name: "m", inputs: [{ name: "own" }, { name: "listed" }], outputs: outputs(9, 9) };
  const claim = said(["label 1"], [{ kind: "committed" }, { kind: "public" }]);
  assert.equal(statement({ claim }, about), "The committed model gave label 1 (of output tensor 0) for input 0 inside the commitment below and input 1 shown below.");
  assert.match(spoken({ target: "1" }, about), /"y1", number 1 of 2; the others stay hidden/);
  assert.equal(spoken({ target: "all" }, about), "all 2 outputs");
  assert.equal(spoken({ target: "0" }, { outputs: outputs(9) }), null);
});

test("of several inferences no one is told", () => {
  const one = said(["label 7"]);
  const [item] = one.body.items;
  assert.equal(inference({ body: { items: [item, item] } }), null);
  assert.equal(inference({ body: { items: [] } }), null);
  assert.equal(inference({ body: { items: [{ ...item, inputs: [] }] } }), null);
  assert.equal(inference(one).says, item.says);
});

test("samples become the prover's integers", () => {
  const about = { shape: [2, 2], frac: 1 };
  const integers = (text) => integersOf(readSample(new TextEncoder().encode(text)), about);
  assert.deepEqual(integers('{"shape": [1, 2, 2], "values": [0.25, -0.25, 0.24, 3]}'), [1, -1, 0, 6]);
  assert.deepEqual(integersOf({ shape: [2], values: [3, 0.125] }, { shape: [2], frac: 1, lifts: [0, 3] }), [6, 2]);
  for (const text of ["", "[]", "null", '{"shape": [4], "values": [1, 2, 3, 4]}', '{"shape": [2, 2], "values": [1, 2, 3]}', '{"shape": [2, 2], "values": [1, 2, 3, null]}']) {
    assert.throws(() => integers(text), Error, text);
  }
});

test("samples of several inputs are known by name", () => {
  const inputs = [{ name: "own" }, { name: "listed" }];
  const read = (text) => readSamples(new TextEncoder().encode(text), inputs);
  const sample = { shape: [1], values: [0.5] };
  assert.deepEqual(read(JSON.stringify({ listed: sample })), [[1, sample]]);
  for (const text of ["", JSON.stringify(sample), JSON.stringify({ other: sample }), JSON.stringify({ own: [1] })]) assert.throws(() => read(text), Error, text);
});

test("npy samples", () => {
  const header = "{'descr': '<f4', 'fortran_order': False, 'shape': (1, 2), }\n";
  const npy = (text, values) => Buffer.concat([Buffer.from([0x93, ...Buffer.from("NUMPY"), 1, 0, text.length, 0]), Buffer.from(text), Buffer.from(Float32Array.from(values).buffer)]);
  assert.deepEqual(readSample(npy(header, [0.5, 2])), { shape: [1, 2], values: [0.5, 2] });
  for (const bytes of [npy(header, [1]), npy(header, [1, 2, 3]), npy(header.replace("False", "True"), [1, 2]), npy(header.replace("<f4", ">f4"), [1, 2]), npy(header, [1, 2]).subarray(0, 8)]) {
    assert.throws(() => readSample(bytes));
  }
});

test("hex of an exact length", () => {
  assert.deepEqual(unhex("00fF", 2), Uint8Array.of(0, 255));
  for (const text of ["", "00", "00f", "00fg", "00ff00", " 0ff"]) assert.equal(unhex(text, 2), null, text);
});
