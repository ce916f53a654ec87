// The transparency log, for everybody: how large it is, what was entered last, and proofs to take away.

import { Problem, bytes, call, digest, get } from "./api.js";
import { button, complaint, element, facts, field, form, identifier, input, link, sheet } from "./dom.js";
import { fileField, missing, saveAs } from "./files.js";
import { count, plural } from "./format.js";
import { TILE, address, entriesOf } from "./tiles.js";

/** Entries that are shown at a time. */
const SHOWN = 20;

const text = async (path, signal) => (await call("GET", path, { signal })).text();
const proof = (sha256, signal) => text(`/v1/log/proofs/${sha256}`, signal);

export async function log(_, signal) {
  const { key, size, pending } = await get("/v1/log", { signal });
  const note = size === 0 ? null : await text("/checkpoint", signal);
  const [origin, , root] = note?.split("\n") ?? [key.split("+")[0]];
  const waiting = pending > 0 ? `; ${count(pending)} more at the next checkpoint, in a second or so` : "";
  const head = sheet(
    "Signed by this service",
    element("p", "hint", "Every published card and every receipt is entered here, as a digest. What stands in the log stays: whoever keeps an old checkpoint notices a change."),
    facts(["Entries", `${count(size)}${waiting}`], ["Name", origin], root ? ["Root", element("span", "mono id", root)] : null, ["Public key", identifier(key)]),
    element("p", "hint after", "Compare the key with one from a source that you trust: this page comes from the service that keeps the log. Checks that rely on nobody are made with ", command("provenn log verify"), " and ", command("provenn log monitor"), "."),
    ...(note ? [element("div", "actions", button("Download the checkpoint", "secondary", () => saveAs("checkpoint.txt", note)))] : []),
  );
  const aside = element("div", "column", lookup(signal), ...(size > 0 ? [growth(size, signal)] : []));
  return { title: "Transparency log", body: [element("div", "columns", element("div", "column", head, newest(size, signal)), aside)] };
}

const command = (words) => element("code", "mono", words);

/** Whether a file that one has is in the log. Only its digest is sent. */
function lookup(signal) {
  const file = fileField("Receipt or model card", { hint: "It stays on your device; only its SHA-256 is asked for", accept: ".receipt,.card,.bin", required: true });
  const answer = element("div", "going");
  const act = async (_, tell) => {
    if (!file.file()) throw missing(file, "The file");
    answer.replaceChildren();
    tell("Computing its SHA-256 …");
    const sha256 = await digest(await file.read());
    tell("Asking the log …");
    try {
      answer.replaceChildren(...found(sha256, await proof(sha256, signal)));
    } catch (error) {
      if (error.code !== "not-found") throw error;
      throw new Problem({ code: "not-in-the-log", detail: "The log has no such entry.", help: "The file is from another service, was never published, or was changed by as little as one byte." });
    }
  };
  return sheet("Look up a file", form("Look it up", act, element("div", "stack", file.node)), answer);
}

function found(sha256, given) {
  const index = Number(/^index (\d+)$/m.exec(given)?.[1]);
  // The checkpoint follows the first empty line: name, size, root.
  const size = Number(given.split("\n\n")[1]?.split("\n")[1]);
  return [
    element("p", "strong", `The service says: entry ${count(index)} of ${count(size)}, counted from 0.`),
    element("p", "hint", "The proof shows it to whoever has the log’s key, without asking the service again."),
    element("div", "actions", button("Download the proof", "secondary", () => saveAs(`${sha256.slice(0, 16)}.tlog-proof`, given))),
  ];
}

/** The newest entries, and older ones on demand. */
function newest(size, signal) {
  const list = element("ul", "rows entries");
  let next = size;
  const load = async () => {
    const first = Math.max(0, next - SHOWN);
    const entries = await read(first, next, size, signal);
    list.append(...entries.reverse().map((entry) => row(entry, signal)));
    next = first;
    more.hidden = next === 0;
  };
  const more = button("Show older ones", "secondary", load);
  if (size === 0) return sheet("Newest entries", element("p", "hint", "The log is empty. It begins with the first published card or the first receipt."));
  load().catch((error) => error.name !== "AbortError" && list.replaceWith(complaint(error)));
  return sheet("Newest entries", element("p", "hint", "Everybody sees how many there are and of which kind, nobody what they say. ", link("Published cards", "/#/published"), " have pages of their own."), list, more);
}

function row({ index, kind, sha256 }, signal) {
  if (sha256 === "") return element("li", "", element("strong", "", `Entry ${count(index)}`), ` · ${kind}`);
  const save = button("Proof", "secondary", async () => saveAs(`${sha256.slice(0, 16)}.tlog-proof`, await proof(sha256, signal)));
  save.setAttribute("aria-label", `Download the proof of entry ${index}`);
  return element("li", "", element("div", "row-head", element("span", "", element("strong", "", `Entry ${count(index)}`), ` · ${kind}`), save), identifier(sha256));
}

/** Entries `first` to `end` (exclusive) of a log of `size`, from its tiles. */
async function read(first, end, size, signal) {
  const entries = [];
  for (let n = Math.floor(first / TILE); n * TILE < end; n++) {
    const found = entriesOf(await bytes(address(n, Math.min(TILE, size - n * TILE)), { signal }));
    entries.push(...found.map((entry, at) => ({ ...entry, index: n * TILE + at })));
  }
  return entries.filter(({ index }) => index >= first && index < end);
}

/** That nothing was changed since an earlier visit. */
function growth(size, signal) {
  const old = input("old", { inputMode: "numeric", placeholder: "0" });
  const act = async () => {
    const entered = old.value.trim();
    const right = /^\d{1,15}$/.test(entered) && Number(entered) <= size;
    old.setAttribute("aria-invalid", String(!right));
    if (!right) throw new Problem({ code: "", detail: `The earlier number of entries is 0 to ${count(size)}.` });
    saveAs(`log-${entered}-${size}.txt`, await text(`/v1/log/consistency?old=${entered}&new=${size}`, signal));
  };
  return sheet("Has it only grown?", form("Download the proof", act, field("Entries when you saw it before", old, `The proof leads from that checkpoint to the one of ${plural(size, "entry", "entries")} now.`)));
}
