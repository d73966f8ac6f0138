import { InputError } from "../base/input-error.ts";
import { formatDim } from "../ir/dim.ts";
import type { Graph, Node } from "../ir/graph.ts";
import type { Instance } from "../ir/origin.ts";
import { foldBatchNorm } from "../passes/fold-batch-norm.ts";
import { foldedWeights } from "../weights/folded.ts";
import { matchWeights, silentChoices } from "../weights/match.ts";
import type { Rename } from "../weights/rename.ts";
import { seededWeights } from "../weights/seeded.ts";
import type { WeightSource } from "../weights/source.ts";

/** Which weights a network is written or built with. */
export interface WeightChoice {
  /** A file of weights; without one they are seeded. */
  readonly weights?: WeightSource;
  readonly renames?: readonly Rename[];
  /** Tensors of the file that may stay unused: names, or prefixes of names. */
  readonly ignore?: readonly string[];
  /** Seed and fan of initial weights (0, `out`). */
  readonly seed?: number;
  readonly fan?: "out" | "in";
}

export interface PrepareOptions extends WeightChoice {
  /** Fixes the batch, where the network leaves it open. */
  readonly batch?: number;
  /** Folds batch norms into the convolutions and linear layers before them. */
  readonly foldBatchNorm?: boolean;
}

/** A network with the weights it is written with. */
export interface Prepared {
  readonly graph: Graph;
  readonly weights: WeightSource;
  /** Sizes for symbols. */
  readonly symbols: ReadonlyMap<string, number>;
  /** What was decided; sentences to show. */
  readonly remarks: readonly string[];
}

/**
 * What every target does before it writes: weights are chosen and matched, batch norms folded, the batch fixed.
 *
 * @throws {@link InputError} when a file of weights does not fit or the batch is not open
 */
export function prepare(graph: Graph, options: PrepareOptions): Prepared {
  const { weights, remarks } = chooseWeights(graph, options);
  const symbols = options.batch === undefined ? new Map<string, number>() : batchSymbols(graph, options.batch);
  if (options.foldBatchNorm !== true) return { graph, weights, symbols, remarks };
  // The file of weights is matched with the network as written; folding comes after.
  const { graph: folded, folds } = foldBatchNorm(graph);
  return { graph: folded, weights: folds.length > 0 ? foldedWeights(weights, folds) : weights, symbols, remarks: [...remarks, foldRemark(graph, folds.length)] };
}

function foldRemark(graph: Graph, folded: number): string {
  const norms = graph.nodes.filter((node) => node.op === "bn").length;
  const rest = norms - folded;
  return `${folded} of ${norms} batch norms folded${rest === 0 ? "" : `; ${rest} stay, because no layer stands before ${rest === 1 ? "it" : "them"} alone`}`;
}

function chooseWeights(graph: Graph, options: WeightChoice): { readonly weights: WeightSource; readonly remarks: readonly string[] } {
  const { weights, renames = [], ignore = [], seed = 0, fan = "out" } = options;
  if (weights === undefined) {
    return { weights: seededWeights(graph.parameters, { seed, fan }), remarks: [`initial weights: seed ${seed}, He normal by fan-${fan}`] };
  }
  const matched = matchWeights(graph.parameters, weights, { renames, ignore });
  return { weights: matched.source, remarks: [`weights: ${weights.description}`, ...matched.applied, ...silentChoices(silentFacts(graph))] };
}

/** What the network has that a file of weights cannot confirm. */
function silentFacts(graph: Graph): { readonly hasZeroPadShortcut: boolean; readonly hasStridedBottleneck: boolean } {
  return {
    hasZeroPadShortcut: graph.nodes.some((node) => node.origin?.inserted === true && node.op === "padchannels"),
    hasStridedBottleneck: [...convolutionsByHolder(graph).values()].some(couldStrideElsewhere),
  };
}

/** The convolutions a user wrote, by the instance of the join, block or group that holds them. */
function convolutionsByHolder(graph: Graph): Map<Instance, Node[]> {
  const held = new Map<Instance, Node[]>();
  for (const node of graph.nodes) {
    if (node.op !== "conv" || node.origin === undefined || node.origin.inserted) continue;
    const known = held.get(node.origin.instance);
    if (known) known.push(node);
    else held.set(node.origin.instance, [node]);
  }
  return held;
}

/** A stride beside 1x1 and larger kernels: it could be in either, and the shapes would be the same. */
function couldStrideElsewhere(convolutions: readonly Node[]): boolean {
  const numbers = (node: Node, name: string): readonly number[] => {
    const value = node.attributes[name];
    return typeof value === "object" ? value : [];
  };
  const pointwise = convolutions.filter((node) => numbers(node, "kernel").every((size) => size === 1)).length;
  return pointwise > 0 && pointwise < convolutions.length && convolutions.some((node) => numbers(node, "stride").some((step) => step > 1));
}

/** The symbols that stand for the batch, each with the size given. */
function batchSymbols(graph: Graph, batch: number): ReadonlyMap<string, number> {
  const symbols = new Map<string, number>();
  for (const { name, type } of graph.inputs) {
    const [first] = type.shape;
    const symbol = graph.symbols.find((candidate) => first !== undefined && candidate === formatDim(first));
    if (symbol !== undefined) symbols.set(symbol, batch);
    else if (first !== batch) {
      throw new InputError(`the batch of the input \`${name}\` is fixed at ${first === undefined ? "nothing" : formatDim(first)}, so it cannot be ${batch}`, {
        help: [`Leave it open in the network, \`input ${name}: float32[N, …]\`, or fix it once: \`--input\` gives all sizes, and the batch first.`],
      });
    }
  }
  return symbols;
}
