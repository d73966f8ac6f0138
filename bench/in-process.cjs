// A command inside of one process that is warm, as an editor has it: node in-process.cjs check|lint NETWORK RUNS prints milliseconds.
"use strict";
const { join } = require("node:path");
const { createNodeHost, main } = require(join(__dirname, "..", "dist", "quick.cjs"));

const [command, network, runs] = process.argv.slice(2);
const host = createNodeHost();
const silent = { write() {}, isTerminal: false, columns: 100, colors: host.out.colors };

(async () => {
  const times = [];
  for (let run = -60; run < Number(runs); run++) {
    const start = process.hrtime.bigint();
    const code = await main([command, network, ...(command === "lint" ? ["--no-config"] : [])], { ...host, out: silent });
    const milliseconds = Number(process.hrtime.bigint() - start) / 1e6;
    if (code !== 0) throw new Error(`rnc ${command} ${network} ended with ${code}`);
    if (run >= 0) times.push(milliseconds);
  }
  console.log(JSON.stringify(times));
})();
