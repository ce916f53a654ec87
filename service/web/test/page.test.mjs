// The service's page in headless Chromium, against a service on this machine: the whole way from an upload to a receipt
// verified in the browser, what goes wrong, the keyboard, its policy. Pictures are left in `page` beside the binary.

import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { NEVER } from "./prover.mjs";
import { fixture } from "./serve.mjs";
import { CALIBRATION, HELD_OUT, INPUT, MODEL, choose, click, fill, look, pictures, shows, start, text, until } from "./steps.mjs";

let all;
let service;
let opened;
let signedIn;

before(async () => {
  all = await start();
  ({ service, opened, signedIn } = all);
});
after(async () => all?.stop());

test("a wrong key is refused, a right one is kept for the tab and never part of an address", async () => {
  const page = await opened();
  await look(page, "key");
  await fill(page, "key", "pk_0000_1111");
  await click(page, "Continue");
  await shows(page, "error[unauthorized]");
  assert.equal(await page.evaluate("sessionStorage.length"), 0);
  await fill(page, "key", service.key);
  await click(page, "Continue");
  await until(page, "Models");
  await shows(page, "No models yet");
  await look(page, "models-empty");
  assert.equal(await page.evaluate("sessionStorage.getItem('provenn-key')"), service.key);
  assert.ok(page.requests.every((address) => !address.includes(service.key)));
  await click(page, "Sign out");
  await page.until("document.querySelector('[name=key]')");
  assert.equal(await page.evaluate("sessionStorage.length"), 0);
  // The refused key is the only thing that the browser noted.
  assert.ok(page.complaints.every((text) => text.includes("401")), page.complaints.join("\n"));
});

test("a malformed model is refused with its code", async () => {
  const page = await signedIn();
  await choose(page, "Upload a model", fixture("malformed/cycle.onnx"));
  await shows(page, "error[");
  await look(page, "malformed");
  assert.match(await text(page, ".problem"), /error\[[a-z-]+\]/);
  assert.equal(await page.evaluate("document.querySelector('.problem').getAttribute('role')"), "alert");
});

test("from an upload to a receipt verified in the browser", async () => {
  const page = await signedIn();
  await page.drop("label.file.large", MODEL);
  await page.until("document.querySelector('svg.layers')");
  const operators = await page.evaluate("[...document.querySelectorAll('.layers .operator')].map((made) => made.textContent)");
  assert.equal(operators.at(0), "Input");
  assert.ok(operators.includes("Conv") && operators.at(-1) === "Output", operators.join(" "));
  await shows(page, "CPU time");
  await look(page, "model-uploaded");

  await click(page, "Commit to this model");
  await shows(page, "The calibration data is missing");
  await choose(page, "Calibration data", CALIBRATION);
  await choose(page, "Held-out data", HELD_OUT);
  await click(page, "Commit to this model");
  await shows(page, "See the committed model");
  await look(page, "job-commit");
  await click(page, "See the committed model");
  await shows(page, "Ask for a receipt");
  await shows(page, "Against float");
  assert.match(await text(page, "main"), /Let out so far\s+0 bits in the ledger/);
  await look(page, "model-committed");

  await choose(page, "Input", INPUT);
  await fill(page, "audience", "bank.example");
  await fill(page, "nonce", "5a".repeat(32));
  await click(page, "Prove", "form button");
  await page.until("document.querySelector('.banner')", 120);
  assert.match(await text(page, ".banner"), /Verified, but only under development parameters/);
  const states = await page.evaluate("Object.fromEntries([...document.querySelectorAll('.checks li')].map((made) => [made.querySelector('.check-name').textContent, made.className]))");
  for (const name of ["named-model", "policy", "audience", "nonce", "expiry", "proof", "link", "registration"]) assert.equal(states[name], "passed", name);
  assert.ok(!Object.values(states).includes("failed"));
  const stages = await page.evaluate("[...document.querySelectorAll('.stages li')].map((made) => made.className)");
  assert.ok(stages.length >= 4 && stages.every((state) => state === "passed"), stages.join(" "));
  await look(page, "job-proof");

  // The verdict follows the reader's choice, without another request.
  const asked = page.requests.length;
  await page.evaluate("document.querySelector('.verification input[type=checkbox]').click()");
  await page.until("document.querySelector('.banner').classList.contains('refused')");
  assert.match(await text(page, ".banner"), /error\[dev-srs\]/);
  assert.equal(page.requests.length, asked);

  await page.open(`${service.address}/#/jobs`);
  await shows(page, "Proof: label");
  await shows(page, 'model "digits_cnn"');
  await look(page, "jobs");
  await page.open(`${service.address}/#/`);
  await shows(page, "committed");
  await look(page, "models");
  assert.deepEqual(page.complaints, []);
  assert.ok(page.requests.every((address) => address.startsWith(service.address)));
});

test("a running job is cancelled", async () => {
  const page = await signedIn();
  await page.until("document.querySelector('.commits a')");
  await page.evaluate("document.querySelector('.commits a').click()");
  await shows(page, "Ask for a receipt");
  await choose(page, "Input", INPUT);
  await fill(page, "audience", NEVER);
  await click(page, "Prove", "form button");
  await page.until("document.querySelector('.stages .now')?.textContent.startsWith('Proving')");
  await look(page, "job-running");
  await click(page, "Cancel");
  await page.until("document.querySelector('.stages .bad')?.textContent.startsWith('Cancelled')");
  assert.equal(await page.evaluate("[...document.querySelectorAll('button')].some((made) => made.textContent === 'Cancel')"), false);
  await look(page, "job-cancelled");
});

test("a published card and its receipts, for everybody", async () => {
  const owner = await signedIn();
  await owner.until("document.querySelector('.commits a')");
  await owner.evaluate("document.querySelector('.commits a').click()");
  await shows(owner, "Publish");
  await fill(owner, "name", "digits");
  await click(owner, "Publish", "form button");
  await owner.until("document.querySelector('.banner.verified')");
  const place = await owner.evaluate("location.pathname");
  assert.equal(place, "/cards/default/digits/1");

  const anybody = await opened(place);
  assert.equal(await anybody.evaluate("sessionStorage.length"), 0);
  for (const words of ["Active, version 1", "Against float", "other labels in 360 rows", "3.46 bits", "Model id"]) await shows(anybody, words);
  await look(anybody, "card");
  await anybody.open(`${service.address}/#/published`);
  await shows(anybody, "default / digits, version 1");

  // Card and SRS key come from the registry.
  const answer = await fetch(`${service.address}/v1/jobs`, { headers: { authorization: `Bearer ${service.key}` } });
  const done = (await answer.json()).jobs.find(({ kind, state }) => kind === "proof" && state === "done");
  const receipt = await fetch(`${service.address}/v1/proofs/${done.id}/receipt`, { headers: { authorization: `Bearer ${service.key}` } });
  const path = join(pictures, "published.receipt");
  writeFileSync(path, Buffer.from(await receipt.arrayBuffer()));
  await anybody.open(`${service.address}/#/verify`);
  await until(anybody, "Verify a receipt");
  await choose(anybody, "Receipt", path);
  await click(anybody, "Verify", "form button");
  await anybody.until("document.querySelector('.banner.refused')");
  assert.match(await text(anybody, ".banner"), /error\[dev-srs\]/);
  await anybody.evaluate("document.querySelector('.verification input[type=checkbox]').click()");
  await anybody.until("document.querySelector('.banner.dev-verified')");
  await look(anybody, "verify");

  await owner.open(`${service.address}/#/models/${done.request.model}`);
  await shows(owner, "Deprecate or revoke");
  await click(owner, "Deprecate or revoke", "summary");
  await fill(owner, "reason", "trained on too few digits");
  await click(owner, "Change the status for good", "form button");
  await shows(owner, "trained on too few digits");
  await anybody.open(service.address + place);
  await shows(anybody, "Deprecated, version 1");
  await shows(anybody, "trained on too few digits");
  await look(anybody, "card-deprecated");
  await owner.open(`${service.address}/#/jobs/${done.id}`);
  await shows(owner, "The publisher has deprecated this model: trained on too few digits");
  assert.deepEqual([...owner.complaints, ...anybody.complaints], []);
});

test("the way with the keyboard alone", async () => {
  const page = await opened();
  const focus = () => page.evaluate("document.activeElement.name || document.activeElement.textContent.trim()");
  /** Presses Tab until the focus is on something that begins with these words. */
  const reach = async (words) => {
    for (let presses = 0; presses < 60; presses++) {
      await page.press("Tab");
      if ((await focus()).startsWith(words)) return;
    }
    assert.fail(`the keyboard does not reach ${words}`);
  };
  await page.press("Tab");
  assert.equal(await focus(), "Skip to the content");
  await reach("key");
  await page.type(service.key);
  await page.press("Enter");
  await until(page, "Models");
  await reach("committed");
  await page.press("Enter");
  await shows(page, "Ask for a receipt");
  // The dialog that chooses a file is the browser's.
  await choose(page, "Input", INPUT);
  await reach("policy");
  await page.press("ArrowDown");
  await page.press("ArrowDown");
  await page.until("document.querySelector('[name=\"output index\"]').offsetParent");
  await reach("threshold");
  await page.type("-4");
  await reach("audience");
  await page.type("keyboard.example");
  await reach("Prove");
  await page.press("Space");
  await page.until("document.querySelector('.banner')", 120);
  assert.match(await text(page, ".banner"), /Verified, but only under development parameters/);
  assert.match(await text(page, ".banner"), /at least -4/);
  assert.deepEqual(page.complaints, []);
});

test("every field, button and link has a name, every page one heading of the first level", async () => {
  for (const place of ["/", "/#/colourings", "/#/jobs", "/#/ledger", "/#/log", "/#/verify"]) {
    const page = await signedIn(place);
    const { nodes } = await page.call("Accessibility.getFullAXTree");
    const roles = ["textbox", "checkbox", "radio", "combobox", "button", "link", "heading", "progressbar"];
    const named = nodes.filter(({ role, ignored }) => !ignored && roles.includes(role?.value));
    assert.ok(named.length >= 8, place);
    for (const { role, name } of named) assert.ok(name?.value.trim(), `${place}: a ${role.value} has no name`);
    assert.equal(await page.evaluate("document.querySelectorAll('h1').length"), 1);
  }
});

test("a receipt from elsewhere", async () => {
  const page = await opened("/#/verify");
  await choose(page, "Receipt", fixture("testkit/files/digits_cnn.receipt"));
  await click(page, "Verify", "form button");
  await shows(page, "error[not-here]");
  await choose(page, "Model card", fixture("testkit/files/digits_cnn.card"));
  await choose(page, "SRS key", fixture("testkit/files/digits_cnn.srs"));
  await click(page, "Verify", "form button");
  await page.until("document.querySelector('.banner.verified')");
  // Its policy is label.
  for (const [policy, banner] of [["scores", "refused"], ["label", "verified"], ["threshold", "refused"], ["", "verified"]]) {
    await page.evaluate(`document.querySelector('[name=policy][value="${policy}"]').click()`);
    if (policy === "threshold") await fill(page, "threshold", "0.5");
    await click(page, "Verify", "form button");
    await page.until(`document.querySelector('.banner.${banner}')`);
    await page.evaluate("document.querySelector('.banner').remove()");
  }
  await fill(page, "audience", "somebody-else.example");
  await click(page, "Verify", "form button");
  await page.until("document.querySelector('.banner.refused')");
  await choose(page, "Receipt", fixture("testkit/files/digits_cnn.card"));
  await click(page, "Verify", "form button");
  await page.until("document.querySelector('.checks .failed .check-name')?.textContent === 'receipt-file'");
});

test("without the module in the build the service verifies, and the page says so", async () => {
  const page = await signedIn("/#/jobs");
  await page.rewrite(`${service.address}/`, (html) => html.replace(/data-module="[^"]*"/, 'data-module=""'));
  await page.open("about:blank");
  await page.open(`${service.address}/#/jobs`);
  await shows(page, "Proof: label");
  await page.evaluate("[...document.querySelectorAll('.rows a')].find((made) => made.closest('li').querySelector('.tag.done') && made.textContent.startsWith('Proof: label')).click()");
  await page.until("document.querySelector('.banner')");
  assert.match(await text(page, ".banner"), /The service says: verified, but only under development parameters/);
  await shows(page, "no verifier for browsers");
  await page.evaluate("document.querySelector('.verification input[type=checkbox]').click()");
  await shows(page, "error[dev-srs]");
});

test("the page reaches nothing but the service", async () => {
  const page = await opened();
  await page.evaluate("document.addEventListener('securitypolicyviolation', (event) => { window.refused = event.violatedDirective; })");
  assert.equal(await page.evaluate("fetch('http://127.0.0.1:9/').then(() => 'sent', () => 'refused')"), "refused");
  assert.equal(await page.evaluate("window.refused"), "connect-src");
  const markup = await page.evaluate("(() => { try { document.body.innerHTML = '<p>'; return 'parsed'; } catch { return 'refused'; } })()");
  assert.equal(markup, "refused");
});
