// The list of models, and the upload of a new one.

import { Problem, get, upload } from "./api.js";
import { complaint, element, link, say, sheet } from "./dom.js";
import { fileField, read } from "./files.js";
import { MODEL, example, filling } from "./examples.js";
import { storage } from "./storage.js";
import { quoted } from "./text.js";
import { bound, plural, seconds, short, size, time } from "./format.js";

export async function models(_, signal) {
  const [{ models: list }, kept] = await Promise.all([get("/v1/models", { signal }), get("/v1/storage", { signal })]);
  return { title: "Models", body: [uploading(signal), list.length === 0 ? first() : sheet("Your models", element("ul", "rows", ...list.map(row))), storage(kept)] };
}

/** Where a file goes; it is sent as soon as it is chosen. */
function uploading(signal) {
  const note = element("div", "going");
  const field = fileField("Upload a model", {
    hint: "Drop an ONNX file here, or choose one. Its weights stay with the service.",
    accept: ".onnx",
    large: true,
    changed: async (file) => {
      const tell = (text) => {
        note.replaceChildren(text);
        say(text);
      };
      try {
        if (file.size === 0) throw new Problem({ code: "file", detail: `${file.name} is empty.` });
        tell("Reading …");
        const { sha256 } = await upload("models", await read(file), tell, signal);
        location.hash = `#/models/${sha256}`;
      } catch (error) {
        if (error.name !== "AbortError") note.replaceChildren(complaint(error));
      }
      field.input.value = "";
    },
  });
  const sample = filling("Or try the example: a small classifier of handwritten digits", async () => field.give(await example(MODEL)));
  return element("section", "sheet", element("h2", "unseen", "Upload"), field.node, sample, note);
}

function first() {
  return element("p", "hint nothing", "No models yet. After the upload you see the network and what a proof of it would cost; nothing is committed before you say so.");
}

function row({ sha256, bytes, summary, created, commits }) {
  const { forecast } = summary;
  const committed = commits.map(({ model_id: id, created: at, ...commit }) =>
    element("li", "", link(`committed ${short(id)}`, `#/models/${id}`), element("span", "quiet-text", ` ${bound(commit)} · ${time(at)}`)),
  );
  return element(
    "li",
    "",
    element("div", "row-head", link(summary.name ? quoted(summary.name) : short(sha256), `#/models/${sha256}`, "strong"), element("span", "tag", commits.length === 0 ? "uploaded" : "committed")),
    element("p", "quiet-text", `${plural(summary.parameters, "parameter")} · ${plural(summary.nodes, "layer")} · ${size(bytes)} · ${forecast === undefined ? "too large for one circuit" : `a proof takes about ${seconds(forecast.cpu_seconds)} of CPU time`} · uploaded ${time(created)}`),
    committed.length === 0 ? null : element("ul", "commits", ...committed),
  );
}
