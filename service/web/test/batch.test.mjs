// A batch on the page: committed, proven against labels in a file, its rows and its confusion matrix as tables; in headless Chromium.

import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { fixture } from "./serve.mjs";
import { choose, click, fill, look, pictures, shows, start, text, until } from "./steps.mjs";

const MODEL = fixture("models/digits_mlp.onnx");
const CALIBRATION = fixture("data/digits_flat_calibration.npy");
let all;
let page;

before(async () => {
  all = await start();
  page = await all.signedIn();
});
after(async () => all?.stop());

/** Three times the image that the model takes for a 1. */
function three() {
  const { values } = JSON.parse(readFileSync(fixture("inputs/digits_mlp.json"), "utf8"));
  const path = join(pictures, "three.json");
  writeFileSync(path, JSON.stringify({ shape: [3, 64], values: [...values, ...values, ...values] }));
  return path;
}

function written(name, content) {
  const path = join(pictures, name);
  writeFileSync(path, content);
  return path;
}

const CLASSES = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"];
const chosen = (policy) => page.evaluate(`document.querySelector('[name=policy][value="${policy}"]').click()`);
const table = () => page.evaluate("[...document.querySelectorAll('.report table tr')].map((line) => [...line.children].map((cell) => cell.textContent))");

/** Asks for a receipt on the page of the model, and waits for the verdict. `more` are fields by name, `file` is the one with a number for each row. */
async function prove(policy, more = {}, file = null) {
  await page.open("about:blank");
  await page.open(`${all.service.address}/#/models/${model}`);
  await shows(page, "Ask for a receipt");
  await choose(page, "Input", three());
  await chosen(policy);
  for (const [name, value] of Object.entries(more)) await fill(page, name, value);
  if (file) await choose(page, file.caption, file.path);
  await click(page, "Prove", "form button");
  await page.until("document.querySelector('.banner')", 120);
  assert.match(await text(page, ".banner"), /Verified, but only under development parameters/);
}

let model;

test("a batch is committed to", async () => {
  await choose(page, "Upload a model", MODEL);
  await shows(page, "Commit to this model");
  await choose(page, "Calibration data", CALIBRATION);
  await fill(page, "items", "none");
  await click(page, "Commit to this model");
  await shows(page, "a whole number, at least 1");
  await fill(page, "items", "4");
  await click(page, "What the card says of the model", "summary");
  await fill(page, "classes0", CLASSES.join(", "));
  await look(page, "batch-commit");
  await click(page, "Commit to this model");
  await shows(page, "See the committed model", 120);
  await shows(page, "Rows in one proof");
  await click(page, "See the committed model");
  await shows(page, "Up to 4 rows of shape 64");
  model = await page.evaluate("location.hash.split('/').at(-1)");
  await look(page, "batch-model");
});

test("the label of each row stands in a table", async () => {
  await prove("labels");
  const rows = await table();
  assert.deepEqual(rows[0], ["Row", "Label"]);
  assert.deepEqual(rows.slice(1), ["0", "1", "2", "3"].map((row) => [row, '1 "one"']));
  await shows(page, "filled with its last one");
  await look(page, "batch-labels");
  await prove("scores");
  const scores = await table();
  assert.deepEqual([scores.length, scores[0].length, scores[0][2]], [5, 11, '1 "one"']);
  assert.deepEqual(scores[1].slice(1), scores[3].slice(1));
  // What is wider than the page is reached by the keyboard.
  assert.deepEqual(await page.evaluate("(({ tabIndex, role, ariaLabel }) => [tabIndex, role, ariaLabel])(document.querySelector('.report .scroll'))"), [0, "region", "Each row"]);
  await look(page, "batch-scores");
});

test("labels in a file are compared, and the matrix is shown", async () => {
  await page.open("about:blank");
  await page.open(`${all.service.address}/#/models/${model}`);
  await shows(page, "Ask for a receipt");
  await choose(page, "Input", three());
  await chosen("accuracy");
  await click(page, "Prove", "form button");
  await shows(page, "The file with a number for each row is missing");
  await choose(page, "Right labels of the first items", written("wrong.txt", "one\n"));
  await click(page, "Prove", "form button");
  await shows(page, "error[labels]");
  await look(page, "batch-labels-refused");

  await prove("confusion", {}, { caption: "Right labels of the first items", path: written("labels.txt", "1 1 7\n") });
  const matrix = await table();
  assert.deepEqual(matrix[0], ["Right label", ...CLASSES.map((name, label) => `${label} "${name}"`)]);
  assert.deepEqual([matrix.length, matrix[2][2], matrix[8][2], matrix[8][8]], [11, "2", "1", "0"]);
  await look(page, "batch-confusion");

  await prove("by-group", { label: "1" }, { caption: "Groups of the first items", path: written("groups.txt", "0,0,1") });
  assert.deepEqual(await table(), [["Group", "With the label", "Of", "Rate"], ["0", "2", "2", "1.000"], ["1", "1", "1", "1.000"]]);
  await look(page, "batch-groups");

  await prove("gap", { label: "1" }, { caption: "Groups of the first items, 0 or 1", path: written("groups.txt", "0,0,1") });
  await shows(page, "0 of 2 (0.0000)");
  assert.ok(page.complaints.every((words) => words.includes("422")), page.complaints.join("\n"));
});

test("whoever has the labels compares them", async () => {
  await prove("accuracy", {}, { caption: "Right labels of the first items", path: written("labels.txt", "1 1 7\n") });
  const id = await page.evaluate("location.hash.split('/').at(-1)");
  const answer = await fetch(`${all.service.address}/v1/proofs/${id}/receipt`, { headers: { authorization: `Bearer ${all.service.key}` } });
  const receipt = written("batch.receipt", Buffer.from(await answer.arrayBuffer()));
  await page.open(`${all.service.address}/#/verify`);
  await until(page, "Verify a receipt");
  await choose(page, "Receipt", receipt);
  await chosen("accuracy");
  const verdict = async (labels) => {
    await fill(page, "labels", labels);
    await click(page, "Verify", "form button");
  };
  await verdict("one");
  await shows(page, "a label for each row is expected");
  await look(page, "verify-labels");
  for (const [labels, kind] of [["1 1 1", "refused"], ["1, 1, 7", "dev-verified"]]) {
    await verdict(labels);
    await page.until("document.querySelector('.verification input[type=checkbox]')");
    await page.evaluate("document.querySelector('.verification input[type=checkbox]').click()");
    await page.until(`document.querySelector('.banner.${kind}')`);
    if (kind === "refused") await shows(page, "error[policy-mismatch]");
  }
  await shows(page, "2 of 3");
});
