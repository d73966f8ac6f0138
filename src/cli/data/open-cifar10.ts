import { closeSync, openSync, readFileSync, readSync, statSync } from "node:fs";
import { join } from "node:path";
import { InputError } from "../../base/input-error.ts";
import { CIFAR10, cifarClassNames, cifarImagesIn, cifarLabels } from "../../data/cifar10.ts";
import { codeOf } from "../node-host.ts";
import type { DataSet, Part } from "./data-set.ts";

/**
 * Reads CIFAR-10 in its binary form into memory that workers can share (184 MB).
 *
 * @throws {@link InputError} where files are missing, cut short, or have labels that there are not
 */
export function openCifar10(path: string): DataSet {
  const wanted = [...CIFAR10.trainFiles, CIFAR10.testFile];
  const missing = wanted.filter((name) => statSync(join(path, name), { throwIfNoEntry: false }) === undefined);
  if (missing.length > 0) {
    throw new InputError(`\`${path}\` lacks ${missing.join(", ")}`, { notes: [`CIFAR-10 in its binary form has ${wanted.join(", ")}.`], help: ["`rnc data fetch cifar10 -o DIR` brings all of them."] });
  }
  const train = readPart(path, "train", CIFAR10.trainFiles);
  const test = readPart(path, "test", [CIFAR10.testFile]);
  const names = join(path, CIFAR10.namesFile);
  const text = readNames(names);
  const remarks = text === undefined ? [`\`${names}\` is missing; the usual names of the classes are taken`] : [];
  for (const { labels, images, name } of [train, test]) {
    const usual = CIFAR10.imagesOfAFile * (name === "train" ? CIFAR10.trainFiles.length : 1);
    if (images.kind === "packed" && labels.length !== usual) remarks.push(`the part \`${name}\` has ${labels.length} images; CIFAR-10 has ${usual}`);
  }
  return { kind: "cifar10", path, classes: text === undefined ? CIFAR10.classes : cifarClassNames(text, names), parts: [train, test], remarks };
}

function readPart(folder: string, name: Part["name"], fileNames: readonly string[]): Part {
  const files = fileNames.map((fileName) => {
    const path = join(folder, fileName);
    const { size } = statSync(path);
    return { name: path, size, count: cifarImagesIn(size, path) };
  });
  const records = new Uint8Array(new SharedArrayBuffer(files.reduce((sum, { size }) => sum + size, 0)));
  let at = 0;
  const labels: number[] = [];
  for (const { name: path, size } of files) {
    const part = records.subarray(at, at + size);
    readInto(path, part);
    for (const label of cifarLabels(part, path)) labels.push(label);
    at += size;
  }
  return { name, labels: Int32Array.from(labels), images: { kind: "packed", records, files: files.map((file) => ({ name: file.name, count: file.count })) } };
}

function readInto(path: string, bytes: Uint8Array): void {
  const file = openFile(path);
  try {
    for (let done = 0; done < bytes.length; ) {
      const count = readSync(file, bytes, done, bytes.length - done, done);
      if (count === 0) throw new InputError(`\`${path}\` became shorter while it was read`);
      done += count;
    }
  } finally {
    closeSync(file);
  }
}

function openFile(path: string): number {
  try {
    return openSync(path, "r");
  } catch (error) {
    if (codeOf(error) === "EACCES" || codeOf(error) === "EPERM") throw new InputError(`\`${path}\` may not be read by this user`);
    throw error;
  }
}

function readNames(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if (codeOf(error) === "ENOENT") return undefined;
    throw error;
  }
}
