// Agreements of several parties: those of the tenant, and receipts under one.

import { call, get, upload } from "./api.js";
import { element, field, form, identifier, input, link, sheet } from "./dom.js";
import { fileField, missing } from "./files.js";
import { short, time } from "./format.js";
import { modelName, names } from "./names.js";
import { right } from "./policy.js";
import { quoted } from "./text.js";

/** What audiences of receipts under an agreement start with. */
const AUDIENCE = "agreement:";

/** Where an agreement stands, as a word. */
const standing = ({ revoked, not_after: end }) => (revoked !== null ? "revoked" : end < Date.now() / 1000 ? "expired" : "active");
const WORDS = { active: "in force", expired: "ended", revoked: "revoked" };

export async function agreements(_, signal) {
  const [{ agreements: list, more }, models] = await Promise.all([get("/v1/agreements", { signal }), names(signal)]);
  const empty = element("p", "hint nothing", "No agreements yet.");
  const rest = more ? [element("p", "hint after", "Older ones are not listed.")] : [];
  const yours = list.length === 0 ? empty : sheet("Your agreements", element("ul", "rows", ...list.map((one) => row(one, models, signal))), ...rest);
  return { title: "Agreements", body: [uploading(signal), yours] };
}

function uploading(signal) {
  const file = fileField("Agreement", { hint: "What provenn agreement sign wrote, signed by all parties", accept: ".agreement,.bin", required: true });
  const act = async (_, tell) => {
    if (!file.file()) throw missing(file, "The agreement");
    await upload("inputs", await file.read(), tell, signal, "agreement");
    dispatchEvent(new HashChangeEvent("hashchange"));
  };
  return sheet(
    "Upload an agreement",
    element("p", "hint", "What parties draft and sign on their own machines (provenn agreement). Receipts under it say only what all of them agreed to, about inputs that they signed; they are asked for on the page of its model."),
    form("Upload", act, element("div", "stack", file.node)),
  );
}

function row(one, models, signal) {
  const { agreement, model, roles, not_after: end, created, revoked, reason } = one;
  const state = standing(one);
  const told = revoked === null ? [] : [element("p", "quiet-text", `Revoked ${time(revoked)}: ${reason}`)];
  return element(
    "li",
    "",
    element("div", "row-head", element("span", "strong", roles.map(quoted).join(" and ")), element("span", `tag ${state}`, WORDS[state])),
    element("p", "quiet-text", "model ", link(modelName(models, model), `#/models/${model}`), ` · until ${time(1000 * end)} · uploaded ${time(created)}`),
    element("p", "quiet-text", "Digest of its terms: ", identifier(agreement)),
    ...told,
    ...(state === "active" ? [revoking(agreement, signal)] : []),
  );
}

function revoking(agreement, signal) {
  const reason = input("reason");
  const act = async () => {
    const json = { reason: right(reason, reason.value.trim() !== "", "The reason is missing.") };
    await call("POST", `/v1/agreements/${agreement}/revoke`, { json, signal });
    dispatchEvent(new HashChangeEvent("hashchange"));
  };
  const note = "No receipt is made under it any more, those of jobs under way included. There is no way back; receipts from before stay.";
  return element("details", "", element("summary", "", "Revoke"), element("p", "hint", note), form("Revoke for good", act, field("Reason", reason, "Everybody can read it.")));
}

/** The agreements about a model that receipts can be made under. */
export async function about(model, signal) {
  const { agreements: list } = await get("/v1/agreements", { signal });
  return list.filter((one) => one.model === model && standing(one) === "active");
}

/**
 * The choice of an agreement and, if one is chosen, fields for the signatures of inputs. `chosen()` gives its digest or "", `send(one)` what `one` makes of
 * each signature. `changed` is called after each choice.
 */
export function agreementFields(list, inputs, changed) {
  const named = ({ agreement, roles, not_after: end }) => `of ${roles.map(quoted).join(" and ")}, until ${time(1000 * end)} (${short(agreement)})`;
  const options = [["", "no agreement"], ...list.map((one) => [one.agreement, named(one)])];
  const choice = element("select", "", ...options.map(([value, text]) => Object.assign(element("option", "", text), { value })));
  choice.name = "agreement";
  const fields = inputs.map(({ name }) => fileField(inputs.length === 1 ? "Signature of the input" : `Signature of ${quoted(name)}`, { hint: "What provenn party sign wrote, if a party supplies it", accept: ".signed,.bin,.sig" }));
  const signatures = element("div", "stack", ...fields.map(({ node }) => node));
  const show = () => {
    signatures.hidden = choice.value === "";
    changed(choice.value !== "");
  };
  choice.addEventListener("change", show);
  const send = async (one) => {
    const made = [];
    for (const filled of fields.filter((each) => each.file())) made.push(await one(await filled.read()));
    return made;
  };
  const nodes = list.length === 0 ? [] : [field("Under", choice, "Audience and end of the receipt are then those of the agreement, and hidden inputs are given as their openings (provenn party commit)."), signatures];
  return { nodes, show, chosen: () => choice.value, send };
}

/** What is said against the agreement that an audience names; nothing of one that this service does not know. */
export async function withdrawnAgreement(audience, signal) {
  const digest = audience?.startsWith(AUDIENCE) ? audience.slice(AUDIENCE.length) : "";
  if (!/^[0-9a-f]{64}$/.test(digest)) return [];
  const known = await get(`/v1/agreements/${digest}`, { signal }).catch((error) => {
    if (error.status === 404) return null;
    throw error;
  });
  if (known === null || known.revoked === null) return [];
  return [element("div", "problem", element("strong", "", `The agreement of this receipt was revoked: ${known.reason}`), element("p", "", `Since ${time(known.revoked)}. Receipts from before were made under it.`))];
}
