import type { EmittedFile } from "../backends/backend.ts";
import { emitOnnx } from "../backends/onnx/index.ts";
import type { Graph } from "../ir/graph.ts";
import { prepare } from "./prepare.ts";
import type { PrepareOptions } from "./prepare.ts";

export interface CompileOptions extends PrepareOptions {
  /** rnc's own version, for the file's metadata. */
  readonly version: string;
  /** Ends every output in a softmax that does not yet. */
  readonly softmax?: boolean;
  readonly externalData?: boolean | "auto";
  /** The name of the file of external data. */
  readonly dataName?: string;
}

export interface Compiled {
  /** Nothing is read or made before their chunks are asked for. */
  readonly files: readonly EmittedFile[];
  /** What the weights are, and what was decided about their names; sentences to show. */
  readonly remarks: readonly string[];
}

/**
 * A network as an ONNX model.
 *
 * @throws {@link InputError} when the weights do not fit or the batch is not open
 */
export function compileOnnx(graph: Graph, options: CompileOptions): Compiled {
  const { version, softmax = false, externalData = "auto", dataName } = options;
  const { graph: written, weights, symbols, remarks } = prepare(graph, options);
  const files = emitOnnx(written, weights, { version, softmax, externalData, symbols, ...(dataName === undefined ? {} : { dataName }) });
  return { files, remarks };
}
