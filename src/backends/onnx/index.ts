import { spanLocation } from "../../base/source-file.ts";
import { formatShape } from "../../ir/tensor-type.ts";
import type { Graph } from "../../ir/graph.ts";
import type { OpRecord } from "../../ops/define-op.ts";
import { findOperator } from "../../ops/registry.ts";
import type { WeightSource } from "../../weights/source.ts";
import type { EmittedFile } from "../backend.ts";
import { lowerGraph } from "./builder.ts";
import type { Entry } from "./messages.ts";
import { repeated } from "./repeat.ts";
import type { Repetition } from "./repeat.ts";
import { bytesOf, modelFiles } from "./stream.ts";

export { repeatedNames } from "./repeat.ts";

/** What every file says it needs (decisions/0001-onnx-opset.md). */
export const ONNX_OPSET = 18;
export const ONNX_IR_VERSION = 10;

/** A protobuf message ends at 2 GiB; this leaves room for the graph itself. */
const LARGEST_MESSAGE_IN_BYTES = 2 ** 31 - 2 ** 26;

export interface OnnxOptions {
  /** rnc's own version, written as the producer's. */
  readonly version: string;
  /** Weights in a file of their own; `auto` when one file would pass protobuf's 2 GiB. */
  readonly externalData?: boolean | "auto";
  /** The name of that file, as the model refers to it: `net.onnx.data`. */
  readonly dataName?: string;
  /** Sizes for symbols: `{ N: 8 }`. */
  readonly symbols?: ReadonlyMap<string, number>;
  /** Ends every output in a softmax over axis 1 that does not yet. */
  readonly softmax?: boolean;
  /** More of what the model says of itself. */
  readonly metadata?: readonly Entry[];
  readonly findOperator?: (name: string) => OpRecord | undefined;
  /** Whether nodes say where they come from; `false` for a model that nobody reads. Default: they do. */
  readonly provenance?: boolean;
  /** Runs the graph several times in a row; inputs and outputs are called as {@link repeatedNames} says. */
  readonly repetition?: Repetition;
}

/**
 * The graph and its weights as an ONNX model: standard operators of opset 18, IR version 10, weights as initializers,
 * shapes of all tensors in `value_info`, provenance of every node in its metadata. The same graph, weights and options
 * give the same bytes. Nothing is read from `weights` before the chunks are asked for.
 */
export function emitOnnx(graph: Graph, weights: WeightSource, options: OnnxOptions): readonly EmittedFile[] {
  const lowered = lowerGraph(graph, {
    symbols: options.symbols ?? new Map(),
    softmax: options.softmax ?? false,
    findOperator: options.findOperator ?? findOperator,
    provenance: options.provenance ?? true,
  });
  const weightBytes = graph.parameters.reduce((total, parameter) => total + bytesOf(parameter), 0);
  const { externalData = "auto" } = options;
  const outside = externalData === "auto" ? weightBytes > LARGEST_MESSAGE_IN_BYTES : externalData;
  return modelFiles(
    options.repetition ? repeated(lowered, options.repetition) : lowered,
    graph.parameters,
    weights,
    {
      irVersion: ONNX_IR_VERSION,
      opset: ONNX_OPSET,
      producerVersion: options.version,
      metadata: [...modelMetadata(graph, options.version), ...(options.metadata ?? [])],
      graphName: graph.name,
    },
    outside ? (options.dataName ?? `${graph.name}.onnx.data`) : undefined,
  );
}

function modelMetadata(graph: Graph, version: string): readonly Entry[] {
  const entries: Entry[] = [
    { key: "rnc.version", value: version },
    { key: "rnc.network", value: graph.name },
  ];
  if (graph.instance) entries.push({ key: "rnc.source", value: spanLocation(graph.instance.callSpan) });
  const sources = new Set(graph.nodes.flatMap((node) => (node.origin ? [node.origin.span.source.path] : [])));
  if (sources.size > 0) entries.push({ key: "rnc.files", value: [...sources].sort().join("; ") });
  if (graph.assumptions.length > 0) entries.push({ key: "rnc.assumptions", value: graph.assumptions.join("; ") });
  // What a layer's training and gradient are written out as is no layer that was inserted.
  const inserted = graph.nodes.filter((node) => node.origin?.inserted && findOperator(node.op)?.level !== "internal");
  if (inserted.length > 0) {
    const shown = inserted.map((node) => `${node.name} ${formatShape(node.outputs[0]?.type.shape ?? [])}`);
    entries.push({ key: "rnc.inserted", value: shown.join("; ") });
  }
  return entries;
}
