import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { PNG } from "pngjs";
import sharp from "sharp";
import { CIFAR10 } from "../../src/data/cifar10.ts";

/** Red, green and blue of a pixel. */
export type Colour = (x: number, y: number) => readonly [number, number, number];

/** A colour of its own for every pixel and every `seed`. */
export const patterned = (seed: number): Colour => (x, y) => [(x * 7 + seed * 31) & 255, (y * 11 + seed * 17) & 255, (x * 3 + y * 5 + seed) & 255];

export function png(width: number, height: number, colour: Colour): Buffer {
  const image = new PNG({ width, height });
  for (let y = 0; y < height; y++) for (let x = 0; x < width; x++) image.data.set([...colour(x, y), 255], (y * width + x) * 4);
  return PNG.sync.write(image, { colorType: 2 });
}

export async function jpeg(width: number, height: number, colour: Colour): Promise<Buffer> {
  const raw = Buffer.alloc(width * height * 3);
  for (let y = 0; y < height; y++) for (let x = 0; x < width; x++) raw.set(colour(x, y), (y * width + x) * 3);
  return sharp(raw, { raw: { width, height, channels: 3 } }).jpeg({ quality: 95 }).toBuffer();
}

/** A real PNG whose header claims another size. */
export function pngThatClaims(width: number, height: number): Buffer {
  const bytes = png(1, 1, () => [1, 2, 3]);
  const header = Buffer.from(bytes);
  header.writeUInt32BE(width, 16);
  header.writeUInt32BE(height, 20);
  // The checksum of the header: without it the decoder would complain of something else.
  header.writeUInt32BE(crc32(header.subarray(12, 29)), 29);
  return header;
}

/** The checksum of PNG (ISO 3309), bit by bit. */
function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  }
  return (crc ^ 0xffffffff) >>> 0;
}

/** Writes files below a folder, and the folders they are in; nothing as content makes a folder. */
export function writeTree(folder: string, files: Readonly<Record<string, Uint8Array | string | undefined>>): void {
  for (const [path, content] of Object.entries(files)) {
    const full = join(folder, path);
    mkdirSync(content === undefined ? full : dirname(full), { recursive: true });
    if (content !== undefined) writeFileSync(full, content);
  }
}

/** Records of CIFAR-10's binary form: image i has the label i % 10 and values that follow from `seed`, i and the place. */
export function cifarRecords(count: number, seed: number): Uint8Array {
  const bytes = new Uint8Array(count * CIFAR10.recordSizeInBytes);
  for (let image = 0; image < count; image++) {
    const at = image * CIFAR10.recordSizeInBytes;
    bytes[at] = image % 10;
    for (let value = 0; value < 3072; value++) bytes[at + 1 + value] = (value * 13 + image * 29 + seed * 7 + (value >> 5)) & 255;
  }
  return bytes;
}

/** A small data set in CIFAR-10's binary form, `count` images a file. */
export function writeCifar(folder: string, count: number): void {
  const files = [...CIFAR10.trainFiles, CIFAR10.testFile];
  writeTree(folder, { ...Object.fromEntries(files.map((name, place) => [name, cifarRecords(count, place)])), [CIFAR10.namesFile]: `${CIFAR10.classes.join("\n")}\n` });
}
