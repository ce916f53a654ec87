// What models are called, by the digest of each file and the id of each commitment to it.

import { get } from "./api.js";
import { short } from "./format.js";
import { quoted } from "./text.js";

/** Names of the tenant's models. None is missed: where the list cannot be had, and for a model that was deleted, the id says which. */
export async function names(signal) {
  const { models } = await get("/v1/models", { signal }).catch((error) => {
    if (signal.aborted) throw error;
    return { models: [] };
  });
  const all = models.flatMap(({ sha256, summary, commits }) => [sha256, ...commits.map(({ model_id: id }) => id)].map((id) => [id, summary.name]));
  return new Map(all.filter(([, name]) => name));
}

/** A model by its name, if it has one, and the start of its id. */
export const modelName = (names, id) => (names.has(id) ? `${quoted(names.get(id))} ${short(id)}` : short(id));
