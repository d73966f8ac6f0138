import { spawn } from "node:child_process";
import { chmodSync, createReadStream, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { spawnSync } from "node:child_process";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import type { EmittedFile } from "../../src/backends/backend.ts";
import { InternalError } from "../../src/base/assert.ts";
import { InputError } from "../../src/base/input-error.ts";
import { writeEmittedFiles } from "../../src/cli/write-files.ts";

const CHUNK = 300_000;

/** A file whose bytes count up, in one buffer that is used again; `after` runs when so many bytes were asked for. */
function counting(sizeInBytes: number, path = "", after?: { readonly bytes: number; readonly run: () => void }): EmittedFile {
  return {
    path,
    sizeInBytes,
    async *chunks() {
      const buffer = new Uint8Array(CHUNK);
      for (let start = 0; start < sizeInBytes; start += CHUNK) {
        if (after && start >= after.bytes) after.run();
        const count = Math.min(CHUNK, sizeInBytes - start);
        for (let i = 0; i < count; i++) buffer[i] = (start + i) % 251;
        yield buffer.subarray(0, count);
        buffer.fill(255);
      }
    },
  };
}

const holdsCount = (bytes: Uint8Array): boolean => bytes.every((byte, i) => byte === i % 251);

async function failure(action: Promise<unknown>): Promise<Error> {
  try {
    await action;
  } catch (error) {
    return error as Error;
  }
  throw new Error("it did not fail");
}

describe("writing files", () => {
  let folder: string;
  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), "rnc write 쓰기 "))));
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it("writes every byte, from buffers that are used again", async () => {
    const path = join(folder, "모델 a.onnx");
    const written = await writeEmittedFiles([counting(5_000_001)], path);
    const bytes = readFileSync(path);
    expect(bytes.length).to.equal(5_000_001);
    expect(holdsCount(bytes)).to.equal(true);
    expect(written).to.deep.equal([{ path, sizeInBytes: 5_000_001 }]);
    expect(readdirSync(folder)).to.deep.equal(["모델 a.onnx"]);
  });

  it("writes empty files and files of one byte", async () => {
    for (const size of [0, 1]) {
      await writeEmittedFiles([counting(size)], join(folder, "x"));
      expect(statSync(join(folder, "x")).size).to.equal(size);
    }
  });

  it("tells how far it is, up to the sum of all files", async () => {
    const seen: [number, number][] = [];
    await writeEmittedFiles([counting(3_000_000), counting(2_000_000, "x.data")], join(folder, "x"), { onProgress: (done, total) => seen.push([done, total]) });
    expect(seen.every(([done, total], i) => total === 5_000_000 && (i === 0 || done >= seen[i - 1]![0]))).to.equal(true);
    expect(seen.at(-1)).to.deep.equal([5_000_000, 5_000_000]);
    expect(seen.length).to.be.above(4);
  });

  it("puts other files beside the named one, and the named one last", async () => {
    await writeEmittedFiles([counting(10), counting(20, "x.onnx.data")], join(folder, "x.onnx"));
    expect(readdirSync(folder).sort()).to.deep.equal(["x.onnx", "x.onnx.data"]);
  });

  it("makes a folder when no file is the output itself, and takes it back when that fails", async () => {
    await writeEmittedFiles([counting(10, "model.json"), counting(20, "weights.bin")], join(folder, "net"));
    expect(readdirSync(join(folder, "net")).sort()).to.deep.equal(["model.json", "weights.bin"]);
    const broken = counting(10, "b", { bytes: 0, run: () => { throw new InputError("wobble"); } });
    expect((await failure(writeEmittedFiles([counting(10, "a"), broken], join(folder, "other")))).message).to.equal("wobble");
    expect(readdirSync(folder)).to.deep.equal(["net"]);
  });

  it("replaces a file only when the new one is complete, and keeps its mode", async () => {
    const path = join(folder, "x.onnx");
    writeFileSync(path, "old");
    chmodSync(path, 0o640);
    const observed: string[] = [];
    await writeEmittedFiles([counting(4_000_000, "", { bytes: 3_000_000, run: () => observed.push(readFileSync(path, "utf8")) })], path);
    expect(new Set(observed)).to.deep.equal(new Set(["old"]));
    expect(statSync(path).size).to.equal(4_000_000);
    expect(statSync(path).mode & 0o777).to.equal(0o640);
  });

  for (const [what, stop] of [
    ["an error of the weights", () => { throw new InputError("`w.safetensors` ends after 12 bytes"); }],
    ["a full disk", () => { throw Object.assign(new Error("ENOSPC: no space left on device"), { code: "ENOSPC" }); }],
  ] as const) {
    it(`leaves nothing of any file after ${what}, and the old ones as they were`, async () => {
      const path = join(folder, "x.onnx");
      writeFileSync(path, "old");
      const error = await failure(writeEmittedFiles([counting(2_000_000), counting(9_000_000, "x.onnx.data", { bytes: 5_000_000, run: stop })], path));
      expect(error).to.be.instanceOf(InputError);
      expect(readdirSync(folder)).to.deep.equal(["x.onnx"]);
      expect(readFileSync(path, "utf8")).to.equal("old");
    });
  }

  it("stops when asked to, and leaves nothing", async () => {
    const stopping = new AbortController();
    const reason = new Error("Ctrl-C");
    const file = counting(50_000_000, "", { bytes: 5_000_000, run: () => stopping.abort(reason) });
    expect(await failure(writeEmittedFiles([file], join(folder, "x"), { signal: stopping.signal }))).to.equal(reason);
    expect(readdirSync(folder)).to.deep.equal([]);
  });

  it("leaves nothing when the process is made to exit meanwhile", () => {
    const module = fileURLToPath(new URL("../../src/cli/write-files.ts", import.meta.url));
    const program = `
      import(${JSON.stringify(module)}).then(({ writeEmittedFiles }) => writeEmittedFiles([{ path: "", sizeInBytes: 9e6, async *chunks() {
        for (let i = 0; i < 9; i++) { if (i === 6) { console.log(require("node:fs").readdirSync(process.argv[1]).length); process.exit(130); } yield new Uint8Array(1e6); }
      } }], process.argv[1] + "/x"));`;
    const { status, stdout, stderr } = spawnSync(process.execPath, ["--import", "tsx", "-e", program, folder], { encoding: "utf8" });
    expect({ status, stdout: stdout.trim() }, stderr).to.deep.equal({ status: 130, stdout: "1" });
    expect(readdirSync(folder)).to.deep.equal([]);
  });

  it("is a bug of ours when a file comes out with another size than was said", async () => {
    const file = { ...counting(1000), sizeInBytes: 1001 };
    expect(await failure(writeEmittedFiles([file], join(folder, "x")))).to.be.instanceOf(InternalError);
    expect(readdirSync(folder)).to.deep.equal([]);
  });

  const refused = async (path: string, message: string, help: string): Promise<void> => {
    const error = await failure(writeEmittedFiles([counting(2_000_000)], path));
    expect(error).to.be.instanceOf(InputError);
    expect(error.message).to.equal(message);
    expect((error as InputError).help.join("\n")).to.contain(help);
  };

  it("says that the folder is missing, and how to make it", async () => {
    const missing = join(folder, "not there");
    await refused(join(missing, "x.onnx"), `the folder \`${missing}\` does not exist`, `mkdir -p '${missing}'`);
  });

  it("says that a folder stands where the file should", async () => {
    await refused(folder, `\`${folder}\` is a folder, and a file is to be written`, join(folder, "model.onnx"));
    await refused(join(folder, "new/"), `\`${join(folder, "new/")}\` names a folder, and a file is to be written`, join(folder, "new", "model.onnx"));
  });

  it("does not write over the source of a network, not even through a link", async () => {
    const source = join(folder, "net.resnet");
    writeFileSync(source, "network Mine {}\n");
    symlinkSync("net.resnet", join(folder, "net.onnx"));
    for (const path of [source, join(folder, "net.onnx")]) await refused(path, `\`${source}\` is for the source of networks, and nothing else is written there`, "-o");
    expect(readFileSync(source, "utf8")).to.equal("network Mine {}\n");
  });

  it("says that a file stands where a folder should", async () => {
    writeFileSync(join(folder, "file"), "");
    await refused(join(folder, "file", "x.onnx"), `\`${join(folder, "file", "x.onnx")}\` cannot be written: a part of its path is a file, not a folder`, "-o");
    const error = await failure(writeEmittedFiles([counting(1, "model.json")], join(folder, "file")));
    expect(error.message).to.equal(`\`${join(folder, "file")}\` is a file, and a folder is to be written`);
  });

  it("says that a name is too long", async () => {
    await refused(join(folder, "x".repeat(300)), "the path to write is too long for this system", "shorter");
    const longest = "x".repeat(255);
    await writeEmittedFiles([counting(1)], join(folder, longest));
    expect(readdirSync(folder)).to.deep.equal([longest]);
  });

  it("says that this user may not write there, and does not replace a read-only file", async function () {
    if (process.platform === "win32") {
      console.log("      skipped: permissions work in another way on Windows");
      this.skip();
    }
    writeFileSync(join(folder, "locked"), "old");
    chmodSync(join(folder, "locked"), 0o444);
    const asUser = process.getuid?.() === 0;
    // The superuser may write anywhere, so the test is somebody else for a moment.
    chmodSync(folder, 0o777);
    if (asUser) process.seteuid!(65534);
    try {
      await refused(join(folder, "locked"), `\`${join(folder, "locked")}\` cannot be written: this user may not write there`, "permissions");
      if (asUser) process.seteuid!(0);
      chmodSync(folder, 0o555);
      if (asUser) process.seteuid!(65534);
      await refused(join(folder, "x"), `\`${join(folder, "x")}\` cannot be written: this user may not write there`, folder);
    } finally {
      if (asUser) process.seteuid!(0);
      chmodSync(folder, 0o755);
    }
    expect(readFileSync(join(folder, "locked"), "utf8")).to.equal("old");
    expect(readdirSync(folder)).to.deep.equal(["locked"]);
  });

  it("follows a symbolic link to its file, also one that is not there yet", async () => {
    mkdirSync(join(folder, "store"));
    writeFileSync(join(folder, "store", "a"), "old");
    symlinkSync(join("store", "a"), join(folder, "a"));
    symlinkSync(join("store", "b"), join(folder, "b"));
    for (const name of ["a", "b"]) {
      await writeEmittedFiles([counting(7)], join(folder, name));
      expect(readlinkSync(join(folder, name))).to.equal(join("store", name));
      expect(statSync(join(folder, "store", name)).size).to.equal(7);
    }
    symlinkSync("loop", join(folder, "loop"));
    await refused(join(folder, "loop"), `\`${join(folder, "loop")}\` is a symbolic link that leads to itself`, "");
  });

  it("writes through devices, and says when one is full", async function () {
    if (!existsSync("/dev/full")) {
      console.log("      skipped: this system has no /dev/full");
      this.skip();
    }
    await writeEmittedFiles([counting(3_000_000)], "/dev/null");
    expect(statSync("/dev/null").isCharacterDevice()).to.equal(true);
    await refused("/dev/full", "`/dev/full` cannot be written: the disk is full", "make room");
  });

  it("writes through a named pipe at its reader's pace", async function () {
    if (spawnSync("mkfifo", [join(folder, "pipe")]).status !== 0) {
      console.log("      skipped: there is no mkfifo");
      this.skip();
    }
    const read = (async () => {
      const parts: Buffer[] = [];
      for await (const part of createReadStream(join(folder, "pipe"))) parts.push(part as Buffer);
      return Buffer.concat(parts);
    })();
    await writeEmittedFiles([counting(3_000_000)], join(folder, "pipe"));
    const bytes = await read;
    expect(bytes.length).to.equal(3_000_000);
    expect(holdsCount(bytes)).to.equal(true);
    expect(statSync(join(folder, "pipe")).isFIFO()).to.equal(true);
  });

  describe("to standard output", () => {
    const module = fileURLToPath(new URL("../../src/cli/write-files.ts", import.meta.url));
    const program = `
      import(${JSON.stringify(module)}).then(({ writeEmittedFiles }) => writeEmittedFiles([{ path: "", sizeInBytes: 6e6, async *chunks() {
        for (let i = 0; i < 6; i++) yield new Uint8Array(1e6).fill(i);
      } }], "-")).catch((error) => { console.error(error.name); process.exitCode = 3; });`;
    const start = () => spawn(process.execPath, ["--import", "tsx", "-e", program], { stdio: ["ignore", "pipe", "pipe"] });
    const ended = (child: ReturnType<typeof start>) => new Promise<number | null>((done) => child.on("close", done));

    it("waits for a slow reader and loses nothing", async () => {
      const child = start();
      const end = ended(child);
      let size = 0;
      let sum = 0;
      for await (const part of child.stdout) {
        size += (part as Buffer).length;
        sum += (part as Buffer).reduce((total, byte) => total + byte, 0);
        if (size % 7 === 0) await new Promise((done) => setTimeout(done, 5));
      }
      expect({ status: await end, size, sum }).to.deep.equal({ status: 0, size: 6e6, sum: 15e6 });
    });

    it("ends as a broken pipe when the reader goes away", async () => {
      const child = start();
      const end = ended(child);
      let told = "";
      child.stderr.on("data", (part: Buffer) => (told += part.toString()));
      child.stdout.once("data", () => child.stdout.destroy());
      expect(await end).to.equal(3);
      expect(told).to.contain("BrokenPipe");
    });

    it("takes one file only", async () => {
      expect((await failure(writeEmittedFiles([counting(1), counting(1, "b")], "-"))).message).to.equal("these are several files, and standard output is one");
    });
  });
});
