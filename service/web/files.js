// File fields: chosen or dropped, shown with name and size.

import { Problem } from "./api.js";
import { element } from "./dom.js";
import { size } from "./format.js";
import { quoted } from "./text.js";

/**
 * A field for one file. `node` is the element, `file()` the file or null, `read()` its bytes (null without a file), `give(file)` puts one in.
 *
 * @param options `hint`: what to give; `accept`: name endings; `required`; `changed`: called after each choice.
 */
export function fileField(what, { hint, accept, required = false, changed = () => {}, large = false }) {
  const input = element("input", "");
  Object.assign(input, { type: "file", accept, required });
  const name = element("span", "name", hint);
  const node = element("label", large ? "file large" : "file", element("span", "what", what), name, input);
  const show = () => {
    const [file] = input.files;
    node.classList.toggle("full", Boolean(file));
    name.textContent = file ? `${file.name} · ${size(file.size)}` : hint;
    if (file) changed(file);
  };
  input.addEventListener("change", show);
  // The field lies under the whole label and takes drops by itself; this only shows it.
  node.addEventListener("dragover", () => node.classList.add("over"));
  for (const end of ["dragleave", "drop"]) node.addEventListener(end, () => node.classList.remove("over"));
  return {
    node,
    input,
    file: () => input.files[0] ?? null,
    read: () => (input.files.length === 0 ? null : read(input.files[0])),
    /** Puts a file in as if it was chosen. */
    give: (file) => {
      const chosen = new DataTransfer();
      chosen.items.add(file);
      input.files = chosen.files;
      show();
    },
  };
}

export async function read(file) {
  try {
    return new Uint8Array(await file.arrayBuffer());
  } catch {
    throw new Problem({ code: "file", detail: `${file.name} cannot be read.`, help: "Choose it again; it may have been moved or changed." });
  }
}

/**
 * A field for each input of a model. `nodes` are their elements, `given()` says whether one has a file, `send(one)` gives what `one` makes of
 * the bytes of each, with its index: by itself of an only input, by name of several.
 */
export function perInput(inputs, what, make) {
  const fields = inputs.map(make);
  const send = async (one) => {
    const unfilled = fields.findIndex((field) => !field.file());
    if (unfilled >= 0) throw missing(fields[unfilled], inputs.length === 1 ? `The ${what.toLowerCase()}` : `The ${what.toLowerCase()} of ${quoted(inputs[unfilled].name)}`);
    const made = [];
    for (const [index, field] of fields.entries()) made.push([inputs[index].name, await one(await field.read(), index)]);
    return made.length === 1 ? made[0][1] : Object.fromEntries(made);
  };
  return { fields, nodes: fields.map(({ node }) => node), given: () => fields.some((field) => field.file()), send };
}

/** A field that must be filled, as a problem. */
export function missing(field, what) {
  field.input.focus();
  return new Problem({ code: "", detail: `${what} is missing.`, help: "" });
}

/** A file that misses its field must not replace the page. */
export function keepPage() {
  for (const name of ["dragover", "drop"]) {
    addEventListener(name, (event) => {
      if (!(event.target instanceof HTMLInputElement)) event.preventDefault();
    });
  }
}

export function saveAs(name, content) {
  const address = URL.createObjectURL(new Blob([content]));
  const anchor = element("a", "");
  Object.assign(anchor, { href: address, download: name });
  anchor.click();
  URL.revokeObjectURL(address);
}
