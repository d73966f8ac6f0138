import type { Node, Value } from "../../../ir/graph.ts";
import type { GradientRule } from "../../../ops/define-op.ts";
import { isUnsupported } from "../../../ops/define-op.ts";
import { at, flagOf, indices, listOf, numberOf, product } from "../../../ops/families/attributes.ts";
import { sizesOf } from "../../../ops/families/axes.ts";
import { batchNormGradient } from "../../../ops/families/batch-norm-gradient.ts";
import { channelsBefore } from "../../../ops/padchannels.ts";
import { findOperator } from "../../../ops/registry.ts";
import { blockedArithmetic, many, positionMeans } from "./channels.ts";
import { convolutionRule } from "./convolution.ts";
import { maximumRule } from "./maximum.ts";
import { spread } from "./movement.ts";
import { convolutionAttributes } from "./operators.ts";
import { packingOf, pack } from "./packing.ts";
import type { BlockedWriter } from "./writer.ts";

type RuleFor = (e: BlockedWriter, node: Node, inputs: readonly Value[]) => GradientRule | undefined;

/** Operators with a blocked form of their own; all others are what their records say, on values in the form that they can read. */
const RULES: Readonly<Record<string, RuleFor>> = {
  conv: convolutionRule,
  bn: ofMap((e) => batchNormGradient(blockedArithmetic(e))),
  globalavgpool: ofMap(globalMean),
  maxpool: ofMap(maximum),
  subsample: ofMap(everyNth),
  padchannels: ofMap(zeroChannels),
};

/** The blocked rule of a node whose inputs are written; nothing where the record's own is to be used. */
export const blockedRule: RuleFor = (e, node, inputs) => (Object.hasOwn(RULES, node.op) ? RULES[node.op]?.(e, node, inputs) : undefined);

/** For what is better done on a map that is blocked, and is no reason to block one. */
function ofMap(rule: RuleFor): RuleFor {
  return (e, node, inputs) => (e.isBlocked(at(inputs, 0)) ? rule(e, node, inputs) : undefined);
}

/** The record's rule, for a direction that has no blocked form. */
function recorded(node: Node): GradientRule | undefined {
  const gradient = findOperator(node.op)?.gradient;
  return gradient === undefined || isUnsupported(gradient) ? undefined : gradient;
}

function globalMean(e: BlockedWriter, node: Node, inputs: readonly Value[]): GradientRule {
  const x = at(inputs, 0);
  const [batch, channels, ...sizes] = sizesOf(x.type) as [number, number, number, number];
  const [positions, { block, raw: r }] = [product(sizes), e];
  return {
    forward() {
      const means = positionMeans(e, x);
      return { outputs: [flagOf(node.attributes, "keep") ? r.op("reshape", [means], { shape: [batch, channels, 1, 1] }) : means], saved: [] };
    },
    backward(_, c) {
      const share = r.op("multiply", [e.plain(c.gradient), r.scalar(1 / positions)]);
      const ones = r.op("reshape", [share], { shape: [batch, channels / block, 1, block] });
      const all = r.op("expand", [ones], { shape: [batch, channels / block, positions, block] });
      return [c.needs[0] ? e.mark(r.op("reshape", [all], { shape: [batch, channels, ...sizes] }), "map") : undefined];
    },
  };
}

function maximum(e: BlockedWriter, node: Node, inputs: readonly Value[]): GradientRule | undefined {
  const rule = recorded(node);
  return rule && maximumRule(e, node, at(inputs, 0), rule);
}

function everyNth(e: BlockedWriter, node: Node, inputs: readonly Value[]): GradientRule | undefined {
  const stride = listOf(node.attributes, "stride");
  const [, channels, ...sizes] = sizesOf(at(inputs, 0).type) as [number, number, number, number];
  const rule = recorded(node);
  if (!rule) return undefined;
  const whole = sizes.every((size, axis) => size % at(stride, axis) === 0);
  return {
    forward() {
      const attributes = convolutionAttributes({ kernel: [1, 1], stride, groups: channels, channels });
      return { outputs: [e.mark(e.raw.op("blocked_conv", [at(inputs, 0), many(e, channels, 1, [channels, 1, 1, 1])], attributes, "sampled"), "map")], saved: [] };
    },
    backward: (_, c) => (whole ? [c.needs[0] ? spread(e, c.gradient, stride) : undefined] : rule.backward(e, c)),
  };
}

/** Channels move by convolutions of 1x1 whose kernels are zeros and ones. */
function zeroChannels(e: BlockedWriter, node: Node, inputs: readonly Value[]): GradientRule | undefined {
  const from = at(sizesOf(at(inputs, 0).type), 1);
  const to = numberOf(node.attributes, "channels");
  if (to % e.block !== 0) return undefined;
  const before = channelsBefore(node.attributes, from);
  const moved = (x: Value, channels: number, reads: (channel: number) => number): Value => {
    const read = at(sizesOf(x.type), 1);
    const plain = Float32Array.from(indices(channels * read), (index) => (reads(Math.floor(index / read)) === index % read ? 1 : 0));
    const data = [...pack(plain, packingOf([channels, read, 1, 1], e.block))];
    const kernels = e.raw.constant({ dtype: "float32", shape: [channels, read, 1, 1], data });
    return e.mark(e.raw.op("blocked_conv", [e.map(x), kernels], convolutionAttributes({ kernel: [1, 1], channels }), "moved"), "map");
  };
  return {
    forward: () => ({ outputs: [moved(at(inputs, 0), to, (channel) => channel - before)], saved: [] }),
    backward: (_, c) => [c.needs[0] ? moved(c.gradient, from, (channel) => channel + before) : undefined],
  };
}
