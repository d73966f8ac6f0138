import { InputError } from "../base/input-error.ts";
import { didYouMean } from "../base/suggest.ts";
import { isFloatDType } from "./element-types.ts";
import { readJoined, readStored, type StoredTensor } from "./transpose.ts";
import type { ByteSource, TensorDType, TensorInfo, WeightSource } from "./source.ts";

/** A tensor that a file lists: what it is and where its elements stand, whatever their type. */
export interface ListedTensor extends TensorInfo {
  readonly dtype: TensorDType;
  readonly littleEndian: boolean;
  /** In elements. */
  readonly strides: readonly number[];
  /** The byte where the first element begins. */
  readonly start: number;
}

/** A tensor whose first axis is that of several stored tensors, one after the other. */
export interface JoinedTensor extends TensorInfo {
  readonly parts: readonly StoredTensor[];
}

/** The last part of a path, as messages call a file. */
export function fileName(bytes: ByteSource): string {
  return bytes.path.split(/[\\/]/).at(-1) ?? bytes.path;
}

/** A name as messages show it: names from a hostile file may be of any length. */
export function shortened(text: string): string {
  return text.length <= 100 ? text : `${text.slice(0, 97)}…`;
}

/** A source of the tensors that were found in a file; it closes the file. Names keep the order of the list. */
export function tensorFile(bytes: ByteSource, tensors: ReadonlyMap<string, ListedTensor | JoinedTensor>): WeightSource {
  const description = fileName(bytes);
  const names = [...tensors.keys()];
  return {
    description,
    names: () => names,
    info(name) {
      const tensor = tensors.get(name);
      return tensor && { name, dtype: tensor.dtype, shape: tensor.shape };
    },
    async *read(name, axes) {
      const tensor = tensors.get(name);
      if (tensor === undefined) {
        const near = didYouMean(name, names);
        throw new InputError(`${description} has no tensor \`${name}\``, { help: near === undefined ? [] : [near] });
      }
      const { dtype } = tensor;
      if (!isFloatDType(dtype)) {
        throw new InputError(`\`${name}\` in ${description} holds ${dtype} values, which cannot be weights`, {
          notes: ["weights are read from tensors of F32, F16, BF16 or F64 values"],
        });
      }
      const stored = "parts" in tensor ? tensor.parts : [{ ...tensor, dtype }];
      const [only] = stored;
      if (only !== undefined && stored.length === 1) yield* readStored(bytes, only, axes);
      else yield* readJoined(bytes, stored, axes);
    },
    close: () => bytes.close(),
  };
}
