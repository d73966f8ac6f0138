import { groupDigits } from "../../base/digits.ts";
import { InputError } from "../../base/input-error.ts";
import { BYTES_PER_ELEMENT, elementCount } from "../element-types.ts";
import { checkRelativePath } from "../files-beside.ts";
import { fileName, shortened } from "../tensor-file.ts";
import type { ByteSource, TensorDType } from "../source.ts";

/** More than this is no `model.json` of layers: 1202 layers need 4 MB. It is not read at all. */
const MAX_JSON_BYTES = 16 << 20;

/** More axes than any tensor of TensorFlow.js has: those go to 6. */
export const MAX_RANK = 8;

/** A weight as the manifest lists it, and the byte of its group where it begins. */
export interface ManifestWeight {
  readonly name: string;
  readonly dtype: TensorDType;
  readonly shape: readonly number[];
  readonly start: number;
  /** Belongs to the optimizer, which no network has. */
  readonly ofOptimizer: boolean;
}

/** Weights that stand one behind the other in a run of files. */
export interface ManifestGroup {
  readonly paths: readonly string[];
  readonly weights: readonly ManifestWeight[];
  readonly sizeInBytes: number;
}

export interface ModelJson {
  readonly groups: readonly ManifestGroup[];
  /** What `userDefinedMetadata.rnc` holds: unchecked, absent where a model was not made by rnc. */
  readonly metadata: unknown;
}

/** What we call the types of the manifest; texts have no size that the manifest tells. */
const DTYPES: Readonly<Record<string, TensorDType>> = { float32: "F32", float16: "F16", int32: "I32", uint16: "U16", uint8: "U8", bool: "BOOL", complex64: "C64" };

/**
 * Reads the `model.json` of a LayersModel: the list of its weights, not its layers. Everything is checked that can be
 * without the files of the weights.
 *
 * @throws {@link InputError} (as a rejection) for other JSON, graph models, quantized weights and lists that contradict themselves
 */
export async function readModelJson(bytes: ByteSource, description: string): Promise<ModelJson> {
  if (bytes.size > MAX_JSON_BYTES) {
    throw new InputError(`${description} has ${groupDigits(bytes.size)} bytes; that is no list of layers`, {
      notes: [`at most ${groupDigits(MAX_JSON_BYTES)} are read; the weights of a TF.js model are in files of their own`],
    });
  }
  const json = parseJson(await bytes.read(0, bytes.size), description);
  const manifest = isRecord(json) ? json["weightsManifest"] : undefined;
  if (!isRecord(json) || !Array.isArray(manifest)) throw notAModel(json, description);
  if (isGraphModel(json)) {
    throw new InputError(`${description} is a TF.js graph model, which was converted to run and has no layers`, {
      help: ["save the model it was made from as layers: `model.save` in TF.js, or tensorflowjs_converter --output_format=tfjs_layers_model"],
    });
  }
  const names = new Set<string>();
  const paths = new Set<string>();
  const groups = manifest.map((group: unknown, index) => readGroup(group, `group ${index + 1}`, { names, paths, description }));
  const metadata = json["userDefinedMetadata"];
  return { groups, metadata: isRecord(metadata) && Object.hasOwn(metadata, "rnc") ? metadata["rnc"] : undefined };
}

/** A JSON object. */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A list of whole numbers of 0 or more, or nothing. */
export function sizesOf(value: unknown): number[] | undefined {
  const isSize = (size: unknown): size is number => Number.isSafeInteger(size) && (size as number) >= 0;
  return Array.isArray(value) && value.every(isSize) ? value.map((size) => size + 0) : undefined;
}

function parseJson(bytes: Uint8Array, description: string): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (error) {
    if (error instanceof TypeError) throw damaged(description, "it is not UTF-8 text");
    if (error instanceof SyntaxError) throw damaged(description, `it is not JSON: ${shortened(error.message)}`, CUT_SHORT);
    throw error;
  }
}

function notAModel(json: unknown, description: string): InputError {
  const topology = isRecord(json) && Object.hasOwn(json, "modelTopology");
  return new InputError(topology ? `${description} lists layers but no weights` : `${description} is JSON, but not of a TF.js model`, {
    notes: ["a TF.js LayersModel has a `weightsManifest`, the list of its weights and of the files that hold them"],
    help: [`give the \`model.json\` that \`model.save\` or \`rnc compile --target tfjs\` wrote, or its folder`],
  });
}

function isGraphModel(json: Readonly<Record<string, unknown>>): boolean {
  const topology = json["modelTopology"];
  return json["format"] === "graph-model" || (isRecord(topology) && Array.isArray(topology["node"]));
}

interface Seen {
  readonly names: Set<string>;
  readonly paths: Set<string>;
  readonly description: string;
}

function readGroup(group: unknown, called: string, seen: Seen): ManifestGroup {
  const { description } = seen;
  const paths = isRecord(group) ? group["paths"] : undefined;
  const weights = isRecord(group) ? group["weights"] : undefined;
  if (!Array.isArray(paths) || !Array.isArray(weights)) throw damaged(description, `${called} of its weights has no \`paths\` or no \`weights\``);
  const checked = paths.map((path: unknown) => {
    if (typeof path !== "string") throw damaged(description, `${called} of its weights names a file by something that is no text`);
    if (seen.paths.has(path)) throw damaged(description, `the file \`${shortened(path)}\` is listed twice`);
    seen.paths.add(path);
    return checkRelativePath(path, description);
  });
  let start = 0;
  const listed = weights.map((weight: unknown) => {
    const read = readWeight(weight, start, seen);
    start += (elementCount(read.shape) ?? 0) * BYTES_PER_ELEMENT[read.dtype];
    if (!Number.isSafeInteger(start)) throw damaged(description, `the weights of ${called} have more bytes than any file`);
    return read;
  });
  return { paths: checked, weights: listed, sizeInBytes: start };
}

function readWeight(weight: unknown, start: number, { names, description }: Seen): ManifestWeight {
  const name = isRecord(weight) ? weight["name"] : undefined;
  if (!isRecord(weight) || typeof name !== "string") throw damaged(description, "one of its weights has no name");
  const shown = shortened(name);
  if (names.has(name)) throw damaged(description, `the weight \`${shown}\` is listed twice`);
  names.add(name);
  const shape = sizesOf(weight["shape"]);
  if (shape === undefined) throw damaged(description, `the shape of \`${shown}\` is not a list of whole numbers of 0 or more`);
  if (shape.length > MAX_RANK) throw damaged(description, `\`${shown}\` has ${shape.length} axes; a tensor has ${MAX_RANK} at most`);
  if (elementCount(shape) === undefined) throw damaged(description, `\`${shown}\` [${shape.join(", ")}] has more values than any file`);
  if (weight["quantization"] !== undefined) throw quantized(weight["quantization"], shown, description);
  const dtype = typeof weight["dtype"] === "string" && Object.hasOwn(DTYPES, weight["dtype"]) ? DTYPES[weight["dtype"]] : undefined;
  if (dtype === undefined) {
    throw new InputError(`\`${shown}\` in ${description} holds values of ${typeText(weight["dtype"])}, which cannot be weights`, {
      notes: [`known are ${Object.keys(DTYPES).join(", ")}; weights of a network are float32`],
    });
  }
  return { name, dtype, shape, start, ofOptimizer: weight["group"] === "optimizer" };
}

function quantized(quantization: unknown, name: string, description: string): InputError {
  const to = isRecord(quantization) ? typeText(quantization["dtype"]) : "a smaller type";
  return new InputError(`the weights of ${description} are quantized: \`${name}\` is stored as ${to}`, {
    notes: ["the trained values were rounded for good when they were quantized, so they are not taken for weights"],
    help: ["give the model as it was saved after training, or convert it again without quantization"],
  });
}

function typeText(dtype: unknown): string {
  return typeof dtype === "string" ? `type \`${shortened(dtype)}\`` : "no known type";
}

const CUT_SHORT = "a download or a copy that was interrupted leaves such a file; fetch it again";

export function damaged(description: string, what: string, help?: string): InputError {
  return new InputError(`${description} is damaged: ${what}`, help === undefined ? {} : { help: [help] });
}

/** `my-model/model.json`: the name of the file alone is the same for every model. */
export function describeModel(bytes: ByteSource): string {
  const parts = bytes.path.split(/[\\/]/).filter((part) => part !== "" && part !== ".");
  return parts.length > 1 ? parts.slice(-2).join("/") : fileName(bytes);
}
