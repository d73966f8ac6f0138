import { readFileSync } from "node:fs";
import { Ajv } from "ajv";
import { Ajv2020 } from "ajv/dist/2020.js";
import { expect } from "chai";
import type { Log } from "sarif";
import { InputError } from "../../../src/base/input-error.ts";
import type { SourceFile } from "../../../src/base/source-file.ts";
import type { Output } from "../../../src/cli/host.ts";
import type { Format, LintedFile } from "../../../src/cli/lint/output.ts";
import { createLintOutput } from "../../../src/cli/lint/output.ts";
import { createTotals } from "../../../src/cli/lint/totals.ts";
import { createNodeHost } from "../../../src/cli/node-host.ts";
import type { Problem } from "../../../src/diagnostics/problem.ts";
import { createProblem } from "../../../src/diagnostics/problem.ts";
import type { JsonProblem } from "../../../src/diagnostics/render/json.ts";
import { NO_COLORS } from "../../../src/diagnostics/render/colors.ts";
import { RULES } from "../../../src/lint/registry.ts";

const [rule] = RULES as [(typeof RULES)[number]];

/** Two lines; the emoji before the `x` is one character and two UTF-16 units. */
const source: SourceFile = { path: "my nets/a,b.resnet", text: "// \u{1f600} x\nrelu -> relu\n", standard: false };
const library: SourceFile = { path: "std.blocks", text: "block a {\n  relu\n}\n", standard: true };
const at = (text: string, from = 0): { source: SourceFile; start: number; end: number } => {
  const start = source.text.indexOf(text, from);
  return { source, start, end: start + text.length };
};

const problems: readonly Problem[] = [
  createProblem({
    code: rule.code,
    rule: rule.name,
    severity: "warning",
    message: "100 % of it: twice,\nand again",
    span: at("x"),
    label: "here",
    secondary: [{ span: at("-> relu"), text: "there" }, { span: { source: library, start: 12, end: 16 }, text: "in the library" }],
    notes: ["a number: 3"],
    help: ["Take it out."],
    fixes: [{ title: "take it out", edits: [{ span: at(" -> relu"), text: "" }], isSafe: true }],
  }),
  createProblem({ code: "RN0104", message: "this is an error", span: { source, start: 4, end: source.text.length } }),
  createProblem({ code: rule.code, rule: rule.name, severity: "info", message: "a remark on the library", span: { source: library, start: 0, end: 5 }, fixes: [{ title: "no", edits: [{ span: { source: library, start: 0, end: 5 }, text: "" }], isSafe: true }] }),
];
const [first] = problems as [Problem];

/** What a form writes about files, and about one that cannot be read. */
async function written(format: Format, files: readonly LintedFile[], more: { readonly failure?: boolean; readonly isStatistics?: boolean } = {}): Promise<{ out: string; err: string }> {
  const texts = { out: "", err: "" };
  const to = (name: "out" | "err"): Output => ({ isTerminal: false, columns: 100, colors: NO_COLORS, write: (text) => void (texts[name] += text) });
  const host = { ...createNodeHost(), out: to("out"), err: to("err") };
  const output = await createLintOutput(host, { format, isStatistics: more.isStatistics === true, out: host.out });
  const totals = createTotals();
  for (const file of files) {
    totals.add(file);
    output.file(file);
  }
  if (more.failure) {
    totals.fail();
    output.failure(new InputError("there is no file `gone.resnet`", { help: ["Did you mean `a,b.resnet`?"] }), "gone.resnet");
  }
  output.end(totals.value());
  return texts;
}

const plain: LintedFile = { path: source.path, problems, applied: [], refused: [] };
const mended: LintedFile = { path: source.path, problems: [], applied: [{ problem: first, fix: first.fixes[0] as (typeof first.fixes)[0] }], refused: [{ problem: first, fix: first.fixes[0] as (typeof first.fixes)[0], reason: "it changes nothing" }] };
const clean: LintedFile = { path: "c.resnet", problems: [], applied: [], refused: [] };

const parsed = (path: string): object => JSON.parse(readFileSync(new URL(path, import.meta.url), "utf8")) as object;

/** The official schema is of a draft that names its own address differently; nothing else in it differs for a validator. */
function sarifValidator(): ReturnType<Ajv["compile"]> {
  const { $schema: _draft, id: _id, ...schema } = parsed("./sarif/sarif-2.1.0-rtm.5.json") as Record<string, unknown>;
  const ajv = new Ajv({ strict: false, allErrors: true, unicodeRegExp: false });
  ajv.addFormat("uri", (text) => URL.canParse(text));
  ajv.addFormat("uri-reference", (text) => URL.canParse(text, "file:///") && !/[ \\]/.test(text));
  ajv.addFormat("date-time", (text) => !Number.isNaN(Date.parse(text)));
  return ajv.compile(schema);
}

describe("cli: rnc lint --format sarif", () => {
  const validate = sarifValidator();

  it("is SARIF 2.1.0 by its official schema, whatever there is to say", async () => {
    for (const files of [[], [clean], [plain], [clean, plain, mended, plain]]) {
      for (const failure of [false, true]) {
        const { out, err } = await written("sarif", files, { failure });
        expect(validate(JSON.parse(out)), JSON.stringify(validate.errors)).to.equal(true);
        expect(err).to.equal("");
      }
    }
    // The schema can fail.
    expect(validate(JSON.parse((await written("sarif", [plain])).out.replace('"ruleIndex":0', '"ruleIndex":"0"')))).to.equal(false);
  });

  it("has places in UTF-16 columns, relative addresses, fixes, related places, and the rules that were broken with their help", async () => {
    const { runs } = JSON.parse((await written("sarif", [plain, plain], { failure: true })).out) as Log;
    const [run] = runs;
    expect(run?.columnKind).to.equal("utf16CodeUnits");
    const results = run?.results ?? [];
    expect(results.map(({ ruleId, ruleIndex, level }) => [ruleId, ruleIndex, level])).to.deep.equal([...Array(2)].flatMap(() => [[rule.code, 0, "warning"], ["RN0104", 1, "error"], [rule.code, 0, "note"]]));
    const artifactLocation = { uri: "my%20nets/a%2Cb.resnet", uriBaseId: "%SRCROOT%" };
    // `// `, two units of the emoji and a blank: the `x` is unit 7.
    expect(results[0]?.locations).to.deep.equal([{ physicalLocation: { artifactLocation, region: { startLine: 1, startColumn: 7, endLine: 1, endColumn: 8 } }, message: { text: "here" } }]);
    expect(results[0]?.message.text).to.equal("100 % of it: twice,\nand again\na number: 3\nTake it out.");
    expect(results[0]?.relatedLocations).to.deep.equal([
      { id: 0, physicalLocation: { artifactLocation, region: { startLine: 2, startColumn: 6, endLine: 2, endColumn: 13 } }, message: { text: "there" } },
      { id: 1, logicalLocations: [{ name: "std.blocks", fullyQualifiedName: "std.blocks:2", kind: "module" }], message: { text: "in the library" } },
    ]);
    expect(results[0]?.fixes).to.deep.equal([{ description: { text: "take it out" }, artifactChanges: [{ artifactLocation, replacements: [{ deletedRegion: { startLine: 2, startColumn: 5, endLine: 2, endColumn: 13 }, insertedContent: { text: "" } }] }] }]);
    // Nobody can edit the library.
    expect(results[2]?.fixes).to.equal(undefined);
    const rules = run?.tool.driver.rules ?? [];
    expect(rules.map(({ id }) => id)).to.deep.equal([rule.code, "RN0104"]);
    expect([rules[0]?.name, rules[0]?.shortDescription?.text, rules[0]?.fullDescription?.text]).to.deep.equal([rule.name, rule.summary, rule.why]);
    for (const { help } of rules) expect(help?.markdown?.length).to.be.greaterThan(100);
    expect(run?.invocations?.[0]).to.deep.include({ executionSuccessful: false });
    expect(run?.invocations?.[0]?.toolExecutionNotifications?.[0]?.message.text).to.include("no file `gone.resnet`");
  });
});

describe("cli: rnc lint --format json", () => {
  const validate = new Ajv2020({ strict: true, allErrors: true }).compile(parsed("../../../grammar/lint.schema.json"));

  it("fits its schema, whatever there is to say", async () => {
    for (const files of [[], [clean], [plain], [clean, plain, mended, plain]]) {
      for (const failure of [false, true]) {
        const { out } = await written("json", files, { failure });
        expect(validate(JSON.parse(out)), JSON.stringify(validate.errors)).to.equal(true);
      }
    }
    expect(validate(JSON.parse((await written("json", [plain])).out.replace('"line":1', '"line":0')))).to.equal(false);
  });

  it("has every part of a problem, what was fixed, what could not be read, and counts", async () => {
    const json = JSON.parse((await written("json", [plain, mended], { failure: true })).out) as { problems: JsonProblem[]; fixed: object[]; notFixed: object[]; failures: object[]; summary: object };
    expect(json.problems).to.have.length(3);
    expect(json.problems[0]).to.deep.include({ code: rule.code, slug: rule.name, severity: "warning", message: "100 % of it: twice,\nand again", label: "here", notes: ["a number: 3"], help: ["Take it out."] });
    expect(json.problems[0]?.span).to.deep.equal({ path: source.path, start: { line: 1, column: 7, offset: 6 }, end: { line: 1, column: 8, offset: 7 } });
    expect(json.problems[0]?.fixes[0]).to.deep.include({ title: "take it out", isSafe: true });
    const fixed = { path: source.path, code: rule.code, slug: rule.name, title: "take it out", span: { path: source.path, start: { line: 2, column: 5, offset: 12 }, end: { line: 2, column: 13, offset: 20 } } };
    expect(json.fixed).to.deep.equal([fixed]);
    expect(json.notFixed).to.deep.equal([{ ...fixed, reason: "it changes nothing" }]);
    expect(json.failures).to.deep.equal([{ path: "gone.resnet", message: "there is no file `gone.resnet`", notes: [], help: ["Did you mean `a,b.resnet`?"] }]);
    expect(json.summary).to.deep.equal({ files: 2, errors: 1, warnings: 1, remarks: 1, rules: [{ code: rule.code, slug: rule.name, severity: "warning", count: 2 }, { code: "RN0104", slug: "never-closed", severity: "error", count: 1 }] });
  });
});

describe("cli: rnc lint --format github", () => {
  it("escapes as the workflow commands of GitHub want it, and has columns inside of one line alone", async () => {
    const { GITHUB_WORKSPACE: before } = process.env;
    try {
      delete process.env.GITHUB_WORKSPACE;
      const { out } = await written("github", [plain], { failure: true });
      expect(out).to.equal(
        [
          `::warning file=my nets/a%2Cb.resnet,line=1,col=7,endLine=1,endColumn=8,title=${rule.code} ${rule.name}::100 %25 of it: twice,%0Aand again%0Ahere%0Aa number: 3%0ATake it out.`,
          "::error file=my nets/a%2Cb.resnet,line=1,endLine=2,title=RN0104 never-closed::this is an error",
          `::notice title=${rule.code} ${rule.name}::a remark on the library`,
          "::error file=gone.resnet,title=rnc lint::there is no file `gone.resnet`%0ADid you mean `a%2Cb.resnet`?".replace("a%2Cb", "a,b"),
          "",
        ].join("\n"),
      );
      process.env.GITHUB_WORKSPACE = new URL("../../../../", import.meta.url).pathname;
      expect((await written("github", [plain])).out).to.match(/^::warning file=[^/,]+\/my nets\/a%2Cb.resnet,/);
    } finally {
      if (before === undefined) delete process.env.GITHUB_WORKSPACE;
      else process.env.GITHUB_WORKSPACE = before;
    }
  });
});

describe("cli: rnc lint --format pretty", () => {
  it("names code and rule, and ends with what there was", async () => {
    const { out, err } = await written("pretty", [clean, plain], { failure: true });
    expect(out).to.include(`warning[${rule.code} ${rule.name}]: 100 % of it`).and.to.include("error[RN0104]: this is an error").and.to.include(`info[${rule.code} ${rule.name}]: a remark`);
    expect(out).to.match(/\n\n1 error, 1 warning, 1 remark in 1 of 2 files; 1 could not be read\n1 of them can be mended by `rnc lint --fix`; `--diff` shows how.\n$/);
    expect(err).to.equal("error: there is no file `gone.resnet`\n  help: Did you mean `a,b.resnet`?\n");
    expect((await written("pretty", [clean])).out).to.equal("no problems in 1 file\n");
    expect((await written("pretty", [], { failure: true })).out).to.equal("");
  });

  it("says what was fixed, and what was not", async () => {
    const name = `${rule.code} ${rule.name}`;
    expect((await written("pretty", [mended])).out).to.equal(`fixed my nets/a,b.resnet:2: take it out (${name})\nnot fixed my nets/a,b.resnet:2: take it out (${name}): it changes nothing\nno problems in 1 file; 1 fixed\n`);
  });

  it("counts by rule with --statistics", async () => {
    const { out } = await written("pretty", [plain], { isStatistics: true });
    const width = Math.max(rule.name.length, "never-closed".length);
    expect(out).to.equal(`count  code    ${"name".padEnd(width)}  severity\n    2  ${rule.code.padEnd(6)}  ${rule.name.padEnd(width)}  warning\n    1  RN0104  ${"never-closed".padEnd(width)}  error\n\n1 error, 1 warning, 1 remark in 1 file\n1 of them can be mended by \`rnc lint --fix\`; \`--diff\` shows how.\n`);
  });
});
