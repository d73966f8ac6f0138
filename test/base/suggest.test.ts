/** "Did you mean": near names, nearest first, none that is far. */
import { expect } from "chai";
import { didYouMean, nearest } from "../../src/base/suggest.ts";

const blocks = ["basic", "bottleneck", "stage", "single", "B", "conv", "bn", "relu", "Basic2"];

function check(rows: Readonly<Record<string, readonly string[]>>): void {
  for (const [name, expected] of Object.entries(rows)) {
    it(`${JSON.stringify(name)}: ${expected.join(", ") || "nothing"}`, () => {
      expect(nearest(name, blocks)).to.deep.equal(expected);
    });
  }
}

describe("suggestions", () => {
  check({
    basc: ["basic"],
    bsaic: ["basic"],
    basics: ["basic", "Basic2"],
    bottelneck: ["bottleneck"],
    // Case alone is no distance.
    CONV: ["conv"],
    b: ["B"],
    relux: ["relu"],
    // One letter away each: left out, or another.
    bm: ["B", "bn"],
    transformer: [],
    "": [],
    z: [],
  });

  it("the name itself is no suggestion", () => {
    expect(nearest("conv", ["conv"])).to.deep.equal([]);
  });
  it("a candidate that is there twice is suggested once", () => {
    expect(nearest("con", ["conv", "conv"])).to.deep.equal(["conv"]);
  });
  it("not more than three, equally near ones in the order of the alphabet", () => {
    expect(nearest("conv", ["cone", "conf", "cont", "cons"])).to.deep.equal(["cone", "conf", "cons"]);
  });
  it("nearer ones first", () => {
    expect(nearest("channels", ["chanel", "channel", "chan"])).to.deep.equal(["channel", "chanel"]);
  });
  it("as a question", () => {
    expect(didYouMean("basc", blocks)).to.equal("did you mean `basic`?");
    expect(didYouMean("basics", blocks)).to.equal("did you mean `basic` or `Basic2`?");
    expect(didYouMean("transformer", blocks)).to.equal(undefined);
  });
});
