import { InputError } from "../../src/base/input-error.ts";
import type { EmittedFile } from "../../src/backends/backend.ts";
import { openWeights, type OpenedWeights, type OpenWeightsOptions } from "../../src/weights/open-weights.ts";
import type { ByteSource } from "../../src/weights/source.ts";
import { memoryFile } from "./byte-source.ts";
import { bytesOf } from "./compiled.ts";

/** Files by their path in a folder. */
export type Files = Readonly<Record<string, Uint8Array>>;

/** How the files of a folder were used. */
export interface Use {
  open: number;
  mostOpen: number;
  largestRead: number;
}

/** Opens files of a folder in memory, refuses what is outside of it or of them, and notes how they are used. */
export function besideIn(files: Files, use: Use = { open: 0, mostOpen: 0, largestRead: 0 }): (path: string) => Promise<ByteSource> {
  return async (path) => {
    const bytes = Object.hasOwn(files, path) ? files[path] : undefined;
    if (bytes === undefined) throw new InputError(`there is no file \`${path}\``);
    use.mostOpen = Math.max(use.mostOpen, ++use.open);
    const file = memoryFile(bytes, path);
    let closed = false;
    return {
      ...file,
      async read(offset, length) {
        if (closed || !(offset >= 0 && length >= 0 && offset + length <= bytes.byteLength)) throw new RangeError(`read of ${length} at ${offset} of ${path}`);
        use.largestRead = Math.max(use.largestRead, length);
        return file.read(offset, length);
      },
      async close() {
        if (!closed) use.open--;
        closed = true;
      },
    };
  };
}

/** The weights of the model in a folder. */
export async function openFolder(files: Files, options: Omit<OpenWeightsOptions, "beside"> = {}, use?: Use): Promise<OpenedWeights> {
  const beside = besideIn(files, use);
  return openWeights({ ...(await beside("model.json")), path: "trained/model.json" }, { ...options, beside });
}

/** Emitted files as a folder. */
export async function filesOf(emitted: readonly EmittedFile[]): Promise<Record<string, Uint8Array>> {
  const files: Record<string, Uint8Array> = {};
  for (const file of emitted) files[file.path] = await bytesOf(file);
  return files;
}

export const json = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value));
