import { assertNever, invariant } from "../base/assert.ts";
import { BYTES_PER_ELEMENT, type FloatDType } from "./element-types.ts";

/** How the elements of a stored tensor are written. */
export interface ElementEncoding {
  readonly dtype: FloatDType;
  readonly littleEndian: boolean;
}

/** The bits of the float32 that equals a half-precision number. Every F16 value has one: only the layout changes. */
export function float32BitsOfHalf(half: number): number {
  const sign = (half & 0x8000) << 16;
  const exponent = (half >>> 10) & 0x1f;
  const fraction = half & 0x3ff;
  if (exponent === 0x1f) return sign | 0x7f800000 | (fraction << 13);
  if (exponent !== 0) return sign | ((exponent + 112) << 23) | (fraction << 13);
  if (fraction === 0) return sign;
  // A subnormal half is fraction · 2^-24: move its highest bit to the place float32 leaves out.
  const shift = Math.clz32(fraction) - 21;
  return sign | ((113 - shift) << 23) | (((fraction << shift) & 0x3ff) << 13);
}

/**
 * Writes elements as little-endian float32. F16 and BF16 are exact; F64 is rounded to the nearest float32.
 *
 * @param from whole elements in the given encoding
 * @param to room for exactly as many float32
 */
export function convertToFloat32(from: Uint8Array, encoding: ElementEncoding, to: Uint8Array): void {
  const count = from.byteLength / BYTES_PER_ELEMENT[encoding.dtype];
  invariant(to.byteLength === count * 4, "the room for converted elements has another size");
  const little = encoding.littleEndian;
  if (encoding.dtype === "F32" && little) {
    to.set(from);
    return;
  }
  const source = new DataView(from.buffer, from.byteOffset, from.byteLength);
  const target = new DataView(to.buffer, to.byteOffset, to.byteLength);
  switch (encoding.dtype) {
    case "F32":
      for (let i = 0; i < count; i++) target.setUint32(i * 4, source.getUint32(i * 4, little), true);
      return;
    case "F16":
      for (let i = 0; i < count; i++) target.setInt32(i * 4, float32BitsOfHalf(source.getUint16(i * 2, little)), true);
      return;
    case "BF16":
      for (let i = 0; i < count; i++) target.setInt32(i * 4, source.getUint16(i * 2, little) << 16, true);
      return;
    case "F64":
      for (let i = 0; i < count; i++) target.setFloat32(i * 4, source.getFloat64(i * 8, little), true);
      return;
    default:
      assertNever(encoding.dtype, "element type");
  }
}
