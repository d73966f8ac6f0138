import { lowerToLayers } from "../backends/tfjs/lower.ts";
import type { Graph } from "../ir/graph.ts";
import type { TfjsWeightPlace } from "../weights/tfjs/places.ts";

/**
 * Where the weights of a network's LayersModel belong: for models that were saved without what rnc noted in them.
 *
 * @throws {@link InputError} when the network has no exact LayersModel
 */
export function tfjsPlaces(graph: Graph): TfjsWeightPlace[] {
  return lowerToLayers(graph).layers.flatMap((layer) =>
    layer.weights.map(({ name, parameter, shape, axes, rows }) => {
      const own = rows === undefined ? parameter.shape : [rows[1] - rows[0], ...parameter.shape.slice(1)];
      const placed = axes === undefined ? own : axes.map((axis) => own[axis] ?? 0);
      const reshaped = placed.length !== shape.length || placed.some((size, axis) => size !== shape[axis]);
      return { name, parameter: parameter.name, ...(axes ? { axes } : {}), ...(rows ? { rows } : {}), ...(reshaped ? { shape: own } : {}) };
    }),
  );
}
