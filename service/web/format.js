// Figures in words.

import { quoted } from "./text.js";

export const count = (number) => number.toLocaleString("en");

export function size(bytes) {
  const step = bytes < 1024 ? 0 : bytes < 1024 ** 2 ? 1 : bytes < 1024 ** 3 ? 2 : 3;
  const value = bytes / 1024 ** step;
  return `${value >= 100 || step === 0 ? Math.round(value) : value.toFixed(1)} ${["bytes", "KiB", "MiB", "GiB"][step]}`;
}

export function seconds(value) {
  if (value < 0.0005) return "0 s";
  if (value < 0.0995) return `${value.toFixed(3)} s`;
  if (value < 9.95) return `${value.toFixed(2)} s`;
  if (value < 120) return `${Math.round(value)} s`;
  return `${Math.floor(value / 60)} min ${Math.round(value % 60)} s`;
}

export const shape = (extents) => (extents.length === 0 ? "a number" : extents.join("×"));
export const time = (millis) => new Date(millis).toISOString().slice(0, 19).replace("T", " ") + " UTC";
export const short = (id) => `${id.slice(0, 8)}…`;
export const plural = (number, word, many = `${word}s`) => `${count(number)} ${number === 1 ? word : many}`;
/** Bits, which may be fractions of one. */
export const bits = (number) => `${figure(number)} ${number === 1 ? "bit" : "bits"}`;
export const figure = (number) => number.toLocaleString("en", { maximumFractionDigits: 2 });

/** Policy as the service writes it, in words. */
export function policy(text) {
  const [whole, ...parameters] = text.split(":");
  const [output, value] = parameters;
  // Of several outputs the one that it is about stands before it.
  const [, of, kind] = /^(?:(.*)\/)?(.*)$/.exec(whole);
  const name = of === undefined ? kind : of === "all" ? `${kind} of all outputs` : `${kind} of output ${of}`;
  switch (kind) {
    case "threshold":
    case "yes-only":
      return `${name}, ${of === undefined ? "output" : "value"} ${output} at least ${value}`;
    case "round":
    case "top":
    case "label-in":
    case "colouring":
      return `${name} ${parameters.join(", ")}`;
    case "count":
      return `${name} of labels ${parameters.slice(2).join(", ")} in the first ${output} rows, if at least ${value}`;
    case "at-least":
      return `${name} ${value} of the first ${output} rows with labels ${parameters.slice(2).join(", ")}`;
    case "by-group":
    case "gap":
      return `${name}, label ${output}`;
    default:
      return name;
  }
}

/** Where the public page of a version is. */
export const address = ({ tenant, name, version }) => `/cards/${encodeURIComponent(tenant)}/${encodeURIComponent(name)}/${version}`;

/** How receipts bind the inputs of what was committed. */
export const bound = ({ input, inputs }) => (inputs ? Object.entries(inputs).map(([name, binding]) => `${quoted(name)} ${binding}`).join(", ") : `${input} input`);
