// A model that is cut into segments on the page: what does not go together is said, and it is committed, proven and verified; in headless Chromium.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { CALIBRATION, INPUT, MODEL, choose, click, fill, look, shows, start, text } from "./steps.mjs";

let all;
let page;

before(async () => {
  all = await start();
  page = await all.signedIn();
});
after(async () => all?.stop());

/** What the service was asked for, as the job has it. */
async function request() {
  const id = await page.evaluate("location.hash.split('/').at(-1)");
  const answer = await fetch(`${all.service.address}/v1/jobs/${id}`, { headers: { authorization: `Bearer ${all.service.key}` } });
  return (await answer.json()).request;
}

const invalid = () => page.evaluate("[...document.querySelectorAll('[aria-invalid=true]')].map((made) => made.name)");

/** Commits with these fields, and waits for words on the page. */
async function commit(fields, words, seconds = 60) {
  for (const name of ["segments", "cutAt", "items"]) await fill(page, name, fields[name] ?? "");
  await click(page, "Commit to this model");
  await shows(page, words, seconds);
}

test("what cannot be cut so is said before anything is sent", async () => {
  await choose(page, "Upload a model", MODEL);
  await shows(page, "Commit to this model");
  await choose(page, "Calibration data", CALIBRATION);
  await click(page, "Cut it into segments", "summary");
  for (const segments of ["1", "65", "three", "2.5"]) {
    await commit({ segments }, "a whole number from 2 to 64");
    assert.deepEqual(await invalid(), ["segments"]);
  }
  await commit({ segments: "2", cutAt: "conv1" }, "one says the other");
  assert.deepEqual(await invalid(), ["cutAt"]);
  await commit({ segments: "2", items: "4" }, "A batch is in one circuit");
  assert.deepEqual(await invalid(), ["segments"]);
  await commit({ cutAt: "conv1", items: "4" }, "A batch is in one circuit");
  assert.deepEqual(await invalid(), ["cutAt"]);
  await look(page, "cuts-refused");
  assert.ok(page.requests.every((address) => !address.endsWith("/commit")), "something was sent");
});

test("where it cannot be cut the job fails, and says so", async () => {
  const model = await page.evaluate("location.hash");
  await commit({ cutAt: " input , " }, "error[model-unsupported]", 120);
  await shows(page, "cannot be cut as was asked");
  assert.match(await text(page, "main"), /Cut at\s+"input"/);
  assert.deepEqual((await request()).cut_at, ["input"]);
  await look(page, "cuts-nowhere");
  await page.evaluate(`location.hash = ${JSON.stringify(model)}`);
  await shows(page, "Commit to this model");
});

test("a model in three segments is committed, and a receipt of it is verified", async () => {
  await choose(page, "Calibration data", CALIBRATION);
  await click(page, "Cut it into segments", "summary");
  await look(page, "cuts-commit");
  await commit({ segments: "3" }, "See the committed model", 120);
  assert.equal((await request()).segments, 3);
  assert.match(await text(page, "main"), /Segments\s+3/);
  await click(page, "See the committed model");
  await shows(page, "Ask for a receipt");
  await look(page, "cuts-model");
  await choose(page, "Input", INPUT);
  await click(page, "Prove", "form button");
  await page.until("document.querySelector('.banner')", 120);
  assert.match(await text(page, ".banner"), /Verified, but only under development parameters/);
  await shows(page, "Proving the segments");
  await look(page, "cuts-receipt");
});
