// Runs the bundled command line on a sample in this process, so that V8 has compiled what a check needs, and stores the
// compiled form beside the bundle, where the launcher looks for it.
"use strict";
const { readFileSync, writeFileSync } = require("node:fs");
const { dirname } = require("node:path");
const { Script } = require("node:vm");

const [filename, ...samples] = process.argv.slice(2);
// As in the launcher: the text must be the same for the cache to fit.
const text = `(function (exports, require, module, __filename, __dirname) {${readFileSync(filename, "latin1")}\n})`;
const script = new Script(text, { filename });
const module_ = { exports: {} };
script.runInThisContext()(module_.exports, require, module_, filename, dirname(filename));
const { createNodeHost, main } = module_.exports;
const silent = { write() {}, isTerminal: false, columns: 100 };

(async () => {
  const host = createNodeHost();
  for (const args of [["check", ...samples]]) {
    const code = await main(args, { ...host, out: { ...silent, colors: host.out.colors }, err: { ...silent, colors: host.err.colors } });
    if (code !== 0) throw new Error(`rnc ${args.join(" ")} ended with ${code}`);
  }
  writeFileSync(`${filename}.${process.versions.v8}-${process.arch}.cache`, script.createCachedData());
})();
