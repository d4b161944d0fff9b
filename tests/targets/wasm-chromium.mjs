// node wasm-chromium.mjs CHROMIUM VECTORS RANDOM: the wasm in headless Chromium.
import { fileURLToPath } from "node:url";
import { inChromium } from "./chromium.mjs";
import { report } from "./report.mjs";
import { serve } from "./static-server.mjs";

const [chromium, vectors, random] = process.argv.slice(2);
const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const server = await serve({
  "/page.html": here("wasm-page.html"),
  "/check.mjs": here("check.mjs"),
  "/wasm/": here("../../pkg/wasm"),
  "/vectors.jsonl": vectors,
  "/random.jsonl": random,
});
try {
  const { version, value } = await inChromium(chromium, `${server.origin}/page.html`, (page) =>
    page.evaluate(async () => [await window.ready("/vectors.jsonl"), await window.ready("/random.jsonl")]),
  );
  report(`wasm in Chromium ${version}`, value);
} finally {
  server.close();
}
