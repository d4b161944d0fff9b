// A page in headless Chromium.
import { chromium } from "playwright-core";

/** Opens `url`, waits until its script has set `window.ready`, and returns what `use(page)` returns. */
export async function inChromium(executablePath, url, use) {
  const browser = await chromium.launch({
    executablePath,
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  });
  try {
    const page = await browser.newPage();
    const faults = [];
    page.on("pageerror", (error) => faults.push(String(error)));
    page.on("console", (message) => message.type() === "error" && faults.push(message.text()));
    await page.goto(url);
    await page.waitForFunction(() => "ready" in window, undefined, { timeout: 120_000 }).catch((error) => {
      throw new Error(`${url} did not get ready: ${faults.join("; ") || error}`);
    });
    return { version: browser.version(), value: await use(page) };
  } finally {
    await browser.close();
  }
}
