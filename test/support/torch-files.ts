/** Bytes of the pieces of PyTorch files, for files that PyTorch itself would never write. */

export type Part = number | string | Uint8Array | readonly Part[];

/** Concatenates numbers (single bytes), texts (their UTF-8 bytes) and runs of bytes. */
export function raw(...parts: readonly Part[]): Uint8Array {
  return joined(parts);
}

function joined(parts: readonly Part[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts.map(bytesOf)));
}

function bytesOf(part: Part): Uint8Array {
  if (typeof part === "number") return Buffer.from([part]);
  if (typeof part === "string") return Buffer.from(part);
  return part instanceof Uint8Array ? part : joined(part);
}

export function uint32(value: number): Uint8Array {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

export function uint64(value: number | bigint): Uint8Array {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(value));
  return bytes;
}

/** Operations of a pickle; see Python's `pickletools`. */
export const pickled = {
  text: (text: string): Part => ["X", uint32(Buffer.byteLength(text)), text],
  /** LONG1 of eight bytes. */
  number: (value: number): Part => [0x8a, 8, uint64(BigInt.asUintN(64, BigInt(value)))],
  global: (module: string, name: string): Part => ["c", module, "\n", name, "\n"],
  tuple: (...items: readonly Part[]): Part => ["(", ...items, "t"],
  call: (callable: Part, ...args: readonly Part[]): Part => [callable, pickled.tuple(...args), "R"],
  dict: (...pairs: readonly (readonly [Part, Part])[]): Part => ["}(", ...pairs.flat(), "u"],
  storage: (key: string, count: number, type = "FloatStorage", ...more: readonly Part[]): Part => [
    pickled.tuple(pickled.text("storage"), pickled.global("torch", type), pickled.text(key), pickled.text("cpu"), pickled.number(count), ...more),
    "Q",
  ],
  tensor: (storage: Part, offset: number, shape: readonly number[], strides: readonly number[]): Part =>
    pickled.call(
      pickled.global("torch._utils", "_rebuild_tensor_v2"),
      storage,
      pickled.number(offset),
      pickled.tuple(...shape.map(pickled.number)),
      pickled.tuple(...strides.map(pickled.number)),
      0x89,
      "}",
    ),
  whole: (...parts: readonly Part[]): Uint8Array => raw(0x80, 2, ...parts, "."),
};

/** A file for {@link zip}. */
export interface ZipFile {
  readonly name: string;
  readonly data: Uint8Array;
  readonly method?: number;
  readonly flags?: number;
  /** The size that the list of contents gives, when it is not the true one. */
  readonly listedSize?: number;
}

/** A zip archive of stored files, in the wide form (zip64) when asked. Checksums are left 0. */
export function zip(files: readonly ZipFile[], { wide = false }: { readonly wide?: boolean } = {}): Uint8Array {
  const parts: Buffer[] = [];
  const directory: Buffer[] = [];
  let at = 0;
  const put = (into: Buffer[], ...more: readonly Part[]) => {
    const bytes = Buffer.from(raw(...more));
    into.push(bytes);
    return bytes.byteLength;
  };
  for (const { name, data, method = 0, flags = 0, listedSize = data.byteLength } of files) {
    const sizes = wide ? [uint32(0xffffffff), uint32(0xffffffff)] : [uint32(listedSize), uint32(listedSize)];
    const common = [uint16(45), uint16(flags), uint16(method), uint32(0), uint32(0), ...sizes, uint16(Buffer.byteLength(name))];
    const extra = wide ? raw(uint16(1), uint16(24), uint64(listedSize), uint64(listedSize), uint64(at)) : raw();
    put(directory, "PK\x01\x02", uint16(45), common, uint16(extra.byteLength), uint16(0), uint16(0), uint16(0), uint32(0));
    put(directory, uint32(wide ? 0xffffffff : at), name, extra);
    at += put(parts, "PK\x03\x04", common, uint16(3), name, "pad", data);
  }
  const size = directory.reduce((sum, part) => sum + part.byteLength, 0);
  const count = files.length;
  const end: Part[] = [];
  if (wide) {
    end.push("PK\x06\x06", uint64(44), uint16(45), uint16(45), uint32(0), uint32(0), uint64(count), uint64(count), uint64(size), uint64(at));
    end.push("PK\x06\x07", uint32(0), uint64(at + size), uint32(1));
  }
  end.push("PK\x05\x06", uint16(0), uint16(0), uint16(count), uint16(count), uint32(wide ? 0xffffffff : size), uint32(wide ? 0xffffffff : at), uint16(0));
  return raw(Buffer.concat([...parts, ...directory]), end);
}

function uint16(value: number): Uint8Array {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16LE(value);
  return bytes;
}

/** A PyTorch file of the zip format around a description of tensors. */
export function torchArchive(description: Uint8Array, storages: Readonly<Record<string, Uint8Array>>, byteOrder = "little"): Uint8Array {
  return zip(torchFiles(description, storages, byteOrder));
}

export function torchFiles(description: Uint8Array, storages: Readonly<Record<string, Uint8Array>>, byteOrder = "little"): ZipFile[] {
  const data = Object.entries(storages).map(([key, bytes]) => ({ name: `archive/data/${key}`, data: bytes }));
  return [{ name: "archive/data.pkl", data: description }, { name: "archive/byteorder", data: raw(byteOrder) }, ...data];
}

/** A PyTorch file of the older format. */
export function torchLegacy(description: Uint8Array, keys: readonly string[], storages: readonly Part[]): Uint8Array {
  const magic = pickled.whole(0x8a, 10, new Uint8Array([0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19]));
  return raw(magic, pickled.whole("M", 0xe9, 0x03), pickled.whole("}"), description, pickled.whole("](", ...keys.map(pickled.text), "e"), ...storages);
}

/** Little-endian float32 bytes. */
export function floats(...numbers: readonly number[]): Uint8Array {
  const bytes = Buffer.alloc(numbers.length * 4);
  numbers.forEach((number, i) => bytes.writeFloatLE(number, i * 4));
  return bytes;
}
