// A graph as a drawing: vertices where springs put them, all of one colour. The colours of a proof are known to nobody but its prover.

/** Width and height, and what stays free around. */
const SIDE = 600;
const MARGIN = 14;
/** Rounds of the layout. */
const ROUNDS = 150;
const SVG = "http://www.w3.org/2000/svg";
/** The last layout: a page draws again at every change of its form. */
const last = { key: "", places: [] };

/** The drawing of a graph of a report that lists its edges, with its verdict as a name and a frame. */
export function drawing({ vertices, pairs, digest }, verdict, title) {
  if (last.key !== digest) Object.assign(last, { key: digest, places: layout(vertices, pairs) });
  const { places } = last;
  const svg = shape("svg", { viewBox: `0 0 ${SIDE} ${SIDE}`, role: "img", class: `graph ${verdict}`, "aria-label": `${title}: a graph of ${vertices} vertices and ${pairs.length} edges` });
  const round = (number) => number.toFixed(1);
  const path = pairs.map(([u, v]) => `M${round(places[u][0])} ${round(places[u][1])}L${round(places[v][0])} ${round(places[v][1])}`).join("");
  svg.append(shape("path", { class: "edges", d: path }));
  const radius = round(Math.min(8, Math.max(2.5, 160 / Math.max(vertices, 1))));
  svg.append(...places.map(([x, y]) => shape("circle", { cx: round(x), cy: round(y), r: radius })));
  return svg;
}

function shape(name, attributes) {
  const made = document.createElementNS(SVG, name);
  for (const [attribute, value] of Object.entries(attributes)) made.setAttribute(attribute, value);
  return made;
}

/**
 * Fruchterman and Reingold's springs: neighbours attract, all repel, and steps become smaller. The same graph has the same places
 * everywhere: they come from sums, products, quotients and square roots alone.
 */
export function layout(vertices, pairs) {
  const draw = numbers();
  const places = Array.from({ length: vertices }, () => [draw(), draw()]);
  const length = Math.sqrt(1 / Math.max(vertices, 1));
  for (let round = 0; round < ROUNDS; round++) {
    const moves = places.map(() => [0, 0]);
    for (let v = 0; v < vertices; v++) {
      for (let u = 0; u < v; u++) push(moves, places, u, v, (distance) => (length * length) / distance);
    }
    for (const [u, v] of pairs) push(moves, places, u, v, (distance) => (-distance * distance) / length);
    const step = 0.1 * (1 - round / ROUNDS);
    places.forEach((place, vertex) => {
      const [x, y] = moves[vertex];
      const size = Math.max(Math.sqrt(x * x + y * y), 1e-9);
      const factor = Math.min(size, step) / size;
      place[0] += x * factor;
      place[1] += y * factor;
    });
  }
  for (const axis of [0, 1]) fit(places, axis);
  return places;
}

/** Moves two vertices apart by a force of their distance. */
function push(moves, places, u, v, force) {
  const x = places[v][0] - places[u][0];
  const y = places[v][1] - places[u][1];
  const distance = Math.max(Math.sqrt(x * x + y * y), 1e-6);
  const scale = force(distance) / distance;
  moves[u][0] -= scale * x;
  moves[u][1] -= scale * y;
  moves[v][0] += scale * x;
  moves[v][1] += scale * y;
}

/** Into the picture. */
function fit(places, axis) {
  const all = places.map((place) => place[axis]);
  const [low, high] = [Math.min(...all), Math.max(...all)];
  const scale = (SIDE - 2 * MARGIN) / Math.max(high - low, 1e-9);
  for (const place of places) place[axis] = high > low ? MARGIN + (place[axis] - low) * scale : SIDE / 2;
}

/** Numbers from 0 to 1, the same each time (Park and Miller's generator). */
function numbers() {
  let state = 1;
  return () => (state = (state * 48271) % 2147483647) / 2147483647;
}
