import { expect } from "chai";
import { fixProgram } from "../../../src/lint/fix-program.ts";
import { resolveSettings } from "../../../src/lint/settings.ts";
import { openText } from "../rule-tester.ts";

const network = (lines: string, size = "32, 32"): string => `network X {\n  input image: float32[N, 3, ${size}]\n${lines}\n  globalavgpool -> linear(10)\n}\n`;

/** What a rule's fix makes of the lines of a network; `undefined`: it has none, or leaves them as they are. */
const ROWS: readonly (readonly [rule: string, why: string, before: string, after: string | undefined])[] = [
  ["stem-vs-input", "on one line", "  conv(7x7, 64, stride=2) -> bn -> relu -> maxpool(3x3, stride=2)", "  conv(3x3, 64) -> bn -> relu"],
  ["stem-vs-input", "on several lines, with a label", "  stem: conv(7, 64, bias=true, stride=2)\n  relu\n  maxpool(2x2)", "  stem: conv(3x3, 64, bias=true)\n  relu"],
  ["stem-vs-input", "a comment would be lost", "  conv(7x7, 64, stride=2)\n    -> relu // as published\n    -> maxpool(3x3, stride=2)", undefined],
  ["stem-vs-input", "a comment beside it stays", "  conv(7x7, 64, stride=2) -> relu // as published\n  maxpool(3x3, stride=2)", "  conv(3x3, 64) -> relu // as published"],
  ["stem-vs-input", "the pool begins a line", "  conv(7x7, 64, stride=2) -> relu\n  maxpool(3x3, stride=2) -> conv(3x3, 64) -> relu", "  conv(3x3, 64) -> relu\n  conv(3x3, 64) -> relu"],
  ["stem-vs-input", "padding is the kernel's", "  conv(7x7, 64, stride=2, pad=3) -> relu -> maxpool(3x3, stride=2)", undefined],
  ["aliased-downsampling", "a stride in words", "  conv(3x3, 8) -> maxpool(3x3, stride=2) -> relu", "  conv(3x3, 8) -> maxpool(3x3, stride=1) -> blurpool(stride=2) -> relu"],
  ["aliased-downsampling", "a stride that is the kernel", "  conv(3x3, 8) -> maxpool(2x2)", "  conv(3x3, 8) -> maxpool(2x2, stride=1) -> blurpool(stride=2)"],
  ["aliased-downsampling", "inside of a repetition", "  2 x { conv(3x3, 8) -> maxpool(2x2) }", "  2 x { conv(3x3, 8) -> maxpool(2x2, stride=1) -> blurpool(stride=2) }"],
  ["aliased-downsampling", "a label names the pool's value", "  conv(3x3, 8) -> p: maxpool(2x2)", undefined],
  ["aliased-downsampling", "`x` would repeat the pool alone", "  conv(3x3, 8) -> 2 x maxpool(2x2)", undefined],
  ["redundant-projection", "the second branch", "  conv(3x3, 8) -> sum { conv(3x3, 8) -> bn | conv(1x1, 8) -> bn } -> relu", "  conv(3x3, 8) -> sum { conv(3x3, 8) -> bn | identity } -> relu"],
  ["redundant-projection", "a branch of two lines", "  conv(3x3, 8)\n  sum {\n    | conv(1x1, 8)\n      bn\n    | conv(3x3, 8) -> bn\n  }", "  conv(3x3, 8)\n  sum {\n    | identity\n    | conv(3x3, 8) -> bn\n  }"],
  ["redundant-projection", "a label would be lost", "  conv(3x3, 8) -> sum { conv(3x3, 8) -> bn | skip: conv(1x1, 8) } -> relu", undefined],
];

describe("lint: fixes of stems, pools and projections", () => {
  for (const [rule, why, before, after] of ROWS) {
    it(`${rule}: ${why}`, async () => {
      const { value: settings } = resolveSettings({ select: [rule] });
      const { text, applied, refused } = await fixProgram(await openText(network(before)), settings, { unsafe: true });
      expect(refused).to.deep.equal([]);
      expect(applied.length).to.equal(after === undefined ? 0 : 1);
      expect(text).to.equal(network(after ?? before));
    });
  }

  it("large-dense-head: the average takes the place of the flattening", async () => {
    const { value: settings } = resolveSettings({ select: ["large-dense-head"] });
    const text = (head: string): string => `network X {\n  input image: float32[N, 3, 32, 32]\n  conv(3x3, 8) -> relu\n  ${head} -> linear(10)\n}\n`;
    expect((await fixProgram(await openText(text("flatten")), settings, { unsafe: true })).text).to.equal(text("globalavgpool"));
  });

  it("are offered and not applied by themselves: the network would compute something else", async () => {
    const { value: settings } = resolveSettings({ select: [...new Set(ROWS.map(([rule]) => rule))] });
    for (const [, , before] of ROWS) expect((await fixProgram(await openText(network(before)), settings, { unsafe: false })).text).to.equal(network(before));
  });
});
