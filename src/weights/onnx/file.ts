import { InputError } from "../../base/input-error.ts";
import { joinedFiles, type FilePart, type OpenBeside } from "../files-beside.ts";
import { fileName, shortened, tensorFile, type ListedTensor } from "../tensor-file.ts";
import { rowMajorStrides } from "../transpose.ts";
import type { ByteSource, WeightSource } from "../source.ts";
import { readInitializers, type Initializer } from "./initializers.ts";

/**
 * Opens an ONNX model as weights: its initializers of floating-point numbers, under their names. The file is walked, not
 * loaded; values may stand in files beside it (external data).
 *
 * @throws {@link InputError} (as a rejection) for damaged files and for a companion that is missing or too short
 */
export async function openOnnxFile(bytes: ByteSource, beside?: OpenBeside): Promise<WeightSource> {
  const file = fileName(bytes);
  const initializers = await readInitializers(bytes, file);
  const outside = await companions(initializers, bytes, beside, file);
  const parts = [{ path: "", size: bytes.size }, ...outside.values()];
  // The model is the first of the joined files. It stays open, and this closes it.
  const model: ByteSource = { path: bytes.path, size: bytes.size, read: (offset, length) => bytes.read(offset, length), close: async () => {} };
  const joined = joinedFiles(bytes.path, parts, async (path) => (path === "" ? model : needed(beside, file)(path)));
  const tensors = new Map<string, ListedTensor>();
  for (const initializer of initializers) {
    const { name, dtype, shape, place } = initializer;
    const fileStart = place.kind === "here" ? 0 : (outside.get(place.path)?.start ?? 0);
    tensors.set(name, { name, dtype, shape, strides: rowMajorStrides(shape), start: fileStart + place.start, littleEndian: true });
  }
  return {
    ...tensorFile(outside.size === 0 ? bytes : joined, tensors),
    async close() {
      await joined.close();
      await bytes.close();
    },
  };
}

/** The files of external data, each once, with its place behind the model. Every tensor must stand inside its file. */
async function companions(initializers: readonly Initializer[], bytes: ByteSource, beside: OpenBeside | undefined, file: string): Promise<ReadonlyMap<string, FilePart & { readonly start: number }>> {
  const files = new Map<string, FilePart & { readonly start: number }>();
  let start = bytes.size;
  for (const { name, place, sizeInBytes } of initializers) {
    if (place.kind === "here") continue;
    let companion = files.get(place.path);
    if (companion === undefined) {
      const opened = await openCompanion(place.path, needed(beside, file), file);
      companion = { path: place.path, size: opened.size, start };
      await opened.close();
      files.set(place.path, companion);
      start += companion.size;
    }
    const size = place.size ?? sizeInBytes;
    if (size !== sizeInBytes) throw new InputError(`${file} is damaged: \`${shortened(name)}\` needs ${sizeInBytes} bytes but is given ${size} of \`${shortened(place.path)}\``);
    if (place.start + size > companion.size) {
      throw new InputError(`\`${shortened(place.path)}\` has ${companion.size} bytes, and \`${shortened(name)}\` of ${file} should end at byte ${place.start + size}`, {
        help: ["a download or a copy that was interrupted leaves such a file; fetch it again"],
      });
    }
  }
  return files;
}

function needed(beside: OpenBeside | undefined, file: string): OpenBeside {
  if (beside === undefined) throw new InputError(`${file} keeps its weights in other files, and there is no way to open them here`, { help: ["give `openWeights` the option `beside`"] });
  return beside;
}

async function openCompanion(path: string, beside: OpenBeside, file: string): Promise<ByteSource> {
  try {
    return await beside(path);
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    throw new InputError(`the weights of ${file} cannot be read: ${error.message}`, { notes: error.notes, help: [`put \`${shortened(path)}\` beside ${file}; they belong together`] });
  }
}
