import { lazy } from "../base/lazy.ts";
import { elementCount, elementsOfOne } from "../ir/tensor-type.ts";
import type { Graph, Node, ParameterRole, Value } from "../ir/graph.ts";
import type { OpRecord, Window } from "../ops/define-op.ts";
import { macsOfOne } from "../ops/apply.ts";
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

/** Every node's measures, by node id; each is found when it is asked for, receptive fields all at once. */
export function measureNodes(graph: Graph): readonly NodeMeasure[] {
  const fields = lazy(() => receptiveFields(graph));
  return graph.nodes.map((node) => new MeasuredNode(node, fields));
}

/** A class, as there is one for every node and few are asked for more than one thing: literals with getters take far longer to make. */
class MeasuredNode implements NodeMeasure {
  readonly #node: Node;
  readonly #fields: () => readonly (ReceptiveField | undefined)[];

  constructor(node: Node, fields: () => readonly (ReceptiveField | undefined)[]) {
    this.#node = node;
    this.#fields = fields;
  }

  get params(): number {
    return valuesOf(this.#node, false);
  }

  get buffers(): number {
    return valuesOf(this.#node, true);
  }

  get macs(): number | undefined {
    return nodeMacs(this.#node);
  }

  get receptiveField(): ReceptiveField | undefined {
    return this.#fields()[this.#node.id];
  }
}

/** How many values a node's parameters have: those that are learned, or those that are state. */
function valuesOf(node: Node, isState: boolean): number {
  let count = 0;
  for (const { producer } of node.inputs) {
    if (producer.kind === "parameter" && STATE.has(producer.parameter.role) === isState) count += elementCount(producer.parameter.shape);
  }
  return count;
}

/** Multiply-adds of one node for one example; `undefined` while a size is open. */
export function nodeMacs(node: Node): number | undefined {
  const data = node.inputs.filter(({ producer }) => producer.kind !== "parameter");
  return macsOfOne(recordOf(node), node.attributes, data.map(({ type }) => type), node.outputs.map(({ type }) => type));
}

/** The totals of a graph, or of the nodes from `first` up to `end`; what is not asked for is not computed. */
export function measure(graph: Graph, range?: { readonly first: number; readonly end: number }, each = measureNodes(graph)): Measures {
  return new Measured(graph, range ? graph.nodes.slice(range.first, range.end) : graph.nodes, each);
}

/** A class, as {@link MeasuredNode} is one. */
class Measured implements Measures {
  readonly #graph: Graph;
  readonly #nodes: readonly Node[];
  readonly #each: readonly NodeMeasure[];
  #sums: ReturnType<typeof sumsOf> | undefined;
  #fields: ReturnType<typeof greatestFields> | undefined;
  #depth: number | undefined;
  #memory: { readonly inBytes: number | undefined } | undefined;

  constructor(graph: Graph, nodes: readonly Node[], each: readonly NodeMeasure[]) {
    this.#graph = graph;
    this.#nodes = nodes;
    this.#each = each;
  }

  get params(): number {
    return this.#summed().params;
  }

  get buffers(): number {
    return this.#summed().buffers;
  }

  get macs(): number | undefined {
    return this.#summed().macs;
  }

  get depth(): number {
    return (this.#depth ??= depthOf(this.#graph, this.#nodes));
  }

  get receptiveField(): readonly number[] | undefined {
    return this.#fieldsOf().greatest;
  }

  get leastReceptiveField(): readonly number[] | undefined {
    return this.#fieldsOf().least;
  }

  get memoryInBytes(): number | undefined {
    return (this.#memory ??= { inBytes: memoryOf(this.#graph, this.#nodes) }).inBytes;
  }

  #summed(): ReturnType<typeof sumsOf> {
    return (this.#sums ??= sumsOf(this.#nodes, this.#each));
  }

  #fieldsOf(): ReturnType<typeof greatestFields> {
    return (this.#fields ??= greatestFields(this.#nodes, this.#each));
  }
}

function sumsOf(nodes: readonly Node[], each: readonly NodeMeasure[]): Pick<Measures, "params" | "buffers" | "macs"> {
  let params = 0;
  let buffers = 0;
  let macs: number | undefined = 0;
  for (const node of nodes) {
    const own = each[node.id] as NodeMeasure;
    params += own.params;
    buffers += own.buffers;
    if (macs !== undefined) macs = added(macs, own.macs);
  }
  return { params, buffers, macs };
}

const added = (sum: number, more: number | undefined): number | undefined => (more === undefined ? undefined : sum + more);

/** The extremes of the receptive fields of all layers with a window. */
function greatestFields(nodes: readonly Node[], each: readonly NodeMeasure[]): { readonly greatest: readonly number[] | undefined; readonly least: readonly number[] | undefined } {
  let greatest: readonly number[] | undefined;
  let least: readonly number[] | undefined;
  for (const node of nodes) {
    const field = (each[node.id] as NodeMeasure).receptiveField;
    if (field === undefined || recordOf(node).window === undefined) continue;
    greatest = greatest === undefined ? field.greatest : greatestOf(greatest, field.greatest);
    least = least === undefined ? field.least : greatestOf(least, field.least);
  }
  return { greatest, least };
}

function recordOf(node: Node): OpRecord {
  return findOperator(node.op) as OpRecord;
}

/** The greater size on every axis; of two networks of different rank the second. */
function greatestOf(a: readonly number[], b: readonly number[]): readonly number[] {
  return a.length === b.length ? a.map((size, axis) => Math.max(size, b[axis] as number)) : b;
}

/** Weighted layers on the longest path through the nodes given; `mul` counts its first branch. */
function depthOf(graph: Graph, nodes: readonly Node[]): number {
  const depths: number[] = [];
  const depthAt = ({ producer }: Value): number => (producer.kind === "node" ? (depths[producer.node.id] ?? 0) : 0);
  let deepest = 0;
  for (const node of nodes) {
    const { inputs, op, origin } = node;
    let depth = 0;
    for (const value of inputs) {
      depth = Math.max(depth, depthAt(value));
      if (op === "mul") break;
    }
    if (recordOf(node).weighted && origin?.inserted !== true) depth++;
    depths[node.id] = depth;
    deepest = Math.max(deepest, depth);
  }
  const ends = nodes.length === graph.nodes.length ? graph.outputs.map(({ value }) => depthAt(value)) : [];
  return ends.length > 0 ? Math.max(...ends) : deepest;
}
/** Receptive fields by node id: r' = r + (kernel - 1) * dilation * jump, jump' = jump * stride; joins take extremes. */
function receptiveFields(graph: Graph): readonly (ReceptiveField | undefined)[] {
  const fields: (ReceptiveField | undefined)[] = [];
  for (const node of graph.nodes) fields.push(fieldAfter(node, fields));
  return fields;
}

/** What the outputs of a node see; `fields` has those of the nodes before it. */
function fieldAfter(node: Node, fields: readonly (ReceptiveField | undefined)[]): ReceptiveField | undefined {
  const window = recordOf(node).window?.(node.attributes);
  const axes = (node.outputs[0] as Value).type.shape.length - 2;
  if (window === "global" || axes <= 0) return undefined;
  let joined: ReceptiveField | undefined;
  let count = 0;
  for (const value of node.inputs) {
    if (value.producer.kind === "parameter") continue;
    const field = fieldOf(value, fields);
    if (field?.greatest.length === axes) {
      joined = joined === undefined ? field : joinedField(joined, field);
      count++;
      // A value without a field is a global one: stretched over the map by `mul`, or past the classifier.
    } else if (node.op !== "mul") return undefined;
  }
  return joined === undefined || window === undefined || count > 1 ? joined : fieldThrough(window, joined);
}

function fieldOf({ producer, type }: Value, fields: readonly (ReceptiveField | undefined)[]): ReceptiveField | undefined {
  if (producer.kind === "node") return fields[producer.node.id];
  if (producer.kind !== "input") return undefined;
  const ones = type.shape.slice(2).map(() => 1);
  return { greatest: ones, least: ones, jump: ones };
}

function joinedField(a: ReceptiveField, b: ReceptiveField): ReceptiveField {
  return {
    greatest: a.greatest.map((size, axis) => Math.max(size, b.greatest[axis] as number)),
    least: a.least.map((size, axis) => Math.min(size, b.least[axis] as number)),
    jump: a.jump,
  };
}

function fieldThrough({ kernel, stride, dilation, enlarges }: Window, { greatest, least, jump }: ReceptiveField): ReceptiveField {
  const reach = jump.map((step, axis) => {
    const wide = ((kernel[axis] ?? 1) - 1) * (dilation[axis] ?? 1);
    return step * (enlarges ? Math.ceil((wide + 1) / (stride[axis] ?? 1)) - 1 : wide);
  });
  return {
    greatest: greatest.map((size, axis) => size + (reach[axis] as number)),
    least: least.map((size, axis) => size + (reach[axis] as number)),
    jump: jump.map((step, axis) => (enlarges ? step / (stride[axis] ?? 1) : step * (stride[axis] ?? 1))),
  };
}

function memoryOf(graph: Graph, nodes: readonly Node[]): number | undefined {
  const bytesOf = (value: Value): number | undefined => {
    if (value.producer.kind === "parameter" || value.producer.kind === "constant") return 0;
    const count = elementsOfOne(value.type.shape);
    return count === undefined ? undefined : 4 * count;
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
