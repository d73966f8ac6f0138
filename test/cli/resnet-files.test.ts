import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect } from "chai";
import { createNodeHost } from "../../src/cli/node-host.ts";
import { findResnetFiles } from "../../src/cli/resnet-files.ts";
import { inFolder } from "../support/cli.ts";

const host = createNodeHost();

function fill(folder: string, files: Readonly<Record<string, string>>): void {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
}

/** What is found, relative to the folder. */
async function found(folder: string, targets: readonly string[]): Promise<{ paths: string[]; failures: string[] }> {
  const { paths, failures } = await findResnetFiles(targets.map((target) => join(folder, target)), host);
  return { paths: paths.map((path) => path.slice(folder.length + 1)), failures: failures.map(({ message }) => message.replaceAll(`${folder}/`, "")) };
}

describe("cli: the files that arguments stand for", () => {
  it("files as they are named, folders in order, nothing twice", () =>
    inFolder(async (folder) => {
      fill(folder, { "b/z.resnet": "", "b/a/y.resnet": "", "b/x.txt": "", "a.resnet": "" });
      expect(await found(folder, ["missing.resnet", "a.resnet", "b", "b/z.resnet"])).to.deep.equal({ paths: ["missing.resnet", "a.resnet", "b/a/y.resnet", "b/z.resnet"], failures: [] });
    }));

  it("patterns, also with braces; a file whose name is one is that file", () =>
    inFolder(async (folder) => {
      fill(folder, { "nets/a.resnet": "", "nets/b.resnet": "", "nets/deep/c.resnet": "", "nets/[a].resnet": "" });
      expect((await found(folder, ["nets/*.resnet"])).paths).to.deep.equal(["nets/[a].resnet", "nets/a.resnet", "nets/b.resnet"]);
      expect((await found(folder, ["nets/**/{b,c}.resnet"])).paths).to.deep.equal(["nets/b.resnet", "nets/deep/c.resnet"]);
      expect((await found(folder, ["nets/[a].resnet"])).paths).to.deep.equal(["nets/[a].resnet"]);
      expect(await found(folder, ["nets/*.onnx", "nowhere/*", "nets/a.resnet"])).to.deep.equal({ paths: ["nets/a.resnet"], failures: [`no \`.resnet\` file matches \`nets/*.onnx\``, `no \`.resnet\` file matches \`nowhere/*\``] });
    }));

  it("leaves out what git leaves out", () =>
    inFolder(async (folder) => {
      fill(folder, {
        ".gitignore": "build/\n*.tmp.resnet\n/only-here.resnet\nsecret/*\n!secret/kept.resnet\n# a comment\ndir with space/\n**/cache/**\n",
        "nets/.gitignore": "draft-*.resnet\n!important.tmp.resnet\n",
        "a.resnet": "", "only-here.resnet": "", "x.tmp.resnet": "", "build/b.resnet": "", "nets/only-here.resnet": "", "nets/draft-1.resnet": "", "nets/important.tmp.resnet": "",
        "nets/build/c.resnet": "", "secret/d.resnet": "", "secret/kept.resnet": "", "dir with space/e.resnet": "", "draft-2.resnet": "", "nets/cache/deep/f.resnet": "", "cache.resnet": "",
      });
      execFileSync("git", ["init", "--quiet"], { cwd: folder });
      const listed = execFileSync("git", ["-c", "core.excludesFile=/dev/null", "ls-files", "--others", "--exclude-standard", "*.resnet"], { cwd: folder, encoding: "utf8" }).trim().split("\n").sort();
      expect(listed.length).to.be.within(5, 10);
      expect((await found(folder, ["."])).paths.sort()).to.deep.equal(listed);
      // The rules of folders above hold as well, up to the root of the repository.
      expect((await found(folder, ["nets"])).paths.sort()).to.deep.equal(listed.filter((path) => path.startsWith("nets/")));
      expect((await found(folder, ["**/*.resnet"])).paths.sort()).to.deep.equal(listed);
    }));

  it("takes what is ignored when it is named itself", () =>
    inFolder(async (folder) => {
      fill(folder, { ".gitignore": "build/\n*.tmp.resnet\n", "build/a.resnet": "", "b.tmp.resnet": "", "nets/c.tmp.resnet": "" });
      execFileSync("git", ["init", "--quiet"], { cwd: folder });
      expect((await found(folder, ["build", "b.tmp.resnet"])).paths).to.deep.equal(["build/a.resnet", "b.tmp.resnet"]);
      const { failures } = await findResnetFiles([join(folder, "nets")], host);
      expect(failures[0]?.help).to.deep.equal(["A `.gitignore` leaves out a part of what is there; a file or folder that is named itself is taken."]);
    }));

  it("tells what cannot be searched and goes on", () =>
    inFolder(async (folder) => {
      fill(folder, { "a/x.resnet": "", "b/y.resnet": "" });
      const locked = {
        ...host,
        list(path: string): readonly string[] {
          if (path.endsWith("/a")) throw Object.assign(new Error("permission denied"), { code: "EACCES" });
          return host.list(path);
        },
      };
      const { paths, failures } = await findResnetFiles([folder], locked);
      expect(paths).to.deep.equal([join(folder, "b/y.resnet")]);
      expect(failures.map(({ message }) => message)).to.deep.equal([`the folder \`${join(folder, "a")}\` may not be searched by this user`]);
    }));

  it("does not follow a link back into the folder it is in", () =>
    inFolder(async (folder) => {
      fill(folder, { "a/x.resnet": "" });
      execFileSync("ln", ["-s", "..", join(folder, "a/loop")]);
      expect((await found(folder, ["."])).paths).to.deep.equal(["a/x.resnet"]);
    }));
});
