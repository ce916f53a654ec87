// Builds the verifier module, the page that carries it and the package: node build.mjs [FOLDER].
// Writes provenn_verifier.wasm, verify.html and npm/ to FOLDER (default: target/verifier). Needs cargo, the target
// wasm32-unknown-unknown and node, nothing else.

import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { gzipSync } from "node:zlib";

/** Largest module, gzipped. */
const MAX_BYTES = 400 << 10;
const here = import.meta.dirname;
const root = resolve(here, "../..");
const PACKAGE = "provenn-verifier-wasm";

// Everybody may read the module: it says nothing of the machine that it was built on, and is the same from each.
const remapped = [[root, "/provenn"], [process.env.CARGO_HOME ?? join(homedir(), ".cargo"), "/cargo"]];
const flags = remapped.map(([from, to]) => `--remap-path-prefix=${from}=${to}`).join("\x1f");
const cargo = (...args) =>
  execFileSync("cargo", args, { cwd: root, stdio: ["ignore", "pipe", "inherit"], maxBuffer: 1 << 28, env: { ...process.env, CARGO_ENCODED_RUSTFLAGS: flags } });
const metadata = JSON.parse(cargo("metadata", "--format-version=1", "--no-deps"));
cargo("build", "--profile", "wasm", "--target", "wasm32-unknown-unknown", "-p", PACKAGE);
const wasm = readFileSync(join(metadata.target_directory, "wasm32-unknown-unknown/wasm", `${PACKAGE.replaceAll("-", "_")}.wasm`));

const packed = gzipSync(wasm, { level: 9 });
if (packed.length > MAX_BYTES) throw new Error(`the module has ${packed.length} bytes gzipped, more than ${MAX_BYTES}`);

const folder = resolve(process.argv[2] ?? join(metadata.target_directory, "verifier"));
mkdirSync(folder, { recursive: true });
writeFileSync(join(folder, "provenn_verifier.wasm"), wasm);
writeFileSync(join(folder, "verify.html"), page(wasm, packed));
npm(join(folder, "npm"), wasm);
console.log(`${folder}: module of ${wasm.length} bytes, ${packed.length} gzipped`);

/** The package as it is packed: what is not of its own folder is put beside it here. */
function npm(folder, wasm) {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder);
  for (const name of ["README.md", "example.html", "index.d.ts", "index.js"]) copyFileSync(join(here, "npm", name), join(folder, name));
  for (const name of ["LICENSE-APACHE", "LICENSE-MIT"]) copyFileSync(join(root, name), join(folder, name));
  copyFileSync(join(here, "web/provenn.js"), join(folder, "provenn.js"));
  writeFileSync(join(folder, "provenn.wasm"), wasm);
  const { name, ...rest } = JSON.parse(readFileSync(join(here, "npm/package.json"), "utf8"));
  writeFileSync(join(folder, "package.json"), JSON.stringify({ name, version: version(), ...rest }, null, 2) + "\n");
}

function version() {
  return metadata.packages.find(({ name }) => name === PACKAGE).version;
}

function page(wasm, packed) {
  const style = read("base.css") + read("page.css");
  const script = bundle(["provenn.js", "sample.js", "text.js", "words.js", "drawing.js", "items.js", "view.js", "form.js", "page.js"]);
  const source = (text) => `'sha256-${createHash("sha256").update(text).digest("base64")}'`;
  const values = {
    // The page can run its own script and module, and reach nothing else.
    policy: `default-src 'none'; script-src ${source(script)} 'wasm-unsafe-eval'; style-src ${source(style)}; base-uri 'none'; form-action 'none'`,
    style,
    script,
    module: packed.toString("base64"),
    version: version(),
    size: wasm.length.toLocaleString("en"),
    digest: createHash("sha256").update(wasm).digest("hex"),
  };
  return read("page.html").replace(/\{\{(\w+)\}\}/g, (_, name) => values[name]);
}

/** One script of modules, each in a scope of its own; they import from one another by one-line `import { .. }` only. */
function bundle(names) {
  const scope = (name) => {
    const exported = [...read(name).matchAll(/^export (?:async function|function|const) (\w+)/gm)].map(([, word]) => word);
    const body = read(name)
      .replace(/^import (\{.*\}) from "\.\/(.*)";$/gm, 'const $1 = modules["$2"];')
      .replace(/^export /gm, "");
    return `modules["${name}"] = (() => {\n${body}\nreturn { ${exported.join(", ")} };\n})();`;
  };
  return ["const modules = {};", ...names.map(scope)].join("\n");
}

function read(name) {
  return readFileSync(join(here, "web", name), "utf8");
}
