// The same once more, where another try can end otherwise.

import { call } from "./api.js";
import { button, element, link } from "./dom.js";

/** Ends that say nothing against what was asked. */
const PASSING = ["attempts-exhausted", "faults-exhausted", "time-limit", "memory-limit", "object-missing"];

/** The audience of a receipt under an agreement goes without saying. */
const agreed = (under, { audience, ...rest }) => (under ? { agreement: under.agreement, signatures: under.signatures, context: rest } : { context: { audience, ...rest } });

/** How a job is asked for again, by its kind. */
const ROUTES = {
  proof: ({ model, input, inputs, policy, labels, under, ...context }) => ["/v1/proofs", { model, input, inputs, policy, labels, ...agreed(under, context) }],
  colouring: ({ graph, colouring, colours, ...context }) => ["/v1/colourings", { graph, colouring, colours, context }],
  commit: ({ model, ...how }) => [`/v1/models/${model}/commit`, how],
  opening: ({ input, ...of }) => [`/v1/inputs/${input}/commit`, of],
};

/** What a reader can do about a job that ended without a result; nothing about one that has one. */
export function again({ kind, state, request, error }, signal) {
  const passing = state === "cancelled" || (state === "failed" && (error?.status >= 500 || PASSING.includes(error?.code)));
  if (passing && ROUTES[kind]) {
    const act = async () => {
      const [path, asked] = ROUTES[kind](request);
      const json = Object.fromEntries(Object.entries(asked).filter(([, value]) => value !== null && value !== undefined));
      const response = await call("POST", path, { json, signal });
      location.hash = `#/jobs/${(await response.json()).id}`;
    };
    return [element("div", "actions", button("Try again", "primary", act))];
  }
  if (state !== "failed" && state !== "expired") return [];
  const place = kind === "colouring" ? ["Ask for another colouring", "#/colourings"] : ["See the model and ask otherwise", `#/models/${request.model}`];
  return [element("p", "next", link(...place, "primary"))];
}
