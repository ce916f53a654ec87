// The first visit, without a key and without a file: the link of the start, the examples, a colouring, the same job again.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { NEVER } from "./prover.mjs";
import { target } from "./serve.mjs";
import { choose, click, fill, look, pictures, shows, start, text, until } from "./steps.mjs";

let all;
let service;

before(async () => {
  all = await start();
  ({ service } = all);
});
after(async () => all?.stop());

/** Clicks, and waits for the file that the page gives. */
async function download(page, words) {
  const folder = mkdtempSync(join(tmpdir(), "provenn-download-"));
  await page.call("Browser.setDownloadBehavior", { behavior: "allow", downloadPath: folder });
  await click(page, words);
  for (let tries = 0; tries < 400; tries++) {
    const whole = readdirSync(folder).find((name) => !name.endsWith(".crdownload"));
    if (whole) return join(folder, whole);
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  throw new Error(`no download: ${words}`);
}

test("the link of the start opens the page once, and stands in no history", async () => {
  const link = await service.link();
  assert.ok(link.startsWith(`${service.address}/#/start/`), link);
  const code = link.split("/").at(-1);
  const page = await all.opened();
  await page.open("about:blank");
  await page.open(link);
  await until(page, "Models");
  assert.equal(await page.evaluate("location.href"), `${service.address}/#/`);
  assert.match(await page.evaluate("sessionStorage.getItem('provenn-key')"), /^pvn_/);
  const { entries } = await page.call("Page.getNavigationHistory");
  assert.ok(entries.every(({ url }) => !url.includes(code)), JSON.stringify(entries));
  assert.ok(page.requests.filter((address) => address.includes("/v1/")).every((address) => !address.includes(code)));
  assert.deepEqual(page.complaints, []);

  const late = await all.opened(`/#/start/${code}`);
  await until(late, "This link opens the page no more");
  await shows(late, "error[link-over]");
  await look(late, "link-over");
  await fill(late, "key", service.key);
  await click(late, "Continue");
  await until(late, "Models");
});

test("from the example to a receipt, a bundle and a verdict about it, by clicks alone", async () => {
  const page = await all.signedIn();
  await click(page, "Or try the example");
  await shows(page, "Commit to this model");
  await click(page, "Fill in the example’s data");
  await page.until("[...document.querySelectorAll('label.file.full')].length === 2");
  await click(page, "What the card says of the model", "summary");
  await fill(page, "name", "Digits");
  await fill(page, "licence", "CC0");
  await look(page, "commit-example");
  await click(page, "Commit to this model");
  await shows(page, "See the committed model", 120);
  await click(page, "See the committed model");
  await shows(page, "Ask for a receipt");
  await shows(page, "CC0");
  await shows(page, '3 "three"');
  await page.evaluate(`document.querySelector('[name=policy][value="label-in"]').click()`);
  await shows(page, '0 "zero", 1 "one"');
  await page.evaluate(`document.querySelector('[name=policy][value="label"]').click()`);
  await click(page, "Take the example’s input");
  await page.until("document.querySelector('label.file.full')");
  await look(page, "prove-example");
  await click(page, "Prove", "form button");
  await page.until("document.querySelector('.banner')", 120);
  assert.match(await text(page, ".report"), /label 3 "three"|"three"/);

  const bundle = await download(page, "Download a bundle");
  assert.equal(readFileSync(bundle).subarray(0, 4).toString(), "PRVB");
  const binary = process.env.PROVENN ?? join(target(), "release/provenn");
  const said = execFileSync(binary, ["verify", bundle, "--policy", "label", "--any-model", "--accept-dev"], { encoding: "utf8" });
  assert.match(said, /^VALID/);
  const anybody = await all.opened("/#/verify");
  await choose(anybody, "Receipt", bundle);
  await click(anybody, "Verify", "form button");
  await anybody.until("document.querySelector('.banner.refused')");
  assert.match(await text(anybody, ".banner"), /error\[dev-srs\]/);
  await anybody.evaluate("document.querySelector('.verification input[type=checkbox]').click()");
  await anybody.until("document.querySelector('.banner.dev-verified')");
  await look(anybody, "verify-bundle");
  rmSync(bundle);
  assert.deepEqual([...page.complaints, ...anybody.complaints], []);
});

test("a graph is drawn, its colouring proven, and the receipt verified beside the drawing", async () => {
  const page = await all.signedIn("/#/colourings");
  await until(page, "Prove that a graph can be coloured");
  await click(page, "Prove", "form button");
  await shows(page, "The graph is missing");
  await click(page, "Fill in an example");
  await page.until("document.querySelectorAll('svg.graph circle').length === 10");
  await shows(page, "10 vertices and 15 edges");
  await fill(page, "colours", "17");
  await click(page, "Prove", "form button");
  await shows(page, "a whole number from 2 to 16");
  await fill(page, "colours", "3");
  await fill(page, "audience", "bank.example");
  await look(page, "colouring-form");
  await click(page, "Prove", "form button");
  await page.until("document.querySelector('.banner')", 120);
  assert.match(await text(page, ".banner"), /Verified, but only under development parameters/);
  assert.match(await text(page, ".banner"), /3 colours/);
  await page.until("document.querySelectorAll('svg.graph.dev-verified circle').length === 10");
  const states = await page.evaluate("Object.fromEntries([...document.querySelectorAll('.checks li')].map((made) => [made.querySelector('.check-name').textContent, made.className]))");
  for (const name of ["graph", "colours", "audience", "proof"]) assert.equal(states[name], "passed", name);
  await look(page, "colouring-verified");

  // Anybody with the files: right, with another graph, and without one.
  const receipt = await download(page, "Download the receipt");
  const graph = await download(page, "Download the graph");
  assert.match(readFileSync(graph, "utf8"), /^c .*\np edge 10 15\n/);
  const anybody = await all.opened("/#/verify");
  await choose(anybody, "Receipt", receipt);
  await click(anybody, "Verify", "form button");
  await shows(anybody, "the graph is missing");
  await choose(anybody, "Graph", graph);
  await fill(anybody, "colours", "3");
  await click(anybody, "Verify", "form button");
  await anybody.until("document.querySelector('.banner')");
  await anybody.evaluate("document.querySelector('.verification input[type=checkbox]').click()");
  await anybody.until("document.querySelector('svg.graph.dev-verified')");
  const other = join(pictures, "other.col");
  writeFileSync(other, readFileSync(graph, "utf8").replace("e 1 2\n", ""));
  await choose(anybody, "Graph", other);
  await click(anybody, "Verify", "form button");
  await anybody.until("document.querySelector('.banner.refused')");
  await anybody.evaluate("document.querySelector('.verification input[type=checkbox]').click()");
  await anybody.until("document.querySelector('.banner').textContent.includes('error[graph-mismatch]')");
  for (const path of [receipt, graph]) if (existsSync(path)) rmSync(path);
  assert.deepEqual([...page.complaints, ...anybody.complaints], []);
});

test("a colouring that is not proper, and a file that is no graph", async () => {
  const page = await all.signedIn("/#/colourings");
  const bad = join(pictures, "bad.col");
  writeFileSync(bad, "p edge 2 1\ne 1 9\n");
  await choose(page, "Graph", bad);
  await shows(page, "No drawing");
  const colours = join(pictures, "bad.sol");
  writeFileSync(colours, "0\n0\n");
  await choose(page, "Colouring", colours);
  await click(page, "Prove", "form button");
  await shows(page, "line 2: vertex 9");
  const edge = join(pictures, "edge.col");
  writeFileSync(edge, "p edge 2 1\ne 1 2\n");
  await choose(page, "Graph", edge);
  await page.until("document.querySelectorAll('svg.graph circle').length === 2");
  await click(page, "Prove", "form button");
  await shows(page, "error[not-provable]", 120);
  // Another try would end the same, and cost another bit.
  assert.equal(await page.evaluate("[...document.querySelectorAll('main button')].some((made) => made.textContent === 'Try again')"), false);
  await look(page, "colouring-improper");
  await click(page, "Ask for another colouring");
  await until(page, "Prove that a graph can be coloured");
});

test("a job that was cancelled is tried again", async () => {
  const page = await all.signedIn("/#/colourings");
  await click(page, "Fill in an example");
  await fill(page, "audience", NEVER);
  await click(page, "Prove", "form button");
  await page.until("document.querySelector('.stages .now')?.textContent.startsWith('Proving')");
  // Meanwhile the graph is there to be looked at.
  await page.until("document.querySelectorAll('svg.graph circle').length === 10");
  await click(page, "Cancel");
  await shows(page, "Try again");
  await look(page, "again");
  const first = await page.evaluate("location.hash");
  await click(page, "Try again");
  await page.until(`location.hash !== ${JSON.stringify(first)}`);
  await page.until("document.querySelector('.stages .now')?.textContent.startsWith('Proving')");
  assert.match(await text(page, "main"), new RegExp(NEVER));
  await click(page, "Cancel");
  await shows(page, "Try again");
});
