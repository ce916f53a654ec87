// Choosing a policy.

import { Problem, get } from "./api.js";
import { choice, element, field, input } from "./dom.js";

let known = null;

/** The service's list of policies. */
export function policies() {
  known ??= get("/v1/policies");
  return known;
}

/**
 * The fields for a policy. `read` gives it as the service writes it, or throws what is wrong with it.
 *
 * @param title the question
 * @param list what [policies] gives
 * @param bits what each lets out, by name; may be empty
 * @param any a first choice `[text, hint]` that stands for no policy, which `read` gives as ""
 */
export function policyFields(title, list, bits, any = null) {
  const parameters = element("div", "pair");
  let fields = [];
  const offered = list.map(({ name, title: hint }) => [name, name, `${hint}${bits[name] ? `; lets out ${bits[name]}` : ""}`]);
  const choices = choice(title, "policy", any ? [["", ...any], ...offered] : offered, (event) => choose(event.target.value));
  const choose = (name) => {
    const asked = list.find((policy) => policy.name === name);
    fields = (asked?.parameters ?? []).map((parameter) => ({ parameter, made: parameterInput(parameter) }));
    parameters.replaceChildren(...fields.map(({ parameter, made }) => field(parameter.title, made, parameter.unit === "value" ? "in the units of the output" : "")));
    parameters.hidden = fields.length === 0;
  };
  choose(choices.querySelector("input:checked").value);
  const read = () => [choices.querySelector("input:checked").value, ...fields.map(({ parameter, made }) => entered(parameter, made))].join(":");
  return { nodes: [choices, parameters], read };
}

function parameterInput({ name, unit }) {
  return unit === "output" ? input(name, { inputMode: "numeric", value: "0" }) : input(name, { inputMode: "decimal", placeholder: "0.5" });
}

function entered({ title, unit }, made) {
  const text = made.value.trim();
  if (unit === "output") return right(made, /^\d{1,9}$/.test(text), `${title}: a whole number is expected; the first output is 0.`);
  return right(made, text !== "" && Number.isFinite(Number(text)), `${title}: a number is expected.`);
}

/** The text of a field, marked by whether it is right. */
export function right(made, is, detail) {
  made.setAttribute("aria-invalid", String(!is));
  if (is) return made.value.trim();
  made.focus();
  throw new Problem({ code: "", detail });
}
