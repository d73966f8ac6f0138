import { statSync } from "node:fs";
import { open } from "node:fs/promises";
import type { EmittedFile } from "../backends/backend.ts";

const CHUNK_BYTES = 1 << 20;

/** A file of a disk as a part of a model: `path` is its name there, `location` where it lies. */
export function fileOnDisk(path: string, location: string): EmittedFile {
  return {
    path,
    sizeInBytes: statSync(location).size,
    async *chunks() {
      const file = await open(location);
      try {
        const room = Buffer.allocUnsafe(CHUNK_BYTES);
        for (;;) {
          const { bytesRead } = await file.read(room, 0, CHUNK_BYTES);
          if (bytesRead === 0) return;
          yield room.subarray(0, bytesRead);
        }
      } finally {
        await file.close();
      }
    },
  };
}
