import { expect } from "chai";
import { inputFormula, weightFormula } from "../../src/ops/families/convolution-formulas.ts";
import type { ConvolutionSizes } from "../../src/ops/families/convolution-formulas.ts";
import { gradientGraph, trainingStep } from "../../src/passes/gradient.ts";
import { netBuilder } from "../support/graphs.ts";
import { evaluate } from "../support/interpreter/evaluate.ts";
import { tensor } from "../support/interpreter/tensor.ts";
import { runOnnx } from "../support/onnx-runtime.ts";
import { graphOf } from "../support/case-graphs.ts";
import { cases } from "./cases/cases.ts";

interface Layer {
  readonly batch: number;
  readonly from: number;
  readonly to: number;
  readonly size: number;
  readonly kernel?: number;
  readonly stride?: number;
  readonly groups?: number;
}

/** A square convolution with the padding that keeps the size at stride 1. */
function sizesOf({ batch, from, to, size, kernel = 3, stride = 1, groups = 1 }: Layer): ConvolutionSizes {
  const pad = (kernel - 1) / 2;
  const after = Math.ceil(size / stride);
  const window = { kernel: [kernel, kernel], stride: [stride, stride], dilation: [1, 1], pads: [pad, pad, pad, pad] };
  return { batch, channels: from, kernels: to, groups, sizes: [size, size], positions: [after, after], window };
}

describe("formulas for gradients of convolutions", () => {
  const few = { kind: "correlation", parts: 4 };
  const examples = (parts: number) => ({ kind: "correlation", parts });
  // The faster ones on one core of a CPU (ONNX Runtime 1.31); those of ResNet-20 at batch 128, then ResNet-50 at batch 8.
  const rows: readonly [string, Layer, ReturnType<typeof inputFormula>, object][] = [
    ["ResNet-20, 32x32", { batch: 128, from: 16, to: 16, size: 32 }, "flipped", examples(128)],
    ["ResNet-20, 32x32 to 16x16", { batch: 128, from: 16, to: 32, size: 32, stride: 2 }, "transposed", examples(128)],
    ["ResNet-20, 8x8", { batch: 128, from: 64, to: 64, size: 8 }, "flipped", few],
    ["ResNet-50, 3x3 on 56x56", { batch: 8, from: 64, to: 64, size: 56 }, "flipped", examples(8)],
    ["ResNet-50, 3x3 on 7x7", { batch: 8, from: 512, to: 512, size: 7 }, "transposed", few],
    ["ResNet-50, 1x1 on 56x56", { batch: 8, from: 64, to: 256, size: 56, kernel: 1 }, "flipped", { kind: "product for each example" }],
    ["ResNet-50, 1x1 on 7x7", { batch: 8, from: 2048, to: 512, size: 7, kernel: 1 }, "transposed", { kind: "one product" }],
    ["1x1 in groups on 7x7", { batch: 8, from: 2048, to: 512, size: 7, kernel: 1, groups: 32 }, "flipped", { kind: "product for each example" }],
    ["one image", { batch: 1, from: 64, to: 64, size: 32 }, "flipped", examples(1)],
  ];
  for (const [name, layer, input, weight] of rows) {
    it(`${name}: ${input}, ${JSON.stringify(weight)}`, () => {
      expect([inputFormula(sizesOf(layer)), weightFormula(sizesOf(layer))]).to.deep.equal([input, weight]);
    });
  }

  it("have parts that divide the batch", () => {
    for (let batch = 1; batch <= 40; batch++) {
      const formula = weightFormula(sizesOf({ batch, from: 64, to: 64, size: 2 }));
      if (formula.kind === "correlation") expect(batch % formula.parts, `${batch}`).to.equal(0);
    }
  });

  it("are all among the cases that central differences check", () => {
    const made = new Set<string>();
    for (const one of cases.filter(({ op }) => op === "conv")) {
      const { graph } = gradientGraph(graphOf(one), new Map());
      const batch = one.inputs[0]![0]!;
      for (const { op, name, attributes } of graph.nodes) {
        if (!name.startsWith("conv1.backward")) continue;
        made.add(op);
        // Four parts have four times the kernels of the convolution itself.
        if (op === "conv" && batch > 4 && attributes.channels === 4 * one.output[1]!) made.add("a few parts");
      }
    }
    expect([...made]).to.include.members(["conv", "take", "conv_transpose", "matmul", "gemm", "subsample", "a few parts"]);
  });
});

describe("what a training step leaves out", () => {
  it("is the gradient by the images: the first convolution has that by its weight alone", () => {
    const net = netBuilder();
    const stem = net.op("conv", net.input([4, 2, 6, 6]), { kernel: 3, channels: 4 });
    const second = net.op("conv", net.op("relu", stem), { kernel: 3, channels: 4 });
    const network = net.finish(net.op("linear", net.op("globalavgpool", second), { features: 3 }));
    const { graph } = trainingStep(network, { sizes: new Map(), momentum: 0, weightDecay: 0, decays: "weights" });
    const convolutions = (layer: string): number =>
      graph.nodes.filter(({ op, name }) => name.startsWith(`${layer}.backward`) && (op === "conv" || op === "conv_transpose")).length;
    expect([convolutions("conv1"), convolutions("conv2")]).to.deep.equal([1, 2]);
  });
});

describe("the step that masks the gradient of a rectified linear unit", () => {
  it("is 0 at zeros of both signs, and 1 from the smallest normal number to infinity", async () => {
    const net = netBuilder();
    const graph = net.finish(net.op("step", net.input([1, 8])));
    const x = tensor([1, 8], [0, -0, -Infinity, -1e-37, 1.18e-38, 1e-37, 1, Infinity]);
    const expected = [0, 0, 0, 0, 1, 1, 1, 1];
    expect([...evaluate(graph, { image: x }).output!.data]).to.deep.equal(expected);
    expect([...(await runOnnx(graph, { image: x })).output!.data]).to.deep.equal(expected);
  });
});

describe("batch norm in training", () => {
  it("keeps its digits where the mean is a thousand deviations from zero", async () => {
    const net = netBuilder();
    const { graph, seed } = gradientGraph(net.finish(net.op("bn", net.input([4, 1, 2, 2]))), new Map());
    const steps = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 18].map((step) => step / 8);
    const image = tensor([4, 1, 2, 2], steps.map((step) => 1024 + step));
    const one = (value: number) => tensor([1], [value]);
    const seeds = tensor([4, 1, 2, 2], steps.map((_, index) => ((index * 5) % 16) / 8 - 1));
    const feeds = { image, "bn1.weight": one(1.5), "bn1.bias": one(0.25), "bn1.running_mean": one(0), "bn1.running_var": one(1), [seed]: seeds };
    const exact = evaluate(graph, feeds);
    const found = await runOnnx(graph, feeds);
    for (const name of ["output", "image.gradient", "bn1.weight.gradient"]) {
      exact[name]!.data.forEach((value, index) => expect(found[name]!.data[index], `${name} ${index}`).to.be.closeTo(value, 2e-6));
    }
  });
});
