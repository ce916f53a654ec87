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

/** Texts with too little contrast to what is behind them: 4.5 is asked for, 3 of large ones. */
const FAINT = `(() => {
  const parts = (text) => { const found = text.match(/[\\d.]+/g).map(Number); return found.length > 3 ? found : [...found, 1]; };
  const over = ([r, g, b, a], base) => [r, g, b].map((part, index) => part * a + base[index] * (1 - a));
  const light = (colour) => { const [r, g, b] = colour.map((part) => { const s = part / 255; return s <= 0.04045 ? s / 12.92 : ((s + 0.055) / 1.055) ** 2.4; }); return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
  const behind = (made) => { const layers = []; for (let one = made; one; one = one.parentElement) layers.push(parts(getComputedStyle(one).backgroundColor)); return layers.reverse().reduce((base, layer) => over(layer, base), [255, 255, 255]); };
  const texts = [...document.body.querySelectorAll("*")].filter((made) => made.getClientRects().length > 0 && !made.closest("svg, .unseen, .skip, [aria-disabled=true], :disabled") && [...made.childNodes].some((node) => node.nodeType === 3 && node.data.trim()));
  return texts.flatMap((made) => {
    const { color, fontSize, fontWeight } = getComputedStyle(made);
    const base = behind(made);
    const [high, low] = [light(over(parts(color), base)), light(base)].sort((a, b) => b - a);
    const large = parseFloat(fontSize) >= 24 || (parseFloat(fontSize) >= 18.6 && Number(fontWeight) >= 700);
    const ratio = (high + 0.05) / (low + 0.05);
    return ratio < (large ? 3 : 4.5) ? [made.textContent.trim().slice(0, 40) + ": " + ratio.toFixed(2)] : [];
  });
})()`;

/** Checks that nothing is cut off sideways and that all can be read, and leaves a picture for each width and colour scheme. */
export async function look(page, name) {
  for (const [width, scheme] of [[1280, "light"], [1280, "dark"], [768, "light"], [400, "light"], [360, "dark"]]) {
    await page.show(width, scheme);
    assert.equal(await page.evaluate("document.documentElement.scrollWidth"), width, `${name} at ${width}`);
    assert.deepEqual(await page.evaluate(FAINT), [], `${name}, ${scheme}`);
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
