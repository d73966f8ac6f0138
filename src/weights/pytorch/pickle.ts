import type { PickleDict, PickleObject, PickleSequence, PickleValue } from "./values.ts";

/**
 * The most operations one pickle may have. A network of a thousand layers takes some 200,000; the limit bounds the memory
 * that a hostile file can ask for with one byte per object.
 */
const MAX_OPERATIONS = 4_000_000;

/** What the reader of a pickle does with the parts that PyTorch gives a meaning. */
export interface PickleMeaning {
  /** What calling a class or function gives, or nothing when it is not about tensors: then it is never called. */
  construct(callable: string, args: readonly PickleValue[]): PickleValue | undefined;
  /** What a persistent id, PyTorch's name of a storage, stands for. */
  persistent(id: PickleValue): PickleValue;
}

/** A pickle that cannot be read. */
export class PickleError extends Error {
  override name = "PickleError";
  readonly at: number;

  constructor(message: string, at: number) {
    super(message);
    this.at = at;
  }
}

/** The bytes ended inside a pickle; with more of the file it may be whole. */
export class PickleCutShort extends Error {
  override name = "PickleCutShort";
}

/**
 * Reads one pickle of protocol 2 to 5 (Python 2's text forms of numbers included) from `begin` on, as data.
 *
 * @returns the value, and where the byte after the pickle is
 * @throws {@link PickleError}, {@link PickleCutShort}
 */
export function readPickle(bytes: Uint8Array, begin: number, meaning: PickleMeaning): { value: PickleValue; end: number } {
  const machine = new PickleMachine(bytes, begin, meaning);
  const value = machine.run();
  return { value, end: machine.at };
}

const UTF8 = new TextDecoder();
const LATIN1 = new TextDecoder("latin1");

class PickleMachine {
  at: number;
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #meaning: PickleMeaning;
  readonly #memo = new Map<number, PickleValue>();
  readonly #marked: PickleValue[][] = [];
  #stack: PickleValue[] = [];

  constructor(bytes: Uint8Array, begin: number, meaning: PickleMeaning) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.at = begin;
    this.#meaning = meaning;
  }

  run(): PickleValue {
    for (let count = 0; count < MAX_OPERATIONS; count++) {
      const operation = this.#byte();
      if (operation === STOP) return this.#pop();
      this.#step(operation);
    }
    return this.#fail(`it describes more than ${MAX_OPERATIONS} things beside the tensors`);
  }

  #step(operation: number): void {
    if (!this.#stepScalar(operation) && !this.#stepContainer(operation) && !this.#stepObject(operation)) {
      this.#fail(`byte 0x${operation.toString(16)} is no operation that PyTorch writes`);
    }
  }

  /** Numbers, texts, bytes, and what moves them about. */
  #stepScalar(operation: number): boolean {
    switch (operation) {
      case 0x80: // PROTO
        if (this.#byte() > 5) this.#fail("it is written in a newer protocol than 5");
        return true;
      case 0x95: // FRAME
        this.#take(8);
        return true;
      case 0x4e: // NONE
        return this.#push(null);
      case 0x88: // NEWTRUE
        return this.#push(true);
      case 0x89: // NEWFALSE
        return this.#push(false);
      case 0x4a: // BININT
        return this.#push(this.#view.getInt32(this.#take(4), true));
      case 0x4b: // BININT1
        return this.#push(this.#byte());
      case 0x4d: // BININT2
        return this.#push(this.#view.getUint16(this.#take(2), true));
      case 0x8a: // LONG1
        return this.#push(this.#long(this.#byte()));
      case 0x8b: // LONG4
        return this.#push(this.#long(this.#uint32()));
      case 0x49: // INT
      case 0x4c: // LONG
        return this.#push(this.#wholeNumberText());
      case 0x46: // FLOAT
        return this.#push(Number(this.#line()));
      case 0x47: // BINFLOAT
        return this.#push(this.#view.getFloat64(this.#take(8), false));
      case 0x58: // BINUNICODE
        return this.#push(UTF8.decode(this.#run(this.#uint32())));
      case 0x8c: // SHORT_BINUNICODE
        return this.#push(UTF8.decode(this.#run(this.#byte())));
      case 0x8d: // BINUNICODE8
        return this.#push(UTF8.decode(this.#run(this.#uint64())));
      case 0x54: // BINSTRING, a text of Python 2
        return this.#push(LATIN1.decode(this.#run(this.#uint32())));
      case 0x55: // SHORT_BINSTRING
        return this.#push(LATIN1.decode(this.#run(this.#byte())));
      case 0x56: // UNICODE
        return this.#push(this.#line());
      case 0x42: // BINBYTES
        return this.#pushBytes(this.#uint32());
      case 0x43: // SHORT_BINBYTES
        return this.#pushBytes(this.#byte());
      case 0x8e: // BINBYTES8
      case 0x96: // BYTEARRAY8
        return this.#pushBytes(this.#uint64());
      case 0x30: // POP
        if (this.#stack.length > 0) this.#pop();
        else this.#popMark();
        return true;
      case 0x32: // DUP
        return this.#push(this.#top());
      default:
        return false;
    }
  }

  /** Lists, tuples, dicts, sets and the memo. */
  #stepContainer(operation: number): boolean {
    switch (operation) {
      case 0x28: // MARK
        this.#marked.push(this.#stack);
        this.#stack = [];
        return true;
      case 0x31: // POP_MARK
        this.#popMark();
        return true;
      case 0x29: // EMPTY_TUPLE
      case 0x5d: // EMPTY_LIST
      case 0x8f: // EMPTY_SET
        return this.#push(sequence([]));
      case 0x85: // TUPLE1
      case 0x86: // TUPLE2
      case 0x87: // TUPLE3
        return this.#push(sequence(this.#popMany(operation - 0x84)));
      case 0x74: // TUPLE
      case 0x6c: // LIST
      case 0x91: // FROZENSET
        return this.#push(sequence(this.#popMark()));
      case 0x7d: // EMPTY_DICT
        return this.#push({ kind: "dict" });
      case 0x64: {
        // DICT
        const dict: PickleDict = { kind: "dict" };
        this.#setItems(dict, this.#popMark());
        return this.#push(dict);
      }
      case 0x61: // APPEND
        return this.#append(this.#popMany(1));
      case 0x65: // APPENDS
      case 0x90: // ADDITEMS
        return this.#append(this.#popMark());
      case 0x73: // SETITEM
        return this.#setItems(undefined, this.#popMany(2));
      case 0x75: // SETITEMS
        return this.#setItems(undefined, this.#popMark());
      case 0x68: // BINGET
        return this.#push(this.#recall(this.#byte()));
      case 0x6a: // LONG_BINGET
        return this.#push(this.#recall(this.#uint32()));
      case 0x67: // GET
        return this.#push(this.#recall(Number(this.#line())));
      case 0x71: // BINPUT
        return this.#memorize(this.#byte());
      case 0x72: // LONG_BINPUT
        return this.#memorize(this.#uint32());
      case 0x70: // PUT
        return this.#memorize(Number(this.#line()));
      case 0x94: // MEMOIZE
        return this.#memorize(this.#memo.size);
      default:
        return false;
    }
  }

  /** Classes, functions and what they would make. */
  #stepObject(operation: number): boolean {
    switch (operation) {
      case 0x63: // GLOBAL
        return this.#push({ kind: "global", name: `${this.#line()}.${this.#line()}` });
      case 0x93: {
        // STACK_GLOBAL
        const [module, name] = this.#popMany(2);
        if (typeof module !== "string" || typeof name !== "string") this.#fail("the name of a class is not a text");
        return this.#push({ kind: "global", name: `${String(module)}.${String(name)}` });
      }
      case 0x52: // REDUCE
      case 0x81: // NEWOBJ
        return this.#call(this.#popMany(2));
      case 0x92: // NEWOBJ_EX, whose named arguments no class of PyTorch's tensors takes
        return this.#call(this.#popMany(3).slice(0, 2));
      case 0x62: // BUILD sets attributes, which no tensor needs
        this.#pop();
        this.#top();
        return true;
      case 0x51: // BINPERSID
        return this.#push(this.#meaning.persistent(this.#pop()));
      default:
        return false;
    }
  }

  #call([callable, args]: readonly PickleValue[]): boolean {
    const items = isNode(args, "sequence") ? args.items : this.#fail("the arguments of a call are no tuple");
    if (!isNode(callable, "global")) return this.#push(opaque("unknown"));
    return this.#push(this.#meaning.construct(callable.name, items) ?? opaque(callable.name));
  }

  #append(items: PickleValue[]): boolean {
    const list = this.#top();
    if (isNode(list, "sequence")) for (const item of items) list.items.push(item);
    else if (!isNode(list, "object")) this.#fail("items are appended to what is no list");
    return true;
  }

  #setItems(into: PickleDict | undefined, items: readonly PickleValue[]): boolean {
    if (items.length % 2 !== 0) this.#fail("a key has no value");
    const dict = into ?? this.#top();
    if (isNode(dict, "object")) return true;
    if (!isNode(dict, "dict")) this.#fail("items are set in what is no dict");
    else setEntries(dict, items);
    return true;
  }

  #memorize(index: number): boolean {
    this.#memo.set(index, this.#top());
    return true;
  }

  #recall(index: number): PickleValue {
    const value = this.#memo.get(index);
    return value === undefined ? this.#fail("it refers to a value that was not stored before") : value;
  }

  #push(value: PickleValue): true {
    this.#stack.push(value);
    return true;
  }

  #pushBytes(length: number): true {
    this.#take(length);
    return this.#push({ kind: "bytes", length });
  }

  #pop(): PickleValue {
    const value = this.#stack.pop();
    return value === undefined ? this.#fail("it takes a value that is not there") : value;
  }

  #top(): PickleValue {
    const value = this.#stack.at(-1);
    return value === undefined ? this.#fail("it takes a value that is not there") : value;
  }

  #popMany(count: number): PickleValue[] {
    if (this.#stack.length < count) this.#fail("it takes a value that is not there");
    return this.#stack.splice(this.#stack.length - count, count);
  }

  #popMark(): PickleValue[] {
    const items = this.#stack;
    this.#stack = this.#marked.pop() ?? this.#fail("it closes a list that was not begun");
    return items;
  }

  #byte(): number {
    return this.#view.getUint8(this.#take(1));
  }

  #uint32(): number {
    return this.#view.getUint32(this.#take(4), true);
  }

  #uint64(): number {
    return Number(this.#view.getBigUint64(this.#take(8), true));
  }

  /** Steps over `length` bytes and says where they begin. */
  #take(length: number): number {
    const from = this.at;
    if (length > this.#bytes.byteLength - from) throw new PickleCutShort();
    this.at = from + length;
    return from;
  }

  #run(length: number): Uint8Array {
    const from = this.#take(length);
    return this.#bytes.subarray(from, from + length);
  }

  #line(): string {
    const end = this.#bytes.indexOf(0x0a, this.at);
    if (end < 0) throw new PickleCutShort();
    const text = UTF8.decode(this.#run(end - this.at));
    this.#take(1);
    return text;
  }

  #wholeNumberText(): number | boolean {
    const text = this.#line();
    if (text === "00") return false;
    if (text === "01") return true;
    const number = Number(text.replace(/L$/u, ""));
    return Number.isInteger(number) ? number : this.#fail("a number is not a whole one");
  }

  /** A two's complement integer; beyond 8 bytes only its being too large matters. */
  #long(length: number): number | bigint {
    const run = this.#run(length);
    if (length > 16) return Infinity;
    let value = 0n;
    for (let i = length - 1; i >= 0; i--) value = (value << 8n) | BigInt(run[i] ?? 0);
    const signed = BigInt.asIntN(length * 8, value);
    return Number.isSafeInteger(Number(signed)) ? Number(signed) : signed;
  }

  #fail(what: string): never {
    throw new PickleError(what, this.at);
  }
}

const STOP = 0x2e;

function sequence(items: PickleValue[]): PickleSequence {
  return { kind: "sequence", items };
}

function opaque(className: string): PickleObject {
  return { kind: "object", className };
}

/** Keys and values in turn. */
function setEntries(dict: PickleDict, items: readonly PickleValue[]): void {
  const entries = (dict.entries ??= new Map());
  for (let i = 0; i + 1 < items.length; i += 2) entries.set(items[i] ?? null, items[i + 1] ?? null);
}

/** A dict from the pairs that Python 2 passes to the constructor of an ordered dict. */
export function dictOfPairs(pairs: readonly PickleValue[]): PickleDict {
  const dict: PickleDict = { kind: "dict" };
  for (const pair of pairs) if (isNode(pair, "sequence") && pair.items.length === 2) setEntries(dict, pair.items);
  return dict;
}

type PickleNode = Extract<PickleValue, { readonly kind: string }>;

/** Whether a value is of the named kind. */
export function isNode<Kind extends PickleNode["kind"]>(
  value: PickleValue | undefined,
  kind: Kind,
): value is Extract<PickleNode, { readonly kind: Kind }> {
  return typeof value === "object" && value !== null && value.kind === kind;
}
