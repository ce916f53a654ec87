// A prover for tests: the real one, except that proofs for one audience never end.

import { chmodSync, writeFileSync } from "node:fs";

/** Receipts for this audience reach the stage `proof` and stay there. */
export const NEVER = "never.example";

/** Writes the program to `path`; `binary` is the real prover. The service starts it without any environment. */
export function writeProver(path, binary) {
  writeFileSync(
    path,
    `#!${process.execPath}
const { spawn } = require("node:child_process");
let start = "";
const read = (bytes) => {
  start += bytes;
  if (!start.includes("\\n")) return;
  process.stdin.off("data", read);
  if (start.includes(${JSON.stringify(NEVER)})) {
    process.stdout.write('{"say":"stage","stage":"witness"}\\n{"say":"stage","stage":"proof"}\\n');
    process.stdin.resume().on("end", () => process.exit(1));
    return;
  }
  const child = spawn(${JSON.stringify(binary)}, ["__child"], { stdio: ["pipe", "inherit", "inherit"] });
  child.stdin.write(start);
  process.stdin.pipe(child.stdin);
  child.on("exit", (code) => process.exit(code ?? 1));
};
process.stdin.on("data", read);
`,
  );
  chmodSync(path, 0o755);
}
