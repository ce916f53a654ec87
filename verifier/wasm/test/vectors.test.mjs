// The module decides every vector of the test kit as the vector demands, and as the native build does, to the byte.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import test from "node:test";
import { encode, load, run } from "../web/provenn.js";
import { GROUPS } from "../web/view.js";
import { FAILING } from "./checks.mjs";
import { requests, shown, vectors } from "./kit.mjs";

const root = resolve(import.meta.dirname, "../../..");
const options = { cwd: root, stdio: ["pipe", "pipe", "inherit"], maxBuffer: 1 << 28 };
const target = JSON.parse(execFileSync("cargo", ["metadata", "--format-version=1", "--no-deps"], options)).target_directory;
const wasm = readFileSync(join(target, "verifier/provenn_verifier.wasm"));

test("the module imports nothing", async () => {
  assert.deepEqual(WebAssembly.Module.imports(await WebAssembly.compile(wasm)), []);
});

test("every vector gives its verdict", async (context) => {
  const verifier = await load(wasm);
  // What this page accepts is fixed: which kinds of statements a caller accepts is asked of the crate.
  for (const vector of vectors().filter(({ statements }) => statements !== "")) {
    await context.test(vector.name, () => {
      const reports = requests(vector).map(verifier.verify);
      const bad = reports.findIndex((report) => report.error);
      if (bad < 0) {
        for (const [index, { verdict, claim, checks }] of reports.entries()) {
          assert.equal(verdict, vector.expect);
          assert.equal(claim.digest, vector.claims[index]);
          assert.equal(shown(claim), vector.shows[index]);
          assert.ok(checks.every(({ state }) => state === "passed" || state === "not-asked"));
        }
      } else {
        const { verdict, error, checks } = reports[bad];
        assert.equal(error.code, vector.expect);
        assert.equal(verdict, "refused");
        assert.equal(bad, Number(vector.at ?? 0));
        assert.deepEqual(checks.filter(({ state }) => state === "failed").map(({ name }) => name), [error.check]);
        assert.ok(error.message && error.help);
        assert.ok(FAILING[error.check]?.split(" ").includes(basename(vector.name, ".txt")), `${error.check} failed`);
      }
    });
  }
});

test("the page shows every check", async () => {
  const { checks } = (await load(wasm)).verify({});
  assert.deepEqual(GROUPS.flatMap(([, names]) => names).sort(), checks.map(({ name }) => name).sort());
});

test("the native build gives the same reports", async () => {
  const module = await WebAssembly.compile(wasm);
  const honest = requests(vectors().find(({ expect, receipts }) => expect === "verified" && receipts.length === 1))[0];
  const all = [
    ...vectors().flatMap(requests).map(encode),
    encode({ ...honest, modelId: new Uint8Array(32) }),
    encode({ ...honest, srsId: new Uint8Array(32) }),
    // Malformed requests: an unknown tag, a cut field, a nonce of one byte, an output without a policy.
    ...[[99, 0, 0, 0, 0], [1, 9, 0, 0, 0, 1], [7, 1, 0, 0, 0, 1], [13, 0, 0, 0, 0]].map((bytes) => Uint8Array.from(bytes)),
    ...flips(encode(honest), 200),
  ];
  const length = (bytes) => new Uint8Array(Uint32Array.of(bytes.length).buffer);
  const input = Buffer.concat(all.flatMap((request) => [length(request), request]));
  execFileSync("cargo", ["build", "--quiet", "--release", "--workspace", "--example", "report"], options);
  const native = execFileSync(join(target, "release/examples/report"), { ...options, input }).toString().trimEnd().split("\n");
  assert.deepEqual(all.map((request) => run(module, request)), native);
});

/** Copies of a request with one bit flipped each, spread evenly. */
function flips(request, count) {
  return Array.from({ length: count }, (_, index) => {
    const copy = request.slice();
    copy[Math.floor((index * copy.length) / count)] ^= 1 << index % 8;
    return copy;
  });
}
