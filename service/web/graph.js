// Places of a network's layers in a drawing: rows by distance from the input, few crossings, edges around layers.

export const BOX = { width: 236, height: 48 };
const GAP = { x: 20, y: 40 };
/** Room for an edge that passes a row. */
const LANE = 14;

/**
 * Lays out a graph as the service describes it.
 *
 * @returns `{width, height, boxes: [{node, x, y}], edges: [{from, to, points}]}`; `node` is the position of a layer, or
 *   `in0`, `out0`, .. for inputs and outputs; points go from the lower side of one box to the upper side of another.
 */
export function layout({ inputs, outputs, layers }) {
  const nodes = [...inputs.map((_, index) => `in${index}`), ...layers.keys(), ...outputs.map((_, index) => `out${index}`)];
  const maker = new Map([...inputs.map((value, index) => [value, `in${index}`]), ...layers.map(({ output }, index) => [output, index])]);
  const needs = new Map(nodes.map((node) => [node, []]));
  layers.forEach((layer, index) => needs.set(index, [...new Set(layer.inputs)].map((value) => maker.get(value))));
  outputs.forEach((value, index) => needs.set(`out${index}`, maker.has(value) ? [maker.get(value)] : []));

  const level = new Map();
  for (const node of nodes) level.set(node, Math.max(0, ...needs.get(node).map((other) => level.get(other) + 1)));
  const rows = Array.from({ length: Math.max(...level.values()) + 1 }, () => []);
  for (const node of nodes) rows[level.get(node)].push({ node, width: BOX.width, above: [], below: [] });
  const cell = new Map(rows.flat().map((made) => [made.node, made]));

  // An edge over several rows passes through a lane in each.
  const edges = [];
  for (const node of nodes) {
    for (const other of needs.get(node)) {
      const through = [cell.get(other)];
      for (let row = level.get(other) + 1; row < level.get(node); row++) {
        const lane = { node: null, width: LANE, above: [], below: [] };
        rows[row].push(lane);
        through.push(lane);
      }
      through.push(cell.get(node));
      through.slice(1).forEach((lower, index) => {
        lower.above.push(through[index]);
        through[index].below.push(lower);
      });
      edges.push({ from: other, to: node, through });
    }
  }
  order(rows);
  return place(rows, edges);
}

/** Sorts each row by the mean place of its neighbours in the row before, down and up and down again. */
function order(rows) {
  const number = (row) => row.forEach((made, index) => (made.at = index));
  rows.forEach(number);
  const sweep = (list, side) => {
    for (const row of list) {
      const mean = (made) => (made[side].length === 0 ? made.at : made[side].reduce((sum, { at }) => sum + at, 0) / made[side].length);
      const means = new Map(row.map((made) => [made, mean(made)]));
      row.sort((a, b) => means.get(a) - means.get(b));
      number(row);
    }
  };
  for (const [list, side] of [[rows, "above"], [[...rows].reverse(), "below"], [rows, "above"]]) sweep(list, side);
}

function place(rows, edges) {
  const breadth = (row) => row.reduce((sum, { width }) => sum + width, GAP.x * (row.length - 1));
  const width = Math.max(...rows.map(breadth));
  rows.forEach((row, index) => {
    let x = (width - breadth(row)) / 2;
    for (const made of row) {
      Object.assign(made, { x, y: index * (BOX.height + GAP.y) });
      x += made.width + GAP.x;
    }
  });
  const middle = ({ x, width: across }) => x + across / 2;
  return {
    width,
    height: rows.length * (BOX.height + GAP.y) - GAP.y,
    boxes: rows.flat().filter(({ node }) => node !== null),
    edges: edges.map(({ from, to, through }) => {
      const inner = through.slice(1, -1).flatMap((lane) => [[middle(lane), lane.y], [middle(lane), lane.y + BOX.height]]);
      const [first, last] = [through[0], through.at(-1)];
      return { from, to, points: [[middle(first), first.y + BOX.height], ...inner, [middle(last), last.y]] };
    }),
  };
}
