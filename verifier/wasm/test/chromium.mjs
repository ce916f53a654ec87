// Chromium without a driver: its debugging protocol over a pipe.

import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const FLAGS = [
  "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
  "--disable-component-update", "--disable-sync", "--hide-scrollbars", "--window-size=1280,900", "--remote-debugging-pipe",
];

/** Starts a browser with an empty profile. `page()` opens a page, `close()` ends the browser. */
export async function launch() {
  const profile = mkdtempSync(join(tmpdir(), "provenn-chromium-"));
  const child = spawn(process.env.CHROMIUM ?? "chromium", [...FLAGS, `--user-data-dir=${profile}`], {
    stdio: ["ignore", "ignore", "ignore", "pipe", "pipe"],
  });
  const [, , , input, output] = child.stdio;
  const waiting = new Map();
  const listeners = new Set();
  const fail = (error) => waiting.forEach(({ reject }) => reject(error));
  child.on("error", fail);
  child.on("exit", () => fail(new Error("the browser ended")));
  let rest = "";
  let last = 0;
  output.setEncoding("utf8").on("data", (text) => {
    const messages = (rest + text).split("\0");
    rest = messages.pop();
    for (const message of messages.map((m) => JSON.parse(m))) {
      const call = waiting.get(message.id);
      waiting.delete(message.id);
      if (message.error) call?.reject(new Error(`${call.method}: ${message.error.message}`));
      else if (call) call.resolve(message.result);
      else listeners.forEach((listener) => listener(message));
    }
  });
  const send = (method, params = {}, sessionId = undefined) =>
    new Promise((resolve, reject) => {
      const id = ++last;
      waiting.set(id, { resolve, reject, method });
      input.write(`${JSON.stringify({ id, method, params, sessionId })}\0`);
    });
  return {
    page: async (url) => page(send, listeners, url),
    close: async () => {
      child.removeAllListeners("exit");
      const ended = new Promise((resolve) => child.once("exit", resolve));
      await send("Browser.close");
      await ended;
      // Its helper processes may outlive it for a moment.
      rmSync(profile, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 });
    },
  };
}

const KEYS = { Tab: 9, Enter: 13, Escape: 27, Space: 32, ArrowDown: 40 };

async function page(send, listeners, url) {
  const { targetId } = await send("Target.createTarget", { url: "about:blank" });
  const { sessionId } = await send("Target.attachToTarget", { targetId, flatten: true });
  const call = (method, params) => send(method, params, sessionId);
  /** Complaints of the page: exceptions, console errors and violations of its policy. */
  const complaints = [];
  /** Every address the page asks for. */
  const requests = [];
  listeners.add((message) => {
    if (message.sessionId !== sessionId) return;
    if (message.method === "Runtime.exceptionThrown") complaints.push(message.params.exceptionDetails.exception?.description ?? message.params.exceptionDetails.text);
    if (message.method === "Log.entryAdded" && message.params.entry.level === "error") complaints.push(`${message.params.entry.text} ${message.params.entry.url ?? ""}`);
    if (message.method === "Network.requestWillBeSent") requests.push(message.params.request.url);
  });
  for (const domain of ["Page", "Runtime", "Log", "Network", "DOM", "Accessibility"]) await call(`${domain}.enable`);
  const self = {
    complaints,
    requests,
    call,
    open: async (address) => {
      await call("Page.navigate", { url: address });
      await self.until('document.readyState === "complete"');
    },
    /** The value of an expression. */
    evaluate: async (expression) => {
      const { result, exceptionDetails } = await call("Runtime.evaluate", { expression, awaitPromise: true, returnByValue: true });
      if (exceptionDetails) throw new Error(`${expression}: ${exceptionDetails.exception?.description ?? exceptionDetails.text}`);
      return result.value;
    },
    /** Waits until an expression holds. */
    until: async (expression, seconds = 30) => {
      const end = Date.now() + 1000 * seconds;
      while (!(await self.evaluate(expression).catch(() => false))) {
        if (Date.now() > end) throw new Error([`not within ${seconds} s: ${expression}`, await self.evaluate("document.body.innerText"), ...complaints].join("\n"));
        await new Promise((resolve) => setTimeout(resolve, 25));
      }
    },
    /** Gives files to a file field. */
    choose: async (selector, ...files) => {
      const { root } = await call("DOM.getDocument");
      const { nodeId } = await call("DOM.querySelector", { nodeId: root.nodeId, selector });
      await call("DOM.setFileInputFiles", { nodeId, files });
    },
    /** Drops files on the middle of an element. */
    drop: async (selector, ...files) => {
      const [x, y] = await self.evaluate(`(({ x, y, width, height }) => [x + width / 2, y + height / 2])(document.querySelector(${JSON.stringify(selector)}).getBoundingClientRect())`);
      const data = { items: [], files, dragOperationsMask: 1 };
      for (const type of ["dragEnter", "dragOver", "drop"]) await call("Input.dispatchDragEvent", { type, x, y, data });
    },
    /** Presses a key, or types a text. */
    press: async (key) => {
      const text = { Enter: "\r", Space: " " }[key];
      const common = { key: key === "Space" ? " " : key, code: key, windowsVirtualKeyCode: KEYS[key] };
      await call("Input.dispatchKeyEvent", { type: "keyDown", ...common, text });
      await call("Input.dispatchKeyEvent", { type: "keyUp", ...common });
    },
    type: (text) => call("Input.insertText", { text }),
    /** Changes every answer whose address fits the pattern: `change` gets its text and gives another, or `{status, text}`. */
    rewrite: async (urlPattern, change) => {
      listeners.add(async ({ sessionId: from, method, params }) => {
        if (from !== sessionId || method !== "Fetch.requestPaused") return;
        const { requestId, responseStatusCode: responseCode, responseHeaders } = params;
        const { body, base64Encoded } = await call("Fetch.getResponseBody", { requestId });
        const made = change(base64Encoded ? Buffer.from(body, "base64").toString() : body);
        const { status, text } = typeof made === "string" ? { status: responseCode, text: made } : made;
        await call("Fetch.fulfillRequest", { requestId, responseCode: status, responseHeaders, body: Buffer.from(text).toString("base64") });
      });
      await call("Fetch.enable", { patterns: [{ urlPattern, requestStage: "Response" }] });
    },
    /** Sets width and colour scheme. */
    show: async (width, scheme, height = 900) => {
      await call("Emulation.setDeviceMetricsOverride", { width, height, deviceScaleFactor: 1, mobile: false });
      await call("Emulation.setEmulatedMedia", { features: [{ name: "prefers-color-scheme", value: scheme }] });
    },
    /** The whole page as PNG. */
    screenshot: async () => Buffer.from((await call("Page.captureScreenshot", { captureBeyondViewport: true })).data, "base64"),
  };
  await self.open(url);
  return self;
}
