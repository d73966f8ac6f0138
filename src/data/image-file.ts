import { InputError } from "../base/input-error.ts";
import { groupDigits } from "../base/digits.ts";

/** Endings of the image files that are read; others in a folder are passed over. */
export const IMAGE_ENDINGS: readonly string[] = [".jpg", ".jpeg", ".png"];
/** More than any photograph has; a few bytes of a file can claim any size. */
export const MOST_PIXELS = 100_000_000;

const JPEG = [0xff, 0xd8, 0xff];
const PNG = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];
const SHOWN_BYTES = 12;

export function isImageName(name: string): boolean {
  const lower = name.toLowerCase();
  return IMAGE_ENDINGS.some((ending) => lower.endsWith(ending));
}

/**
 * Refuses what does not begin as a JPEG or PNG file does, whatever its name is: a decoder knows many more formats, and some of
 * them are programs rather than images.
 *
 * @throws {@link InputError} that names the file
 */
export function expectImageFile(file: Uint8Array, name: string): void {
  if (file.length === 0) throw new InputError(`\`${name}\` is empty`);
  if (beginsWith(file, JPEG) || beginsWith(file, PNG)) return;
  const beginning = [...file.subarray(0, SHOWN_BYTES)];
  const isText = beginning.every((byte) => byte >= 32 && byte < 127);
  const shown = isText ? JSON.stringify(String.fromCharCode(...beginning)) : beginning.map((byte) => byte.toString(16).padStart(2, "0")).join(" ");
  throw new InputError(`\`${name}\` is no JPEG or PNG image: it begins with ${shown}`);
}

/** @throws {@link InputError} where an image claims more pixels than any photograph has */
export function expectUsualSize(width: number, height: number, name: string): void {
  if (width * height > MOST_PIXELS) throw new InputError(`\`${name}\` says that it has ${groupDigits(width)}x${groupDigits(height)} pixels; more than ${groupDigits(MOST_PIXELS)} are not decoded`);
}

function beginsWith(file: Uint8Array, bytes: readonly number[]): boolean {
  return bytes.every((byte, at) => file[at] === byte);
}
