// One model: uploaded, or committed.

import { about as deals } from "./agreements.js";
import { Problem, bytes, call, get } from "./api.js";
import { button, element, facts, field, figures, form, identifier, input, link, sheet } from "./dom.js";
import { committing } from "./commit.js";
import { address, bits, bound, count, plural, seconds, shape, short, size, time } from "./format.js";
import { saveAs } from "./files.js";
import { network } from "./layers.js";
import { policies } from "./policy.js";
import { proving } from "./prove.js";
import { leaks } from "./receipt.js";
import { removing } from "./removing.js";
import { quoted } from "./text.js";
import { sayings } from "./words.js";

export async function model([id], signal) {
  const [found, graph, list] = await Promise.all([get(`/v1/models/${id}`, { signal }), drawn(id, signal), get("/v1/models", { signal })]);
  const known = list.models.find(({ sha256 }) => sha256 === (found.source_sha256 ?? id));
  const [first, second] = found.state === "committed" ? await committed(found, list.tenant, signal) : uploaded(found, known, graph, signal);
  const { panel, wide } = network(graph);
  const column = (...sheets) => element("div", "column", ...sheets);
  const beside = wide ? [element("div", "columns even", column(...first), column(...second)), panel] : [element("div", "columns", column(...first, ...second), panel)];
  const name = found.summary?.name ?? found.card.name;
  return { title: name ? quoted(name) : short(id), body: beside };
}

/** The graph of a model, null if the service has none because the upload is older than graphs are. */
async function drawn(id, signal) {
  try {
    return await get(`/v1/models/${id}/graph`, { signal });
  } catch (error) {
    if (error.code === "no-graph") return null;
    throw error;
  }
}

/** Panels of the left column, and of the right one where the network needs the whole width. */
function uploaded({ sha256, bytes: length, summary, created }, known, graph, signal) {
  const commits = known?.commits ?? [];
  const price = summary.forecast === undefined ? sheet("What a proof would cost", element("p", "hint", "It fits into no single circuit: commit it in segments.")) : cost(summary.forecast, "Before calibration, with receipts that show their input. A forecast of a cost model, not a measurement.");
  const made = commits.length === 0 ? [] : [sheet("Committed from this file", element("ul", "rows", ...commits.map(commit)))];
  return [
    [price, committing(sha256, summary, graph, signal)],
    [
      ...made,
      sheet(
        "File",
        facts(
          ["Takes", summary.input_shapes.map(shape).join(", ")],
          ["Gives", summary.output_shapes.map(shape).join(", ")],
          ["Operators", Object.entries(summary.operators).map(([name, times]) => (times === 1 ? name : `${name} ×${times}`)).join(", ")],
          ["Parameters", count(summary.parameters)],
          ["Size", size(length)],
          ["SHA-256", identifier(sha256)],
          ["Uploaded", time(created)],
        ),
        removing("this file", "The service then has the file no more. That is refused while something that was committed from it is there.", `/v1/models/${sha256}`, "#/", signal),
      ),
    ],
  ];
}

function commit({ model_id: id, created, ...made }) {
  return element("li", "", link(short(id), `#/models/${id}`, "strong"), element("p", "quiet-text", `${bound(made)} · ${time(created)}`));
}

async function committed(found, tenant, signal) {
  const { model_id: id, card, forecast, srs_id: srs, source_sha256: source } = found;
  const [{ versions }, { bits: spent }] = await Promise.all([get(`/v1/registry?model=${id}`, { signal }), get(`/v1/ledger?model=${id}`, { signal })]);
  const out = await leaks(await bytes(`/v1/models/${id}/card`, { signal }), card);
  const own = versions.find((version) => version.tenant === tenant);
  const download = (text, path, name) => button(text, "secondary", async () => saveAs(name, await bytes(path, { signal })));
  const stem = (card.name || "model").replace(/[^\w.-]+/g, "_");
  const price = cost(forecast, "A forecast of a cost model, not a measurement. The receipt’s size is for the policy label.");
  const what = sheet(
    "What is committed",
    ...cardFacts(card, out),
    facts(
      ["Model id", identifier(id)],
      ["Circuit key", identifier(found.key_digest)],
      ["Parameters (SRS)", identifier(srs)],
      ["Weights", plural(found.commitments.length, "hiding commitment")],
      ["Committed", time(found.created)],
      ["File", link(short(source), `#/models/${source}`)],
      ["Let out so far", link(`${bits(spent)} in the ledger`, `#/ledger/${id}`)],
    ),
    element("div", "actions", download("Download the card", `/v1/models/${id}/card`, `${stem}.card`), download("Download the SRS key", `/v1/srs/${srs}`, `${stem}.srs`)),
    element("p", "hint after", "Verifiers need both, from a source that they trust."),
    // What was published stays.
    own ? null : removing("what is committed", "Its keys and openings are removed: there will be no more receipts of it. Receipts that were made stay valid, for those who have the card.", `/v1/models/${id}/commit`, `#/models/${source}`, signal),
  );
  const asking = own?.status === "revoked" ? [] : [proving(id, card, await policies(), out, await deals(id, signal), signal)];
  return [asking, [price, what, own ? standing(own, signal) : publishing(id, card, tenant, signal)]];
}

/** What a card says of its model; `out`: what receipts let out, by policy. */
export function cardFacts({ inputs, outputs, parameters, fidelity, about, shape: { items } }, out) {
  const named = (list) => list.map(({ name, shape: extents }) => (list.length === 1 ? shape(extents) : `${quoted(name)} ${shape(extents)}`)).join(", ");
  const told = { public: "receipts show it", committed: "receipts hide it behind a commitment" };
  const bound = ({ name, binding }) => (inputs.length === 1 ? told[binding] : `${quoted(name)}: ${told[binding]}`);
  const { rows, source, unprovable, relative_error: error, label_flips: flips, unmoved = 0 } = fidelity;
  const measuredOn = { "held-out": "held-out rows", calibration: "the calibration rows" }[source] ?? "seeded rows";
  const measured = [
    `${plural(flips, "other label")} in ${plural(rows, "row")}`,
    `outputs differ by at most ${Number((100 * error).toPrecision(2))} % of their own size`,
    ...(unprovable > 0 ? [`${plural(unprovable, "row")} cannot be proven`] : []),
    ...(unmoved > 0 ? [`${plural(unmoved, "output")} had one value throughout, of other values nothing is known`] : []),
  ];
  return [
    facts(
      ...sayings({ said: about ?? {} }),
      ["Takes", named(inputs)],
      ["Gives", named(outputs)],
      items ? ["Rows in one proof", count(items)] : null,
      ["Parameters", count(parameters)],
      ["Input", inputs.map(bound).join("; ")],
      ["Against float", `${measured.join("; ")}. Measured by its owner on ${measuredOn}.`],
      ["A receipt lets out", element("ul", "plain", ...out.map(([name, bits]) => element("li", "", element("strong", "", name), `: ${bits}`)))],
    ),
  ];
}

function cost({ k, columns, cpu_seconds: time, receipt_bytes: bytes }, note) {
  return sheet(
    "What a proof would cost",
    figures([seconds(time), "CPU time"], [size(bytes), "receipt"], [count(2 ** k), "circuit rows"], [count(columns), "columns"]),
    element("p", "hint after", note),
  );
}

function publishing(id, card, tenant, signal) {
  const name = input("name", { value: (card.name || "").replace(/[^\w.-]+/g, "-").replace(/^\.+/, "").slice(0, 64) });
  const act = async () => {
    if (name.value.trim() === "") throw new Problem({ code: "", detail: "The name is missing." });
    const response = await call("POST", `/v1/registry/${encodeURIComponent(tenant)}/${encodeURIComponent(name.value.trim())}`, { json: { model: id }, signal });
    const made = await response.json();
    location.href = address(made);
  };
  return sheet(
    "Publish",
    element("p", "hint", "Anybody may then see the card, as the next version under a name; versions before it become deprecated. The card is entered into the transparency log."),
    form("Publish", act, field("Name", name)),
  );
}

function standing(own, signal) {
  const { status, reason, version, name, changed } = own;
  const said = element("p", "", link(`${name}, version ${version}`, address(own), "strong"), " ", element("span", `tag ${status}`, status));
  const worse = { active: ["deprecated", "revoked"], deprecated: ["revoked"], revoked: [] }[status];
  const told = status === "active" ? [] : [element("p", "hint", `Since ${time(changed)}: ${reason}`)];
  if (worse.length === 0) return sheet("Published", said, ...told);
  const to = element("select", "", ...worse.map((word) => Object.assign(element("option", "", word === "revoked" ? "revoked: nobody should rely on it, no further receipts" : "deprecated: there is something better"), { value: word })));
  const why = input("reason", {});
  const act = async () => {
    await call("POST", `/v1/registry/${encodeURIComponent(own.tenant)}/${encodeURIComponent(name)}/${version}/status`, { json: { status: to.value, reason: why.value.trim() }, signal });
    dispatchEvent(new HashChangeEvent("hashchange"));
  };
  const change = element("details", "", element("summary", "", "Deprecate or revoke"), form("Change the status for good", act, field("Status", to), field("Reason", why, "Everybody can read it.")));
  return sheet("Published", said, ...told, change);
}
