/**
 * How fast images are prepared when no engine waits for them: images.ts FOLDER RECIPE BATCH BATCHES
 *
 * FOLDER is CIFAR-10 in its binary form. Prints images per second: the median of five turns of BATCHES batches, one thread.
 */
import { openTrainingData } from "../../src/cli/train/training-data.ts";
import { createNodeHost } from "../../src/cli/node-host.ts";
import { planOf } from "../../src/training/plan.ts";
import { recipeWith } from "../../src/program/training-recipe.ts";
import { loadProgram } from "../../src/program/load.ts";
import { standardNetwork } from "../../test/support/networks.ts";

const [, , folder = "", recipeName = "", batch = "", batches = ""] = process.argv;
const host = createNodeHost();
const program = await loadProgram({ path: "bench.resnet", text: "", standard: false }, host.files);
const { value: recipe } = await recipeWith(recipeName, [], program, host.files);
if (recipe === undefined) throw new Error(`there is no recipe ${recipeName}`);
const data = await openTrainingData(folder, standardNetwork("ResNet20", {}), 10, { ...planOf(recipe), batch: Number(batch) }, host);
const stream = data.stream(0);
const rates: number[] = [];
for (let turn = -1; turn < 5; turn++) {
  const begun = performance.now();
  for (let count = 0; count < Number(batches); count++) if ((await stream.next()) === undefined) throw new Error("the stream has no end");
  if (turn >= 0) rates.push((Number(batch) * Number(batches) * 1000) / (performance.now() - begun));
}
await stream.close();
console.log(JSON.stringify({ imagesPerSecond: Math.round(rates.sort((a, b) => a - b)[2] ?? 0) }));
