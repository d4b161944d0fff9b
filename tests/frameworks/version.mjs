import { readFileSync } from "node:fs";
import { join } from "node:path";

/** The version of an installed package. */
export const version = (folder, name) => JSON.parse(readFileSync(join(folder, "node_modules", name, "package.json"), "utf8")).version;
