import { InputError } from "../../base/input-error.ts";
import { expectImageFile, expectUsualSize, MOST_PIXELS } from "../../data/image-file.ts";
import { CHANNELS } from "../../data/pixels.ts";
import type { ImageCodec, PixelImage, Size } from "../../data/pixels.ts";
import { apiOf, loadPackage, reasonOf } from "../../engines/runtime.ts";

/** The part of sharp (https://sharp.pixelplumbing.com) that is used. */
interface Sharp {
  (input: Uint8Array, options?: SharpInput): SharpPipeline;
  cache(enabled: false): unknown;
  concurrency(threads: number): unknown;
}

interface SharpInput {
  readonly raw?: { readonly width: number; readonly height: number; readonly channels: number };
  readonly failOn?: "error";
  readonly limitInputPixels?: number | false;
  readonly ignoreIcc?: true;
}

interface SharpPipeline {
  metadata(): Promise<{ readonly width: number; readonly height: number; readonly channels?: number; readonly format?: string }>;
  resize(width: number, height: number, options: { readonly fit: "fill"; readonly kernel: "linear" }): SharpPipeline;
  toColourspace(space: "srgb"): SharpPipeline;
  removeAlpha(): SharpPipeline;
  raw(options: { readonly depth: "uchar" }): SharpPipeline;
  toBuffer(options: { readonly resolveWithObject: true }): Promise<{ readonly data: Uint8Array; readonly info: { readonly width: number; readonly height: number; readonly channels: number } }>;
}

/** What an image file is, without its pixels. */
export interface ImageFacts extends Size {
  readonly channels: number;
  readonly format: string;
}

/** The codec with what `rnc data check` asks for. */
export interface FileCodec extends ImageCodec {
  /** @throws {@link InputError} that names the file where it is no image, or claims an unusual size */
  facts(file: Uint8Array, name: string): Promise<ImageFacts>;
}

const LINEAR = { fit: "fill", kernel: "linear" } as const;

/**
 * JPEG and PNG through the optional package sharp. Pixels are taken as the file has them: without colour profiles and without
 * turning by EXIF, as the published networks were trained; greys become three equal channels, transparency is dropped.
 *
 * @throws {@link InputError} with the line that installs sharp where it is missing
 */
export function createSharpCodec(): FileCodec {
  const sharp = apiOf(loadPackage<Sharp>("sharp"), { packageName: "sharp", install: "npm install sharp", runtime: "sharp (it reads JPEG and PNG files)" });
  // Workers are the parallelism, and every file is read once.
  sharp.cache(false);
  sharp.concurrency(1);
  const open = (file: Uint8Array, limitInputPixels: number | false = MOST_PIXELS): SharpPipeline => sharp(file, { failOn: "error", limitInputPixels, ignoreIcc: true });
  const facts: FileCodec["facts"] = async (file, name) => {
    expectImageFile(file, name);
    const { width, height, channels = CHANNELS, format = "image" } = await named(name, () => open(file, false).metadata());
    expectUsualSize(width, height, name);
    return { width, height, channels, format };
  };
  const decoded = (pipeline: SharpPipeline, name: string): Promise<PixelImage> =>
    named(name, async () => {
      const { data, info } = await pipeline.toColourspace("srgb").removeAlpha().raw({ depth: "uchar" }).toBuffer({ resolveWithObject: true });
      if (info.channels !== CHANNELS) throw new InputError(`\`${name}\` has ${info.channels} channels after decoding; red, green and blue were expected`);
      return { name, width: info.width, height: info.height, layout: "interleaved", bytes: data };
    });
  return {
    facts,
    async decode(file, name, sizeOf) {
      const { width, height } = await facts(file, name);
      const size = sizeOf?.(width, height);
      return decoded(size === undefined || (size.width === width && size.height === height) ? open(file) : open(file).resize(size.width, size.height, LINEAR), name);
    },
    async resize(image, { width, height }) {
      if (image.width === width && image.height === height) return image;
      const raw = { width: image.width, height: image.height, channels: CHANNELS };
      return decoded(sharp(interleaved(image), { raw }).resize(width, height, LINEAR), image.name);
    },
  };
}

function interleaved({ layout, bytes, width, height }: PixelImage): Uint8Array {
  if (layout === "interleaved") return bytes;
  const plane = width * height;
  const mixed = new Uint8Array(bytes.length);
  for (let pixel = 0; pixel < plane; pixel++) {
    for (let channel = 0; channel < CHANNELS; channel++) mixed[pixel * CHANNELS + channel] = bytes[channel * plane + pixel] as number;
  }
  return mixed;
}

/** What the decoder says is told with the file's name. */
async function named<T>(name: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof InputError) throw error;
    throw new InputError(`\`${name}\` cannot be decoded: ${reasonOf(error)}`);
  }
}
