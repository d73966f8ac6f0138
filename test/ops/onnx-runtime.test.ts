import { expect } from "chai";
import { gradientGraph } from "../../src/passes/gradient.ts";
import { symbolDim } from "../../src/ir/dim.ts";
import { feedsFor, netBuilder, noise, uniformOf } from "../support/graphs.ts";
import { evaluate } from "../support/interpreter/evaluate.ts";
import { map } from "../support/interpreter/tensor.ts";
import type { Tensor } from "../support/interpreter/tensor.ts";
import { difference, runOnnx } from "../support/onnx-runtime.ts";
import { cases, titleOf } from "./cases/cases.ts";

/** float32 has 24 bits, 6e-8; the sums here have up to some hundred terms. */
const TOLERANCE = 5e-6;
const SEED = 1512;

describe("operators in ONNX Runtime equal plain loops", () => {
  for (const one of cases) {
    it(titleOf(one), async () => {
      const net = netBuilder();
      const graph = net.finish(net.op(one.op, one.inputs.map((shape) => net.input(shape)), one.given));
      const feeds = feedsFor(graph, SEED);
      expect(difference((await runOnnx(graph, feeds)).output!, evaluate(graph, feeds).output!)).to.be.at.most(TOLERANCE);

      const { graph: backward, random } = gradientGraph(graph, new Map());
      const next = uniformOf(SEED);
      const all: Record<string, Tensor> = { ...feeds };
      for (const { name, type } of backward.inputs) {
        all[name] ??= random.includes(name) ? map(noise(type.shape as number[], next), (x) => (x + 1) / 2) : noise(type.shape as number[], next);
      }
      const [found, expected] = [await runOnnx(backward, all), evaluate(backward, all)];
      for (const name of Object.keys(expected)) expect(difference(found[name]!, expected[name]!), name).to.be.at.most(TOLERANCE);
    });
  }
});

/** Windows on sizes that the file leaves open: one file, several sizes, among them those where rounding matters. */
describe("operators on open sizes in ONNX Runtime", () => {
  const open: readonly [string, Record<string, number | boolean | string>][] = [
    ["conv", { kernel: 3, channels: 4, stride: 2 }],
    ["maxpool", { kernel: 3, stride: 2 }],
    ["maxpool", { kernel: 3, stride: 2, pad: 0, ceil: true }],
    ["maxpool", { kernel: 2, stride: 3, ceil: true }],
    ["maxpool", { kernel: 2, dilation: 3, stride: 3, pad: 1, ceil: true }],
    ["avgpool", { kernel: 2, ceil: true }],
    ["avgpool", { kernel: 3, stride: 2, ceil: true, count_pad: true }],
    ["subsample", { stride: 2 }],
    ["blurpool", {}],
    ["upsample", { factor: 2, mode: "bilinear" }],
    ["lrn", { size: 3, alpha: 2 }],
    ["globalavgpool", {}],
  ];
  for (const [op, given] of open) {
    it(`${op} ${JSON.stringify(given)}`, async () => {
      const net = netBuilder();
      const graph = net.finish(net.op(op, net.input([symbolDim("N"), 4, symbolDim("H"), symbolDim("W")]), given));
      for (const size of [[1, 5, 6], [2, 6, 7], [1, 7, 8], [3, 8, 9]] as const) {
        const feeds = { ...feedsFor(graph, SEED), image: noise([size[0], 4, size[1], size[2]], uniformOf(SEED)) };
        expect(difference((await runOnnx(graph, feeds)).output!, evaluate(graph, feeds).output!), `${size}`).to.be.at.most(TOLERANCE);
      }
    });
  }
});
