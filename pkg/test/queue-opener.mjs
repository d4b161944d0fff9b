// Opens and closes the queue that each line of standard input names, and says how it went.
import { createInterface } from "node:readline";
import { IngestClient } from "../dist/index.js";
import { openQueue } from "../dist/queue-node.js";

const client = new IngestClient({ url: "http://localhost:9", retries: 0 });
let queue;
console.log("ready");
for await (const name of createInterface({ input: process.stdin })) {
  await queue?.close();
  queue = undefined;
  if (name === "") {
    console.log("closed");
    continue;
  }
  try {
    queue = await openQueue({ client, name, onDrop: () => {} });
    console.log("open");
  } catch (error) {
    console.log(error.message);
  }
}
