// Requests to the service. The key is sent in a header, kept for this tab only, and never part of an address.

const KEY = "provenn-key";

export const key = {
  get: () => sessionStorage.getItem(KEY),
  set: (text) => sessionStorage.setItem(KEY, text),
  clear: () => sessionStorage.removeItem(KEY),
};

/** An error for people: what was wrong (`message`), what to do (`help`), and the service's stable `code`. */
export class Problem extends Error {
  constructor({ code, detail, help = "", status = 0, forecast = null }) {
    super(detail);
    Object.assign(this, { code, help, status, forecast });
  }
}

const unreachable = () => new Problem({ code: "unreachable", detail: "The service does not answer.", help: "Check that it is running and that you are connected, then try again." });

/**
 * One request; the response if it is a success.
 *
 * @param options `json` or `body` to send, `headers`, `signal`, and `bearer` to use another key than the kept one.
 * @throws Problem, or an AbortError
 */
export async function call(method, path, { json, body, headers = {}, signal, bearer = key.get() } = {}) {
  const sent = { ...headers };
  if (bearer) sent.authorization = `Bearer ${bearer}`;
  if (json !== undefined) sent["content-type"] = "application/json";
  let response;
  try {
    response = await fetch(path, { method, headers: sent, body: json === undefined ? body : JSON.stringify(json), signal, cache: "no-store" });
  } catch (error) {
    throw error.name === "AbortError" ? error : unreachable();
  }
  if (response.ok) return response;
  throw await problem(response);
}

async function problem(response) {
  const text = await response.text().catch(() => "");
  try {
    const told = JSON.parse(text);
    return new Problem(told.code === "forbidden" ? lacking(told) : told);
  } catch {
    return new Problem({ code: `http-${response.status}`, detail: `The answer has status ${response.status}.`, help: "Something between this page and the service gave it; ask its operator.", status: response.status });
  }
}

/** What keys are for, by scope. */
const SCOPES = {
  read: "see models, jobs, receipts and the ledger",
  upload: "upload models and inputs",
  commit: "commit to models",
  prove: "ask for receipts and cancel jobs",
  publish: "publish models",
  govern: "deprecate and revoke what is published, and set limits",
};

/** A valid key that may not do something, in words: which scope is missing, and who can give it. */
function lacking(told) {
  const scope = /`(\w+)`/.exec(told.detail)?.[1];
  if (!SCOPES[scope]) return told;
  return {
    ...told,
    detail: `This key is valid, but it lacks the scope “${scope}”: it may not ${SCOPES[scope]}.`,
    help: "Use a key that has it. Whoever runs the service makes one with “provenn keys create”, with all scopes unless it is told which.",
  };
}

export const get = async (path, options) => (await call("GET", path, options)).json();
export const bytes = async (path, options) => new Uint8Array(await (await call("GET", path, options)).arrayBuffer());

/** Uploads a file under its digest, which is returned with the service's answer. `say` is told what goes on; `form`: what an input is, if it is no tensor. */
export async function upload(what, content, say, signal, form = "") {
  say("Computing its SHA-256 …");
  const sha256 = await digest(content);
  say("Uploading …");
  const response = await call("PUT", `/v1/${what}/${sha256}${form && `?form=${form}`}`, { body: content, signal });
  return { sha256, answer: await response.json() };
}

export async function digest(content) {
  if (!globalThis.crypto?.subtle) {
    throw new Problem({ code: "insecure-page", detail: "The browser computes no digests on a page that came without TLS.", help: "Open this page over https, or on the machine that the service runs on." });
  }
  const sum = new Uint8Array(await crypto.subtle.digest("SHA-256", content));
  return [...sum].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

const FINAL = ["done", "failed", "cancelled", "expired"];

/** Waits until `seconds` are over or the signal is given. */
const pause = (seconds, signal) =>
  new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, 1000 * seconds);
    signal.addEventListener("abort", () => (clearTimeout(timer), reject(signal.reason)), { once: true });
  });

/** Calls `seen` with each event of a job, from the first to the last, over as many connections as it takes. */
export async function follow(path, seen, signal) {
  for (let last = 0, tries = 0; ; tries++) {
    try {
      const response = await call("GET", path, { signal, headers: { "last-event-id": String(last) } });
      if (response.status === 204) return;
      for await (const { id, data } of messages(response.body)) {
        [last, tries] = [Number(id), 0];
        const event = JSON.parse(data);
        seen(event);
        if (FINAL.includes(event.state)) return;
      }
    } catch (error) {
      // A broken connection is worth another try; an answer of the service is not.
      if (signal.aborted || (error instanceof Problem && error.code !== "unreachable") || tries >= 20) throw error;
    }
    await pause(Math.min(5, 0.25 * 2 ** tries), signal);
  }
}

/** Server-sent events of a stream. */
async function* messages(stream) {
  const reader = stream.pipeThrough(new TextDecoderStream()).getReader();
  try {
    for (let text = ""; ; ) {
      const { done, value } = await reader.read();
      if (done) return;
      const blocks = (text + value).split("\n\n");
      text = blocks.pop();
      for (const block of blocks) {
        const fields = block.split("\n").map((line) => /^(id|data): ?(.*)$/.exec(line)).filter((found) => found !== null);
        const message = Object.fromEntries(fields.map(([, name, value]) => [name, value]));
        if (message.data !== undefined) yield message;
      }
    }
  } finally {
    reader.cancel().catch(() => {});
  }
}
