// The package as others get it: packed, installed from the tarball without a network into an empty folder, tried as its README says.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { basename, join, resolve } from "node:path";
import { after, before, test } from "node:test";
import { pathToFileURL } from "node:url";
import { launch } from "./chromium.mjs";
import { file, vectors } from "./kit.mjs";

const options = { cwd: import.meta.dirname, stdio: ["ignore", "pipe", "pipe"], maxBuffer: 1 << 28 };
const metadata = JSON.parse(execFileSync("cargo", ["metadata", "--format-version=1", "--no-deps"], options));
const scratch = mkdtempSync(join(tmpdir(), "provenn-npm-"));
const installed = join(scratch, "node_modules/provenn-verifier");
const readme = readFileSync(resolve(import.meta.dirname, "../npm/README.md"), "utf8");
const AUDIENCE = "bank.example";
const NONCE = "a5".repeat(32);
/** Of the command line: the names that its files have. */
const FILES = { receipt: "receipt.bin", card: "model.card", srs: "srs.vk" };
let provenn;
/** When the tarball was there. */
let started;

/** A golden vector and its files. */
function golden(name) {
  const vector = vectors().find((vector) => vector.name === `v2/${name}.txt`);
  const paths = { receipt: file(vector.receipts[0]), card: file(vector.cards[0]), srs: file(vector.srs) };
  return { paths, ...Object.fromEntries(Object.entries(paths).map(([slot, path]) => [slot, readFileSync(path)])) };
}

const usual = ({ receipt, card, srs }, more) => ({ receipt, card, srs, modelId: null, policy: null, audience: AUDIENCE, nonce: NONCE, ...more });
const idOf = async (files) => (await provenn.verify(usual(files))).modelId;

before(async () => {
  const npm = (args, folder) => execFileSync("npm", [...args, "--offline", "--no-audit", "--no-fund", "--no-update-notifier"], { ...options, cwd: folder }).toString();
  const [{ filename, files, version }] = JSON.parse(npm(["pack", "--json", "--pack-destination", scratch], join(metadata.target_directory, "verifier/npm")));
  assert.deepEqual(files.map(({ path }) => path).sort(), ["LICENSE-APACHE", "LICENSE-MIT", "README.md", "example.html", "index.d.ts", "index.js", "package.json", "provenn.js", "provenn.wasm"]);
  assert.equal(version, metadata.packages.find(({ name }) => name === "provenn-verifier").version);
  started = performance.now();
  npm(["install", `./${filename}`], scratch);
  provenn = await import(pathToFileURL(join(installed, "index.js")));
});
after(() => rmSync(scratch, { recursive: true }));

test("the program of the README verifies a receipt", async () => {
  const [[, program], ...others] = [...readme.matchAll(/^```js\n(.*?)^```$/gms)];
  assert.equal(others.length, 0);
  // No block is left out: its fences are all that there are.
  assert.equal(readme.split("```").length, 3);
  assert.equal(program.split("\n").filter((line) => line !== "").length, 6);
  const { paths, ...files } = golden("digits_cnn");
  for (const [slot, name] of Object.entries(FILES)) copyFileSync(paths[slot], join(scratch, name));
  writeFileSync(join(scratch, "verify.mjs"), program);
  const run = (...args) => execFileSync("node", ["verify.mjs", ...args], { ...options, cwd: scratch }).toString();
  const id = await idOf(files);
  assert.equal(run(id, NONCE), "the model gave label 3\n");
  const seconds = (performance.now() - started) / 1000;
  console.log(`Installed, and the program of the README run: ${seconds.toFixed(1)} s`);
  assert.ok(seconds < 60, `${seconds} s`);
  assert.throws(() => run("00".repeat(32), NONCE), /model-mismatch/);
});

test("what a receipt states is in the units of the model", async () => {
  const scores = await provenn.verify(usual(golden("digits_mlp"), { policy: "scores" }));
  assert.deepEqual(scores.answer.scores.slice(0, 3), [-8.81640625, -5.599609375, -6.20703125]);
  assert.deepEqual(scores.inputs, [{ name: "input", shape: [64], unit: null, values: null }]);
  const conflict = await provenn.verify(usual(golden("conflict_check"), { policy: "1/label" }));
  const { inputs, ...rest } = conflict;
  assert.deepEqual(rest.answer, { form: "label", label: 1, class: null });
  assert.deepEqual([rest.output, rest.words, rest.policy, rest.development, rest.audience, rest.nonce], ["agreement", "label 1", "label", false, AUDIENCE, NONCE]);
  assert.equal(inputs[0].values, null);
  assert.equal(inputs[1].values.length, 8);
  assert.ok(inputs[1].values.some((value) => !Number.isInteger(value)) && inputs[1].values.every((value) => Number.isInteger(value * 8192)));
  const linear = await provenn.verify(usual(golden("linear_30"), { policy: "scores", nonce: Uint8Array.from({ length: 32 }, () => 0xa5) }));
  assert.deepEqual(linear.answer, { form: "scores", scores: [-337 / 1024] });
});

test("files of a model in segments are verified like others", async () => {
  const [receipt, card, srs] = ["segments.receipt", "segments.card", "digits_cnn.srs"].map((name) => readFileSync(file(`files/${name}`)));
  const modelId = await idOf({ receipt, card, srs });
  const verified = await provenn.verify(usual({ receipt, card, srs }, { modelId, policy: "label" }));
  assert.deepEqual([verified.answer.form, verified.modelId, verified.audience], ["label", modelId, AUDIENCE]);
  const other = golden("digits_cnn");
  await assert.rejects(provenn.verify(usual({ receipt, card: other.card, srs }, {})), { code: "bad-magic", check: "kind" });
});

test("what is refused is thrown with its code", async () => {
  const files = golden("digits_cnn");
  const refused = async (more, code, check) => {
    const error = await provenn.verify(usual(files, more)).then(assert.fail, (error) => error);
    assert.ok(error instanceof provenn.VerifyError && error instanceof Error && error.message && error.help, `${error}`);
    assert.deepEqual([error.code, error.check], [code, check]);
    return error;
  };
  const tampered = Uint8Array.from(files.receipt);
  // In the responses of the link proof, which are at the end.
  tampered[tampered.length - 200] ^= 1;
  await refused({ receipt: tampered }, "link-failed", "link");
  await refused({ receipt: files.receipt.subarray(0, 99) }, "truncated", "receipt-file");
  await refused({ modelId: "00".repeat(32) }, "model-mismatch", "named-model");
  assert.deepEqual((await refused({ policy: "threshold:3:0.5" }, "policy-mismatch", "policy")).fields, ["policy"]);
  assert.match((await refused({ policy: "threshold:3:1e9" }, "policy-out-of-range", null)).message, /threshold/);
  await refused({ policy: "labels?" }, "policy-out-of-range", null);
  await refused({ audience: "other" }, "context-mismatch", "audience");
  await refused({ nonce: "00".repeat(32) }, "context-mismatch", "nonce");
  await refused({ now: 2 ** 40 }, "expired", "expiry");
  await refused({ srsId: "00".repeat(32) }, "srs-mismatch", "named-srs");
});

test("a policy is asked in the units of the output", async () => {
  // One that is 2 in these units: the vector has the integer.
  const vector = vectors().find(({ policy, shows }) => policy === undefined && shows[0]?.startsWith("threshold:0:1024 "));
  const [receipt, card, srs] = [vector.receipts[0], vector.cards[0], vector.srs].map((name) => readFileSync(file(name)));
  const ask = (policy) => provenn.verify({ receipt, card, srs, modelId: null, policy, audience: null, nonce: null });
  assert.deepEqual((await ask("threshold:0:2")).answer, { form: "bit", bit: false });
  await assert.rejects(ask("threshold:0:2.001"), { code: "policy-mismatch" });
});

test("nobody leaves out what to rely on without saying so", async () => {
  const files = golden("digits_cnn");
  for (const name of ["modelId", "policy", "audience", "nonce"]) {
    await assert.rejects(provenn.verify(usual(files, { [name]: undefined })), { name: "TypeError", message: new RegExp(`^${name} is missing`) });
  }
  await assert.rejects(provenn.verify(usual(files, { modelID: "" })), { name: "TypeError", message: /modelID is nothing/ });
  await assert.rejects(provenn.verify(usual(files, { nonce: "a5" })), { name: "TypeError", message: /nonce has to be 64/ });
  await assert.rejects(provenn.verify(usual(files, { card: "card" })), { name: "TypeError", message: /card has to be/ });
});

test("types name what there is", async () => {
  const types = readFileSync(join(installed, "index.d.ts"), "utf8");
  const exported = [...types.matchAll(/^export (?:class|function) (\w+)/gm)].map(([, name]) => name);
  assert.deepEqual(exported.sort(), Object.keys(provenn).sort());
  const fields = (name) => [...new RegExp(`^export (?:interface|class) ${name}.*?^}`, "ms").exec(types)[0].matchAll(/^ {2}(?:readonly )?(\w+)\??:/gm)].map(([, field]) => field).sort();
  const verified = await provenn.verify(usual(golden("linear_30")));
  assert.deepEqual(fields("Verified"), Object.keys(verified).sort());
  assert.deepEqual(fields("Input"), Object.keys(verified.inputs[0]).sort());
  const error = await provenn.verify(usual(golden("linear_30"), { nonce: "00".repeat(32) })).then(assert.fail, (error) => error);
  assert.deepEqual(fields("VerifyError"), Object.keys(error).filter((field) => field !== "name").sort());
});

test("the example page says VALID", async () => {
  const types = { html: "text/html", js: "text/javascript", wasm: "application/wasm" };
  const server = createServer((request, response) => {
    const name = basename(request.url);
    const there = existsSync(join(installed, name));
    response.writeHead(there ? 200 : 404, { "content-type": types[name.split(".").at(-1)] ?? "text/plain" });
    response.end(there ? readFileSync(join(installed, name)) : "");
  });
  await new Promise((listening) => server.listen(0, "127.0.0.1", listening));
  const browser = await launch();
  try {
    const address = `http://127.0.0.1:${server.address().port}/example.html`;
    const page = await browser.page(address);
    const { paths, ...files } = golden("digits_cnn");
    for (const slot of Object.keys(FILES)) await page.choose(`[name=${slot}]`, paths[slot]);
    const submit = async (fields) => {
      for (const [name, value] of Object.entries(fields)) await page.evaluate(`document.querySelector("[name=${name}]").value = ${JSON.stringify(value)}`);
      await page.evaluate("document.querySelector('[role=status]').textContent = ''; document.querySelector('button').click()");
      await page.until("document.querySelector('[role=status]').textContent !== ''");
      return page.evaluate("document.querySelector('[role=status]').textContent");
    };
    const modelId = await idOf(files);
    assert.equal(await submit({ modelId, audience: AUDIENCE, nonce: NONCE }), "VALID: the model gave label 3");
    assert.match(await submit({ nonce: "00".repeat(32) }), /^REFUSED: .*\(context-mismatch\)\. Ask for/);
    assert.equal(readFileSync(join(installed, "example.html"), "utf8").trimEnd().split("\n").length, 30);
    const asked = page.requests.map((url) => basename(url));
    assert.deepEqual(asked.filter((name) => name !== "favicon.ico").sort(), ["example.html", "index.js", "provenn.js", "provenn.wasm"]);
  } finally {
    await browser.close();
    server.close();
  }
});
