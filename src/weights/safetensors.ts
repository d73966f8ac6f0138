import { InputError } from "../base/input-error.ts";
import { BYTES_PER_ELEMENT, elementCount, isTensorDType } from "./element-types.ts";
import { parseSafetensorsHeader, type HeaderEntry } from "./safetensors-header.ts";
import { fileName, shortened, tensorFile, type ListedTensor } from "./tensor-file.ts";
import { rowMajorStrides } from "./transpose.ts";
import type { ByteSource, WeightSource } from "./source.ts";

/** The longest header that is read; the reference implementation has the same limit. */
const MAX_HEADER_BYTES = 100_000_000;

/** A safetensors file: its tensors as weights, and the texts that were stored with them. */
export interface SafetensorsSource extends WeightSource {
  readonly metadata: ReadonlyMap<string, string>;
}

/**
 * Opens a safetensors file: 8 bytes with the length of a JSON header, the header, the tensors one behind the other.
 * Everything the header says is checked before the first value is read.
 *
 * @throws {@link InputError} (as a rejection) for a file that is cut short or contradicts itself.
 */
export async function openSafetensors(bytes: ByteSource): Promise<SafetensorsSource> {
  const file = fileName(bytes);
  const headerBytes = await headerLength(bytes, file);
  const { entries, metadata } = parseSafetensorsHeader(decodeText(await bytes.read(8, headerBytes), file), file);
  const dataStart = 8 + headerBytes;
  checkLayout(entries, bytes.size - dataStart, file);
  const tensors = new Map(entries.map((entry) => [entry.name, listed(entry, dataStart, file)]));
  return { ...tensorFile(bytes, tensors), metadata };
}

async function headerLength(bytes: ByteSource, file: string): Promise<number> {
  if (bytes.size < 8) throw damaged(file, `it ends after ${bytes.size} bytes, before its header`);
  const first = await bytes.read(0, 8);
  const length = new DataView(first.buffer, first.byteOffset, 8).getBigUint64(0, true);
  if (length > BigInt(bytes.size - 8)) {
    throw damaged(file, `its header should have ${length} bytes, but the whole file has ${bytes.size}`, CUT_SHORT);
  }
  if (length > BigInt(MAX_HEADER_BYTES)) {
    throw damaged(file, `its header should have ${length} bytes; the longest one allowed has ${MAX_HEADER_BYTES}`);
  }
  return Number(length);
}

function decodeText(header: Uint8Array, file: string): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(header);
  } catch (error) {
    if (error instanceof TypeError) throw damaged(file, "its header is not UTF-8 text");
    throw error;
  }
}

/** Tensors must fill the data exactly: a hole, an overlap or a missing end means that the offsets are not the writer's. */
function checkLayout(entries: readonly HeaderEntry[], dataBytes: number, file: string): void {
  const inOrder = [...entries].sort((a, b) => a.offsets[0] - b.offsets[0] || a.offsets[1] - b.offsets[1]);
  let at = 0;
  for (const { name: fullName, offsets } of inOrder) {
    const name = shortened(fullName);
    const [begin, end] = offsets;
    if (end < begin) throw damaged(file, `\`${name}\` ends at byte ${end} of the data, before it begins at byte ${begin}`);
    if (end > dataBytes) {
      throw damaged(file, `\`${name}\` should end at byte ${end} of the data, but there are only ${dataBytes}`, CUT_SHORT);
    }
    if (begin < at) throw damaged(file, `\`${name}\` begins at byte ${begin} of the data, inside the tensor before it`);
    if (begin > at) throw damaged(file, `bytes ${at} to ${begin} of the data, before \`${name}\`, belong to no tensor`);
    at = end;
  }
  if (at < dataBytes) throw damaged(file, `the last ${dataBytes - at} bytes belong to no tensor`);
}

function listed(entry: HeaderEntry, dataStart: number, file: string): ListedTensor {
  const { name, dtype, shape, offsets } = entry;
  if (!isTensorDType(dtype)) {
    throw new InputError(`\`${shortened(name)}\` in ${file} has the element type \`${dtype.slice(0, 40)}\`, which is not known here`, {
      notes: [`known are ${Object.keys(BYTES_PER_ELEMENT).join(", ")}`],
    });
  }
  const count = elementCount(shape);
  const size = offsets[1] - offsets[0];
  if (count === undefined || count * BYTES_PER_ELEMENT[dtype] !== size) {
    const wanted = count === undefined ? "more bytes than any file has" : `${count * BYTES_PER_ELEMENT[dtype]} bytes`;
    throw damaged(file, `\`${shortened(name)}\`, ${dtype} [${shortened(shape.join(", "))}], needs ${wanted} but is given ${size}`);
  }
  return { name, dtype, shape, strides: rowMajorStrides(shape), start: dataStart + offsets[0], littleEndian: true };
}

const CUT_SHORT = "a download or a copy that was interrupted leaves such a file; fetch it again";

function damaged(file: string, what: string, help?: string): InputError {
  return new InputError(`${file} is damaged: ${what}`, help === undefined ? {} : { help: [help] });
}
