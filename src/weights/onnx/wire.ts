import { InputError } from "../../base/input-error.ts";
import type { ByteSource } from "../source.ts";

/** Bytes that are read at a time: fields that matter stand close together, between them are weights, which are skipped. */
const WINDOW_BYTES = 16 << 10;

/** Twenty times what the largest networks have between their weights; it bounds the time a hostile file can take. */
const MAX_FIELDS = 2_000_000;

/** What a field may hold, by its wire type. */
export type FieldValue =
  | { readonly kind: "number"; readonly value: bigint }
  /** A text, bytes or a message: where it begins and ends in the file. */
  | { readonly kind: "range"; readonly start: number; readonly end: number };

export interface Field {
  readonly number: number;
  readonly value: FieldValue;
}

/**
 * Walks a protobuf file without holding it: ranges are skipped, not read. It is the wire format alone; what fields mean,
 * callers know (https://protobuf.dev/programming-guides/encoding/). A general decoder would hold every tensor.
 */
export class WireReader {
  readonly #bytes: ByteSource;
  readonly #file: string;
  #window: Uint8Array = new Uint8Array(0);
  #fields = 0;
  #windowStart = 0;

  constructor(bytes: ByteSource, file: string) {
    this.#bytes = bytes;
    this.#file = file;
  }

  /** The fields of a message that stands in these bytes, in order. Nothing recurses: callers walk the messages they know. */
  async *fields(start: number, end: number): AsyncGenerator<Field> {
    for (let at = start; at < end; ) {
      const tag = this.#varintInWindow(at, end) ?? (await this.#varint(at, end));
      at = tag.next;
      if (++this.#fields > MAX_FIELDS) this.fail(at, `it has more than ${MAX_FIELDS} fields`);
      const number = Number(tag.value >> 3n);
      if (number === 0 || number > 0x1fff_ffff) this.fail(at, "a field has a number that protobuf does not have");
      switch (Number(tag.value & 7n)) {
        case 0: {
          const { value, next } = this.#varintInWindow(at, end) ?? (await this.#varint(at, end));
          at = next;
          yield { number, value: { kind: "number", value } };
          break;
        }
        case 1:
          at += 8;
          if (at > end) this.fail(at, "a number reaches beyond its message");
          yield { number, value: { kind: "range", start: at - 8, end: at } };
          break;
        case 2: {
          const length = this.#varintInWindow(at, end) ?? (await this.#varint(at, end));
          if (length.value > BigInt(end - length.next)) this.fail(at, `a field of ${length.value} bytes reaches beyond its message`);
          at = length.next + Number(length.value);
          yield { number, value: { kind: "range", start: length.next, end: at } };
          break;
        }
        case 5:
          at += 4;
          if (at > end) this.fail(at, "a number reaches beyond its message");
          yield { number, value: { kind: "range", start: at - 4, end: at } };
          break;
        default:
          this.fail(at, "a field has a type that ONNX does not use");
      }
    }
  }

  /** A text of at most `limit` bytes. */
  async text(start: number, end: number, limit: number): Promise<string> {
    if (end - start > limit) this.fail(start, `a name has ${end - start} bytes`);
    const bytes = this.#inWindow(start, end) ?? (await this.#bytes.read(start, end - start));
    try {
      return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    } catch (error) {
      if (error instanceof TypeError) return this.fail(start, "a name is not UTF-8 text");
      throw error;
    }
  }

  /** The whole numbers of a packed field. */
  async *numbers(start: number, end: number): AsyncGenerator<bigint> {
    for (let at = start; at < end; ) {
      const { value, next } = this.#varintInWindow(at, end) ?? (await this.#varint(at, end));
      at = next;
      yield value;
    }
  }

  fail(at: number, what: string): never {
    throw new InputError(`${this.#file} is damaged: ${what}`, {
      notes: [`this was found at byte ${at} of ${this.#bytes.size}`],
      help: ["a download or a copy that was interrupted leaves such a file; fetch it again"],
    });
  }

  #inWindow(start: number, end: number): Uint8Array | undefined {
    const from = start - this.#windowStart;
    return from >= 0 && end - this.#windowStart <= this.#window.byteLength ? this.#window.subarray(from, end - this.#windowStart) : undefined;
  }

  /** A whole number that stands in the window already: nearly all do, and waiting for each would cost more than reading it. */
  #varintInWindow(start: number, end: number): { readonly value: bigint; readonly next: number } | undefined {
    const from = start - this.#windowStart;
    const limit = Math.min(this.#window.byteLength, end - this.#windowStart);
    if (from < 0) return undefined;
    let small = 0;
    let value = 0n;
    for (let i = 0; i < 10 && from + i < limit; i++) {
      const byte = this.#window[from + i] ?? 0;
      if (i < 4) small |= (byte & 0x7f) << (7 * i);
      else value |= BigInt(byte & 0x7f) << BigInt(7 * i);
      if (byte < 0x80) return { value: BigInt.asUintN(64, value | BigInt(small)), next: start + i + 1 };
    }
    return undefined;
  }

  async #varint(start: number, end: number): Promise<{ readonly value: bigint; readonly next: number }> {
    this.#windowStart = start;
    this.#window = await this.#bytes.read(start, Math.min(WINDOW_BYTES, this.#bytes.size - start));
    return this.#varintInWindow(start, end) ?? this.fail(start, "a number does not end");
  }
}
