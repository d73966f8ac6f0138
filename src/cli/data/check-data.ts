import { invariant } from "../../base/assert.ts";
import { basename } from "node:path";
import { createHash } from "node:crypto";
import { CIFAR10 } from "../../data/cifar10.ts";
import { CHANNELS } from "../../data/pixels.ts";
import type { Inspected } from "./chunk.ts";
import { countsOf, imageName, packedImage } from "./data-set.ts";
import type { DataSet, Part } from "./data-set.ts";
import { createChunkPool } from "./pool.ts";

/** What is in a data set, after every image was decoded. */
export interface DataReport {
  readonly kind: DataSet["kind"];
  readonly path: string;
  readonly classes: readonly string[];
  readonly parts: readonly PartReport[];
  /** Images with the same bytes, or files of one name: pairs and larger groups. */
  readonly sameContent: readonly SameImages[];
  readonly sameName: readonly SameImages[];
  /** For CIFAR-10: whether every file has the MD5 of the one that was published. */
  readonly asPublished: boolean | undefined;
  readonly remarks: readonly string[];
}

export interface PartReport {
  readonly name: Part["name"];
  readonly images: number;
  /** By class, broken ones included. */
  readonly counts: readonly number[];
  /** The largest class by the smallest that has images. */
  readonly imbalance: number;
  /** Each size with how many images have it, the most frequent first. */
  readonly sizes: readonly { readonly width: number; readonly height: number; readonly images: number }[];
  /** Channels in the files (1 grey, 3 colours, 4 with transparency or CMYK) and how many have them. */
  readonly channels: readonly { readonly channels: number; readonly images: number }[];
  readonly formats: readonly { readonly format: string; readonly images: number }[];
  readonly broken: readonly { readonly name: string; readonly message: string }[];
}

export interface SameImages {
  readonly images: readonly string[];
  /** True where they are in several classes: one of the labels is wrong. */
  readonly severalClasses: boolean;
  /** True where they are in several parts: a test knows what was trained. */
  readonly severalParts: boolean;
}

const CHUNK = 32;

/** Decodes every image of a data set and says what is in it. */
export async function checkData(data: DataSet, options: { readonly workers: number; readonly onProgress?: (done: number, total: number) => void }): Promise<DataReport> {
  const total = data.parts.reduce((sum, { labels }) => sum + labels.length, 0);
  const contents = new Map<string, Place[]>();
  const names = new Map<string, Place[]>();
  const parts: PartReport[] = [];
  let before = 0;
  for (const part of data.parts) {
    const tally = createTally();
    const look = part.images.kind === "packed" ? lookAtRecords : lookAtFiles;
    await look(part, options.workers, tally, (index, digest) => addTo(contents, digest, { part, index }), (done) => options.onProgress?.(before + done, total));
    if (part.images.kind === "files") part.images.paths.forEach((path, index) => addTo(names, basename(path), { part, index }));
    before += part.labels.length;
    const counts = countsOf(part.labels, data.classes.length);
    const filled = counts.filter((count) => count > 0);
    parts.push({ name: part.name, images: part.labels.length, counts, imbalance: Math.max(...filled) / Math.min(...filled), ...tally.result() });
  }
  return { kind: data.kind, path: data.path, classes: data.classes, parts, sameContent: sameOf(contents), sameName: sameOf(names), ...comparedWithPublished(data) };
}

/** A changed file is a remark only: its images can be used. */
function comparedWithPublished({ kind, parts, remarks }: DataSet): Pick<DataReport, "asPublished" | "remarks"> {
  if (kind !== "cifar10") return { asPublished: undefined, remarks };
  const others: string[] = [];
  let place = 0;
  for (const { images } of parts) {
    invariant(images.kind === "packed", "CIFAR-10 is packed");
    let at = 0;
    for (const { name, count } of images.files) {
      const end = at + count * CIFAR10.recordSizeInBytes;
      if (createHash("md5").update(images.records.subarray(at, end)).digest("hex") !== CIFAR10.md5[place++]) others.push(`\`${name}\``);
      at = end;
    }
  }
  return { asPublished: others.length === 0, remarks: others.length === 0 ? remarks : [...remarks, `${others.join(", ")}: not as published (the MD5 is another)`] };
}

interface Place {
  readonly part: Part;
  readonly index: number;
}

type Found = (index: number, digest: string) => void;

async function lookAtRecords(part: Part, _workers: number, tally: Tally, found: Found): Promise<void> {
  const { images } = part;
  invariant(images.kind === "packed", "records are packed");
  for (let index = 0; index < part.labels.length; index++) {
    tally.add({ width: CIFAR10.side, height: CIFAR10.side, channels: CHANNELS, format: "record" });
    found(index, createHash("sha256").update(packedImage(images, index)).digest("base64"));
  }
}

async function lookAtFiles(part: Part, workers: number, tally: Tally, found: Found, onProgress: (done: number) => void): Promise<void> {
  const pool = createChunkPool({ job: { kind: "inspect" }, packed: undefined }, workers);
  const results: { readonly start: number; readonly inspected: readonly (Inspected | undefined)[]; readonly failures: readonly { readonly slot: number; readonly message: string }[] }[] = [];
  try {
    let begun = 0;
    let done = 0;
    const lane = async (): Promise<void> => {
      while (begun < part.labels.length) {
        const start = begun;
        const indices = Array.from({ length: Math.min(CHUNK, part.labels.length - start) }, (_, place) => start + place);
        begun += indices.length;
        const { inspected = [], failures } = await pool.run({ epoch: 0, indices, names: indices.map((index) => imageName(part.images, index)) });
        results.push({ start, inspected, failures });
        done += indices.length;
        onProgress(done);
      }
    };
    await Promise.all(Array.from({ length: pool.width }, lane));
  } finally {
    await pool.close();
  }
  for (const { start, inspected, failures } of results.sort((one, other) => one.start - other.start)) {
    for (const { slot, message } of failures) tally.fail(imageName(part.images, start + slot), message);
    inspected.forEach((facts, slot) => {
      if (facts === undefined) return;
      tally.add(facts);
      found(start + slot, facts.digest);
    });
  }
}

interface Tally {
  add(facts: { readonly width: number; readonly height: number; readonly channels: number; readonly format: string }): void;
  fail(name: string, message: string): void;
  result(): Pick<PartReport, "sizes" | "channels" | "formats" | "broken">;
}

function createTally(): Tally {
  const sizes = new Map<string, number>();
  const channels = new Map<number, number>();
  const formats = new Map<string, number>();
  const broken: { name: string; message: string }[] = [];
  const count = <K>(counts: Map<K, number>, key: K): unknown => counts.set(key, (counts.get(key) ?? 0) + 1);
  const sorted = <K>(counts: Map<K, number>): [K, number][] => [...counts].sort(([, one], [, other]) => other - one);
  return {
    add(facts) {
      count(sizes, `${facts.width}x${facts.height}`);
      count(channels, facts.channels);
      count(formats, facts.format);
    },
    fail: (name, message) => broken.push({ name, message }),
    result: () => ({
      sizes: sorted(sizes).map(([size, images]) => {
        const [width = 0, height = 0] = size.split("x").map(Number);
        return { width, height, images };
      }),
      channels: sorted(channels).map(([number, images]) => ({ channels: number, images })),
      formats: sorted(formats).map(([format, images]) => ({ format, images })),
      broken,
    }),
  };
}

function addTo(groups: Map<string, Place[]>, key: string, place: Place): void {
  const group = groups.get(key);
  if (group) group.push(place);
  else groups.set(key, [place]);
}

/** Groups of more than one, those that matter most first. */
function sameOf(groups: ReadonlyMap<string, readonly Place[]>): SameImages[] {
  const weight = (same: SameImages): number => Number(same.severalClasses) * 2 + Number(same.severalParts);
  return [...groups.values()]
    .filter(({ length }) => length > 1)
    .map((places) => ({
      images: places.map(({ part, index }) => imageName(part.images, index)),
      severalClasses: new Set(places.map(({ part, index }) => part.labels[index])).size > 1,
      severalParts: new Set(places.map(({ part }) => part)).size > 1,
    }))
    .sort((one, other) => weight(other) - weight(one));
}
