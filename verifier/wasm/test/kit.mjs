// The test vectors of fixtures/testkit, as its README describes them.

import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { unhex } from "../web/provenn.js";

const root = resolve(import.meta.dirname, "../../../fixtures/testkit");

/** All vectors. `pairs` are paths of cards and receipts, more than one in a batch. */
export function vectors() {
  const list = readFileSync(join(root, "index.txt"), "utf8").split("\n").filter((line) => line !== "");
  return list.map((name) => ({ name, ...parse(readFileSync(join(root, name), "utf8")) }));
}

function parse(text) {
  const vector = { cards: [], graphs: [], receipts: [], claims: [], shows: [], publicInputs: [], committedInputs: [] };
  const inputs = { "public-input": vector.publicInputs, "committed-input": vector.committedInputs };
  const lists = { card: vector.cards, graph: vector.graphs, receipt: vector.receipts, claim: vector.claims, shows: vector.shows };
  for (const line of text.split("\n").filter((line) => line !== "")) {
    const colon = line.indexOf(": ");
    const [name, value] = [line.slice(0, colon), line.slice(colon + 2)];
    // The first input goes without a number.
    const [, index, text] = /^(?:@(\d+) )?(.*)$/.exec(value);
    if (inputs[name]) inputs[name].push([Number(index ?? 0), text]);
    else if (lists[name]) lists[name].push(value);
    else vector[name] = value;
  }
  return vector;
}

/** Path of a file that a vector names. */
export function file(name) {
  const path = join(root, name);
  if (!existsSync(path)) throw new Error(`no such file: ${path}`);
  return path;
}

/** Requests of a vector, one for each receipt. */
export function requests(vector) {
  const words = (text) => text.split(" ");
  return vector.receipts.map((receipt, index) => ({
    receipt: readFileSync(file(receipt)),
    card: vector.cards[index] && readFileSync(file(vector.cards[index])),
    graph: vector.graphs[index] && readFileSync(file(vector.graphs[index])),
    colours: vector.colours && Number(vector.colours),
    srs: readFileSync(file(vector.srs)),
    acceptDev: vector["accept-dev"] === "yes",
    policy: vector.policy,
    answer: vector.answer,
    publicInputs: vector.publicInputs.map(([index, text]) => [index, words(text).map(Number)]),
    committedInputs: vector.committedInputs.map(([index, text]) => [index, words(text).map((point) => unhex(point, 32))]),
    audience: vector.audience,
    nonce: vector.nonce && unhex(vector.nonce, 32),
    now: vector.now && Number(vector.now),
  }));
}

/** What a claim states, as vectors write it. */
export const shown = ({ body: { policy, items, says } }) => (policy ? `${policy.text} ${items[0].answer}` : says.join(""));
