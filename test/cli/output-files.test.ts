import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { expect } from "chai";
import { ensureBuilt, inFolder, RNC, rnc } from "../support/cli.ts";
import { mount, unmount } from "../support/small-disk.ts";

describe("rnc: files that are written", function () {
  this.timeout(60_000);
  before(ensureBuilt);

  it("writes a model and says what it wrote", () =>
    inFolder((folder) => {
      const ran = rnc(["compile", "ResNet20", "-o", "r20.onnx"], { cwd: folder });
      const size = statSync(join(folder, "r20.onnx")).size;
      expect(ran.code, ran.stderr).to.equal(0);
      // He et al. 2015, Table 6: 0.27 M; the exact numbers are those of the library's contract.
      for (const text of ["ResNet20: checked", "269,722", "40,551,040", "20 layers", "option A", "seed 0", `wrote r20.onnx  ${size.toLocaleString("en-US")} bytes`]) expect(ran.stdout).to.include(text);
      expect(ran.stderr).to.equal("");
      expect(readdirSync(folder)).to.deep.equal(["r20.onnx"]);
    }));

  it("writes the same bytes to a file and to standard output", () =>
    inFolder((folder) => {
      rnc(["compile", "ResNet8", "-o", "a b/신경망.onnx"], { cwd: folder });
      expect(existsSync(join(folder, "a b"))).to.equal(false);
      mkdirSync(join(folder, "a b"));
      expect(rnc(["compile", "ResNet8", "-o", "a b/신경망.onnx"], { cwd: folder }).code).to.equal(0);
      const piped = spawnSync(process.execPath, [RNC, "compile", "ResNet8", "-o", "-"], { maxBuffer: 1 << 28 });
      expect(piped.status).to.equal(0);
      expect(piped.stdout.equals(readFileSync(join(folder, "a b/신경망.onnx")))).to.equal(true);
      expect(piped.stderr.toString()).to.include("wrote standard output");
    }));

  it("explains a missing parent folder", () =>
    inFolder((folder) => {
      const ran = rnc(["compile", "ResNet8", "-o", "out/r8.onnx"], { cwd: folder });
      expect(ran.stderr).to.include("error: the folder `out` does not exist").and.to.include("mkdir -p out");
      expect(ran.code).to.equal(1);
      expect(readdirSync(folder)).to.deep.equal([]);
    }));

  it("does not write over a folder, nor below a file", () =>
    inFolder((folder) => {
      mkdirSync(join(folder, "out"));
      writeFileSync(join(folder, "file"), "");
      const over = rnc(["compile", "ResNet8", "-o", "out"], { cwd: folder });
      expect(over.stderr).to.include("error: `out` is a folder, and a file is to be written");
      expect(over.code).to.equal(1);
      const below = rnc(["compile", "ResNet8", "-o", "file/r8.onnx"], { cwd: folder });
      expect(below.stderr).to.include("a part of its path is a file, not a folder");
      expect(below.code).to.equal(1);
    }));

  it("leaves a file that stands there alone when the weights do not fit", () =>
    inFolder((folder) => {
      writeFileSync(join(folder, "r8.onnx"), "before");
      writeFileSync(join(folder, "w.safetensors"), "nothing of the kind");
      const ran = rnc(["compile", "ResNet8", "-o", "r8.onnx", "--weights", "w.safetensors"], { cwd: folder });
      expect(ran.code).to.equal(1);
      expect(ran.stderr).to.match(/^error: /);
      expect(readFileSync(join(folder, "r8.onnx"), "utf8")).to.equal("before");
    }));

  it("explains a full device", function () {
    if (!existsSync("/dev/full")) {
      console.log("      skipped: this system has no /dev/full");
      return this.skip();
    }
    return inFolder((folder) => {
      const ran = rnc(["compile", "ResNet8", "-o", "/dev/full"], { cwd: folder });
      expect(ran.stderr).to.include("error: `/dev/full` cannot be written: the disk is full");
      expect(ran.code).to.equal(1);
    });
  });

  it("leaves nothing behind on a full disk", function () {
    return inFolder((folder) => {
      const reason = mount(folder, "size=256k");
      if (reason !== undefined) {
        console.log(`      skipped: no small disk can be mounted here (${reason})`);
        return this.skip();
      }
      try {
        const ran = rnc(["compile", "ResNet20", "-o", join(folder, "r20.onnx")], { cwd: "/" });
        expect(ran.stderr).to.include("cannot be written: the disk is full").and.to.include("nothing was left behind");
        expect(ran.code).to.equal(1);
        expect(readdirSync(folder)).to.deep.equal([]);
      } finally {
        unmount(folder);
      }
    });
  });

  it("explains a folder that may not be written", function () {
    return inFolder((folder) => {
      const locked = join(folder, "locked");
      mkdirSync(locked);
      const isRoot = process.getuid?.() === 0;
      // Permissions do not bind root; a read-only mount does.
      const reason = isRoot ? mount(locked, "ro") : undefined;
      if (reason !== undefined) {
        console.log(`      skipped: this is root, and nothing can be mounted read-only here (${reason})`);
        return this.skip();
      }
      if (!isRoot) chmodSync(locked, 0o555);
      try {
        const ran = rnc(["compile", "ResNet8", "-o", "locked/r8.onnx"], { cwd: folder });
        expect(ran.stderr).to.match(isRoot ? /the disk is read-only/ : /this user may not write there/);
        expect(ran.code).to.equal(1);
      } finally {
        if (isRoot) unmount(locked);
        else chmodSync(locked, 0o755);
      }
    });
  });

  for (const [signal, code] of [["SIGINT", 130], ["SIGTERM", 143]] as const) {
    it(`takes away what was begun on ${signal}`, () =>
      inFolder(async (folder) => {
        const child = spawn(process.execPath, [RNC, "compile", "VGG19", "-o", "vgg.onnx"], { cwd: folder, stdio: ["ignore", "ignore", "pipe"] });
        let stderr = "";
        child.stderr.on("data", (text: Buffer) => (stderr += text.toString()));
        const ended = once(child, "exit") as Promise<[number | null, string | null]>;
        for (let i = 0; i < 2000 && !readdirSync(folder).some((name) => name.endsWith(".tmp")); i++) await wait(2);
        expect(readdirSync(folder), "it has begun, and is not finished").to.have.length(1).and.not.include("vgg.onnx");
        child.kill(signal);
        const [status] = await ended;
        expect(stderr).to.include("nothing was written");
        expect(status).to.equal(code);
        expect(readdirSync(folder)).to.deep.equal([]);
      }));
  }

  it("ends quietly when nobody reads on", function () {
    if (spawnSync("bash", ["-c", "true"]).status !== 0) {
      console.log("      skipped: there is no bash");
      return this.skip();
    }
    const quiet = (command: string): void => {
      const ran = spawnSync("bash", ["-c", `${command}; echo "\${PIPESTATUS[0]}" >&2`, process.execPath, RNC]);
      expect(ran.stderr.toString()).to.equal("0\n");
    };
    quiet('"$0" "$1" summary PreAct1001 --json | head -c 1');
    quiet('"$0" "$1" compile ResNet20 -o - 2>/dev/null | head -c 1');
  });
});
