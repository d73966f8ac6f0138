import { expect } from "chai";
import type { LintConfig } from "../../src/lint/settings.ts";
import { applyFixes } from "../../src/lint/fix.ts";
import { lineOf, placeOf } from "../support/problems.ts";
import type { Files } from "../support/problems.ts";
import { lintText } from "./rule-tester.ts";

/** Two residuals of one layer, on lines 4 and 5, found by `single-layer-residual`. */
const program = (marks: { readonly above?: string; readonly first?: string; readonly second?: string; readonly top?: string } = {}): string => `${marks.top ?? ""}network Small {
  input image: float32[N, 3, 32, 32]
  conv(3x3, 16) -> bn -> relu
  a: residual { conv(3x3, 16) -> bn } -> relu${marks.first ?? ""}
${marks.above ?? ""}  b: residual { conv(3x3, 16) -> bn } -> relu${marks.second ?? ""}
  globalavgpool -> fc: linear(10)
}
`;

const config: LintConfig = { select: ["single-layer-residual", "unused-ignore"] };

const found = async (text: string, files: Files = {}): Promise<readonly string[]> => (await lintText(text, config, { files })).map((problem) => `${placeOf(problem.primary.span).split(" ")[0]} ${problem.rule ?? problem.code}`);

const said = async (text: string, settings = config): Promise<readonly string[]> => (await lintText(text, settings)).filter(({ rule }) => rule === "unused-ignore").map(lineOf);

describe("lint: rnc-ignore", () => {
  it("finds both without one", async () => {
    expect(await found(program())).to.deep.equal(["4:3 single-layer-residual", "5:3 single-layer-residual"]);
  });

  it("holds for its line, by name or code", async () => {
    expect(await found(program({ first: " // rnc-ignore single-layer-residual: on purpose" }))).to.deep.equal(["5:3 single-layer-residual"]);
    expect(await found(program({ second: " // rnc-ignore RL05: on purpose" }))).to.deep.equal(["4:3 single-layer-residual"]);
    expect(await found(program({ first: " // rnc-ignore RL03, rl05: on purpose: see 3.2" }))).to.deep.equal(["5:3 single-layer-residual"]);
  });

  it("holds for the line below, with other comments between", async () => {
    expect(await found(program({ above: "  // rnc-ignore RL05: on purpose\n" }))).to.deep.equal(["4:3 single-layer-residual"]);
    expect(await found(program({ above: "  // rnc-ignore RL05: on purpose\n  // and more\n" }))).to.deep.equal(["4:3 single-layer-residual"]);
  });

  it("holds for a declaration, above its documentation", async () => {
    expect(await found(program({ top: "// rnc-ignore RL05: on purpose\n/// A net.\n" }))).to.deep.equal([]);
    const other = program().replace("Small", "Other");
    expect(await found(`// rnc-ignore RL05: on purpose\n${program()}\n${other}`)).to.deep.equal(["13:3 single-layer-residual", "14:3 single-layer-residual"]);
  });

  it("holds for a file", async () => {
    expect(await found(`/// A file.\n// rnc-ignore-file RL05: on purpose\n\n${program()}\n${program().replace("Small", "Other")}`)).to.deep.equal([]);
  });

  it("holds where a block is written and where it is used", async () => {
    const block = (mark: string): string => `block one(width: int) {\n  residual { conv(3x3, width) -> bn }${mark}\n  relu\n}\n`;
    const net = (mark: string): string => `network Small {\n  input image: float32[N, 3, 32, 32]\n  conv(3x3, 16)\n  a: one(16)${mark}\n  b: one(16)\n}\n`;
    expect(await found(block("") + net(""))).to.deep.equal(["2:3 single-layer-residual"]);
    expect(await found(block(" // rnc-ignore RL05: on purpose") + net(""))).to.deep.equal([]);
    // One of the two uses is left.
    const [problem] = await lintText(block("") + net(" // rnc-ignore RL05: on purpose"), config);
    expect(problem?.notes).to.include("in b, of block one");
    const importing = `use "blocks.resnet" { one }\n${net("")}`;
    expect(await found(importing, { "blocks.resnet": block("") })).to.deep.equal(["5:3 single-layer-residual", "6:3 single-layer-residual"]);
    expect(await found(importing, { "blocks.resnet": block(" // rnc-ignore RL05: on purpose") })).to.deep.equal([]);
  });

  it("is found when it ignores nothing", async () => {
    expect(await said(program({ above: "  // rnc-ignore RL05: on purpose\n", second: " // rnc-ignore RL05: on purpose" }))).to.deep.equal([]);
    expect(await said(program().replace("bn -> relu\n", "bn -> relu // rnc-ignore RL05: why\n"))).to.deep.equal(["3:31 «// rnc-ignore RL05: why» RL08 `single-layer-residual` finds nothing to ignore here"]);
    expect(await said(`// rnc-ignore-file RL05, unused: why\n${program()}`, { select: ["RL03", "RL05", "RL08"] })).to.deep.equal(["1:26 «unused» RL08 `unused` finds nothing to ignore in this file"]);
    const fine = program().replaceAll("residual { conv(3x3, 16) -> bn }", "conv(3x3, 16)");
    expect(await said(`// rnc-ignore RL05: why\n${fine}`)).to.deep.equal(["1:1 «// rnc-ignore RL05: why» RL08 `single-layer-residual` finds nothing to ignore in this declaration"]);
  });

  it("is not judged where its rule could not have found anything", async () => {
    const needless = program().replace("bn -> relu\n", "bn -> relu // rnc-ignore RL05: why\n");
    expect(await said(needless, { select: ["unused-ignore"] })).to.deep.equal([]);
    // Nothing uses the block; and a network with an error was not built.
    expect(await said("block one(width: int) {\n  conv(3x3, width) // rnc-ignore RL05: why\n}\n")).to.deep.equal([]);
    expect(await said(needless.replace("linear(10)", "linear(10.5)"))).to.deep.equal([]);
    const open = needless.replace("Small {", "Small(width: int) {");
    expect(await said(open)).to.deep.equal([]);
  });

  it("says what is wrong with it, and ignores nothing then", async () => {
    const rows: readonly (readonly [comment: string, message: string])[] = [
      ["// rnc-ignore single-layer: why", "12 «single-layer» RL08 there is no rule `single-layer`, and nothing is ignored"],
      ["// rnc-ignore RL05", "12 «// rnc-ignore RL05» RL08 this `rnc-ignore` gives no reason, and ignores nothing"],
      ["// rnc-ignore RL05:", "12 «// rnc-ignore RL05:» RL08 this `rnc-ignore` gives no reason, and ignores nothing"],
      ["// rnc-ignore: why", "12 «// rnc-ignore: why» RL08 this `rnc-ignore` names no rule, and ignores nothing"],
      ["// rnc-ignore-line RL05: why", "12 «// rnc-ignore-line RL05: why» RL08 there is no `rnc-ignore-line`"],
      ["// rnc-ignore RN0501: why", "12 «RN0501» RL08 `RN0501` is a message of the checker, and those cannot be ignored"],
      ["// rnc-ignore identity-on-changed-dimensions: why", "12 «identity-on-changed-dimensions» RL08 `identity-on-changed-dimensions` is a message of the checker, and those cannot be ignored"],
      ["// rnc-ignore unused-ignore: why", "12 «unused-ignore» RL08 `unused-ignore` cannot be ignored by a comment"],
      ["// rnc-ignore-file RL05: why", "12 «// rnc-ignore-file RL05: why» RL08 `rnc-ignore-file` stands at the top of a file, and here it ignores nothing"],
    ];
    for (const [comment, message] of rows) {
      const text = program({ first: ` ${comment}` });
      const [one, ...others] = await said(text);
      expect(others, comment).to.deep.equal([]);
      expect(one?.replace(/^\d+:\d+/, "12"), comment).to.equal(message);
      expect(await found(text), comment).to.include("4:3 single-layer-residual");
    }
    expect(await said(program({ above: "  // rnc-ignore RL05: why\n\n" }))).to.deep.equal(["5:3 «// rnc-ignore RL05: why» RL08 this `rnc-ignore` stands above nothing, and ignores nothing"]);
  });

  it("is no ignore in documentation, or in prose", async () => {
    expect(await found(program({ top: "/// rnc-ignore RL05: on purpose\n", first: " // see rnc-ignore RL05: on purpose" }))).to.deep.equal(["5:3 single-layer-residual", "6:3 single-layer-residual"]);
  });

  it("is taken away by a fix: with its line, behind a line, or one rule of several", async () => {
    const mended = async (text: string): Promise<string> => {
      const problems = (await lintText(text, { select: ["RL03", "RL05", "RL08"] })).filter(({ rule }) => rule === "unused-ignore");
      const source = problems[0]?.primary.span.source;
      if (!source) throw new Error("nothing was found");
      return applyFixes(source, problems, { unsafe: false }).text;
    };
    const fine = program().replaceAll("residual { conv(3x3, 16) -> bn }", "conv(3x3, 16)");
    expect(await mended(`// rnc-ignore RL05: why\n${fine}`)).to.equal(fine);
    expect(await mended(fine.replace("bn -> relu\n", "bn -> relu // rnc-ignore RL05: why\n"))).to.equal(fine);
    expect(await mended(program({ first: " // rnc-ignore RL03, RL05: why" }))).to.equal(program({ first: " // rnc-ignore RL05: why" }));
  });
});
