import { writeEmittedFiles } from "./write-files.ts";
import type { WriteOptions } from "./write-files.ts";

/** Writes a text so that it is whole under its name, or not there; `-` is standard output. */
export async function writeText(path: string, text: string, options?: Pick<WriteOptions, "source">): Promise<void> {
  const bytes = new TextEncoder().encode(text);
  const chunks = async function* (): AsyncGenerator<Uint8Array> {
    yield bytes;
  };
  await writeEmittedFiles([{ path: "", sizeInBytes: bytes.length, chunks }], path, options);
}

/** Writes the source of networks, which nothing else is written over. */
export const writeSource = (path: string, text: string): Promise<void> => writeText(path, text, { source: true });
