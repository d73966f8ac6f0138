import { lazy } from "../base/lazy.ts";
import { elementCount, knownShape } from "../ir/tensor-type.ts";
import type { Graph, Node, ParameterRole, Value } from "../ir/graph.ts";
import type { OpRecord } from "../ops/define-op.ts";
import { findOperator } from "../ops/registry.ts";

/** What one node costs, for one example. */
export interface NodeMeasure {
  /** Learned values: weights, biases, scales and shifts. */
  readonly params: number;
  /** State that training updates: running means and variances. */
  readonly buffers: number;
  /** Multiply-adds of convolutions and linear layers; `undefined` while a size is open. */
  readonly macs: number | undefined;
  /** Greatest and least receptive field per spatial axis, in pixels of the input; `undefined` after a global operator. */
  readonly receptiveField: ReceptiveField | undefined;
}

export interface ReceptiveField {
  readonly greatest: readonly number[];
  readonly least: readonly number[];
  /** Distance in the input of neighbouring positions, per axis. */
  readonly jump: readonly number[];
}

export interface Measures {
  readonly params: number;
  readonly buffers: number;
  readonly macs: number | undefined;
  /** Convolutions and linear layers on the longest path; what the compiler inserted does not count (the paper's depth). */
  readonly depth: number;
  /** The greatest receptive field of any layer before a global operator, per axis. */
  readonly receptiveField: readonly number[] | undefined;
  /** The greatest of the layers' least receptive fields (through the shortest path), per axis. */
  readonly leastReceptiveField: readonly number[] | undefined;
  /** Greatest sum of live values over the order of nodes: float32, batch 1, inference, parameters not counted. */
  readonly memoryInBytes: number | undefined;
}

const STATE: ReadonlySet<ParameterRole> = new Set(["running_mean", "running_var"]);

/** Every node's measures, by node id; receptive fields are found when the first of them is asked for. */
export function measureNodes(graph: Graph): readonly NodeMeasure[] {
  const fields = lazy(() => receptiveFields(graph));
  return graph.nodes.map((node) => {
    let params = 0;
    let buffers = 0;
    for (const { producer } of node.inputs) {
      if (producer.kind !== "parameter") continue;
      const { parameter } = producer;
      const count = elementCount(parameter.shape);
      if (STATE.has(parameter.role)) buffers += count;
      else params += count;
    }
    return {
      params,
      buffers,
      macs: nodeMacs(node),
      get receptiveField() {
        return fields().get(node.outputs[0] as Value);
      },
    };
  });
}

/** Multiply-adds of one node for one example; `undefined` while a size is open. */
export function nodeMacs(node: Node): number | undefined {
  const record = recordOf(node);
  if (record.macs === undefined) return 0;
  const one = (value: Value): readonly number[] | undefined => knownShape([1, ...value.type.shape.slice(1)]);
  const inputs = node.inputs.filter((value) => value.producer.kind !== "parameter").map(one);
  const outputs = node.outputs.map(one);
  if (inputs.includes(undefined) || outputs.includes(undefined)) return undefined;
  return record.macs({ attributes: node.attributes, inputs: inputs as number[][], outputs: outputs as number[][] });
}

/** The totals of a graph, or of the nodes from `first` up to `end`; what is not asked for is not computed. */
export function measure(graph: Graph, range?: { readonly first: number; readonly end: number }, each = measureNodes(graph)): Measures {
  const nodes = graph.nodes.slice(range?.first ?? 0, range?.end);
  let params = 0;
  let buffers = 0;
  let macs: number | undefined = 0;
  for (const node of nodes) {
    const own = each[node.id] as NodeMeasure;
    params += own.params;
    buffers += own.buffers;
    macs = macs === undefined || own.macs === undefined ? undefined : macs + own.macs;
  }
  const fields = lazy(() => greatestFields(nodes, each));
  const depth = lazy(() => depthOf(graph, nodes));
  const memoryInBytes = lazy(() => memoryOf(graph, nodes));
  return {
    params,
    buffers,
    macs,
    get depth() {
      return depth();
    },
    get receptiveField() {
      return fields().greatest;
    },
    get leastReceptiveField() {
      return fields().least;
    },
    get memoryInBytes() {
      return memoryInBytes();
    },
  };
}

/** The extremes of the receptive fields of all layers with a window. */
function greatestFields(nodes: readonly Node[], each: readonly NodeMeasure[]): { readonly greatest: readonly number[] | undefined; readonly least: readonly number[] | undefined } {
  let greatest: readonly number[] | undefined;
  let least: readonly number[] | undefined;
  for (const node of nodes) {
    if (recordOf(node).window === undefined) continue;
    const field = (each[node.id] as NodeMeasure).receptiveField;
    if (field === undefined) continue;
    greatest = elementwise(Math.max, greatest, field.greatest);
    least = elementwise(Math.max, least, field.least);
  }
  return { greatest, least };
}

function recordOf(node: Node): OpRecord {
  return findOperator(node.op) as OpRecord;
}

function elementwise(pick: (a: number, b: number) => number, a: readonly number[] | undefined, b: readonly number[]): readonly number[] {
  return a === undefined || a.length !== b.length ? b : a.map((value, axis) => pick(value, b[axis] as number));
}

/** Weighted layers on the longest path through the nodes given; `mul` counts its first branch. */
function depthOf(graph: Graph, nodes: readonly Node[]): number {
  const depths = new Map<Value, number>();
  let deepest = 0;
  for (const node of nodes) {
    const inputs = node.op === "mul" ? node.inputs.slice(0, 1) : node.inputs;
    let depth = 0;
    for (const value of inputs) depth = Math.max(depth, depths.get(value) ?? 0);
    if (recordOf(node).weighted && node.origin?.inserted !== true) depth++;
    for (const output of node.outputs) depths.set(output, depth);
    deepest = Math.max(deepest, depth);
  }
  const ends = nodes.length === graph.nodes.length ? graph.outputs.map((output) => depths.get(output.value) ?? 0) : [];
  return ends.length > 0 ? Math.max(...ends) : deepest;
}

/** Receptive fields of all values: r' = r + (kernel - 1) * dilation * jump, jump' = jump * stride; joins take extremes. */
function receptiveFields(graph: Graph): Map<Value, ReceptiveField> {
  const fields = new Map<Value, ReceptiveField>();
  for (const input of graph.inputs) {
    const ones = input.type.shape.slice(2).map(() => 1);
    fields.set(input, { greatest: ones, least: ones, jump: ones });
  }
  for (const node of graph.nodes) {
    const field = nodeField(node, fields);
    if (field) for (const output of node.outputs) fields.set(output, field);
  }
  return fields;
}

function nodeField(node: Node, fields: ReadonlyMap<Value, ReceptiveField>): ReceptiveField | undefined {
  const window = recordOf(node).window?.(node.attributes);
  if (window === "global") return undefined;
  const spatial = (node.outputs[0] as Value).type.shape.length - 2;
  const data = node.inputs.filter((value) => value.producer.kind !== "parameter");
  const known = data.flatMap((value) => fields.get(value) ?? []).filter((field) => field.greatest.length === spatial);
  const [first, ...rest] = known;
  // A value without a field is a global one: stretched over the map by `mul`, or past the classifier.
  if (first === undefined || spatial === 0 || (known.length < data.length && node.op !== "mul")) return undefined;
  if (rest.length > 0) {
    return {
      greatest: known.reduce<readonly number[]>((all, field) => elementwise(Math.max, all, field.greatest), first.greatest),
      least: known.reduce<readonly number[]>((all, field) => elementwise(Math.min, all, field.least), first.least),
      jump: first.jump,
    };
  }
  if (window === undefined) return first;
  const { jump } = first;
  const reach = (axis: number): number => {
    const kernel = window.kernel[axis] ?? 1;
    const stride = window.stride[axis] ?? 1;
    const dilation = window.dilation[axis] ?? 1;
    const seen = window.enlarges ? Math.ceil(((kernel - 1) * dilation + 1) / stride) - 1 : (kernel - 1) * dilation;
    return seen * (jump[axis] as number);
  };
  return {
    greatest: first.greatest.map((size, axis) => size + reach(axis)),
    least: first.least.map((size, axis) => size + reach(axis)),
    jump: jump.map((step, axis) => (window.enlarges ? step / (window.stride[axis] ?? 1) : step * (window.stride[axis] ?? 1))),
  };
}

function memoryOf(graph: Graph, nodes: readonly Node[]): number | undefined {
  const bytesOf = (value: Value): number | undefined => {
    if (value.producer.kind === "parameter" || value.producer.kind === "constant") return 0;
    return knownShape([1, ...value.type.shape.slice(1)])?.reduce((product, size) => product * size, 4);
  };
  const inside = new Set(nodes);
  const lastUse = new Map<Value, number>();
  for (const node of nodes) for (const value of node.inputs) lastUse.set(value, node.id);
  for (const { value } of graph.outputs) {
    if (value.producer.kind !== "node" || inside.has(value.producer.node)) lastUse.set(value, Infinity);
  }
  let live = 0;
  let most = 0;
  const alive = new Set<Value>();
  const add = (value: Value): boolean => {
    const bytes = bytesOf(value);
    if (bytes === undefined) return false;
    if (!alive.has(value)) live += bytes;
    alive.add(value);
    return true;
  };
  for (const [value] of lastUse) {
    const { producer } = value;
    if ((producer.kind === "node" && inside.has(producer.node)) || producer.kind === "parameter" || producer.kind === "constant") continue;
    if (!add(value)) return undefined;
  }
  const dying = new Map<number, Value[]>();
  for (const [value, id] of lastUse) (dying.get(id) ?? dying.set(id, []).get(id))?.push(value);
  for (const node of nodes) {
    for (const output of node.outputs) if (!add(output)) return undefined;
    most = Math.max(most, live);
    const unused = node.outputs.filter((output) => !lastUse.has(output));
    for (const value of [...(dying.get(node.id) ?? []), ...unused]) {
      if (alive.delete(value)) live -= bytesOf(value) ?? 0;
    }
  }
  return Math.max(most, live);
}
