import { invariant } from "../base/assert.ts";
import type { Node, Value } from "../ir/graph.ts";
import type { Emitter } from "./contract/emitter.ts";
import { defineOp } from "./define-op.ts";
import { at, flagOf, numberOf, operand, result } from "./families/attributes.ts";
import { channelsOf, inputOf } from "./families/axes.ts";
import { needSmallRank } from "./families/layers.ts";
import { scaleAndShift } from "./families/normalisation.ts";
import { countPerChannel, meanPerChannel, perChannel } from "./families/per-channel.ts";

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

export const bn = defineOp({
  name: "bn",
  level: "language",
  form: "layer",
  kind: "bn",
  summary: "Batch normalization per channel.",
  doc: `\`y = (x - mean) / √(variance + eps) · weight + bias\`, one of each per channel (Ioffe and Szegedy 2015, arXiv 1502.03167).
At inference mean and variance are the running statistics; in training they are those of the batch (the population variance), and
\`running = (1 - momentum) · running + momentum · measured\` with the unbiased variance, as in PyTorch. \`momentum\` is the weight of
the *new* value: 0.1 here is Keras's and ONNX's 0.9. Works on \`[N, features]\` too. \`zero=true\` lets the scale begin at 0, so that
a residual branch begins as nothing (Goyal et al. 2017, arXiv 1706.02677, section 5.1).`,
  sample: `input image: float32[N, 3, 32, 32]
conv(3x3, 16) -> bn -> relu -> conv(3x3, 16) -> bn(eps=1e-3, momentum=0.01, zero=true)`,
  attributes: [
    { name: "eps", type: "float", default: 1e-5, minimum: 0, doc: "Added to the variance." },
    { name: "momentum", type: "float", default: 0.1, minimum: 0, maximum: 1, doc: "Weight of the new value in the running statistics, 0 to 1." },
    { name: "zero", type: "bool", default: false, doc: "The scale begins at 0 instead of 1." },
  ],
  resolve(c) {
    if (channelsOf(c, "bn") === undefined) return undefined;
    const { eps, momentum, zero } = c.given as { eps: number; momentum: number; zero: boolean };
    return { eps, momentum, zero };
  },
  parameters(c) {
    const channels = channelsOf(c, "bn");
    if (channels === undefined) return [];
    return [
      ...scaleAndShift(c, "bn", flagOf(c.attributes, "zero") ? 0 : 1),
      { name: "running_mean", role: "running_mean", shape: [channels], initializer: { kind: "constant", value: 0 } },
      { name: "running_var", role: "running_var", shape: [channels], initializer: { kind: "constant", value: 1 } },
    ];
  },
  shape: (c) => [inputOf(c)],
  /**
   * Written out in small operators: a fused training operator exists on one execution provider only. With m the mean of the batch,
   * c = x - m, the variance v = mean(c²), r = 1 / √(v + eps) and a = weight · r, per channel: y = a · c + bias, and
   *
   * dx = a · (g - mean(g) - c · r² · mean(g · c)) = a · g + B · c + C, dweight = Σ g · c · r, dbias = Σ g.
   *
   * Everything is said by c, not by x: no differences of large numbers, neither in the variance nor in B · c + C.
   */
  gradient: {
    forward(e, node, inputs) {
      const [x, weight, bias] = [at(inputs, 0), at(inputs, 1), at(inputs, 2)];
      const mean = meanPerChannel(e, x);
      const centred = e.op("subtract", [x, perChannel(e, mean, x.type.shape.length)], {}, "centred");
      const variance = meanPerChannel(e, e.op("multiply", [centred, centred]));
      const reciprocal = e.op("reciprocal", [e.op("sqrt", [e.op("add", [variance, e.scalar(numberOf(node.attributes, "eps"))])])]);
      const scale = e.op("multiply", [weight, reciprocal], {}, "scale");
      const count = countPerChannel(x);
      const unbiased = count > 1 ? e.op("multiply", [variance, e.scalar(count / (count - 1))]) : variance;
      updateRunning(e, node, inputs, 3, mean);
      updateRunning(e, node, inputs, 4, unbiased);
      return { outputs: [e.op("affine", [centred, scale, bias])], saved: [centred, reciprocal, scale] };
    },
    backward(e, c) {
      const [centred, reciprocal, scale] = [at(c.saved, 0), at(c.saved, 1), at(c.saved, 2)];
      const g = c.gradient;
      const count = e.scalar(countPerChannel(g));
      const mean = meanPerChannel(e, g);
      const shift = c.needs[2] ? e.op("multiply", [mean, count]) : undefined;
      if (!c.needs[0] && !c.needs[1]) return [undefined, undefined, shift];
      const along = e.op("multiply", [meanPerChannel(e, e.op("multiply", [g, centred])), reciprocal]);
      const dx = (): Value => {
        const slope = e.op("multiply", [e.op("multiply", [scale, reciprocal]), along]);
        const offset = e.op("multiply", [scale, mean]);
        const rest = e.op("affine", [centred, e.op("multiply", [slope, e.scalar(-1)]), e.op("multiply", [offset, e.scalar(-1)])]);
        return e.op("add", [e.op("multiply", [g, perChannel(e, scale, g.type.shape.length)]), rest]);
      };
      return [c.needs[0] ? dx() : undefined, c.needs[1] ? e.op("multiply", [along, count]) : undefined, shift];
    },
  },
  lower: {
    onnx(b, node) {
      const epsilon = numberOf(node.attributes, "eps");
      const momentum = 1 - numberOf(node.attributes, "momentum");
      b.node("BatchNormalization", node.inputs.map((value) => b.of(value)), { epsilon: { float: epsilon }, momentum: { float: momentum } }, { to: result(node) });
    },
    tfjs(b, node) {
      needSmallRank(b, node);
      const names = ["gamma", "beta", "moving_mean", "moving_variance"];
      const weights = node.inputs.slice(1).flatMap(({ producer }, index) =>
        producer.kind === "parameter" ? [{ name: at(names, index), parameter: producer.parameter }] : [],
      );
      const config = {
        axis: -1,
        momentum: 1 - numberOf(node.attributes, "momentum"),
        epsilon: numberOf(node.attributes, "eps"),
        center: true,
        scale: true,
      };
      b.layer("BatchNormalization", config, [b.of(operand(node))], { to: result(node), weights });
    },
  },
  limits: { tfjs: "at most two spatial axes" },
});
