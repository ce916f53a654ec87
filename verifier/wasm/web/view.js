// A report as elements of a page. Text goes in as text only; nothing of a file is ever parsed as markup.

import { drawing } from "./drawing.js";
import { items } from "./items.js";
import { printable, quoted } from "./text.js";
import { className, description, disclosure, inference, leakText, notProven, real, sayings, sentence, spoken, statement, validText } from "./words.js";

const TITLES = { verified: "Verified", "dev-verified": "Verified, but only under development parameters", refused: "Refused" };
/** All checks by their names, in groups. */
export const GROUPS = [
  ["Files", ["bundle-file", "srs-file", "card-file", "graph-file", "receipt-file"]],
  ["Same model, circuit and parameters", ["named-model", "named-srs", "card-srs", "parameters", "kind", "graph", "srs", "circuit-key", "quantization", "model"]],
  ["What you rely on", ["statement", "colours", "policy", "output", "input", "audience", "nonce", "expiry"]],
  ["Proof", ["registration", "policy-range", "input-shape", "proof", "link", "other"]],
];
const STATES = { passed: "passed", failed: "failed", "not-asked": "not asked", "not-reached": "not reached" };
const ICONS = {
  verified: "m5 12.5 4.5 4.5L19 7.5",
  "dev-verified": "M12 4 3 20h18zM12 10v4.5m0 2.5v.5",
  refused: "m6 6 12 12M18 6 6 18",
  empty: "M12 7v6m0 3.5v.5",
  passed: "m5 12.5 4.5 4.5L19 7.5",
  failed: "m6 6 12 12M18 6 6 18",
  "not-asked": "M6 12h12",
  "not-reached": "M12 12h.01",
};

/** An element with a class (may be empty) and children. Texts are made printable, whoever they come from; only `pre` keeps its lines. */
export function element(tag, className, ...children) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  const lines = (text) => text.split("\n").map(printable).join("\n");
  const shown = (child) => (child instanceof Node ? child : tag === "pre" ? lines(`${child}`) : printable(`${child}`));
  made.append(...children.filter((child) => child !== null).map(shown));
  return made;
}

function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  path.setAttribute("d", ICONS[name]);
  svg.append(path);
  return svg;
}

/** The banner: what holds, in one line, and what follows from it. */
export function announce(status, kind, title, ...texts) {
  const words = element("div", "", element("strong", "", title), ...texts.map((text) => (typeof text === "string" ? element("p", "", text) : text)));
  status.replaceChildren(element("div", `banner ${kind}`, icon(kind), words));
}

/** The whole report: banner, claim, checks, limits. */
export function render(status, container, report) {
  const { wrong } = description(report.card);
  if (wrong !== null && !report.error) report = { ...report, verdict: "refused", error: unreadable(wrong) };
  const { verdict, error, claim } = report;
  const about = description(ownCard(report));
  if (error) {
    const code = element("p", "mono code", `error[${error.code}]: ${error.message}`);
    announce(status, verdict, TITLES[verdict], code, ...apart(report.differences, about), error.help);
  } else if (verdict === "dev-verified") {
    announce(status, verdict, TITLES[verdict], statement(report, about), "True for those who trust the machine that made the parameters. Nobody else should rely on it.");
  } else {
    announce(status, verdict, TITLES[verdict], statement(report, about));
  }
  container.replaceChildren(
    ...(claim ? [said(report)] : []),
    ...drawn(report),
    ...itemised(report, about),
    section("Checks", summary(report.checks), ...checkLists(report.checks)),
    ...(error ? [] : [section("What is not proven", null, element("ul", "limits", ...notProven(report, about).map((text) => element("li", "", text))))]),
  );
}

/** A description that the program refuses too: what scales and names a verdict would speak of is unknown. */
function unreadable(wrong) {
  const message = `the description on the card is not one that this release reads: ${wrong}`;
  return { code: "card-description", message, help: "Get the card again from its publisher, or use the release that made it." };
}

/** In what the receipt is not as asked. */
function apart(differences = [], about) {
  const words = (part) => sentence(part, about);
  const items = differences.map(({ field, expected, found }) => element("li", "", `${field}: expected ${words(expected)}, found ${words(found)}`));
  return items.length === 0 ? [] : [element("ul", "apart", ...items)];
}

/** The card, if the claim is about it: scales and names of another one say nothing about the claim. */
function ownCard({ claim, card }) {
  return claim && card?.model_id === claim.body.model_id ? card : null;
}

/** How many checks ended in which way. */
function summary(checks) {
  const counts = Object.keys(STATES).map((state) => [checks.filter((check) => check.state === state).length, STATES[state]]);
  return `${counts.filter(([count]) => count > 0).map(([count, word]) => `${count} ${word}`).join(", ")}.`;
}

function said(report) {
  const headings = {
    verified: ["What is proven", null],
    "dev-verified": ["What is proven, under development parameters", null],
    refused: ["What the receipt says", "None of this is established: the receipt was refused."],
  };
  const made = section(...headings[report.verdict], claimList(report));
  made.classList.toggle("unproven", report.verdict === "refused");
  return made;
}

/** The graph with its verdict, if it is small enough to see something. */
function drawn({ graph, verdict }) {
  if (!graph) return [];
  const large = `${graph.vertices.toLocaleString("en")} vertices and ${graph.edges.toLocaleString("en")} edges are too many to draw.`;
  const hint = "Vertices are of one colour here: the receipt does not show theirs.";
  return [graph.pairs ? section("The graph", hint, drawing(graph, verdict, TITLES[verdict])) : section("The graph", large)];
}

/** What a receipt about a batch says of its items. */
function itemised(report, about) {
  const made = items(report, about);
  return made === null ? [] : [section(made.title, made.hint, made.node)];
}

function section(title, hint, ...children) {
  return element("section", "", element("h3", "", title), hint ? element("p", "hint", hint) : null, ...children);
}

function claimList(report) {
  const { claim, srs, checks } = report;
  const state = (name) => checks.find((check) => check.name === name).state;
  // A value that the caller did not name is marked: it is bound to the proof, but nobody asked for it.
  const row = (term, check, ...values) => {
    const stated = check && state(check) === "not-asked" ? element("span", "tag", "as stated") : null;
    return element("div", "", element("dt", "", term), element("dd", "", ...values), stated);
  };
  const id = (hex) => element("span", "mono id", hex);
  const audience = claim.audience === "" ? element("span", "none", "none") : element("bdi", "", quoted(claim.audience));
  const nonce = /^0*$/.test(claim.nonce) ? element("span", "none", "none (all zeros)") : id(claim.nonce);
  const context = () => [
    row("Audience", "audience", audience),
    row("Nonce", "nonce", nonce),
    row("Valid until", null, validText(claim.not_after)),
    row("Parameters", "named-srs", srs && srs.srs_id === claim.srs_id ? `${srs.kind} SRS for ${(2 ** srs.k).toLocaleString("en")} rows` : "SRS", element("br", ""), id(claim.srs_id)),
    row("Claim digest", null, id(claim.digest)),
  ];
  if (claim.statement === "colouring") {
    const { colours, vertices, edges, graph } = claim.body;
    const size = `${vertices.toLocaleString("en")} vertices, ${edges.toLocaleString("en")} edges`;
    return element("dl", "claim", row("Colours", "colours", element("span", "output", `${colours}`)), row("Graph", null, size, element("br", ""), id(graph)), ...context());
  }
  const card = ownCard(report);
  const about = description(card);
  const { policy, inputs, words, label } = inference(claim) ?? { ...claim.body, inputs: [], words: [`${claim.body.items.length} inferences, which this page does not show`] };
  const called = Number.isInteger(label) ? className(about, policy.target, label) : null;
  const titled = () => element("span", "", "called ", element("bdi", "", quoted(about.name)), ` by its publisher, ${about.parameters.toLocaleString("en")} parameters`);
  const name = about.name ? [titled(), element("br", "")] : [];
  const of = spoken(policy, about);
  const given = (input, index) => {
    const named = about.inputs[index];
    const term = inputs.length === 1 ? "Input" : `Input ${index}`;
    const called = inputs.length > 1 && named ? [element("bdi", "", quoted(named.name)), ": "] : [];
    return row(term, "input", ...called, ...inputView(input, named ?? { shape: null, frac: null }));
  };
  return element(
    "dl",
    "claim",
    row("Output", null, element("span", "output", sentence(words, about)), ...(called === null ? [] : [" ", element("bdi", "", quoted(called))])),
    ...(of === null ? [] : [row("Of output", "policy", of)]),
    row("Policy", "policy", sentence(policy.words, about)),
    row("Lets out", null, leakText(disclosure(policy, card), card)),
    ...(inputs.length === 0 ? [row("Input", "input", "not shown")] : inputs.map(given)),
    row("Model", "named-model", ...name, id(claim.body.model_id)),
    ...(card?.segments ? [row("Segments", null, `${card.segments}, each with a proof of its own under this one claim`)] : []),
    ...sayings(about).map(([term, text]) => row(`${term}, by its publisher`, null, element("bdi", "", text))),
    ...context(),
  );
}

function inputView(input, about) {
  if (input.kind === "committed") {
    const { points } = input;
    const list = element("span", "mono id", points.join(" "));
    return [`committed, ${points.length} ${points.length === 1 ? "point" : "points"}; the values are hidden`, element("details", "", element("summary", "", "Show the commitment"), list)];
  }
  const { values } = input;
  const shown = values.slice(0, 4096).map((value, index) => real(value, about.frac === null ? null : about.frac + (about.lifts?.[index] ?? 0))).join(" ");
  const rest = values.length > 4096 ? ` … ${values.length - 4096} more` : "";
  return [`public, ${values.length.toLocaleString("en")} ${values.length === 1 ? "value" : "values"}`, picture(values, about.shape), element("details", "", element("summary", "", "Show the values"), element("span", "mono id", shown + rest))];
}

/** Values of a one-channel image as a picture, dark to light; null if the shape is no image. */
function picture(values, shape) {
  const [height, width] = (shape ?? []).slice(-2);
  if (!shape || shape.length < 2 || height < 4 || width < 4 || height > 512 || width > 512 || values.length !== height * width) return null;
  const canvas = element("canvas", "picture");
  [canvas.width, canvas.height] = [width, height];
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label", `The input as an image of ${height} by ${width} pixels`);
  const [low, high] = values.reduce(([low, high], value) => [Math.min(low, value), Math.max(high, value)], [Infinity, -Infinity]);
  const context = canvas.getContext("2d");
  const image = context.createImageData(width, height);
  values.forEach((value, index) => {
    const shade = high > low ? Math.round((255 * (value - low)) / (high - low)) : 0;
    image.data.set([shade, shade, shade, 255], 4 * index);
  });
  context.putImageData(image, 0, 0);
  return canvas;
}

function checkLists(checks) {
  return GROUPS.map(([title, names]) => {
    const items = checks.filter((check) => names.includes(check.name)).map(({ name, title, state }) => {
      const passed = state === "passed";
      const words = element("span", "", title, element("span", passed ? "unseen" : "state", passed ? ": passed" : STATES[state]));
      return element("li", state, icon(state), words, element("span", "mono check-name", name));
    });
    return element("div", "group", element("h4", "", title), element("ul", "checks", ...items));
  });
}
