// A web server for test pages: folders by prefix, single texts by path, on a free port of this machine.
import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { createServer, request as forwarded } from "node:http";
import { extname, join, normalize } from "node:path";

const TYPES = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript",
  ".mjs": "text/javascript",
  ".wasm": "application/wasm",
  ".jsonl": "application/x-ndjson",
};

/**
 * `mounts` maps a path or a prefix that ends in a slash to a file or folder, longest first. What begins with `/collect/` is
 * passed on to `collector`, as a proxy in front of page and server would.
 */
export async function serve(mounts, collector) {
  const prefixes = Object.keys(mounts).sort((left, right) => right.length - left.length);
  const server = createServer(async (request, response) => {
    if (collector !== undefined && request.url.startsWith("/collect/")) return passOn(request, response, collector);
    const path = normalize(decodeURIComponent(new URL(request.url, "http://page").pathname));
    const prefix = prefixes.find((prefix) => (prefix.endsWith("/") ? path.startsWith(prefix) : path === prefix));
    const rest = prefix === undefined ? "" : path.slice(prefix.length);
    const file = prefix?.endsWith("/") ? join(mounts[prefix], rest || "index.html") : mounts[prefix];
    const found = file !== undefined && (await stat(file).catch(() => undefined))?.isFile();
    if (!found) return response.writeHead(404).end();
    response.setHeader("content-type", TYPES[extname(file)] ?? "application/octet-stream");
    createReadStream(file).pipe(response);
  });
  await new Promise((listening) => server.listen(0, "127.0.0.1", listening));
  return { origin: `http://127.0.0.1:${server.address().port}`, close: () => server.close() };
}

function passOn(request, response, collector) {
  const { method, headers, url } = request;
  const onward = forwarded(new URL(url.replace("/collect/", "/"), collector), { method, headers }, (answer) => {
    response.writeHead(answer.statusCode, answer.headers);
    answer.pipe(response);
  });
  onward.on("error", () => response.destroy());
  request.pipe(onward);
}
