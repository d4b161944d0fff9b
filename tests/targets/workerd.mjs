// Workers in workerd, the engine of Cloudflare's: started by miniflare, and asked in portions.
import { Miniflare } from "miniflare";

/** Lines a request. */
const PORTION = 2000;

/** Starts a Worker of these modules and returns what `use` returns, which is given a way to post to it. */
export async function inWorkerd(modules, use) {
  const miniflare = new Miniflare({
    modules,
    compatibilityDate: "2026-01-01",
    host: "127.0.0.1",
    cf: false,
    telemetry: { enabled: false },
  });
  try {
    return await use((body) => miniflare.dispatchFetch("http://worker/", { method: "POST", body }));
  } finally {
    await miniflare.dispose();
  }
}

/** Starts a Worker of these modules that checks cases, and returns what it answers to each text of them. */
export function checkInWorkerd(modules, texts) {
  return inWorkerd(modules, async (post) => {
    const results = [];
    for (const text of texts) results.push(await inPortions(post, text));
    return results;
  });
}

async function inPortions(post, text) {
  const lines = text.split("\n").filter((line) => line !== "");
  const total = { compared: 0, notForIt: 0, different: 0, told: [] };
  for (let from = 0; from < lines.length; from += PORTION) {
    const body = lines.slice(from, from + PORTION).join("\n");
    const response = await post(body);
    if (!response.ok) throw new Error(`the Worker failed: ${await response.text()}`);
    const result = await response.json();
    for (const field of ["compared", "notForIt", "different"]) total[field] += result[field];
    total.told.push(...result.told);
  }
  return total;
}
