import { InputError } from "../../base/input-error.ts";
import { BYTES_PER_ELEMENT, elementCount } from "../element-types.ts";
import type { TensorDType } from "../source.ts";
import { shortened } from "../tensor-file.ts";
import { dictOfPairs, isNode, type PickleMeaning } from "./pickle.ts";
import type { PickledTensor, PickleValue, StoredStorage } from "./values.ts";

const MAX_RANK = 64;

const STORAGE_TYPES: ReadonlyMap<string, TensorDType | undefined> = new Map([
  ["DoubleStorage", "F64"],
  ["FloatStorage", "F32"],
  ["HalfStorage", "F16"],
  ["BFloat16Storage", "BF16"],
  ["LongStorage", "I64"],
  ["IntStorage", "I32"],
  ["ShortStorage", "I16"],
  ["CharStorage", "I8"],
  ["ByteStorage", "U8"],
  ["BoolStorage", "BOOL"],
  ["ComplexFloatStorage", "C64"],
  ["UntypedStorage", undefined],
  ["_UntypedStorage", undefined],
] as const);

const ELEMENT_TYPES: ReadonlyMap<string, TensorDType> = new Map([
  ["torch.float64", "F64"],
  ["torch.float32", "F32"],
  ["torch.float16", "F16"],
  ["torch.bfloat16", "BF16"],
  ["torch.float8_e4m3fn", "F8_E4M3"],
  ["torch.float8_e5m2", "F8_E5M2"],
  ["torch.complex64", "C64"],
  ["torch.int64", "I64"],
  ["torch.int32", "I32"],
  ["torch.int16", "I16"],
  ["torch.int8", "I8"],
  ["torch.uint64", "U64"],
  ["torch.uint32", "U32"],
  ["torch.uint16", "U16"],
  ["torch.uint8", "U8"],
  ["torch.bool", "BOOL"],
] as const);

/** The meaning that PyTorch's pickles have, and every storage that one of them named, by its key. */
export interface TensorMeaning extends PickleMeaning {
  readonly storages: ReadonlyMap<string, StoredStorage>;
}

/**
 * Interprets the few names with which PyTorch describes tensors, parameters and ordered dicts. Whatever else a pickle
 * mentions is left alone.
 */
export function tensorMeaning(file: string): TensorMeaning {
  const storages = new Map<string, StoredStorage>();
  const construct = (callable: string, args: readonly PickleValue[]): PickleValue | undefined => {
    switch (callable) {
      case "torch._utils._rebuild_tensor":
      case "torch._utils._rebuild_tensor_v2":
        return rebuildTensor(args, undefined, file);
      case "torch._utils._rebuild_tensor_v3":
        return rebuildTensor(args, args[6], file);
      case "torch._utils._rebuild_parameter":
      case "torch._utils._rebuild_parameter_with_state":
      case "torch.nn.parameter.Parameter":
      case "torch.nn.parameter.Buffer":
        return args[0];
      case "torch._tensor._rebuild_from_type_v2": {
        const [rebuild, , inner] = args;
        if (!isNode(rebuild, "global") || !isNode(inner, "sequence") || rebuild.name === callable) return undefined;
        return construct(rebuild.name, inner.items);
      }
      case "torch.Size":
        return args[0];
      case "collections.OrderedDict":
      case "collections.defaultdict":
        return dictOfPairs(isNode(args[0], "sequence") ? args[0].items : []);
      default:
        return undefined;
    }
  };
  return {
    storages,
    construct,
    persistent(id) {
      const storage = readStorageId(id, file);
      const known = storages.get(storage.key);
      if (known !== undefined && (known.dtype !== storage.dtype || known.count !== storage.count)) {
        throw damaged(file, `the storage \`${shortened(storage.key)}\` is described in two ways`);
      }
      storages.set(storage.key, storage);
      return storage;
    },
  };
}

/** `("storage", type, key, location, count[, part])`; where it was (`cpu`, `cuda:0`) does not matter for its values. */
function readStorageId(id: PickleValue, file: string): StoredStorage {
  const [tag, type, key, , count, part] = isNode(id, "sequence") ? id.items : [];
  if (tag !== "storage" || !isNode(type, "global") || (typeof key !== "string" && typeof key !== "number")) {
    throw damaged(file, "a storage is not described as PyTorch does");
  }
  const typeName = type.name.split(".").at(-1) ?? "";
  if (!type.name.startsWith("torch.") || !STORAGE_TYPES.has(typeName)) {
    throw new InputError(`${file} stores values as \`${shortened(type.name)}\`, which is not known here`);
  }
  if (!isCount(count)) throw damaged(file, `the size of the storage \`${shortened(String(key))}\` is no count`);
  return {
    kind: "storage",
    key: String(key),
    dtype: STORAGE_TYPES.get(typeName),
    count,
    part: readPart(part, count, file),
  };
}

function readPart(part: PickleValue | undefined, count: number, file: string): { offset: number; count: number } {
  if (part === undefined || part === null) return { offset: 0, count };
  const [, offset, size] = isNode(part, "sequence") ? part.items : [];
  if (!isCount(offset) || !isCount(size) || offset + size > count) {
    throw damaged(file, "a part of a storage reaches beyond the storage");
  }
  return { offset, count: size };
}

function rebuildTensor(args: readonly PickleValue[], type: PickleValue | undefined, file: string): PickledTensor {
  const [storage, offset, shapeValue, stridesValue] = args;
  if (!isNode(storage, "storage")) throw damaged(file, "a tensor has no storage");
  const shape = counts(shapeValue);
  const strides = counts(stridesValue);
  if (shape === undefined || strides === undefined || shape.length !== strides.length || !isCount(offset)) {
    throw damaged(file, "a tensor's shape, strides or offset are not counts");
  }
  if (shape.length > MAX_RANK) throw damaged(file, `a tensor has ${shape.length} axes; the most allowed are ${MAX_RANK}`);
  const dtype = storage.dtype ?? (isNode(type, "global") ? ELEMENT_TYPES.get(type.name) : undefined);
  if (dtype === undefined) throw new InputError(`${file} has a tensor of an element type that is not known here`);
  const elements = elementCount(shape);
  const available = storage.dtype === undefined ? Math.floor(storage.part.count / BYTES_PER_ELEMENT[dtype]) : storage.part.count;
  const last = shape.reduce((at, size, axis) => at + (size - 1) * (strides[axis] ?? 0), offset);
  if (elements === undefined || (elements > 0 && !(last < available))) {
    throw damaged(file, `a tensor of shape [${shape.join(", ")}] reaches beyond its storage of ${available} values`);
  }
  return { kind: "tensor", storage, dtype, offset: offset + storage.part.offset, shape, strides };
}

function counts(value: PickleValue | undefined): number[] | undefined {
  if (!isNode(value, "sequence")) return undefined;
  const numbers = value.items.filter(isCount);
  return numbers.length === value.items.length ? numbers : undefined;
}

function isCount(value: PickleValue | undefined): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}

/** The error of a PyTorch file that contradicts itself. */
export function damaged(file: string, what: string, help?: string): InputError {
  return new InputError(`${file} is damaged: ${what}`, help === undefined ? {} : { help: [help] });
}
