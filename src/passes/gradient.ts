import { invariant } from "../base/assert.ts";
import { InputError } from "../base/input-error.ts";
import { createGraphBuilder } from "../ir/graph.ts";
import type { Graph, GraphBuilder, GraphOutput, Parameter, Value } from "../ir/graph.ts";
import { createDescent } from "./training/descent.ts";
import type { DescentOptions } from "./training/descent.ts";
import type { DialectFactory } from "./training/dialect.ts";
import { createGraphWriter } from "./training/graph-writer.ts";
import { trainedPart } from "./training/logits.ts";
import { crossEntropy } from "./training/loss.ts";
import { isFixed, refuseSingleValues } from "./training/statistics.ts";
import { fixedRule, writeBackward, writeForward } from "./training/tape.ts";
import type { Sizes } from "./training/tape.ts";
import { trim } from "./training/trim.ts";

/** A parameter that training changes by gradients; the others are running statistics. */
export const isLearned = (parameter: Parameter): boolean => parameter.role !== "running_mean" && parameter.role !== "running_var";

export interface TrainingOptions extends DescentOptions {
  /** The batch and whatever else the inputs leave open: symbol to size. */
  readonly sizes: Sizes;
  /** 0 or absent: right answers alone; ε spreads ε over all classes. */
  readonly labelSmoothing?: number;
  /** Parameters and running statistics that stay as they are; absent: none. */
  readonly frozen?: (parameter: Parameter) => boolean;
  /** The output that is trained; absent: the only one. */
  readonly lossOn?: string;
  /** How it is written; absent: by the operators' records. */
  readonly dialect?: DialectFactory;
}

/** One tensor of the state of a training step: an input, and the output that replaces it. */
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
  /** What a step changes, each an input `NAME` and an output `NAME.next`. */
  readonly state: readonly StatePart[];
  /** Frozen parameters that the step reads: inputs under their own names. */
  readonly fixed: readonly Parameter[];
  /** A scalar: the mean cross-entropy of the batch before the step, without decay. */
  readonly loss: string;
  /** A scalar: how many examples have their greatest logit at their greatest label, before the step. */
  readonly right: string;
  /** [N, classes], before softmax. */
  readonly logits: string;
  /** What was decided; sentences to show. */
  readonly notes: readonly string[];
}

/** The name under which a training keeps the momentum of a parameter. */
export const momentumName = (parameter: string): string => `momentum.${parameter}`;

/**
 * One step of SGD with momentum as an ordinary graph: forward in training form, softmax cross-entropy, reverse mode, weight decay,
 * running statistics. Parameters, momenta, batch, labels and learning rate are inputs; their next values, the loss and the
 * number of right answers are outputs. Parts of the network that the loss does not need are not in the step.
 *
 * A frozen parameter gets no gradient, and nothing is computed that only its gradient would need. A layer whose running statistics
 * are all frozen normalises by them, as where a network answers; where one of two is frozen, that one stays, and batches are
 * normalised by their own statistics.
 *
 * @throws {@link InputError} when there are no logits [N, classes], a size is open, an operator has no gradient where one is
 * needed, or nothing is left to train
 */
export function trainingStep(network: Graph, options: TrainingOptions): TrainingStep {
  const { frozen = () => false, labelSmoothing = 0 } = options;
  const part = trainedPart(network, options.lossOn);
  const builder = createGraphBuilder();
  const dialect = options.dialect?.(builder);
  const e = dialect?.writer ?? createGraphWriter(builder);
  const read = new Map<Parameter, Value>();
  const fixed = new Set(part.nodes.filter((node) => isFixed(node, frozen)));
  refuseSingleValues(part.nodes, options.sizes, frozen);
  const tape = writeForward(part, builder, e, {
    sizes: options.sizes,
    training: (node) => !fixed.has(node),
    rule: (node, inputs) => (fixed.has(node) ? fixedRule(node) : dialect?.rule(node, inputs)),
    parameter: (to, parameter) => asInput(to, parameter, read),
  });
  const logits = tape.of(part.logits);
  const trained = [...read].filter(([parameter]) => isLearned(parameter) && !frozen(parameter));
  if (trained.length === 0) throw new InputError(`\`${network.name}\` has no parameter to train${[...read.keys()].some(isLearned) ? ": all are frozen" : ""}`);
  refuseClashes(network);
  const inputName = freeNames(network.inputs, network.parameters, network.nodes);
  // An output may be called as a layer is, not as an input.
  const outputName = freeNames(network.inputs, network.parameters);
  const labels = builder.input(inputName("labels"), { dtype: "float32", shape: logits.type.shape });
  const rate = builder.input(inputName("learning_rate"), { dtype: "float32", shape: [] });
  const { loss, gradient, right } = crossEntropy(e, logits, labels, labelSmoothing);
  const gradients = writeBackward(e, tape, new Map([[logits, gradient]]), new Set(trained.map(([, value]) => value)));

  const names = { loss: outputName("loss"), right: outputName("right"), logits: outputName("logits") };
  const outputs: GraphOutput[] = [
    { name: names.loss, value: loss },
    { name: names.right, value: right },
    { name: names.logits, value: logits },
  ];
  const state: StatePart[] = [];
  const descend = createDescent(e, rate, options);
  const keep = (kind: StatePart["kind"], parameter: Parameter, input: Value, next: Value): void => {
    outputs.push({ name: `${input.name}.next`, value: next });
    state.push({ parameter, kind, input: input.name, output: `${input.name}.next` });
  };
  const momenta: (() => void)[] = [];
  for (const [parameter, value] of trained) {
    const found = gradients.get(value);
    if (!found) throw new InputError(`the loss does not depend on ${parameter.name}; it cannot be trained`);
    const before = options.momentum === 0 ? undefined : builder.input(momentumName(parameter.name), value.type);
    if (before) dialect?.alike(before, value);
    const next = descend({ parameter, value, gradient: found, before });
    keep("parameter", parameter, value, next.value);
    const { momentum } = next;
    if (before && momentum) momenta.push(() => keep("momentum", parameter, before, momentum));
  }
  for (const [parameter, next] of e.updates) {
    const value = read.get(parameter);
    invariant(value, `${parameter.name} is an input of the step`);
    if (!frozen(parameter)) keep("parameter", parameter, value, next);
  }
  momenta.forEach((keepIt) => keepIt());

  const inState = new Set(state.map(({ input }) => input));
  const given = new Set([labels.name, rate.name, ...part.inputs.map((input) => input.name)]);
  const graph = trim(finish(builder, network, outputs), (input) => inState.has(input) || given.has(input));
  const inputs = new Set(graph.inputs.map((input) => input.name));
  return {
    graph,
    images: part.inputs.map((input) => input.name),
    labels: labels.name,
    learningRate: rate.name,
    random: e.random.flatMap((input) => (inputs.has(input.name) ? [input.name] : [])),
    state,
    fixed: [...read.keys()].filter((parameter) => inputs.has(parameter.name) && !inState.has(parameter.name)),
    ...names,
    notes: [...part.notes, ...leftOut(network, read), ...aboutFixed(fixed.size)],
  };
}

function aboutFixed(count: number): string[] {
  return count === 0 ? [] : [`${count} ${count === 1 ? "layer normalises by its" : "layers normalise by their"} running statistics, which are frozen`];
}

/** What is said of parameters that the loss does not need. */
function leftOut(network: Graph, read: ReadonlyMap<Parameter, Value>): string[] {
  const left = network.parameters.filter((parameter) => !read.has(parameter));
  const [first] = left;
  if (first === undefined) return [];
  const one = left.length === 1;
  const what = one ? `\`${first.name}\`` : `\`${first.name}\` and ${left.length - 1} more parameter${left.length === 2 ? "" : "s"}`;
  return [`the loss does not need ${what}: ${one ? "it is" : "they are"} not in the step`];
}

/** Momenta have names of their own beside those of parameters. */
function refuseClashes(network: Graph): void {
  const names = new Set(network.parameters.map(({ name }) => name));
  const clash = network.parameters.find(({ name }) => names.has(momentumName(name)));
  if (clash) throw new InputError(`\`${momentumName(clash.name)}\` is a parameter of \`${network.name}\`, and what the momentum of \`${clash.name}\` is called`);
}

/** Gives names that are not among `taken`: with an underscore behind them where they are. */
function freeNames(...taken: readonly (readonly { readonly name: string }[])[]): (wanted: string) => string {
  const names = new Set(taken.flat().map(({ name }) => name));
  return (wanted) => {
    let name = wanted;
    while (names.has(name)) name = `${name}_`;
    return name;
  };
}

function asInput(builder: GraphBuilder, parameter: Parameter, made: Map<Parameter, Value>): Value {
  const value = builder.input(parameter.name, { dtype: parameter.dtype, shape: parameter.shape });
  made.set(parameter, value);
  return value;
}

function finish(builder: GraphBuilder, graph: Graph, outputs: readonly GraphOutput[]): Graph {
  return builder.finish({ name: graph.name, outputs, symbols: [], facts: new Map(), assumptions: [], instance: graph.instance });
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
  const seed = builder.input(freeNames(graph.inputs, graph.parameters, graph.nodes)("seed"), result.type);
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
