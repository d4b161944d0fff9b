// What looks at the package's form: whether every way to resolve it leads to code and to types that fit.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { publint } from "publint";
import { formatMessage } from "publint/utils";
import { run } from "./program.mjs";
import { version } from "./version.mjs";

export const checkers = {
  async attw({ here, made }) {
    const packed = (await run("npm", ["pack", "--silent", "--ignore-scripts", "--pack-destination", made, join(here, "../../pkg")], { cwd: made })).trim();
    await run(join(here, "node_modules/.bin/attw"), [join(made, packed), "--exclude-entrypoints", "./package.json"], { cwd: made });
    console.log(`installed package, are the types wrong ${version(here, "@arethetypeswrong/cli")}: no`);
  },

  async publint({ here }) {
    const pkgDir = join(here, "node_modules/pik-client");
    const { messages } = await publint({ pkgDir, strict: true, pack: false });
    const manifest = JSON.parse(readFileSync(join(pkgDir, "package.json"), "utf8"));
    if (messages.length > 0) throw new Error(messages.map((message) => formatMessage(message, manifest)).join("\n"));
    console.log(`installed package, publint ${version(here, "publint")}: nothing to say`);
  },
};
