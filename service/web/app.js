// The page: which view is shown, who is signed in.

import { agreements } from "./agreements.js";
import { key } from "./api.js";
import { cards, published } from "./card.js";
import { colourings } from "./colour.js";
import { complaint, element, say } from "./dom.js";
import { keepPage } from "./files.js";
import { job } from "./job.js";
import { jobs } from "./jobs.js";
import { keyForm, showKey, start } from "./key.js";
import { ledger, modelLedger } from "./ledger.js";
import { log } from "./log.js";
import { model } from "./model.js";
import { models } from "./models.js";
import { printable } from "./text.js";
import { verify } from "./verify.js";

/** Views by address: what is behind `#/`, or the path of a card. Each gets the parts of its address and a signal that
 * ends with it, and gives `{title, body}`. */
const VIEWS = [
  { at: /^$/, view: models, keyed: true },
  { at: /^models\/([0-9a-f]{64})$/, view: model, keyed: true },
  { at: /^start\/([0-9a-f]{64})$/, view: start },
  { at: /^colourings$/, view: colourings, keyed: true },
  { at: /^agreements$/, view: agreements, keyed: true },
  { at: /^jobs$/, view: jobs, keyed: true },
  { at: /^jobs\/(\w+)$/, view: job, keyed: true },
  { at: /^ledger$/, view: ledger, keyed: true },
  { at: /^ledger\/([0-9a-f]{64})$/, view: modelLedger, keyed: true },
  { at: /^log$/, view: log },
  { at: /^published$/, view: published },
  { at: /^cards\/([^/]+)\/([^/]+)(?:\/(\d+))?$/, view: cards },
  { at: /^verify$/, view: verify },
];

const main = document.getElementById("main");
let shown = new AbortController();

async function show(first) {
  shown.abort();
  shown = new AbortController();
  const { signal } = shown;
  const address = location.hash.startsWith("#/") ? location.hash.slice(2) : location.pathname.slice(1);
  for (const anchor of document.querySelectorAll("nav a")) {
    const place = anchor.hash.slice(2);
    const here = place === address || (place === "" ? address.startsWith("models/") : address.startsWith(`${place}/`)) || (place === "published" && address.startsWith("cards/"));
    here ? anchor.setAttribute("aria-current", "page") : anchor.removeAttribute("aria-current");
  }
  main.setAttribute("aria-busy", "true");
  const { title, body } = await content(address, signal);
  if (signal.aborted) return;
  showKey(document.getElementById("who"), signOut);
  main.removeAttribute("aria-busy");
  document.title = `${printable(title)} · Provenn`;
  main.replaceChildren(element("h1", "", title), ...body);
  say("");
  if (!first) main.focus();
}

async function content(address, signal) {
  const found = VIEWS.map((entry) => ({ ...entry, parts: entry.at.exec(address) })).find(({ parts }) => parts !== null);
  if (!found) return { title: "Nothing here", body: [element("p", "hint", "There is no such page.")] };
  if (found.keyed && !key.get()) return { title: "Prove what your model computes", body: [keyForm(show)] };
  try {
    return await found.view(found.parts.slice(1), signal);
  } catch (error) {
    if (error.status === 401) {
      key.clear();
      return { title: "Your key is not valid any more", body: [complaint(error), keyForm(show)] };
    }
    if (error.code === "link-over") return { title: "This link opens the page no more", body: [complaint(error), keyForm(show)] };
    // Another key may do: the one in use stays until one is accepted.
    if (error.status === 403) return { title: "Your key may not do this", body: [complaint(error), keyForm(show)] };
    return { title: error.status === 404 ? "Not found" : "That did not work", body: [complaint(error)] };
  }
}

function signOut() {
  key.clear();
  show();
}

keepPage();
addEventListener("hashchange", () => show());
show(true);
