import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import { createConfigs } from "../../../src/cli/lint/config.ts";
import type { Linted } from "../../../src/cli/lint/lint-file.ts";
import { lintFile } from "../../../src/cli/lint/lint-file.ts";
import { lintInThreads } from "../../../src/cli/lint/threads.ts";
import { createNodeHost } from "../../../src/cli/node-host.ts";
import { jsonProblem } from "../../../src/diagnostics/render/json.ts";
import { ensureBuilt, inFolder, rnc } from "../../support/cli.ts";

const suspicious = fileURLToPath(new URL("../../corpus/suspicious", import.meta.url));
const COPIES = 3;

/** The suspicious programs and what cannot be read, some times over: more files than one thread takes, with settings in one folder. */
function fill(folder: string): void {
  const names = readdirSync(suspicious).filter((name) => name.endsWith(".resnet"));
  for (let copy = 0; copy < COPIES; copy++) {
    const home = join(folder, `part${copy}`);
    mkdirSync(home);
    for (const name of names) writeFileSync(join(home, name), readFileSync(join(suspicious, name)));
    writeFileSync(join(home, "broken.resnet"), "network Broken {\n  conv(3x3, 16\n}\n");
    writeFileSync(join(home, "bytes.resnet"), Uint8Array.of(0xff, 0xfe, 0x00, 0x80));
    // It imports a file with a mistake, which is told once.
    writeFileSync(join(home, "importing.resnet"), 'use "broken.resnet" { Broken }\n\nnetwork Whole {\n  input image: float32[N, 3, 32, 32]\n  Broken\n}\n');
  }
  writeFileSync(join(folder, "part1", "rnc.toml"), '[lint]\nignore = ["RL03"]\n');
}

describe("linting in several threads", function () {
  this.timeout(60_000);

  it("says of every file what one thread says, in its order", () =>
    inFolder(async (folder) => {
      fill(folder);
      const host = createNodeHost();
      const config = { given: {} };
      const configs = createConfigs(host, config);
      const manner = { build: undefined, stdinName: undefined };
      const paths = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".resnet")).map((name) => join(folder, name));
      const jobs = await Promise.all(paths.map(async (path) => ({ path, settings: (await configs.of(path)).settings })));
      const alone = [];
      for (const job of jobs) alone.push(await lintFile(job, manner, host));
      expect(alone.length).to.be.greaterThan(100);
      expect(alone.filter((linted) => "failure" in linted).length).to.equal(COPIES);
      expect(alone.reduce((sum, linted) => sum + ("failure" in linted ? 0 : linted.problems.length), 0)).to.be.greaterThan(100);

      const together: Linted[] = [];
      await lintInThreads(jobs, 2, { manner, config }, host, (linted) => together.push(linted));
      expect(together.map(plain)).to.deep.equal(alone.map(plain));
    }));

  it("works as it is built, too", () =>
    inFolder((folder) => {
      ensureBuilt();
      for (let number = 0; number < 200; number++) writeFileSync(join(folder, `net${number}.resnet`), "network Mine {\n  input image: float32[N, 3, 32, 32]\n  conv(3x3, 16) -> bn -> relu -> globalavgpool -> linear(10)\n}\n");
      writeFileSync(join(folder, "net150.resnet"), "network Mine {\n");
      const { code, stdout, stderr } = rnc(["lint"], { cwd: folder });
      expect(stderr).to.equal("");
      expect(stdout).to.include("net150.resnet").and.to.match(/1 error in 1 of 200 files\n$/);
      expect(code).to.equal(1);
    }));
});

/** As it is told, without the whole texts. */
function plain(linted: Linted): unknown {
  if ("failure" in linted) return { path: linted.path, message: linted.failure.message, help: linted.failure.help };
  return { ...linted, problems: linted.problems.map(jsonProblem) };
}
