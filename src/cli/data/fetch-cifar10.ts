import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { mkdir, open, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream";
import { createGunzip } from "node:zlib";
import { InputError } from "../../base/input-error.ts";
import { CIFAR10, cifarImagesIn } from "../../data/cifar10.ts";
import { readTar } from "../../data/tar.ts";
import { makeFolders } from "../make-folders.ts";
import { codeOf } from "../node-host.ts";
import { download } from "./download.ts";

export interface Archive {
  readonly url: string;
  readonly name: string;
  /** As its publisher gives it. */
  readonly md5: string;
}

export interface FetchOptions {
  readonly archive?: Archive;
  readonly signal?: AbortSignal;
  readonly onProgress?: (doneInBytes: number, totalInBytes: number) => void;
}

/**
 * Brings CIFAR-10 in its binary form into a folder: downloads its archive, or goes on where an earlier download stopped,
 * compares its MD5 with the published one, and unpacks it. An archive that is there already is taken as it is.
 *
 * @returns the folder with the files
 * @throws {@link InputError} without network, with a wrong checksum, on a full disk
 */
export async function fetchCifar10(folder: string, { archive = CIFAR10.archive, signal, onProgress }: FetchOptions = {}): Promise<string> {
  await explained(folder, async () => makeFolders(folder));
  const path = join(folder, archive.name);
  if ((await statOf(path)) === undefined) {
    const partial = `${path}.part`;
    await explained(folder, () => download(archive.url, partial, { signal, onProgress, help: byHand(archive, path) }));
    await expectDigest(partial, archive, "what was downloaded is taken away; the same command downloads it again");
    await rename(partial, path);
  } else {
    await expectDigest(path, archive, `take it away or replace it, and run the same command again`);
  }
  const target = join(folder, CIFAR10.folder);
  await explained(folder, () => unpack(path, target, signal));
  return target;
}

function byHand({ url, md5 }: Archive, path: string): readonly string[] {
  return [`Or bring ${url} here by other means (MD5 ${md5}), put it at \`${path}\`, and run the same command again: it unpacks it.`];
}

async function expectDigest(path: string, { md5 }: Archive, next: string): Promise<void> {
  const digest = createHash("md5");
  for await (const chunk of createReadStream(path)) digest.update(chunk as Uint8Array);
  const found = digest.digest("hex");
  if (found === md5) return;
  const isPartial = path.endsWith(".part");
  if (isPartial) await rm(path);
  throw new InputError(`\`${path}\` is not the archive that was published: its MD5 is ${found}, and ${md5} was expected`, { help: [next] });
}

/** Unpacks the files of CIFAR-10, and no others, into a folder that has its name when it is complete. */
async function unpack(archive: string, target: string, signal: AbortSignal | undefined): Promise<void> {
  const wanted = new Set<string>([...CIFAR10.trainFiles, CIFAR10.testFile, CIFAR10.namesFile]);
  const fresh = `${target}.${process.pid}.part`;
  await rm(fresh, { recursive: true, force: true });
  await mkdir(fresh);
  try {
    // What goes wrong in reading ends the unpacking, which tells it.
    const unpacked = pipeline(createReadStream(archive), createGunzip(), () => undefined);
    for await (const file of readTar(unpacked)) {
      signal?.throwIfAborted();
      const name = file.name.split("/").at(-1) ?? "";
      if (!wanted.delete(name)) continue;
      if (name.endsWith(".bin")) cifarImagesIn(file.sizeInBytes, name);
      const out = await open(join(fresh, name), "wx");
      try {
        for await (const chunk of file.chunks()) await writeAll(out, chunk);
      } finally {
        await out.close();
      }
    }
    if (wanted.size > 0) throw new InputError(`\`${archive}\` lacks ${[...wanted].join(", ")}`);
    await rm(target, { recursive: true, force: true });
    await rename(fresh, target);
  } catch (error) {
    await rm(fresh, { recursive: true, force: true });
    throw error;
  }
}

async function writeAll(out: { write(bytes: Uint8Array): Promise<{ bytesWritten: number }> }, bytes: Uint8Array): Promise<void> {
  for (let done = 0; done < bytes.length; ) done += (await out.write(bytes.subarray(done))).bytesWritten;
}

async function statOf(path: string): Promise<{ readonly size: number } | undefined> {
  try {
    return await stat(path);
  } catch (error) {
    if (codeOf(error) === "ENOENT") return undefined;
    throw error;
  }
}

async function explained<T>(folder: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    switch (codeOf(error)) {
      case "ENOSPC":
      case "EDQUOT":
        throw new InputError(`\`${folder}\` has no room left: CIFAR-10 needs 360 MB, archive and images`, { help: ["Make room and run the same command again: it goes on where it stopped."] });
      case "EACCES":
      case "EPERM":
      case "EROFS":
        throw new InputError(`this user may not write into \`${folder}\``, { help: ["Choose another folder with `-o`."] });
      case "ENOENT":
        throw new InputError(`\`${folder}\` cannot be made here`, { notes: [error instanceof Error ? error.message : String(error)], help: ["Choose another folder with `-o`."] });
      case "ENOTDIR":
      case "EEXIST":
        throw new InputError(`\`${folder}\` cannot be a folder: there is a file of that name`, { help: ["Choose another folder with `-o`."] });
      default:
        throw error;
    }
  }
}
