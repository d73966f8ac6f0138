import { writeEmittedFiles } from "./write-files.ts";

/** Writes a text so that it is whole under its name, or not there; `-` is standard output. */
export async function writeText(path: string, text: string): Promise<void> {
  const bytes = new TextEncoder().encode(text);
  const chunks = async function* (): AsyncGenerator<Uint8Array> {
    yield bytes;
  };
  await writeEmittedFiles([{ path: "", sizeInBytes: bytes.length, chunks }], path);
}
