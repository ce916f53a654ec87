// The compiler and its settings, for all scripts here.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

export const here = import.meta.dirname;
export const solc = createRequire(import.meta.url)("solc");

/** The verifier. */
export const VERIFIER = "contracts/Verifier.sol";

/** A file with all that it imports: what else is in the folder has no part in its code. */
export function closure(name, sources = {}) {
  if (name in sources) return sources;
  sources[name] = readFileSync(join(here, name), "utf8");
  for (const [, path] of sources[name].matchAll(/^import .* from "(.*)";$/gm)) closure(join(dirname(name), path), sources);
  return sources;
}

/** The contracts of sources, with these outputs of each. Ends the process if the compiler has anything to say but what is `expected`, by its code. */
export function compile(sources, outputs, expected = []) {
  const settings = {
    optimizer: { enabled: true, runs: 1_000_000 },
    viaIR: true,
    evmVersion: "osaka",
    // Nothing in the code depends on anything but the sources and the compiler.
    metadata: { appendCBOR: false, bytecodeHash: "none" },
    outputSelection: { "*": { "*": outputs } },
  };
  const contents = Object.fromEntries(Object.entries(sources).map(([name, content]) => [name, { content }]));
  const output = JSON.parse(solc.compile(JSON.stringify({ language: "Solidity", sources: contents, settings })));
  const messages = (output.errors ?? []).filter(({ errorCode }) => !expected.includes(errorCode));
  for (const { formattedMessage } of messages) console.error(formattedMessage);
  if (messages.length > 0) process.exit(1);
  return output;
}
