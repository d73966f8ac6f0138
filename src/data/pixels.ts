/** Values of a pixel: red, green, blue. Images of other kinds become such ones when they are decoded. */
export const CHANNELS = 3;

/** An image as files and data sets have it: bytes 0 … 255 of red, green and blue. */
export interface PixelImage {
  /** For messages: a path, or `image 7 of data_batch_1.bin`. */
  readonly name: string;
  readonly width: number;
  readonly height: number;
  /** Red, green and blue of a pixel side by side, or one plane after the other. */
  readonly layout: "interleaved" | "planar";
  readonly bytes: Uint8Array;
}

/** What can be done with an image file, by whoever knows its format. */
export interface ImageCodec {
  /**
   * Decodes a JPEG or PNG file, and scales it where `sizeOf` asks for another size than it has.
   *
   * @throws {@link InputError} that names the file where it is no such image, or broken, or too large
   */
  decode(file: Uint8Array, name: string, sizeOf?: (width: number, height: number) => Size): Promise<PixelImage>;
  resize(image: PixelImage, size: Size): Promise<PixelImage>;
}

export interface Size {
  readonly width: number;
  readonly height: number;
}

/** `32x24`, width first, as people say it. */
export function sizeText({ width, height }: Size): string {
  return `${width}x${height}`;
}

/** The size with this shorter side and the same proportions; the longer side is rounded down, as torchvision does. */
export function withShorterSide({ width, height }: Size, shorter: number): Size {
  return width <= height ? { width: shorter, height: Math.max(shorter, Math.trunc((shorter * height) / width)) } : { width: Math.max(shorter, Math.trunc((shorter * width) / height)), height: shorter };
}
