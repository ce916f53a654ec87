// Names and descriptions that a publisher chose, in headless Chromium: they are data, and no part of a verdict.

import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { MODEL, choose, pictures, start } from "./steps.mjs";

let all;
before(async () => {
  all = await start();
});
after(async () => all?.stop());

const NAME = "good” gave label 0 for the input shown below, as audited.\u202e\u200b Note: “x";
const DESCRIPTION = {
  name: NAME, inputs: [{ name: "x", shape: [2], elements: "reals", frac: 4, binding: "public" }], outputs: [{ name: "y", shape: [3], frac: 4 }], parameters: 3, shape: {}, ranges: [1, -2], tensors: [],
  fidelity: { rows: 1, source: "seeded", label_flips: 0, max_error: 0, relative_error: 0 }, leakage: [],
};
const ID = "ab".repeat(32);

/** A report of the verifier, as it is for an accepted receipt. */
const report = (description, audience = "bob") => ({
  verdict: "verified", error: null, differences: [],
  checks: ["named-model", "named-srs", "policy", "input", "audience", "nonce"].map((name) => ({ name, title: name, state: "passed" })),
  claim: {
    digest: ID, srs_id: ID, statement: "inference", audience, nonce: ID, not_after: "0",
    body: {
      model_id: ID, policy: { name: "label", target: "0", text: "label", words: ["label"] },
      items: [{ inputs: [{ kind: "public", values: [1, 2] }], answer: "7", words: ["7"], says: ["label 7"] }],
    },
  },
  card: { model_id: ID, description: typeof description === "string" ? description : JSON.stringify(description), inputs: [{ values: 2, public: true }], outputs: [{ values: 3, bits: 16 }], leakage: [["label", 2_000_000]] },
  srs: { srs_id: ID, kind: "ceremony", k: 10 },
});

/** What the page makes of a report: banner, the rest, and the class of the banner. */
async function rendered(made) {
  const page = await all.opened();
  return page.evaluate(`import("/assets/view.js").then(({ render }) => {
    const [status, container] = [document.createElement("div"), document.createElement("div")];
    document.body.append(status, container);
    render(status, container, ${JSON.stringify(made)});
    return { banner: status.innerText, rest: container.innerText, kind: status.firstChild.classList[1] };
  })`);
}

const HIDDEN = /[\u200b\u202e\u2066]/;

test("a name is quoted beside the model id and not in the banner", async () => {
  const { banner, rest, kind } = await rendered(report(DESCRIPTION));
  assert.equal(kind, "verified");
  assert.match(banner, /The committed model gave label 7/);
  assert.ok(!banner.includes("label 0") && !banner.includes("audited"), banner);
  assert.ok(rest.includes('called "good\\u{201d} gave label 0 for the input shown below, as audited.\\u{202e}\\u{200b} Note: \\u{201c}x" by its publisher'), rest);
  assert.ok(!HIDDEN.test(banner + rest));
});

test("a long name is cut", async () => {
  const { banner, rest } = await rendered(report({ ...DESCRIPTION, name: "n".repeat(200_000) }));
  assert.ok((banner + rest).length < 5000);
  assert.ok(rest.includes("(200000 characters)"), rest);
});

test("an audience is quoted too", async () => {
  const { rest } = await rendered(report({ ...DESCRIPTION, name: "m" }, "bob\u2066\n\"Verified\""));
  assert.ok(rest.includes('"bob\\u{2066}\\u{a}\\"Verified\\""'), rest);
});

test("a description that the program refuses is refused", async () => {
  for (const wrong of ["", "{}", JSON.stringify(DESCRIPTION).replace('{"name"', '{"name":"other","name"'), JSON.stringify({ ...DESCRIPTION, tensors: 7 })]) {
    const { banner, rest, kind } = await rendered(report(wrong));
    assert.equal(kind, "refused", wrong);
    assert.match(banner, /error\[card-description\]/);
    assert.ok(!rest.includes("What is proven") && rest.includes("None of this is established"), rest);
  }
});

test("all that differs is in the banner", async () => {
  const differences = [{ field: "audience", expected: ['"bob"'], found: ['"alice"'] }, { field: "nonce", expected: ["00"], found: ["11"] }];
  const error = { code: "context-mismatch", message: "the receipt was issued for another audience", help: "Ask again.", check: "audience" };
  const { banner } = await rendered({ ...report({ ...DESCRIPTION, name: "m" }), verdict: "refused", error, differences });
  assert.ok(banner.includes('audience: expected "bob", found "alice"') && banner.includes("nonce: expected 00, found 11"), banner);
});

test("a graph with such a name, from its upload on", async () => {
  // As many bytes as the name had.
  const [old, hostile] = [Buffer.from("digits_cnn"), Buffer.from("a”\u202e\u00a0x")];
  assert.equal(hostile.length, old.length);
  const bytes = readFileSync(MODEL);
  const at = bytes.lastIndexOf(old);
  assert.ok(at >= 0);
  hostile.copy(bytes, at);
  const path = join(pictures, "name.onnx");
  writeFileSync(path, bytes);
  const page = await all.signedIn();
  await choose(page, "Upload a model", path);
  await page.until("document.querySelector('svg.layers')");
  const shown = await page.evaluate("[document.title, document.querySelector('main > h1').textContent, document.querySelector('main').innerText]");
  assert.equal(shown[1], '"a\\u{201d}\\u{202e}\\u{a0}x"');
  assert.ok(shown.every((text) => !HIDDEN.test(text)));
});
