/** Element types a tensor may have in a file; only F64, F32, F16 and BF16 are read as weights, the others are listed. */
export type TensorDType =
  | "F64" | "F32" | "F16" | "BF16"
  | "F8_E4M3" | "F8_E5M2" | "C64"
  | "I64" | "I32" | "I16" | "I8" | "U64" | "U32" | "U16" | "U8" | "BOOL";

/** What a source knows of a tensor before any byte of it is read. */
export interface TensorInfo {
  readonly name: string;
  readonly dtype: TensorDType;
  readonly shape: readonly number[];
}

/**
 * Where weights come from: seeded, a safetensors file, a PyTorch file, a checkpoint, a TF.js folder. Values are read as
 * little-endian float32 in chunks of about 1 MB, never as whole tensors, so that memory does not grow with the model.
 */
export interface WeightSource {
  /** For messages: `model.safetensors`, `seed 0`. */
  readonly description: string;
  /** The tensor of this name, or nothing when the source has none. */
  info(name: string): TensorInfo | undefined;
  /** All names a finite source holds, in file order; a seeded source makes what is asked of it and lists nothing. */
  names(): readonly string[];
  /**
   * The values in row-major order as little-endian float32 bytes. A chunk is only valid until the next is asked for.
   * With `axes` the tensor is transposed: axis i of the result is axis `axes[i]` of the tensor (NumPy's `transpose`).
   */
  read(name: string, axes?: readonly number[]): AsyncIterable<Uint8Array>;
  close?(): Promise<void>;
}

/** Random access to the bytes of a file; the host makes one, readers of weight files stand on it. */
export interface ByteSource {
  readonly path: string;
  readonly size: number;
  /** Exactly `length` bytes from `offset`; rejects when the file ends before. */
  read(offset: number, length: number): Promise<Uint8Array>;
  close(): Promise<void>;
}
