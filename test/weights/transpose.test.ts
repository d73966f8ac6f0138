import { expect } from "chai";
import fc from "fast-check";
import { InternalError } from "../../src/base/assert.ts";
import { convertToFloat32, float32BitsOfHalf } from "../../src/weights/float-conversion.ts";
import type { ByteSource } from "../../src/weights/source.ts";
import { BLOCK_BYTES, CHUNK_BYTES, readStored, rowMajorStrides, type StoredTensor } from "../../src/weights/transpose.ts";
import { memoryFile } from "../support/byte-source.ts";
import { floats } from "../support/torch-files.ts";
import { collect, float32s } from "../support/weight-values.ts";

const f32 = { dtype: "F32", littleEndian: true } as const;

/** NumPy's definition of a transposed view, one element at a time. */
function expected(tensor: Pick<StoredTensor, "shape" | "strides">, axes: readonly number[], at: (element: number) => number): number[] {
  const shape = axes.map((axis) => tensor.shape[axis] ?? 0);
  const count = shape.reduce((product, size) => product * size, 1);
  return Array.from({ length: count }, (_, position) => {
    let element = 0;
    let rest = position;
    for (let i = axes.length - 1; i >= 0; i--) {
      const size = shape[i] ?? 1;
      element += (rest % size) * (tensor.strides[axes[i] ?? 0] ?? 0);
      rest = Math.floor(rest / size);
    }
    return at(element);
  });
}

/** A file without bytes on any disk: float32 number i is i modulo 2^20. Notes how it was read. */
function endlessFile(): { readonly file: ByteSource; readonly reads: { readonly offset: number; readonly length: number }[] } {
  const reads: { offset: number; length: number }[] = [];
  const file: ByteSource = {
    path: "endless",
    size: 2 ** 50,
    async read(offset, length) {
      reads.push({ offset, length });
      const numbers = new Float32Array(length / 4);
      for (let i = 0; i < numbers.length; i++) numbers[i] = (offset / 4 + i) % 2 ** 20;
      return new Uint8Array(numbers.buffer);
    },
    close: async () => {},
  };
  return { file, reads };
}

describe("transposed reading", () => {
  it("agrees with the definition for any strides, order of axes and size of blocks", async () => {
    const cases = fc.integer({ min: 0, max: 4 }).chain((rank) =>
      fc.record({
        shape: fc.array(fc.integer({ min: 0, max: 5 }), { minLength: rank, maxLength: rank }),
        strides: fc.array(fc.integer({ min: 0, max: 40 }), { minLength: rank, maxLength: rank }),
        rowMajor: fc.boolean(),
        axes: fc.shuffledSubarray(Array.from({ length: rank }, (_, i) => i), { minLength: rank, maxLength: rank }),
        blockElements: fc.integer({ min: 1, max: 50 }),
        start: fc.integer({ min: 0, max: 3 }),
      }),
    );
    const numbers = floats(...Array.from({ length: 1000 }, (_, i) => i));
    await fc.assert(
      fc.asyncProperty(cases, async ({ shape, strides, rowMajor, axes, blockElements, start }) => {
        const tensor = { ...f32, shape, strides: rowMajor ? rowMajorStrides(shape) : strides, start: start * 4 };
        const got = float32s(await collect(readStored(memoryFile(numbers), tensor, axes, blockElements * 4)));
        expect(got).to.deep.equal(expected(tensor, axes, (element) => element + start));
      }),
      { seed: 1, numRuns: 500 },
    );
  });

  it("makes a linear layer's transpose of many blocks, and a convolution's OIHW to HWIO", async () => {
    for (const [shape, axes] of [[[300, 40_000], [1, 0]], [[512, 512, 3, 3], [2, 3, 1, 0]]] as const) {
      const tensor = { ...f32, shape, strides: rowMajorStrides(shape), start: 0 };
      const bytes = await collect(readStored(endlessFile().file, tensor, axes, 4 << 20));
      const got = new Float32Array(bytes.buffer);
      const inner = axes.map((axis) => shape[axis] ?? 0);
      for (let sample = 0; sample < 5_000; sample++) {
        const position = (sample * 7_919) % got.length;
        let [element, rest] = [0, position];
        for (let i = axes.length - 1; i >= 0; i--) {
          element += (rest % (inner[i] ?? 1)) * (tensor.strides[axes[i] ?? 0] ?? 0);
          rest = Math.floor(rest / (inner[i] ?? 1));
        }
        expect(got[position]).to.equal(element % 2 ** 20);
      }
    }
  });

  it("reads what stands in order as it is, in chunks of 1 MB", async () => {
    const { file, reads } = endlessFile();
    const shape = [3, 100_000];
    await collect(readStored(file, { ...f32, shape, strides: rowMajorStrides(shape), start: 64 }));
    expect(reads).to.deep.equal([
      { offset: 64, length: CHUNK_BYTES },
      { offset: 64 + CHUNK_BYTES, length: 1_200_000 - CHUNK_BYTES },
    ]);
  });

  it("holds one block of the largest layer of VGG, 411 MB, and reads each value once", async function () {
    this.timeout(60_000);
    const { file, reads } = endlessFile();
    const shape = [4096, 25_088];
    const tensor = { ...f32, shape, strides: rowMajorStrides(shape), start: 0 };
    const buffers = new Set<ArrayBufferLike>();
    let largest = 0;
    let given = 0;
    let at = 0;
    let readBytes = 0;
    for await (const chunk of readStored(file, tensor, [1, 0])) {
      buffers.add(chunk.buffer);
      largest = Math.max(largest, chunk.byteLength);
      const first = new DataView(chunk.buffer, chunk.byteOffset).getFloat32(0, true);
      const position = given / 4;
      expect(first).to.equal(((position % 4096) * 25_088 + Math.floor(position / 4096)) % 2 ** 20);
      given += chunk.byteLength;
      for (; at < reads.length; at++) readBytes += reads[at]?.length ?? 0;
    }
    expect(given).to.equal(4096 * 25_088 * 4);
    expect(readBytes, "no value is read for two blocks").to.equal(given);
    expect(largest).to.equal(CHUNK_BYTES);
    const held = [...buffers].reduce((sum, buffer) => sum + buffer.byteLength, 0);
    expect(held, "one block serves them all").to.be.at.most(BLOCK_BYTES);
    expect(Math.max(...reads.slice(0, 10_000).map(({ length }) => length))).to.be.at.most(CHUNK_BYTES);
  });

  it("takes a wrong order of axes for a bug of ours", async () => {
    const tensor = { ...f32, shape: [2, 3], strides: [3, 1], start: 0 };
    for (const axes of [[0], [0, 0], [1, 2]]) {
      const error = await collect(readStored(endlessFile().file, tensor, axes)).then(() => undefined, (thrown: unknown) => thrown);
      expect(error).to.be.instanceOf(InternalError);
    }
  });
});

describe("conversion to float32", () => {
  it("gives every half-precision number the value that IEEE 754 gives it", () => {
    const view = new DataView(new ArrayBuffer(4));
    for (let half = 0; half < 65_536; half++) {
      view.setInt32(0, float32BitsOfHalf(half));
      const sign = half >= 0x8000 ? -1 : 1;
      const exponent = (half >> 10) & 31;
      const fraction = half & 1023;
      const value = exponent === 31 ? (fraction === 0 ? Infinity : NaN) : exponent === 0 ? fraction * 2 ** -24 : (1 + fraction / 1024) * 2 ** (exponent - 15);
      expect(Object.is(view.getFloat32(0), sign * value), half.toString(16)).to.equal(true);
    }
  });

  const rows: readonly [string, Parameters<typeof convertToFloat32>[1], readonly number[], readonly number[]][] = [
    ["bfloat16", { dtype: "BF16", littleEndian: true }, [0x80, 0x3f, 0x20, 0xc0], [1, -2.5]],
    ["bfloat16, big-endian", { dtype: "BF16", littleEndian: false }, [0x3f, 0x80], [1]],
    ["half, big-endian", { dtype: "F16", littleEndian: false }, [0xc1, 0x00], [-2.5]],
    ["float32, big-endian", { dtype: "F32", littleEndian: false }, [0x3f, 0x80, 0, 0], [1]],
    ["float64", { dtype: "F64", littleEndian: true }, [0, 0, 0, 0, 0, 0, 0xf0, 0x3f], [1]],
    ["float64, big-endian", { dtype: "F64", littleEndian: false }, [0xc0, 0x04, 0, 0, 0, 0, 0, 0], [-2.5]],
  ];
  for (const [what, encoding, bytes, numbers] of rows) {
    it(what, () => {
      const to = new Uint8Array(numbers.length * 4);
      convertToFloat32(Uint8Array.from([99, ...bytes]).subarray(1), encoding, to);
      expect(float32s(to)).to.deep.equal(numbers);
    });
  }
});
