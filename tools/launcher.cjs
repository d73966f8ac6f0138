#!/usr/bin/env node
// Starts rnc from one bundled file and, where this Node made it, V8's compiled form of it: that halves the time a
// small check takes. A cache that does not fit is left alone; the program is the same without it. Commands that end at
// once have a bundle without all that only the others need.
"use strict";
const { readFileSync } = require("node:fs");
const { join } = require("node:path");
const { Script } = require("node:vm");

const quick = new Set([/* QUICK */]);
const filename = join(__dirname, "..", quick.has(process.argv[2]) ? "quick.cjs" : "cli.cjs");
let cachedData;
try {
  cachedData = readFileSync(`${filename}.${process.versions.v8}-${process.arch}.cache`);
} catch {
  // Another version of Node: from 22 on it keeps a cache of its own.
  require("node:module").enableCompileCache?.();
}
if (cachedData === undefined) require(filename).start();
else {
  const script = new Script(`(function (exports, require, module, __filename, __dirname) {${readFileSync(filename, "latin1")}\n})`, { filename, cachedData });
  const module = { exports: {} };
  script.runInThisContext()(module.exports, require, module, filename, join(__dirname, ".."));
  module.exports.start();
}
