import type { TensorDType } from "./source.ts";

/** Bytes of one element in a file. */
export const BYTES_PER_ELEMENT: { readonly [dtype in TensorDType]: number } = {
  F64: 8,
  F32: 4,
  F16: 2,
  BF16: 2,
  F8_E4M3: 1,
  F8_E5M2: 1,
  C64: 8,
  I64: 8,
  I32: 4,
  I16: 2,
  I8: 1,
  U64: 8,
  U32: 4,
  U16: 2,
  U8: 1,
  BOOL: 1,
};

/** The element types that are read as float32. */
export type FloatDType = "F64" | "F32" | "F16" | "BF16";

/** Whether tensors of this type can be weights. */
export function isFloatDType(dtype: TensorDType): dtype is FloatDType {
  return dtype === "F32" || dtype === "F16" || dtype === "BF16" || dtype === "F64";
}

/** Whether a text names an element type that we know. */
export function isTensorDType(text: string): text is TensorDType {
  return Object.hasOwn(BYTES_PER_ELEMENT, text);
}

/** The number of elements, or nothing when a product on the way is larger than an exact number can be. */
export function elementCount(shape: readonly number[]): number | undefined {
  let count = 1;
  for (const size of shape) {
    count *= size;
    if (!Number.isSafeInteger(count)) return undefined;
  }
  return count;
}
