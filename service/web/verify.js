// Verifying a receipt that one was given.

import { Problem, bytes, get, key } from "./api.js";
import { element, field, form, input, sheet } from "./dom.js";
import { fileField, missing } from "./files.js";
import { policies, policyFields, right } from "./policy.js";
import { checked, here, verifier } from "./receipt.js";

export async function verify(_, signal) {
  const receipt = fileField("Receipt", { hint: here ? "from the prover, or a bundle" : "from the prover", accept: ".receipt,.bundle,.bin", required: true });
  const card = fileField("Model card", { hint: "Optional: otherwise the one that this service has", accept: ".card" });
  const graph = fileField("Graph", { hint: "In place of a card, for a colouring: .col or a list of edges", accept: ".col,.edges,.edgelist,.txt" });
  const srs = fileField("SRS key", { hint: "Optional: otherwise the one that this service has", accept: ".srs,.vk" });
  const model = input("model", { className: "mono", placeholder: "64 hex digits" });
  const policy = policyFields("The receipt says", await policies(), {}, ["Anything", "shown to you with the verdict"]);
  const audience = input("audience", {});
  const colours = input("colours", { inputMode: "numeric", placeholder: "any; for colourings only" });
  const nonce = input("nonce", { className: "mono", placeholder: "64 hex digits" });
  const result = element("div", "column");
  const act = async (_, tell) => {
    if (!receipt.file()) throw missing(receipt, "The receipt");
    const k = right(colours, /^([2-9]|1[0-6])?$/.test(colours.value.trim()), "The number of colours is a whole number from 2 to 16.");
    const asked = { model: digest(model), policy: policy.read(), audience: audience.value, nonce: digest(nonce), colours: k === "" ? undefined : Number(k) };
    result.replaceChildren();
    tell("Reading …");
    const files = await given({ receipt, card, graph, srs }, signal);
    tell("Verifying …");
    result.replaceChildren(await checked(files, asked, false, signal));
  };
  const asks = element("fieldset", "", element("legend", "", "What you rely on"), element("p", "hint", "Whatever you leave empty is not compared, and shown to you as stated."), field("Model id", model), field("Audience", audience), field("Number of colours", colours), field("Nonce, your challenge to the prover", nonce));
  const files = here ? [receipt.node, card.node, graph.node, srs.node] : [receipt.node, graph.node];
  return {
    title: "Verify a receipt",
    body: [element("div", "columns reversed", element("div", "column", sheet("Files", form("Verify", act, element("div", "stack", ...files), asks, ...policy.nodes))), result)],
  };
}

/** What the verifier needs: the files that were chosen, and card and SRS key from this service where they were not. */
async function given(fields, signal) {
  const receipt = await fields.receipt.read();
  if (here && String.fromCharCode(...receipt.subarray(0, 4)) === "PRVB") return { bundle: receipt };
  const graph = await fields.graph.read();
  const files = { receipt, card: graph ? undefined : await fields.card.read(), graph: graph ?? undefined, srs: await fields.srs.read() };
  if (here) await complete(files, signal);
  return files;
}

/** Fetches card and SRS key where they were not given. */
async function complete(files, signal) {
  if (files.card === null || files.srs === null) {
    const module = await verifier();
    const none = new Uint8Array();
    const { claim } = module.verify({ receipt: files.receipt, card: files.card ?? none, srs: files.srs ?? none });
    // What is no receipt is refused as one, whatever the other files are.
    if (!files.graph && claim?.statement === "colouring") throw new Problem({ code: "", detail: "This is the receipt of a colouring: the graph is missing.", help: "Choose the graph that it has to be about, from a source of your own." });
    if (!files.graph) files.card ??= claim ? await cardOf(claim.body.model_id, signal) : none;
    files.srs ??= claim ? await orMissing(bytes(`/v1/srs/${claim.srs_id}`, { signal }), "SRS key") : none;
  }
}

async function cardOf(id, signal) {
  const { versions } = await get(`/v1/registry?model=${id}`, { signal });
  if (versions.length > 0) {
    const [{ tenant, name, version }] = versions;
    return bytes(`/v1/registry/${encodeURIComponent(tenant)}/${encodeURIComponent(name)}/${version}/card`, { signal });
  }
  const own = key.get() ? bytes(`/v1/models/${id}/card`, { signal }) : Promise.reject(new Problem({ status: 404 }));
  return orMissing(own, "model card");
}

const orMissing = (found, what) =>
  found.catch((error) => {
    if (error.status !== 404) throw error;
    throw new Problem({ code: "not-here", detail: `This service shows you no ${what} for this receipt.`, help: "Get the file from the publisher of the model, and choose it here." });
  });

const digest = (made) => right(made, /^([0-9a-f]{64})?$/i.test(made.value.trim()), "64 hex digits are expected.").toLowerCase();
