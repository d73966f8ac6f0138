import type { Node } from "../../../ir/graph.ts";
import type { OpRecord, OnnxLowering } from "../../../ops/define-op.ts";
import { at, flagOf, numberOf, operand, result } from "../../../ops/families/attributes.ts";
import { inputOf, reshaped, slidingShape, spatialOf, windowOf } from "../../../ops/families/axes.ts";
import { windowAttributes } from "../../../ops/families/lowering.ts";
import { defineInternal } from "../../../ops/internal/define-internal.ts";
import { findOperator } from "../../../ops/registry.ts";

/**
 * The operators that ONNX Runtime's CPU provider has for maps in its blocked layout. They are its own: other runtimes do not know
 * them, and it documents them nowhere as a format to write.
 */
const DOMAIN = "com.microsoft.nchwc";

const own = (opType: string, attributes: (node: Node) => Parameters<Parameters<OnnxLowering>[0]["node"]>[2] = () => ({})): OnnxLowering => (b, node) => {
  b.node(opType, node.inputs.map((value) => b.of(value)), attributes(node), { to: result(node), domain: DOMAIN });
};

/** Inputs: the map, the kernels, then a bias [channels] and a map that is added, where the flags say so. */
const convolve = defineInternal(
  "blocked_conv",
  "A convolution of a blocked map, plus a bias, plus another map, and of that max(x, 0).",
  (c) => {
    const type = inputOf(c);
    return [reshaped(type, [at(type.shape, 0), numberOf(c.attributes, "channels"), ...slidingShape(spatialOf(type), windowOf(c.attributes))])];
  },
  (b, node) => {
    const { attributes } = node;
    const [biased, summed] = [flagOf(attributes, "bias"), flagOf(attributes, "sum")];
    const [map, kernels, ...more] = node.inputs.map((value) => b.of(value));
    const bias = biased ? more.shift() : "";
    const inputs = [map ?? "", kernels ?? "", ...(biased || summed ? [bias ?? ""] : []), ...(summed ? more : [])];
    b.node("Conv", inputs, {
      ...windowAttributes(windowOf(attributes)),
      group: { int: numberOf(attributes, "groups") },
      ...(flagOf(attributes, "relu") ? { activation: { string: "Relu" } } : {}),
    }, { to: result(node), domain: DOMAIN });
  },
);

const meanOfPositions = defineInternal(
  "blocked_mean",
  "The mean of every channel of every example of a blocked map: [N, C, 1, 1].",
  (c) => [reshaped(inputOf(c), [...inputOf(c).shape.slice(0, 2), 1, 1])],
  own("GlobalAveragePool"),
);

const greatest = defineInternal(
  "blocked_max",
  "The maximum over windows of a blocked map.",
  (c) => [reshaped(inputOf(c), [...inputOf(c).shape.slice(0, 2), ...slidingShape(spatialOf(inputOf(c)), windowOf(c.attributes))])],
  own("MaxPool", ({ attributes }) => windowAttributes(windowOf(attributes))),
);

const block = defineInternal("block", "A map [N, C, H, W] as [N, C / block, H, W, block].", (c) => [inputOf(c)], own("ReorderInput"));

/** The same for what has its channels last: it exchanges the two middle axes of [N, P, C / block, block]. */
const blockLast = defineInternal(
  "block_last",
  "A map [N, H, W, C] as [N, C / block, H, W, block].",
  (c) => {
    const [batch, ...rest] = inputOf(c).shape;
    return [reshaped(inputOf(c), [at([batch], 0) ?? 1, at(rest, rest.length - 1), ...rest.slice(0, -1)])];
  },
  own("ReorderInput", () => ({ channels_last: { int: 1 } })),
);

const unblock = defineInternal("unblock", "A blocked map as [N, C, H, W].", (c) => [inputOf(c)], (b, node) => {
  const channels = Number(at(operand(node).type.shape, 1));
  b.node("ReorderOutput", [b.of(operand(node))], { channels: { int: channels } }, { to: result(node), domain: DOMAIN });
});

const records: Readonly<Record<string, OpRecord>> = Object.fromEntries([convolve, meanOfPositions, greatest, block, blockLast, unblock].map((record) => [record.name, record]));

/** Operators by name, those of blocked maps among them. */
export const findBlockedOperator = (name: string): OpRecord | undefined => (Object.hasOwn(records, name) ? records[name] : findOperator(name));

/** The attributes of a `blocked_conv`. */
export interface BlockedConvolution {
  readonly kernel: readonly number[];
  readonly stride?: readonly number[];
  readonly dilation?: readonly number[];
  readonly pads?: readonly number[];
  readonly groups?: number;
  readonly channels: number;
}

/** All of them, with what is usual where nothing is said. */
export function convolutionAttributes({ kernel, stride = kernel.map(() => 1), dilation = kernel.map(() => 1), pads = [...kernel, ...kernel].map(() => 0), groups = 1, channels }: BlockedConvolution, more: { readonly bias?: boolean; readonly sum?: boolean; readonly relu?: boolean } = {}) {
  const { bias = false, sum = false, relu = false } = more;
  return { kernel, stride, dilation, pads, groups, channels, bias, sum, relu };
}
