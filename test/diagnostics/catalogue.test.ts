import { expect } from "chai";
import { catalogue } from "../../src/diagnostics/catalogue.ts";
import type { Code } from "../../src/diagnostics/catalogue.ts";
import { operators } from "../../src/ops/registry.ts";
import { problemsOf } from "../support/problems.ts";

const codes = Object.keys(catalogue).sort() as Code[];
/** What a program cannot show in a few lines. */
const told: Partial<Record<Code, string>> = { RN0804: " ".repeat(4_194_305) };

describe("diagnostics: the catalogue", () => {
  it("has codes in ranges and slugs that no two share", () => {
    expect(codes.length).to.be.greaterThan(30);
    for (const code of codes) expect(code).to.match(/^RN(0[1-9]|10)\d\d$/);
    const slugs = codes.map((code) => catalogue[code].slug);
    expect(new Set(slugs).size).to.equal(slugs.length);
    for (const slug of slugs) expect(slug).to.match(/^[a-z]+(-[a-z]+)*$/);
  });

  for (const code of codes) {
    const { wrong, right, summary, explanation } = catalogue[code];
    it(`${code}: the wrong program is reported with it alone, the right one not at all`, async () => {
      expect(summary).to.not.equal("");
      expect(explanation.length).to.be.greaterThan(40);
      expect((await problemsOf(told[code] ?? wrong)).map((problem) => problem.code)).to.deep.equal([code]);
      expect((await problemsOf(right)).map((problem) => problem.message)).to.deep.equal([]);
    });
  }
});

describe("operators: their samples", () => {
  for (const record of Object.values(operators).filter(({ level }) => level === "language")) {
    it(`${record.name}: the sample compiles and uses it`, async () => {
      expect(record.sample).to.match(new RegExp(`\\b${record.name}\\b`));
      const text = /^(use|block|network)\b/m.test(record.sample) ? record.sample : `network Sample {\n${record.sample}\n}\n`;
      expect((await problemsOf(text)).map((problem) => problem.message), text).to.deep.equal([]);
    });
  }
});
