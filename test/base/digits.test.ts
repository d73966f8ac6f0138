import { expect } from "chai";
import { groupDigits } from "../../src/base/digits.ts";

describe("groupDigits", () => {
  it("groups as English text does", () => {
    for (const value of [0, 7, 999, 1000, 12_345, 999_999, 1_000_000, 25_557_032, Number.MAX_SAFE_INTEGER, -1000, -999]) {
      expect(groupDigits(value)).to.equal(value.toLocaleString("en-US"));
    }
  });
});
