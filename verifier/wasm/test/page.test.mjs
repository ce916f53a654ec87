// The page in headless Chromium, opened as a file: every vector that its form can express, the keyboard, its policy.
// Pictures of both colour schemes and three widths are left beside it.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { after, before, test } from "node:test";
import { pathToFileURL } from "node:url";
import { launch } from "./chromium.mjs";
import { file, vectors } from "./kit.mjs";

const metadata = execFileSync("cargo", ["metadata", "--format-version=1", "--no-deps"], { cwd: resolve(import.meta.dirname), maxBuffer: 1 << 28 });
const built = join(JSON.parse(metadata).target_directory, "verifier");
const address = pathToFileURL(join(built, "verify.html")).href;
/** Before the end of the receipts in the kit that have one. */
const NOW = 1_900_000_000;
const scratch = mkdtempSync(join(tmpdir(), "provenn-page-"));
let browser;

before(async () => {
  browser = await launch();
});
after(async () => {
  await browser?.close();
  rmSync(scratch, { recursive: true });
});

const BANNER = "document.querySelector('#status .banner')";

async function fresh() {
  const page = await browser.page(address);
  await page.until(BANNER);
  return page;
}

/** Gives the files and waits for the verdict about them. */
async function give(page, srs, card, receipt) {
  for (const [slot, name] of [["srs", srs], ["card", card], ["receipt", receipt]]) {
    const name_ = JSON.stringify(file(name).split("/").at(-1));
    await page.choose(`[data-slot=${slot}] input`, file(name));
    await page.until(`document.querySelector('[data-slot=${slot}] .name').textContent.startsWith(${name_})`);
  }
}

const fill = (page, id, value) =>
  page.evaluate(`{ const field = document.getElementById("${id}"); field.value = ${JSON.stringify(value)}; field.dispatchEvent(new Event("input", { bubbles: true })); }`);

/** What the page shows: the class of the banner and the code in it. */
const verdict = (page) => page.evaluate(`(() => {
  const banner = ${BANNER};
  return { kind: banner.classList[1], code: /error\\[(.*?)\\]/.exec(banner.textContent)?.[1] ?? null };
})()`);

/** Expectations of a vector, as a person would fill them in. */
async function expectations(page, vector, scale) {
  if (vector["accept-dev"]) await page.evaluate('document.getElementById("accept-dev").click()');
  for (const name of ["audience", "nonce"]) if (vector[name]) await fill(page, name, vector[name]);
  if (vector.committedInputs.length > 0) await fill(page, "points", vector.committedInputs[0][1]);
  if (vector.policy) {
    await choosePolicy(page, vector.policy, scale);
    const field = { label: "label", scores: "scores", threshold: "bit" }[vector.policy.split(":")[0]];
    const real = (text) => text.split(" ").map((value) => value / 2 ** scale.outputs[0].frac).join(" ");
    if (vector.answer && field) await fill(page, field, field === "scores" ? real(vector.answer) : vector.answer);
  }
  if (vector.publicInputs.length > 0) {
    const sample = ([index, text]) => {
      const { name, shape, frac } = scale.inputs[index];
      return [name, { shape, values: text.split(" ").map((value) => Number(value) / 2 ** frac) }];
    };
    const samples = vector.publicInputs.map(sample);
    const path = join(scratch, "input.json");
    writeFileSync(path, JSON.stringify(scale.inputs.length === 1 ? samples[0][1] : Object.fromEntries(samples)));
    await page.choose("[data-slot=input] input", path);
    await page.until("document.querySelector('[data-slot=input]').classList.contains('full')");
  }
}

/** Chooses a policy by its text, with integers of the quantized model, in the fields that it has. */
async function choosePolicy(page, text, scale) {
  const [target, policy] = text.includes("/") ? text.split("/") : ["0", text];
  const [name, ...values] = policy.split(":");
  if (scale.outputs.length > 1) await fill(page, "target", target);
  await fill(page, "policy", name);
  const ids = await page.evaluate("[...document.querySelectorAll('#parameters input')].map(({ id }) => id)");
  assert.equal(ids.length, values.length, text);
  for (const [index, id] of ids.entries()) await fill(page, id, id === "parameter-output-index" ? values[index] : String(values[index] / 2 ** scale.outputs[Number(target) || 0].frac));
}

/** Scales of the card of a vector, from the text at its end. */
function scaleOf(name) {
  const text = readFileSync(file(name), "latin1");
  const list = (field) => JSON.parse(new RegExp(`"${field}":(\\[\\{"name".*?\\}\\])`).exec(text)?.[1] ?? "[]");
  return { inputs: list("inputs"), outputs: list("outputs") };
}

test("every vector", async (context) => {
  // The form names no input of the other kind than the card's, and judges one receipt at a time; those of graphs are judged by the module's test.
  const unnamed = ["asked_input_kind.txt", "asked_inputs_exchanged.txt", "asked_third_input.txt"];
  const expressible = ({ name, cards, receipts, statements }) => cards.length === 1 && receipts.length === 1 && statements !== "" && !unnamed.some((file) => name.endsWith(file));
  const list = vectors().filter(expressible);
  assert.ok(list.length > 80 && list.filter((vector) => vector.answer).length >= 3);
  const page = await fresh();
  for (const vector of list) {
    await context.test(vector.name, async () => {
      await page.open("about:blank");
      await page.open(address);
      await page.until(BANNER);
      await page.evaluate(`Date.now = () => ${1000 * (vector.now ?? NOW)}`);
      await give(page, vector.srs, vector.cards[0], vector.receipts[0]);
      await expectations(page, vector, scaleOf(vector.cards[0]));
      const accepted = ["verified", "dev-verified"].includes(vector.expect);
      assert.deepEqual(await verdict(page), accepted ? { kind: vector.expect, code: null } : { kind: "refused", code: vector.expect });
      const proven = await page.evaluate("document.querySelector('#report').innerText.includes('What is proven')");
      assert.equal(proven, accepted);
    });
  }
  assert.deepEqual(page.complaints, []);
});

const DEV = ["files/development.srs", "files/development.card", "files/development.receipt"];
const GOOD = ["files/digits_cnn.srs", "files/digits_cnn.card", "files/digits_cnn.receipt"];

test("files dropped in any order", async () => {
  const page = await fresh();
  await page.evaluate(`Date.now = () => ${1000 * NOW}`);
  await page.drop("h1", ...[...GOOD].reverse().map(file));
  await page.until(`${BANNER}.classList.contains("verified")`);
  await page.drop("h1", join(built, "provenn_verifier.wasm"));
  await page.until("document.getElementById('drop-note').textContent.includes('no bundle, receipt, model card, graph or SRS key')");
});

test("files of a model in segments are dropped like others", async () => {
  const page = await fresh();
  await page.evaluate(`Date.now = () => ${1000 * NOW}`);
  await page.drop("h1", ...["files/segments.receipt", "files/digits_cnn.srs", "files/segments.card"].map(file));
  await page.until(`${BANNER}.classList.contains("verified")`);
  const said = await page.evaluate("document.querySelector('#report').innerText");
  assert.match(said, /Segments\s+3, each with a proof of its own under this one claim/);
  assert.equal(await page.evaluate("document.getElementById('drop-note').textContent"), "");
  assert.deepEqual(page.complaints, []);
});

test("on paper there is the verdict and no form", async () => {
  const page = await fresh();
  await page.evaluate(`Date.now = () => ${1000 * NOW}`);
  await give(page, ...GOOD);
  await page.until(`${BANNER}.classList.contains("verified")`);
  await page.call("Emulation.setEmulatedMedia", { media: "print" });
  const seen = (selector) => page.evaluate(`[...document.querySelectorAll(${JSON.stringify(selector)})].map((found) => found.checkVisibility({ contentVisibilityAuto: true }))`);
  assert.deepEqual([await seen("#form"), await seen("#status .banner")], [[false], [true]]);
  const said = await seen("#report li, #report dd");
  assert.ok(said.length > 30 && said.every((one) => one), `${said.length}`);
  const { data } = await page.call("Page.printToPDF", {});
  assert.ok(Buffer.from(data, "base64").subarray(0, 5).equals(Buffer.from("%PDF-")));
  assert.deepEqual(page.complaints, []);
});

test("a development verdict is told apart, with the keyboard alone", async () => {
  const page = await fresh();
  await page.evaluate(`Date.now = () => ${1000 * NOW}`);
  await give(page, ...DEV);
  assert.deepEqual(await verdict(page), { kind: "refused", code: "dev-srs" });
  const focused = () => page.evaluate("document.activeElement.id || document.activeElement.closest('[data-slot]')?.dataset.slot || document.activeElement.tagName");
  const order = [];
  for (let presses = 0; presses < 20 && order.at(-1) !== "accept-dev"; presses++) {
    await page.press("Tab");
    order.push(await focused());
  }
  assert.deepEqual(order, ["A", "bundle", "receipt", "card", "graph", "srs", "SUMMARY", "accept-dev"]);
  await page.press("Space");
  await page.until(`${BANNER}.classList.contains("dev-verified")`);
  const text = await page.evaluate(`${BANNER}.innerText`);
  assert.match(text, /only under development parameters/);
  await page.press("Tab");
  await page.type("00");
  assert.match(await page.evaluate(`${BANNER}.innerText`), /Correct the marked field/);
  assert.equal(await page.evaluate("document.getElementById('model-id').getAttribute('aria-invalid')"), "true");
  await page.type("00".repeat(31));
  assert.deepEqual(await verdict(page), { kind: "refused", code: "model-mismatch" });
});

test("the output that one expects, under each policy", async () => {
  const page = await fresh();
  await page.evaluate(`Date.now = () => ${1000 * NOW}`);
  const shown = () => page.evaluate("['result-label', 'result-labels', 'result-scores', 'result-bit'].filter((id) => document.getElementById(id).offsetParent)");
  const judged = async (id, value) => (await fill(page, id, value), verdict(page));
  const [verified, other] = [{ kind: "verified", code: null }, { kind: "refused", code: "output-mismatch" }];
  const incomplete = { kind: "empty", code: null };
  for (const [name, field] of [["label", "result-label"], ["scores", "result-scores"], ["threshold", "result-bit"], ["yes-only", null], ["margin", "result-label"], ["top", "result-labels"], ["label-in", "result-label"], ["round", "result-scores"], ["", null]]) {
    await fill(page, "policy", name);
    assert.deepEqual(await shown(), field ? [field] : []);
  }

  await give(page, ...GOOD);
  await fill(page, "policy", "label");
  const label = await page.evaluate("/label (\\d+)/.exec(document.querySelector('.output').textContent)[1]");
  assert.deepEqual(await judged("label", label), verified);
  assert.deepEqual(await judged("label", String(Number(label) + 1)), other);
  assert.deepEqual(await judged("label", "seven"), incomplete);
  assert.equal(await page.evaluate("document.getElementById('label').getAttribute('aria-invalid')"), "true");
  // What another policy's field says is not asked for.
  await fill(page, "policy", "");
  assert.deepEqual(await verdict(page), verified);
  await fill(page, "label", "");

  const scores = vectors().find(({ name }) => name.endsWith("policy_scores.txt"));
  await give(page, scores.srs, scores.cards[0], scores.receipts[0]);
  await fill(page, "policy", "scores");
  // As the verdict shows them.
  const values = await page.evaluate("document.querySelector('.output').textContent");
  assert.deepEqual(await judged("scores", values), verified);
  assert.deepEqual(await judged("scores", `${values} 0`), other);
  assert.deepEqual(await judged("scores", values.replace(/[\d.]+$/, "99")), other);
  assert.deepEqual(await judged("scores", "1, two"), incomplete);
  assert.deepEqual(await judged("scores", ""), verified);

  for (const [name, right, wrong] of [["policy_threshold_one", "yes", "no"], ["policy_threshold_zero", "no", "yes"]]) {
    const vector = vectors().find((made) => made.name.endsWith(`${name}.txt`));
    await give(page, vector.srs, vector.cards[0], vector.receipts[0]);
    await choosePolicy(page, vector.shows[0].split(" ")[0], scaleOf(vector.cards[0]));
    assert.deepEqual(await judged("bit", right), verified);
    assert.deepEqual(await judged("bit", wrong), other);
    assert.deepEqual(await judged("bit", ""), verified);
  }
});

test("another time than now", async () => {
  const page = await fresh();
  await page.evaluate(`Date.now = () => ${1000 * NOW}`);
  const vector = vectors().find(({ expect, receipts }) => expect === "expired" && receipts.length === 1);
  await give(page, vector.srs, vector.cards[0], vector.receipts[0]);
  const end = Number(await page.evaluate("/\\((\\d+)\\)/.exec([...document.querySelectorAll('.claim div')].find((row) => row.textContent.startsWith('Valid until')).textContent)[1]"));
  // As the verdict writes it, and as machines do.
  const at = (seconds) => fill(page, "now", new Date(1000 * seconds).toISOString().replace("T", " ").replace(".000Z", " UTC"));
  await at(end);
  assert.deepEqual(await verdict(page), { kind: "verified", code: null });
  await at(end + 1);
  assert.deepEqual(await verdict(page), { kind: "refused", code: "expired" });
  await fill(page, "now", new Date(1000 * end).toISOString().slice(0, 10));
  assert.deepEqual(await verdict(page), { kind: "verified", code: null });
  for (const wrong of ["tomorrow", "2030-02-31", "2030-1-1", "2030-01-31 25:00"]) {
    await fill(page, "now", wrong);
    assert.deepEqual(await verdict(page), { kind: "empty", code: null }, wrong);
  }
  await fill(page, "now", "");
  assert.deepEqual(await verdict(page), NOW > end ? { kind: "refused", code: "expired" } : { kind: "verified", code: null });
});

test("a graph is drawn with its verdict, the same each time", async () => {
  const vector = vectors().find(({ name }) => name.endsWith("petersen.txt"));
  const page = await fresh();
  await page.evaluate(`Date.now = () => ${1000 * (vector.now ?? NOW)}`);
  for (const [slot, name] of [["srs", vector.srs], ["graph", vector.graphs[0]], ["receipt", vector.receipts[0]]]) {
    const short = JSON.stringify(file(name).split("/").at(-1));
    await page.choose(`[data-slot=${slot}] input`, file(name));
    await page.until(`document.querySelector('[data-slot=${slot}] .name').textContent.startsWith(${short})`);
  }
  await page.evaluate("document.getElementById('accept-dev').click()");
  assert.deepEqual(await verdict(page), { kind: vector.expect, code: null });
  const seen = () => page.evaluate("(() => { const svg = document.querySelector('svg.graph'); return { html: svg.outerHTML, kind: svg.classList[1], circles: svg.querySelectorAll('circle').length, name: svg.getAttribute('aria-label') }; })()");
  const first = await seen();
  assert.deepEqual([first.circles, first.kind], [10, vector.expect]);
  assert.match(first.name, /^Verified.*: a graph of 10 vertices and 15 edges$/);
  assert.equal((first.html.match(/M/g) ?? []).length, 15);
  for (const [width, scheme] of [[1280, "light"], [360, "dark"]]) {
    await page.show(width, scheme);
    assert.equal(await page.evaluate("document.documentElement.scrollWidth"), width);
    writeFileSync(join(built, `graph-${scheme}-${width}.png`), await page.screenshot());
  }
  // A refusal frames it too, and moves nothing.
  await fill(page, "colours", "2");
  const refused = await seen();
  assert.equal(refused.kind, "refused");
  assert.equal(refused.html.replace(/class="graph .*?"|aria-label=".*?"/g, ""), first.html.replace(/class="graph .*?"|aria-label=".*?"/g, ""));
  // A file is data: what is no graph is drawn nowhere.
  const hostile = join(scratch, "hostile.col");
  writeFileSync(hostile, "c <svg onload=alert(1)>\np edge 2 1\ne 1 <script>\n");
  await page.choose("[data-slot=graph] input", hostile);
  await page.until(`${BANNER}.textContent.includes("graph-file") || ${BANNER}.classList.contains("refused")`);
  assert.equal(await page.evaluate("document.querySelectorAll('svg.graph, #report script').length"), 0);
  const large = join(scratch, "large.col");
  writeFileSync(large, "p edge 501 0\n");
  await page.choose("[data-slot=graph] input", large);
  await page.until("document.querySelector('#report').innerText.includes('too many to draw')");
  assert.deepEqual(page.complaints, []);
});

test("every field and the verdict have a name", async () => {
  const page = await fresh();
  const { nodes } = await page.call("Accessibility.getFullAXTree");
  const roles = ["textbox", "checkbox", "combobox", "button", "link", "heading"];
  const named = nodes.filter(({ role, ignored }) => !ignored && roles.includes(role?.value));
  assert.ok(named.length >= 14);
  for (const { role, name } of named) assert.ok(name?.value.trim(), `a ${role.value} has no name`);
  assert.ok(nodes.some(({ role }) => role?.value === "status"));
});

test("the page reaches nothing", async () => {
  const page = await fresh();
  await give(page, ...GOOD);
  assert.deepEqual(page.requests, [address]);
  await page.evaluate("document.addEventListener('securitypolicyviolation', (event) => { window.refused = event.violatedDirective; })");
  const outcome = await page.evaluate("fetch('http://127.0.0.1:9/').then(() => 'sent', () => 'refused')");
  assert.equal(outcome, "refused");
  assert.equal(await page.evaluate("window.refused"), "connect-src");
});

/** Fills in fields of every kind, one of them wrong. */
const EXPECTED = `for (const [id, value] of [["policy", "scores"], ["scores", "1.5 2"], ["now", "2030-01-31"], ["nonce", "5a"]]) {
  const field = document.getElementById(id);
  field.value = value;
  field.dispatchEvent(new Event("input", { bubbles: true }));
}`;

test("nothing overflows, in both colour schemes", async () => {
  const page = await fresh();
  await page.evaluate(`Date.now = () => ${1000 * NOW}`);
  const states = [
    ["verified", GOOD],
    ["development", DEV, "document.getElementById('accept-dev').click()"],
    ["refused", [...GOOD.slice(0, 2), "files/claim_label.receipt"]],
    ["expected", GOOD, EXPECTED],
  ];
  for (const [name, files, action] of states) {
    await give(page, ...files);
    if (action) await page.evaluate(action);
    for (const [width, scheme] of [[1280, "light"], [1280, "dark"], [768, "light"], [360, "dark"]]) {
      await page.show(width, scheme);
      assert.equal(await page.evaluate("document.documentElement.scrollWidth"), width, `${name} at ${width}`);
      writeFileSync(join(built, `${name}-${scheme}-${width}.png`), await page.screenshot());
    }
  }
});
