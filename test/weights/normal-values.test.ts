import { expect } from "chai";
import { bitsKey } from "../../src/base/random-bits.ts";
import { fastNormalValues, plainNormalValues } from "../../src/weights/normal-values.ts";

describe("normal values", () => {
  const ELEMENTS = 100_003;
  const plain = plainNormalValues(ELEMENTS);
  const fast = fastNormalValues(ELEMENTS)!;

  // `seeded.test.ts` holds the plain ones against the description; these have to be the same bits.
  for (const [at, count, start, stride] of [
    [0, ELEMENTS, 0, 1],
    [1, 99_999, 5, 1],
    [3, 4097, 2 ** 31 - 50, 1],
    [0, 64, 17, 2304],
    [10, 1, 2 ** 33 + 1, 1],
    [0, 50_000, 2 ** 32 - 7, 3],
  ] as const) {
    it(`are the same from WebAssembly: ${count} from ${start} on, ${stride} apart`, () => {
      const key = bitsKey(7, `layer${count}.weight`);
      for (const values of [plain, fast]) {
        values.chunk.fill(Number.NaN);
        values.fill(at, count, start, stride, key, 0.0125);
      }
      const run = (chunk: Float32Array): Buffer => Buffer.from(chunk.buffer, chunk.byteOffset + at * 4, count * 4);
      expect(run(fast.chunk).equals(run(plain.chunk))).to.equal(true);
      expect(plain.chunk.subarray(at, at + count).every(Number.isFinite)).to.equal(true);
      // Values of the tail were among them where there are many: beyond the last cell's 3.097 deviations.
      if (count > 40_000) expect(plain.chunk.some((value) => Math.abs(value) > 3.3 * 0.0125)).to.equal(true);
    });
  }

  it("come without WebAssembly where a page forbids it", () => {
    const descriptor = Object.getOwnPropertyDescriptor(globalThis, "WebAssembly")!;
    Object.defineProperty(globalThis, "WebAssembly", { value: { Module: class { constructor() { throw new Error("forbidden"); } } }, configurable: true, writable: true });
    try {
      expect(fastNormalValues(16)).to.equal(undefined);
    } finally {
      Object.defineProperty(globalThis, "WebAssembly", descriptor);
    }
  });
});
