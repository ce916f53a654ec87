// Removing what was uploaded or committed, for good.

import { call } from "./api.js";
import { button, element } from "./dom.js";

/**
 * A button behind a second look. `what` is removed, `note` says what stays, `path` is its address in the API, and `back` the view that is shown then.
 */
export function removing(what, note, path, back, signal) {
  const act = async () => {
    await call("DELETE", path, { signal });
    location.hash = back;
  };
  return element("details", "removing", element("summary", "", `Delete ${what}`), element("p", "hint", note), element("div", "actions", button("Delete for good", "secondary", act)));
}
