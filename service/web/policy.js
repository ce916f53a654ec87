// Choosing a policy.

import { Problem } from "./api.js";
import { choice, element, field, input } from "./dom.js";

const POLICIES = [
  ["label", "Label", "the index of the largest output"],
  ["scores", "Scores", "all outputs"],
  ["threshold", "Threshold", "whether one output reaches a value: yes or no"],
  ["yes-only", "Yes only", "a receipt exists only if one output reaches a value"],
];

/**
 * The fields for a policy. `read` gives it as the service writes it, or throws what is wrong with it.
 *
 * @param title the question
 * @param bits what each lets out, by name; may be empty
 * @param any a first choice `[text, hint]` that stands for no policy, which `read` gives as ""
 */
export function policyFields(title, bits, any = null) {
  const output = input("output", { inputMode: "numeric", value: "0" });
  const value = input("value", { inputMode: "decimal", placeholder: "0.5" });
  const bound = element("div", "pair", field("Output index", output), field("Reaches", value, "in the units of the output"));
  bound.hidden = true;
  const known = POLICIES.map(([name, text, hint]) => [name, text, `${hint}${bits[name] ? `; lets out ${bits[name]}` : ""}`]);
  const choices = choice(title, "policy", any ? [["", ...any], ...known] : known, (event) => {
    bound.hidden = !bounded(event.target.value);
  });
  const read = () => {
    const name = choices.querySelector("input:checked").value;
    return bounded(name) ? `${name}:${index(output)}:${number(value)}` : name;
  };
  return { nodes: [choices, bound], read };
}

const bounded = (name) => ["threshold", "yes-only"].includes(name);

function index(made) {
  return right(made, /^\d{1,9}$/.test(made.value.trim()), "The output index is a whole number; the first is 0.");
}

function number(made) {
  return right(made, made.value.trim() !== "" && Number.isFinite(Number(made.value)), "The value is a number.");
}

/** The text of a field, marked by whether it is right. */
export function right(made, is, detail) {
  made.setAttribute("aria-invalid", String(!is));
  if (is) return made.value.trim();
  made.focus();
  throw new Problem({ code: "", detail });
}
