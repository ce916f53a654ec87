// Places of layers in a drawing, for networks with branches.

import assert from "node:assert/strict";
import { test } from "node:test";
import { BOX, layout } from "../graph.js";

/** A network from the inputs of each layer; value `i` is the input `i` or the output of a layer. */
function network(inputs, layers, outputs) {
  const values = inputs + layers.length;
  return {
    values: Array.from({ length: values }, () => ({ name: "", shape: [] })),
    inputs: Array.from({ length: inputs }, (_, index) => index),
    outputs,
    layers: layers.map((needs, index) => ({ operator: "Add", inputs: needs, output: inputs + index, parameters: 0 })),
  };
}

const NETWORKS = {
  chain: network(1, [[0], [1], [2]], [3]),
  "residual blocks": network(1, [[0], [1], [2, 0], [3], [4], [5, 3], [6, 0]], [7]),
  "two inputs, three outputs": network(2, [[0], [1], [2, 3], [2], [4, 5]], [6, 5, 4]),
  "an output that is an input": network(1, [[0]], [0, 1]),
  "a layer that squares": network(1, [[0, 0]], [1]),
  wide: network(1, [...Array.from({ length: 9 }, () => [0]), [1, 2, 3, 4, 5, 6, 7, 8, 9]], [10]),
};

for (const [name, graph] of Object.entries(NETWORKS)) {
  test(name, () => {
    const { width, height, boxes, edges } = layout(graph);
    assert.equal(boxes.length, graph.inputs.length + graph.layers.length + graph.outputs.length);
    const at = new Map(boxes.map((box) => [box.node, box]));
    for (const { x, y } of boxes) assert.ok(x >= 0 && y >= 0 && x + BOX.width <= width && y + BOX.height <= height);
    for (const [index, one] of boxes.entries()) {
      for (const other of boxes.slice(index + 1)) assert.ok(one.y !== other.y || Math.abs(one.x - other.x) >= BOX.width, "boxes overlap");
    }
    const used = graph.layers.map(({ inputs }) => new Set(inputs).size).reduce((sum, count) => sum + count, 0);
    assert.equal(edges.length, used + graph.outputs.length);
    for (const { from, to, points } of edges) {
      const [first, last] = [points.at(0), points.at(-1)];
      assert.deepEqual(first, [at.get(from).x + BOX.width / 2, at.get(from).y + BOX.height]);
      assert.deepEqual(last, [at.get(to).x + BOX.width / 2, at.get(to).y]);
      points.slice(1).forEach(([, y], index) => assert.ok(y > points[index][1], "an edge goes up"));
      // Where it passes a row, it passes between the boxes.
      for (const [x, y] of points.slice(1, -1)) {
        for (const box of boxes) assert.ok(y < box.y || y > box.y + BOX.height || x < box.x || x > box.x + BOX.width, "an edge crosses a box");
      }
    }
  });
}
