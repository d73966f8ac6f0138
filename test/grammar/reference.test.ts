import { readFileSync } from "node:fs";
import { expect } from "chai";
import { catalogue } from "../../src/diagnostics/catalogue.ts";
import { RULES } from "../../src/lint/registry.ts";
import { operators } from "../../src/ops/registry.ts";
import { referencePages } from "../../tools/reference-pages.ts";

const committed = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), "utf8");

describe("grammar: generated pages", () => {
  it("are those that the records make now (npm run generate:reference)", async () => {
    const pages = await referencePages();
    expect(Object.keys(pages)).to.have.length(4);
    for (const [path, text] of Object.entries(pages)) expect(committed(path) === text, `${path} is stale: run npm run generate:reference`).to.equal(true);
  });

  it("have a section for every operator of the language, every code and every rule", () => {
    const operatorsPage = committed("grammar/OPERATORS.md");
    const names = Object.values(operators).flatMap(({ level, name }) => (level === "language" ? [name] : []));
    expect(names.length).to.be.greaterThan(30);
    for (const name of names) expect(operatorsPage).to.contain(`\n### ${name}\n`);
    const targetsPage = committed("grammar/TARGETS.md");
    for (const name of names) expect(targetsPage).to.contain(`\n| [${name}](OPERATORS.md#${name}) | `);
    const diagnosticsPage = committed("grammar/DIAGNOSTICS.md");
    for (const [code, { slug }] of Object.entries(catalogue)) expect(diagnosticsPage).to.contain(`\n## ${code} ${slug}\n`);
    const rulesPage = committed("grammar/RULES.md");
    for (const { code, name } of RULES) expect(rulesPage).to.contain(`\n### ${code} ${name}\n`);
  });
});
