import { InputError } from "../base/input-error.ts";
import { CHANNELS, sizeText } from "./pixels.ts";
import type { PixelImage, Size } from "./pixels.ts";

/**
 * A rectangle of an image, perhaps mirrored, that may reach beyond it: padding, cropping and mirroring only move the rectangle;
 * {@link render} copies each pixel once. Outside of `known` there are zeros.
 */
export interface Window extends Size {
  readonly source: Source;
  /** Its left upper corner in the source's pixels. */
  readonly left: number;
  readonly top: number;
  readonly mirrored: boolean;
  /** What is seen of the source; the right and lower edges are not part of it. */
  readonly known: { readonly left: number; readonly top: number; readonly right: number; readonly bottom: number };
}

/** Values of an image and how far apart neighbours are in them. */
interface Source {
  readonly name: string;
  readonly values: Uint8Array | Float32Array;
  readonly columnStride: number;
  readonly rowStride: number;
  readonly channelStride: number;
}

export function windowOf({ name, width, height, layout, bytes }: PixelImage): Window {
  const strides = layout === "planar" ? { columnStride: 1, rowStride: width, channelStride: width * height } : { columnStride: CHANNELS, rowStride: width * CHANNELS, channelStride: 1 };
  return whole({ name, values: bytes, ...strides }, { width, height });
}

/** A window on values that {@link render} made. */
export function windowOfValues(name: string, values: Float32Array, size: Size): Window {
  return whole({ name, values, columnStride: 1, rowStride: size.width, channelStride: size.width * size.height }, size);
}

function whole(source: Source, { width, height }: Size): Window {
  return { source, width, height, left: 0, top: 0, mirrored: false, known: { left: 0, top: 0, right: width, bottom: height } };
}

/** The values that a window shows, where they lie as {@link render} would write them: no copy is needed. */
export function valuesAsShown({ source, width, height, left, top, mirrored: isMirrored, known }: Window): Float32Array | undefined {
  const isWhole = !isMirrored && left === 0 && top === 0 && known.left <= 0 && known.top <= 0 && known.right >= width && known.bottom >= height;
  return isWhole && source.values instanceof Float32Array && source.values.length === CHANNELS * width * height ? source.values : undefined;
}

export function padded(window: Window, by: number): Window {
  const { left, top, width, height, known } = window;
  return {
    ...window,
    left: left - by,
    top: top - by,
    width: width + 2 * by,
    height: height + 2 * by,
    // What an earlier crop took away is not seen again.
    known: { left: Math.max(known.left, left), top: Math.max(known.top, top), right: Math.min(known.right, left + width), bottom: Math.min(known.bottom, top + height) },
  };
}

export function mirrored(window: Window): Window {
  return { ...window, mirrored: !window.mirrored };
}

/** The window of this size at a place of `window`. */
export function cropped(window: Window, size: Size, left: number, top: number): Window {
  return { ...window, ...size, left: window.left + (window.mirrored ? window.width - left - size.width : left), top: window.top + top };
}

/** In the middle; where there is no middle pixel as torchvision has it: half of the rest, halves to the even number. */
export function centerCropped(window: Window, size: Size): Window {
  const room = roomFor(window, size);
  return cropped(window, size, roundHalfToEven(room.width / 2), roundHalfToEven(room.height / 2));
}

/**
 * How far a window of this size can move in each direction.
 *
 * @throws {@link InputError} that names the image where it does not fit
 */
export function roomFor(window: Window, size: Size): Size {
  if (size.width > window.width || size.height > window.height) {
    throw new InputError(`\`${window.source.name}\` has ${sizeText(window)} pixels when a window of ${sizeText(size)} is to be cut from it`, {
      help: ["Begin the recipe's steps with `resize(…)`, or pad the images."],
    });
  }
  return { width: window.width - size.width, height: window.height - size.height };
}

/** The four corners and the middle, then their mirror images (torchvision's order). */
export function tenWindows(window: Window, size: Size): readonly Window[] {
  const room = roomFor(window, size);
  const five = [cropped(window, size, 0, 0), cropped(window, size, room.width, 0), cropped(window, size, 0, room.height), cropped(window, size, room.width, room.height), centerCropped(window, size)];
  const flipped = mirrored(window);
  return [...five, cropped(flipped, size, 0, 0), cropped(flipped, size, room.width, 0), cropped(flipped, size, 0, room.height), cropped(flipped, size, room.width, room.height), centerCropped(flipped, size)];
}

/** Copies what a window shows into planes: [red, green, blue] × height × width. `into` has that length. */
export function render({ source, width, height, left, top, mirrored: isMirrored, known }: Window, into: Float32Array | Uint8Array): void {
  const { values, columnStride, rowStride, channelStride } = source;
  const first = Math.max(0, known.left - left);
  const end = Math.min(width, known.right - left);
  for (let channel = 0; channel < CHANNELS; channel++) {
    for (let row = 0; row < height; row++) {
      const sourceRow = top + row;
      let to = (channel * height + row) * width;
      if (sourceRow < known.top || sourceRow >= known.bottom || first >= end) {
        into.fill(0, to, to + width);
        continue;
      }
      if (first > 0 || end < width) into.fill(0, to, to + width);
      let from = channel * channelStride + sourceRow * rowStride + (left + first) * columnStride;
      const step = isMirrored ? -1 : 1;
      to += isMirrored ? width - 1 - first : first;
      for (let column = first; column < end; column++) {
        into[to] = values[from] as number;
        to += step;
        from += columnStride;
      }
    }
  }
}

function roundHalfToEven(value: number): number {
  const below = Math.floor(value);
  return value - below === 0.5 ? below + (below % 2) : Math.round(value);
}
