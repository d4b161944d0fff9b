/** A body over its limit, posted with Node.js: `fetch` and `http` read the answer, and no broken pipe. */
import assert from "node:assert/strict";
import http from "node:http";

const url = process.argv[2];
const MIB = 1024 * 1024;
const headers = { "content-type": "application/json" };

async function withFetch(path, body) {
  const answer = await fetch(url + path, { method: "POST", headers, body });
  return [answer.status, (await answer.json()).errors[0].code];
}

function withHttp(path, body) {
  return new Promise((resolve, reject) => {
    const request = http.request(url + path, { method: "POST", headers }, async (answer) => {
      try {
        const pieces = await answer.toArray();
        resolve([answer.statusCode, JSON.parse(Buffer.concat(pieces).toString()).errors[0].code]);
      } catch (error) {
        reject(error);
      }
    });
    request.on("error", reject);
    request.end(body);
  });
}

for (const [path, length] of [["/ingest", MIB + 1], ["/ingest", 5 * MIB], ["/ingest/batch", 16 * MIB + 1], ["/ingest/batch", 20 * MIB]]) {
  const body = Buffer.alloc(length, " ");
  for (const post of [withFetch, withHttp]) {
    assert.deepEqual(await post(path, body), [413, "too_large"], `${post.name} ${path} ${length}`);
  }
}
