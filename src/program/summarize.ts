import { positionAt } from "../base/source-file.ts";
import { formatDim } from "../ir/dim.ts";
import type { Dim } from "../ir/dim.ts";
import type { Attributes, Graph, Node, ParameterRole, Value } from "../ir/graph.ts";
import type { Instance, ResidualRecord } from "../ir/origin.ts";
import type { NodeMeasure } from "../passes/measure.ts";
import { measure, measureNodes } from "../passes/measure.ts";
import { conventions } from "./conventions.ts";
import type { Convention, ConventionName } from "./conventions.ts";
import { closingAdditions, instanceChain, placeOf, residualOf } from "./stages.ts";

/** A shape as data: known sizes are numbers, open ones text (`"N"`, `"ceil(H / 4)"`). */
export type SummaryShape = readonly (number | string)[];

export interface SummaryTensor {
  readonly name: string;
  readonly dtype: string;
  readonly shape: SummaryShape;
}

export interface SummaryParameter {
  readonly name: string;
  readonly shape: readonly number[];
  readonly role: ParameterRole;
}

/** A place in a text: one-based, as editors count. */
export interface SummarySpan {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** In pixels of the input, one number per spatial axis. */
export interface SummaryReceptiveField {
  /** Through the longest path. */
  readonly greatest: readonly number[];
  /** Through the shortest path. */
  readonly least: readonly number[];
  /** Distance in the input of neighbouring positions. */
  readonly jump: readonly number[];
}

/** One use of a block, join, group or network around a layer. */
export interface SummaryInstance {
  readonly kind: Instance["kind"];
  readonly declaration: string;
  readonly path: string;
  readonly label: string | null;
  readonly inserted: boolean;
}

export interface SummaryLayer {
  /** Full name: `layer1.0.conv1`. */
  readonly path: string;
  readonly op: string;
  readonly attributes: Attributes;
  /** Paths of the layers, or names of the inputs, it reads. */
  readonly inputs: readonly string[];
  readonly output: SummaryShape;
  readonly params: number;
  readonly buffers: number;
  /** Multiply-adds of a convolution or linear layer for one example, 0 for the rest; null while a size is open. */
  readonly macs: number | null;
  /** The layer's count under the summary's convention. */
  readonly operations: number | null;
  readonly parameters: readonly SummaryParameter[];
  /** Null after a global operator, and where there are no spatial axes. */
  readonly receptiveField: SummaryReceptiveField | null;
  /** True for what a shortcut policy added. */
  readonly inserted: boolean;
  /** For the addition that ends a residual: the policy and what it made. */
  readonly shortcut: { readonly policy: string; readonly made: "identity" | "layers"; readonly channels: number; readonly stride: readonly number[] } | null;
  /** The labelled block or group directly under the network that holds it. */
  readonly stage: string | null;
  /** What holds it, from the outside in, without the network itself. */
  readonly instances: readonly SummaryInstance[];
  readonly span: SummarySpan | null;
}

/** A shortcut that a policy made of layers. */
export interface SummaryShortcut {
  readonly policy: string;
  /** What its layers' paths have in common: `layer2.0.downsample`. */
  readonly path: string;
  readonly layers: readonly string[];
  readonly operators: readonly string[];
  readonly params: number;
  readonly macs: number | null;
  /** True when it has weights of a convolution or linear layer. */
  readonly projection: boolean;
}

/** What one policy was asked and what it answered. */
export interface SummaryPolicy {
  readonly policy: string;
  readonly residuals: number;
  /** Residuals without an addition. */
  readonly none: number;
  readonly identities: number;
  readonly inserted: readonly SummaryShortcut[];
}

export interface SummaryCount {
  readonly convention: ConventionName;
  readonly unit: Convention["unit"];
  /** Null while a size is open. */
  readonly total: number | null;
  readonly includes: string;
  readonly source: string;
}

/** What is known of a network, as plain data; `grammar/summary.schema.json` describes its JSON form. */
export interface Summary {
  readonly network: string;
  readonly params: number;
  readonly buffers: number;
  readonly macs: number | null;
  /** Weighted layers on the longest path, as the paper counts; inserted shortcuts do not count. */
  readonly depth: number;
  /** The greatest receptive field of any layer before a global operator, per axis. */
  readonly receptiveField: readonly number[] | null;
  /** The greatest of the layers' least receptive fields, per axis. */
  readonly leastReceptiveField: readonly number[] | null;
  /** Greatest sum of live values over the order of layers: float32, batch 1, inference, parameters not counted. */
  readonly memoryInBytes: number | null;
  readonly input: SummaryTensor;
  readonly output: SummaryTensor;
  readonly inputs: readonly SummaryTensor[];
  readonly outputs: readonly SummaryTensor[];
  /** What `require` says of open sizes. */
  readonly assumptions: readonly string[];
  /** The count that was asked for; `layers[].operations` add up to its total. */
  readonly count: SummaryCount;
  /** The same network under every convention. */
  readonly conventions: readonly SummaryCount[];
  readonly shortcuts: readonly SummaryPolicy[];
  readonly layers: readonly SummaryLayer[];
}

export interface SummarizeOptions {
  readonly convention?: ConventionName;
}

/** Everything `rnc summary` knows of a graph, as plain data. Work is linear in the number of layers. */
export function summarize(graph: Graph, options: SummarizeOptions = {}): Summary {
  const each = measureNodes(graph);
  const totals = measure(graph, undefined, each);
  const convention = conventions[options.convention ?? "paper"];
  const closing = closingAdditions(graph);
  const layers = graph.nodes.map((node) => layerOf(node, each[node.id] as NodeMeasure, convention, closing));
  const inputs = graph.inputs.map((value) => tensorOf(value.name, value));
  const outputs = graph.outputs.map(({ name, value }) => tensorOf(name, value));
  const counts = Object.values(conventions).map((candidate) => countOf(graph, each, candidate));
  return {
    network: graph.name,
    params: totals.params,
    buffers: totals.buffers,
    macs: totals.macs ?? null,
    depth: totals.depth,
    receptiveField: totals.receptiveField ?? null,
    leastReceptiveField: totals.leastReceptiveField ?? null,
    memoryInBytes: totals.memoryInBytes ?? null,
    input: inputs[0] as SummaryTensor,
    output: outputs[0] as SummaryTensor,
    inputs,
    outputs,
    assumptions: graph.assumptions,
    count: counts.find((count) => count.convention === convention.name) as SummaryCount,
    conventions: counts,
    shortcuts: shortcutsOf(graph, layers),
    layers,
  };
}

function shapeOf(shape: readonly Dim[]): SummaryShape {
  return shape.map((dim) => (typeof dim === "number" ? dim : formatDim(dim)));
}

function tensorOf(name: string, value: Value): SummaryTensor {
  return { name, dtype: value.type.dtype, shape: shapeOf(value.type.shape) };
}

function countOf(graph: Graph, each: readonly NodeMeasure[], convention: Convention): SummaryCount {
  let total: number | null = 0;
  for (const node of graph.nodes) {
    const own = operationsOf(node, each[node.id] as NodeMeasure, convention);
    total = total === null || own === null ? null : total + own;
  }
  const { name, unit, includes, source } = convention;
  return { convention: name, unit, total, includes, source };
}

function operationsOf(node: Node, own: NodeMeasure, convention: Convention): number | null {
  return own.macs === undefined ? null : (convention.count(node, own.macs) ?? null);
}

function layerOf(node: Node, own: NodeMeasure, convention: Convention, closing: ReadonlyMap<Node, ResidualRecord>): SummaryLayer {
  const output = node.outputs[0] as Value;
  const { origin } = node;
  const residual = closing.get(node);
  return {
    path: node.name,
    op: node.op,
    attributes: node.attributes,
    inputs: node.inputs.flatMap((value) => (value.producer.kind === "parameter" || value.producer.kind === "constant" ? [] : [value.name])),
    output: shapeOf(output.type.shape),
    params: own.params,
    buffers: own.buffers,
    macs: own.macs ?? null,
    operations: operationsOf(node, own, convention),
    parameters: node.inputs.flatMap(({ producer }) => (producer.kind === "parameter" ? [{ name: producer.parameter.name, shape: producer.parameter.shape, role: producer.parameter.role }] : [])),
    receptiveField: own.receptiveField ?? null,
    inserted: origin?.inserted ?? false,
    shortcut: residual && residual.made !== "none" ? { policy: residual.policy, made: residual.made, channels: residual.channels, stride: residual.stride } : null,
    stage: placeOf(node).stage?.path ?? null,
    instances: instanceChain(origin?.instance)
      .slice(1)
      .map(({ kind, declaration, path, label, inserted }) => ({ kind, declaration, path, label: label ?? null, inserted })),
    span: origin ? { file: origin.span.source.path, ...positionAt(origin.span.source, origin.span.start) } : null,
  };
}

interface PolicyTally {
  readonly residuals: Map<Instance, ResidualRecord>;
  readonly inserted: Map<Instance, SummaryLayer[]>;
}

/** Policies in order of appearance, each with the residuals that asked it. */
function shortcutsOf(graph: Graph, layers: readonly SummaryLayer[]): readonly SummaryPolicy[] {
  const tallies = new Map<string, PolicyTally>();
  const tallyOf = (policy: string): PolicyTally => {
    const known = tallies.get(policy) ?? { residuals: new Map(), inserted: new Map() };
    tallies.set(policy, known);
    return known;
  };
  const seen = new Set<Instance>();
  for (const node of graph.nodes) {
    for (let at = node.origin?.instance; at && !seen.has(at); at = at.parent) {
      seen.add(at);
      if (at.residual) tallyOf(at.residual.policy).residuals.set(at, at.residual);
    }
    if (!node.origin?.inserted) continue;
    const holder = residualOf(node);
    if (holder?.residual === undefined) continue;
    const { inserted } = tallyOf(holder.residual.policy);
    (inserted.get(holder) ?? inserted.set(holder, []).get(holder))?.push(layers[node.id] as SummaryLayer);
  }
  return [...tallies].map(([policy, { residuals, inserted }]) => {
    const made = [...residuals.values()].map((residual) => residual.made);
    return {
      policy,
      residuals: made.length,
      none: made.filter((what) => what === "none").length,
      identities: made.filter((what) => what === "identity").length,
      inserted: [...inserted.values()].map((own) => shortcutOf(policy, own)),
    };
  });
}

function shortcutOf(policy: string, layers: readonly SummaryLayer[]): SummaryShortcut {
  const params = layers.reduce((sum, layer) => sum + layer.params, 0);
  const macs = layers.reduce<number | null>((sum, layer) => (sum === null || layer.macs === null ? null : sum + layer.macs), 0);
  return {
    policy,
    path: commonPath(layers.map((layer) => layer.path)),
    layers: layers.map((layer) => layer.path),
    operators: layers.map((layer) => layer.op),
    params,
    macs,
    projection: layers.some((layer) => layer.parameters.some((parameter) => parameter.role === "weight")),
  };
}

/** `layer2.0.downsample` of `layer2.0.downsample.0` and `layer2.0.downsample.1`; a single path is itself; all of them where nothing is common. */
function commonPath(paths: readonly string[]): string {
  const [first = "", ...rest] = paths.map((path) => path.split("."));
  let length = first.length;
  for (const parts of rest) {
    let same = 0;
    while (same < length && parts[same] === first[same]) same++;
    length = same;
  }
  return length === 0 ? paths.join(" -> ") : (first as string[]).slice(0, length).join(".");
}
