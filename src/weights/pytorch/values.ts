import type { TensorDType } from "../source.ts";

/**
 * What a pickle describes, as plain data. Nothing in it was executed: an object whose class is not about tensors is kept
 * as its class's name.
 */
export type PickleValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | PickleBytes
  | PickleSequence
  | PickleDict
  | PickleGlobal
  | PickleObject
  | StoredStorage
  | PickledTensor;

/** A run of bytes, of which only the length is kept. */
export interface PickleBytes {
  readonly kind: "bytes";
  readonly length: number;
}

/** A list, tuple or set. */
export interface PickleSequence {
  readonly kind: "sequence";
  readonly items: PickleValue[];
}

/** A dict, ordered dict and the like; keys that are objects count as themselves. */
export interface PickleDict {
  readonly kind: "dict";
  /** Absent while it is empty: a hostile file can ask for millions of them. */
  entries?: Map<PickleValue, PickleValue>;
}

/** The mention of a class or function: `torch._utils._rebuild_tensor_v2`. */
export interface PickleGlobal {
  readonly kind: "global";
  readonly name: string;
}

/** Anything made by a class that we do not interpret. */
export interface PickleObject {
  readonly kind: "object";
  readonly className: string;
}

/** A PyTorch storage, by name: its bytes stand elsewhere in the file. */
export interface StoredStorage {
  readonly kind: "storage";
  readonly key: string;
  /** Absent for an untyped storage, which counts bytes. */
  readonly dtype: TensorDType | undefined;
  /** In elements (bytes when untyped), of the whole storage. */
  readonly count: number;
  /** A part of the storage, in elements, as files of the older format have it. */
  readonly part: { readonly offset: number; readonly count: number };
}

/** A strided view of a storage. */
export interface PickledTensor {
  readonly kind: "tensor";
  readonly storage: StoredStorage;
  readonly dtype: TensorDType;
  /** In elements of `dtype`, from the beginning of the whole storage. */
  readonly offset: number;
  readonly shape: readonly number[];
  readonly strides: readonly number[];
}

/** What a `kind` of value is for a reader of messages. */
export function describeValue(value: PickleValue): string {
  if (value === null) return "None";
  if (typeof value === "string") return "a text";
  if (typeof value === "boolean") return "True or False";
  if (typeof value !== "object") return "a number";
  switch (value.kind) {
    case "bytes":
      return "bytes";
    case "sequence":
      return "a list";
    case "dict":
      return "a dict";
    case "global":
      return `the class ${value.name}`;
    case "object":
      return `an object of the class ${value.className}`;
    case "storage":
      return "a storage without a shape";
    case "tensor":
      return "a tensor";
  }
}
