import { execFileSync, spawnSync } from "node:child_process";
import { cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import type { Log } from "sarif";
import { ensureBuilt, inFolder } from "../../support/cli.ts";
import { needsPython, pythonOracle } from "../../support/python.ts";

const root = fileURLToPath(new URL("../../..", import.meta.url));

const GOOD = "network Good {\n  input image: float32[N, 3, 8, 8]\n  conv(3x3, 16)\n}\n";
const WIDE = GOOD.replaceAll("  ", "      ");
const BROKEN = GOOD.replace("16)", "16");

function git(folder: string, ...args: readonly string[]): string {
  return execFileSync("git", ["-c", "user.name=rnc", "-c", "user.email=rnc@example.org", ...args], { cwd: folder, encoding: "utf8" }).trim();
}

function python(args: readonly string[], cwd: string, env: NodeJS.ProcessEnv = {}): { readonly code: number | null; readonly output: string } {
  const ran = spawnSync(pythonOracle() ?? "", args, { cwd, encoding: "utf8", env: { ...process.env, ...env } });
  return { code: ran.status, output: `${ran.stdout}${ran.stderr}` };
}

describe("rnc in pre-commit", function () {
  // It installs the hooks by npm, as it does for its users.
  this.timeout(300_000);
  before(ensureBuilt);

  it("has hooks that pre-commit takes", function () {
    needsPython(this, "pre_commit");
    expect(python(["-m", "pre_commit", "validate-manifest", ".pre-commit-hooks.yaml"], root)).to.deep.equal({ code: 0, output: "" });
  });

  it("installs them from a repository and runs them on what is staged", function () {
    needsPython(this, "pre_commit");
    return inFolder((folder) => {
      // The checkout as it is after its build: pre-commit packs and installs it, as it would after building it from source.
      const hooks = join(folder, "rnc");
      mkdirSync(hooks);
      cpSync(join(root, "dist"), join(hooks, "dist"), { recursive: true });
      cpSync(join(root, ".pre-commit-hooks.yaml"), join(hooks, ".pre-commit-hooks.yaml"));
      const { name, version, type, bin, main, files } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as Record<string, unknown>;
      writeFileSync(join(hooks, "package.json"), JSON.stringify({ name, version, type, bin, main, files }));
      git(hooks, "init", "--quiet");
      git(hooks, "add", "--all", "--force");
      git(hooks, "commit", "--quiet", "-m", "rnc");

      const project = join(folder, "project");
      mkdirSync(project);
      git(project, "init", "--quiet");
      const config = { repos: [{ repo: hooks, rev: git(hooks, "rev-parse", "HEAD"), hooks: [{ id: "rnc-check" }, { id: "rnc-fmt" }, { id: "rnc-lint", args: ["--max-warnings", "0"] }] }] };
      writeFileSync(join(project, ".pre-commit-config.yaml"), JSON.stringify(config));
      const run = (texts: Readonly<Record<string, string>>): { readonly code: number | null; readonly output: string } => {
        for (const [name, text] of Object.entries(texts)) writeFileSync(join(project, name), text);
        git(project, "add", "--all");
        return python(["-m", "pre_commit", "run"], project, { PRE_COMMIT_HOME: join(folder, "cache"), PRE_COMMIT_COLOR: "never" });
      };

      const broken = run({ "a.resnet": BROKEN, "b.resnet": GOOD, "notes.txt": "conv(3x3, 16\n" });
      expect(broken.output).to.match(/rnc check\.+Failed/).and.to.match(/rnc lint\.+Failed/).and.to.match(/rnc fmt\.+Failed/).and.to.include("┌─ a.resnet:3:7");
      expect(broken.output).not.to.include("notes.txt");
      expect(broken.code).to.equal(1);

      const wide = run({ "a.resnet": WIDE });
      expect(wide.output).to.match(/rnc check\.+Passed/).and.to.match(/rnc lint\.+Passed/).and.to.match(/rnc fmt\.+Failed/).and.to.include("files were modified by this hook");
      expect(readFileSync(join(project, "a.resnet"), "utf8")).to.equal(GOOD);
      expect(run({}).code).to.equal(0);
    });
  });
});

describe("rnc in GitHub Actions", function () {
  this.timeout(120_000);
  before(ensureBuilt);

  interface Action {
    readonly inputs: Readonly<Record<string, { readonly default: string }>>;
    readonly runs: { readonly steps: readonly { readonly name: string; readonly run?: string; readonly env?: Readonly<Record<string, string>> }[] };
  }
  const actionFile = (): Action => JSON.parse(python(["-c", "import json, yaml; print(json.dumps(yaml.safe_load(open('action.yml'))))"], root).output) as Action;

  it("has an action that fits the schema of actions", function () {
    needsPython(this, "check_jsonschema");
    const { code, output } = python(["-m", "check_jsonschema", "--builtin-schema", "vendor.github-actions", "action.yml"], root);
    expect(code, output).to.equal(0);
  });

  it("runs its steps: the report is written, and the job fails afterwards", function () {
    needsPython(this, "yaml");
    const { inputs, runs } = actionFile();
    // What stays for GitHub itself: the installation from the checkout, and the upload.
    expect(runs.steps.map(({ name }) => name)).to.deep.equal(["Install rnc", "Lint", "Upload the report", "Result"]);
    const values: Readonly<Record<string, string>> = { "github.action_path": root };
    const step = (name: string, folder: string, given: Readonly<Record<string, string>>): number | null => {
      const { run = "", env = {} } = runs.steps.find((entry) => entry.name === name) ?? {};
      const filled = Object.entries(env).map(([key, text]) => [key, text.replace(/\$\{\{ (\S+) \}\}/g, (_, path: string) => given[path] ?? values[path] ?? inputs[path.replace("inputs.", "")]?.default ?? `?${path}`)]);
      const ran = spawnSync("bash", ["--noprofile", "--norc", "-eo", "pipefail", "-c", run], { cwd: folder, encoding: "utf8", env: { ...process.env, GITHUB_OUTPUT: join(folder, "output"), ...(Object.fromEntries(filled) as NodeJS.ProcessEnv) } });
      expect(filled.filter(([, text]) => text?.startsWith("?"))).to.deep.equal([]);
      return ran.status;
    };
    return inFolder((folder) => {
      writeFileSync(join(folder, "a.resnet"), BROKEN);
      writeFileSync(join(folder, "b.resnet"), GOOD);
      expect(step("Lint", folder, {})).to.equal(0);
      const [run] = (JSON.parse(readFileSync(join(folder, "rnc.sarif"), "utf8")) as Log).runs;
      expect(run?.results?.map(({ ruleId, locations }) => [ruleId, locations?.[0]?.physicalLocation?.artifactLocation?.uri])).to.deep.include(["RN0104", "a.resnet"]);
      expect(readFileSync(join(folder, "output"), "utf8")).to.equal("code=1\n");
      expect(step("Result", folder, { "steps.lint.outputs.code": "1" })).to.equal(1);

      // A pattern reaches rnc as it is, options divide at blanks, and a wrong one fails at once.
      writeFileSync(join(folder, "output"), "");
      expect(step("Lint", folder, { "inputs.files": "b.res*", "inputs.arguments": "--severity error --max-warnings 0", "inputs.sarif-file": "other.sarif" })).to.equal(0);
      expect((JSON.parse(readFileSync(join(folder, "other.sarif"), "utf8")) as Log).runs[0]?.results).to.deep.equal([]);
      expect(readFileSync(join(folder, "output"), "utf8")).to.equal("code=0\n");
      expect(step("Lint", folder, { "inputs.arguments": "--no-such-option" })).to.equal(2);
    });
  });
});

describe("rnc in npm scripts", function () {
  this.timeout(60_000);
  before(ensureBuilt);

  it("runs as the page about workflows has it", () =>
    inFolder((folder) => {
      const page = readFileSync(join(root, "grammar/WORKFLOWS.md"), "utf8");
      const [, recipe = ""] = /```json\n(\{\n {2}"scripts"[\s\S]*?)```/.exec(page) ?? [];
      writeFileSync(join(folder, "package.json"), recipe);
      mkdirSync(join(folder, "node_modules/.bin"), { recursive: true });
      writeFileSync(join(folder, "node_modules/.bin/rnc"), `#!/bin/sh\nexec "${process.execPath}" "${join(root, "dist/bin/rnc.cjs")}" "$@"\n`, { mode: 0o755 });
      const npm = (script: string): number | null => spawnSync("npm", ["run", "--silent", script], { cwd: folder, encoding: "utf8" }).status;
      writeFileSync(join(folder, "a.resnet"), WIDE);
      expect(Object.keys((JSON.parse(recipe) as { scripts: object }).scripts)).to.deep.equal(["lint", "fix"]);
      expect(npm("lint")).to.equal(1);
      expect(npm("fix")).to.equal(0);
      expect(readFileSync(join(folder, "a.resnet"), "utf8")).to.equal(GOOD);
      expect(npm("lint")).to.equal(0);
    }));
});
