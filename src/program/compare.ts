import { formatDim, isSymbolic, simplifyDim } from "../ir/dim.ts";
import type { Facts } from "../ir/dim.ts";
import type { Graph, Node, Value } from "../ir/graph.ts";
import type { Instance } from "../ir/origin.ts";
import { knownShape } from "../ir/tensor-type.ts";
import { findOperator } from "../ops/registry.ts";
import type { ConventionName } from "./conventions.ts";
import { describeLayer } from "./describe-layer.ts";
import { instanceChain, placeOf } from "./stages.ts";
import { summarize } from "./summarize.ts";
import type { Summary } from "./summarize.ts";

/** Equal units in a row: `[3x3, 64; 3x3, 64] x 3`. */
export interface ComparedUnits {
  readonly pattern: string;
  readonly count: number;
  /** True for the layers of a block, which brackets hold together. */
  readonly isBlock: boolean;
  /** False where it does not read what stands before it: the beginning of another branch. */
  readonly follows: boolean;
}

/** What one stage, or the layers outside of stages, do at one output size. */
export interface ComparedStage {
  /** The label of a block or group directly under the network; null for what stands beside the stages. */
  readonly stage: string | null;
  /** Spatial sizes of what comes out: `56x56`. */
  readonly size: string;
  readonly units: readonly ComparedUnits[];
}

export interface ComparedNetwork extends Omit<Summary, "layers"> {
  readonly stages: readonly ComparedStage[];
  /** Counts against the first network's; null where one of both is unknown. */
  readonly ratio: { readonly params: number | null; readonly operations: number | null };
}

/** One output size, as a line of the paper's Table 1; `cells[i]` is what network i does there. */
export interface ComparedRow {
  readonly size: string;
  readonly cells: readonly (readonly ComparedStage[])[];
}

/** Several networks side by side, as plain data. */
export interface Comparison {
  readonly networks: readonly ComparedNetwork[];
  readonly rows: readonly ComparedRow[];
}

/** Puts networks side by side in the form of the paper's Table 1: by output size, with each stage's blocks. */
export function compare(graphs: readonly Graph[], options: { readonly convention?: ConventionName } = {}): Comparison {
  const summaries = graphs.map((graph) => summarize(graph, options));
  const [first] = summaries;
  const ratio = (own: number | null, other: number | null | undefined): number | null => (own === null || !other ? null : own / other);
  const networks = graphs.map((graph, index): ComparedNetwork => {
    const { layers: _layers, ...summary } = summaries[index] as Summary;
    return {
      ...summary,
      stages: stagesOf(graph),
      ratio: { params: ratio(summary.params, first?.params), operations: ratio(summary.count.total, first?.count.total) },
    };
  });
  return { networks, rows: alignRows(networks.map((network) => network.stages)) };
}

/** Nodes of one unit, in order. */
interface Unit {
  readonly stage: string | undefined;
  readonly instance: Instance | undefined;
  readonly nodes: Node[];
}

/** Runs of units by stage and output size. What the compiler inserted is not part of a pattern: it is told apart. */
export function stagesOf(graph: Graph): readonly ComparedStage[] {
  const onPath = mainPath(graph);
  const shown = unitsOf(graph).flatMap((unit) => {
    const pattern = patternOf(unit, onPath);
    return pattern === "" ? [] : [{ unit, pattern }];
  });
  const before = unitsBefore(graph, shown.map(({ unit }) => unit));
  const stages: { stage: string | null; size: string; units: { pattern: string; count: number; isBlock: boolean; follows: boolean }[] }[] = [];
  shown.forEach(({ unit, pattern }, index) => {
    const size = sizeAfter(unit, onPath, graph.facts);
    const stage = unit.stage ?? null;
    const follows = before[index] === index - 1;
    let current = stages[stages.length - 1];
    if (current === undefined || current.stage !== stage || current.size !== size) stages.push((current = { stage, size, units: [] }));
    const last = current.units[current.units.length - 1];
    if (follows && last?.pattern === pattern) last.count++;
    else current.units.push({ pattern, count: 1, isBlock: unit.instance !== undefined, follows });
  });
  return stages;
}

function unitsOf(graph: Graph): readonly Unit[] {
  const units: Unit[] = [];
  for (const node of graph.nodes) {
    if (node.origin?.inserted) continue;
    const { stage, unit } = placeOf(node);
    const last = units[units.length - 1];
    if (unit !== undefined && last?.instance === unit) last.nodes.push(node);
    else units.push({ stage: stage?.path, instance: unit, nodes: [node] });
  }
  return units;
}

/** For each unit the latest earlier one that it reads from; -1 for those that read the inputs. */
function unitsBefore(graph: Graph, units: readonly Unit[]): readonly number[] {
  const indexOf = new Map<Node, number>();
  units.forEach((unit, index) => unit.nodes.forEach((node) => indexOf.set(node, index)));
  const latest = new Map<Value, number>();
  const before = units.map(() => -1);
  for (const node of graph.nodes) {
    const own = indexOf.get(node);
    let most = -1;
    for (const value of node.inputs) {
      const from = latest.get(value) ?? -1;
      if (from !== own && from > most) most = from;
    }
    if (own !== undefined) before[own] = Math.max(before[own] as number, most);
    for (const output of node.outputs) latest.set(output, own ?? most);
  }
  return before;
}

/** Nodes that outputs are reached through, of products only by way of their first branch: what `depth` follows. */
function mainPath(graph: Graph): ReadonlySet<Node> {
  const reached = new Set<Node>();
  const queue: Value[] = graph.outputs.map((output) => output.value);
  for (let value = queue.pop(); value; value = queue.pop()) {
    if (value.producer.kind !== "node" || reached.has(value.producer.node)) continue;
    const { node } = value.producer;
    reached.add(node);
    queue.push(...(node.op === "mul" ? node.inputs.slice(0, 1) : node.inputs));
  }
  return reached;
}

/** Layers with weights and layers with a window, in order; `|` where one does not follow the other; gates by name. */
function patternOf(unit: Unit, onPath: ReadonlySet<Node>): string {
  const isBlock = unit.instance !== undefined;
  const latest = new Map<Value, number>();
  const gates = new Set<string>();
  let text = "";
  let count = 0;
  for (const node of unit.nodes) {
    const before = node.inputs.reduce((most, value) => Math.max(most, latest.get(value) ?? -1), -1);
    const isShown = isStructural(node);
    let own = before;
    if (isShown && !onPath.has(node)) {
      const name = gateName(node, unit.instance);
      if (!gates.has(name)) text += `${text && "; "}${name}`;
      gates.add(name);
    } else if (isShown) {
      if (text) text += before === count - 1 ? "; " : " | ";
      text += describeLayer(node.op, node.attributes, { name: "paper", stride: !isBlock });
      own = count++;
    }
    for (const output of node.outputs) latest.set(output, own);
  }
  return text;
}

/** Layers with weights, and layers that read a window or everything; what only reshapes is left out. */
function isStructural(node: Node): boolean {
  const record = findOperator(node.op);
  if (record?.weighted) return true;
  const window = record?.window?.(node.attributes);
  if (window !== "global") return window !== undefined;
  const [before, after] = [node.inputs[0], node.outputs[0]].map((value) => knownShape(value?.type.shape.slice(1) ?? [])?.reduce((product, size) => product * size, 1));
  return before === undefined || before !== after;
}

/** What holds a layer beside the main path, as its author calls it: the outermost block inside the unit (`se`). */
function gateName(node: Node, unit: Instance | undefined): string {
  const chain = instanceChain(node.origin?.instance);
  const inside = unit ? chain.slice(chain.indexOf(unit) + 1) : chain;
  return inside.find((instance) => instance.kind === "block")?.declaration ?? node.op;
}

function sizeAfter(unit: Unit, onPath: ReadonlySet<Node>, facts: Facts): string {
  const last = unit.nodes.findLast((node) => onPath.has(node)) ?? unit.nodes[unit.nodes.length - 1];
  const spatial = last?.outputs[0]?.type.shape.slice(2) ?? [];
  const sizes = spatial.map((dim) => simplifyDim(dim, facts));
  return sizes.length === 0 ? "1x1" : sizes.map(formatDim).join(sizes.some(isSymbolic) ? " x " : "x");
}

/** Rows by size in the order in which sizes appear; a size that comes again later is a row of its own. */
function alignRows(columns: readonly (readonly ComparedStage[])[]): readonly ComparedRow[] {
  const runs = columns.map((stages) => {
    const visits = new Map<string, number>();
    const made = new Map<string, { readonly key: string; readonly size: string; readonly stages: ComparedStage[] }>();
    let last: { readonly key: string; readonly size: string; readonly stages: ComparedStage[] } | undefined;
    for (const stage of stages) {
      if (last?.size === stage.size) last.stages.push(stage);
      else {
        const visit = (visits.get(stage.size) ?? 0) + 1;
        visits.set(stage.size, visit);
        last = { key: `${stage.size} ${visit}`, size: stage.size, stages: [stage] };
        made.set(last.key, last);
      }
    }
    return made;
  });
  const order: { key: string; size: string }[] = [];
  for (const column of runs) {
    let at = 0;
    for (const { key, size } of column.values()) {
      const known = order.findIndex((row) => row.key === key);
      if (known >= 0) at = Math.max(at, known + 1);
      else {
        // Among rows this network does not have, larger maps stand first.
        for (let row = order[at]; row && !column.has(row.key) && areaOf(row.size) > areaOf(size); row = order[at]) at++;
        order.splice(at++, 0, { key, size });
      }
    }
  }
  return order.map(({ key, size }) => ({ size, cells: runs.map((column) => column.get(key)?.stages ?? []) }));
}

/** Positions of a map such as `56x56`; open sizes have none to compare. */
function areaOf(size: string): number {
  return size.split("x").reduce((product, side) => product * Number(side), 1);
}
