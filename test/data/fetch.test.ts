import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { expect } from "chai";
import { download } from "../../src/cli/data/download.ts";
import { fetchCifar10 } from "../../src/cli/data/fetch-cifar10.ts";
import { openDataSet } from "../../src/cli/data/open-data-set.ts";
import { CIFAR10 } from "../../src/data/cifar10.ts";
import { inFolder } from "../support/cli.ts";
import { expectInputError } from "../support/expect-input-error.ts";
import { writeCifar } from "../support/image-sets.ts";

const md5 = (bytes: Uint8Array): string => createHash("md5").update(bytes).digest("hex");

/** A small archive of CIFAR-10's form, made by the system's tar. */
function archiveIn(folder: string): Buffer {
  mkdirSync(join(folder, "made"));
  writeCifar(join(folder, "made", CIFAR10.folder), 3);
  writeFileSync(join(folder, "made", CIFAR10.folder, "readme.html"), "no part of it is unpacked");
  execFileSync("tar", ["--format=ustar", "-czf", join(folder, "made.tar.gz"), "-C", join(folder, "made"), CIFAR10.folder]);
  return readFileSync(join(folder, "made.tar.gz"));
}

async function withServer<T>(answer: (request: IncomingMessage, response: ServerResponse) => void, work: (url: string) => Promise<T>): Promise<T> {
  const server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  try {
    return await work(`http://127.0.0.1:${(server.address() as AddressInfo).port}/cifar-10-binary.tar.gz`);
  } finally {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
}

/** Serves a file, and parts of it where they are asked for. */
const serving = (bytes: Buffer, asked: (string | undefined)[]) => (request: IncomingMessage, response: ServerResponse): void => {
  const { range } = request.headers;
  asked.push(range);
  const from = Number(/^bytes=(\d+)-$/.exec(range ?? "")?.[1] ?? 0);
  if (from >= bytes.length) return void response.writeHead(416).end();
  const part = bytes.subarray(from);
  response.writeHead(range === undefined ? 200 : 206, { "content-length": part.length }).end(part);
};

describe("data: bringing CIFAR-10", function () {
  this.timeout(30_000);

  it("downloads, compares, unpacks its files alone, and takes what is there already", () =>
    inFolder(async (folder) => {
      const bytes = archiveIn(folder);
      const asked: (string | undefined)[] = [];
      const progress: number[] = [];
      await withServer(serving(bytes, asked), async (url) => {
        const archive = { url, name: "cifar-10-binary.tar.gz", md5: md5(bytes) };
        const out = join(folder, "deep/out");
        expect(await fetchCifar10(out, { archive, onProgress: (done, total) => progress.push(done / total) })).to.equal(join(out, CIFAR10.folder));
        expect(progress.at(-1)).to.equal(1);
        expect(readdirSync(out).sort()).to.deep.equal([CIFAR10.folder, "cifar-10-binary.tar.gz"]);
        expect(readdirSync(join(out, CIFAR10.folder)).sort()).to.deep.equal([CIFAR10.namesFile, ...CIFAR10.trainFiles, CIFAR10.testFile].sort());
        for (const name of [...CIFAR10.trainFiles, CIFAR10.testFile]) expect(readFileSync(join(out, CIFAR10.folder, name)).equals(readFileSync(join(folder, "made", CIFAR10.folder, name))), name).to.equal(true);
        expect(openDataSet(out).parts.map(({ labels }) => labels.length)).to.deep.equal([15, 3]);
        await fetchCifar10(out, { archive });
        expect(asked).to.deep.equal([undefined]);
      });
    }));

  it("goes on where it stopped, and sees by the checksum what it went on from", () =>
    inFolder(async (folder) => {
      const bytes = archiveIn(folder);
      const asked: (string | undefined)[] = [];
      const out = join(folder, "out");
      const partial = join(out, "cifar-10-binary.tar.gz.part");
      let cut = true;
      const answer = (request: IncomingMessage, response: ServerResponse): void => {
        if (!cut) return serving(bytes, asked)(request, response);
        response.writeHead(200, { "content-length": bytes.length });
        // What has not been read when a connection breaks is lost; here the break comes later than the reading.
        response.write(bytes.subarray(0, 1000), () => setTimeout(() => response.destroy(), 500));
      };
      await withServer(answer, async (url) => {
        const archive = { url, name: "cifar-10-binary.tar.gz", md5: md5(bytes) };
        await expectInputError(() => fetchCifar10(out, { archive }), /cannot be reached: .*goes on where it stopped/s);
        expect(statSync(partial).size).to.equal(1000);
        cut = false;
        await fetchCifar10(out, { archive });
        expect(asked).to.deep.equal(["bytes=1000-"]);
        expect(existsSync(partial)).to.equal(false);

        const other = join(folder, "other");
        mkdirSync(other);
        writeFileSync(join(other, "cifar-10-binary.tar.gz.part"), Buffer.alloc(1000, 7));
        await expectInputError(() => fetchCifar10(other, { archive }), new RegExp(`is not the archive that was published: its MD5 is \\w{32}, and ${md5(bytes)} was expected.*downloads it again`, "s"));
        expect(readdirSync(other)).to.deep.equal([]);
        // All of it is there, and only its name is missing.
        writeFileSync(join(other, "cifar-10-binary.tar.gz.part"), bytes);
        await fetchCifar10(other, { archive });
        expect(existsSync(join(other, CIFAR10.folder))).to.equal(true);
      });
    }));

  it("says what to do without network, and when the server does not have it or falls silent", () =>
    inFolder(async (folder) => {
      const archive = (url: string) => ({ url, name: "a.tar.gz", md5: "0" });
      const closed = await withServer(() => undefined, async (url) => url);
      const error = await expectInputError(() => fetchCifar10(folder, { archive: archive(closed) }), /cannot be reached: ECONNREFUSED/);
      expect(error.help.join("\n")).to.include("Is there a network?").and.to.include(`put it at \`${join(folder, "a.tar.gz")}\``);
      await withServer((_, response) => response.writeHead(404).end(), (url) => expectInputError(() => fetchCifar10(folder, { archive: archive(url) }), "the server answered 404 Not Found"));
      await withServer((_, response) => response.writeHead(200).flushHeaders(), (url) => expectInputError(() => download(url, join(folder, "x"), { help: [], patienceInMs: 200 }), /127\.0\.0\.1:\d+ has not sent anything for/));
      await expectInputError(() => fetchCifar10(join(folder, "x", "y"), { archive: archive(closed) }), "there is a file of that name");
    }));

  it("stops at once when it is told to, and keeps what came", () =>
    inFolder(async (folder) => {
      const controller = new AbortController();
      const answer = (_: IncomingMessage, response: ServerResponse): void => {
        response.writeHead(200, { "content-length": 5000 });
        response.write(Buffer.alloc(1000));
      };
      await withServer(answer, async (url) => {
        const stopped = fetchCifar10(folder, { archive: { url, name: "a.tar.gz", md5: "0" }, signal: controller.signal, onProgress: () => controller.abort(new Error("stopped")) });
        expect(await stopped.catch((error: Error) => error.message)).to.equal("stopped");
      });
      expect(statSync(join(folder, "a.tar.gz.part")).size).to.equal(1000);
    }));
});
