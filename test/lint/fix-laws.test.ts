/** What holds of fixing any text: held against every wrong program of the catalogue and of the rules. */
import { expect } from "chai";
import type { SourceFile } from "../../src/base/source-file.ts";
import { catalogue } from "../../src/diagnostics/catalogue.ts";
import { hasErrors } from "../../src/diagnostics/problem.ts";
import { format } from "../../src/format/format.ts";
import { fixProgram } from "../../src/lint/fix-program.ts";
import { lintProgram } from "../../src/lint/lint.ts";
import { RULES } from "../../src/lint/registry.ts";
import { resolveSettings } from "../../src/lint/settings.ts";
import { commentsOf } from "../../src/syntax/index.ts";
import { openText } from "./rule-tester.ts";

const { value: settings } = resolveSettings({ severity: "info" });

const texts: readonly (readonly [name: string, text: string])[] = [
  ...Object.entries(catalogue).map(([code, { wrong }]) => [code, wrong] as const),
  ...RULES.map(({ name, wrong }) => [name, wrong] as const),
];

/** A comment behind every line and one above, where the text can be read: none of them may be lost. */
function commented(text: string): string {
  let count = 0;
  return text.replace(/^(?=[^\n])(.*)$/gm, (line) => (line.includes("//") || line.includes('"') ? line : `${line} // ${String(++count)}`));
}

const comments = (text: string): readonly string[] => {
  const source: SourceFile = { path: "main.resnet", text, standard: false };
  return commentsOf(source).map(({ start, end }) => text.slice(start, end).replace(/^\/+\s*/, "").trim());
};

describe("lint: the laws of fixing", function () {
  this.timeout(60_000);

  for (const unsafe of [false, true]) {
    it(`${unsafe ? "all fixes" : "safe fixes"} end, hold, and are the same the second time`, async () => {
      let count = 0;
      for (const [name, text] of texts) {
        const program = await openText(text);
        const before = lintProgram(program, settings).problems;
        const { text: after, problems, applied } = await fixProgram(program, settings, { unsafe });
        count += applied.length;
        expect(after === text, name).to.equal(applied.length === 0);
        const again = await openText(after);
        // What is said of the result is what is said of its text, read anew.
        expect(problems.map(({ code, message }) => `${code} ${message}`), name).to.deep.equal(lintProgram(again, settings).problems.map(({ code, message }) => `${code} ${message}`));
        expect((await fixProgram(again, settings, { unsafe })).text, name).to.equal(after);
        // A program without an error stays one.
        if (!hasErrors(before)) expect(hasErrors(problems), name).to.equal(false);
        if (format(program.root.source).text === text) expect(format(again.root.source).text ?? after, name).to.equal(after);
      }
      expect(count).to.be.greaterThan(unsafe ? 25 : 5);
    });
  }

  it("keep every comment, wherever it stands", async () => {
    let count = 0;
    for (const [name, text] of texts) {
      const marked = commented(text);
      const { text: after, applied } = await fixProgram(await openText(marked), settings, { unsafe: true });
      // Only a fix about a comment may take it away.
      const gone = new Set(applied.map(({ problem: { primary: { span } } }) => span.source.text.slice(span.start, span.end)).filter((said) => said.startsWith("//")).map((said) => said.replace(/^\/+\s*/, "").trim()));
      const left = comments(after);
      for (const comment of comments(marked)) if (!left.includes(comment) && ![...gone].some((said) => said.includes(comment))) expect.fail(`${name} lost the comment ${comment}:\n${after}`);
      count += applied.length;
    }
    expect(count).to.be.greaterThan(20);
  });
});
