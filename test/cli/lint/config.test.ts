import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { Ajv } from "ajv";
import { expect } from "chai";
import fc from "fast-check";
import { positionAt } from "../../../src/base/source-file.ts";
import { createConfigs } from "../../../src/cli/lint/config.ts";
import { readConfig } from "../../../src/cli/lint/read-config.ts";
import { createNodeHost } from "../../../src/cli/node-host.ts";
import { RULES } from "../../../src/lint/registry.ts";
import { findRule } from "../../../src/lint/settings.ts";
import type { LintConfig } from "../../../src/lint/settings.ts";
import { configSchema } from "../../../tools/config-schema.ts";
import { inFolder } from "../../support/cli.ts";

const read = (text: string): ReturnType<typeof readConfig> => readConfig({ path: "rnc.toml", text, standard: false });

/** The rules that the examples speak of, whichever rules there are: one with a threshold, and another one. */
const deep = RULES.find(({ thresholds }) => thresholds !== undefined && Object.keys(thresholds).length > 0) as (typeof RULES)[number];
const [threshold = ""] = Object.keys(deep.thresholds ?? {});
const [other] = RULES as [(typeof RULES)[number]];

/** A text of settings, and what is said about it: line, column, a part of the message and of the help. */
const wrong: readonly (readonly [string, readonly (readonly [number, number, string, string])[]])[] = [
  ["[lint]\nselect = [\n", [[3, 1, "is no TOML", "`name = value`"]]],
  ["lint = 1\n", [[1, 8, "`lint` is a table, not a number", "[lint]"]]],
  ["[lnt]\n", [[1, 2, "there is no setting `lnt` here", "Did you mean `lint`?"]]],
  ["[lint]\nselct = []\n", [[2, 1, "there is no setting `selct` in [lint]", "Did you mean `select`?"]]],
  ["[lint]\nlevel = 1\n", [[2, 1, "there is no setting `level`", "There are `select`, `ignore`, `severity`, `exclude`, `rules`."]]],
  ["lint.select = 'all'\n", [[1, 15, "`lint.select` is a list of texts, not a text", 'select = ["…", "…"]']]],
  ["[lint]\nignore = ['all', true]\n", [[2, 18, "an element of `lint.ignore` is a text, not true or false", "in quotes"]]],
  ["[lint]\nexclude = 2026-01-01\n", [[2, 11, "a list of texts, not a date", "exclude ="]]],
  ["[lint]\nseverity = 'loud'\n", [[2, 12, '"loud" is no severity', '"error"']]],
  ["[lint]\nseverity = 3\n", [[2, 12, "`lint.severity` is a text, not a number", "in quotes"]]],
  ["[lint]\nselect = ['all', 'unusd']\n", [[2, 18, "there is no rule `unusd`", "Did you mean `unused`?"]]],
  ["[lint.rules.unusd]\nseverity = 'off'\n", [[1, 13, "there is no rule `unusd`", "`unused`"]]],
  ["[lint.rules]\nunused = 'off'\n", [[2, 10, "`lint.rules.unused` is a table, not a text", "[lint.rules.unused]"]]],
  ["[lint.rules.unused]\nseverity = 'of'\n", [[2, 12, '"of" is no severity', '"off"']]],
  [`[lint.rules.${deep.name}]\n${threshold}x = 3\n`, [[2, 1, `no threshold \`${threshold}x\``, `\`${threshold}\``]]],
  [`[lint.rules]\n${deep.code} = { ${threshold} = -1 }\n`, [[2, 13 + threshold.length, "is a number that is not negative", "Its default is"]]],
  [`[lint.rules.${deep.name}]\n${threshold} = 'x'\n`, [[2, threshold.length + 4, "is a number, not a text", "thresholds, which are numbers"]]],
  ["[lint]\nseverity = 'info'\nseverity = 'error'\n", [[3, 1, "is no TOML", ""]]],
  ["[lint]\nselct = 1\nexclud = 2\nseverity = 'x'\n", [[2, 1, "selct", "select"], [3, 1, "exclud", "exclude"], [4, 12, "no severity", ""]]],
];

describe("cli: rnc.toml", () => {
  for (const [text, expected] of wrong) {
    it(`says where ${JSON.stringify(text)} is wrong`, async () => {
      const { mistakes } = await read(text);
      expect(mistakes.map(({ at }) => at && Object.values(positionAt(at.span.source, at.span.start)))).to.deep.equal(expected.map(([line, column]) => [line, column]));
      mistakes.forEach((mistake, index) => {
        expect(mistake.message).to.include(expected[index]?.[2]);
        expect(mistake.help.join(" ")).to.include(expected[index]?.[3]);
      });
    });
  }

  it("reads what may be said, in every form of TOML", async () => {
    const rules = { [other.name]: { severity: "off", thresholds: {} }, [deep.name]: { thresholds: { [threshold]: 7 } } };
    const meant = { lint: { select: ["all"], ignore: [deep.code], severity: "info", rules }, exclude: ["old/"] };
    const texts = [
      `[lint]\nselect = ["all"]\nignore = ["${deep.code}"]\nseverity = "info"\nexclude = ["old/"]\n[lint.rules.${other.name}]\nseverity = "off"\n[lint.rules.${deep.name}]\n${threshold} = 7\n`,
      `lint = { select = ['all'], ignore = ['${deep.code}'], severity = 'info', exclude = ['old/'], rules = { ${other.name} = { severity = 'off' }, ${deep.name} = { ${threshold} = 7 } } }`,
      `lint.select = ["all"]\r\nlint.ignore = ["${deep.code}",]\r\nlint.severity = """info"""\r\nlint.exclude = ["old/"] # those\r\nlint.rules.${other.name}.severity = "off"\r\nlint.rules."${deep.name}".${threshold} = 0x7\r\n`,
    ];
    for (const text of texts) {
      const { value, mistakes } = await read(text);
      expect(mistakes.map(({ message }) => message)).to.deep.equal([]);
      expect(value).to.deep.equal(meant);
    }
    expect(await read("")).to.deep.equal({ value: { lint: { rules: {} }, exclude: [] }, mistakes: [] });
  });

  it("takes the example of the page about workflows", async () => {
    const page = readFileSync(new URL("../../../grammar/WORKFLOWS.md", import.meta.url), "utf8");
    const [, text = ""] = /```toml\n([\s\S]*?)```/.exec(page) ?? [];
    const { value, mistakes } = await read(text);
    expect(mistakes.map(({ message }) => message)).to.deep.equal([]);
    expect(value).to.deep.include({ exclude: ["generated/"] });
  });

  it("has the schema that the rules make now (npm run generate:reference)", () => {
    expect(readFileSync(new URL("../../../grammar/rnc.schema.json", import.meta.url), "utf8") === configSchema(), "grammar/rnc.schema.json is stale: run npm run generate:reference").to.equal(true);
  });

  it("takes what the schema takes, and nothing else", async () => {
    const validate = new Ajv({ strict: true, allErrors: true }).compile(JSON.parse(configSchema()) as object);
    const names = RULES.flatMap(({ name, code }) => [name, code]);
    const junk = fc.oneof(fc.integer({ min: -2, max: 3 }), fc.boolean(), fc.constantFrom("all", "info", "off", "loud", names[0] ?? ""), fc.constant([]), fc.constant({}), fc.constant(["x", 1]));
    const or = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<unknown> => fc.oneof({ weight: 30, arbitrary: value }, { weight: 1, arbitrary: junk });
    const someNames = or(fc.array(or(fc.constantFrom("all", ...names)), { maxLength: 3 }));
    const plain: { requiredKeys: []; noNullPrototype: true } = { requiredKeys: [], noNullPrototype: true };
    const someRule = or(fc.record({ severity: or(fc.constantFrom("off", "error")), [threshold]: or(fc.integer({ min: 0, max: 30 })), nothing: junk }, plain).map(({ nothing, ...rule }) => (nothing === 3 ? { ...rule, nothing } : rule)));
    const rules = or(fc.dictionary(fc.constantFrom(deep.name, deep.code, other.name), someRule, { noNullPrototype: true }));
    const sections = { select: someNames, ignore: someNames, severity: or(fc.constantFrom("error", "info")), exclude: or(fc.array(or(fc.string()))), rules };
    const lint = or(fc.oneof({ weight: 9, arbitrary: fc.record(sections, plain) }, { weight: 1, arbitrary: fc.record({ ...sections, selct: junk }, plain) }));
    let [good, bad] = [0, 0];
    await fc.assert(
      fc.asyncProperty(fc.record({ lint }, { noNullPrototype: true }), async (value) => {
        const { mistakes } = await read(tomlOf(value));
        const isValid = validate(value);
        if (isValid) good++;
        else bad++;
        expect(mistakes.length === 0, `${tomlOf(value)}\n${mistakes.map(({ message }) => message).join("\n")}\n${JSON.stringify(validate.errors)}`).to.equal(isValid);
      }),
      { numRuns: 600, seed: 6 },
    );
    expect(Math.min(good, bad)).to.be.greaterThan(50);
  });
});

/** Plain data as TOML, in one line. */
function tomlOf(value: object): string {
  const inline = (item: unknown): string => {
    if (Array.isArray(item)) return `[${item.map(inline).join(", ")}]`;
    if (typeof item === "object" && item !== null) return `{ ${Object.entries(item).map(([name, part]) => `${JSON.stringify(name)} = ${inline(part)}`).join(", ")} }`;
    return typeof item === "string" ? `"${[...item].map((character) => (/[\p{L}\p{N} ]/u.test(character) ? character : `\\U${(character.codePointAt(0) ?? 0).toString(16).padStart(8, "0")}`)).join("")}"` : String(item);
  };
  return Object.entries(value).map(([name, part]) => `${name} = ${inline(part)}\n`).join("");
}

/** What holds for a file, in a folder with these files. */
async function settingsIn<T>(files: Readonly<Record<string, string>>, path: string, given: LintConfig, ask: (config: Awaited<ReturnType<ReturnType<typeof createConfigs>["of"]>>, folder: string) => T, more: { readonly file?: string; readonly isOff?: boolean } = {}): Promise<T> {
  return inFolder(async (folder) => {
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(dirname(join(folder, name)), { recursive: true });
      writeFileSync(join(folder, name), text);
    }
    const configs = createConfigs(createNodeHost(), { given, ...(more.isOff ? { isOff: true } : {}), ...(more.file === undefined ? {} : { file: join(folder, more.file) }) });
    const config = await configs.of(join(folder, path));
    expect(configs.mistakes.map(({ message }) => message)).to.deep.equal([]);
    return ask(config, folder);
  });
}

describe("cli: which settings hold", () => {
  const off = `[lint.rules.${other.name}]\nseverity = "off"\n`;
  const severity = (config: { settings: { severityOf(rule: typeof other): string } }): string => config.settings.severityOf(other);
  const loud: LintConfig = { severity: "info" };

  it("the nearest upwards, alone, past the root of a repository", async () => {
    const files = { "rnc.toml": off, "a/b/rnc.toml": `[lint.rules.${other.code}]\nseverity = "error"\n`, "a/.git/HEAD": "" };
    expect(await settingsIn(files, "x.resnet", loud, severity)).to.equal("off");
    expect(await settingsIn(files, "a/x.resnet", loud, severity)).to.equal("off");
    expect(await settingsIn(files, "a/b/c/x.resnet", loud, severity)).to.equal("error");
    expect(await settingsIn({ ...files, "a/b/rnc.toml": "" }, "a/b/x.resnet", loud, severity)).to.equal(other.severity);
  });

  it("--config for every file, --no-config for none", async () => {
    const files = { "rnc.toml": off, "ci/strict.toml": `[lint.rules.${other.name}]\nseverity = "error"\n` };
    expect(await settingsIn(files, "x.resnet", loud, severity, { file: "ci/strict.toml" })).to.equal("error");
    expect(await settingsIn(files, "x.resnet", loud, severity, { isOff: true })).to.equal(other.severity);
  });

  it("the command line before the file", async () => {
    const files = { "rnc.toml": `[lint]\nselect = ["${deep.name}"]\nignore = ["${deep.name}"]\nseverity = "error"\n${off}` };
    const of = (given: LintConfig): Promise<string[]> => settingsIn(files, "x.resnet", given, ({ settings }) => [settings.severityOf(other), settings.severityOf(deep)]);
    expect(await of({})).to.deep.equal(["off", "off"]);
    // A rule that is named is asked, whatever the file says of it; the others are not.
    expect(await of({ select: [other.code.toLowerCase()] })).to.deep.equal([other.severity, "off"]);
    expect(await of({ select: [deep.name] })).to.deep.equal(["off", deep.severity]);
    expect(await of({ select: ["all"], severity: "info" })).to.deep.equal(["off", deep.severity]);
    expect(await of({ select: [deep.name], ignore: [deep.code] })).to.deep.equal(["off", "off"]);
    expect(findRule(other.code)).to.equal(other);
  });

  it("leaves files out as a .gitignore in the same folder would", async () => {
    const files = { "nets/rnc.toml": '[lint]\nexclude = ["old/", "*-draft.resnet", "!kept-draft.resnet", "/top.resnet"]\n' };
    const excluded = await settingsIn(files, "nets/x.resnet", {}, ({ isExcluded }, folder) =>
      ["nets/x.resnet", "nets/old/x.resnet", "nets/deep/old/x.resnet", "nets/a-draft.resnet", "nets/kept-draft.resnet", "nets/top.resnet", "nets/deep/top.resnet", "old/x.resnet"].filter((path) => isExcluded(join(folder, path))),
    );
    expect(excluded).to.deep.equal(["nets/old/x.resnet", "nets/deep/old/x.resnet", "nets/a-draft.resnet", "nets/top.resnet"]);
  });
});
