import protobuf from "protobufjs/light.js";

/**
 * The messages of the ONNX file format that rnc writes, with their field numbers (onnx/onnx.proto, IR version 10):
 * https://github.com/onnx/onnx/blob/main/docs/IR.md. Raw tensor bytes are not among the fields: they are spliced in as
 * they are made (see stream.ts), so that no message ever holds weights.
 */
const field = (id: number, type: string): { readonly id: number; readonly type: string } => ({ id, type });
const list = (id: number, type: string) => ({ id, type, rule: "repeated" as const });

/** onnx.proto is a proto2 file: a field that was set is written even when it is 0, repeated numbers stand one by one. */
const proto2 = <T extends object>(messages: Readonly<Record<string, T>>) =>
  Object.fromEntries(Object.entries(messages).map(([name, message]) => [name, { ...message, edition: "proto2" }]));

const root = protobuf.Root.fromJSON({
  nested: proto2({
    Entry: { fields: { key: field(1, "string"), value: field(2, "string") } },
    OperatorSet: { fields: { domain: field(1, "string"), version: field(2, "int64") } },
    Attribute: {
      fields: {
        name: field(1, "string"), f: field(2, "float"), i: field(3, "int64"), s: field(4, "bytes"),
        g: field(6, "Graph"),
        floats: list(7, "float"), ints: list(8, "int64"), type: field(20, "int32"),
      },
    },
    Node: {
      fields: {
        input: list(1, "string"), output: list(2, "string"), name: field(3, "string"), opType: field(4, "string"), domain: field(7, "string"),
        attribute: list(5, "Attribute"), metadata: list(9, "Entry"),
      },
    },
    Dimension: { fields: { value: field(1, "int64"), parameter: field(2, "string") } },
    Shape: { fields: { dim: list(1, "Dimension") } },
    TensorType: { fields: { elementType: field(1, "int32"), shape: field(2, "Shape") } },
    Type: { fields: { tensor: field(1, "TensorType") } },
    ValueInfo: { fields: { name: field(1, "string"), type: field(2, "Type") } },
    /** Everything of a TensorProto that comes before its raw data; then what comes after. */
    TensorHead: { fields: { dims: list(1, "int64"), dataType: field(2, "int32"), name: field(8, "string") } },
    TensorTail: { fields: { external: list(13, "Entry"), location: field(14, "int32") } },
    /** A GraphProto without weights of its own: the body of a loop. */
    Graph: {
      fields: {
        node: list(1, "Node"), name: field(2, "string"), input: list(11, "ValueInfo"), output: list(12, "ValueInfo"), valueInfo: list(13, "ValueInfo"),
      },
    },
    /** The fields of a GraphProto that come after its nodes and initializers. */
    GraphName: { fields: { name: field(2, "string") } },
    GraphTail: { fields: { input: list(11, "ValueInfo"), output: list(12, "ValueInfo"), valueInfo: list(13, "ValueInfo") } },
    ModelHead: { fields: { irVersion: field(1, "int64"), producerName: field(2, "string"), producerVersion: field(3, "string") } },
    ModelTail: { fields: { opsetImport: list(8, "OperatorSet"), metadata: list(14, "Entry") } },
  }),
});

export interface Entry {
  readonly key: string;
  readonly value: string;
}

/** AttributeProto.AttributeType */
export const ATTRIBUTE = { float: 1, int: 2, string: 3, graph: 5, floats: 6, ints: 7 } as const;

export interface Attribute {
  readonly name: string;
  readonly type: number;
  readonly f?: number;
  readonly i?: number;
  readonly s?: Uint8Array;
  readonly g?: GraphMessage;
  readonly floats?: readonly number[];
  readonly ints?: readonly number[];
}

export interface NodeMessage {
  readonly input: readonly string[];
  readonly output: readonly string[];
  readonly name: string;
  readonly opType: string;
  /** Whose operator it is; absent: ONNX's own. */
  readonly domain?: string;
  readonly attribute: readonly Attribute[];
  readonly metadata: readonly Entry[];
}

export interface GraphMessage {
  readonly node: readonly NodeMessage[];
  readonly name: string;
  readonly input: readonly ValueInfo[];
  readonly output: readonly ValueInfo[];
  readonly valueInfo: readonly ValueInfo[];
}

export interface ValueInfo {
  readonly name: string;
  readonly type: { readonly tensor: { readonly elementType: number; readonly shape: { readonly dim: readonly ({ readonly value: number } | { readonly parameter: string })[] } } };
}

interface Messages {
  readonly Node: NodeMessage;
  readonly TensorHead: { readonly dims: readonly number[]; readonly dataType: number; readonly name: string };
  readonly TensorTail: { readonly external: readonly Entry[]; readonly location: number };
  readonly GraphName: { readonly name: string };
  readonly GraphTail: { readonly input: readonly ValueInfo[]; readonly output: readonly ValueInfo[]; readonly valueInfo: readonly ValueInfo[] };
  readonly ModelHead: { readonly irVersion: number; readonly producerName: string; readonly producerVersion: string };
  readonly ModelTail: { readonly opsetImport: readonly { readonly domain: string; readonly version: number }[]; readonly metadata: readonly Entry[] };
}

/** The bytes of a message. */
export function encode<K extends keyof Messages>(kind: K, message: Messages[K]): Uint8Array {
  return root.lookupType(kind).encode(message as unknown as Record<string, unknown>).finish();
}

/** A field's tag and the length of what follows, for length-delimited fields (wire type 2). */
export function delimiter(fieldNumber: number, lengthInBytes: number): Uint8Array {
  const bytes: number[] = [(fieldNumber << 3) | 2];
  let rest = lengthInBytes;
  while (rest >= 128) {
    bytes.push((rest % 128) + 128);
    rest = Math.floor(rest / 128);
  }
  bytes.push(rest);
  return Uint8Array.from(bytes);
}
