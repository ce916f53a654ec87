// What the tenant keeps with the service.

import { element, sheet } from "./dom.js";
import { size } from "./format.js";

export function storage({ stored, reserved, limit }) {
  const meter = element("meter", "");
  Object.assign(meter, { max: limit, high: 0.9 * limit, value: Math.min(stored + reserved, limit) });
  meter.setAttribute("aria-label", "Storage that is taken, with what is on its way");
  const coming = reserved > 0 ? ` ${size(reserved)} more are on their way.` : "";
  return sheet(
    "Storage",
    element("p", "", element("strong", "", `${size(stored)} of ${size(limit)}`), ` is used.${coming}`),
    meter,
    element("p", "hint after", "Uploads, files of committed models, commitments to inputs, and receipts. Models and inputs can be deleted where they are shown."),
  );
}
