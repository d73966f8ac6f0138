import { closeSync, fstatSync, openSync, readdirSync, readFileSync, readSync, statSync, writeSync } from "node:fs";
import { devNull } from "node:os";
import { dirname, isAbsolute, join, normalize } from "node:path";
import { groupDigits } from "../base/digits.ts";
import { InputError } from "../base/input-error.ts";
import { NO_COLORS } from "../diagnostics/render/colors.ts";
import type { ModuleHost } from "../program/load.ts";
import type { ByteSource } from "../weights/source.ts";
import { ANSI_COLORS } from "./ansi-colors.ts";
import { decodeText } from "./decode-text.ts";
import type { CliHost, Output, PathKind } from "./host.ts";
import { BrokenPipe } from "./host.ts";

/** The command line's world: the disk, the terminal and the standard streams of this process. */
export function createNodeHost(): CliHost {
  return {
    out: createOutput(1),
    err: createOutput(2),
    files: nodeFiles,
    pathKind,
    list(folder) {
      const entries = readdirSync(folder, { withFileTypes: true });
      return entries.map((entry) => (entry.isDirectory() ? `${entry.name}/` : entry.name)).sort();
    },
    readText: async (path) => readText(path),
    openBytes: async (path) => openBytes(path),
  };
}

/** Reads a disk; paths in a file are relative to that file. */
const nodeFiles: ModuleHost = {
  resolve: (importer, path) => (isAbsolute(path) ? normalize(path) : join(dirname(importer), path)),
  async read(path) {
    return pathKind(path) === "missing" ? undefined : readText(path);
  },
};

function pathKind(path: string): PathKind {
  try {
    const stats = statSync(path, { throwIfNoEntry: false });
    if (!stats) return "missing";
    if (stats.isDirectory()) return "folder";
    return stats.isFile() ? "file" : "other";
  } catch (error) {
    // A file where a folder is named: nothing can be below it.
    if (codeOf(error) === "ENOTDIR") return "missing";
    throw readFailure(error, path);
  }
}

const TOO_LONG = ["Repeat with `x`, `for` and blocks instead of writing every layer out."];
/** More than this is no `.resnet` file; it is not read at all. */
const LARGEST_TEXT = 16 * 1024 * 1024;

function readText(path: string): string {
  const name = path === "-" ? "standard input" : path;
  return decodeText(readBytes(path, name), name);
}

function readBytes(path: string, name: string): Uint8Array {
  try {
    const size = path === "-" ? 0 : statSync(path).size;
    if (size > LARGEST_TEXT) throw new InputError(`\`${path}\` has ${groupDigits(size)} bytes; that is no network`, { help: TOO_LONG });
    return path === "-" ? readStandardInput() : readFileSync(path);
  } catch (error) {
    throw readFailure(error, name);
  }
}

/** Standard input to its end; `readFileSync(0)` fails where it is a terminal or a pipe that is not ready yet. */
function readStandardInput(): Uint8Array {
  const parts: Buffer[] = [];
  let size = 0;
  for (;;) {
    const part = Buffer.allocUnsafe(65_536);
    try {
      const count = readSync(0, part);
      if (count === 0) return Buffer.concat(parts);
      parts.push(part.subarray(0, count));
      size += count;
    } catch (error) {
      if (codeOf(error) === "EOF") return Buffer.concat(parts);
      if (codeOf(error) !== "EAGAIN") throw error;
      pause();
    }
    if (size > LARGEST_TEXT) throw new InputError("standard input has more than 16 MiB; that is no network", { help: TOO_LONG });
  }
}

function openBytes(path: string): ByteSource {
  try {
    const file = openSync(path, "r");
    const stats = fstatSync(file);
    if (stats.isDirectory()) {
      closeSync(file);
      throw new InputError(`\`${path}\` is a folder, not a file`);
    }
    return byteSource(path, file, stats.size);
  } catch (error) {
    throw readFailure(error, path);
  }
}

function byteSource(path: string, file: number, size: number): ByteSource {
  return {
    path,
    size,
    async read(offset, length) {
      const bytes = Buffer.allocUnsafe(length);
      for (let done = 0; done < length; ) {
        const count = readSync(file, bytes, done, length - done, offset + done);
        if (count === 0) throw new InputError(`\`${path}\` ends after ${groupDigits(offset + done)} bytes; ${groupDigits(offset + length)} were expected`);
        done += count;
      }
      return bytes;
    },
    async close() {
      closeSync(file);
    },
  };
}

function readFailure(error: unknown, path: string): unknown {
  const shown = path === "standard input" ? path : `\`${path}\``;
  switch (codeOf(error)) {
    case "ENOENT":
      return new InputError(`there is no file ${shown}`);
    case "EISDIR":
      return new InputError(`${shown} is a folder, not a file`);
    case "ENOTDIR":
      return new InputError(`${shown} cannot be read: a part of its path is a file, not a folder`);
    case "EACCES":
    case "EPERM":
      return new InputError(`${shown} may not be read by this user`);
    case "ELOOP":
      return new InputError(`${shown} is a symbolic link that leads to itself`);
    case "ENAMETOOLONG":
      return new InputError("the path is too long for this system");
    case undefined:
      return error;
    default:
      return new InputError(`${shown} cannot be read: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** The system's name of an error: `ENOENT`. */
export function codeOf(error: unknown): string | undefined {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : undefined;
}

/** A little sleep: for the other side of a pipe to catch up. */
function pause(): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 2);
}

/** Written with plain system calls: opening Node's stream objects costs more than checking a file. */
function createOutput(file: 1 | 2): Output {
  const isTerminal = isTerminalAt(file);
  return {
    isTerminal,
    get columns() {
      const stream = file === 1 ? process.stdout : process.stderr;
      return (isTerminal && stream.columns) || 100;
    },
    colors: wantsColors(isTerminal) ? ANSI_COLORS : NO_COLORS,
    write(text) {
      const bytes = Buffer.from(text);
      for (let done = 0; done < bytes.length; ) {
        try {
          done += writeSync(file, bytes, done);
        } catch (error) {
          if (codeOf(error) === "EPIPE") throw new BrokenPipe();
          if (codeOf(error) === "ENOSPC") throw new InputError(`the output cannot be written: the disk is full`);
          if (codeOf(error) !== "EAGAIN") throw error;
          pause();
        }
      }
    },
  };
}

/** Asked of the system first: Node's own answer loads its network and stream code, a twentieth of the time a small check takes. */
function isTerminalAt(file: number): boolean {
  try {
    const stats = fstatSync(file);
    if (!stats.isCharacterDevice() || stats.rdev === statSync(devNull).rdev) return false;
  } catch {
    // A closed stream, or a system without these answers.
  }
  return process.getBuiltinModule("node:tty").isatty(file);
}

function wantsColors(isTerminal: boolean): boolean {
  const { NO_COLOR, FORCE_COLOR, TERM } = process.env;
  if (NO_COLOR) return false;
  if (FORCE_COLOR) return FORCE_COLOR !== "0";
  return isTerminal && TERM !== "dumb";
}

