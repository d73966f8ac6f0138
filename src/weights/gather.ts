import { invariant } from "../base/assert.ts";

/** All bytes of a tensor or file that comes in chunks, in one buffer of their own. */
export async function gather(chunks: AsyncIterable<Uint8Array>, sizeInBytes: number): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = new Uint8Array(sizeInBytes);
  let at = 0;
  for await (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  invariant(at === sizeInBytes, `${at} bytes came where ${sizeInBytes} were expected`);
  return bytes;
}
