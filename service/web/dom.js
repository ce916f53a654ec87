// Elements. Text goes in as text only; nothing of a file or an answer is ever parsed as markup.

import { printable } from "./text.js";
import { element } from "./view.js";

export { element };

const SVG = "http://www.w3.org/2000/svg";

/** An element of a drawing. */
export function draw(tag, attributes, ...children) {
  const made = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, printable(String(value)));
  made.append(...children.map((child) => (child instanceof Node ? child : printable(`${child}`))));
  return made;
}

export function link(text, href, className = "") {
  const made = element("a", className, text);
  made.href = href;
  return made;
}

/** A button; what goes wrong is said behind it. */
export function button(text, className, act) {
  const made = element("button", className, text);
  made.type = "button";
  let said = null;
  made.addEventListener("click", async () => {
    said?.remove();
    try {
      await act();
    } catch (error) {
      if (error.name === "AbortError") return;
      said = complaint(error);
      (made.closest(".actions") ?? made).after(said);
    }
  });
  return made;
}

/** A panel with a heading. */
export function sheet(title, ...children) {
  return element("section", "sheet", element("h2", "", title), ...children);
}

/** Names and values; a pair without a value is left out. */
export function facts(...pairs) {
  const rows = pairs.filter((pair) => pair !== null).map(([name, ...values]) => element("div", "", element("dt", "", name), element("dd", "", ...values)));
  return element("dl", "claim facts", ...rows);
}

/** Numbers in large type: `[value, text]` each. */
export function figures(...pairs) {
  return element("div", "figures", ...pairs.map(([value, text]) => element("div", "figure", element("strong", "", value), element("span", "", text))));
}

/** An identifier that one can copy, shown in full or as `shown`. */
export function identifier(text, shown = text) {
  const made = button("copy", "copy", async () => {
    const copied = await navigator.clipboard.writeText(text).then(() => true, () => false);
    made.textContent = copied ? "copied" : "select it by hand";
    setTimeout(() => (made.textContent = "copy"), 2000);
  });
  made.setAttribute("aria-label", `Copy ${text.slice(0, 8)}…`);
  return element("span", "copied", element("span", "mono id", shown), " ", made);
}

/** A field with its label; `hint` may be empty. */
export function field(text, input, hint = "") {
  const label = element("label", "field", element("span", "", text), input);
  if (hint) {
    const id = `hint-${++count}`;
    const note = element("span", "note", hint);
    note.id = id;
    input.setAttribute("aria-describedby", id);
    label.append(note);
  }
  return label;
}

let count = 0;

export function input(name, attributes = {}) {
  const made = element("input", "");
  made.type = "text";
  made.name = name;
  made.spellcheck = false;
  Object.assign(made, attributes);
  return made;
}

/** A choice between a few. `choices`: `[value, text, hint]`; the first is chosen. */
export function choice(title, name, choices, changed = () => {}) {
  const items = choices.map(([value, text, hint], index) => {
    const radio = input(name, { type: "radio", value, checked: index === 0 });
    radio.addEventListener("change", changed);
    return element("label", "check", radio, element("span", "", text, element("small", "", hint)));
  });
  return element("fieldset", "", element("legend", "", title), ...items);
}

/** What is wrong, in the words of the service. */
export function complaint(problem) {
  const words = element("div", "", element("strong", "", problem.message));
  if (problem.help) words.append(element("p", "", `${problem.help.charAt(0).toUpperCase()}${problem.help.slice(1)}${/[.!?]$/.test(problem.help) ? "" : "."}`));
  if (problem.code) words.append(element("p", "mono", `error[${problem.code}]`));
  const made = element("div", "problem", words);
  made.setAttribute("role", "alert");
  return made;
}

/** Tells what goes on to those who cannot see it. */
export function say(text) {
  document.getElementById("said").textContent = text;
}

/**
 * A form. `act` gets the form and a function that shows what goes on; while it runs the form cannot be sent again.
 */
export function form(action, act, ...children) {
  const send = element("button", "primary", action);
  const note = element("div", "going");
  const made = element("form", "", ...children, element("div", "actions", send, note));
  made.noValidate = true;
  made.autocomplete = "off";
  made.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (send.getAttribute("aria-disabled") === "true") return;
    send.setAttribute("aria-disabled", "true");
    const tell = (text) => {
      note.replaceChildren(text);
      say(text);
    };
    try {
      await act(made, tell);
      note.replaceChildren();
    } catch (error) {
      if (error.name !== "AbortError") note.replaceChildren(complaint(error));
    } finally {
      send.removeAttribute("aria-disabled");
    }
  });
  return made;
}
