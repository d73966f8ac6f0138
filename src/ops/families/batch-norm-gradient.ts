import { invariant } from "../../base/assert.ts";
import type { Node, Value } from "../../ir/graph.ts";
import { sameShape } from "../../ir/tensor-type.ts";
import type { Emitter } from "../contract/emitter.ts";
import type { GradientRule, ScaledGradient } from "../define-op.ts";
import { at, numberOf, operand } from "./attributes.ts";
import { reciprocalRoot } from "./normalisation.ts";
import { countPerChannel, meanPerChannel, perChannel } from "./per-channel.ts";

/** What a batch norm computes on whole maps [N, C, …]; numbers per channel are [C]. */
export interface ChannelArithmetic {
  /** The mean of every channel. */
  mean(e: Emitter, x: Value): Value;
  /** The mean of x · y of every channel. */
  meanOfProduct(e: Emitter, x: Value, y: Value): Value;
  /** mean - x */
  deviation(e: Emitter, x: Value, mean: Value): Value;
  /** x · scale + shift */
  affine(e: Emitter, x: Value, scale: Value, shift: Value): Value;
}

/** In operators that every runtime has: a fused training operator exists on one execution provider only. */
export const channelArithmetic: ChannelArithmetic = {
  mean: meanPerChannel,
  meanOfProduct: (e, x, y) => meanPerChannel(e, e.op("multiply", [x, y])),
  deviation: (e, x, mean) => e.op("subtract", [perChannel(e, mean, x.type.shape.length), x], {}, "deviation"),
  affine: (e, x, scale, shift) => e.op("affine", [x, scale, shift]),
};

/** running' = (1 - momentum) · running + momentum · factor · measured; a momentum of 1 keeps what was measured. */
function updateRunning(e: Emitter, node: Node, inputs: readonly Value[], index: number, measured: Value, factor = 1): void {
  const { producer } = operand(node, index);
  invariant(producer.kind === "parameter", `input ${index} of ${node.name} is a running statistic`);
  const momentum = numberOf(node.attributes, "momentum");
  const flat = sameShape(measured.type.shape, producer.parameter.shape) ? measured : e.op("reshape", [measured], { shape: producer.parameter.shape });
  const share = momentum * factor === 1 ? flat : e.op("multiply", [flat, e.scalar(momentum * factor)]);
  if (momentum === 1) return e.update(producer.parameter, share);
  const kept = e.op("multiply", [at(inputs, index), e.scalar(1 - momentum)]);
  e.update(producer.parameter, e.op("add", [kept, share]));
}

/**
 * With m the mean of the batch, d = m - x, the variance v = mean(d²), r = 1 / √(v + eps) and a = weight · r, per channel:
 * y = bias - a · d, and
 *
 * dx = a · (g - d · r² · mean(g · d) - mean(g)), dweight = -Σ g · d · r, dbias = Σ g.
 *
 * Everything is said by d, not by x: no differences of large numbers, neither in the variance nor in dx. The factor a is left to
 * what comes before: a convolution takes it into its kernels.
 */
export function batchNormGradient(maps: ChannelArithmetic): GradientRule {
  return {
    forward(e, node, inputs) {
      const [x, weight, bias] = [at(inputs, 0), at(inputs, 1), at(inputs, 2)];
      const mean = maps.mean(e, x);
      const deviation = maps.deviation(e, x, mean);
      const variance = maps.meanOfProduct(e, deviation, deviation);
      const reciprocal = reciprocalRoot(e, variance, numberOf(node.attributes, "eps"));
      const scale = e.op("multiply", [weight, reciprocal], {}, "scale");
      const downwards = e.op("multiply", [scale, e.scalar(-1)]);
      const count = countPerChannel(x);
      updateRunning(e, node, inputs, 3, mean);
      updateRunning(e, node, inputs, 4, variance, count > 1 ? count / (count - 1) : 1);
      return { outputs: [maps.affine(e, deviation, downwards, bias)], saved: [deviation, reciprocal, scale] };
    },
    backward(e, c) {
      const [deviation, reciprocal, scale] = [at(c.saved, 0), at(c.saved, 1), at(c.saved, 2)];
      const g = c.gradient;
      const count = countPerChannel(g);
      const mean = maps.mean(e, g);
      const shift = c.needs[2] ? e.op("multiply", [mean, e.scalar(count)]) : undefined;
      if (!c.needs[0] && !c.needs[1]) return [undefined, undefined, shift];
      const along = e.op("multiply", [maps.meanOfProduct(e, g, deviation), reciprocal]);
      const dx = (): ScaledGradient => {
        const negative = (value: Value): Value => e.op("multiply", [value, e.scalar(-1)]);
        return { map: e.op("add", [g, maps.affine(e, deviation, negative(e.op("multiply", [reciprocal, along])), negative(mean))]), scale };
      };
      return [c.needs[0] ? dx() : undefined, c.needs[1] ? e.op("multiply", [along, e.scalar(-count)]) : undefined, shift];
    },
    fixed: fixedGradient(maps),
  };
}

/** With the running mean m and r = 1 / √(running variance + eps): dx = g · weight · r, dweight = Σ g · (x - m) · r, dbias = Σ g. */
function fixedGradient(maps: ChannelArithmetic): Pick<GradientRule, "backward"> {
  return {
    backward(e, { node, inputs, gradient: g, needs }) {
      const [x, weight, mean, variance] = [at(inputs, 0), at(inputs, 1), at(inputs, 3), at(inputs, 4)];
      const count = countPerChannel(g);
      const reciprocal = reciprocalRoot(e, variance, numberOf(node.attributes, "eps"));
      const dx = (): ScaledGradient => ({ map: g, scale: e.op("multiply", [weight, reciprocal]) });
      const dweight = (): Value => e.op("multiply", [e.op("multiply", [maps.meanOfProduct(e, g, maps.deviation(e, x, mean)), reciprocal]), e.scalar(-count)]);
      return [needs[0] ? dx() : undefined, needs[1] ? dweight() : undefined, needs[2] ? e.op("multiply", [maps.mean(e, g), e.scalar(count)]) : undefined];
    },
  };
}
