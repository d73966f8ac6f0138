import { open } from "node:fs/promises";
import type { ByteSource } from "../../src/weights/source.ts";

/** Bytes in memory as a file. What is read is a copy, as it is from a file. */
export function memoryFile(bytes: Uint8Array, path = "memory"): ByteSource {
  return {
    path,
    size: bytes.byteLength,
    async read(offset, length) {
      if (offset + length > bytes.byteLength) throw new Error(`${path} ends before byte ${offset + length}`);
      return bytes.slice(offset, offset + length);
    },
    close: async () => {},
  };
}

/** A file on disk. */
export async function diskFile(path: string): Promise<ByteSource> {
  const handle = await open(path, "r");
  const { size } = await handle.stat();
  return {
    path,
    size,
    async read(offset, length) {
      const bytes = new Uint8Array(length);
      for (let filled = 0; filled < length; ) {
        const { bytesRead } = await handle.read(bytes, filled, length - filled, offset + filled);
        if (bytesRead === 0) throw new Error(`${path} ends before byte ${offset + length}`);
        filled += bytesRead;
      }
      return bytes;
    },
    close: () => handle.close(),
  };
}
