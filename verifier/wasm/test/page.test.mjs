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
import { file, kind, vectors } from "./kit.mjs";

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
  if (vector["committed-input"]) await fill(page, "points", vector["committed-input"]);
  if (vector.policy) {
    const { name, output, threshold } = kind(vector.policy.split(" "));
    await fill(page, "policy", name);
    if (threshold !== undefined) {
      await fill(page, "bound-output", String(output));
      await fill(page, "bound-value", String(threshold / 2 ** scale.output));
    }
  }
  if (vector["public-input"]) {
    const values = vector["public-input"].split(" ").map((value) => Number(value) / 2 ** scale.input);
    const path = join(scratch, "input.json");
    writeFileSync(path, JSON.stringify({ shape: scale.shape, values }));
    await page.choose("[data-slot=input] input", path);
    await page.until("document.querySelector('[data-slot=input]').classList.contains('full')");
  }
}

/** Scales of the card of a vector, from the text at its end. */
function scaleOf(name) {
  const text = readFileSync(file(name), "latin1");
  const number = (field) => Number(new RegExp(`"${field}":(-?\\d+)`).exec(text)?.[1]);
  const shape = /"input_shape":(\[[\d,]*\])/.exec(text)?.[1];
  return { input: number("input_frac"), output: number("output_frac"), shape: shape && JSON.parse(shape) };
}

test("every vector", async (context) => {
  // The form names no output, no input of the other kind than the card's, and judges one receipt at a time.
  const expressible = ({ name, exact, receipts }) => !exact && receipts.length === 1 && !name.endsWith("asked_input_kind.txt");
  const list = vectors().filter(expressible);
  assert.ok(list.length > 80);
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
  await page.until("document.getElementById('drop-note').textContent.includes('no receipt, model card or SRS key')");
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
  assert.deepEqual(order, ["A", "receipt", "card", "srs", "SUMMARY", "accept-dev"]);
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

test("nothing overflows, in both colour schemes", async () => {
  const page = await fresh();
  await page.evaluate(`Date.now = () => ${1000 * NOW}`);
  const states = [
    ["verified", GOOD],
    ["development", DEV, "document.getElementById('accept-dev').click()"],
    ["refused", [...GOOD.slice(0, 2), "files/claim_label.receipt"]],
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
