import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

import { defineConfig, type Plugin } from "vite";

/** What docs/errors.md says to do about each code, as a module. */
const repairs = (): Plugin => ({
  name: "repairs",
  resolveId: (id) => (id === "virtual:repairs" ? "\0repairs" : undefined),
  load(id) {
    if (id !== "\0repairs") return undefined;
    const page = readFileSync(fileURLToPath(new URL("../docs/errors.md", import.meta.url)), "utf8");
    const found: Record<string, string> = {};
    for (const part of page.split(/^### /m).slice(1)) {
      const text = /^\*\*Repair\.\*\* (.*)$/m.exec(part)?.[1];
      if (text !== undefined) found[part.slice(0, part.indexOf("\n")).trim()] = text;
    }
    return `export default ${JSON.stringify(found)}`;
  },
});

const server = process.env["PIK_URL"] ?? "http://127.0.0.1:8080";
const proxied = ["/events", "/ingest", "/stats", "/streams", "/rejections", "/openapi.json"];

export default defineConfig({
  base: "./",
  plugins: [repairs()],
  // The server has each file by its name (hosts/console), and a browser asks with an ETag.
  build: {
    target: "es2022",
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
    rollupOptions: { output: { entryFileNames: "console.js", chunkFileNames: "[name].js", assetFileNames: "[name][extname]" } },
  },
  worker: { format: "es", plugins: () => [], rollupOptions: { output: { entryFileNames: "worker.js", assetFileNames: "[name][extname]" } } },
  server: { proxy: Object.fromEntries(proxied.map((path) => [path, server])) },
});
