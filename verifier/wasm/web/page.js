// The static page: files and expectations in, verdict out. Verifies again on every change, so that what is shown is
// always about what is in the form.

import { load } from "./provenn.js";
import { complete, offer, request, showFields, showReceipts } from "./form.js";
import { description } from "./words.js";
import { announce, render } from "./view.js";

/** Largest file: no bundle, card or receipt that the format allows is bigger. */
const MAX_FILE = 128 << 20;
/** By the first bytes; the second receipt and card are those of models in segments. */
const SLOTS = { PRVB: "bundle", PRVN: "receipt", PRVR: "receipt", PRVC: "card", PRVH: "card", PRVS: "srs" };
const EMPTY = { bundle: "all of these in one file", receipt: "from the prover", srs: "srs.vk, from somebody you trust", card: "from the model’s publisher", graph: "in place of a card, for colourings: .col or a list of edges", input: ".json or .npy" };
const NAMES = { receipt: "receipt", card: "model card or the graph", srs: "SRS key", input: "input" };

const $ = (id) => document.getElementById(id);
/** What a bundle is in place of. */
const BUNDLED = ["receipt", "card", "graph", "srs"];
const files = { bundle: null, receipt: null, card: null, graph: null, srs: null, input: null };

async function main() {
  let verifier;
  try {
    verifier = await load(await unpack($("module").textContent));
  } catch (error) {
    announce($("status"), "refused", "The verifier cannot run here", `${error}`);
    return;
  }
  offer(verifier.policies);
  const update = () => decide(verifier);
  $("rely").open = matchMedia("(min-width: 52rem)").matches;
  $("form").addEventListener("submit", (event) => event.preventDefault());
  $("form").addEventListener("input", update);
  for (const label of document.querySelectorAll("label.file")) {
    const field = label.querySelector("input");
    field.addEventListener("change", async () => {
      if (field.files.length > 0 && (await take(field.files[0], label.dataset.slot))) update();
      field.value = "";
    });
  }
  $("input-clear").addEventListener("click", () => {
    put("input", null);
    update();
    document.querySelector('[data-slot="input"] input').focus();
  });
  acceptDrops(update);
  update();
}

/** The module, as the page carries it: base64 of gzip. */
async function unpack(text) {
  const packed = Uint8Array.from(atob(text.trim()), (c) => c.charCodeAt(0));
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/** Drops are taken anywhere on the page. */
function acceptDrops(update) {
  const mark = (on) => $("drop").classList.toggle("over", on);
  addEventListener("dragover", (event) => {
    event.preventDefault();
    mark(true);
  });
  addEventListener("dragleave", (event) => event.relatedTarget ?? mark(false));
  addEventListener("drop", async (event) => {
    event.preventDefault();
    mark(false);
    let taken = false;
    for (const file of [...event.dataTransfer.files]) taken = (await take(file, null)) || taken;
    if (taken) update();
  });
}

/** Reads a file into a slot; without one, the first bytes say which. */
async function take(file, slot) {
  note("");
  if (file.size > MAX_FILE) return note(`${file.name} is larger than any file of this format.`);
  let bytes;
  try {
    bytes = new Uint8Array(await file.arrayBuffer());
  } catch {
    return note(`${file.name} cannot be read.`);
  }
  const magic = String.fromCharCode(...bytes.subarray(0, 4));
  const found = slot ?? SLOTS[magic] ?? (/\.(json|npy)$/i.test(file.name) ? "input" : /\.(col|edges|edgelist)$/i.test(file.name) ? "graph" : null);
  if (!found) return note(`${file.name} is no bundle, receipt, model card, graph or SRS key. Choose it by hand to see what is wrong with it.`);
  put(found, { name: file.name, bytes });
  return true;
}

function note(text) {
  $("drop-note").textContent = text;
  return false;
}

function put(slot, file) {
  files[slot] = file;
  // A receipt is about a card or about a graph.
  if (file && slot === "graph") put("card", null);
  if (file && slot === "card") put("graph", null);
  if (file && slot === "bundle") BUNDLED.forEach((part) => put(part, null));
  if (file && BUNDLED.includes(slot)) put("bundle", null);
  const label = document.querySelector(`[data-slot="${slot}"]`);
  label.classList.toggle("full", file !== null);
  label.querySelector(".name").textContent = file ? `${file.name} · ${file.bytes.length.toLocaleString("en")} bytes` : EMPTY[slot];
  if (slot === "input") $("input-clear").hidden = file === null;
}

function decide(verifier) {
  const [status, report] = [$("status"), $("report")];
  const clear = (kind, title, text) => {
    report.replaceChildren();
    announce(status, kind, title, text);
  };
  const held = files.bundle || files.card ? verifier.verify({ bundle: files.bundle?.bytes, card: files.card?.bytes, srs: files.srs?.bytes }) : null;
  const card = held?.card ?? null;
  const about = description(card);
  showFields(card, about);
  showReceipts(held?.bundle?.receipts ?? 0);
  const asked = request(files, about, card);
  const missing = ["receipt", "card", "srs"].filter((slot) => !files.bundle && !files[slot] && !(slot === "card" && files.graph));
  if (missing.length > 0) {
    clear("empty", "No verdict yet", `Still needed: the ${missing.map((slot) => NAMES[slot]).join(", the ")}.`);
  } else if (!complete(asked)) {
    clear("empty", "No verdict yet", "Correct the marked field first.");
  } else {
    try {
      render(status, report, verifier.verify(asked));
    } catch (error) {
      clear("refused", "The verifier failed", `Do not rely on this receipt. This is a defect, please report it: ${error}`);
    }
  }
}

main();
