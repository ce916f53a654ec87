// The key: entered once, or had by the link that the service prints when it starts; kept for this tab.

import { call, get, key } from "./api.js";
import { button, element, field, form, input, sheet } from "./dom.js";
import { models } from "./models.js";

/** The form that asks for a key. `then` runs once the service has accepted it. */
export function keyForm(then) {
  const secret = input("key", { type: "password", required: true, placeholder: "pvn_…" });
  const made = form(
    "Continue",
    async (_, tell) => {
      tell("Asking the service …");
      const bearer = secret.value.trim();
      await get("/v1/jobs?limit=1", { bearer });
      key.set(bearer);
      then();
    },
    field("Key", secret, "Kept in this tab until you close it or sign out. It is never part of an address."),
  );
  const page = sheet(
    "Your key",
    element("p", "hint", "Models, inputs and receipts belong to the holder of a key. Verifying needs none."),
    made,
    element("p", "hint after", "This page needs the scope ", code("read"), " at least; uploading, committing and proving need ", code("upload"), ", ", code("commit"), " and ", code("prove"), ", publishing and limits ", code("publish"), " and ", code("govern"), "."),
    element("p", "hint after", "On its first start the service writes a key to ", code("first.key"), " in its data folder. ", code("provenn keys create"), " makes more. Where only its own machine reaches it, it prints a link when it starts, which opens this page without a key."),
  );
  page.classList.add("narrow");
  return page;
}

/** What the link of a start opens: the code in its address gives a key once, and stands in no history afterwards. */
export async function start([code], signal) {
  history.replaceState(null, "", "/#/");
  if (!key.get()) {
    const answer = await call("POST", "/v1/start", { json: { code }, signal });
    key.set((await answer.json()).key);
  }
  return models([], signal);
}

/** What the head of the page says about the key. */
export function showKey(container, forget) {
  container.replaceChildren();
  if (key.get()) container.append(button("Sign out", "quiet", forget));
}

const code = (text) => element("code", "mono", text);
