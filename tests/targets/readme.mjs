// node readme.mjs FOLDER CHROMIUM PIK: runs the snippets of pkg/README.md where package.mjs installed the package, against a `pik serve`.
// Comment lines of a snippet are what it prints.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { inChromium } from "./chromium.mjs";
import { startPik } from "./pik-server.mjs";
import { serve } from "./static-server.mjs";
import { inWorkerd } from "./workerd.mjs";
import { bundleWorker } from "./wrangler.mjs";

const EXAMPLE_ID = "59a3f098414a504e256530ab459d1f7e63f9c3c089ddee6fd42ba77525e14bec";

const [folder, chromium, pik] = process.argv.slice(2).map((path) => resolve(path));
const readme = readFileSync(new URL("../../pkg/README.md", import.meta.url), "utf8");
const snippets = [...readme.matchAll(/^```(js|js require|js worker|js page|js queue|html)\n(.*?)^```$/gms)].map(([, kind, code]) => ({ kind, code }));
const runners = { js: inNode("mjs"), "js queue": inNode("mjs"), "js require": inNode("cjs"), "js worker": inWorker, "js page": inModule, html: inPage };

const server = await startPik(pik, []);
try {
  for (const [index, { kind, code }] of snippets.entries()) await runners[kind](code, `readme-${index}`);
} finally {
  await server.stop();
}
assert.deepEqual(snippets.map(({ kind }) => kind).sort(), ["html", "js", "js", "js", "js", "js page", "js page", "js queue", "js require", "js worker"]);
console.log(`README of the package: ${snippets.length} snippets run and print what it says`);

function inNode(extension) {
  return (code, name) => {
    const file = join(folder, `${name}.${extension}`);
    writeFileSync(file, code.replaceAll("http://127.0.0.1:8080", server.url));
    const printed = execFileSync(process.execPath, [file], { cwd: folder, encoding: "utf8" });
    assert.equal(printed, saidIn(code));
  };
}

/** The comment lines of a snippet. */
function saidIn(code) {
  return [...code.matchAll(/^\/\/ (.*)$/gm)].map(([, line]) => `${line}\n`).join("");
}

/** A page's script, without a bundler. */
async function inModule(code, name) {
  const imports = Object.fromEntries(["pik-client", "pik-client/streaming"].map((entry) =>
    [entry, `/node_modules/pik-client/dist/${entry.split("/")[1] ?? "index"}.js`]));
  const notes = "window.printed = ''; console.log = (line) => (window.printed += `${line}\\n`);";
  writeFileSync(
    join(folder, `${name}.html`),
    `<!doctype html><script type="importmap">${JSON.stringify({ imports })}</script><script>${notes}</script>
     <script type="module">${code}\nwindow.ready = true;</script>`,
  );
  const pages = await serve({ "/": folder }, server.url);
  try {
    const { value } = await inChromium(chromium, `${pages.origin}/${name}.html`, (page) => page.evaluate(() => window.printed));
    assert.equal(value, saidIn(code));
  } finally {
    pages.close();
  }
}

async function inPage(code, name) {
  writeFileSync(join(folder, `${name}.html`), `<!doctype html>${code}<script type="module">window.ready = true;</script>`);
  const pages = await serve({ "/": folder });
  try {
    const { value } = await inChromium(chromium, `${pages.origin}/${name}.html`, (page) => page.textContent("output"));
    assert.equal(value, EXAMPLE_ID);
  } finally {
    pages.close();
  }
}

async function inWorker(code, name) {
  writeFileSync(join(folder, `${name}.mjs`), code);
  await inWorkerd(bundleWorker(folder, `${name}.mjs`), async (post) => {
    const event = { source: "demo", event_type: "heartbeat", entity_id: "user_123", event_time: "2025-12-28T23:59:59Z", payload: { steps: 10 } };
    assert.deepEqual(await (await post(JSON.stringify(event))).json(), { event_id: EXAMPLE_ID });
    const refused = await post("[]");
    assert.equal(refused.status, 400);
    assert.equal((await refused.json()).errors[0].code, "not_an_object");
  });
}
