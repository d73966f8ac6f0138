import type { Graph } from "../../../ir/graph.ts";
import { trainingStep } from "../../../passes/gradient.ts";
import type { TrainingOptions, TrainingStep } from "../../../passes/gradient.ts";
import { fuse } from "./fuse.ts";
import type { Packing } from "./packing.ts";
import { blockedRule } from "./rules.ts";
import { createBlockedWriter } from "./writer.ts";

export { findBlockedOperator } from "./operators.ts";
export { pack, unpack } from "./packing.ts";
export type { Packing } from "./packing.ts";

/** A training step for ONNX Runtime's CPU provider alone. */
export interface BlockedStep {
  readonly step: TrainingStep;
  /** Inputs, and the outputs that replace them, whose numbers stand in another order. */
  readonly packed: ReadonlyMap<string, Packing>;
}

/**
 * The training step of {@link trainingStep} with maps in ONNX Runtime's blocked layout, [N, C / block, H, W, block], from operator
 * to operator (decisions/0015-blocked-layout.md). What has no form for it is written as ever, between conversions.
 *
 * @param block 8 or 16, as the runtime has it on this processor
 * @returns nothing where no convolution has a blocked form
 */
export function blockedStep(network: Graph, options: Omit<TrainingOptions, "dialect">, block: number): BlockedStep | undefined {
  let packed: ReadonlyMap<string, Packing> = new Map();
  const step = trainingStep(network, {
    ...options,
    dialect(builder) {
      const writer = createBlockedWriter(builder, block);
      packed = writer.packed;
      return { writer, rule: (node, inputs) => blockedRule(writer, node, inputs), alike: (input, as) => void writer.alike(input, as) };
    },
  });
  return packed.size === 0 ? undefined : { step: { ...step, graph: fuse(step.graph) }, packed };
}
