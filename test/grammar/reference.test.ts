import { readFileSync } from "node:fs";
import { expect } from "chai";
import { catalogue } from "../../src/diagnostics/catalogue.ts";
import { RULES } from "../../src/lint/registry.ts";
import { operators } from "../../src/ops/registry.ts";
import { standardLibrary, standardNames } from "../../src/program/standard-library.ts";
import { anchorOf } from "../../src/reference/markdown.ts";
import { reservedWords } from "../../src/syntax/reserved-words.ts";
import { commandsOfProgram } from "../../tools/cli-page.ts";
import { referencePages } from "../../tools/reference-pages.ts";

const committed = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), "utf8");

describe("grammar: generated pages", () => {
  it("are those that the records make now (npm run generate:reference)", async () => {
    const pages = await referencePages();
    expect(Object.keys(pages)).to.have.length(7);
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

  it("have every declaration of the library, every word, every command and option", async () => {
    const library = committed("grammar/STDLIB.md");
    for (const module of standardLibrary.keys()) expect(library).to.contain(`\n## ${module}\n`);
    for (const name of (["network", "block", "recipe"] as const).flatMap(standardNames)) expect(library).to.match(new RegExp(`^(### ${name}|\\| \`${name}\` \\|.*)$`, "m"));
    // torchvision's documentation of resnet50: 25557032 parameters.
    expect(library).to.match(/^\| `ResNet50` \| 50 layers, .* \| 25,557,032 \| 4,089,184,256 \| 50 \|$/m);
    const words = committed("grammar/KEYWORDS.md");
    for (const word of reservedWords) expect(words).to.contain(`\n## ${word}\n`);
    const page = committed("grammar/CLI.md");
    const { commands } = await commandsOfProgram();
    for (const { name, command } of commands) {
      const [, part = ""] = page.split(new RegExp(`^#+ ${name}\n`, "m"));
      for (const { flags } of command.options) expect(part.split(/^##+ rnc/m)[0], `${name} ${flags}`).to.contain(`\n| \`${flags}\` | `);
    }
  });

  it("have a target for every link in them", async () => {
    for (const [path, text] of Object.entries(await referencePages())) {
      const anchors = new Set([...text.replace(/^```[^]*?^```$/gm, "").matchAll(/^#+ (.+)$/gm)].map(([, title = ""]) => anchorOf(title)));
      for (const [, anchor = ""] of text.matchAll(/\]\(#([^)]+)\)/g)) expect(anchors.has(anchor), `${path}#${anchor}`).to.equal(true);
    }
  });
});
