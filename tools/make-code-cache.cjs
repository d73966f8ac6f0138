// Runs the bundled command line on a sample in this process, so that V8 has compiled what its commands need, and stores the
// compiled form beside the bundle, where the launcher looks for it:
//
//   node make-code-cache.cjs BUNDLE SAMPLE COMMAND…
"use strict";
const { mkdtempSync, readFileSync, rmSync, writeFileSync } = require("node:fs");
const { tmpdir } = require("node:os");
const { dirname, join } = require("node:path");
const { Script } = require("node:vm");

const [filename, sample, ...commands] = process.argv.slice(2);
// As in the launcher: the text must be the same for the cache to fit.
const text = `(function (exports, require, module, __filename, __dirname) {${readFileSync(filename, "latin1")}\n})`;
const script = new Script(text, { filename });
const module_ = { exports: {} };
script.runInThisContext()(module_.exports, require, module_, filename, dirname(filename));
const { createNodeHost, main } = module_.exports;
const silent = { write() {}, isTerminal: false, columns: 100 };

(async () => {
  const host = createNodeHost();
  const folder = mkdtempSync(join(tmpdir(), "rnc-"));
  for (const command of commands) {
    const args = command === "compile" ? [command, `${sample}#Mine`, "-o", join(folder, "sample.onnx")] : [command, sample];
    const code = await main(args, { ...host, out: { ...silent, colors: host.out.colors }, err: { ...silent, colors: host.err.colors } });
    if (code !== 0) throw new Error(`rnc ${args.join(" ")} ended with ${code}`);
  }
  rmSync(folder, { recursive: true });
  writeFileSync(`${filename}.${process.versions.v8}-${process.arch}.cache`, script.createCachedData());
})();
