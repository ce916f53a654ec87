// Asking for a receipt.

import { Problem, call, upload } from "./api.js";
import { choice, element, field, form, input, sheet } from "./dom.js";
import { fileField, missing } from "./files.js";
import { shape } from "./format.js";

const POLICIES = [
  ["label", "Label", "the index of the largest output"],
  ["scores", "Scores", "all outputs"],
  ["threshold", "Threshold", "whether one output reaches a value: yes or no"],
  ["yes-only", "Yes only", "a receipt exists only if one output reaches a value"],
];
const ENDS = [["0", "has no end"], ["3600", "ends in an hour"], ["86400", "ends in a day"], ["2592000", "ends in 30 days"]];

export function proving(id, card, leaks, signal) {
  const bits = Object.fromEntries(leaks);
  const sample = fileField("Input", { hint: `One sample of shape ${shape(card.input_shape)}: .json with shape and values, or .npy`, accept: ".json,.npy", required: true });
  const output = input("output", { inputMode: "numeric", value: "0" });
  const value = input("value", { inputMode: "decimal", placeholder: "0.5" });
  const bound = element("div", "pair", field("Output index", output), field("Reaches", value, "in the units of the output"));
  bound.hidden = true;
  const policies = choice("The receipt says", "policy", POLICIES.map(([name, text, hint]) => [name, text, `${hint}${bits[name] ? `; lets out ${bits[name]}` : ""}`]), (event) => {
    bound.hidden = !["threshold", "yes-only"].includes(event.target.value);
  });
  const audience = input("audience", { placeholder: "bank.example" });
  const nonce = input("nonce", { className: "mono", placeholder: "64 hex digits" });
  const end = element("select", "", ...ENDS.map(([seconds, text]) => Object.assign(element("option", "", text), { value: seconds })));
  const act = async (made, tell) => {
    if (!sample.file()) throw missing(sample, "The input");
    const asked = policy(made.elements.policy.value, output, value);
    if (nonce.value.trim() !== "" && !/^[0-9a-f]{64}$/i.test(nonce.value.trim())) throw wrong(nonce, "A nonce is 64 hex digits.");
    nonce.removeAttribute("aria-invalid");
    const { sha256 } = await upload("inputs", await sample.read(), tell, signal);
    tell("Submitting …");
    const context = { audience: audience.value, not_after: end.value === "0" ? 0 : Math.floor(Date.now() / 1000) + Number(end.value) };
    if (nonce.value.trim() !== "") context.nonce = nonce.value.trim().toLowerCase();
    const response = await call("POST", "/v1/proofs", { json: { model: id, input: sha256, policy: asked, context }, signal });
    location.hash = `#/jobs/${(await response.json()).id}`;
  };
  return sheet(
    "Ask for a receipt",
    form(
      "Prove",
      act,
      element("div", "stack", sample.node),
      policies,
      bound,
      element(
        "fieldset",
        "",
        element("legend", "", "The receipt is for"),
        field("Audience", audience, "Whoever is to rely on it; it is bound to the proof. Empty for nobody in particular."),
        field("Nonce", nonce, "The verifier's challenge, so that the receipt cannot be an old one. Empty for none."),
        field("Validity", end),
      ),
    ),
  );
}

/** The policy as the service writes it. */
function policy(name, output, value) {
  if (!["threshold", "yes-only"].includes(name)) return name;
  if (!/^\d{1,9}$/.test(output.value.trim())) throw wrong(output, "The output index is a whole number; the first is 0.");
  output.removeAttribute("aria-invalid");
  if (value.value.trim() === "" || !Number.isFinite(Number(value.value))) throw wrong(value, "The value is a number.");
  value.removeAttribute("aria-invalid");
  return `${name}:${output.value.trim()}:${value.value.trim()}`;
}

function wrong(made, detail) {
  made.setAttribute("aria-invalid", "true");
  made.focus();
  return new Problem({ code: "", detail });
}
