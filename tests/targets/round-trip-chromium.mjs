// node round-trip-chromium.mjs PIK CHROMIUM VECTORS RANDOM: a page posts to `pik serve`, and both must say the same.
import { fileURLToPath } from "node:url";
import { inChromium } from "./chromium.mjs";
import { startPik } from "./pik-server.mjs";
import { serve } from "./static-server.mjs";

const RANDOM_EVENTS = 3000;
const TOKEN = "round-trip";

const [pik, chromium, vectors, random] = process.argv.slice(2);
const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const pages = await serve({
  "/page.html": here("round-trip-page.html"),
  "/round-trip.mjs": here("round-trip.mjs"),
  "/check.mjs": here("check.mjs"),
  "/pkg/dist/": here("../../pkg/dist"),
  "/pkg/wasm/": here("../../pkg/wasm"),
  "/vectors.jsonl": vectors,
  "/random.jsonl": random,
});
const server = await startPik(pik, ["--token", TOKEN, "--cors-origin", pages.origin]);
try {
  const { version, value } = await inChromium(chromium, `${pages.origin}/page.html`, (page) =>
    page.evaluate(
      async ({ url, token, most }) => [
        await window.ready("/vectors.jsonl", Infinity, url, token),
        await window.ready("/random.jsonl", most, url, token),
      ],
      { url: server.url, token: TOKEN, most: RANDOM_EVENTS },
    ),
  );
  const total = (field) => value.reduce((sum, result) => sum + result[field], 0);
  const told = value.flatMap((result) => result.told);
  for (const difference of told.slice(0, 10)) console.error(difference);
  if (told.length > 0 || total("accepted") === 0 || total("rejected") === 0) process.exitCode = 1;
  console.log(
    `page to pik serve, Chromium ${version}: ${total("accepted")} accepted and ${total("rejected")} rejected events, ` +
      `${total("batched")} again in batches: ` +
      (told.length === 0 ? "the server says what the page foresaw" : `${told.length} DIFFERENCES`),
  );
} finally {
  await server.stop();
  pages.close();
}
