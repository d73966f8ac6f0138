import { InputError } from "../../base/input-error.ts";
import { BYTES_PER_ELEMENT } from "../element-types.ts";
import { fileName, shortened, tensorFile, type ListedTensor } from "../tensor-file.ts";
import type { ByteSource, WeightSource } from "../source.ts";
import { isNode, PickleCutShort, PickleError, readPickle } from "./pickle.ts";
import { findStateDict } from "./state-dict.ts";
import { damaged, tensorMeaning, type TensorMeaning } from "./tensors.ts";
import type { PickleValue } from "./values.ts";

/** The number that begins every file of `torch.save` before PyTorch 1.6. */
const MAGIC = 0x1950a86a20f9469cfc6cn;
const PROTOCOL = 1001;
const FIRST_WINDOW_BYTES = 1 << 20;
const MAX_WINDOW_BYTES = 64 << 20;
const SMALL_READ_BYTES = 4 << 10;

interface Description {
  readonly root: PickleValue;
  readonly meaning: TensorMeaning;
  readonly keys: readonly string[];
  /** The byte after the pickles, where the first storage begins. */
  readonly end: number;
}

/**
 * Opens what `torch.save` wrote before PyTorch 1.6 (and still writes when asked): five pickles (a magic number, the
 * protocol, the machine, the object, the keys of storages), then for each key a count of 8 bytes and the values, always
 * little-endian. Nothing in it is executed.
 */
export async function openPyTorchLegacy(bytes: ByteSource): Promise<WeightSource> {
  const file = fileName(bytes);
  const description = await readDescription(bytes, file);
  const tensors = findStateDict(description.root, file);
  const starts = await findStorages(bytes, description, file);
  const listed = new Map<string, ListedTensor>();
  for (const [name, { dtype, shape, strides, offset, storage }] of tensors) {
    const start = starts.get(storage.key);
    if (start === undefined) throw damaged(file, `the values of \`${shortened(name)}\` are missing`);
    listed.set(name, { name, dtype, shape, strides, start: start + offset * BYTES_PER_ELEMENT[dtype], littleEndian: true });
  }
  return tensorFile(bytes, listed);
}

/** Where the pickles end is only known when they are read, so a larger part of the file is taken until they are whole. */
async function readDescription(bytes: ByteSource, file: string): Promise<Description> {
  for (let window = FIRST_WINDOW_BYTES; ; window *= 2) {
    const taken = await bytes.read(0, Math.min(window, bytes.size));
    try {
      return readPickles(taken, file);
    } catch (error) {
      if (error instanceof PickleError) throw damaged(file, `before byte ${error.at}, ${error.message}`);
      if (!(error instanceof PickleCutShort)) throw error;
      if (window >= bytes.size) throw damaged(file, "it ends in the middle of the description of its tensors");
      if (window >= MAX_WINDOW_BYTES) throw damaged(file, `the description of its tensors has more than ${MAX_WINDOW_BYTES} bytes`);
    }
  }
}

function readPickles(taken: Uint8Array, file: string): Description {
  const meaning = tensorMeaning(file);
  const magic = readPickle(taken, 0, meaning);
  if (magic.value !== MAGIC) {
    throw new InputError(`${file} is a Python pickle, but not one that torch.save wrote`, {
      notes: ["weights are read from safetensors files and from PyTorch's .pth and .pt files"],
      help: ["load it with the tool that made it and save a state dict with torch.save"],
    });
  }
  const protocol = readPickle(taken, magic.end, meaning);
  if (protocol.value !== PROTOCOL) throw damaged(file, `the number of its format is not ${PROTOCOL}`);
  const machine = readPickle(taken, protocol.end, meaning);
  const root = readPickle(taken, machine.end, meaning);
  const keys = readPickle(taken, root.end, meaning);
  const items = isNode(keys.value, "sequence") ? keys.value.items : [];
  return { root: root.value, meaning, keys: items.map((key) => String(key)), end: keys.end };
}

async function findStorages(bytes: ByteSource, description: Description, file: string): Promise<ReadonlyMap<string, number>> {
  const starts = new Map<string, number>();
  const readCount = countReader(bytes);
  let at = description.end;
  for (const key of description.keys) {
    const storage = description.meaning.storages.get(key);
    if (storage === undefined || starts.has(key)) throw damaged(file, "its list of storages does not fit its tensors");
    const size = storage.count * (storage.dtype === undefined ? 1 : BYTES_PER_ELEMENT[storage.dtype]);
    if (!(at + 8 + size <= bytes.size)) {
      throw damaged(
        file,
        `the values \`${shortened(key)}\` should end at byte ${at + 8 + size}, but the file has ${bytes.size}`,
        "a download or a copy that was interrupted leaves such a file; fetch it again",
      );
    }
    const count = await readCount(at);
    if (count !== BigInt(storage.count)) {
      throw damaged(file, `the storage \`${shortened(key)}\` has ${count} values where its tensors need ${storage.count}`);
    }
    starts.set(key, at + 8);
    at += 8 + size;
  }
  return starts;
}

/** Reads counts through a small window: a file may have many thousands of tiny storages. */
function countReader(bytes: ByteSource): (at: number) => Promise<bigint> {
  let window = new Uint8Array(0);
  let windowStart = 0;
  return async (at) => {
    if (at + 8 > windowStart + window.byteLength) {
      windowStart = at;
      window = new Uint8Array(await bytes.read(at, Math.min(SMALL_READ_BYTES, bytes.size - at)));
    }
    return new DataView(window.buffer, window.byteOffset).getBigUint64(at - windowStart, true);
  };
}
