/**
 * Folds batch norms into the convolution or linear layer before them. At inference a batch norm is, per channel o,
 *
 *     bn(y)[o] = (y[o] - mean[o]) / √(variance[o] + eps) · scale[o] + shift[o]
 *
 * and the layer before it is linear in its weights, y[o] = weight[o] * x + bias[o]. With
 *
 *     f[o] = scale[o] / √(variance[o] + eps)
 *
 * both are one layer whose weight is f[o] · weight[o] and whose bias is f[o] · (bias[o] - mean[o]) + shift[o]. Zeros that
 * pad the input stay zeros, because the layer adds its bias after them.
 *
 * It holds only where nothing else reads the layer's result, and it is for files that only run: the statistics are gone,
 * so a folded network cannot be trained further.
 */
import { invariant } from "../base/assert.ts";
import type { BatchNormFold } from "../ir/batch-norm-fold.ts";
import { createGraphBuilder } from "../ir/graph.ts";
import type { Graph, Node, Parameter, ParameterRole, Value } from "../ir/graph.ts";

/** Layers whose weight has the output channels on axis 0. */
const FOLDABLE: ReadonlySet<string> = new Set(["conv", "linear"]);

interface Pair {
  readonly layer: Node;
  readonly norm: Node;
  readonly weight: Parameter;
  readonly fold: BatchNormFold;
}

/** The graph without the batch norms that could be folded, and how its weights follow from the old ones. */
export function foldBatchNorm(graph: Graph): { readonly graph: Graph; readonly folds: readonly BatchNormFold[] } {
  const pairs = findPairs(graph);
  if (pairs.length === 0) return { graph, folds: [] };

  const pairOf = new Map<Node, Pair>(pairs.flatMap((pair) => [[pair.layer, pair], [pair.norm, pair]]));
  const dropped = new Set(pairs.flatMap(({ fold }) => [fold.scale, fold.shift, fold.runningMean, fold.runningVariance]));
  const pairOfWeight = new Map(pairs.map((pair) => [pair.weight, pair]));
  const builder = createGraphBuilder();
  const copies = new Map<Value, Value>();
  const biasOf = new Map<Pair, Value>();

  for (const input of graph.inputs) copies.set(input, builder.input(input.name, input.type));
  for (const parameter of graph.parameters) {
    if (dropped.has(parameter.name)) continue;
    const copy = builder.parameter(parameter).value;
    copies.set(parameter.value, copy);
    const pair = pairOfWeight.get(parameter);
    if (pair && pair.fold.oldBias === undefined) {
      const { bias: name, channels } = pair.fold;
      biasOf.set(pair, builder.parameter({ name, role: "bias", shape: [channels], initializer: { kind: "constant", value: 0 } }).value);
    }
  }
  const copyOf = (value: Value): Value => {
    const known = copies.get(value);
    if (known) return known;
    // Everything else stands in the graph before its first use; constants have no other place.
    invariant(value.producer.kind === "constant", `${value.name} is used before it is made`);
    const made = builder.constant(value.producer.tensor);
    copies.set(value, made);
    return made;
  };
  for (const node of graph.nodes) {
    const { op, name, origin, outputs } = node;
    const pair = pairOf.get(node);
    if (pair?.norm === node) {
      copies.set(outputs[0] as Value, copyOf(pair.layer.outputs[0] as Value));
      continue;
    }
    const bias = pair && biasOf.get(pair);
    const inputs = [...node.inputs.map(copyOf), ...(bias ? [bias] : [])];
    const attributes = pair ? { ...node.attributes, bias: true } : node.attributes;
    const made = builder.node({ op, name, attributes, inputs, types: outputs.map((value) => value.type), origin });
    outputs.forEach((value, index) => copies.set(value, made.outputs[index] as Value));
  }
  const { name, symbols, facts, assumptions, instance } = graph;
  const outputs = graph.outputs.map((output) => ({ name: output.name, value: copyOf(output.value) }));
  return { graph: builder.finish({ name, outputs, symbols, facts, assumptions, instance }), folds: pairs.map((pair) => pair.fold) };
}

function findPairs(graph: Graph): readonly Pair[] {
  const uses = new Map<Value, number>();
  const count = (value: Value): void => void uses.set(value, (uses.get(value) ?? 0) + 1);
  for (const node of graph.nodes) node.inputs.forEach(count);
  for (const output of graph.outputs) count(output.value);
  const names = new Set(graph.parameters.map((parameter) => parameter.name));

  return graph.nodes.flatMap((norm) => {
    const before = norm.inputs[0]?.producer;
    if (norm.op !== "bn" || before?.kind !== "node" || !FOLDABLE.has(before.node.op)) return [];
    const layer = before.node;
    const parameters = [...layer.inputs, ...norm.inputs].filter((value) => value.producer.kind === "parameter");
    if (uses.get(layer.outputs[0] as Value) !== 1 || parameters.some((value) => uses.get(value) !== 1)) return [];
    const pair = pairUp(layer, norm);
    return pair && (pair.fold.oldBias !== undefined || !names.has(pair.fold.bias)) ? [pair] : [];
  });
}

function pairUp(layer: Node, norm: Node): Pair | undefined {
  const weight = parameterOf(layer, "weight");
  const oldBias = parameterOf(layer, "bias")?.name;
  const scale = parameterOf(norm, "scale");
  const shift = parameterOf(norm, "shift");
  const runningMean = parameterOf(norm, "running_mean");
  const runningVariance = parameterOf(norm, "running_var");
  const epsilon = norm.attributes["eps"];
  const channels = weight?.shape[0];
  if (!weight || !scale || !shift || !runningMean || !runningVariance || channels === undefined || typeof epsilon !== "number") return undefined;
  const fold = {
    weight: weight.name,
    bias: oldBias ?? `${layer.name}.bias`,
    oldBias,
    scale: scale.name,
    shift: shift.name,
    runningMean: runningMean.name,
    runningVariance: runningVariance.name,
    epsilon,
    channels,
  };
  return { layer, norm, weight, fold };
}

function parameterOf(node: Node, role: ParameterRole): Parameter | undefined {
  for (const { producer } of node.inputs) {
    if (producer.kind === "parameter" && producer.parameter.role === role) return producer.parameter;
  }
  return undefined;
}
