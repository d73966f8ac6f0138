import { expect } from "chai";
import { symbolDim } from "../../src/ir/dim.ts";
import { feedsFor, netBuilder } from "../support/graphs.ts";
import { evaluate } from "../support/interpreter/evaluate.ts";
import { runLayers } from "../support/keras-layers.ts";
import { recordLayers, Refused } from "../support/layers-model.ts";
import type { RecordedModel } from "../support/layers-model.ts";
import { difference } from "../support/onnx-runtime.ts";
import { cases, titleOf } from "./cases/cases.ts";

/** Both sides are float64; sums differ in their order only. */
const TOLERANCE = 1e-12;

/** Cases that a LayersModel cannot say exactly, with a word of the reason. */
const REFUSED: Readonly<Record<string, string>> = {
  "conv(kernel=3, channels=4, stride=2, dilation=2) on [2,3,7]": "two spatial axes",
  "conv(kernel=3, channels=2, stride=[1,2,1]) on [1,2,3,4,3]": "two spatial axes",
  "upconv(kernel=3, channels=2, dilation=2, pad=1) on [1,2,3,4]": "dilation",
  "lrn() on [2,4,5,6]": "local response normalization",
  "lrn(size=3, alpha=2, beta=0.6, k=0.5) on [2,7,3,2]": "local response normalization",
  "lrn(alpha=1.5) on [2,6,7]": "local response normalization",
  "lrn(size=1, alpha=1, k=2) on [1,4,2,3,2]": "local response normalization",
  "maxpool(kernel=2, dilation=3, stride=1, pad=1) on [1,2,7,7]": "dilation",
  "maxpool(kernel=2, dilation=3, stride=3, pad=1, ceil=true) on [1,2,10,11]": "dilation",
  "maxpool(kernel=3, dilation=4, stride=1) on [1,2,9,10]": "dilation",
  "maxpool(kernel=3, stride=2) on [2,3,7]": "two spatial axes",
  "avgpool(kernel=3, stride=3, pad=1, ceil=true, count_pad=true) on [1,2,6,7]": "count the padding",
  "avgpool(kernel=3, stride=2, ceil=true) on [1,2,6,7]": "this pad is another",
  "subsample(stride=[3]) on [2,3,7]": "two spatial axes",
  "globalavgpool() on [2,3,7]": "two spatial axes",
  "blurpool() on [2,3,7]": "two spatial axes",
  "upsample(factor=2) on [2,3,4]": "two spatial axes",
  "upconv(kernel=2, channels=3, stride=2, output_padding=1) on [2,4,3,2]": "greater than the pad",
  "bn() on [2,2,2,1,3]": "at most two spatial axes",
  "layernorm() on [2,2,2,1,3]": "at most two spatial axes",
};

describe("operators as Keras layers equal plain loops, or are refused", () => {
  let refused = 0;
  for (const one of cases) {
    const title = titleOf(one);
    it(title, () => {
      const net = netBuilder();
      const graph = net.finish(net.op(one.op, one.inputs.map((shape) => net.input(shape)), one.given));
      const reason = REFUSED[title];
      if (reason !== undefined) {
        refused++;
        expect(() => recordLayers(graph)).to.throw(Refused, reason);
        return;
      }
      const model: RecordedModel = recordLayers(graph);
      const feeds = feedsFor(graph, 46);
      const found = runLayers(model, graph.inputs.map(({ name }) => name), feeds);
      expect(difference(found, evaluate(graph, feeds).output!)).to.be.at.most(TOLERANCE);
    });
  }
  it("refused what this test says, and nothing else", () => expect(refused).to.equal(Object.keys(REFUSED).length));
});

describe("a convolution and a batch norm as Keras layers", () => {
  /** Conv2D's padding "same" costs no copy of the image; it puts an odd zero at the end, which is right for some sizes only. */
  const rows: readonly [what: string, size: number | "open", given: Readonly<Record<string, unknown>>, expected: readonly string[]][] = [
    ["stride 1", 8, {}, ["Conv2D same"]],
    ["stride 1 and sizes that are open", "open", {}, ["Conv2D same"]],
    ["a dilation", 8, { dilation: 2 }, ["Conv2D same"]],
    ["channels each for itself", 8, { groups: 4 }, ["DepthwiseConv2D same"]],
    ["stride 2 and an even size", 8, { stride: 2 }, ["ZeroPadding2D", "Conv2D valid"]],
    ["stride 2 and an odd size", 7, { stride: 2 }, ["Conv2D same"]],
    ["stride 2 and sizes that are open", "open", { stride: 2 }, ["ZeroPadding2D", "Conv2D valid"]],
    ["more zeros than the kernel's", 8, { pad: 2 }, ["ZeroPadding2D", "Conv2D valid"]],
    ["an even kernel, zeros at both ends", 8, { kernel: 2, pad: 1 }, ["ZeroPadding2D", "Conv2D valid"]],
    ["no zeros", 8, { pad: 0 }, ["Conv2D valid"]],
  ];
  for (const [what, size, given, expected] of rows) {
    it(`pad with ${what}: ${expected.join(", ")}`, () => {
      const net = netBuilder();
      const sizes = size === "open" ? [symbolDim("H"), symbolDim("W")] : [size, size];
      const { layers } = recordLayers(net.finish(net.op("conv", net.input([2, 4, ...sizes]), { kernel: 3, channels: 4, ...given })));
      const found = layers.slice(1).map(({ className, config }) => (className === "ZeroPadding2D" ? className : `${className} ${String(config.padding)}`));
      expect(found).to.deep.equal(expected);
    });
  }

  it("have explicit padding, transposed weights, and no defaults of Keras", () => {
    const net = netBuilder();
    const x = net.op("conv", net.input([2, 3, 8, 8]), { kernel: [3, 3], channels: 4, stride: 2 });
    const { layers } = recordLayers(net.finish(net.op("bn", x, { momentum: 0.25 })));
    expect(layers.map(({ className }) => className)).to.deep.equal(["InputLayer", "ZeroPadding2D", "Conv2D", "BatchNormalization"]);
    expect(layers[1]!.config.padding).to.deep.equal([[1, 1], [1, 1]]);
    expect(layers[2]!.config).to.include({ padding: "valid", use_bias: false, filters: 4 });
    // OIHW as HWIO.
    expect(layers[2]!.weights[0]).to.deep.include({ name: "kernel", axes: [2, 3, 1, 0] });
    // Keras's momentum is the weight of the old value.
    expect(layers[3]!.config).to.include({ axis: -1, epsilon: 1e-5, momentum: 0.75, center: true, scale: true });
    expect(layers[3]!.weights.map(({ name }) => name)).to.deep.equal(["gamma", "beta", "moving_mean", "moving_variance"]);
  });
});
