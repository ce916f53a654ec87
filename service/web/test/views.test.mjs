// Ledger, log, the list of jobs as it changes, keys without a scope, models without a graph: in headless Chromium.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { address, entriesOf } from "../tiles.js";
import { NEVER } from "./prover.mjs";
import { CALIBRATION, INPUT, MODEL, choose, click, fill, look, pictures, shows, start, text, until } from "./steps.mjs";

let all;
let model;
let source;

/** A request with the first key. */
async function call(method, path, body) {
  const sent = body === undefined || body instanceof Uint8Array ? body : JSON.stringify(body);
  const headers = { authorization: `Bearer ${all.service.key}`, ...(sent === body ? {} : { "content-type": "application/json" }) };
  const response = await fetch(all.service.address + path, { method, body: sent, headers });
  return { status: response.status, json: () => response.json(), bytes: async () => new Uint8Array(await response.arrayBuffer()) };
}

async function upload(what, path) {
  const bytes = readFileSync(path);
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  assert.ok([200, 201].includes((await call("PUT", `/v1/${what}/${sha256}`, bytes)).status));
  return sha256;
}

/** Waits for the end of a job; what it was then. */
async function finished(id) {
  for (;;) {
    const job = await (await call("GET", `/v1/jobs/${id}`)).json();
    if (["done", "failed", "cancelled", "expired"].includes(job.state)) return job;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

async function ask(policy, audience) {
  const answer = await call("POST", "/v1/proofs", { model, input: await upload("inputs", INPUT), policy, context: { audience } });
  assert.equal(answer.status, 202);
  return (await answer.json()).id;
}

before(async () => {
  all = await start();
  source = await upload("models", MODEL);
  const calibration = await upload("inputs", CALIBRATION);
  const { id } = await (await call("POST", `/v1/models/${source}/commit`, { calibration, input: "committed" })).json();
  model = (await finished(id)).result.model_id;
});
after(async () => all?.stop());

test("what receipts let out, and limits on it", async () => {
  const page = await all.signedIn("/#/ledger");
  await until(page, "Ledger");
  await shows(page, "no receipts yet");
  for (const policy of ["label", "threshold:0:-4"]) assert.equal((await finished(await ask(policy, "bank.example"))).state, "done");
  const under = await ask("label", NEVER);
  await page.open("about:blank");
  await page.open(`${all.service.address}/#/ledger`);
  await shows(page, "your key");
  const figures = await page.evaluate("[...document.querySelectorAll('.figure')].map((made) => made.innerText.replace(/\\s+/g, ' '))");
  assert.deepEqual(figures, ["5.04 bits let out", "3.46 bits under way", "2 receipts"]);
  await click(page, "Limit this key", "summary");
  await fill(page, "bits", "many");
  await click(page, "Set the limit", "form button");
  await shows(page, "A limit is a number of bits");
  await fill(page, "bits", "100");
  await click(page, "Set the limit", "form button");
  await shows(page, "5.04 of 100 bits");
  await look(page, "ledger");

  await click(page, "digits", ".rows a");
  await shows(page, "By input");
  await shows(page, `Uploaded as the file ${(await upload("inputs", INPUT)).slice(0, 8)}…`);
  await shows(page, "1 × label");
  await shows(page, "threshold, output 0 at least -4");
  assert.equal(await page.evaluate("document.querySelectorAll('meter').length"), 0);
  await fill(page, "total_bits", "10");
  await fill(page, "input_bits", "9.5");
  await click(page, "Set the limits", "form button");
  await shows(page, "5.04 of 9.5 bits");
  assert.equal(await page.evaluate("document.querySelector('[name=total_bits]').value"), "10");
  const meters = await page.evaluate("[...document.querySelectorAll('meter')].map(({ value, max }) => [value, max])");
  assert.equal(meters.length, 1);
  assert.ok(Math.abs(meters[0][0] - 8.503827) < 1e-5 && meters[0][1] === 9.5, meters.join());
  await look(page, "ledger-model");
  const refused = await call("POST", "/v1/proofs", { model, input: await upload("inputs", INPUT), policy: "label", context: { audience: "too much" } });
  assert.equal((await refused.json()).code, "budget-exceeded");
  await fill(page, "total_bits", "");
  await fill(page, "input_bits", "");
  await click(page, "Set the limits", "form button");
  await page.until("document.querySelectorAll('meter').length === 0");

  await page.open(`${all.service.address}/#/ledger`);
  await shows(page, "Change the limit");
  await click(page, "Change the limit", "summary");
  await fill(page, "bits", "");
  await click(page, "Set the limit", "form button");
  await shows(page, "Limit this key");

  // From the model's own page too.
  await page.open(`${all.service.address}/#/models/${model}`);
  await shows(page, "Let out so far");
  await click(page, "5.04 bits in the ledger");
  await shows(page, "By input");
  await call("DELETE", `/v1/jobs/${under}`);
  assert.deepEqual(page.complaints, []);
});

test("the list of jobs is kept up to date, and only while that is of use", async () => {
  const never = await ask("scores", NEVER);
  const page = await all.signedIn("/#/jobs");
  await shows(page, "Kept up to date");
  const state = (id) => page.evaluate(`document.querySelector('li[data-id="${id}"] .tag')?.textContent ?? null`);
  const becomes = (id, word) => page.until(`document.querySelector('li[data-id="${id}"] .tag')?.textContent === "${word}"`);
  await becomes(never, "proving");
  await look(page, "jobs-running");
  await page.evaluate(`document.querySelector('li[data-id="${never}"] a').focus()`);
  const asked = () => page.requests.filter((address) => address.includes("/v1/jobs?")).length;
  const wait = (seconds) => new Promise((resolve) => setTimeout(resolve, 1000 * seconds));

  // A hidden tab asks nothing, and looks at once when it is seen again.
  const hide = (hidden) => page.evaluate(`Object.defineProperty(document, "hidden", { get: () => ${hidden}, configurable: true }); document.dispatchEvent(new Event("visibilitychange"))`);
  await hide(true);
  const before = asked();
  const small = await ask("label", "shop.example");
  await wait(5);
  assert.equal(asked(), before);
  assert.equal(await state(small), null);
  await hide(false);
  await page.until(`document.querySelector('li[data-id="${small}"]')`, 2);
  assert.equal(await page.evaluate("document.querySelector('.rows > li').dataset.id"), small);

  await call("DELETE", `/v1/jobs/${never}`);
  await becomes(never, "cancelled");
  await becomes(small, "done");
  assert.equal(await page.evaluate("document.activeElement.closest('li')?.dataset.id"), never);
  await page.until("!document.querySelector('main').innerText.includes('Kept up to date')");
  const last = asked();
  await wait(5);
  assert.equal(asked(), last);

  // A service that is away for a while is told about, and the list goes on afterwards.
  const again = await ask("scores", NEVER);
  await page.open("about:blank");
  await page.open(`${all.service.address}/#/jobs`);
  await becomes(again, "proving");
  await page.evaluate("window.real = fetch; window.fetch = () => Promise.reject(new TypeError('away')); 0");
  await shows(page, "error[unreachable]");
  await page.evaluate("window.fetch = real; 0");
  await page.until("!document.querySelector('.problem')");
  await call("DELETE", `/v1/jobs/${again}`);
  await becomes(again, "cancelled");
  assert.deepEqual(page.complaints, []);
});

test("a key without a scope is told which one", async () => {
  const blind = all.service.create("prove,upload");
  const page = await all.opened();
  await fill(page, "key", blind);
  await click(page, "Continue");
  await shows(page, "lacks the scope “read”");
  await shows(page, "provenn keys create");
  assert.equal(await page.evaluate("sessionStorage.length"), 0);
  await look(page, "key-scope");

  // Kept from before, or limited meanwhile.
  const kept = await all.signedIn("/#/jobs", blind);
  await until(kept, "Your key may not do this");
  await shows(kept, "lacks the scope “read”");
  await fill(kept, "key", all.service.create("read"));
  await click(kept, "Continue");
  await until(kept, "Jobs");
  await kept.open(`${all.service.address}/#/ledger/${model}`);
  await shows(kept, "Limits, in bits");
  await click(kept, "Set the limits", "form button");
  await shows(kept, "lacks the scope “govern”");
  await look(kept, "scope-govern");
});

test("a colouring is a job of a graph", async () => {
  const put = async (form, words) => {
    const bytes = new TextEncoder().encode(words);
    const sha256 = createHash("sha256").update(bytes).digest("hex");
    assert.equal((await call("PUT", `/v1/inputs/${sha256}?form=${form}`, bytes)).status, 201);
    return sha256;
  };
  const files = { graph: await put("graph", "0 1\n1 2\n2 0\n"), colouring: await put("colouring", "0\n1\n2\n") };
  const { id } = await (await call("POST", "/v1/colourings", { ...files, colours: 3, context: { audience: "bank.example" } })).json();
  assert.equal((await finished(id)).state, "done");
  const page = await all.signedIn(`/#/jobs/${id}`);
  await until(page, "Proof of a colouring in 3 colours");
  await shows(page, "Download the receipt");
  await shows(page, "Download the SRS key");
  await shows(page, "bank.example");
  await look(page, "colouring");
  await page.open(`${all.service.address}/#/jobs`);
  await shows(page, `graph ${files.graph.slice(0, 8)}`);
  await page.open(`${all.service.address}/#/ledger`);
  await shows(page, "Graph");
  await click(page, "Graph", "a");
  await page.until("document.querySelector('main > h1')?.textContent.startsWith('Ledger of the graph')");
  await shows(page, "colouring 3");
  await look(page, "ledger-of-a-graph");
  assert.deepEqual(page.complaints, []);
});

test("the log, for everybody", async () => {
  assert.equal((await call("POST", "/v1/registry/default/digits", { model })).status, 201);
  const { jobs } = await (await call("GET", "/v1/jobs")).json();
  const { id, result } = jobs.find(({ kind, state }) => kind === "proof" && state === "done");
  const receipt = join(pictures, "logged.receipt");
  writeFileSync(receipt, await (await call("GET", `/v1/proofs/${id}/receipt`)).bytes());
  // The checkpoint follows what is published within about a second.
  while ((await (await fetch(`${all.service.address}/v1/log`)).json()).pending > 0) await new Promise((resolve) => setTimeout(resolve, 100));

  const page = await all.opened("/#/published");
  await click(page, "Log", "nav a");
  await until(page, "Transparency log");
  await page.until("document.querySelector('.entries li')");
  const { size, key } = await (await fetch(`${all.service.address}/v1/log`)).json();
  assert.equal(await page.evaluate("document.querySelectorAll('.entries li').length"), size);
  const entries = await text(page, ".entries");
  assert.ok(entries.includes(result.receipt_sha256) && /model card/.test(entries));
  await shows(page, key);
  await choose(page, "Receipt or model card", receipt);
  await click(page, "Look it up", "form button");
  await shows(page, `of ${size}, counted from 0`);
  await look(page, "log");
  await choose(page, "Receipt or model card", INPUT);
  await click(page, "Look it up", "form button");
  await shows(page, "error[not-in-the-log]");
  await fill(page, "old", String(size + 1));
  await click(page, "Download the proof", "form button");
  await shows(page, "The earlier number of entries is");
  await look(page, "log-refused");

  await page.open(`${all.service.address}/#/published`);
  await shows(page, "default / digits");
  await click(page, "default / digits", "a");
  await shows(page, "entered into the transparency log");
  await click(page, "entered into the transparency log");
  await until(page, "Transparency log");
  // The file that is not there is all that the browser noted.
  assert.ok(page.complaints.every((words) => words.includes("404")), page.complaints.join("\n"));
});

test("tiles of entries lie where the specification has them", () => {
  assert.equal(address(0, 1), "/tile/entries/000.p/1");
  assert.equal(address(999, 256), "/tile/entries/999");
  assert.equal(address(1000, 255), "/tile/entries/x001/000.p/255");
  assert.equal(address(1_234_067, 256), "/tile/entries/x001/x234/067");
  const entry = (kind, byte) => [0, 39, ...Buffer.from("PRVE"), 1, 0, kind, ...Array(32).fill(byte)];
  const unknown = { kind: "unknown to this page", sha256: "" };
  assert.deepEqual(entriesOf(Uint8Array.from([...entry(1, 10), 0, 2, 9, 9, ...entry(2, 255), ...entry(3, 0)])), [{ kind: "model card", sha256: "0a".repeat(32) }, unknown, { kind: "receipt", sha256: "ff".repeat(32) }, unknown]);
  assert.deepEqual(entriesOf(Uint8Array.of(0, 39, 80)), [unknown]);
});

test("a model that was uploaded before graphs were kept", async () => {
  const page = await all.signedIn();
  const body = JSON.stringify({ type: "urn:provenn:error:no-graph", title: "no graph", status: 404, code: "no-graph", detail: "the model was uploaded before the service kept graphs" });
  await page.rewrite("*/graph", () => ({ status: 404, text: body }));
  for (const [id, sign] of [[source, "Commit to this model"], [model, "Ask for a receipt"]]) {
    await page.open("about:blank");
    await page.open(`${all.service.address}/#/models/${id}`);
    await shows(page, sign);
    await shows(page, "There is no drawing of this model");
    await look(page, id === source ? "model-undrawn" : "model-committed-undrawn");
  }
  await click(page, "Upload the same file again");
  await until(page, "Models");
});

test("storage is shown, and what takes it is deleted", async () => {
  // Another commitment, which was never published, and an input that no other test names.
  const calibration = await upload("inputs", CALIBRATION);
  const { id: commit } = await (await call("POST", `/v1/models/${source}/commit`, { calibration, input: "public" })).json();
  const made = (await finished(commit)).result.model_id;
  const input = await upload("inputs", INPUT);
  const asked = await (await call("POST", "/v1/proofs", { model: made, input, policy: "label" })).json();
  assert.equal((await finished(asked.id)).state, "done");
  const used = async () => (await (await call("GET", "/v1/storage")).json()).stored;
  const before = await used();
  const page = await all.signedIn("/#/");
  await shows(page, "of 16.0 GiB is used");
  await look(page, "storage");

  // A file is kept while something is committed of it.
  await page.open(`${all.service.address}/#/models/${source}`);
  await shows(page, "Delete this file");
  await click(page, "Delete this file", "summary");
  await click(page, "Delete for good");
  await shows(page, "error[in-use]");
  await look(page, "delete-refused");
  await page.open(`${all.service.address}/#/models/${made}`);
  await shows(page, "Delete what is committed");
  await click(page, "Delete what is committed", "summary");
  await click(page, "Delete for good");
  await shows(page, "Delete this file");
  assert.equal((await call("GET", `/v1/models/${made}`)).status, 404);
  assert.ok((await used()) < before);

  await page.open(`${all.service.address}/#/jobs/${asked.id}`);
  await shows(page, "The model was deleted here");
  await shows(page, "Delete this input");
  await click(page, "Delete this input", "summary");
  await click(page, "Delete for good");
  await until(page, "Jobs");
  const again = await call("POST", "/v1/proofs", { model, input, policy: "label", context: { audience: "after" } });
  assert.deepEqual([again.status, (await again.json()).code], [404, "not-found"]);
  // What is published stays, and nobody is asked whether it should.
  await page.open(`${all.service.address}/#/models/${model}`);
  await shows(page, "Published");
  assert.equal(await page.evaluate("[...document.querySelectorAll('summary')].some((made) => made.textContent.startsWith('Delete'))"), false);
  // The refusal and the deleted model are all that the browser noted.
  assert.ok(page.complaints.every((words) => words.includes("409") || words.includes(made)), page.complaints.join("\n"));
});
