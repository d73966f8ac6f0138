// Data sets: CIFAR-10 in its binary form, or a folder of JPEG and PNG images with a folder for each class.
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

const CIFAR10 = ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"];
/** A byte of label, then planes of red, green and blue, 32x32 each. */
const RECORD = 1 + 3 * 32 * 32;

/**
 * Opens DATA: `{ classes, train, val, test }`. A part has `labels` and `read(index, shorter)`, which gives an image as
 * `{ width, height, values }`, values [3, height, width] from 0 to 255, scaled to a shorter side of so many pixels where that is asked.
 */
export function openImages(folder) {
  if (!existsSync(folder)) throw new Error(`there is no folder ${folder}`);
  const inside = join(folder, "cifar-10-batches-bin");
  const cifar = existsSync(inside) ? inside : folder;
  if (existsSync(join(cifar, "data_batch_1.bin"))) {
    const files = [1, 2, 3, 4, 5].map((number) => join(cifar, `data_batch_${number}.bin`));
    return { classes: CIFAR10, train: recordsOf(files), test: recordsOf([join(cifar, "test_batch.bin")]) };
  }
  const hasParts = existsSync(join(folder, "train"));
  const root = hasParts ? join(folder, "train") : folder;
  const classes = foldersIn(root);
  if (classes.length === 0) throw new Error(`${folder} has neither data_batch_1.bin nor folders of images`);
  const part = (name) => (hasParts && existsSync(join(folder, name)) ? filesOf(join(folder, name), classes) : undefined);
  return { classes, train: filesOf(root, classes), val: part("val") ?? part("validation"), test: part("test") };
}

function recordsOf(paths) {
  const records = Buffer.concat(paths.map((path) => readFileSync(path)));
  const count = records.length / RECORD;
  if (!Number.isInteger(count)) throw new Error(`${paths.join(", ")}: not a whole number of images; a file was cut short`);
  return {
    labels: Int32Array.from({ length: count }, (_, index) => records[index * RECORD]),
    read: async (index, shorter) => {
      if (shorter !== undefined && shorter !== 32) throw new Error("images of CIFAR-10 are 32x32 and are not scaled here");
      return { width: 32, height: 32, values: Float32Array.from(records.subarray(index * RECORD + 1, (index + 1) * RECORD)) };
    },
  };
}

function filesOf(root, classes) {
  const labels = [];
  const paths = [];
  classes.forEach((name, label) => {
    if (!existsSync(join(root, name))) return;
    for (const path of imagesIn(join(root, name))) {
      labels.push(label);
      paths.push(path);
    }
  });
  return { labels: Int32Array.from(labels), read: (index, shorter) => decode(paths[index], shorter) };
}

const sorted = (names) => names.filter((name) => !name.startsWith(".")).sort((a, b) => (a < b ? -1 : 1));

const foldersIn = (folder) => sorted(readdirSync(folder)).filter((name) => statSync(join(folder, name)).isDirectory());

function imagesIn(folder) {
  return sorted(readdirSync(folder)).flatMap((name) => {
    const path = join(folder, name);
    if (statSync(path).isDirectory()) return imagesIn(path);
    return /\.(jpe?g|png)$/i.test(name) ? [path] : [];
  });
}

let sharp;

/** Pixels as the file has them: without colour profiles and without turning. */
async function decode(path, shorter) {
  try {
    sharp ??= createRequire(import.meta.url)("sharp");
  } catch {
    throw new Error("folders of images need sharp: `npm install sharp`");
  }
  const image = sharp(path, { failOn: "error", ignoreIcc: true });
  if (shorter !== undefined) {
    const { width, height } = await image.metadata();
    const longer = Math.max(shorter, Math.trunc((shorter * Math.max(width, height)) / Math.min(width, height)));
    image.resize(width <= height ? shorter : longer, width <= height ? longer : shorter, { fit: "fill", kernel: "linear" });
  }
  const { data, info } = await image.toColourspace("srgb").removeAlpha().raw({ depth: "uchar" }).toBuffer({ resolveWithObject: true });
  const plane = info.width * info.height;
  const values = new Float32Array(3 * plane);
  for (let pixel = 0; pixel < plane; pixel++) {
    for (let channel = 0; channel < 3; channel++) values[channel * plane + pixel] = data[pixel * info.channels + Math.min(channel, info.channels - 1)];
  }
  return { width: info.width, height: info.height, values };
}
