import { expect } from "chai";
import { differenceOf, greaterOf } from "../../src/verify/difference.ts";
import type { FloatTensor } from "../../src/engines/engine.ts";

const tensor = (data: readonly number[], shape: readonly number[] = [data.length]): FloatTensor => ({ data: Float32Array.from(data), shape });

describe("the difference of two tensors", () => {
  const check = (ours: FloatTensor, theirs: FloatTensor, absolute: number, relative: number): void => {
    const found = differenceOf(ours, theirs);
    expect([found.absolute, found.relative]).to.deep.equal([absolute, relative]);
  };

  it("is the greatest one, and its part of the greatest value of the second", () => {
    check(tensor([1, 2, -8]), tensor([1, 2, -8]), 0, 0);
    check(tensor([1, 2.5, -8]), tensor([1, 2, -8]), 0.5, 0.0625);
    check(tensor([1, 2, -8]), tensor([1, 2.5, -4]), 4, 1);
    check(tensor([]), tensor([]), 0, 0);
  });

  it("is infinite where everything should be zero and is not", () => {
    check(tensor([0, 0]), tensor([0, 0]), 0, 0);
    check(tensor([0, 0.5]), tensor([0, 0]), 0.5, Infinity);
  });

  it("is infinite where a value is no finite number, even the same one on both sides", () => {
    for (const [a, b] of [[Number.NaN, 1], [1, Number.NaN], [Number.NaN, Number.NaN], [Infinity, Infinity], [-Infinity, 1]]) {
      check(tensor([0, a!]), tensor([0, b!]), Infinity, Infinity);
    }
    expect(differenceOf(tensor([0, Number.NaN, 2]), tensor([0, 1, Infinity])).why).to.equal("2 of 3 values are not finite");
  });

  it("tells both shapes where they differ", () => {
    expect(differenceOf(tensor([1, 2, 3, 4], [2, 2]), tensor([1, 2, 3, 4], [1, 4]))).to.deep.equal({ absolute: Infinity, relative: Infinity, why: "[2, 2] instead of [1, 4]" });
  });

  it("is compared by its relative size", () => {
    const [small, great] = [{ absolute: 5, relative: 0.1 }, { absolute: 1, relative: 0.2 }];
    expect(greaterOf(small, great)).to.equal(great);
    expect(greaterOf(great, small)).to.equal(great);
    expect(greaterOf(undefined, small)).to.equal(small);
    expect(greaterOf(undefined, undefined)).to.equal(undefined);
  });
});
