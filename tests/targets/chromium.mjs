// A page in headless Chromium.
import { chromium } from "playwright-core";

export const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** Opens `url`, waits until its script has set `window.ready` (or until `isReady`), and returns what `use(page)` returns. */
export async function inChromium(executablePath, url, use, isReady = () => "ready" in window) {
  const browser = await chromium.launch({ executablePath, args: FLAGS });
  try {
    const page = await (await browser.newContext()).newPage();
    const faults = [];
    page.on("pageerror", (error) => faults.push(String(error)));
    page.on("console", (message) => message.type() === "error" && faults.push(message.text()));
    await page.goto(url);
    await page.waitForFunction(isReady, undefined, { timeout: 120_000 }).catch((error) => {
      throw new Error(`${url} did not get ready: ${faults.join("; ") || error}`);
    });
    return { version: browser.version(), value: await use(page) };
  } finally {
    await browser.close();
  }
}
