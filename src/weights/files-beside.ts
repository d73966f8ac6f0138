import { InputError } from "../base/input-error.ts";
import { shortened } from "./tensor-file.ts";
import type { ByteSource } from "./source.ts";

/** Opens a file that another one names, by its path relative to the folder of that one; the host makes it. */
export type OpenBeside = (path: string) => Promise<ByteSource>;

/** As many shards are open at the same time; systems allow a process a few hundred. */
const MAX_OPEN = 16;

/**
 * Checks a path that a file from elsewhere gives for one of its companions: it must stay in or below the folder.
 *
 * @throws {@link InputError} for an absolute path, an address, `..`, a backslash or a control character
 */
export function checkRelativePath(path: string, file: string): string {
  const why = badPath(path);
  if (why === undefined) return path;
  throw new InputError(`${file} names a file that is not read: \`${shortened(path)}\``, {
    notes: [`${why}; only files in or below the folder of ${file} are read`],
    help: ["put the files into one folder and write their plain names"],
  });
}

function badPath(path: string): string | undefined {
  if (path === "") return "its name is empty";
  if (/^[A-Za-z][A-Za-z0-9+.-]*:/u.test(path)) return "it is an address or a drive, not a file beside it";
  if (path.startsWith("/") || path.includes("\\")) return "it is no relative path with `/`";
  if (/\p{Cc}/u.test(path)) return "its name has control characters";
  if (path.length > 1000) return "its name is too long";
  return path.split("/").includes("..") ? "`..` leads out of the folder" : undefined;
}

/** A file that is a part of a larger whole. */
export interface FilePart {
  readonly path: string;
  readonly size: number;
}

/** Several files as one, each beginning where the one before ends. They are opened when something of them is read. */
export function joinedFiles(path: string, parts: readonly FilePart[], openBeside: OpenBeside): ByteSource {
  const starts: number[] = [];
  let size = 0;
  for (const part of parts) {
    starts.push(size);
    size += part.size;
  }
  const files = openFiles(openBeside);
  return {
    path,
    size,
    async read(offset, length) {
      let at = partAt(starts, offset);
      const first = parts[at];
      if (first === undefined || offset + length > size) throw new InputError(`${path} has ${size} bytes, and ${offset + length} were wanted`);
      if (offset + length <= (starts[at] ?? 0) + first.size) return files.read(first, offset - (starts[at] ?? 0), length);
      const whole = new Uint8Array(length);
      for (let done = 0; done < length; at++) {
        const part = parts[at];
        if (part === undefined) break;
        const from = offset + done - (starts[at] ?? 0);
        const count = Math.min(length - done, part.size - from);
        if (count > 0) whole.set(await files.read(part, from, count), done);
        done += Math.max(0, count);
      }
      return whole;
    },
    close: files.close,
  };
}

/** The last part that begins at or before a byte. */
function partAt(starts: readonly number[], offset: number): number {
  let low = 0;
  let high = starts.length;
  while (high - low > 1) {
    const middle = (low + high) >>> 1;
    if ((starts[middle] ?? 0) <= offset) low = middle;
    else high = middle;
  }
  return low;
}

interface Opened {
  readonly file: Promise<ByteSource>;
  reads: number;
}

/** The files read last stay open, in the order of their last reading. */
function openFiles(openBeside: OpenBeside) {
  const opened = new Map<string, Opened>();
  return {
    async read(part: FilePart, offset: number, length: number): Promise<Uint8Array> {
      const entry = opened.get(part.path) ?? { file: openBeside(part.path), reads: 0 };
      opened.delete(part.path);
      opened.set(part.path, entry);
      entry.reads++;
      try {
        return await (await entry.file).read(offset, length);
      } finally {
        entry.reads--;
        for (const [path, { file, reads }] of opened) {
          if (opened.size <= MAX_OPEN) break;
          if (reads > 0) continue;
          opened.delete(path);
          await (await file).close();
        }
      }
    },
    async close(): Promise<void> {
      const files = [...opened.values()];
      opened.clear();
      for (const { file } of files) await (await file).close();
    },
  };
}
