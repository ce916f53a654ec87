// Cutting a model into segments, each with a circuit of its own.

import { element, field, input as line } from "./dom.js";
import { count } from "./format.js";
import { right } from "./policy.js";
import { quoted } from "./text.js";

/** Fields for where a model is cut; `read` gives that as the service takes it. `only`: whether it fits into no single circuit. */
export function cutting(only) {
  const many = line("segments", { inputMode: "numeric", placeholder: only ? "2" : "one circuit" });
  const names = line("cutAt", { placeholder: "conv2, pool3" });
  const read = (batch) => {
    const at = names.value.split(",").map((name) => name.trim()).filter((name) => name !== "");
    const segments = right(many, /^([2-9]|[1-5]\d|6[0-4])?$/.test(many.value.trim()), "Segments are a whole number from 2 to 64.");
    right(names, segments === "" || at.length === 0, "Give how many segments there are to be, or the tensors where the model is cut: one says the other.");
    right(segments === "" ? names : many, !batch || (segments === "" && at.length === 0), "A batch is in one circuit: it is not cut into segments.");
    right(many, !only || segments !== "" || at.length > 0, "The model fits into no single circuit: say how many segments there are to be, or where it is cut.");
    return { segments: segments === "" ? undefined : Number(segments), cut_at: at.length === 0 ? undefined : at };
  };
  const node = element(
    "details",
    "",
    element("summary", "", only ? "Cut it into segments" : "Cut it into segments (optional)"),
    element(
      "div",
      "fields",
      element("p", "hint", "A proof takes the memory of the largest segment, and several workers share the segments; together they take longer, and receipts are larger."),
      field("Segments", many, "It is cut where one tensor is all that the rest reads, so that the largest segment is small and all together are fast."),
      field("Or cut at these tensors", names, "Names of tensors of the file, with commas between them."),
    ),
  );
  node.open = only;
  return { node, read };
}

/** How it is cut, in words; null of one circuit. */
export function cut({ segments, cut_at: at = [] }) {
  if (at.length > 0) return ["Cut at", at.map(quoted).join(", ")];
  return segments ? ["Segments", count(segments)] : null;
}
