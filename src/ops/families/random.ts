import type { Node } from "../../ir/graph.ts";
import type { GradientRule } from "../define-op.ts";
import { at, indices } from "./attributes.ts";
import { sizesOf } from "./axes.ts";

/**
 * The training form of a random operator: y = x · m, where m is 1 / keep with probability `keep`, else 0. The graph has no
 * randomness of its own: the host feeds uniform numbers in [0, 1) into an input called after the node.
 *
 * @param shape what one random number is for, stretched over the input
 */
export function randomMask(keep: (node: Node) => number, shape: (sizes: readonly number[]) => readonly number[]): GradientRule {
  return {
    forward(e, node, inputs) {
      const x = at(inputs, 0);
      const uniform = e.input(`${node.name}.uniform`, { dtype: x.type.dtype, shape: shape(sizesOf(x.type)) });
      const kept = e.op("step", [e.op("subtract", [e.scalar(keep(node)), uniform])]);
      const mask = e.op("multiply", [kept, e.scalar(1 / keep(node))], {}, "mask");
      return { outputs: [e.op("multiply", [x, mask])], saved: [mask] };
    },
    backward: (e, c) => [c.needs[0] ? e.op("multiply", [c.gradient, at(c.saved, 0)]) : undefined],
  };
}

/** One number for every example. */
export const perExample = (sizes: readonly number[]): readonly number[] => [at(sizes, 0), ...indices(sizes.length - 1).map(() => 1)];
