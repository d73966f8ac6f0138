import { InputError } from "../../base/input-error.ts";
import { BYTES_PER_ELEMENT } from "../element-types.ts";
import { fileName, shortened, tensorFile, type ListedTensor } from "../tensor-file.ts";
import type { ByteSource, WeightSource } from "../source.ts";
import { PickleCutShort, PickleError, readPickle } from "./pickle.ts";
import { findStateDict, type NamedTensors } from "./state-dict.ts";
import { damaged, tensorMeaning } from "./tensors.ts";
import { findEntryData, readZipDirectory, type ZipEntry } from "./zip.ts";

/** The longest description of tensors that is read; that of ResNet-1202 has half a megabyte. */
const MAX_PICKLE_BYTES = 64 << 20;

/** Headers of entries that are read at the same time. */
const READS_AT_ONCE = 16;

/**
 * Opens what `torch.save` writes since PyTorch 1.6: a zip archive whose `data.pkl` describes the tensors and whose
 * `data/KEY` are their storages. Nothing in it is executed.
 */
export async function openPyTorchArchive(bytes: ByteSource): Promise<WeightSource> {
  const file = fileName(bytes);
  const entries = await readZipDirectory(bytes, file);
  const prefix = findPrefix(entries, file);
  const littleEndian = await readsLittleEndian(bytes, entries.get(`${prefix}byteorder`), file);
  const tensors = findStateDict(await readDescription(bytes, entries.get(`${prefix}data.pkl`), file), file);
  const starts = await findStorages(bytes, tensors, (key) => entries.get(`${prefix}data/${key}`), file);
  const listed = new Map<string, ListedTensor>();
  for (const [name, { dtype, shape, strides, offset, storage }] of tensors) {
    const start = (starts.get(storage.key) ?? 0) + offset * BYTES_PER_ELEMENT[dtype];
    listed.set(name, { name, dtype, shape, strides, start, littleEndian });
  }
  return tensorFile(bytes, listed);
}

/** PyTorch puts everything into one folder, named after the file it was first written to. */
function findPrefix(entries: ReadonlyMap<string, ZipEntry>, file: string): string {
  const names = [...entries.keys()];
  const description = names.find((name) => /^(?:[^/]*\/)?data\.pkl$/u.test(name));
  if (description !== undefined) {
    const prefix = description.slice(0, -"data.pkl".length);
    if (!entries.has(`${prefix}constants.pkl`)) return prefix;
    throw new InputError(`${file} is a TorchScript program, not a state dict`, {
      notes: ["its tensors belong to compiled code; only files of torch.save(model.state_dict()) are read"],
      help: ['in Python: torch.save(torch.jit.load(FILE).state_dict(), "weights.pth")'],
    });
  }
  const kind = names.some((name) => name.endsWith(".npy")) ? "NumPy arrays (an .npz file)" : "a zip archive without PyTorch's data.pkl";
  throw new InputError(`${file} is ${kind}, which is not read`, {
    notes: ["weights are read from safetensors files and from PyTorch's .pth and .pt files"],
  });
}

async function readsLittleEndian(bytes: ByteSource, entry: ZipEntry | undefined, file: string): Promise<boolean> {
  if (entry === undefined) return true;
  const text = new TextDecoder().decode(await bytes.read(await findEntryData(bytes, entry, file), Math.min(entry.size, 16)));
  if (text !== "little" && text !== "big") throw damaged(file, "its byte order is neither `little` nor `big`");
  return text === "little";
}

async function readDescription(bytes: ByteSource, entry: ZipEntry | undefined, file: string) {
  if (entry === undefined) throw damaged(file, "data.pkl is missing");
  if (entry.size > MAX_PICKLE_BYTES) throw damaged(file, `data.pkl has ${entry.size} bytes; at most ${MAX_PICKLE_BYTES} are read`);
  const pickle = await bytes.read(await findEntryData(bytes, entry, file), entry.size);
  try {
    return readPickle(pickle, 0, tensorMeaning(file)).value;
  } catch (error) {
    if (error instanceof PickleCutShort) throw damaged(file, "data.pkl ends too early");
    if (error instanceof PickleError) throw damaged(file, `in data.pkl, before byte ${error.at}, ${error.message}`);
    throw error;
  }
}

/** Where each storage that a wanted tensor stands on begins, in bytes of the file. */
async function findStorages(
  bytes: ByteSource,
  tensors: NamedTensors,
  entryOf: (key: string) => ZipEntry | undefined,
  file: string,
): Promise<ReadonlyMap<string, number>> {
  const storages = new Map([...tensors.values()].map(({ storage }) => [storage.key, storage]));
  const found: { key: string; entry: ZipEntry }[] = [];
  for (const { key, dtype, count } of storages.values()) {
    const size = count * (dtype === undefined ? 1 : BYTES_PER_ELEMENT[dtype]);
    const entry = entryOf(key);
    if (entry === undefined && size > 0) throw damaged(file, `the values \`data/${shortened(key)}\` are missing`);
    if (entry === undefined) continue;
    if (entry.size !== size) {
      throw damaged(file, `\`data/${shortened(key)}\` has ${entry.size} bytes where its tensors need ${size}`);
    }
    found.push({ key, entry });
  }
  const starts = new Map<string, number>();
  for (let from = 0; from < found.length; from += READS_AT_ONCE) {
    const batch = found.slice(from, from + READS_AT_ONCE);
    const begins = await Promise.all(batch.map(({ entry }) => findEntryData(bytes, entry, file)));
    batch.forEach(({ key }, i) => starts.set(key, begins[i] ?? 0));
  }
  return starts;
}
