/**
 * How far losses of ResNet-20 on real images are apart, at a rate of a tenth, where nothing but rounding differs: PyTorch's forms, the
 * forms of rnc, and PyTorch in float64. src/decisions/0020-losses-at-a-rate-of-a-tenth.md has the answer.
 *
 *     RNC_CIFAR10=… RNC_TEST_DATA=… npx tsx bench/losses.ts BEGINNING [RATE [STEPS [FIRST-IMAGE [FORMS]]]]
 *
 * A beginning is `trained` (published weights), or the seed of fresh ones; FORMS a regular expression of PyTorch's forms. Prints a table: the
 * greatest relative difference of losses from each of PyTorch's forms, and how far each tensor of the first gradients is from float64.
 * All forms of 20 steps take many minutes: PyTorch is slow in float64 and without oneDNN.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openWeights } from "../src/index.ts";
import { diskFile } from "../test/support/byte-source.ts";
import { imagesIn } from "../test/support/cifar10.ts";
import { begin, gradientsHere, lossesApart, publishedWeights, trainHere, trainInTorch } from "../test/support/training-losses.ts";
import type { TorchForm, Trained } from "../test/support/training-losses.ts";
import { values } from "../test/support/weight-values.ts";

const BATCH = 128;
const FORMS: Readonly<Record<string, TorchForm>> = {
  "PyTorch in float64": { double: true },
  PyTorch: {},
  "PyTorch, one thread": { threads: 1 },
  "PyTorch, channels last": { layout: "channels_last" },
  "PyTorch, without oneDNN": { mkldnn: false },
  "PyTorch, compiled": { compiled: true },
};
const [EXACT, PLAIN] = Object.keys(FORMS) as [string, string];

const [beginning = "0", rate = "0.1", steps = "20", first = "0", wanted = "."] = process.argv.slice(2);
const folderOf = (variable: string): string => {
  const folder = process.env[variable];
  if (folder === undefined) throw new Error(`${variable} names no folder; examples/cifar10/README.md says what is in it`);
  return folder;
};

async function gradientsIn(path: string): Promise<ReadonlyMap<string, readonly number[]>> {
  const source = await openWeights(await diskFile(path));
  const found = new Map<string, readonly number[]>();
  for (const name of source.names()) found.set(name, await values(source, name));
  return found;
}

/** Of each tensor the length of the difference, as a part of the length. */
function errorsOf(found: ReadonlyMap<string, ArrayLike<number>>, expected: ReadonlyMap<string, readonly number[]>): readonly number[] {
  const length = (numbers: readonly number[]): number => Math.sqrt(numbers.reduce((sum, value) => sum + value * value, 0));
  return [...expected].map(([name, numbers]) => length(numbers.map((value, at) => value - (found.get(name)?.[at] ?? NaN))) / length(numbers)).sort((a, b) => a - b);
}

const folder = await mkdtemp(join(tmpdir(), "rnc-losses-"));
try {
  const cifar = folderOf("RNC_CIFAR10");
  const images = imagesIn(join(cifar, "data_batch_1.png"), join(cifar, "train_lables.json"));
  const weights = beginning === "trained" ? { network: "ResNet20ASplit", choice: await publishedWeights(join(folderOf("RNC_TEST_DATA"), "resnet20-cifar10/model.safetensors")) } as const : { network: "ResNet20", choice: { seed: Number(beginning), fan: "in" } } as const;
  const start = await begin(images, { ...weights, first: Number(first), batch: BATCH, rates: Array.from({ length: Number(steps) }, () => Number(rate)), folder });

  const trained = new Map<string, Trained>();
  const gradients = new Map<string, ReadonlyMap<string, ArrayLike<number>>>();
  for (const [name, form] of Object.entries(FORMS)) {
    if (!new RegExp(wanted).test(name)) continue;
    const path = join(folder, "gradients.safetensors");
    try {
      trained.set(name, trainInTorch(start, [{ ...form, gradients: path }])[0]!);
      gradients.set(name, await gradientsIn(path));
    } catch (error) {
      if (!form.compiled) throw error;
      console.log(`skipped: ${name} does not work here: ${String(error).trim().split("\n").at(-1)}`);
    }
  }
  for (const [name, layout] of [["rnc, portable graph", "portable"], ["rnc, as it chooses", undefined]] as const) {
    const result = await trainHere(start, layout ? { layout } : {});
    trained.set(`${name} (${result.layout})`, result);
    gradients.set(`${name} (${result.layout})`, await gradientsHere(start, layout));
  }

  const references = [EXACT, PLAIN].filter((name) => trained.has(name));
  const counts = [3, 5, 10, 20].filter((count) => count <= Number(steps));
  const exact = gradients.get(EXACT) as ReadonlyMap<string, readonly number[]> | undefined;
  console.log(`begins ${beginning === "trained" ? "with published weights" : `with seed ${beginning}`}; rate ${rate}, ${steps} steps of ${BATCH} images from number ${first}`);
  for (const name of references) console.log(`losses of ${name}: ${trained.get(name)!.losses.map((loss) => loss.toFixed(4)).join(" ")}`);
  const titles = references.flatMap((name) => counts.map((count) => `${count} steps, from ${name}`));
  console.log(`\n| | ${[...titles, ...(exact ? ["gradients, median", "greatest"] : [])].join(" | ")} |`);
  console.log(`| --- |${" ---: |".repeat(titles.length + (exact ? 2 : 0))}`);
  for (const [name, losses] of trained) {
    const errors = exact ? errorsOf(gradients.get(name)!, exact) : [];
    const cells = [...references.flatMap((other) => counts.map((count) => lossesApart(losses, trained.get(other)!, count))), ...(exact ? [errors[errors.length >> 1]!, errors.at(-1)!] : [])];
    console.log(`| ${name} | ${cells.map((value) => value.toExponential(1)).join(" | ")} |`);
  }
} finally {
  await rm(folder, { recursive: true });
}
