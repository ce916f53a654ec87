// File fields: chosen or dropped, shown with name and size.

import { Problem } from "./api.js";
import { element } from "./dom.js";
import { size } from "./format.js";

/**
 * A field for one file. `node` is the element, `file()` the file or null, `read()` its bytes (null without a file).
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
  };
}

export async function read(file) {
  try {
    return new Uint8Array(await file.arrayBuffer());
  } catch {
    throw new Problem({ code: "file", detail: `${file.name} cannot be read.`, help: "Choose it again; it may have been moved or changed." });
  }
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
