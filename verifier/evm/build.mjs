// Compiles the contracts: node build.mjs [--check]. Writes Verifier.json and the like to artifacts/, or compares with what is there.
// Needs node and, in the folder of this file, `npm ci`.

import { mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

/** Largest code of a contract (EIP-170). */
const MAX_BYTES = 24_576;
const here = import.meta.dirname;
const solc = createRequire(import.meta.url)("solc");

const names = readdirSync(join(here, "contracts"), { recursive: true }).filter((name) => name.endsWith(".sol")).sort();
const sources = Object.fromEntries(names.map((name) => [name, { content: readFileSync(join(here, "contracts", name), "utf8") }]));
const settings = {
  optimizer: { enabled: true, runs: 1_000_000 },
  viaIR: true,
  evmVersion: "osaka",
  // Nothing in the code depends on anything but the sources and the compiler.
  metadata: { appendCBOR: false, bytecodeHash: "none" },
  outputSelection: { "*": { "*": ["abi", "evm.bytecode.object", "evm.deployedBytecode.object"] } },
};
const output = JSON.parse(solc.compile(JSON.stringify({ language: "Solidity", sources, settings })));
const messages = output.errors ?? [];
for (const { formattedMessage } of messages) console.error(formattedMessage);
if (messages.length > 0) process.exit(1);

let failed = false;
mkdirSync(join(here, "artifacts"), { recursive: true });
for (const contracts of Object.values(output.contracts)) {
  for (const [name, { abi, evm }] of Object.entries(contracts)) {
    const size = evm.deployedBytecode.object.length / 2;
    if (size === 0 || !artifact(name)) continue;
    if (size > MAX_BYTES) throw new Error(`${name} has ${size} bytes, more than ${MAX_BYTES}`);
    const text = `${JSON.stringify({ contract: name, compiler: solc.version(), abi, bytecode: evm.bytecode.object, deployed: evm.deployedBytecode.object }, null, 1)}\n`;
    const path = join(here, "artifacts", `${name}.json`);
    if (process.argv.includes("--check")) {
      if (readFileSync(path, "utf8") !== text) {
        console.error(`artifacts/${name}.json is not what the sources compile to; run node build.mjs`);
        failed = true;
      }
    } else {
      writeFileSync(path, text);
    }
    console.log(`${name}: ${size} bytes`);
  }
}
if (failed) process.exit(1);

/** Libraries are inlined: no code of their own is deployed. */
function artifact(name) {
  return !["Bytes", "Layout", "Key", "Policy", "Claim", "Proof", "Equation", "Blake2b"].includes(name);
}
