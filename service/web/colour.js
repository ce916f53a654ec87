// Asking for the receipt of a colouring: a graph and its colours in, a job out.

import { call, upload } from "./api.js";
import { complaint, element, field, form, input, sheet } from "./dom.js";
import { drawing } from "./drawing.js";
import { filling, petersen, petersenColouring } from "./examples.js";
import { fileField, missing } from "./files.js";
import { plural } from "./format.js";
import { right } from "./policy.js";
import { contextFields } from "./prove.js";
import { here, verifier } from "./receipt.js";

export async function colourings(_, signal) {
  const seen = element("div", "column");
  const look = async () => {
    try {
      seen.replaceChildren(...(await preview(await graph.read())));
    } catch (error) {
      seen.replaceChildren(complaint(error));
    }
  };
  const graph = fileField("Graph", { hint: "DIMACS .col, a list of edges, GraphML, or node-link JSON", accept: ".col,.edges,.edgelist,.txt,.graphml,.xml,.json", required: true, changed: look });
  const colouring = fileField("Colouring", { hint: "One colour on each line, or what a solver wrote. The receipt does not show it.", accept: ".sol,.txt,.out,.colors", required: true });
  const colours = input("colours", { inputMode: "numeric", value: "3" });
  const context = contextFields();
  const act = async (_, tell) => {
    for (const [one, what] of [[graph, "The graph"], [colouring, "The colouring"]]) if (!one.file()) throw missing(one, what);
    const k = Number(right(colours, /^([2-9]|1[0-6])$/.test(colours.value.trim()), "The number of colours is a whole number from 2 to 16."));
    const bound = context.read();
    const send = async (one, kind) => (await upload("inputs", await one.read(), tell, signal, kind)).sha256;
    const json = { graph: await send(graph, "graph"), colouring: await send(colouring, "colouring"), colours: k, context: bound };
    tell("Submitting …");
    const response = await call("POST", "/v1/colourings", { json, signal });
    location.hash = `#/jobs/${(await response.json()).id}`;
  };
  const example = filling("Fill in an example: the Petersen graph in 3 colours", () => {
    graph.give(petersen());
    colouring.give(petersenColouring());
    colours.value = "3";
  });
  const asking = sheet(
    "Ask for a receipt",
    element("p", "hint", "Proves that you know a proper colouring of a graph, in which neighbours differ, and shows no colour of it. A receipt, and the answer that there is none, cost one bit in the ledger."),
    form("Prove", act, element("div", "stack", graph.node, colouring.node, example), field("Number of colours", colours, "2 to 16: what the receipt states. The colouring may have fewer."), context.node),
  );
  return { title: "Prove that a graph can be coloured", body: [element("div", "columns even", element("div", "column", asking), seen)] };
}

/** A graph as it is read here, before anything is sent. */
async function preview(bytes) {
  // Forms that only the service reads are drawn once it has read them.
  if (!here || /^\s*[<{]/.test(new TextDecoder().decode(bytes.subarray(0, 64)))) return [];
  const module = await verifier();
  const none = new Uint8Array();
  const { graph } = module.verify({ receipt: none, srs: none, graph: bytes });
  return [graph ? picture(graph, "empty", "The graph") : element("p", "hint nothing", "No drawing: this is neither a DIMACS file nor a list of edges. The service says what is wrong with it, once it has it.")];
}

/** The drawing of a graph, if it is small enough to see something. */
export function picture(graph, verdict, title) {
  const size = `${plural(graph.vertices, "vertex", "vertices")} and ${plural(graph.edges, "edge")}`;
  const twice = graph.repeated > 0 ? ` The file names ${plural(graph.repeated, "edge")} again.` : "";
  const large = graph.pairs ? [] : [element("p", "hint after", "Too large to draw.")];
  return sheet(title, element("p", "hint", `${size}.${twice}`), ...(graph.pairs ? [drawing(graph, verdict, title)] : []), ...large);
}
