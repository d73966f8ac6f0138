import { elementCount } from "../../ir/tensor-type.ts";
import { invariant } from "../../base/assert.ts";
import type { WeightSource } from "../../weights/source.ts";
import type { Parameter } from "../../ir/graph.ts";
import type { EmittedFile } from "../backend.ts";
import type { Lowered } from "./builder.ts";
import { DATA_TYPE } from "./builder.ts";
import type { Entry } from "./messages.ts";
import { delimiter, encode } from "./messages.ts";

/** What stands around the graph. */
export interface ModelHeader {
  readonly irVersion: number;
  readonly opset: number;
  readonly producerVersion: string;
  readonly metadata: readonly Entry[];
  readonly graphName: string;
}

/** A run of bytes that is there, or one that a weight source makes while the file is written. */
type Piece = Uint8Array | { readonly parameter: Parameter; readonly sizeInBytes: number } | { readonly zeros: number };

const GRAPH = 7;
const NODE = 1;
const INITIALIZER = 5;
const RAW_DATA = 9;
const EXTERNAL = 1;
const ALIGNMENT = 4096;
const CHUNK = 1 << 20;

export function bytesOf(parameter: Parameter): number {
  return 4 * elementCount(parameter.shape);
}

/** The model as one file, or as a graph and a file of weights beside it. */
export function modelFiles(lowered: Lowered, parameters: readonly Parameter[], weights: WeightSource, header: ModelHeader, dataName: string | undefined): readonly EmittedFile[] {
  const graph: Piece[] = [];
  for (const node of lowered.nodes) {
    const bytes = encode("Node", node);
    graph.push(delimiter(NODE, bytes.length), bytes);
  }
  graph.push(encode("GraphName", { name: header.graphName }));
  for (const { name, dataType, dims, bytes } of lowered.constants) {
    const head = encode("TensorHead", { dims, dataType, name });
    const raw = delimiter(RAW_DATA, bytes.length);
    graph.push(delimiter(INITIALIZER, head.length + raw.length + bytes.length), head, raw, bytes);
  }
  const outside: Piece[] = [];
  let offset = 0;
  for (const parameter of parameters) {
    const sizeInBytes = bytesOf(parameter);
    const head = encode("TensorHead", { dims: parameter.shape, dataType: DATA_TYPE[parameter.dtype], name: parameter.name });
    if (dataName === undefined) {
      const raw = delimiter(RAW_DATA, sizeInBytes);
      graph.push(delimiter(INITIALIZER, head.length + raw.length + sizeInBytes), head, raw, { parameter, sizeInBytes });
      continue;
    }
    const aligned = Math.ceil(offset / ALIGNMENT) * ALIGNMENT;
    outside.push({ zeros: aligned - offset }, { parameter, sizeInBytes });
    const tail = encode("TensorTail", {
      external: [
        { key: "location", value: dataName },
        { key: "offset", value: String(aligned) },
        { key: "length", value: String(sizeInBytes) },
      ],
      location: EXTERNAL,
    });
    offset = aligned + sizeInBytes;
    graph.push(delimiter(INITIALIZER, head.length + tail.length), head, tail);
  }
  graph.push(encode("GraphTail", { input: lowered.inputs, output: lowered.outputs, valueInfo: lowered.valueInfo }));
  const others = lowered.domains.map((domain) => ({ domain, version: 1 }));
  const model: Piece[] = [
    encode("ModelHead", { irVersion: header.irVersion, producerName: "rnc", producerVersion: header.producerVersion }),
    delimiter(GRAPH, totalOf(graph)),
    ...graph,
    encode("ModelTail", { opsetImport: [{ domain: "", version: header.opset }, ...others], metadata: header.metadata }),
  ];
  const files: EmittedFile[] = [file("", model, weights)];
  if (dataName !== undefined) files.push(file(dataName, outside, weights));
  return files;
}

const sizeOf = (piece: Piece): number => ("zeros" in piece ? piece.zeros : "parameter" in piece ? piece.sizeInBytes : piece.length);
const totalOf = (pieces: readonly Piece[]): number => pieces.reduce((total, piece) => total + sizeOf(piece), 0);

function file(path: string, pieces: readonly Piece[], weights: WeightSource): EmittedFile {
  return { path, sizeInBytes: totalOf(pieces), chunks: () => chunks(pieces, weights) };
}

/** Small pieces are gathered in one buffer that is used again; the chunks of weights go through as they come. */
async function* chunks(pieces: readonly Piece[], weights: WeightSource): AsyncIterable<Uint8Array> {
  const buffer = new Uint8Array(CHUNK);
  let filled = 0;
  for (const piece of pieces) {
    if ("parameter" in piece || "zeros" in piece) {
      if ("zeros" in piece) {
        for (let rest = piece.zeros; rest > 0; ) {
          if (filled === CHUNK) yield buffer, (filled = 0);
          const count = Math.min(rest, CHUNK - filled);
          buffer.fill(0, filled, filled + count);
          filled += count;
          rest -= count;
        }
        continue;
      }
      let read = 0;
      for await (const chunk of weights.read(piece.parameter.name)) {
        read += chunk.length;
        if (chunk.length <= CHUNK - filled && chunk.length < CHUNK / 4) {
          buffer.set(chunk, filled);
          filled += chunk.length;
          continue;
        }
        if (filled > 0) yield buffer.subarray(0, filled);
        filled = 0;
        yield chunk;
      }
      invariant(read === piece.sizeInBytes, `${piece.parameter.name} has ${read} bytes in ${weights.description}, not ${piece.sizeInBytes}`);
      continue;
    }
    for (let start = 0; start < piece.length; ) {
      if (filled === CHUNK) yield buffer, (filled = 0);
      const part = piece.subarray(start, start + CHUNK - filled);
      buffer.set(part, filled);
      filled += part.length;
      start += part.length;
    }
  }
  if (filled > 0) yield buffer.subarray(0, filled);
}
