import { invariant } from "../base/assert.ts";
import { InputError } from "../base/input-error.ts";
import { elementCount } from "./element-types.ts";
import { CHUNK_BYTES } from "./transpose.ts";
import type { WeightSource } from "./source.ts";

/** A file that is made while it is read: its exact size, and its bytes. A chunk is only valid until the next is asked for. */
export interface StreamedFile {
  readonly size: number;
  chunks(): AsyncIterable<Uint8Array>;
}

/**
 * A safetensors file of float32 tensors, in the order of `entries`. The same entries, values and metadata give the same
 * bytes; the data begins at a multiple of 8. Values are copied through in chunks, so memory does not grow with the model.
 */
export function writeSafetensors(
  entries: readonly { readonly name: string; readonly shape: readonly number[] }[],
  source: WeightSource,
  metadata: Readonly<Record<string, string>> = {},
): StreamedFile {
  const { header, dataBytes } = layOut(entries, metadata);
  return {
    size: header.byteLength + dataBytes,
    chunks: () => gathered(header, entries, source),
  };
}

function layOut(
  entries: readonly { readonly name: string; readonly shape: readonly number[] }[],
  metadata: Readonly<Record<string, string>>,
): { header: Uint8Array; dataBytes: number } {
  const fields: string[] = [];
  const keys = Object.keys(metadata).sort();
  if (keys.length > 0) {
    const texts = keys.map((key) => `${JSON.stringify(key)}:${JSON.stringify(metadata[key])}`);
    fields.push(`"__metadata__":{${texts.join(",")}}`);
  }
  const names = new Set<string>(["__metadata__"]);
  let at = 0;
  for (const { name, shape } of entries) {
    invariant(!names.has(name), `the tensor \`${name}\` is written twice`);
    names.add(name);
    const count = elementCount(shape);
    invariant(count !== undefined && Number.isSafeInteger(at + count * 4), `\`${name}\` is too large for a file`);
    const end = at + count * 4;
    fields.push(`${JSON.stringify(name)}:{"dtype":"F32","shape":[${shape.join(",")}],"data_offsets":[${at},${end}]}`);
    at = end;
  }
  const text = new TextEncoder().encode(`{${fields.join(",")}}`);
  const length = Math.ceil(text.byteLength / 8) * 8;
  const header = new Uint8Array(8 + length).fill(0x20);
  new DataView(header.buffer).setBigUint64(0, BigInt(length), true);
  header.set(text, 8);
  return { header, dataBytes: at };
}

/** Small tensors are gathered into one chunk: thousands of batch norms would be thousands of tiny writes. */
async function* gathered(
  header: Uint8Array,
  entries: readonly { readonly name: string; readonly shape: readonly number[] }[],
  source: WeightSource,
): AsyncGenerator<Uint8Array> {
  const buffer = new Uint8Array(CHUNK_BYTES);
  let filled = 0;
  for await (const piece of everything(header, entries, source)) {
    const passedOn = piece.byteLength > buffer.byteLength / 2;
    if (filled > 0 && (passedOn || filled + piece.byteLength > buffer.byteLength)) {
      yield buffer.subarray(0, filled);
      filled = 0;
    }
    if (passedOn) {
      yield piece;
    } else {
      buffer.set(piece, filled);
      filled += piece.byteLength;
    }
  }
  if (filled > 0) yield buffer.subarray(0, filled);
}

async function* everything(
  header: Uint8Array,
  entries: readonly { readonly name: string; readonly shape: readonly number[] }[],
  source: WeightSource,
): AsyncGenerator<Uint8Array> {
  yield header;
  for (const { name, shape } of entries) {
    const wanted = (elementCount(shape) ?? 0) * 4;
    let got = 0;
    for await (const chunk of source.read(name)) {
      got += chunk.byteLength;
      yield chunk;
    }
    if (got !== wanted) {
      throw new InputError(`${source.description} gave ${got / 4} values for \`${name}\` [${shape.join(", ")}], which has ${wanted / 4}`);
    }
  }
}
