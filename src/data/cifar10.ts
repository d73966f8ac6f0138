import { groupDigits } from "../base/digits.ts";
import { InputError } from "../base/input-error.ts";

/** CIFAR-10 in its binary form (https://www.cs.toronto.edu/~kriz/cifar.html): each image is its label and three planes of 32x32. */
export const CIFAR10 = {
  folder: "cifar-10-batches-bin",
  trainFiles: ["data_batch_1.bin", "data_batch_2.bin", "data_batch_3.bin", "data_batch_4.bin", "data_batch_5.bin"],
  testFile: "test_batch.bin",
  namesFile: "batches.meta.txt",
  side: 32,
  recordSizeInBytes: 3073,
  imagesOfAFile: 10_000,
  classes: ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"],
  /** Of the published files, in the order of `trainFiles` and then the test's. */
  md5: ["5dd7e06a14cb22eb9f671a540d1b7c25", "5ea93a67294ea407fff1d09f752e9692", "942cd6a4bcdd0dd3c604fbe906cb4421", "ae636b3ba5c66a11e91e8cb52e771fcb", "53f37980c15c3d472c316c40844f3f0d", "803d5f7f4d78ea53de84dbe85f74fb6d"],
  archive: {
    url: "https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz",
    name: "cifar-10-binary.tar.gz",
    md5: "c32a1d4ab5d03f1284b67883e8d87530",
  },
} as const;

/**
 * How many images a file has.
 *
 * @throws {@link InputError} where its size is no multiple of an image's
 */
export function cifarImagesIn(sizeInBytes: number, name: string): number {
  const { recordSizeInBytes } = CIFAR10;
  if (sizeInBytes > 0 && sizeInBytes % recordSizeInBytes === 0) return sizeInBytes / recordSizeInBytes;
  const whole = Math.floor(sizeInBytes / recordSizeInBytes);
  const more = sizeInBytes % recordSizeInBytes;
  throw new InputError(`\`${name}\` has ${groupDigits(sizeInBytes)} bytes: ${sizeInBytes === 0 ? "nothing" : `${groupDigits(whole)} images of ${groupDigits(recordSizeInBytes)} bytes and ${groupDigits(more)} bytes more`}`, {
    notes: ["In CIFAR-10's binary form an image is one byte of label and 3,072 of pixels; a whole file has 10,000 of them, 30,730,000 bytes."],
    help: ["It may have been cut short: unpack or fetch it again (`rnc data fetch cifar10 -o DIR`)."],
  });
}

/**
 * The labels of a file, 0 to 9.
 *
 * @throws {@link InputError} at the first that is none of them
 */
export function cifarLabels(records: Uint8Array, name: string): Int32Array {
  const { recordSizeInBytes, classes } = CIFAR10;
  return Int32Array.from({ length: records.length / recordSizeInBytes }, (_, image) => {
    const label = records[image * recordSizeInBytes] as number;
    if (label < classes.length) return label;
    throw new InputError(`\`${name}\`: image ${groupDigits(image)} (from 0) has the label ${label}, and labels are 0 to ${classes.length - 1}`, {
      notes: ["It is no CIFAR-10, or its bytes are shifted. CIFAR-100 has two bytes of label an image."],
    });
  });
}

/**
 * The names of the classes: a line each.
 *
 * @throws {@link InputError} where they are not ten
 */
export function cifarClassNames(text: string, name: string): readonly string[] {
  const names = text.split(/\r?\n/).map((line) => line.trim()).filter((line) => line !== "");
  if (names.length === CIFAR10.classes.length) return names;
  throw new InputError(`\`${name}\` names ${names.length} classes, and CIFAR-10 has ${CIFAR10.classes.length}`, { help: ["Without that file the usual names are taken."] });
}
