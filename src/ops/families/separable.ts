import type { Value } from "../../ir/graph.ts";
import type { Emitter } from "../contract/emitter.ts";
import { at, indices } from "./attributes.ts";

/** A linear map along one axis: row i says which inputs make output i, with which weights. */
export type AxisMap = readonly (readonly number[])[];

/**
 * Applies the adjoint of a map that works on each spatial axis alone: y = (A₁ ⊗ A₂ ⊗ …) x gives dx = (A₁ᵀ ⊗ A₂ᵀ ⊗ …) dy.
 * Two matrix products instead of a scatter. Pools, samplers and interpolations are of this kind; their sizes are small.
 *
 * @param maps one per spatial axis, [size after, size before]
 */
export function separableAdjoint(e: Emitter, dy: Value, maps: readonly AxisMap[]): Value {
  let value = dy;
  maps.forEach((map, spatial) => {
    const before = at(map, 0).length;
    if (map.length === before && map.every((row, i) => row.every((weight, j) => weight === (i === j ? 1 : 0)))) return;
    const matrix = e.constant({ dtype: "float32", shape: [map.length, before], data: map.flat() });
    const rank = value.type.shape.length;
    const axis = spatial + 2;
    if (axis === rank - 1) {
      value = e.op("matmul", [value, matrix]);
      return;
    }
    const perm = indices(rank).map((index) => (index === axis ? rank - 1 : index === rank - 1 ? axis : index));
    value = e.op("transpose", [e.op("matmul", [e.op("transpose", [value], { perm }), matrix])], { perm });
  });
  return value;
}
