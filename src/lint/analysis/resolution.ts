import type { Graph, Node } from "../../ir/graph.ts";
import { elementCount, knownShape } from "../../ir/tensor-type.ts";
import { at, result } from "../../ops/families/attributes.ts";
import type { NodeMeasure } from "../../passes/measure.ts";
import { measure, measureNodes } from "../../passes/measure.ts";
import { placeOf } from "../../program/stages.ts";
import { dataInputs, isWeighted, producerOf } from "./layers.ts";
import { imageOf, mapLayers, unreadPadding, unreadRows, windowOfNode } from "./maps.ts";

/** What the size of the image makes of a network, stage by stage. */
export interface Resolution {
  /** Spatial sizes of the image. */
  readonly image: readonly number[];
  readonly stages: readonly StageResolution[];
  readonly params: number;
  readonly macs: number;
  /** The convolutions whose inputs see more than the image on every path. */
  readonly covered: Covered;
}

/** What lies in layers that look for context where there is none left. */
export interface Covered {
  readonly layers: readonly string[];
  readonly params: number;
  readonly macs: number;
}

/** One row of the table. */
export interface StageResolution {
  /** `layer2`; where the author gave no label, the first and the last layer: `conv1 … relu1`. */
  readonly name: string;
  /** Spatial sizes of the stage's last map; `undefined` after a global operator. */
  readonly map: readonly number[] | undefined;
  /** The layers of the stage that leave rows at the end of an axis unread. */
  readonly unread: readonly UnreadRows[];
  /** As `rf` and `rf.min` of a contract: the greatest of its layers' greatest and least receptive fields, in pixels per axis. */
  readonly receptiveField: readonly number[] | undefined;
  readonly leastReceptiveField: readonly number[] | undefined;
  readonly params: number;
  readonly macs: number;
  readonly covered: Covered;
}

export interface UnreadRows {
  readonly layer: string;
  /** Rows per axis that no window reads, and how many of them are padding. */
  readonly rows: readonly number[];
  readonly padding: readonly number[];
}

/** The table of a network with one image of known size; `undefined` for others. Linear in the number of layers. */
export function resolutionOf(graph: Graph, nodes: readonly NodeMeasure[] = measureNodes(graph)): Resolution | undefined {
  const image = imageOf(graph);
  const { params, macs } = measure(graph, undefined, nodes);
  if (image === undefined || macs === undefined) return undefined;
  const covered = coveredLayers(graph, nodes, image);
  const unread = new Map<Node, UnreadRows>();
  for (const layer of mapLayers(graph, nodes)) {
    const rows = image.map((_, axis) => unreadRows(layer, axis));
    if (rows.some((count) => count > 0)) unread.set(layer.node, { layer: layer.node.name, rows, padding: image.map((_, axis) => unreadPadding(layer, axis)) });
  }
  const stages = rangesOf(graph, nodes).map(({ name, first, end }): StageResolution => {
    const own = graph.nodes.slice(first, end);
    const totals = measure(graph, { first, end }, nodes);
    const last = own.findLast((node) => nodes[node.id]?.receptiveField !== undefined);
    return {
      name,
      map: last && mapOf(last),
      unread: own.flatMap((node) => unread.get(node) ?? []),
      receptiveField: totals.receptiveField,
      leastReceptiveField: totals.leastReceptiveField,
      params: totals.params,
      macs: totals.macs ?? 0,
      covered: sumOf(own.filter((node) => covered.has(node)), nodes),
    };
  });
  return { image, stages, params, macs, covered: sumOf([...covered], nodes) };
}

/**
 * The convolutions that read a neighbourhood although each of their inputs, along every path, sees more than the image on
 * every axis: the border layers of Richter et al. 2021 (arXiv 2106.12307) without those of kernel 1, which look for no context.
 */
export function coveredLayers(graph: Graph, nodes: readonly NodeMeasure[], image: readonly number[]): ReadonlySet<Node> {
  const covers = (node: Node): boolean =>
    dataInputs(node).every((value) => {
      const field = nodes[producerOf(value)?.id ?? -1]?.receptiveField;
      return field !== undefined && field.least.length === image.length && field.least.every((size, axis) => size > at(image, axis));
    });
  return new Set(graph.nodes.filter((node) => isWeighted(node.op) && (windowOfNode(node)?.kernel.some((size) => size > 1) ?? false) && covers(node)));
}

function sumOf(nodes: readonly Node[], measures: readonly NodeMeasure[]): Covered {
  let params = 0;
  let macs = 0;
  for (const { id } of nodes) {
    params += measures[id]?.params ?? 0;
    macs += measures[id]?.macs ?? 0;
  }
  return { layers: nodes.map(({ name }) => name), params, macs };
}

interface StageRange {
  readonly name: string;
  readonly first: number;
  readonly end: number;
}

/** Nodes in a row that belong together: the author's stages; without a label, or where a stage halves more than once, equal maps. */
function rangesOf(graph: Graph, nodes: readonly NodeMeasure[]): readonly StageRange[] {
  const areas = graph.nodes.map((node) => (nodes[node.id]?.receptiveField ? elementCount(mapOf(node) ?? []) : undefined));
  const stages = graph.nodes.map((node) => placeOf(node).stage?.path);
  const ranges: StageRange[] = [];
  let before: number | undefined;
  for (let first = 0; first < stages.length; ) {
    const stage = stages[first];
    let end = first + 1;
    while (end < stages.length && stages[end] === stage) end++;
    const cuts = cutsOf(areas, first, end, before);
    const isWhole = stage !== undefined && cuts.length <= 1;
    const bounds = [first, ...(isWhole ? [] : cuts), end];
    bounds.slice(1).forEach((until, index) => {
      const from = at(bounds, index);
      ranges.push({ name: isWhole ? stage : rangeName(graph, from, until), first: from, end: until });
    });
    before = areas.slice(first, end).findLast((area) => area !== undefined) ?? before;
    first = end;
  }
  return ranges;
}

/** Where maps become smaller, or end, from node `first` up to `end`; `before` is the area of the map that comes in. */
function cutsOf(areas: readonly (number | undefined)[], first: number, end: number, before: number | undefined): readonly number[] {
  const lastMap = first + areas.slice(first, end).findLastIndex((area) => area !== undefined);
  const cuts: number[] = [];
  let area = before;
  for (let id = first; id < end; id++) {
    const own = areas[id];
    // What is global inside of a stage (the weights of its channels) goes on as a map; what is global to the end does not.
    if (own === undefined && id < lastMap) continue;
    if (id > first && area !== undefined && (own ?? 0) < area) cuts.push(id);
    area = own ?? 0;
  }
  return cuts;
}

const mapOf = (node: Node): readonly number[] | undefined => knownShape(result(node).type.shape.slice(2));

function rangeName(graph: Graph, first: number, end: number): string {
  const [from, to] = [graph.nodes[first] as Node, graph.nodes[end - 1] as Node];
  return from === to ? from.name : `${from.name} … ${to.name}`;
}
