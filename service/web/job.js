// One job: how far it is, how it ended, and its receipt.

import { again } from "./again.js";
import { bytes, call, follow, get } from "./api.js";
import { picture } from "./colour.js";
import { cut } from "./cuts.js";
import { button, complaint, draw, element, facts, identifier, link, say, sheet } from "./dom.js";
import { saveAs } from "./files.js";
import { bound, count, policy, seconds, short, size, time } from "./format.js";
import { checked, here, verifier } from "./receipt.js";
import { modelName, names } from "./names.js";
import { removing } from "./removing.js";
import { quoted } from "./text.js";

/** Stages in their order, by kind of job. */
const STAGES = {
  proof: ["queued", "witness", "segments", "proof", "link", "verify", "check", "done"],
  colouring: ["queued", "witness", "proof", "link", "verify", "check", "done"],
  commit: ["queued", "compile", "parameters", "commit", "done"],
  opening: ["queued", "witness", "done"],
};
const WORDS = {
  queued: "Waiting for a worker",
  compile: "Choosing scales, laying out the circuit",
  parameters: "Getting the parameters",
  commit: "Making the keys, committing to the weights",
  witness: "Running the model",
  proof: "Proving",
  segments: "Proving the segments",
  link: "Linking the proof to the commitments",
  verify: "The prover verifies its receipt",
  check: "The service verifies the receipt",
  done: "Done",
  failed: "Failed",
  cancelled: "Cancelled",
  expired: "Expired",
};
/** What a stage is called in a job of this kind. */
const called = (kind, stage) => (kind === "colouring" && stage === "witness" ? "Reading the graph and its colouring" : (WORDS[stage] ?? stage));
const TITLES = { proof: "Proof", colouring: "Proof of a colouring", commit: "Commitment to a model", opening: "Commitment to an input" };
/** What a job is, in a few words. */
export const headline = ({ kind, request }) => `${TITLES[kind] ?? kind}${request.policy ? `: ${policy(request.policy)}` : ""}${request.colours ? ` in ${request.colours} colours` : ""}`;

const BAD = ["failed", "cancelled", "expired"];
const MARKS = { passed: "m5 12.5 4.5 4.5L19 7.5", now: "M12 12h.01", bad: "m6 6 12 12M18 6 6 18", ahead: "M12 12h.01" };

export async function job([id], signal) {
  const [first, models] = await Promise.all([get(`/v1/jobs/${id}`, { signal }), names(signal)]);
  const [progress, after] = [element("section", "sheet"), element("div", "column")];
  watch(first, progress, after, signal);
  return { title: headline(first), body: [progress, after, asked(first, models, signal)] };
}

async function watch(first, progress, after, signal) {
  const events = [];
  const cancel = button("Cancel", "secondary", async () => {
    cancel.disabled = true;
    await call("DELETE", `/v1/jobs/${first.id}`, { signal });
  });
  // The graph is there to be looked at while its proof is made.
  if (first.kind === "colouring") graphOf(first.request, signal).then((graph) => after.childElementCount === 0 && after.replaceChildren(...graph.drawn), () => {});
  try {
    await follow(
      `/v1/jobs/${first.id}/events`,
      (event) => {
        events.push(event);
        progress.replaceChildren(...stages(first, events, cancel));
        say(called(first.kind, event.stage));
      },
      signal,
    );
    const last = await get(`/v1/jobs/${first.id}`, { signal });
    progress.replaceChildren(...stages(first, events, null), ...spent(last));
    after.replaceChildren(...(await outcome(last, signal)));
  } catch (error) {
    if (!signal.aborted) after.replaceChildren(complaint(error));
  }
}

/** Bar and list of stages: those that were reached, with their times, and those ahead. */
function stages({ kind, created }, events, cancel) {
  const last = events.at(-1);
  // Segments are proven by processes of their own, which tell how many are.
  const parts = events.findLast(({ segments }) => segments)?.segments;
  const order = (STAGES[kind] ?? ["queued", "done"]).filter((name) => (parts ? !["proof", "link", "verify"].includes(name) : name !== "segments"));
  // Another attempt begins again.
  const now = events.filter(({ attempt }) => attempt === last.attempt || attempt === 0);
  const ended = last.stage === "done" || BAD.includes(last.state);
  const reached = new Map(now.map((event) => [event.stage, event]));
  const names = BAD.includes(last.state) ? [...reached.keys()].filter((name) => order.includes(name) || BAD.includes(name)) : [...new Set([...order.slice(0, -1).filter((name) => reached.has(name) || order.indexOf(name) > order.indexOf(last.stage)), "done"])];
  const items = names.map((name) => {
    const event = reached.get(name);
    const state = BAD.includes(name) ? "bad" : !event ? "ahead" : event === last && !ended ? "now" : "passed";
    const when = event ? element("span", "quiet-text", `+${seconds((event.at - created) / 1000)}`) : null;
    const proven = name === "segments" ? `: ${parts.done} of ${parts.of}` : "";
    const made = element("li", state, mark(state), element("span", "", `${called(kind, name)}${proven}`, element("span", "unseen", state === "now" ? ": under way" : state === "ahead" ? ": ahead" : "")), when);
    if (state === "now") made.setAttribute("aria-current", "step");
    return made;
  });
  const bar = element("progress", "");
  Object.assign(bar, { max: order.length - 1, value: ended && last.stage === "done" ? order.length - 1 : Math.max(0, order.indexOf(now.findLast(({ stage }) => order.includes(stage))?.stage)) });
  bar.setAttribute("aria-label", "Progress");
  const head = element("div", "row-head", element("h2", "", called(kind, last.stage)), ended ? null : cancel);
  const again = last.attempt > 1 ? [element("p", "hint", `Attempt ${last.attempt}.`)] : [];
  return [head, ...(BAD.includes(last.state) ? [] : [bar]), ...again, element("ol", "stages", ...items)];
}

function mark(state) {
  return draw("svg", { viewBox: "0 0 24 24", "aria-hidden": "true" }, draw("path", { d: MARKS[state] }));
}

function spent({ started, finished, cpu_ms: cpu, peak_bytes: memory }) {
  if (cpu === undefined) return [];
  return [element("p", "hint after", `${seconds((finished - started) / 1000)} from start to end; ${seconds(cpu / 1000)} of CPU time and ${size(memory ?? 0)} of memory at most in the prover.`)];
}

function asked({ kind, request, created, id }, models, signal) {
  const { model, input, audience, nonce, not_after: end } = request;
  const uploads = kind === "colouring" ? [["Graph", request.graph], ["Colouring", request.colouring]] : kind === "commit" ? [] : input ? [["Input", input]] : Object.entries(request.inputs ?? {}).map(([name, sha256]) => [`Input ${quoted(name)}`, sha256]);
  const shown = uploads.map(([name, sha256]) => [name, identifier(sha256)]);
  const deal = request.under?.agreement;
  const context = () => [deal ? ["Agreement", link(short(deal), "#/agreements")] : audience ? ["Audience", audience] : null, /^0*$/.test(nonce) ? null : ["Nonce", identifier(nonce)], end ? ["Valid until", time(1000 * end)] : null];
  const binding = { committed: "hide their input", public: "show their input" };
  const place = model ? link(modelName(models, model), `#/models/${model}`) : null;
  const rest = {
    proof: () => [["Model", place], ["Policy", policy(request.policy)], ...shown, request.labels ? ["Labels", identifier(request.labels)] : null, ...context()],
    colouring: () => [["Colours", `${request.colours}`], ...shown, ...context()],
    commit: () => [["File", place], ["Receipts", binding[input] ?? bound(request)], request.batch ? ["Rows in one proof", count(request.batch)] : null, cut(request)],
    opening: () => [["Model", place], ...shown],
  }[kind];
  const gone = "The file and commitments to it are removed; receipts about it stay.";
  const more = uploads.map(([name, sha256]) => removing(input ? "this input" : `this ${name.replace(/^./, (first) => first.toLowerCase())}`, gone, `/v1/inputs/${sha256}`, "#/jobs", signal));
  return sheet("What was asked", facts(...(rest?.() ?? []), ["Submitted", time(created)], ["Job", identifier(id)]), ...more);
}

async function outcome(last, signal) {
  if (last.error) return [complaint({ ...last.error, message: last.error.detail }), ...again(last, signal)];
  if (last.state !== "done") return again(last, signal);
  if (last.kind === "commit") return [element("p", "next", link("See the committed model and ask for a receipt", `#/models/${last.result.model_id}`, "primary"))];
  if (last.kind === "opening") return [sheet("Commitment", element("p", "mono id", last.result.points.join(" ")))];
  return last.kind === "colouring" ? colouring(last, signal) : receipt(last, signal);
}

/** An uploaded graph as a text that verifiers read, and its drawing; neither, if it was deleted. */
async function graphOf({ graph: sha256 }, signal) {
  const text = await bytes(`/v1/inputs/${sha256}/graph`, { signal }).catch((error) => {
    if (error.status === 404) return null;
    throw error;
  });
  if (text === null || !here) return { text, drawn: [] };
  const none = new Uint8Array();
  const { graph } = (await verifier()).verify({ receipt: none, srs: none, graph: text });
  return { text, drawn: graph ? [picture(graph, "empty", "The graph")] : [] };
}

/** The receipt of a colouring. Whoever relies on it has the graph from a source of their own. */
async function colouring({ id, request, result }, signal) {
  const { text: graph } = await graphOf(request, signal);
  const made = await bytes(`/v1/proofs/${id}/receipt`, { signal });
  const srs = await bytes(`/v1/srs/${result.srs_id}`, { signal });
  const save = (text, name, content) => button(text, "secondary", () => saveAs(name, content));
  const logged = button("Proof that the log has it", "secondary", async () => saveAs(`${id}.tlog-proof`, await bytes(`/v1/log/proofs/${result.receipt_sha256}`, { signal })));
  const note = `${size(made.length)}. Give it to whoever is to rely on it; they need the graph and the SRS key too, from a source that they trust.`;
  const files = [save("Download the receipt", `${id}.receipt`, made), save("Download the SRS key", `${id}.srs`, srs), ...(graph ? [save("Download the graph", `${id}.col`, graph)] : []), logged];
  const verdict = graph ? await checked({ receipt: made, graph, srs }, request, true, signal) : element("p", "hint", "The graph was deleted here: whoever has it and the SRS key verifies the receipt.");
  return [sheet("Receipt", element("p", "hint", note), element("div", "actions", ...files)), verdict];
}

async function receipt({ id, request, result }, signal) {
  const save = (text, name, content) => button(text, "secondary", () => saveAs(name, content));
  const made = await bytes(`/v1/proofs/${id}/receipt`, { signal });
  const model = await get(`/v1/models/${request.model}`, { signal }).catch((error) => {
    if (error.status === 404) return null;
    throw error;
  });
  if (model === null) {
    const note = `${size(made.length)}. The model was deleted here: whoever has its card and the SRS key verifies the receipt.`;
    return [sheet("Receipt", element("p", "hint", note), element("div", "actions", save("Download the receipt", `${id}.receipt`, made)))];
  }
  const [card, srs] = await Promise.all([bytes(`/v1/models/${request.model}/card`, { signal }), bytes(`/v1/srs/${model.srs_id}`, { signal })]);
  const stem = (model.card.name || "model").replace(/[^\w.-]+/g, "_");
  // The log takes a moment until it has signed what is new.
  const logged = button("Proof that the log has it", "secondary", async () => saveAs(`${stem}-${id}.tlog-proof`, await bytes(`/v1/log/proofs/${result.receipt_sha256}`, { signal })));
  const bundle = button("Download a bundle", "secondary", async () => saveAs(`${stem}-${id}.bundle`, await bytes(`/v1/proofs/${id}/bundle`, { signal })));
  const labels = request.labels ? [button("Download the labels", "secondary", async () => saveAs(`${stem}-${id}.labels`, await bytes(`/v1/proofs/${id}/labels`, { signal })))] : [];
  return [
    sheet(
      "Receipt",
      element("p", "hint", `${size(made.length)}. Give it to whoever is to rely on it; they need the card and the SRS key too, from a source that they trust. A bundle is one file with all of them, and with the log’s proofs.`),
      element("div", "actions", bundle, save("Download the receipt", `${stem}-${id}.receipt`, made), save("Download the card", `${stem}.card`, card), save("Download the SRS key", `${stem}.srs`, srs), ...labels, logged),
    ),
    await checked({ receipt: made, card, srs }, request, true, signal),
  ];
}
