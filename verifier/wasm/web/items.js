// What a receipt about a batch says of its items, as a table.

import { printable, quoted } from "./text.js";
import { className, inference } from "./words.js";

/** Rows that are shown; a longer table helps nobody. */
const MOST = 1000;
/** Labels that a matrix has at most. */
const WIDE = 64;

const plain = (text) => ({ text: `${text}` });
const numeric = (text) => ({ text: `${text}`, number: true });

/** A label with the name that the card's publisher gave it. */
function labelled(about, target, label) {
  const called = className(about, target, label);
  return called === null ? `${label}` : `${label} ${quoted(called)}`;
}

/**
 * Title, hint, head and rows of the table; null if the receipt says nothing of single items, labels or groups.
 */
function content({ claim, values, error }, about) {
  const said = error || !values || !about.items ? null : inference(claim);
  if (said === null) return null;
  const { name, target, text } = said.policy;
  const named = (label) => labelled(about, target, label);
  const filled = `The proof is about ${about.items.toLocaleString("en")} rows; a batch that is not full is filled with its last one.`;
  const each = (lists, head) => ({ title: "Each row", hint: filled, head: ["Row", ...head], rows: lists.map((cells, row) => [plain(row), ...cells]) });
  if (name === "labels") return each(values.labels.map((label) => [plain(named(label))]), ["Label"]);
  if (name === "scores" && values.form === "scores" && values.scores.length % about.items === 0) {
    const wide = values.scores.length / about.items;
    const lists = Array.from({ length: about.items }, (_, row) => values.scores.slice(row * wide, (row + 1) * wide).map(numeric));
    return wide > WIDE ? null : each(lists, Array.from({ length: wide }, (_, label) => named(label)));
  }
  if (name === "confusion") {
    const wide = Math.sqrt(values.counts.length);
    if (!Number.isInteger(wide) || wide > WIDE) return null;
    const labels = Array.from({ length: wide }, (_, label) => label);
    const rows = labels.map((right) => [plain(named(right)), ...labels.map((given) => numeric(values.counts[right * wide + given]))]);
    return { title: "Confusion matrix", hint: "A line for each right label, with how many of its rows the model gives which label.", head: ["Right label", ...labels.map(named)], rows };
  }
  if (name === "by-group") {
    const groups = text.split(":").slice(2);
    const size = (group) => groups.filter((one) => one === `${group}`).length;
    const rows = values.counts.map((count, group) => [plain(group), numeric(count), numeric(size(group)), numeric(size(group) === 0 ? "–" : (count / size(group)).toFixed(3))]);
    return { title: "Each group", hint: null, head: ["Group", "With the label", "Of", "Rate"], rows };
  }
  return null;
}

/** The table of a report with its title and hint, or null. Texts go in as text only. */
export function items(report, about) {
  const made = content(report, about);
  if (made === null) return null;
  const { title, hint, head, rows } = made;
  const cell = (tag, { text, number }, scope) => {
    const one = document.createElement(tag);
    one.textContent = printable(text);
    if (number) one.className = "number";
    if (scope) one.scope = scope;
    return one;
  };
  const line = (cells) => {
    const one = document.createElement("tr");
    one.append(...cells);
    return one;
  };
  const table = document.createElement("table");
  table.createTHead().append(line(head.map((text, index) => cell("th", { text, number: rows[0]?.[index].number }, "col"))));
  table.createTBody().append(...rows.slice(0, MOST).map(([first, ...rest]) => line([cell("th", first, "row"), ...rest.map((one) => cell("td", one))])));
  // What is wider than its place is moved by the keyboard too.
  const scroll = document.createElement("div");
  Object.assign(scroll, { className: "scroll", tabIndex: 0 });
  scroll.setAttribute("role", "region");
  scroll.setAttribute("aria-label", title);
  scroll.append(table);
  const rest = rows.length > MOST ? `The first ${MOST.toLocaleString("en")} of ${rows.length.toLocaleString("en")} lines are shown.` : null;
  return { title, hint: [hint, rest].filter(Boolean).join(" "), node: scroll };
}
