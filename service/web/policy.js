// Choosing a policy.

import { Problem, get } from "./api.js";
import { choice, element, field, input } from "./dom.js";
import { quoted } from "./text.js";

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
 * @param classes the names of the labels that a policy speaks of, by its name
 * @param any a first choice `[text, hint]` that stands for no policy, which `read` gives as ""
 * @param ofItems makes the field for the file with a label or a group for each item, by the caption; without it they are typed. `items()` is the field
 *   of the policy that is chosen, or null, and `read` leaves its list out
 */
export function policyFields(title, list, bits, any = null, classes = () => [], ofItems = null) {
  const parameters = element("div", "pair");
  let fields = [];
  let file = null;
  const offered = list.map(({ name, title: hint }) => [name, name, `${hint}${bits[name] ? `; lets out ${bits[name]}` : ""}`]);
  const choices = choice(title, "policy", any ? [["", ...any], ...offered] : offered, (event) => choose(event.target.value));
  const choose = (name) => {
    const asked = list.find((policy) => policy.name === name);
    const [filed, typed] = [asked?.parameters.find(({ unit }) => ofItems && OF_ITEMS.includes(unit)), (asked?.parameters ?? []).filter(({ unit }) => !ofItems || !OF_ITEMS.includes(unit))];
    file = filed ? ofItems(filed.title) : null;
    fields = typed.map((parameter) => ({ parameter, made: parameterInput(parameter) }));
    parameters.replaceChildren(...fields.map(({ parameter, made }) => field(parameter.title, made, noteOf(parameter, classes(name)))), ...(file ? [file.node] : []));
    parameters.hidden = parameters.childElementCount === 0;
  };
  choose(choices.querySelector("input:checked").value);
  const read = () => [choices.querySelector("input:checked").value, ...fields.map(({ parameter, made }) => entered(parameter, made))].join(":");
  return { nodes: [choices, parameters], read, items: () => file };
}

/** Units of which every item of a batch has one. */
const OF_ITEMS = ["labels", "groups", "marks"];
const LIST = /^\d{1,9}([\s,:]+\d{1,9})*$/;
/** How the units of parameters are entered; what people separate by spaces or commas stands with colons between. */
const UNITS = {
  output: { start: { inputMode: "numeric", value: "0" }, right: /^\d{1,9}$/, wanted: "a whole number is expected; the first output is 0." },
  outputs: { start: { placeholder: "0 3 7" }, right: LIST, wanted: "whole numbers with spaces between them are expected; the first output is 0." },
  count: { start: { inputMode: "numeric", value: "1" }, right: /^[1-9]\d{0,8}$/, wanted: "a whole number is expected, at least 1." },
  items: { start: { inputMode: "numeric", value: "1" }, right: /^[1-9]\d{0,8}$/, wanted: "a whole number is expected, at least 1." },
  label: { start: { placeholder: "0 3" }, right: LIST, wanted: "labels with spaces between them are expected; the first is 0." },
  labels: { start: { placeholder: "1 1 7" }, right: LIST, wanted: "a label for each row is expected, with spaces between them." },
  groups: { start: { placeholder: "0 0 1" }, right: LIST, wanted: "a group for each row is expected, with spaces between them; the first is 0." },
  marks: { start: { placeholder: "1 0 7 1" }, right: LIST, wanted: "a label and a group for each row are expected, with spaces between them." },
  value: { start: { inputMode: "decimal", placeholder: "0.5" }, right: /\S/, wanted: "a number is expected." },
};

/** What stands under a parameter's field. */
function noteOf({ unit }, classes) {
  if (unit === "value") return "in the units of the output";
  return unit.startsWith("output") || unit === "label" ? classes.map((name, label) => `${label} ${quoted(name)}`).join(", ") : "";
}

const parameterInput = ({ name, unit }) => input(name, UNITS[unit].start);

function entered({ title, unit }, made) {
  const text = made.value.trim();
  const is = UNITS[unit].right.test(text) && (unit !== "value" || Number.isFinite(Number(text)));
  return right(made, is, `${title}: ${UNITS[unit].wanted}`).split(/[\s,:]+/).join(":");
}

/** The text of a field, marked by whether it is right. */
export function right(made, is, detail) {
  made.setAttribute("aria-invalid", String(!is));
  if (is) return made.value.trim();
  made.focus();
  throw new Problem({ code: "", detail });
}
