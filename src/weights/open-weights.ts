import { InputError } from "../base/input-error.ts";
import { openPyTorchArchive } from "./pytorch/archive.ts";
import { openPyTorchLegacy } from "./pytorch/legacy.ts";
import { openSafetensors } from "./safetensors.ts";
import { fileName } from "./tensor-file.ts";
import type { OpenBeside } from "./files-beside.ts";
import { openOnnxFile } from "./onnx/file.ts";
import { openTfjsFolder } from "./tfjs/folder.ts";
import type { TfjsWeightPlace } from "./tfjs/places.ts";
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
];

/** What helps to open files that are not alone. */
export interface OpenWeightsOptions {
  /** Opens a file beside the one given, by its relative path: the shards of a TF.js model, external data of an ONNX model. */
  readonly beside?: OpenBeside;
  /** Where the weights of a TF.js model belong in the network, asked for only when the model does not tell by itself. */
  readonly places?: () => Promise<readonly TfjsWeightPlace[]>;
}

/** Weights of a file, and sentences to show about how they were found. */
export interface OpenedWeights extends WeightSource {
  readonly remarks?: readonly string[];
}

/**
 * Opens a file of weights. What it is, is seen in its bytes, whatever its name: safetensors, PyTorch's `.pth` and `.pt` in
 * the zip format or the older one, an ONNX model, the `model.json` of a TF.js LayersModel. The source that is given closes
 * the file; when there is none, this does.
 *
 * @throws {@link InputError} (as a rejection) for any other format, which is named, and for damaged files.
 */
export async function openWeights(bytes: ByteSource, options: OpenWeightsOptions = {}): Promise<OpenedWeights> {
  try {
    return await openDetected(bytes, options);
  } catch (error) {
    await bytes.close();
    throw error;
  }
}

async function openDetected(bytes: ByteSource, { beside, places }: OpenWeightsOptions): Promise<OpenedWeights> {
  const file = fileName(bytes);
  if (bytes.size === 0) throw new InputError(`${file} is empty`, { help: ["fetch or write the file of weights again"] });
  const start = await bytes.read(0, Math.min(bytes.size, 512));
  if (begins(start, "PK\x03\x04") || begins(start, "PK\x05\x06")) return openPyTorchArchive(bytes);
  if (start[0] === 0x80 && (start[1] ?? 0) >= 2 && (start[1] ?? 9) <= 5) return openPyTorchLegacy(bytes);
  // The first eight bytes of a safetensors file are the length of its header: a text has no zeros there.
  if (!start.subarray(0, 8).includes(0) && /^\s*[[{]/u.test(latin1(start))) return openTfjsFolder(bytes, { beside: beside ?? nothingBeside(file), places });
  if (start[8] === 0x7b) return openSafetensors(bytes);
  if (isOnnx(start)) return openOnnxFile(bytes, beside);
  const other = OTHER_FORMATS.find((format) => format.recognizes(start));
  throw new InputError(`${file} is ${other?.called ?? "no file of weights that is known here"}`, {
    notes: ["weights are read from safetensors files, PyTorch's .pth and .pt files, ONNX models, and TF.js models (model.json)"],
    help: other?.help === undefined ? [] : [other.help],
  });
}

/** An ONNX model is a protobuf message that begins with its small version number and another field. */
function isOnnx([tag, version, next]: Uint8Array): boolean {
  return tag === 0x08 && (version ?? 99) < 32 && [0x12, 0x1a, 0x22, 0x3a, 0x42].includes(next ?? 0);
}

function nothingBeside(file: string): OpenBeside {
  return async () => {
    throw new InputError(`${file} keeps its weights in other files, and there is no way to open them here`, { help: ["give `openWeights` the option `beside`"] });
  };
}

function begins(start: Uint8Array, text: string): boolean {
  if (start.byteLength < text.length) return false;
  for (let i = 0; i < text.length; i++) if (start[i] !== text.charCodeAt(i)) return false;
  return true;
}

function latin1(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes);
}
