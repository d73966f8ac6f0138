import { readdirSync, readFileSync } from "node:fs";
import { expect } from "chai";
import { preparedGrammar } from "../../src/syntax/grammar.generated.ts";
import { ResnetParser } from "../../src/syntax/grammar.ts";
import { filterLines } from "../../src/syntax/line-filter.ts";
import { tokenize } from "../../src/syntax/lexer.ts";
import { createReporter } from "../../src/syntax/reporter.ts";
import { prepareGrammarOf } from "../../tools/prepare-grammar.ts";

/** What a parser makes of a text: its tree and its errors, without what differs by identity. */
function read(parser: ResnetParser, text: string): string {
  const tokens = filterLines(tokenize(text).tokens, createReporter({ path: "a.resnet", text, standard: false }), []);
  const { cst, errors: found } = parser.read("File", tokens);
  const errors = found.map(({ name, token, context }) => ({ name, at: token.startOffset, rules: context.ruleStack }));
  const json = JSON.stringify({ cst, errors }, (key, value: unknown) => (key === "tokenType" ? (value as { name: string }).name : value));
  return json;
}

describe("prepared grammar", () => {
  const plain = new ResnetParser({ validate: false });
  const prepared = new ResnetParser({ validate: false, prepared: preparedGrammar });
  const folder = new URL("../../stdlib/", import.meta.url);
  const texts = readdirSync(folder).filter((name) => name.endsWith(".resnet")).map((name) => ({ name, text: readFileSync(new URL(name, folder), "utf8") }));

  it("is what Chevrotain finds out about the grammar today", () => {
    expect(preparedGrammar).to.deep.equal(JSON.parse(JSON.stringify(prepareGrammarOf())));
    expect(preparedGrammar?.choices.length).to.be.greaterThan(40);
  });

  it("reads the standard library as an unprepared parser does", () => {
    expect(texts.length).to.be.greaterThan(5);
    for (const { name, text } of texts) expect(read(prepared, text), name).to.equal(read(plain, text));
  });

  it("recovers from mistakes as an unprepared parser does", () => {
    let faulty = 0;
    for (const { name, text } of texts) {
      // Every piece of 200 characters is left out once, and the text is cut there once.
      for (let at = 0; at < Math.min(text.length, 3000); at += 200) {
        for (const broken of [text.slice(0, at) + text.slice(at + 7), text.slice(0, at + 3)]) {
          const expected = read(plain, broken);
          if (!expected.includes('"errors":[]')) faulty++;
          expect(read(prepared, broken), `${name} at ${at}`).to.equal(expected);
        }
      }
    }
    expect(faulty).to.be.greaterThan(50);
  });
});
