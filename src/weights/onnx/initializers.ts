import { InputError } from "../../base/input-error.ts";
import { BYTES_PER_ELEMENT, elementCount, isFloatDType, type FloatDType } from "../element-types.ts";
import { checkRelativePath } from "../files-beside.ts";
import { shortened } from "../tensor-file.ts";
import { WireReader, type Field } from "./wire.ts";
import type { ByteSource, TensorDType } from "../source.ts";

/** ONNX's numbers of element types (onnx.proto, TensorProto.DataType) that have a fixed size we know. */
const DTYPES: Readonly<Record<number, TensorDType>> = {
  1: "F32", 2: "U8", 3: "I8", 4: "U16", 5: "I16", 6: "I32", 7: "I64", 9: "BOOL",
  10: "F16", 11: "F64", 12: "U32", 13: "U64", 14: "C64", 16: "BF16", 17: "F8_E4M3", 19: "F8_E5M2",
};

const MAX_NAME_BYTES = 4096;
const MAX_RANK = 64;
/** As in safetensors files: ten times what the deepest networks have. */
const MAX_TENSORS = 250_000;
/** The names rnc gives to numbers that are part of the graph, not of its weights: see backends/onnx/builder.ts. */
const OUR_CONSTANTS = /^constant\.[^.]+$/u;

/** Where the values of an initializer stand. */
export type Place =
  | { readonly kind: "here"; readonly start: number; readonly size: number }
  | { readonly kind: "outside"; readonly path: string; readonly start: number; readonly size: number | undefined };

/** An initializer of floating-point numbers. */
export interface Initializer {
  readonly name: string;
  readonly dtype: FloatDType;
  readonly shape: readonly number[];
  /** Bytes that type and shape need. */
  readonly sizeInBytes: number;
  readonly place: Place;
}

/**
 * Lists the floating-point initializers of an ONNX model without reading their values. Whole numbers are left out: they
 * are shapes and indices of the graph, never weights.
 *
 * @throws {@link InputError} (as a rejection) for a file that contradicts itself or stores values in a way that is not read
 */
export async function readInitializers(bytes: ByteSource, file: string): Promise<Initializer[]> {
  const reader = new WireReader(bytes, file);
  const found: Initializer[] = [];
  let producer = "";
  let graphs = 0;
  for await (const { number, value } of reader.fields(0, bytes.size)) {
    if (number === 2 && value.kind === "range") producer = await reader.text(value.start, value.end, MAX_NAME_BYTES);
    if (number !== 7 || value.kind !== "range") continue;
    graphs++;
    for await (const field of reader.fields(value.start, value.end)) {
      if (field.number !== 5 || field.value.kind !== "range") continue;
      const initializer = await readTensor(reader, field.value, file);
      if (initializer !== undefined) found.push(initializer);
      if (found.length > MAX_TENSORS) reader.fail(field.value.start, `it has more than ${MAX_TENSORS} initializers`);
    }
  }
  if (graphs === 0) reader.fail(0, "it has no graph");
  const names = new Set<string>();
  for (const { name } of found) {
    if (names.has(name)) throw new InputError(`${file} is damaged: two initializers are called \`${shortened(name)}\``);
    names.add(name);
  }
  return producer === "rnc" ? found.filter(({ name }) => !OUR_CONSTANTS.test(name)) : found;
}

/** What a TensorProto says, before it is checked. */
interface Said {
  name: string;
  type: number;
  readonly shape: number[];
  /** Values by the field they stand in: 9 raw, 4 floats, 10 doubles. */
  readonly data: Map<number, { readonly start: number; readonly size: number }>;
  /** A way of storing that is not read, as messages call it. */
  unread: string | undefined;
  outside: boolean;
  readonly entries: Map<string, string>;
}

async function readTensor(reader: WireReader, { start, end }: { readonly start: number; readonly end: number }, file: string): Promise<Initializer | undefined> {
  const said: Said = { name: "", type: 0, shape: [], data: new Map(), unread: undefined, outside: false, entries: new Map() };
  for await (const field of reader.fields(start, end)) await takeField(reader, field, said, start);
  const shown = shortened(said.name);
  const dtype = DTYPES[said.type];
  if (dtype === undefined || !isFloatDType(dtype)) return undefined;
  if (said.name === "") reader.fail(start, "an initializer has no name");
  const count = elementCount(said.shape);
  if (count === undefined) reader.fail(start, `\`${shown}\` [${said.shape.join(", ")}] has more values than any file`);
  const sizeInBytes = count * BYTES_PER_ELEMENT[dtype];
  const about = { name: said.name, dtype, shape: said.shape, sizeInBytes };
  if (said.outside) return { ...about, place: outside(said, shown, file) };
  if (said.unread !== undefined) throw notRead(shown, said.unread, file);
  const place = said.data.get(9) ?? (dtype === "F32" ? said.data.get(4) : dtype === "F64" ? said.data.get(10) : undefined) ?? { start, size: 0 };
  if (place.size !== sizeInBytes) reader.fail(start, `\`${shown}\`, ${dtype} [${said.shape.join(", ")}], needs ${sizeInBytes} bytes but is given ${place.size}`);
  return { ...about, place: { kind: "here", ...place } };
}

async function takeField(reader: WireReader, { number, value }: Field, said: Said, at: number): Promise<void> {
  if (value.kind === "number") {
    if (number === 1) takeSize(reader, value.value, said, at);
    else if (number === 2) said.type = Number(value.value);
    else if (number === 14) said.outside = value.value === 1n;
    else if (number === 5) said.unread = "numbers of different lengths";
    return;
  }
  const { start, end } = value;
  if (number === 1) for await (const size of reader.numbers(start, end)) takeSize(reader, size, said, at);
  else if (number === 8) said.name = await reader.text(start, end, MAX_NAME_BYTES);
  else if (number === 5 && end > start) said.unread = "numbers of different lengths";
  else if (number === 3) said.unread = "segments of a larger tensor";
  else if (number === 13) await takeEntry(reader, value, said);
  else if (number === 9 || number === 4 || number === 10) {
    if (said.data.has(number)) said.unread = "several pieces";
    said.data.set(number, { start, size: end - start });
  }
}

function takeSize(reader: WireReader, size: bigint, { shape }: Said, at: number): void {
  if (size > BigInt(Number.MAX_SAFE_INTEGER)) reader.fail(at, "an initializer has a negative or impossible size");
  shape.push(Number(size));
  if (shape.length > MAX_RANK) reader.fail(at, `an initializer has more than ${MAX_RANK} axes`);
}

/** `location`, `offset` and `length` of values in another file. */
async function takeEntry(reader: WireReader, { start, end }: { readonly start: number; readonly end: number }, { entries }: Said): Promise<void> {
  let [key, text] = ["", ""];
  for await (const { number, value } of reader.fields(start, end)) {
    if (value.kind !== "range") continue;
    if (number === 1) key = await reader.text(value.start, value.end, MAX_NAME_BYTES);
    if (number === 2) text = await reader.text(value.start, value.end, MAX_NAME_BYTES);
  }
  if (key === "location" || key === "offset" || key === "length") entries.set(key, text);
}

function outside({ entries }: Said, name: string, file: string): Place {
  const path = entries.get("location");
  if (path === undefined) throw new InputError(`${file} is damaged: the values of \`${name}\` are in another file, which is not named`);
  const numberOf = (key: string): number | undefined => {
    const text = entries.get(key);
    if (text === undefined) return undefined;
    const number = /^\d{1,16}$/u.test(text) ? Number(text) : NaN;
    if (!Number.isSafeInteger(number)) throw new InputError(`${file} is damaged: the ${key} of \`${name}\` in \`${shortened(path)}\` is \`${shortened(text)}\``);
    return number;
  };
  return { kind: "outside", path: checkRelativePath(path, file), start: numberOf("offset") ?? 0, size: numberOf("length") };
}

function notRead(name: string, how: string, file: string): InputError {
  return new InputError(`\`${name}\` in ${file} is stored as ${how}, which is not read`, {
    notes: ["weights are read where they stand as plain bytes: `raw_data`, `float_data`, or external data"],
    help: ['load and save it with the onnx package of Python: numpy_helper.from_array stores plain bytes'],
  });
}
