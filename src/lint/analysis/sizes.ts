import { NO_FACTS } from "../../ir/dim.ts";
import type { Graph, Node, Value } from "../../ir/graph.ts";
import { knownShape } from "../../ir/tensor-type.ts";
import type { OpRecord } from "../../ops/define-op.ts";
import { at, operand, result } from "../../ops/families/attributes.ts";
import { extent, padsOn } from "../../ops/families/axes.ts";
import { findOperator } from "../../ops/registry.ts";
import type { NodeMeasure } from "../../passes/measure.ts";
import { dataInputs } from "./layers.ts";
import { imageOf, windowOfNode } from "./maps.ts";
import type { MapLayer } from "./maps.ts";

/** A kind of map: all maps that have the same size whatever the image's size is. The image is kind 0. */
type Kind = number;

/** One layer for all that read the same kind of map through equal windows. */
interface Step {
  readonly node: Node;
  readonly from: Kind;
  readonly to: Kind;
}

/** The sizes of the image nearest to today's at which something holds on every axis, below and above. */
export interface NearestSizes {
  readonly smaller: readonly number[] | undefined;
  readonly larger: readonly number[] | undefined;
}

/** So far above today's size a better one is looked for; below it, down to half of it: less is no longer the same task. */
const REACH_IN_PIXELS = 256;

/**
 * Looks for image sizes at which every layer with windows is fine on every axis. Layers that work alike are tried once, so
 * the work does not grow with the depth.
 */
export function nearestSizes(graph: Graph, nodes: readonly NodeMeasure[], isFine: (layer: MapLayer, axis: number) => boolean): NearestSizes {
  const image = imageOf(graph);
  if (image === undefined) return { smaller: undefined, larger: undefined };
  const steps = stepsOf(graph, nodes);
  const fits = (axis: number, size: number): boolean => {
    const layers = layersAt(steps, image.map((today, index) => (index === axis ? size : today)));
    return layers !== undefined && layers.every((layer) => isFine(layer, axis));
  };
  const search = (direction: 1 | -1): readonly number[] | undefined => {
    const found = image.map((today, axis) => {
      if (fits(axis, today)) return today;
      const reach = direction === 1 ? REACH_IN_PIXELS : Math.floor(today / 2);
      for (let away = 1; away <= reach && today + direction * away > 0; away++) {
        if (fits(axis, today + direction * away)) return today + direction * away;
      }
      return undefined;
    });
    return found.every((size) => size !== undefined) ? (found as number[]) : undefined;
  };
  return { smaller: search(-1), larger: search(1) };
}

function stepsOf(graph: Graph, nodes: readonly NodeMeasure[]): readonly Step[] {
  const kinds = new Map<Value, Kind>(graph.inputs.map((input) => [input, 0]));
  const steps = new Map<string, Step>();
  let count = 1;
  for (const node of graph.nodes) {
    const from = dataInputs(node).flatMap((value) => kinds.get(value) ?? [])[0];
    if (from === undefined || nodes[node.id]?.receptiveField === undefined) continue;
    let to = from;
    const window = findOperator(node.op)?.window?.(node.attributes);
    if (window !== undefined && window !== "global") {
      const key = `${from} ${node.op} ${JSON.stringify([window, node.attributes.ceil])}`;
      const known = steps.get(key);
      const keeps = window.enlarges !== true && window.kernel.every((size, axis) => at(window.stride, axis) === 1 && padsOn(window, axis) === extent(size, at(window.dilation, axis)) - 1);
      to = known?.to ?? (keeps ? from : count++);
      if (known === undefined) steps.set(key, { node, from, to });
    }
    kinds.set(result(node), to);
  }
  return [...steps.values()];
}

/** Every step on an image of this size; `undefined` when a map would vanish. */
function layersAt(steps: readonly Step[], image: readonly number[]): readonly MapLayer[] | undefined {
  const sizes = new Map<Kind, readonly number[]>([[0, image]]);
  const layers: MapLayer[] = [];
  for (const { node, from, to } of steps) {
    const before = sizes.get(from);
    const after = before && sizeAfter(node, before);
    if (before === undefined || after === undefined || after.some((size) => size < 1)) return undefined;
    sizes.set(to, after);
    const window = windowOfNode(node);
    if (window) layers.push({ node, window, before, after });
  }
  return layers;
}

/** What the operator's own rule makes of a map of another size. */
function sizeAfter(node: Node, before: readonly number[]): readonly number[] | undefined {
  const { type } = operand(node);
  const input = { dtype: type.dtype, shape: [...type.shape.slice(0, 2), ...before] };
  const types = (findOperator(node.op) as OpRecord).shape({ inputs: [input], facts: NO_FACTS, fail: () => undefined, attributes: node.attributes });
  return types?.[0] && knownShape(types[0].shape.slice(2));
}
