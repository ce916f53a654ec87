// Verification in this browser, by the same module that verifiers use; by the service where this build has none.

import { withdrawnAgreement } from "./agreements.js";
import { call, get } from "./api.js";
import { complaint, element, facts, link, sheet } from "./dom.js";
import { address, time } from "./format.js";
import { load, policyText, scaled, unhex } from "./provenn.js";
import { announce, render } from "./view.js";
import { description, leakText } from "./words.js";

/** Whether this build has the module. */
export const here = document.documentElement.dataset.module !== "";

let loading = null;

export function verifier() {
  loading ??= fetch("/assets/verifier.wasm").then(async (response) => load(await response.arrayBuffer()));
  return loading;
}

/** What receipts let out under each policy that the model offers, `[name, text]`: counted by the module, otherwise in the words of the card. */
export async function leaks(card, { leakage }) {
  if (!here) return leakage;
  const none = new Uint8Array();
  const module = await verifier();
  const read = module.verify({ receipt: none, card, srs: none }).card;
  const named = new Set(leakage.map(([name]) => name));
  const listed = (name) => name.replace(/[^/]*$/, (policy) => module.policies.find((known) => known.name === policy).listed);
  return read.leakage.filter(([name]) => named.has(listed(name))).map(([name]) => [name, leakText(name, read)]);
}

/**
 * The verdict about a receipt with every check.
 *
 * @param files bytes of `receipt`, `card` or for a colouring `graph`, and `srs`; or of a `bundle` alone
 * @param asked what the reader relies on, as a request for a proof has it: `model`, `policy`, `audience`, `nonce`, and `colours` of a colouring
 * @param acceptDev whether development parameters are accepted at first
 */
export async function checked(files, asked, acceptDev, signal) {
  const made = element("section", "verification", element("h2", "", here ? "Checked in this browser" : "Checked by the service"));
  const [status, report] = [element("div", ""), element("div", "report")];
  status.setAttribute("role", "status");
  const accept = element("input", "");
  Object.assign(accept, { type: "checkbox", checked: acceptDev });
  const label = element("label", "check", accept, element("span", "", "Accept development parameters", element("small", "", "Only if you trust the machine that made them. Without this, a receipt that rests on them is refused.")));
  const decide = here ? await locally(files, asked, status, report) : remotely(files, asked, status, report, signal);
  accept.addEventListener("change", () => decide(accept.checked));
  await decide(accept.checked);
  const source = here
    ? "The verifier runs on your device, but this service sent it. To rely on nobody, check the receipt with a copy of your own: provenn verify, or the verifier’s page of the repository."
    : "This build of the service has no verifier for browsers: what you see is the service’s own word. Check the receipt with a copy of your own: provenn verify.";
  made.append(...(await withdrawn(files, asked, signal)), status, label, report, element("p", "hint", source));
  return made;
}

const hex = (bytes) => [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");

/** What the model's publisher, or a party of the agreement, says against it here; no proof can say that. */
async function withdrawn(files, asked, signal) {
  if (files.graph) return [];
  const claim = here ? (await verifier()).verify(files).claim : null;
  const ended = await withdrawnAgreement(claim?.audience ?? asked.audience, signal);
  const id = asked.model || claim?.body.model_id;
  if (!id) return ended;
  const { versions } = await get(`/v1/registry?model=${id}`, { signal });
  const told = versions.filter(({ status }) => status !== "active");
  const about = told.map((version) => {
    const place = link(`${version.name}, version ${version.version}`, address(version));
    return element("div", "problem", element("strong", "", `The publisher has ${version.status === "revoked" ? "revoked" : "deprecated"} this model: ${version.reason}`), element("p", "", "In the registry of this service: ", place, `, since ${time(version.changed)}.`));
  });
  return [...ended, ...about];
}

async function locally(files, asked, status, report) {
  const module = await verifier();
  const about = description(module.verify(files).card);
  const request = {
    ...files,
    now: Math.floor(Date.now() / 1000),
    modelId: asked.model ? unhex(asked.model, 32) : undefined,
    audience: asked.audience || undefined,
    nonce: asked.nonce && !/^0*$/.test(asked.nonce) ? unhex(asked.nonce, 32) : undefined,
    colours: asked.colours,
    // Labels that were uploaded are not given back: which ones the receipt is about it says itself.
    policy: asked.policy && !asked.labels ? exact(module.policies, asked.policy, about) : undefined,
  };
  return (acceptDev) => render(status, report, module.verify({ ...request, acceptDev }));
}

/** A policy as a verifier compares it: with integers of the quantized model. */
function exact(policies, whole, { outputs }) {
  const [target, text] = whole.includes("/") ? whole.split("/") : ["0", whole];
  const [name, ...given] = text.split(":");
  const policy = policies.find((known) => known.name === name);
  // The last one may be a list.
  const rest = (index) => (index === policy.parameters.length - 1 ? given.slice(index).join(":") : given[index]);
  const value = ({ unit }, index) => (unit === "value" ? scaled(given[index], outputs[target]?.frac ?? 0) : rest(index));
  const values = policy.parameters.map((parameter, index) => [parameter.name, value(parameter, index)]);
  return policyText(policy, Object.fromEntries(values), target);
}

function remotely({ receipt, graph }, asked, status, report, signal) {
  const query = (acceptDev) => {
    const wanted = { model: asked.model, policy: asked.labels ? "" : asked.policy, colours: asked.colours, audience: asked.audience, nonce: /^0*$/.test(asked.nonce ?? "") ? "" : asked.nonce };
    return new URLSearchParams([...Object.entries(wanted).filter(([, value]) => value), ["accept_dev", String(acceptDev)]]);
  };
  return async (acceptDev) => {
    try {
      const sent = graph ? { json: { receipt: hex(receipt), graph: new TextDecoder().decode(graph) } } : { body: receipt };
      const response = await call("POST", `/v1/verify?${query(acceptDev)}`, { ...sent, signal });
      const { dev, checks } = await response.json();
      announce(status, dev ? "dev-verified" : "verified", dev ? "The service says: verified, but only under development parameters" : "The service says: verified");
      report.replaceChildren(sheet("Checks", facts(...checks.map((check) => [check.name, check.value, check.checked ? "" : " (as stated)"]))));
    } catch (error) {
      announce(status, "refused", "The service says: refused");
      report.replaceChildren(complaint(error));
    }
  };
}
