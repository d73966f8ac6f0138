import { invariant } from "../base/assert.ts";
import { InputError } from "../base/input-error.ts";
import { createGraphBuilder } from "../ir/graph.ts";
import type { Graph, GraphBuilder, GraphOutput, Parameter, Value } from "../ir/graph.ts";
import { formatShape, knownShape } from "../ir/tensor-type.ts";
import { createGraphWriter } from "./training/graph-writer.ts";
import type { GraphWriter } from "./training/graph-writer.ts";
import { writeBackward, writeForward } from "./training/tape.ts";
import type { Sizes } from "./training/tape.ts";

/** A parameter that training changes by gradients; the others are running statistics. */
export const isLearned = (parameter: Parameter): boolean => parameter.role !== "running_mean" && parameter.role !== "running_var";

export interface TrainingOptions {
  /** The batch and whatever else the inputs leave open: symbol to size. */
  readonly sizes: Sizes;
  /** Of SGD, in PyTorch's form: momentum = momentum · before + gradient; parameter -= rate · momentum. */
  readonly momentum: number;
  /** Added to the gradient: weightDecay · parameter. */
  readonly weightDecay: number;
  /** What decays: weights of convolutions and linear layers only, or every learned parameter. */
  readonly decay: "weights" | "all";
}

/** One number of the state of a training step: an input, and the output that replaces it. */
export interface StatePart {
  readonly parameter: Parameter;
  readonly kind: "parameter" | "momentum";
  readonly input: string;
  readonly output: string;
}

/** A training step as a graph, and what its inputs and outputs are for. */
export interface TrainingStep {
  readonly graph: Graph;
  readonly images: readonly string[];
  /** float32 [N, classes]; every row sums to 1. */
  readonly labels: string;
  /** A scalar. */
  readonly learningRate: string;
  /** Filled with uniform numbers in [0, 1) for every step. */
  readonly random: readonly string[];
  readonly state: readonly StatePart[];
  /** A scalar: the mean cross-entropy of the batch, without decay. */
  readonly loss: string;
  /** [N, classes], before softmax. */
  readonly logits: string;
}

/**
 * One step of SGD with momentum as an ordinary graph: forward in training form, softmax cross-entropy, reverse mode, weight decay,
 * running statistics. Parameters, momenta, batch, labels and learning rate are inputs; their next values and the loss are outputs.
 *
 * With z the logits and t the labels: loss = mean over the batch of log Σ exp(z) - Σ t · z, and dloss/dz = (softmax(z) - t) / N.
 */
export function trainingStep(graph: Graph, options: TrainingOptions): TrainingStep {
  const [output, ...others] = graph.outputs;
  if (!output || others.length > 0) throw new InputError(`${graph.name} has ${graph.outputs.length} outputs; a training step needs exactly one, the logits`);
  const builder = createGraphBuilder();
  const e = createGraphWriter(builder);
  const learned = new Map<Parameter, Value>();
  const tape = writeForward(graph, builder, e, {
    sizes: options.sizes,
    training: () => true,
    parameter: (to, parameter) => asInput(to, parameter, learned),
  });
  const logits = tape.of(output.value);
  const shape = knownShape(logits.type.shape);
  if (shape?.length !== 2) throw new InputError(`the output of ${graph.name} is ${formatShape(logits.type.shape)}; a training step needs logits [N, classes]`);
  const labels = builder.input(freeName(graph, "labels"), { dtype: "float32", shape });
  const rate = builder.input(freeName(graph, "learning_rate"), { dtype: "float32", shape: [] });

  const { loss, gradient } = crossEntropy(e, logits, labels, shape[0] as number);
  const trained = [...learned].filter(([parameter]) => isLearned(parameter));
  const gradients = writeBackward(e, tape, new Map([[logits, gradient]]), new Set(trained.map(([, value]) => value)));

  const outputs: GraphOutput[] = [{ name: "loss", value: loss }, { name: "logits", value: logits }];
  const state: StatePart[] = [];
  const keep = (kind: StatePart["kind"], parameter: Parameter, input: Value, next: Value): void => {
    outputs.push({ name: `${input.name}.next`, value: next });
    state.push({ parameter, kind, input: input.name, output: `${input.name}.next` });
  };
  for (const [parameter, value] of trained) {
    const found = gradients.get(value);
    if (!found) throw new InputError(`the loss does not depend on ${parameter.name}; it cannot be trained`);
    const before = builder.input(`${parameter.name}.momentum`, value.type);
    const next = descend(e, { parameter, value, gradient: found, before, rate }, options);
    keep("parameter", parameter, value, next.value);
    keep("momentum", parameter, before, next.momentum);
  }
  for (const [parameter, next] of e.updates) {
    const value = learned.get(parameter);
    invariant(value, `${parameter.name} is an input of the step`);
    keep("parameter", parameter, value, next);
  }
  return {
    graph: finish(builder, graph, outputs),
    images: graph.inputs.map((input) => input.name),
    labels: labels.name,
    learningRate: rate.name,
    random: e.random.map((input) => input.name),
    state,
    loss: "loss",
    logits: "logits",
  };
}

/** A name for an input that no input or layer of the network has. */
function freeName(graph: Graph, wanted: string): string {
  const taken = new Set([...graph.inputs.map(({ name }) => name), ...graph.nodes.map(({ name }) => name)]);
  let name = wanted;
  while (taken.has(name)) name = `${name}_`;
  return name;
}

function asInput(builder: GraphBuilder, parameter: Parameter, made: Map<Parameter, Value>): Value {
  const value = builder.input(parameter.name, { dtype: parameter.dtype, shape: parameter.shape });
  made.set(parameter, value);
  return value;
}

function finish(builder: GraphBuilder, graph: Graph, outputs: readonly GraphOutput[]): Graph {
  return builder.finish({ name: graph.name, outputs, symbols: [], facts: new Map(), assumptions: [], instance: graph.instance });
}

/** Softmax cross-entropy from differences to the greatest logit, in operators that every runtime has. */
function crossEntropy(e: GraphWriter, logits: Value, labels: Value, batch: number): { readonly loss: Value; readonly gradient: Value } {
  e.moveTo({ name: "loss", origin: undefined });
  const greatest = e.op("reduce_max", [logits], { axes: [1], keep: true });
  const shifted = e.op("subtract", [logits, greatest]);
  const powers = e.op("exp", [shifted]);
  const total = e.op("reduce_sum", [powers], { axes: [1], keep: true });
  const each = e.op("reduce_sum", [e.op("multiply", [labels, e.op("subtract", [e.op("log", [total]), shifted])])], { axes: [0, 1], keep: false });
  const loss = e.op("multiply", [each, e.scalar(1 / batch)], {}, "mean");
  const difference = e.op("subtract", [e.op("divide", [powers, total]), labels]);
  return { loss, gradient: e.op("multiply", [difference, e.scalar(1 / batch)], {}, "gradient") };
}

interface Descent {
  readonly parameter: Parameter;
  readonly value: Value;
  readonly gradient: Value;
  readonly before: Value;
  readonly rate: Value;
}

/** g = gradient + decay · value; m' = momentum · m + g; value' = value - rate · m'. */
function descend(e: GraphWriter, d: Descent, options: TrainingOptions): { readonly value: Value; readonly momentum: Value } {
  e.moveTo({ name: `${d.parameter.name}.step`, origin: undefined });
  const decays = options.weightDecay !== 0 && (options.decay === "all" || d.parameter.role === "weight");
  const gradient = decays ? e.op("add", [d.gradient, e.op("multiply", [d.value, e.scalar(options.weightDecay)])]) : d.gradient;
  const momentum = e.op("add", [e.op("multiply", [d.before, e.scalar(options.momentum)]), gradient]);
  return { value: e.op("subtract", [d.value, e.op("multiply", [momentum, d.rate])]), momentum };
}

/** Gradients of Σ seed · output by every learned parameter and input, for tests of rules and for other losses. */
export interface GradientGraph {
  readonly graph: Graph;
  /** An input of the shape of the graph's first output. */
  readonly seed: string;
  /** Names of the leaves and of the outputs that hold the gradients by them. */
  readonly gradients: readonly { readonly of: string; readonly output: string }[];
  readonly random: readonly string[];
}

/**
 * A graph in training form whose outputs are the first output of `graph` and, by every learned parameter and every input, the
 * gradient of Σ seed · output. Parameters are inputs.
 */
export function gradientGraph(graph: Graph, sizes: Sizes): GradientGraph {
  const builder = createGraphBuilder();
  const e = createGraphWriter(builder);
  const made = new Map<Parameter, Value>();
  const tape = writeForward(graph, builder, e, { sizes, training: () => true, parameter: (to, parameter) => asInput(to, parameter, made) });
  const [output] = graph.outputs;
  invariant(output, `${graph.name} has an output`);
  const result = tape.of(output.value);
  const seed = builder.input(freeName(graph, "seed"), result.type);
  const leaves = [...graph.inputs.map((input) => tape.of(input)), ...[...made].flatMap(([parameter, value]) => (isLearned(parameter) ? [value] : []))];
  const found = writeBackward(e, tape, new Map([[result, seed]]), new Set(leaves));
  const gradients = leaves.flatMap((leaf) => {
    const value = found.get(leaf);
    return value ? [{ of: leaf.name, output: `${leaf.name}.gradient`, value }] : [];
  });
  return {
    graph: finish(builder, graph, [{ name: output.name, value: result }, ...gradients.map(({ output: name, value }) => ({ name, value }))]),
    seed: seed.name,
    gradients: gradients.map(({ of, output: name }) => ({ of, output: name })),
    random: e.random.map((input) => input.name),
  };
}

/** A forward pass that measures the statistics of a batch. */
export interface TrainingForward {
  readonly graph: Graph;
  /** Every running statistic and the output that holds what the batch gave for it. */
  readonly batchStatistics: readonly { readonly parameter: Parameter; readonly output: string }[];
}

/**
 * The forward pass with batch statistics: what running means and (unbiased) variances would be if they knew this batch alone. Only
 * layers with such statistics take their training form, so nothing is random. Parameters stay parameters.
 */
export function trainingForward(graph: Graph, sizes: Sizes): TrainingForward {
  const builder = createGraphBuilder();
  const e = createGraphWriter(builder);
  const measures = (inputs: readonly Value[]): boolean => inputs.some(({ producer }) => producer.kind === "parameter" && !isLearned(producer.parameter));
  const tape = writeForward(graph, builder, e, {
    sizes,
    training: (node) => measures(node.inputs),
    // With all the weight on the new value, the next running statistic is what the batch gave.
    attributes: (node) => (measures(node.inputs) ? { ...node.attributes, momentum: 1 } : node.attributes),
    parameter: (to, parameter) => to.parameter(parameter).value,
  });
  const batchStatistics = [...e.updates].map(([parameter, value]) => ({ parameter, output: `${parameter.name}.batch`, value }));
  const outputs = graph.outputs.map(({ name, value }) => ({ name, value: tape.of(value) }));
  return {
    graph: finish(builder, graph, [...outputs, ...batchStatistics.map(({ output, value }) => ({ name: output, value }))]),
    batchStatistics: batchStatistics.map(({ parameter, output }) => ({ parameter, output })),
  };
}
