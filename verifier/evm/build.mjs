// Compiles the contracts, and those of their tests: node build.mjs [--check]. Writes Verifier.json and the like to artifacts/, or compares with what is there.
// Needs node and, in the folder of this file, `npm ci`.

import { mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

/** Largest code of a contract (EIP-170). */
const MAX_BYTES = 24_576;
const here = import.meta.dirname;
const solc = createRequire(import.meta.url)("solc");
/** Folders of contracts, and where their artefacts are. */
const FOLDERS = { contracts: "artifacts", "tests/contracts": "tests/artifacts" };

const settings = {
  optimizer: { enabled: true, runs: 1_000_000 },
  viaIR: true,
  evmVersion: "osaka",
  // Nothing in the code depends on anything but the sources and the compiler.
  metadata: { appendCBOR: false, bytecodeHash: "none" },
  outputSelection: { "*": { "*": ["abi", "evm.bytecode.object", "evm.deployedBytecode.object"] } },
};

/** A file with all that it imports: what else is in the folder has no part in its code. */
function closure(name, sources = {}) {
  if (name in sources) return sources;
  const content = readFileSync(join(here, name), "utf8");
  sources[name] = { content };
  for (const [, path] of content.matchAll(/^import .* from "(.*)";$/gm)) closure(join(dirname(name), path), sources);
  return sources;
}

let failed = false;
for (const [folder, artifacts] of Object.entries(FOLDERS)) {
  mkdirSync(join(here, artifacts), { recursive: true });
  for (const file of readdirSync(join(here, folder)).filter((name) => name.endsWith(".sol")).sort()) {
    const source = `${folder}/${file}`;
    const sources = closure(source);
    // Libraries are inlined, interfaces have no code.
    if (!/^contract /m.test(sources[source].content)) continue;
    const output = JSON.parse(solc.compile(JSON.stringify({ language: "Solidity", sources, settings })));
    const messages = output.errors ?? [];
    for (const { formattedMessage } of messages) console.error(formattedMessage);
    if (messages.length > 0) process.exit(1);
    for (const [name, { abi, evm }] of Object.entries(output.contracts[source])) {
      const size = evm.deployedBytecode.object.length / 2;
      if (size === 0) continue;
      if (size > MAX_BYTES) throw new Error(`${name} has ${size} bytes, more than ${MAX_BYTES}`);
      const text = `${JSON.stringify({ contract: name, compiler: solc.version(), abi, bytecode: evm.bytecode.object, deployed: evm.deployedBytecode.object }, null, 1)}\n`;
      const path = join(here, artifacts, `${name}.json`);
      if (process.argv.includes("--check")) {
        if (readFileSync(path, "utf8") !== text) {
          console.error(`${artifacts}/${name}.json is not what the sources compile to; run node build.mjs`);
          failed = true;
        }
      } else {
        writeFileSync(path, text);
      }
      console.log(`${name}: ${size} bytes`);
    }
  }
}
if (failed) process.exit(1);
