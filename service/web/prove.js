// Asking for a receipt.

import { agreementFields } from "./agreements.js";
import { call, upload } from "./api.js";
import { element, field, form, input, sheet } from "./dom.js";
import { fileField, missing, perInput } from "./files.js";
import { provingExample } from "./examples.js";
import { count, shape } from "./format.js";
import { policyFields, right } from "./policy.js";
import { quoted } from "./text.js";

const ENDS = [["0", "has no end"], ["3600", "ends in an hour"], ["86400", "ends in a day"], ["2592000", "ends in 30 days"]];

/** The policies that fit the model, by what its card names. */
function offered(list, { leakage, outputs }) {
  if (outputs.length === 1) return list.filter(({ listed }) => leakage.some(([known]) => known === listed));
  // Of several outputs each policy names the one that it speaks of; on the card the first goes without saying.
  const split = ([name]) => (name.includes("/") ? name.split("/") : ["0", name]);
  const of = (target) => (target === "all" ? "all outputs" : quoted(outputs[target].name));
  // Only scores are of all outputs.
  const goes = (target, name) => list.filter((policy) => policy.listed === name && (target !== "all" || policy.name === name));
  const each = ([target, name]) => goes(target, name).map((policy) => ({ ...policy, name: `${target}/${policy.name}`, title: `${policy.title}, of ${of(target)}` }));
  return leakage.map(split).flatMap(each);
}

/** What policies let out, also by the names of those that name the first output. */
const byName = (leaks) => Object.fromEntries(leaks.flatMap(([name, text]) => [[name, text], [`0/${name}`, text]]));

/** For whom a receipt is: `read` gives the context of a request, or throws what is wrong with it. */
export function contextFields() {
  const audience = input("audience", { placeholder: "bank.example" });
  const nonce = input("nonce", { className: "mono", placeholder: "64 hex digits" });
  const end = element("select", "", ...ENDS.map(([seconds, text]) => Object.assign(element("option", "", text), { value: seconds })));
  const read = () => {
    const challenge = right(nonce, /^([0-9a-f]{64})?$/i.test(nonce.value.trim()), "A nonce is 64 hex digits.").toLowerCase();
    const context = { audience: audience.value, not_after: end.value === "0" ? 0 : Math.floor(Date.now() / 1000) + Number(end.value) };
    return challenge === "" ? context : { ...context, nonce: challenge };
  };
  const node = element(
    "fieldset",
    "",
    element("legend", "", "The receipt is for"),
    field("Audience", audience, "Whoever is to rely on it; it is bound to the proof. Empty for nobody in particular."),
    field("Nonce", nonce, "The verifier's challenge, so that the receipt cannot be an old one. Empty for none."),
    field("Validity", end),
  );
  return { node, read };
}

/** What the card calls the labels of an output; nothing, if it has no names for them. */
function classesOf({ about, outputs }, output) {
  const named = about?.outputs?.find(({ name }) => name === outputs[output]?.name);
  return named?.classes ?? [];
}

export function proving(id, card, list, leaks, deals, signal) {
  const { items } = card.shape;
  const sample = (extents) => `One sample of shape ${shape(extents)}: .json with shape and values, or .npy`;
  const batch = ([, ...extents]) => `Up to ${count(items)} rows of shape ${shape(extents)}: .npy, or .json with shape and values; fewer are filled with the last one`;
  const hint = ({ shape: extents }) => (items ? batch(extents) : sample(extents));
  const title = ({ name }) => (card.inputs.length === 1 ? "Input" : `Input ${quoted(name)}`);
  const samples = perInput(card.inputs, "Input", (input) => fileField(title(input), { hint: hint(input), accept: ".json,.npy,.opening", required: true }));
  const classes = (policy) => classesOf(card, policy.includes("/") ? Number(policy.split("/")[0]) : 0);
  const labels = (caption) => fileField(caption, { hint: "A number for each row: as text with spaces or commas, or .npy. The receipt shows them.", accept: ".txt,.csv,.npy", required: true });
  const policy = policyFields("The receipt says", offered(list, card), byName(leaks), null, classes, labels);
  const context = contextFields();
  const under = agreementFields(deals, card.inputs, (chosen) => (context.node.hidden = chosen));
  under.show();
  const act = async (_, tell) => {
    const asked = policy.read();
    const agreement = under.chosen();
    const bound = agreement ? { context: {}, agreement } : { context: context.read() };
    if (policy.items() && !policy.items().file()) throw missing(policy.items(), "The file with a number for each row");
    const put = (form) => async (bytes) => (await upload("inputs", bytes, tell, signal, form)).sha256;
    const sent = await samples.send((bytes, index) => put(agreement && card.inputs[index].binding === "committed" ? "opening" : "")(bytes));
    if (agreement) bound.signatures = await under.send(put("signature"));
    if (policy.items()) bound.labels = await put("labels")(await policy.items().read());
    const inputs = card.inputs.length === 1 ? { input: sent } : { inputs: sent };
    tell("Submitting …");
    const response = await call("POST", "/v1/proofs", { json: { model: id, ...inputs, policy: asked, ...bound }, signal });
    location.hash = `#/jobs/${(await response.json()).id}`;
  };
  return sheet(
    "Ask for a receipt",
    form(
      "Prove",
      act,
      element("div", "stack", ...samples.nodes, ...provingExample(card, samples.fields[0])),
      ...policy.nodes,
      ...under.nodes,
      context.node,
    ),
  );
}
