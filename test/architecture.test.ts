import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import { cruise } from "dependency-cruiser";
import type { ICruiseResult, IForbiddenRuleType } from "dependency-cruiser";

const root = fileURLToPath(new URL("..", import.meta.url)).replace(/\/$/, "");

/** The table of `src/ARCHITECTURE.md`: what each folder may import, besides itself. */
const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  base: [],
  diagnostics: ["base"],
  syntax: ["base", "diagnostics"],
  format: ["base", "diagnostics", "syntax"],
  ir: ["base"],
  ops: ["base", "diagnostics", "ir"],
  check: ["base", "diagnostics", "syntax", "ir", "ops", "passes"],
  passes: ["base", "ir", "ops"],
  weights: ["base", "ir"],
  data: ["base"],
  backends: ["base", "ir", "ops", "passes", "weights"],
  program: ["base", "diagnostics", "syntax", "ir", "ops", "check", "passes", "weights", "backends"],
  lint: ["base", "diagnostics", "syntax", "format", "ir", "ops", "passes", "check", "program"],
  reference: ["base", "diagnostics", "syntax", "ops", "check", "program", "lint"],
  engines: ["base", "ir", "ops", "passes", "weights", "backends"],
  verify: ["base", "ir", "ops", "passes", "weights", "backends", "program", "engines"],
  training: ["base", "program", "engines"],
  evaluation: ["base", "ir", "data"],
  draw: ["base", "ir", "ops", "program"],
  report: ["base", "program", "training"],
};

/** Packages, and the only folders that may import them. Everything else of `node_modules` is for tests and tools. */
const PACKAGES: Readonly<Record<string, readonly string[]>> = {
  "@dagrejs/dagre": ["draw"],
  "@tensorflow/tfjs": ["engines"],
  chevrotain: ["syntax"],
  commander: ["cli"],
  "d3-scale": ["report"],
  "d3-shape": ["report"],
  diff: ["cli"],
  "fastest-levenshtein": ["base"],
  ignore: ["cli"],
  "onnxruntime-node": ["engines"],
  picomatch: ["cli"],
  prettier: ["format"],
  protobufjs: ["backends/onnx"],
  "toml-eslint-parser": ["cli"],
};

const rules: IForbiddenRuleType[] = [
  // The one that is types alone.
  { name: "nothing-missing", severity: "error", from: {}, to: { couldNotResolve: true, pathNot: "^sarif$" } },
  ...Object.entries(ALLOWED).map(([folder, allowed]): IForbiddenRuleType => ({
    name: `${folder}-imports`,
    severity: "error",
    from: { path: `^src/${folder}/` },
    to: { path: "^src/", pathNot: [folder, ...allowed].map((name) => `^src/${name}/`) },
  })),
  { name: "door-imports", severity: "error", from: { path: "^src/index\\.ts$" }, to: { path: "^src/(cli|engines)/" } },
  { name: "nobody-imports-the-door", severity: "error", from: { path: "^src/" }, to: { path: "^src/index\\.ts$" } },
  { name: "node-only-outside", severity: "error", from: { path: "^src/", pathNot: "^src/(cli|engines)/" }, to: { dependencyTypes: ["core"] } },
  ...Object.entries(PACKAGES).map(([name, folders]): IForbiddenRuleType => ({
    name: `only-${folders.join("-")}-imports-${name}`,
    severity: "error",
    from: { path: "^src/", pathNot: folders.map((folder) => `^src/${folder}/`) },
    to: { path: `node_modules/${name}/` },
  })),
  { name: "known-packages", severity: "error", from: { path: "^src/" }, to: { path: "node_modules/", pathNot: Object.keys(PACKAGES).map((name) => `node_modules/${name}/`) } },
];

async function cruised(forbidden: readonly IForbiddenRuleType[]): Promise<ICruiseResult> {
  const { output } = await cruise(
    ["src"],
    { baseDir: root, validate: true, ruleSet: { forbidden: [...forbidden] }, tsPreCompilationDeps: true, doNotFollow: { path: "node_modules" }, exclude: { path: "\\.d\\.ts$" }, combinedDependencies: true },
    { extensions: [".ts", ".js", ".json"], exportsFields: ["exports"], conditionNames: ["import", "default"] },
    { tsConfig: { options: {} } },
  );
  return output as ICruiseResult;
}

function files(folder: string, ending: RegExp): string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: "utf8" }).filter((name) => ending.test(name)).map((name) => `${folder}/${name}`);
}

const violations = ({ summary }: ICruiseResult): string[] => summary.violations.map(({ from, to, rule }) => `${rule.name}: ${from} -> ${to}`);

describe("architecture", function () {
  this.timeout(120_000);

  it("keeps the law of imports, types included", async () => {
    const result = await cruised(rules);
    const ours = result.modules.filter(({ source }) => source.startsWith("src/"));
    // A checker that looked at nothing would find nothing wrong.
    expect(ours.length).to.be.greaterThan(50);
    expect(ours.reduce((sum, { dependencies }) => sum + dependencies.length, 0)).to.be.greaterThan(200);
    expect(ours.flatMap(({ dependencies }) => dependencies).filter(({ dependencyTypes }) => dependencyTypes.includes("type-only")).length).to.be.greaterThan(100);
    expect(violations(result)).to.deep.equal([]);
  });

  it("would see a law that is broken", async () => {
    const result = await cruised([{ name: "planted", severity: "error", from: { path: "^src/check/" }, to: { path: "^src/syntax/ast" } }]);
    expect(violations(result).length).to.be.greaterThan(5);
  });

  it("has a rule for every folder, and its page names every folder", () => {
    const folders = readdirSync(join(root, "src"), { withFileTypes: true }).filter((entry) => entry.isDirectory() && files(`src/${entry.name}`, /\.ts$/).length > 0).map(({ name }) => name);
    expect(folders.filter((name) => !(name in ALLOWED)).sort()).to.deep.equal(["cli"]);
    const page = readFileSync(join(root, "src/ARCHITECTURE.md"), "utf8");
    for (const name of folders) expect(page, name).to.include(`\`${name}/\``);
    for (const [name, allowed] of Object.entries(ALLOWED)) {
      const row = new RegExp(`^\\| \`${name}/\` \\|.*\\| ([^|]+) \\|$`, "m").exec(page)?.[1];
      const said = row === "nothing of ours" ? [] : row === "all above" ? undefined : row?.split(", ");
      if (said) expect([...said].sort(), name).to.deep.equal([...allowed].sort());
    }
  });

  it("has no file that is too long", () => {
    const all = [...files("src", /\.ts$/), ...files("test", /\.(ts|py)$/), ...files("tools", /\.(ts|cjs)$/)].filter((name) => !/\.generated\.ts$|node_modules|\.venv/.test(name));
    expect(all.length).to.be.greaterThan(100);
    const long = all.map((name) => ({ name, lines: readFileSync(join(root, name), "utf8").split("\n").length })).filter(({ lines }) => lines > 501);
    expect(long).to.deep.equal([]);
  });

  it("knows no name of the library's networks, blocks or shortcut options", () => {
    const declared = files("stdlib", /\.resnet$/).flatMap((name) => [...readFileSync(join(root, name), "utf8").matchAll(/^(?:network|block) (\w+)/gm)].map(([, word = ""]) => word));
    expect(declared.length).to.be.greaterThan(50);
    const names = new Set(declared);
    // As a value of the program: a string that is such a name. Messages, documentation and help may give examples.
    const told = /\b(doc|sample|help|summary|explanation|wrong|right|title|message|notes|label|description)\b|^\s*(\/?\*|\/\/)/;
    // The advice for two paths that cannot be added names the paper's options where they are in scope; nothing depends on it.
    const advice = "src/check/mismatch.ts";
    const found: string[] = [];
    for (const name of files("src", /\.ts$/).filter((file) => file !== advice && /^src\/(check|ir|ops|passes|weights|backends|program|lint|engines)\//.test(file) && !file.includes(".generated."))) {
      for (const [index, line] of readFileSync(join(root, name), "utf8").split("\n").entries()) {
        if (told.test(line)) continue;
        for (const [, word = ""] of line.matchAll(/"(\w+)"/g)) if (names.has(word)) found.push(`${name}:${index + 1}: "${word}"`);
      }
    }
    expect(found).to.deep.equal([]);
  });

  it("has no escape from the types in src", () => {
    const found: string[] = [];
    for (const name of files("src", /\.ts$/).filter((file) => !file.includes(".generated."))) {
      for (const [index, line] of readFileSync(join(root, name), "utf8").split("\n").entries()) {
        const code = line.replace(/\/\/.*$/, "").replace(/^\s*\/?\*.*$/, "").replace(/"(?:[^"\\]|\\.)*"|`(?:[^`\\]|\\.)*`/g, '""');
        if (/:\s*any\b|<any>|\bas any\b|\w!\.|\w!;|\]!|\)!|@ts-(ignore|nocheck)/.test(code)) found.push(`${name}:${index + 1}: ${line.trim()}`);
      }
    }
    expect(found).to.deep.equal([]);
  });
});
