// Published models, for everybody.

import { bytes, get } from "./api.js";
import { button, element, facts, identifier, link, sheet } from "./dom.js";
import { saveAs } from "./files.js";
import { address, time } from "./format.js";
import { cardFacts } from "./model.js";
import { leaks } from "./receipt.js";
import { announce } from "./view.js";

const STANDING = {
  active: ["verified", "Active", "Its owner stands by this version."],
  deprecated: ["dev-verified", "Deprecated", "Receipts are still made, but there is something better."],
  revoked: ["refused", "Revoked", "Nobody should rely on it, not on earlier receipts either. No further receipts are made."],
};

export async function published(_, signal) {
  const { versions } = await get("/v1/registry", { signal });
  const row = (version) =>
    element("li", "", element("div", "row-head", link(`${version.tenant} / ${version.name}, version ${version.version}`, address(version), "strong"), element("span", `tag ${version.status}`, version.status)), element("p", "quiet-text", `published ${time(version.created)}`));
  const empty = element("p", "hint nothing", "Nothing is published yet.");
  return { title: "Published models", body: [versions.length === 0 ? empty : sheet("Newest first", element("ul", "rows", ...versions.map(row)))] };
}

export async function cards([tenant, name, wanted], signal) {
  const place = `/v1/registry/${tenant}/${name}`;
  const { current, versions } = await get(place, { signal });
  const version = wanted ?? String(current ?? versions[0].version);
  const [found, card] = await Promise.all([get(`${place}/${version}`, { signal }), bytes(`${place}/${version}/card`, { signal })]);
  const status = element("div", "");
  const [kind, title, text] = STANDING[found.status];
  announce(status, kind, `${title}, version ${found.version}`, text, ...(found.reason ? [`Since ${time(found.changed)}: ${found.reason}`] : []));
  const stem = found.name;
  const save = (label, path, file) => button(label, "secondary", async () => saveAs(file, await bytes(path, { signal })));
  const history = versions.map((other) => element("li", "", element("div", "row-head", link(`Version ${other.version}`, address(other), other.version === found.version ? "strong" : ""), element("span", `tag ${other.status}`, other.status)), element("p", "quiet-text", `${time(other.created)}${other.reason ? ` · ${other.reason}` : ""}`)));
  return {
    title: found.name,
    body: [
      status,
      sheet("What the card says", ...cardFacts(found.card, await leaks(card, found.card))),
      sheet(
        "What is committed",
        element("p", "hint", "A receipt is about exactly this model if it names this id. Compare both ids with those from a source that you trust."),
        facts(["Published by", found.tenant], ["Model id", identifier(found.model)], ["Parameters (SRS)", identifier(found.srs_id)], ["Kind of parameters", found.dev_srs ? "development: whoever controls the machine that made them can forge receipts" : "a ceremony, by the publisher's word: pin its id"], ["Circuit key", identifier(found.key_digest)], ["Card, SHA-256", identifier(found.card_sha256)], ["Published", time(found.created)], ["Log", link("entered into the transparency log", "/#/log")]),
        element("div", "actions", button("Download the card", "secondary", () => saveAs(`${stem}.card`, card)), save("Download the SRS key", `/v1/srs/${found.srs_id}`, `${stem}.srs`), save("Proof that the log has it", `/v1/log/proofs/${found.card_sha256}`, `${stem}.tlog-proof`)),
      ),
      sheet("Versions", element("ul", "rows", ...history)),
    ],
  };
}
