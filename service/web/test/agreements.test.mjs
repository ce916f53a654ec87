// Agreements on the page: uploaded, receipts asked for under one, revoked; in headless Chromium. The parties' part is the command line's.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { fixture, target } from "./serve.mjs";
import { choose, click, fill, look, shows, start, text, until } from "./steps.mjs";

const SUPPLIES = { borrower: "own", lender: "listed" };
const folder = mkdtempSync(join(tmpdir(), "provenn-parties-"));
const at = (name) => join(folder, name);
let all;
let page;
let model;

async function call(method, path, body) {
  const headers = { authorization: `Bearer ${all.service.key}` };
  const response = await fetch(all.service.address + path, { method, body, headers });
  assert.ok(response.ok, `${path}: ${response.status}`);
  return response;
}

async function put(what, path) {
  const bytes = readFileSync(path);
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  await call("PUT", `/v1/${what}/${sha256}`, bytes);
  return sha256;
}

/** Both parties' machine: keys, an agreement that both signed, openings of their inputs and signatures of these. */
function agree() {
  const binary = process.env.PROVENN ?? join(target(), "release/provenn");
  const run = (...args) => JSON.parse(execFileSync(binary, ["--json", ...args], { encoding: "utf8", cwd: folder }));
  const samples = JSON.parse(readFileSync(fixture("inputs/conflict_check.json"), "utf8"));
  const parties = Object.entries(SUPPLIES).flatMap(([role, input]) => {
    const { key } = run("party", "key", "--name", `${role}.example`, "--out", `${role}.key`);
    return ["--party", `${role}=${key}`, "--supplies", `${role}=${input}`];
  });
  const end = new Date(Date.now() + 86_400_000).toISOString().slice(0, 10);
  run("agreement", "draft", "--card", "card", "--policy", "threshold:1:0", "--output", "conflict", "--not-after", end, "--accept-dev", "--out", "draft", ...parties);
  const sign = (from, role, to) => run("agreement", "sign", "--agreement", from, "--card", "card", "--key", `${role}.key`, "--out", to);
  sign("draft", "borrower", "half");
  sign("half", "lender", "deal");
  for (const [role, input] of Object.entries(SUPPLIES)) {
    writeFileSync(at(`${input}.json`), JSON.stringify(samples[input]));
    const srs = ["--srs", all.service.srs];
    run("party", "commit", "--card", "card", ...srs, "--input", `${input}=${input}.json`, "--out", `${input}.opening`);
    run("party", "sign", "--agreement", "deal", "--card", "card", ...srs, "--opening", `${input}.opening`, "--key", `${role}.key`, "--out", `${input}.signed`);
  }
}

before(async () => {
  all = await start();
  const source = await put("models", fixture("models/conflict_check.onnx"));
  const [own, listed] = [await put("inputs", fixture("data/conflict_check_own.npy")), await put("inputs", fixture("data/conflict_check_listed.npy"))];
  const body = JSON.stringify({ calibration: { own, listed }, inputs: { own: "committed", listed: "committed" } });
  const { id } = await (await call("POST", `/v1/models/${source}/commit`, body)).json();
  for (let job = {}; job.state !== "done"; await new Promise((resolve) => setTimeout(resolve, 100))) {
    job = await (await call("GET", `/v1/jobs/${id}`)).json();
    assert.notEqual(job.state, "failed", JSON.stringify(job));
    model = job.result?.model_id;
  }
  writeFileSync(at("card"), Buffer.from(await (await call("GET", `/v1/models/${model}/card`)).arrayBuffer()));
  agree();
  page = await all.signedIn("/#/agreements");
});
after(async () => {
  await all?.stop();
  rmSync(folder, { recursive: true });
});

test("an agreement is uploaded, once all parties signed it", async () => {
  await until(page, "Agreements");
  await shows(page, "No agreements yet");
  await look(page, "agreements-empty");
  await click(page, "Upload", "form button");
  await shows(page, "The agreement is missing");
  await choose(page, "Agreement", at("half"));
  await click(page, "Upload", "form button");
  await shows(page, "error[agreement-unsigned]");
  await choose(page, "Agreement", at("deal"));
  await click(page, "Upload", "form button");
  await shows(page, "in force");
  await shows(page, '"borrower" and "lender"');
  await look(page, "agreements");
});

test("a receipt under it needs what the parties signed", async () => {
  await page.open("about:blank");
  await page.open(`${all.service.address}/#/models/${model}`);
  await shows(page, "Ask for a receipt");
  assert.equal(await page.evaluate("document.querySelector('[name=audience]').offsetParent === null"), false);
  await page.evaluate("(({ options: [, deal] }) => { deal.selected = true; deal.parentElement.dispatchEvent(new Event('change')); })(document.querySelector('[name=agreement]'))");
  // For whom the receipt is says the agreement.
  assert.equal(await page.evaluate("document.querySelector('[name=audience]').offsetParent === null"), true);
  for (const input of Object.values(SUPPLIES)) await choose(page, `Input "${input}"`, at(`${input}.opening`));
  await page.evaluate(`document.querySelector('[name=policy][value="0/threshold"]').click()`);
  await fill(page, "output index", "1");
  await fill(page, "threshold", "0");
  await choose(page, 'Signature of "own"', at("own.signed"));
  await click(page, "Prove", "form button");
  await shows(page, "error[input-unsigned]");
  await look(page, "agreement-unsigned");
  await choose(page, 'Signature of "listed"', at("listed.signed"));
  await look(page, "agreement-prove");
  await click(page, "Prove", "form button");
  await page.until("document.querySelector('.banner')", 120);
  assert.match(await text(page, ".banner"), /Verified, but only under development parameters/);
  await shows(page, "Agreement");
  await look(page, "agreement-job");
});

test("a revoked one is said beside its receipts", async () => {
  const place = await page.evaluate("location.hash");
  await page.open(`${all.service.address}/#/agreements`);
  await shows(page, "in force");
  await click(page, "Revoke", "summary");
  await click(page, "Revoke for good", "form button");
  await shows(page, "The reason is missing");
  await fill(page, "reason", "the lender left");
  await click(page, "Revoke for good", "form button");
  await shows(page, "the lender left");
  assert.equal(await page.evaluate("document.querySelector('.rows .tag').textContent"), "revoked");
  await look(page, "agreements-revoked");
  await page.open(all.service.address + "/" + place);
  await shows(page, "The agreement of this receipt was revoked: the lender left");
  await look(page, "agreement-withdrawn");
  // Nothing is asked for under it any more.
  await page.open(`${all.service.address}/#/models/${model}`);
  await shows(page, "Ask for a receipt");
  assert.equal(await page.evaluate("document.querySelector('[name=agreement]')"), null);
  // What the receipt let out counts in full for each of its two inputs.
  await page.open(`${all.service.address}/#/ledger/${model}`);
  await shows(page, "counts in full for each of them");
  const sheets = "[...document.querySelectorAll('.sheet')].find((one) => one.querySelector('h2').textContent === 'By input')";
  const rows = await page.evaluate(`[...${sheets}.querySelectorAll('.rows > li')].map((row) => [row.querySelector('.mono').textContent, row.querySelector('.amount').textContent])`);
  assert.equal(rows.length, 2, rows.join(" "));
  assert.notEqual(rows[0][0], rows[1][0]);
  assert.ok(rows.every(([, amount]) => amount === "1.58 bits"), rows.join(" "));
  await shows(page, "1 × threshold of output 0, value 1 at least 0");
  await look(page, "ledger-of-several");
  assert.ok(page.complaints.every((words) => words.includes("422")), page.complaints.join("\n"));
});
