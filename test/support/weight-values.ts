import type { WeightSource } from "../../src/weights/source.ts";

/** All chunks of a stream as one run of bytes. */
export async function collect(chunks: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const copies: Uint8Array[] = [];
  for await (const chunk of chunks) copies.push(chunk.slice());
  return new Uint8Array(Buffer.concat(copies));
}

/** The values of a tensor as numbers. */
export async function values(source: WeightSource, name: string, axes?: readonly number[]): Promise<number[]> {
  return float32s(await collect(source.read(name, axes)));
}

/** Little-endian float32 bytes as numbers. */
export function float32s(bytes: Uint8Array): number[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Array.from({ length: bytes.byteLength / 4 }, (_, i) => view.getFloat32(i * 4, true));
}
