/** Limits (language reference, "Limits"): each is reached without a word and reported one past it, in bounded time. */
import { expect } from "chai";
import { layers, net, seen } from "../support/language.ts";

/** Nothing where the text can be built, else the codes of what is said. */
async function codes(text: string): Promise<readonly string[]> {
  const result = await seen(text, (graph) => [`built ${layers(graph).length}`]);
  return [...new Set(result.map((line) => / (RN\d{4}) /.exec(line)?.[1] ?? line))];
}

const chain = (count: number): string => Array.from({ length: count }, (_, i) => `block b${i} { ${i + 1 < count ? `b${i + 1}` : "relu"} }`).join("\n");
const nested = (count: number): string => `${"{ ".repeat(count)}relu${" }".repeat(count)}`;

const rows: Readonly<Record<string, readonly [within: string, past: string, code: string]>> = {
  "64 instances inside one another": [`${chain(64)}\n${net("b0")}`, `${chain(65)}\n${net("b0")}`, "RN0802"],
  "64 aliases in a row": [
    `${net("relu", undefined).replace("Net", "A0")}${Array.from({ length: 62 }, (_, i) => `network A${i + 1} = A${i}\n`).join("")}network Net = A62\n`,
    `${net("relu", undefined).replace("Net", "A0")}${Array.from({ length: 66 }, (_, i) => `network A${i + 1} = A${i}\n`).join("")}network Net = A66\n`,
    "RN0802",
  ],
  // The network's own body stands in braces as well.
  "64 brackets inside one another": [net(nested(60)), net(nested(80)), "RN0802"],
  "exponents up to 300": [net("let a = 1e300 / 1e300\n  a x relu"), net("let a = 1e301\n  relu"), "RN0803"],
  "negative exponents": [net("let a = 1e-300 * 1e300\n  a x relu"), net("let a = 1e-301\n  relu"), "RN0803"],
  // 1e300 has 997 bits.
  "numbers up to 1,024 bits": [net("let a = 1e300 * 1e8 / 1e300\n  relu"), net("let a = 1e300 * 1e9\n  relu"), "RN0803"],
  "denominators up to 1,024 bits": [net("let a = 1 / 1e300 / 1e8\n  relu"), net("let a = 1 / 1e300 / 1e9\n  relu"), "RN0803"],
  // A pass and its element are a step each.
  "100,000 layers": [net("99_000 x relu"), net("100_001 x relu"), "RN0801"],
  // Each pass is a step, its element another; the network's own items are few.
  "200,000 steps": [net("for i in range(99_990) { if i < 0 { relu } }"), net("for i in range(100_001) { if i < 0 { relu } }"), "RN0801"],
  "a repetition is compared with what is left before it runs": [net("0 x relu"), net("1_000_000_000 x { }"), "RN0801"],
  "a list as well": [net("let a = range(100_000)\n  relu"), net("let a = range(1_000_000_000)\n  relu"), "RN0801"],
  "channels that can be counted": [net("conv(1, 1_000_000)", "1, 1, 1"), net("conv(3, 1e15) -> conv(3, 1e15)"), "RN0803"],
  // A bn has four numbers for each of 10^15 channels, a convolution here 9 · 10^14 multiply-adds; 2^53 is 9.007 · 10^15.
  "parameters of one network up to 2^53": [net("2 x bn", "1e15, 1, 1"), net("3 x bn", "1e15, 1, 1"), "RN0803"],
  "multiply-adds of one network up to 2^53": [net("10 x conv(1, 1)", "1, 3e7, 3e7"), net("11 x conv(1, 1)", "1, 3e7, 3e7"), "RN0803"],
};

describe("limits", () => {
  for (const [why, [within, past, code]] of Object.entries(rows)) {
    it(why, async () => {
      const [built, ...others] = await codes(within);
      expect(built, within.slice(0, 300)).to.match(/^built /);
      expect(others).to.deep.equal([]);
      expect(await codes(past), past.slice(0, 300)).to.deep.equal([code]);
    }).timeout(20_000);
  }

  it("depth ends what no cycle in the text shows", async () => {
    expect(await codes(net("w(w)", undefined, "block w(b: block) { b(b) }\n"))).to.deep.equal(["RN0802"]);
  });
  it("a block that is not used and would not end is read all the same", async () => {
    expect(await codes(net("relu", undefined, "block w(b: block) { b(b) -> w(w) }\nblock v { v }\n"))).to.deep.equal(["built 1"]);
  });
});
