import { invariant } from "../../base/assert.ts";
import type { Node, Value } from "../../ir/graph.ts";
import type { Emitter } from "../contract/emitter.ts";
import type { GradientRule } from "../define-op.ts";
import { at, numberOf, operand } from "./attributes.ts";
import { countPerChannel, meanPerChannel, perChannel } from "./per-channel.ts";

/** What a batch norm computes on whole maps [N, C, …]; numbers per channel are [C]. */
export interface ChannelArithmetic {
  /** The mean of every channel. */
  mean(e: Emitter, x: Value): Value;
  /** The mean of x · y of every channel. */
  meanOfProduct(e: Emitter, x: Value, y: Value): Value;
  /** x - mean */
  centred(e: Emitter, x: Value, mean: Value): Value;
  /** x · scale + shift */
  affine(e: Emitter, x: Value, scale: Value, shift: Value): Value;
  /** x · scale + y, where y is a map, too. */
  scaledSum(e: Emitter, x: Value, scale: Value, y: Value): Value;
}

/** In operators that every runtime has: a fused training operator exists on one execution provider only. */
export const channelArithmetic: ChannelArithmetic = {
  mean: meanPerChannel,
  meanOfProduct: (e, x, y) => meanPerChannel(e, e.op("multiply", [x, y])),
  centred: (e, x, mean) => e.op("subtract", [x, perChannel(e, mean, x.type.shape.length)], {}, "centred"),
  affine: (e, x, scale, shift) => e.op("affine", [x, scale, shift]),
  scaledSum: (e, x, scale, y) => e.op("add", [e.op("multiply", [x, perChannel(e, scale, x.type.shape.length)]), y]),
};

/** running' = (1 - momentum) · running + momentum · measured; a momentum of 1 keeps what was measured. */
function updateRunning(e: Emitter, node: Node, inputs: readonly Value[], index: number, measured: Value): void {
  const { producer } = operand(node, index);
  invariant(producer.kind === "parameter", `input ${index} of ${node.name} is a running statistic`);
  const momentum = numberOf(node.attributes, "momentum");
  const flat = e.op("reshape", [measured], { shape: producer.parameter.shape });
  if (momentum === 1) return e.update(producer.parameter, flat);
  const kept = e.op("multiply", [at(inputs, index), e.scalar(1 - momentum)]);
  e.update(producer.parameter, e.op("add", [kept, e.op("multiply", [flat, e.scalar(momentum)])]));
}

/**
 * With m the mean of the batch, c = x - m, the variance v = mean(c²), r = 1 / √(v + eps) and a = weight · r, per channel:
 * y = a · c + bias, and
 *
 * dx = a · (g - mean(g) - c · r² · mean(g · c)) = a · g + B · c + C, dweight = Σ g · c · r, dbias = Σ g.
 *
 * Everything is said by c, not by x: no differences of large numbers, neither in the variance nor in B · c + C.
 */
export function batchNormGradient(maps: ChannelArithmetic): GradientRule {
  return {
    forward(e, node, inputs) {
      const [x, weight, bias] = [at(inputs, 0), at(inputs, 1), at(inputs, 2)];
      const mean = maps.mean(e, x);
      const centred = maps.centred(e, x, mean);
      const variance = maps.meanOfProduct(e, centred, centred);
      const reciprocal = e.op("reciprocal", [e.op("sqrt", [e.op("add", [variance, e.scalar(numberOf(node.attributes, "eps"))])])]);
      const scale = e.op("multiply", [weight, reciprocal], {}, "scale");
      const count = countPerChannel(x);
      const unbiased = count > 1 ? e.op("multiply", [variance, e.scalar(count / (count - 1))]) : variance;
      updateRunning(e, node, inputs, 3, mean);
      updateRunning(e, node, inputs, 4, unbiased);
      return { outputs: [maps.affine(e, centred, scale, bias)], saved: [centred, reciprocal, scale] };
    },
    backward(e, c) {
      const [centred, reciprocal, scale] = [at(c.saved, 0), at(c.saved, 1), at(c.saved, 2)];
      const g = c.gradient;
      const count = e.scalar(countPerChannel(g));
      const mean = maps.mean(e, g);
      const shift = c.needs[2] ? e.op("multiply", [mean, count]) : undefined;
      if (!c.needs[0] && !c.needs[1]) return [undefined, undefined, shift];
      const along = e.op("multiply", [maps.meanOfProduct(e, g, centred), reciprocal]);
      const dx = (): Value => {
        const slope = e.op("multiply", [e.op("multiply", [scale, reciprocal]), along]);
        const offset = e.op("multiply", [scale, mean]);
        const rest = maps.affine(e, centred, e.op("multiply", [slope, e.scalar(-1)]), e.op("multiply", [offset, e.scalar(-1)]));
        return maps.scaledSum(e, g, scale, rest);
      };
      return [c.needs[0] ? dx() : undefined, c.needs[1] ? e.op("multiply", [along, count]) : undefined, shift];
    },
    fixed: fixedGradient(maps),
  };
}

/** With the running mean m and r = 1 / √(running variance + eps): dx = g · weight · r, dweight = Σ g · (x - m) · r, dbias = Σ g. */
function fixedGradient(maps: ChannelArithmetic): Pick<GradientRule, "backward"> {
  return {
    backward(e, { node, inputs, gradient: g, needs }) {
      const [x, weight, mean, variance] = [at(inputs, 0), at(inputs, 1), at(inputs, 3), at(inputs, 4)];
      const count = e.scalar(countPerChannel(g));
      const reciprocal = e.op("reciprocal", [e.op("sqrt", [e.op("add", [variance, e.scalar(numberOf(node.attributes, "eps"))])])]);
      const dx = (): Value => e.op("multiply", [g, perChannel(e, e.op("multiply", [weight, reciprocal]), g.type.shape.length)]);
      const dweight = (): Value => e.op("multiply", [e.op("multiply", [maps.meanOfProduct(e, g, maps.centred(e, x, mean)), reciprocal]), count]);
      return [needs[0] ? dx() : undefined, needs[1] ? dweight() : undefined, needs[2] ? e.op("multiply", [maps.mean(e, g), count]) : undefined];
    },
  };
}
