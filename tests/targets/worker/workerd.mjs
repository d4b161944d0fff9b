// Workers in workerd, on R2 and D1, made as they are deployed: bundled by Wrangler, migrated by Wrangler.
import { execFileSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { Miniflare } from "miniflare";

const ROOT = join(import.meta.dirname, "../../..");
const WRANGLER = join(import.meta.dirname, "../node_modules/.bin/wrangler");
const CONFIG = join(ROOT, "deploy/wrangler.toml");

const temporary = [];
process.on("exit", () => temporary.forEach((folder) => rmSync(folder, { recursive: true, force: true })));

/** A folder that is gone when the process ends. */
export function folder() {
  const made = mkdtempSync(join(tmpdir(), "pik-worker-"));
  temporary.push(made);
  return made;
}

/** How to run Wrangler on the configuration that is deployed. */
export function wranglerCommand(...args) {
  const env = { ...process.env, CI: "true", NO_COLOR: "1", WRANGLER_SEND_METRICS: "false" };
  return { program: WRANGLER, args: [...args, "--config", CONFIG], options: { cwd: folder(), env } };
}

/** Runs Wrangler to its end, and returns what it says. */
export function wrangler(...words) {
  const { program, args, options } = wranglerCommand(...words);
  return execFileSync(program, args, { ...options, encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] });
}

/** What Wrangler would upload of the Worker in a folder of `target/`: its modules, the entry first. */
export function bundle(name) {
  const made = folder();
  wrangler("deploy", join(ROOT, "target", name, "index.js"), "--dry-run", "--outdir", made);
  const modules = readdirSync(made).filter((file) => file.endsWith(".wasm"));
  return [
    { type: "ESModule", path: "index.js", contents: readFileSync(join(made, "index.js"), "utf8") },
    ...modules.map((path) => ({ type: "CompiledWasm", path, contents: readFileSync(join(made, path)) })),
  ];
}

let migrated;

/** A folder with the state of an account of one's own, in which the migrations were applied; with the index if asked for. */
export function account({ eventTimes = false } = {}) {
  if (migrated === undefined) {
    migrated = folder();
    wrangler("d1", "migrations", "apply", "pik", "--local", "--persist-to", migrated);
  }
  const made = folder();
  cpSync(migrated, made, { recursive: true });
  if (eventTimes) {
    wrangler("d1", "execute", "pik", "--local", "--persist-to", made, "--file", join(ROOT, "stores/cloudflare/optional/event_times.sql"));
  }
  return join(made, "v3");
}

const DATABASE_ID = /database_id = "(.+)"/.exec(readFileSync(CONFIG, "utf8"))[1];

/** What `[vars]` and secrets say unless a test says otherwise. */
const VARIABLES = { RAW_BUCKET: "pik-raw", PIK_ALLOW_ANONYMOUS: "true" };

/** Starts a Worker; `lines` gathers what it logs. */
export async function start(modules, state, variables = {}, more = {}) {
  const lines = [];
  const miniflare = new Miniflare({
    modules,
    compatibilityDate: "2026-01-01",
    host: "127.0.0.1",
    cf: false,
    telemetry: { enabled: false },
    r2Buckets: { RAW: "pik-raw" },
    d1Databases: { DB: DATABASE_ID },
    r2Persist: join(state, "r2"),
    d1Persist: join(state, "d1"),
    bindings: { ...VARIABLES, ...variables },
    handleRuntimeStdio: (out, err) => {
      for (const stream of [out, err]) createInterface(stream).on("line", (line) => lines.push(line));
    },
    ...more,
  });
  const url = String(await miniflare.ready).replace(/\/$/, "");
  const worker = {
    url,
    lines,
    miniflare,
    stop: () => miniflare.dispose(),
    // Each on a connection of its own: one that was kept alive may be closed while the next request is on its way.
    send: (path, { headers, ...init } = {}) => fetch(url + path, { headers: { connection: "close", ...headers }, ...init }),
    post: (body, headers = {}, path = "/ingest") =>
      worker.send(path, { method: "POST", headers: { "content-type": "application/json", ...headers }, body }),
    database: () => miniflare.getD1Database("DB"),
    objects: async () => (await (await miniflare.getR2Bucket("RAW")).list()).objects,
    /** The log lines that are JSON, once there are `count` that the filter lets through. */
    logged: (count, filter = () => true) => eventually(() => {
      const found = lines.filter((line) => line.startsWith("{")).map((line) => JSON.parse(line)).filter(filter);
      return found.length >= count ? found : undefined;
    }),
  };
  return worker;
}

/** What `look` returns, once that is something. */
export async function eventually(look) {
  const start = Date.now();
  for (;;) {
    const found = look();
    if (found !== undefined) return found;
    if (Date.now() - start > 10_000) throw new Error("waited in vain");
    await new Promise((done) => setTimeout(done, 20));
  }
}

/** An event that no other test has. */
export const event = (entity_id, payload = { steps: 10 }) =>
  JSON.stringify({ source: "worker", event_type: "tick", entity_id, event_time: "2025-12-28T23:59:59Z", payload });
