// What tests do with the page, in a browser and against a service of their own.

import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { launch } from "../../../verifier/wasm/test/chromium.mjs";
import { fixture, serve, target } from "./serve.mjs";

/** Where pictures go: beside the binary. */
export const pictures = join(target(), "page");
export const MODEL = fixture("models/digits_cnn.onnx");
export const CALIBRATION = fixture("data/digits_calibration.npy");
export const HELD_OUT = fixture("data/digits_test.npy");
export const INPUT = fixture("inputs/digits_cnn.json");

export const TITLE = "document.querySelector('main > h1')?.textContent";
export const until = (page, title) => page.until(`${TITLE} === ${JSON.stringify(title)}`);
export const text = (page, selector) => page.evaluate(`document.querySelector(${JSON.stringify(selector)})?.innerText ?? ""`);
export const shows = (page, words, seconds = 60) => page.until(`document.querySelector("main").innerText.includes(${JSON.stringify(words)})`, seconds);
export const click = (page, words, tag = "button, a") =>
  page.evaluate(`[...document.querySelectorAll(${JSON.stringify(tag)})].find((made) => made.offsetParent && made.textContent.trim().startsWith(${JSON.stringify(words)})).click()`);
export const fill = (page, name, value) => page.evaluate(`document.querySelector('[name="${name}"]').value = ${JSON.stringify(value)}`);

/** File fields by what their label says. */
export async function choose(page, what, path) {
  await page.evaluate(`[...document.querySelectorAll("label.file")].find((label) => label.querySelector(".what").textContent === ${JSON.stringify(what)}).querySelector("input").id = "chosen"`);
  await page.choose("#chosen", path);
  await page.evaluate('document.getElementById("chosen")?.removeAttribute("id")');
}

/** Checks that nothing is cut off sideways, and leaves a picture for each width and colour scheme. */
export async function look(page, name) {
  for (const [width, scheme] of [[1280, "light"], [1280, "dark"], [768, "light"], [400, "light"], [360, "dark"]]) {
    await page.show(width, scheme);
    assert.equal(await page.evaluate("document.documentElement.scrollWidth"), width, `${name} at ${width}`);
    writeFileSync(join(pictures, `${name}-${scheme}-${width}.png`), await page.screenshot());
  }
  await page.show(1280, "light");
}

/** A service and a browser. `opened` opens a page of it, `signedIn` with a key. */
export async function start() {
  mkdirSync(pictures, { recursive: true });
  const [browser, service] = await Promise.all([launch(), serve()]);
  const opened = async (place = "/") => {
    const page = await browser.page(service.address + place);
    await page.until(TITLE);
    return page;
  };
  const signedIn = async (place = "/", key = service.key) => {
    // A view that needs no key. Documents without an icon of their own make the browser ask for one that is not there.
    const page = await opened("/#/verify");
    await page.evaluate(`sessionStorage.setItem("provenn-key", ${JSON.stringify(key)})`);
    await page.open("about:blank");
    await page.open(service.address + place);
    await page.until(TITLE);
    return page;
  };
  const stop = async () => {
    await browser.close();
    await service.stop();
  };
  return { browser, service, opened, signedIn, stop };
}
