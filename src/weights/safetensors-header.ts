import { InputError } from "../base/input-error.ts";
import { shortened } from "./tensor-file.ts";

/** One tensor as the header of a safetensors file describes it; nothing of it has been checked against the file. */
export interface HeaderEntry {
  readonly name: string;
  readonly dtype: string;
  readonly shape: readonly number[];
  /** First byte and byte after the last, counted from the end of the header. */
  readonly offsets: readonly [number, number];
}

/** What the header of a safetensors file says. */
export interface SafetensorsHeader {
  readonly entries: readonly HeaderEntry[];
  readonly metadata: ReadonlyMap<string, string>;
}

/** Sixteen digits hold every exact number; a longer run of digits does not match. */
const WHOLE = /(?:0|[1-9][0-9]{0,15})(?![0-9.eE])/y;
const BACKSLASH = 0x5c;

/** Ten times what the deepest networks have; it bounds the memory that a header of the longest allowed length can take. */
const MAX_TENSORS = 250_000;

/**
 * Reads the JSON of a safetensors header. A general JSON parser would build whatever a hostile file describes and would
 * silently keep the last of two equal names; this one accepts the objects of the format only, and each name once.
 */
export function parseSafetensorsHeader(text: string, file: string): SafetensorsHeader {
  const entries: HeaderEntry[] = [];
  const names = new Set<string>();
  let metadata: ReadonlyMap<string, string> = new Map();
  const reader = new HeaderReader(text, file);
  reader.object((name) => {
    if (names.has(name)) reader.fail(`the name \`${shortened(name)}\` is there twice`);
    names.add(name);
    if (names.size > MAX_TENSORS) reader.fail(`it lists more than ${MAX_TENSORS} tensors`);
    if (name === "__metadata__") metadata = readMetadata(reader);
    else entries.push(readEntry(reader, name));
  });
  reader.end();
  return { entries, metadata };
}

function readMetadata(reader: HeaderReader): ReadonlyMap<string, string> {
  const metadata = new Map<string, string>();
  reader.object((key) => metadata.set(key, reader.string()));
  return metadata;
}

function readEntry(reader: HeaderReader, name: string): HeaderEntry {
  let dtype: string | undefined;
  let shape: number[] | undefined;
  let offsets: number[] | undefined;
  reader.object((field) => {
    if (field === "dtype" && dtype === undefined) dtype = reader.string();
    else if (field === "shape" && shape === undefined) shape = reader.wholeNumbers();
    else if (field === "data_offsets" && offsets === undefined) offsets = reader.wholeNumbers();
    else reader.fail(`\`${shortened(name)}\` has the field \`${shortened(field)}\`, where only one dtype, shape and data_offsets belong`);
  });
  const [begin, end] = offsets ?? [];
  if (dtype === undefined || shape === undefined || begin === undefined || end === undefined || offsets?.length !== 2) {
    return reader.fail(`\`${shortened(name)}\` needs a dtype, a shape and two data_offsets`);
  }
  return { name, dtype, shape, offsets: [begin, end] };
}

/** A position in the header's text. It never goes deeper than the format does, so nothing recurses. */
class HeaderReader {
  readonly #text: string;
  readonly #file: string;
  #at = 0;

  constructor(text: string, file: string) {
    this.#text = text;
    this.#file = file;
  }

  fail(what: string): never {
    throw new InputError(`${this.#file} is damaged: ${what}`, {
      notes: [`this was found in its header, at character ${this.#at + 1} of ${this.#text.length}`],
    });
  }

  object(field: (name: string) => void): void {
    this.#list("{", "}", () => {
      const name = this.string();
      this.#symbol(":");
      field(name);
    });
  }

  wholeNumbers(): number[] {
    const numbers: number[] = [];
    this.#list("[", "]", () => numbers.push(this.#wholeNumber()));
    return numbers;
  }

  string(): string {
    if (this.#peek() !== '"') this.fail("a text in quotes is missing");
    const begin = this.#at;
    let escaped = false;
    for (this.#at++; this.#text[this.#at] !== '"'; this.#at++) {
      const code = this.#text.charCodeAt(this.#at);
      if (Number.isNaN(code) || code < 0x20) this.fail("a text in quotes does not end");
      if (code !== BACKSLASH) continue;
      escaped = true;
      this.#at++;
    }
    this.#at++;
    return escaped ? this.#unescaped(this.#text.slice(begin, this.#at)) : this.#text.slice(begin + 1, this.#at - 1);
  }

  end(): void {
    if (this.#peek() !== undefined) this.fail("something follows the end of the header");
  }

  #unescaped(literal: string): string {
    try {
      return String(JSON.parse(literal));
    } catch (error) {
      if (error instanceof SyntaxError) return this.fail("a text has an escape that JSON does not know");
      throw error;
    }
  }

  #wholeNumber(): number {
    this.#peek();
    WHOLE.lastIndex = this.#at;
    const digits = WHOLE.exec(this.#text)?.[0] ?? this.fail("a size or an offset is not a whole number of 0 or more");
    const number = Number(digits);
    if (!Number.isSafeInteger(number)) this.fail("a size or an offset is larger than any file");
    this.#at += digits.length;
    return number;
  }

  #list(open: string, close: string, item: () => void): void {
    this.#symbol(open);
    if (this.#peek() === close) {
      this.#at++;
      return;
    }
    for (;;) {
      item();
      const next = this.#peek();
      this.#at++;
      if (next === close) return;
      if (next !== ",") this.fail(`\`,\` or \`${close}\` is missing`);
    }
  }

  #symbol(symbol: string): void {
    if (this.#peek() !== symbol) this.fail(`\`${symbol}\` is missing`);
    this.#at++;
  }

  /** The next character that is no blank, and the position moved to it. */
  #peek(): string | undefined {
    let next = this.#text[this.#at];
    while (next === " " || next === "\n" || next === "\t" || next === "\r") next = this.#text[++this.#at];
    return next;
  }
}
