import { createWriteStream } from "node:fs";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { compileOnnx } from "../../src/index.ts";
import type { CompileOptions, EmittedFile, Graph } from "../../src/index.ts";

/** A file's bytes, all of them. */
export async function bytesOf(file: EmittedFile): Promise<Uint8Array> {
  const bytes = new Uint8Array(file.sizeInBytes);
  let filled = 0;
  for await (const chunk of file.chunks()) {
    bytes.set(chunk, filled);
    filled += chunk.length;
  }
  if (filled !== bytes.length) throw new Error(`the file said ${bytes.length} bytes and has ${filled}`);
  return bytes;
}

/** The one ONNX file of a network. */
export async function compiled(graph: Graph, options: Omit<CompileOptions, "version"> = {}): Promise<Uint8Array> {
  return bytesOf(theFile(graph, options));
}

/** Writes the one ONNX file of a network. */
export async function writeCompiled(path: string, graph: Graph, options: Omit<CompileOptions, "version"> = {}): Promise<void> {
  const copies = async function* (): AsyncIterable<Uint8Array> {
    for await (const chunk of theFile(graph, options).chunks()) yield chunk.slice();
  };
  await pipeline(Readable.from(copies()), createWriteStream(path));
}

function theFile(graph: Graph, options: Omit<CompileOptions, "version">): EmittedFile {
  const { files } = compileOnnx(graph, { version: "0.0.0", ...options });
  const [file] = files;
  if (file === undefined || files.length > 1) throw new Error(`${graph.name}: ${files.length} files`);
  return file;
}
