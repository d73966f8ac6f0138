import { InputError } from "../base/input-error.ts";
import { openPyTorchArchive } from "./pytorch/archive.ts";
import { openPyTorchLegacy } from "./pytorch/legacy.ts";
import { openSafetensors } from "./safetensors.ts";
import { fileName } from "./tensor-file.ts";
import type { ByteSource, WeightSource } from "./source.ts";

/** What a file's first bytes say of formats that are not read, and what to do then. */
interface OtherFormat {
  readonly called: string;
  readonly recognizes: (start: Uint8Array) => boolean;
  readonly help?: string;
}

const SAVE_STATE_DICT = 'load it with the tool that made it, then in Python: torch.save(model.state_dict(), "weights.pth")';

const OTHER_FORMATS: readonly OtherFormat[] = [
  { called: "an HDF5 file (Keras .h5)", recognizes: (start) => begins(start, "\x89HDF\r\n"), help: SAVE_STATE_DICT },
  { called: "a NumPy array (.npy)", recognizes: (start) => begins(start, "\x93NUMPY"), help: SAVE_STATE_DICT },
  {
    called: "a tar archive, perhaps of PyTorch before 0.1.10",
    recognizes: (start) => begins(start.subarray(257), "ustar"),
    help: "unpack it; a very old PyTorch file has to be loaded and saved again in Python",
  },
  { called: "compressed with gzip", recognizes: (start) => begins(start, "\x1f\x8b"), help: "unpack it first" },
  { called: "a GGUF file", recognizes: (start) => begins(start, "GGUF"), help: SAVE_STATE_DICT },
  { called: "a TensorFlow Lite file", recognizes: (start) => begins(start.subarray(4), "TFL3"), help: SAVE_STATE_DICT },
  {
    called: "a pointer of Git LFS, not the weights themselves",
    recognizes: (start) => begins(start, "version https://git-lfs"),
    help: "fetch the real file with `git lfs pull`",
  },
  {
    called: "a web page, perhaps of a download that failed",
    recognizes: (start) => /^\s*<(?:!doctype|html)/iu.test(latin1(start)),
    help: "download the file again, from the address of the file itself",
  },
  { called: "JSON text", recognizes: (start) => /^\s*[[{]/u.test(latin1(start)) },
  {
    // An ONNX model is a protobuf message that begins with its small version number and another field.
    called: "an ONNX model",
    recognizes: ([tag, version, next]) => tag === 0x08 && (version ?? 99) < 32 && [0x12, 0x1a, 0x22, 0x3a, 0x42].includes(next ?? 0),
    help: "give the safetensors or PyTorch file that the model was exported from",
  },
];

/**
 * Opens a file of weights. What it is, is seen in its bytes, whatever its name: safetensors, or PyTorch's `.pth` and `.pt`
 * in the zip format or the older one. The source that is given closes the file; when there is none, this does.
 *
 * @throws {@link InputError} (as a rejection) for any other format, which is named, and for damaged files.
 */
export async function openWeights(bytes: ByteSource): Promise<WeightSource> {
  try {
    return await openDetected(bytes);
  } catch (error) {
    await bytes.close();
    throw error;
  }
}

async function openDetected(bytes: ByteSource): Promise<WeightSource> {
  const file = fileName(bytes);
  if (bytes.size === 0) throw new InputError(`${file} is empty`, { help: ["fetch or write the file of weights again"] });
  const start = await bytes.read(0, Math.min(bytes.size, 512));
  if (begins(start, "PK\x03\x04") || begins(start, "PK\x05\x06")) return openPyTorchArchive(bytes);
  if (start[0] === 0x80 && (start[1] ?? 0) >= 2 && (start[1] ?? 9) <= 5) return openPyTorchLegacy(bytes);
  if (start[8] === 0x7b) return openSafetensors(bytes);
  const other = OTHER_FORMATS.find((format) => format.recognizes(start));
  throw new InputError(`${file} is ${other?.called ?? "no file of weights that is known here"}`, {
    notes: ["weights are read from safetensors files and from PyTorch's .pth and .pt files"],
    help: other?.help === undefined ? [] : [other.help],
  });
}

function begins(start: Uint8Array, text: string): boolean {
  if (start.byteLength < text.length) return false;
  for (let i = 0; i < text.length; i++) if (start[i] !== text.charCodeAt(i)) return false;
  return true;
}

function latin1(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes);
}
