// A network as a drawing and as a table.

import { draw, element, link, sheet } from "./dom.js";
import { count, plural, shape } from "./format.js";
import { BOX, layout } from "./graph.js";

/** Layers that a drawing still shows well. */
const MOST = 400;
const MARGIN = 2;
/** Widest drawing that fits beside something else. */
const NARROW = 320;
/** Characters that fit into a box. */
const FIT = { strong: 18, small: 33 };
const GROUPS = {
  weights: ["Conv", "ConvTranspose", "Gemm", "MatMul", "BatchNormalization"],
  shapes: ["Reshape", "Flatten", "Transpose", "Squeeze", "Unsqueeze", "Concat", "Split", "Slice", "Pad", "Expand", "Gather", "Identity"],
};

/** The panel with a network, and whether it needs the whole width. */
export function network(graph) {
  if (!graph?.layers?.length) return { panel: sheet("Network", undrawn(graph)), wide: false };
  const { layers } = graph;
  const parameters = layers.reduce((sum, layer) => sum + layer.parameters, 0);
  const places = layers.length <= MOST ? layout(graph) : null;
  const drawn = places ? scroller(drawing(graph, places, parameters)) : element("p", "hint", `${count(layers.length)} layers are too many to draw; the table has them all.`);
  const listed = element("details", "", element("summary", "", "The layers as a table"), table(graph));
  const made = sheet("Network", element("p", "hint", `${plural(layers.length, "layer")}, ${plural(parameters, "parameter")}. Weights are not shown to anybody.`), drawn, listed);
  made.classList.add("network");
  return { panel: made, wide: places !== null && places.width > NARROW };
}

/** What is said instead of a drawing. */
function undrawn(graph) {
  if (graph) return element("p", "hint", "This network has no layers: its outputs are its inputs.");
  return element(
    "p",
    "hint",
    "There is no drawing of this model: it was uploaded before the service kept the graphs of models. ",
    link("Upload the same file again", "/#/"),
    " and its graph is read from it; commitments, receipts and cards stay as they are.",
  );
}

function scroller(picture) {
  const made = element("div", "scroll", picture);
  made.tabIndex = 0;
  made.setAttribute("role", "group");
  made.setAttribute("aria-label", "Drawing of the network");
  // What is wider than the screen shows its middle first.
  requestAnimationFrame(() => (made.scrollLeft = (made.scrollWidth - made.clientWidth) / 2));
  return made;
}

function drawing(graph, { width, height, boxes, edges }, parameters) {
  const label = `${plural(graph.layers.length, "layer")} with ${plural(parameters, "parameter")}: ${graph.layers.slice(0, 40).map((layer) => layer.operator).join(", ")}`;
  const frame = [-MARGIN, -MARGIN, width + 2 * MARGIN, height + 2 * MARGIN];
  const picture = draw("svg", { class: "layers", viewBox: frame.join(" "), width: frame[2], height: frame[3], role: "img", "aria-label": label });
  for (const edge of edges) picture.append(draw("path", { class: "edge", d: curve(edge.points) }));
  for (const edge of edges) picture.append(caption(graph, edge));
  for (const made of boxes) picture.append(box(graph, made));
  return picture;
}

/** From one box to the next: straight within rows, bent between them. */
function curve([[x, y], ...rest]) {
  let [path, down] = [`M${x} ${y}`, true];
  for (const [nextX, nextY] of rest) {
    const half = (y + nextY) / 2;
    path += down ? `C${x} ${half} ${nextX} ${half} ${nextX} ${nextY}` : `L${nextX} ${nextY}`;
    [x, y, down] = [nextX, nextY, !down];
  }
  return path;
}

/** The shape of what an edge carries, where the edge begins; once for each value. */
function caption({ values, inputs, layers }, { from, to, points: [[x, y]] }) {
  const value = typeof from === "number" ? layers[from].output : inputs[Number(from.slice(2))];
  const first = layers.findIndex(({ inputs: used }) => used.includes(value));
  if (first >= 0 && first !== to) return "";
  return draw("text", { class: "shape", x: x + 8, y: y + 16 }, shape(values[value].shape));
}

function box({ values, inputs, outputs, layers }, { node, x, y }) {
  const end = typeof node === "string";
  if (end) {
    const input = node.startsWith("in");
    const value = values[(input ? inputs : outputs)[Number(node.slice(input ? 2 : 3))]];
    return group(x, y, "end", [input ? "Input" : "Output", "", value.name], `${value.name}, ${shape(value.shape)}`);
  }
  const layer = layers[node];
  const small = details(layer) || layer.name;
  const right = layer.parameters > 0 ? count(layer.parameters) : "";
  const kind = Object.keys(GROUPS).find((name) => GROUPS[name].includes(layer.operator)) ?? "other";
  return group(x, y, kind, [layer.operator, right, small], `${layer.operator} ${layer.name}${right ? `, ${plural(layer.parameters, "parameter")}` : ""}`);
}

function group(x, y, kind, [strong, right, small], title) {
  const made = draw("g", { class: `layer ${kind}`, transform: `translate(${x} ${y})` }, draw("title", {}, title));
  made.append(draw("rect", { width: BOX.width, height: BOX.height, rx: 8 }), draw("path", { class: "stripe", d: `M4 10v${BOX.height - 20}` }));
  made.append(draw("text", { class: "operator", x: 14, y: 20 }, cut(strong, FIT.strong)));
  made.append(draw("text", { class: "count", x: BOX.width - 10, y: 20 }, right));
  made.append(draw("text", { class: "detail", x: 14, y: 37 }, cut(small, FIT.small)));
  return made;
}

const cut = (text, most) => (text.length > most ? `${text.slice(0, most - 1)}…` : text);

/** What a layer computes where its operator does not say it: an operator may become several steps. */
const STEPS = { MatMul: "matrix product", Add: "sum", Mul: "product" };

function details(layer) {
  const step = layer.computes === layer.operator ? "" : (STEPS[layer.computes] ?? "");
  return [step, attributes(layer)].filter((text) => text !== "").join(", ");
}

function attributes({ attributes: list }) {
  const words = (name, value) => {
    if (name === "kernel") return shape(value);
    if (Array.isArray(value) && value.every((v) => JSON.stringify(v) === JSON.stringify(value[0]))) return `${name} ${[value[0]].flat().filter((v, i, all) => v !== all[i - 1]).join("–")}`;
    return `${name} ${Array.isArray(value) ? value.map((v) => [v].flat().join("–")).join(" ") : value}`;
  };
  return Object.entries(list).map(([name, value]) => words(name, value)).join(", ");
}

function table({ values, layers }) {
  const head = element("tr", "", column("Layer"), column("Shapes"), column("Parameters", "number"));
  const rows = layers.map((layer) =>
    element(
      "tr",
      "",
      element("td", "", element("strong", "", layer.operator), " ", details(layer), element("div", "quiet-text", layer.name)),
      element("td", "", `${layer.inputs.map((value) => shape(values[value].shape)).join(", ")} → ${shape(values[layer.output].shape)}`),
      element("td", "number", layer.parameters === 0 ? "" : count(layer.parameters)),
    ),
  );
  return scrollTable(element("table", "", element("thead", "", head), element("tbody", "", ...rows)));
}

function column(text, className = "") {
  const made = element("th", className, text);
  made.scope = "col";
  return made;
}

export function scrollTable(made) {
  const around = element("div", "scroll", made);
  around.tabIndex = 0;
  return around;
}
