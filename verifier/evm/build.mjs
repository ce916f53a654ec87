// Compiles the contracts, and those of their tests: node build.mjs [--check]. Writes Verifier.json and the like to artifacts/, or compares with what is there.
// Needs node and, in the folder of this file, `npm ci`.

import { mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { closure, compile, here, solc } from "./compile.mjs";

/** Largest code of a contract (EIP-170). */
const MAX_BYTES = 24_576;
/** Folders of contracts, and where their artefacts are. */
const FOLDERS = { contracts: "artifacts", "tests/contracts": "tests/artifacts" };

let failed = false;
for (const [folder, artifacts] of Object.entries(FOLDERS)) {
  mkdirSync(join(here, artifacts), { recursive: true });
  for (const file of readdirSync(join(here, folder)).filter((name) => name.endsWith(".sol")).sort()) {
    const source = `${folder}/${file}`;
    const sources = closure(source);
    // Libraries are inlined, interfaces have no code.
    if (!/^contract /m.test(sources[source])) continue;
    const output = compile(sources, ["abi", "evm.bytecode.object", "evm.deployedBytecode.object"]);
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
