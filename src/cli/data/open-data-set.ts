import { readdirSync, statSync } from "node:fs";
import type { Dirent } from "node:fs";
import { basename, join } from "node:path";
import { didYouMean } from "../../base/suggest.ts";
import { InputError } from "../../base/input-error.ts";
import { CIFAR10 } from "../../data/cifar10.ts";
import { isImageName } from "../../data/image-file.ts";
import { codeOf } from "../node-host.ts";
import type { DataSet, Part } from "./data-set.ts";
import { openCifar10 } from "./open-cifar10.ts";

const LAYOUTS = [
  "A data set is a folder with a folder of images for each class: DIR/train/cat/1.jpg, DIR/val/cat/2.jpg, or without `train` and `val`, DIR/cat/1.jpg;",
  "or CIFAR-10 in its binary form: a folder with data_batch_1.bin to data_batch_5.bin and test_batch.bin.",
];

/**
 * Opens a folder of images by class, or CIFAR-10 in its binary form. No image of a folder is read yet.
 *
 * @throws {@link InputError} where it is neither, or a part of it is missing
 */
export function openDataSet(path: string): DataSet {
  const entries = entriesOf(path, path);
  const names = entries.map(({ name }) => name);
  if (names.includes(CIFAR10.folder)) return openCifar10(join(path, CIFAR10.folder));
  if ([...CIFAR10.trainFiles, CIFAR10.testFile].some((name) => names.includes(name))) return openCifar10(path);
  return openImageFolder(path, entries);
}

function openImageFolder(path: string, entries: readonly Dirent[]): DataSet {
  const folders = entries.filter((entry) => isFolder(path, entry)).map(({ name }) => name);
  if (folders.length === 0) throw new InputError(`\`${path}\` has no folders, so it is no data set`, { help: LAYOUTS });
  const remarks: string[] = [];
  if (!folders.includes("train")) {
    const testing = folders.find((name) => TEST_PARTS.includes(name));
    if (testing !== undefined) throw new InputError(`\`${path}\` has \`${testing}\` and no \`train\``, { help: [didYouMean("train", folders) ?? "Images that train belong in a folder `train` beside it.", ...LAYOUTS] });
    const { classes, part } = readPart(path, "train", undefined, remarks);
    return { kind: "folder", path, classes, parts: [part], remarks };
  }
  const { classes, part } = readPart(join(path, "train"), "train", undefined, remarks);
  const others = folders.filter((name) => TEST_PARTS.includes(name)).map((name) => readPart(join(path, name), name === "test" ? "test" : "val", classes, remarks).part);
  const [twice] = others.filter(({ name }, place) => others.findIndex((other) => other.name === name) !== place);
  if (twice) throw new InputError(`\`${path}\` has both \`val\` and \`validation\``, { help: ["Keep one of them."] });
  const unused = folders.filter((name) => name !== "train" && !TEST_PARTS.includes(name));
  if (unused.length > 0) remarks.push(`\`${path}\` has folders besides its parts, which are not used: ${listed(unused)}`);
  return { kind: "folder", path, classes, parts: [part, ...others], remarks };
}

const TEST_PARTS = ["val", "validation", "test"];

function readPart(path: string, name: Part["name"], expected: readonly string[] | undefined, remarks: string[]): { readonly classes: readonly string[]; readonly part: Part } {
  const entries = entriesOf(path, path);
  const found = entries.filter((entry) => isFolder(path, entry)).map((entry) => entry.name);
  const classes = expected ?? found;
  if (found.length === 0) throw new InputError(`\`${path}\` has no folders; a folder for each class was expected`, { help: LAYOUTS });
  const unknown = found.filter((folder) => !classes.includes(folder));
  if (unknown.length > 0) {
    const guess = didYouMean(unknown[0] as string, classes);
    throw new InputError(`\`${path}\` has ${unknown.length === 1 ? "a class" : "classes"} that \`train\` does not have: ${listed(unknown)}`, { help: [...(guess ? [guess] : []), "A network can only be tested on classes that it was trained on."] });
  }
  const missing = classes.filter((folder) => !found.includes(folder));
  if (missing.length > 0) remarks.push(`\`${path}\` has no folder for ${listed(missing)}: nothing tests ${missing.length === 1 ? "this class" : "these classes"}`);
  const loose = entries.filter((entry) => !isFolder(path, entry) && isImageName(entry.name));
  if (loose.length > 0) remarks.push(`\`${path}\` has ${loose.length} images outside of any class, which are not used: ${listed(loose.map((entry) => entry.name))}`);

  const paths: string[] = [];
  const labels: number[] = [];
  const others = new Map<string, number>();
  classes.forEach((folder, label) => {
    if (!found.includes(folder)) return;
    const before = paths.length;
    collect(join(path, folder), paths, others);
    for (let at = before; at < paths.length; at++) labels.push(label);
    if (paths.length === before) remarks.push(`\`${join(path, folder)}\` has no image: the class \`${folder}\` ${name === "train" ? "cannot be learned" : "is not tested"}`);
  });
  if (paths.length === 0) throw new InputError(`\`${path}\` has ${classes.length} folders and no JPEG or PNG image in them`, { help: LAYOUTS });
  if (classes.length === 1) remarks.push(`\`${path}\` has one class, \`${classes[0]}\`: there is nothing to tell it from; if the folders of the classes are inside of it, take \`${join(path, classes[0] ?? "")}\``);
  if (others.size > 0) remarks.push(`\`${path}\` has files that are no images, by their names, and are not used: ${listed([...others].map(([ending, count]) => `${count} ${ending}`))}`);
  return { classes, part: { name, labels: Int32Array.from(labels), images: { kind: "files", paths } } };
}

/** The images in a folder and the folders in it, in the order of their names. */
function collect(folder: string, paths: string[], others: Map<string, number>): void {
  for (const entry of entriesOf(folder, folder)) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) collect(path, paths, others);
    else if (isImageName(entry.name)) paths.push(path);
    else {
      const ending = /\.[^.]+$/.exec(basename(path))?.[0] ?? "without an ending";
      others.set(ending, (others.get(ending) ?? 0) + 1);
    }
  }
}

/** What is in a folder, sorted by code units as other programs do it; what begins with a dot is the system's. */
function entriesOf(folder: string, shown: string): Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true })
      .filter(({ name }) => !name.startsWith("."))
      .sort((one, other) => (one.name < other.name ? -1 : 1));
  } catch (error) {
    if (codeOf(error) === "ENOENT") throw new InputError(`there is no folder \`${shown}\``, { help: LAYOUTS });
    if (codeOf(error) === "ENOTDIR") throw new InputError(`\`${shown}\` is a file, and a data set is a folder`, { help: LAYOUTS });
    if (codeOf(error) === "EACCES" || codeOf(error) === "EPERM") throw new InputError(`\`${shown}\` may not be read by this user`);
    throw error;
  }
}

/** Links to folders count; a class's images often lie elsewhere. */
function isFolder(parent: string, entry: Dirent): boolean {
  if (!entry.isSymbolicLink()) return entry.isDirectory();
  return statSync(join(parent, entry.name), { throwIfNoEntry: false })?.isDirectory() ?? false;
}

const SHOWN = 5;

function listed(names: readonly string[]): string {
  const shown = names.slice(0, SHOWN).join(", ");
  return names.length > SHOWN ? `${shown} and ${names.length - SHOWN} more` : shown;
}
