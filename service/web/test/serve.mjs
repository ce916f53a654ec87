// The service on a free port of this machine, in a folder of its own.

import { execFileSync, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { writeProver } from "./prover.mjs";

export const root = resolve(import.meta.dirname, "../../..");

/** Where cargo builds. */
export function target() {
  const metadata = execFileSync("cargo", ["metadata", "--format-version=1", "--no-deps"], { cwd: root, maxBuffer: 1 << 28 });
  return JSON.parse(metadata).target_directory;
}

/** Path of a file of the fixtures. */
export const fixture = (name) => join(root, "fixtures", name);

/** Starts the binary (`PROVENN`, or the one that `cargo build --release` made). */
export async function serve() {
  const folder = mkdtempSync(join(tmpdir(), "provenn-service-"));
  const binary = process.env.PROVENN ?? join(target(), "release/provenn");
  const prover = join(folder, "prover");
  writeProver(prover, binary);
  const child = spawn(binary, ["serve", "--listen", "127.0.0.1:0", "--data", folder], { stdio: ["ignore", "pipe", "pipe"], env: { ...process.env, PROVENN_PROVER: prover } });
  const ended = new Promise((done) => child.once("exit", done));
  const log = [];
  const address = await new Promise((found, failed) => {
    const look = (line) => {
      log.push(line);
      // Colours may stand between name and value.
      const port = /listening.*?127\.0\.0\.1:(\d+)/.exec(line)?.[1];
      if (port) found(`http://127.0.0.1:${port}`);
    };
    for (const stream of [child.stdout, child.stderr]) createInterface(stream).on("line", look);
    ended.then(() => failed(new Error(`the service ended:\n${log.join("\n")}`)));
  });
  return {
    address,
    log,
    /** Where the link leads that the start printed: beside the log, so it may come a moment later. */
    link: async () => {
      for (let tries = 0; tries < 400; tries++) {
        const found = log.map((line) => /http:\S+#\/start\/[0-9a-f]+/.exec(line)?.[0]).find((link) => link);
        if (found) return found;
        await new Promise((resolve) => setTimeout(resolve, 25));
      }
      throw new Error(`no link in\n${log.join("\n")}`);
    },
    /** Its development parameters. */
    srs: join(folder, "srs"),
    key: readFileSync(join(folder, "first.key"), "utf8").trim(),
    /** Another key of the same tenant, with these scopes. */
    create: (scopes) => execFileSync(binary, ["keys", "create", "--data", folder, "--tenant", "default", "--scopes", scopes], { encoding: "utf8" }).trim(),
    stop: async () => {
      child.kill("SIGTERM");
      await ended;
      rmSync(folder, { recursive: true });
    },
  };
}
