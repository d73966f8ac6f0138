// The library in a process that is warm, as an editor has it: node in-process.mjs check|lint NETWORK MODULE RUNS prints milliseconds.
// A run reads a text that imports the network, and builds and checks it; `lint` asks every rule about it, too.
import { buildNetwork, lintProgram, listNetworks, loadProgram, resolveSettings } from "../dist/index.js";

const [command, network, module, runs] = process.argv.slice(2);
const text = `use std.${module} { ${network} }\nnetwork Mine = ${network}\n`;
const settings = resolveSettings().value;
const times = [];
for (let run = -60; run < Number(runs); run++) {
  const start = performance.now();
  const program = await loadProgram({ path: "mine.resnet", text, standard: false });
  const [mine] = listNetworks(program);
  if (command === "lint") lintProgram(program, settings);
  else if (buildNetwork(program, mine).value === undefined) throw new Error(`${network} has errors`);
  if (run >= 0) times.push(performance.now() - start);
}
console.log(JSON.stringify(times));
