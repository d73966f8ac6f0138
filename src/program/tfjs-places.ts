import { lowerToLayers } from "../backends/tfjs/lower.ts";
import { weightPlaces } from "../backends/tfjs/topology.ts";
import type { Graph } from "../ir/graph.ts";
import type { TfjsWeightPlace } from "../weights/tfjs/places.ts";

/**
 * Where the weights of a network's LayersModel belong: for models that were saved without what rnc noted in them.
 *
 * @throws {@link InputError} when the network has no exact LayersModel
 */
export function tfjsPlaces(graph: Graph): TfjsWeightPlace[] {
  return weightPlaces(lowerToLayers(graph));
}
