// node form.mjs PIK CHROMIUM: builds examples/form, and fills it in.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { inChromium } from "./chromium.mjs";
import { startPik } from "./pik-server.mjs";
import { serve } from "./static-server.mjs";

const EXAMPLE_ID = "59a3f098414a504e256530ab459d1f7e63f9c3c089ddee6fd42ba77525e14bec";

const [pik, chromium] = process.argv.slice(2);
const folder = join(import.meta.dirname, "../../examples/form");
execFileSync("npm", ["run", "--silent", "build"], { cwd: folder, stdio: ["ignore", "pipe", "inherit"] });
const server = await startPik(pik, []);
const pages = await serve({ "/": join(folder, "dist") }, server.url);
try {
  const { version } = await inChromium(chromium, `${pages.origin}/index.html`, async (page) => {
    const id = () => page.textContent('output[name="event_id"]');
    const problems = async (field) => (await page.locator(`.field:has([name="${field}"]) li code`).allTextContents()).join(" ");
    const send = page.getByRole("button", { name: "Send" });
    assert.equal(await id(), EXAMPLE_ID);

    // As one types: the error stands beside its field, and no other has one.
    await page.getByLabel("event_time", { exact: true }).fill("2025-12-28T23:59:59");
    assert.equal(await problems("event_time"), "/event_time");
    assert.equal(await problems("source"), "");
    assert.equal(await id(), "none yet");
    assert(await send.isDisabled());
    await page.getByLabel("source", { exact: true }).fill("");
    assert.equal(await problems("source"), "/source");
    await page.getByLabel("event_time", { exact: true }).fill("2025-12-28T23:59:59Z");
    await page.getByLabel("source", { exact: true }).fill("demo");
    assert.equal(await id(), EXAMPLE_ID);

    // The text area is judged as it is written.
    await page.getByLabel("payload", { exact: true }).fill('{"a": 1, "a": 2}');
    assert.equal(await problems("payload"), "/payload/a");
    await page.getByLabel("payload", { exact: true }).fill('{"a": ');
    assert.equal(await problems("payload"), "/payload");
    await page.getByLabel("payload", { exact: true }).fill('{"order": 1152921504606846977}');
    assert.equal(await problems("payload"), "");

    const shown = await id();
    await send.click();
    await page.waitForFunction(() => document.querySelector('output[name="answer"]').textContent === "ACCEPTED");
    const { first } = await (await fetch(`${server.url}/events/${shown}`)).json().then((json) => ({ first: JSON.stringify(json) }));
    assert(first.includes(shown));
    assert.match(await (await fetch(`${server.url}/events/${shown}/raw`)).text(), /"payload":\{"order": 1152921504606846977\}/);
    await send.click();
    await page.waitForFunction(() => document.querySelector('output[name="answer"]').textContent === "DUPLICATE");
  }, () => document.querySelector("form") !== null);
  console.log(`examples/form, Chromium ${version}: errors beside the fields, the id below, and the event in the server`);
} finally {
  await server.stop();
  pages.close();
}
