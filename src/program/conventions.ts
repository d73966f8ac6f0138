import { elementsOfOne } from "../ir/tensor-type.ts";
import type { Node, Value } from "../ir/graph.ts";

export type ConventionName = "paper" | "torchvision" | "timm" | "flops";

/** One way in which the literature and the tools count the work of a network, for one example. */
export interface Convention {
  readonly name: ConventionName;
  /** What one unit is. */
  readonly unit: "multiply-adds" | "operations";
  /** What is counted, exactly, and what is not. */
  readonly includes: string;
  /** Who counts like this, and where that can be read. */
  readonly source: string;
  /** The count of one node, from its multiply-adds of convolution or linear layer. */
  count(node: Node, macs: number): number | undefined;
}

/** Numbers in one example of a value. */
function elements(value: Value | undefined): number | undefined {
  return value && elementsOfOne(value.type.shape);
}

function times(factor: number, count: number | undefined): number | undefined {
  return count === undefined ? undefined : factor * count;
}

/** What fvcore's default handlers count beside convolutions and linear layers, in inference. */
function fvcoreCount(node: Node, macs: number): number | undefined {
  switch (node.op) {
    case "bn":
      return times(2, elements(node.inputs[0]));
    case "layernorm":
    case "groupnorm":
      return times(5, elements(node.inputs[0]));
    case "globalavgpool":
      return elements(node.inputs[0]);
    case "upsample":
      return elements(node.outputs[0]);
    default:
      return macs;
  }
}

/** Every convention, in the order in which they are printed. */
export const conventions: Readonly<Record<ConventionName, Convention>> = {
  paper: {
    name: "paper",
    unit: "multiply-adds",
    includes: "one multiply-add per product of convolutions and linear layers; biases, batch norms, activations, pools and additions are not counted",
    source: "He et al. 2015, Table 1 (\"FLOPs (multiply-adds)\"; the stride of its bottlenecks is in the first 1x1)",
    count: (_node, macs) => macs,
  },
  torchvision: {
    name: "torchvision",
    unit: "multiply-adds",
    includes: "as `paper`: one multiply-add per product of convolutions and linear layers, nothing else",
    source: "torchvision, `_ops` in the metadata of its weights (in 10^9)",
    count: (_node, macs) => macs,
  },
  timm: {
    name: "timm",
    unit: "multiply-adds",
    includes:
      "convolutions and linear layers as `paper`, and 2 per number into a batch norm, 5 per number into a layer or group norm, " +
      "1 per number into a global average pool, 1 per number out of an upsampling; activations, other pools and additions are not counted",
    source: "timm's GMACs: its benchmark takes them from fvcore's FlopCountAnalysis (fvcore/nn/flop_count.py, default handlers)",
    count: fvcoreCount,
  },
  flops: {
    name: "flops",
    unit: "operations",
    includes: "a multiplication and an addition per product of convolutions and linear layers, so twice `paper`; nothing else",
    source: "torch.utils.flop_counter; calflops and OpenVINO count so, too, and add small amounts of their own",
    count: (_node, macs) => 2 * macs,
  },
};
