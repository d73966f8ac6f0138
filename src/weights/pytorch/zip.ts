import type { ByteSource } from "../source.ts";
import { shortened } from "../tensor-file.ts";
import { damaged } from "./tensors.ts";

/** The longest list of contents that is read. */
const MAX_DIRECTORY_BYTES = 64 << 20;

const CUT_SHORT = "a download or a copy that was interrupted leaves such a file; fetch it again";

/** A file inside a zip archive, as its list of contents describes it. */
export interface ZipEntry {
  readonly name: string;
  readonly compressed: boolean;
  readonly encrypted: boolean;
  /** Bytes, as they stand in the archive. */
  readonly size: number;
  readonly headerStart: number;
}

/** Reads the list of contents at the end of a zip archive (also of one beyond 4 GB), and nothing else. */
export async function readZipDirectory(bytes: ByteSource, file: string): Promise<ReadonlyMap<string, ZipEntry>> {
  const { start, size } = await findDirectory(bytes, file);
  if (start + size > bytes.size) throw damaged(file, "the list of contents reaches beyond its end", CUT_SHORT);
  if (size > MAX_DIRECTORY_BYTES) throw damaged(file, `its list of contents has ${size} bytes, more than any PyTorch file`);
  const directory = await bytes.read(start, size);
  const view = new DataView(directory.buffer, directory.byteOffset, directory.byteLength);
  const entries = new Map<string, ZipEntry>();
  for (let at = 0; at < size; ) {
    if (at + 46 > size || view.getUint32(at, true) !== 0x02014b50) throw damaged(file, "the list of contents is broken");
    const nameLength = view.getUint16(at + 28, true);
    const extraLength = view.getUint16(at + 30, true);
    const next = at + 46 + nameLength + extraLength + view.getUint16(at + 32, true);
    if (next > size) throw damaged(file, "the list of contents is broken");
    const entry = readEntry(view, at, new TextDecoder().decode(directory.subarray(at + 46, at + 46 + nameLength)));
    if (entries.has(entry.name)) throw damaged(file, `\`${shortened(entry.name)}\` is there twice`);
    if (!(entry.headerStart + 30 + entry.size <= bytes.size)) {
      throw damaged(file, `\`${shortened(entry.name)}\` reaches beyond its end`, CUT_SHORT);
    }
    entries.set(entry.name, entry);
    at = next;
  }
  return entries;
}

function readEntry(view: DataView, at: number, name: string): ZipEntry {
  const flags = view.getUint16(at + 8, true);
  let size = view.getUint32(at + 20, true);
  let headerStart = view.getUint32(at + 42, true);
  // Numbers that do not fit stand in an extra field, in this order, and only those that do not fit.
  const extraStart = at + 46 + view.getUint16(at + 28, true);
  const wide = wideNumbers(view, extraStart, extraStart + view.getUint16(at + 30, true));
  if (view.getUint32(at + 24, true) === 0xffffffff) wide.shift();
  if (size === 0xffffffff) size = wide.shift() ?? size;
  if (headerStart === 0xffffffff) headerStart = wide.shift() ?? headerStart;
  return { name, size, headerStart, compressed: view.getUint16(at + 10, true) !== 0, encrypted: (flags & 1) !== 0 };
}

function wideNumbers(view: DataView, from: number, end: number): number[] {
  for (let at = from; at + 4 <= end; at += 4 + view.getUint16(at + 2, true)) {
    if (view.getUint16(at, true) !== 1) continue;
    const numbersEnd = Math.min(end, at + 4 + view.getUint16(at + 2, true));
    const numbers: number[] = [];
    for (let number = at + 4; number + 8 <= numbersEnd; number += 8) numbers.push(Number(view.getBigUint64(number, true)));
    return numbers;
  }
  return [];
}

async function findDirectory(bytes: ByteSource, file: string): Promise<{ start: number; size: number }> {
  // The end record has 22 bytes and a comment of at most 65,535; before it may stand the 20 bytes that lead to its wide form.
  const tailStart = Math.max(0, bytes.size - (22 + 0xffff + 20));
  const tail = await bytes.read(tailStart, bytes.size - tailStart);
  const view = new DataView(tail.buffer, tail.byteOffset, tail.byteLength);
  for (let at = tail.byteLength - 22; at >= 0; at--) {
    if (view.getUint32(at, true) !== 0x06054b50 || at + 22 + view.getUint16(at + 20, true) !== tail.byteLength) continue;
    if (at >= 20 && view.getUint32(at - 20, true) === 0x07064b50) {
      return wideDirectory(bytes, Number(view.getBigUint64(at - 12, true)), file);
    }
    return { size: view.getUint32(at + 12, true), start: view.getUint32(at + 16, true) };
  }
  throw damaged(file, "it begins like a PyTorch file but the list of contents at its end is missing", CUT_SHORT);
}

async function wideDirectory(bytes: ByteSource, at: number, file: string): Promise<{ start: number; size: number }> {
  if (!(at + 56 <= bytes.size)) throw damaged(file, "the list of contents reaches beyond its end", CUT_SHORT);
  const record = await bytes.read(at, 56);
  const view = new DataView(record.buffer, record.byteOffset, 56);
  if (view.getUint32(0, true) !== 0x06064b50) throw damaged(file, "the end of the list of contents is broken");
  return { size: Number(view.getBigUint64(40, true)), start: Number(view.getBigUint64(48, true)) };
}

/** Where the bytes of an entry begin. Its own header is read for this: PyTorch pads it so that tensors are aligned. */
export async function findEntryData(bytes: ByteSource, entry: ZipEntry, file: string): Promise<number> {
  const { name } = entry;
  if (entry.compressed || entry.encrypted) {
    throw damaged(
      file,
      `\`${shortened(name)}\` is ${entry.encrypted ? "encrypted" : "compressed"}, which torch.save never does`,
      'a zip tool may have packed it again; in Python: torch.save(torch.load(FILE, weights_only=True), "weights.pth")',
    );
  }
  const header = await bytes.read(entry.headerStart, 30);
  const view = new DataView(header.buffer, header.byteOffset, 30);
  const start = entry.headerStart + 30 + view.getUint16(26, true) + view.getUint16(28, true);
  if (view.getUint32(0, true) !== 0x04034b50 || start + entry.size > bytes.size) {
    throw damaged(file, `\`${shortened(name)}\` is not where the list of contents says`);
  }
  return start;
}
