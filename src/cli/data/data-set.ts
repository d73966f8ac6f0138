import { CIFAR10 } from "../../data/cifar10.ts";

/** Images with labels, in parts. */
export interface DataSet {
  readonly kind: "cifar10" | "folder";
  readonly path: string;
  /** Their places are the labels. */
  readonly classes: readonly string[];
  readonly parts: readonly Part[];
  /** What is odd and does not stop anybody: files that are no images, a class without images. */
  readonly remarks: readonly string[];
}

export interface Part {
  readonly name: "train" | "val" | "test";
  readonly labels: Int32Array;
  readonly images: Images;
}

/** Where a part's images are; plain data that a worker can be given. */
export type Images = PackedImages | ImageFiles;

/** In memory, in CIFAR-10's records. */
export interface PackedImages {
  readonly kind: "packed";
  /** Shared, so that workers need no copy. */
  readonly records: Uint8Array;
  readonly files: readonly { readonly name: string; readonly count: number }[];
}

/** Files below a folder. */
export interface ImageFiles {
  readonly kind: "files";
  readonly paths: readonly string[];
}

/** How messages call an image: its path, or its place in its file. */
export function imageName(images: Images, index: number): string {
  if (images.kind === "files") return images.paths[index] ?? `image ${index}`;
  let place = index;
  for (const { name, count } of images.files) {
    if (place < count) return `image ${place} of ${name}`;
    place -= count;
  }
  return `image ${index}`;
}

/** The planes of one image of a packed part. */
export function packedImage(images: PackedImages, index: number): Uint8Array {
  const begin = index * CIFAR10.recordSizeInBytes + 1;
  return images.records.subarray(begin, begin + CIFAR10.recordSizeInBytes - 1);
}

/** How many images of each class a part has. */
export function countsOf(labels: Int32Array, classes: number): number[] {
  const counts = new Array<number>(classes).fill(0);
  for (const label of labels) counts[label] = (counts[label] ?? 0) + 1;
  return counts;
}
