import { randomBytes } from "node:crypto";
import { unlinkSync } from "node:fs";
import type { Stats } from "node:fs";
import { chmod, lstat, mkdir, open, readlink, rename, rmdir, stat, unlink } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import type { EmittedFile } from "../backends/backend.ts";
import { InternalError } from "../base/assert.ts";
import { InputError } from "../base/input-error.ts";
import { BrokenPipe } from "./host.ts";
import { codeOf } from "./node-host.ts";
import { shellWord } from "./shell-word.ts";
import { standardOutputSink, writeStream } from "./write-stream.ts";
import type { ByteSink } from "./write-stream.ts";

export interface WriteOptions {
  /** Called as bytes reach the disk, with the bytes done of all files and their sum. */
  readonly onProgress?: (doneInBytes: number, totalInBytes: number) => void;
  /** Stops the writing: nothing stays behind, and the promise rejects with the signal's reason. */
  readonly signal?: AbortSignal;
  /** The file is the source of networks. Where it is not, nothing is written under a name that ends in `.resnet`. */
  readonly source?: boolean;
}

export interface WrittenFile {
  /** As the user would name it. */
  readonly path: string;
  readonly sizeInBytes: number;
}

/** A file under its final name and, until it is complete, under another in the same folder. */
interface Target {
  readonly file: EmittedFile;
  /** As the user named it. */
  readonly shown: string;
  /** Where its bytes belong: `shown`, or what a symbolic link of that name leads to. */
  readonly path: string;
  /** What stands there now: nothing, a file, or something that is written through (a pipe, a device). */
  readonly existing: Stats | undefined;
  readonly temporary: string | undefined;
}

/**
 * Writes what a backend made. A file appears under its name when it is complete, or not at all: until then it has a
 * temporary name in the same folder. Several files appear together, the first of `files` last, because it refers to the
 * others. Pipes and devices are written through, and `-` is standard output.
 *
 * Without a file of the path "" the output is a folder, made where it is missing; else other files stand beside that one.
 *
 * @throws {@link InputError} with the plain reason and the next step; {@link BrokenPipe} when nobody reads the output
 */
export async function writeEmittedFiles(files: readonly EmittedFile[], outPath: string, options: WriteOptions = {}): Promise<readonly WrittenFile[]> {
  const total = files.reduce((sum, file) => sum + file.sizeInBytes, 0);
  let before = 0;
  const send = async (file: EmittedFile, sink: ByteSink): Promise<void> => {
    const sofar = before;
    const size = await writeStream(file.chunks(), sink, { ...options, onProgress: (done) => options.onProgress?.(sofar + done, total) });
    if (size !== file.sizeInBytes) throw new InternalError(`a file of ${file.sizeInBytes} bytes came out with ${size}`);
    before += size;
  };

  if (outPath === "-") {
    const [only] = files;
    if (files.length !== 1 || only === undefined) {
      throw new InputError("these are several files, and standard output is one", { help: ["name a file or folder instead of `-`"] });
    }
    await explained(() => send(only, standardOutputSink()), "standard output");
    return [{ path: "-", sizeInBytes: only.sizeInBytes }];
  }

  const asFolder = !files.some((file) => file.path === "");
  const madeFolders: string[] = [];
  const targets: Target[] = [];
  const removeAll = (): void => targets.forEach((target) => removeNow(target.temporary));
  // Whatever ends the process in order (a second Ctrl-C, too) leaves no half-written file.
  process.once("exit", removeAll);
  try {
    for (const folder of asFolder ? foldersOf(files, outPath) : []) if (await ensureFolder(folder)) madeFolders.push(folder);
    for (const file of files) targets.push(await targetOf(file, outPath, asFolder, options.source ?? false));
    for (const target of targets) await explained(() => writeTarget(target, send), target.shown);
    options.signal?.throwIfAborted();
    for (const target of [...targets].reverse()) {
      const { temporary, path } = target;
      if (temporary !== undefined) await explained(() => rename(temporary, path), target.shown);
    }
  } catch (error) {
    // Where it cannot be taken away it mostly could not be made: what went wrong first is what is told.
    await Promise.all(targets.map(({ temporary }) => temporary !== undefined && unlink(temporary).catch(() => undefined)));
    // Only empty folders go: files of others that came in the meantime stay.
    for (const folder of madeFolders.reverse()) await rmdir(folder).catch(() => undefined);
    throw error;
  } finally {
    process.off("exit", removeAll);
  }
  return targets.map(({ shown, file }) => ({ path: shown, sizeInBytes: file.sizeInBytes }));
}

async function writeTarget({ file, path, temporary, existing }: Target, send: (file: EmittedFile, sink: ByteSink) => Promise<void>): Promise<void> {
  const handle = await open(temporary ?? path, temporary === undefined ? "w" : "wx");
  try {
    await send(file, async (bytes) => (await handle.write(bytes)).bytesWritten);
  } finally {
    await handle.close();
  }
  if (temporary !== undefined && existing !== undefined) await chmod(temporary, existing.mode & 0o777);
}

async function targetOf(file: EmittedFile, outPath: string, asFolder: boolean, isSource: boolean): Promise<Target> {
  const shown = file.path === "" ? outPath : join(asFolder ? outPath : dirname(outPath), file.path);
  return explained(async () => {
    const path = await behindLinks(shown);
    if (!isSource && [shown, path].some((name) => /\.resnet$/i.test(name))) {
      throw new InputError(`\`${path}\` is for the source of networks, and nothing else is written there`, { help: ["name another file with `-o`"] });
    }
    const existing = await statOrNothing(path);
    if (existing?.isDirectory()) {
      throw new InputError(`\`${shown}\` is a folder, and a file is to be written`, { help: [`name a file in it: \`${join(shown, "model.onnx")}\``] });
    }
    if (existing === undefined && /[\\/]$/.test(shown)) {
      throw new InputError(`\`${shown}\` names a folder, and a file is to be written`, { help: [`name a file: \`${join(shown, "model.onnx")}\``] });
    }
    if (existing && !existing.isFile()) return { file, shown, path, existing, temporary: undefined };
    // A file that may not be written could still be replaced; its owner would not expect that.
    if (existing) await (await open(path, "r+")).close();
    // A short name of its own: the wanted one may already be as long as names may be.
    const temporary = join(dirname(path), `.rnc-${process.pid}-${randomBytes(6).toString("hex")}.tmp`);
    return { file, shown, path, existing, temporary };
  }, shown);
}

/** Where a path leads; the last link may lead to a file that is not there yet. */
async function behindLinks(path: string): Promise<string> {
  let at = path;
  for (let links = 0; links < 40; links++) {
    const found = await lstat(at).catch((error: unknown) => ignoreMissing(error));
    if (!found?.isSymbolicLink()) return at;
    at = resolve(dirname(at), await readlink(at));
  }
  throw new InputError(`\`${path}\` is a symbolic link that leads to itself`);
}

async function statOrNothing(path: string): Promise<Stats | undefined> {
  return stat(path).catch((error: unknown) => ignoreMissing(error));
}

/** The folder and those that files stand in below it, each before what is in it. */
function foldersOf(files: readonly EmittedFile[], outPath: string): readonly string[] {
  const inner = files.flatMap(({ path }) => {
    const parts = path.split("/").slice(0, -1);
    return parts.map((_, index) => join(outPath, ...parts.slice(0, index + 1)));
  });
  return [outPath, ...new Set(inner)];
}

/** True when the folder was made just now. */
async function ensureFolder(path: string): Promise<boolean> {
  return explained(async () => {
    const existing = await statOrNothing(path);
    if (existing && !existing.isDirectory()) throw new InputError(`\`${path}\` is a file, and a folder is to be written`, { help: ["name another folder"] });
    if (!existing) await mkdir(path);
    return !existing;
  }, path);
}

function removeNow(path: string | undefined): void {
  if (path === undefined) return;
  try {
    unlinkSync(path);
  } catch (error) {
    ignoreMissing(error);
  }
}

function ignoreMissing(error: unknown): undefined {
  if (codeOf(error) !== "ENOENT") throw error;
  return undefined;
}

/** Runs an action on the disk; an error of the system becomes a sentence about the path the user named. */
async function explained<T>(action: () => Promise<T>, shown: string): Promise<T> {
  try {
    return await action();
  } catch (error) {
    throw writingProblem(error, shown);
  }
}

/** What an error of the system says of a path that was to be written; an error that says nothing to people stays as it is. */
export function writingProblem(error: unknown, shown: string): unknown {
  const name = shown === "standard output" ? shown : `\`${shown}\``;
  const folder = dirname(shown);
  const nothing = "nothing was left behind";
  switch (codeOf(error)) {
    case "EPIPE":
      return new BrokenPipe();
    case "ENOSPC":
    case "EDQUOT":
      return new InputError(`${name} cannot be written: the disk is full`, { notes: [nothing], help: ["make room, or write to another disk"] });
    case "EFBIG":
      return new InputError(`${name} cannot be written: it is larger than files may be here`, { notes: [nothing], help: ["write to another disk, or with `--external-data`"] });
    case "ENOENT":
      return new InputError(`the folder \`${folder}\` does not exist`, { help: [`make it first: \`mkdir -p ${shellWord(folder)}\``] });
    case "ENOTDIR":
      return new InputError(`${name} cannot be written: a part of its path is a file, not a folder`, { help: ["name another place with `-o`"] });
    case "EACCES":
    case "EPERM":
      return new InputError(`${name} cannot be written: this user may not write there`, { help: [`choose another place with \`-o\`, or change the permissions of \`${folder}\``] });
    case "EROFS":
      return new InputError(`${name} cannot be written: the disk is read-only`, { help: ["choose another place with `-o`"] });
    case "ENAMETOOLONG":
      return new InputError("the path to write is too long for this system", { help: ["choose a shorter one with `-o`"] });
    case "EIO":
      return new InputError(`${name} cannot be written: the disk reports an error`, { notes: [nothing], help: ["write to another disk"] });
    default:
      return error;
  }
}
