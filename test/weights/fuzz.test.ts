import { expect } from "chai";
import fc from "fast-check";
import { readFileSync } from "node:fs";
import { InputError } from "../../src/base/input-error.ts";
import { elementCount } from "../../src/weights/element-types.ts";
import { openWeights } from "../../src/weights/open-weights.ts";
import type { ByteSource } from "../../src/weights/source.ts";
import { CHUNK_BYTES } from "../../src/weights/transpose.ts";
import { memoryFile } from "../support/byte-source.ts";

const FILES = ["plain.safetensors", "plain.pth", "legacy.pth", "cuda.pth", "cuda-legacy.pth", "checkpoint-protocol4.pth"];

/** A mutation: some bytes replaced, and perhaps the rest cut off or a stretch repeated. */
const mutation = fc.record({
  replaced: fc.array(fc.tuple(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), fc.integer({ min: 0, max: 255 })), { maxLength: 6 }),
  cut: fc.option(fc.double({ min: 0, max: 1, noNaN: true }), { freq: 5 }),
  repeated: fc.option(fc.tuple(fc.double({ min: 0, max: 1, noNaN: true }), fc.integer({ min: 1, max: 64 })), { freq: 5 }),
});

type Mutation = typeof mutation extends fc.Arbitrary<infer Value> ? Value : never;

/** Values are a small part of these files: places are drawn among the bytes that mean something. */
function mutate(valid: Uint8Array, { replaced, cut, repeated }: Mutation): Uint8Array {
  let bytes = valid.slice();
  for (const [place, value] of replaced) bytes[Math.floor(place * bytes.length)] = value;
  if (repeated != null) {
    const at = Math.floor(repeated[0] * bytes.length);
    bytes = Uint8Array.from(Buffer.concat([bytes.subarray(0, at + repeated[1]), bytes.subarray(at)]));
  }
  return cut == null ? bytes : bytes.slice(0, Math.floor(cut * bytes.length));
}

/** Refuses what would be beyond a real file: offsets outside, and reads larger than the file. */
function strict(bytes: Uint8Array): ByteSource {
  const file = memoryFile(bytes);
  return {
    ...file,
    async read(offset, length) {
      if (!(offset >= 0 && length >= 0 && offset + length <= bytes.byteLength)) throw new RangeError(`read of ${length} at ${offset}`);
      return file.read(offset, length);
    },
  };
}

/** Opens the file and reads of every tensor what a small consumer would. Whatever is refused must be an input error. */
async function consume(bytes: Uint8Array): Promise<"read" | "refused"> {
  try {
    const source = await openWeights(strict(bytes));
    for (const name of source.names()) {
      const info = source.info(name);
      if (info === undefined || info.dtype.startsWith("I") || (elementCount(info.shape) ?? Infinity) > 1e6) continue;
      for await (const chunk of source.read(name)) expect(chunk.byteLength).to.be.at.most(CHUNK_BYTES);
    }
    return "read";
  } catch (error) {
    if (error instanceof InputError) return "refused";
    throw error;
  }
}

describe("damaged files of weights", function () {
  this.timeout(60_000);
  for (const file of FILES) {
    it(`${file}: any damage is refused as such or harmless`, async () => {
      const valid = new Uint8Array(readFileSync(`test/weights/fixtures/${file}`));
      expect(await consume(valid)).to.equal("read");
      const seen = { read: 0, refused: 0 };
      await fc.assert(
        fc.asyncProperty(mutation, async (damage) => {
          seen[await consume(mutate(valid, damage))]++;
        }),
        { seed: 3, numRuns: 4_000 },
      );
      expect(seen.refused, "the damage reached what is checked").to.be.greaterThan(100);
    });
  }
});
