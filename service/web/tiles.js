// Tiles of the log's entries: where they lie (C2SP tlog-tiles), and what is in them.

/** Entries in a full tile. */
export const TILE = 256;
const KINDS = { 1: "model card", 2: "receipt" };
/** An entry: `PRVE`, the version (2 bytes), the kind, SHA-256. */
const [KIND, DIGEST, LENGTH] = [6, 7, 39];

/** Address of the tile `n` of `width` entries: three digits a step. */
export function address(n, width) {
  const digits = String(n).padStart(3 * Math.ceil(String(n).length / 3), "0").match(/.{3}/g);
  const path = digits.map((part, index) => (index < digits.length - 1 ? `x${part}` : part)).join("/");
  return `/tile/entries/${path}${width < TILE ? `.p/${width}` : ""}`;
}

/** `{kind, sha256}` of each entry of a tile; each stands behind its length. */
export function entriesOf(bytes) {
  const entries = [];
  for (let at = 0; at + 2 <= bytes.length; ) {
    const entry = bytes.subarray(at + 2, at + 2 + 256 * bytes[at] + bytes[at + 1]);
    const known = entry.length === LENGTH && KINDS[entry[KIND]];
    entries.push(known ? { kind: known, sha256: hex(entry.subarray(DIGEST)) } : { kind: "unknown to this page", sha256: "" });
    at += 2 + entry.length;
  }
  return entries;
}

const hex = (bytes) => [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
