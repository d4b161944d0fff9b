// A page of the console in headless Chromium, which fails a test for any error, any violation of the policy and any foreign request.
import { chromium } from "playwright-core";

const FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync", "--js-flags=--expose-gc"];

export const launch = (executablePath) => chromium.launch({ executablePath, args: FLAGS });

/** Opens a page; `faults` has what went wrong in it. */
export async function open(browser, url, { theme = "light", width = 1440, height = 900, allow = [] } = {}) {
  const context = await browser.newContext({ viewport: { width, height }, colorScheme: theme, timezoneId: "America/New_York", locale: "en-GB" });
  const page = await context.newPage();
  page.setDefaultTimeout(15_000);
  const faults = [];
  const allowed = (text) => allow.some((pattern) => pattern.test(text));
  page.on("pageerror", (error) => faults.push(`error: ${error}`));
  page.on("console", (message) => message.type() === "error" && !allowed(message.text()) && faults.push(`console: ${message.text()}`));
  page.on("request", (request) => {
    if (!request.url().startsWith(url) && !request.url().startsWith("blob:")) faults.push(`foreign request: ${request.url()}`);
  });
  await page.addInitScript(() => addEventListener("securitypolicyviolation", (event) => console.error(`policy violated: ${event.violatedDirective} ${event.blockedURI}`)));
  return { page, faults, close: () => context.close() };
}

/** The bytes of a page's heap that are in use after the garbage is gone. */
export async function heap(page) {
  const session = await page.context().newCDPSession(page);
  await session.send("HeapProfiler.collectGarbage");
  const { usedSize } = await session.send("Runtime.getHeapUsage");
  await session.detach();
  return usedSize;
}
