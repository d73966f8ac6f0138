import { expect } from "chai";
import { formatDim, symbolDim } from "../../src/ir/dim.ts";
import type { Dim, Facts } from "../../src/ir/dim.ts";
import { Fault, feedsFor, netBuilder, recordOf } from "../support/graphs.ts";
import type { Given } from "../support/graphs.ts";
import { evaluate } from "../support/interpreter/evaluate.ts";
import { tensor } from "../support/interpreter/tensor.ts";

const N = symbolDim("N");
const H = symbolDim("H");
const W = symbolDim("W");
const image: readonly Dim[] = [N, 16, 32, 32];

function outputOf(op: string, inputs: readonly (readonly Dim[])[], given: Given = {}, facts?: Facts): readonly Dim[] {
  const net = netBuilder(facts);
  return net.op(op, inputs.map((shape) => net.input(shape)), given).type.shape;
}

describe("shape rules on symbols", () => {
  const rows: readonly [string, readonly Dim[], Given, string][] = [
    ["conv", [N, 3, H, W], { kernel: [7, 7], channels: 64, stride: 2 }, "[N, 64, ceil(H / 2), ceil(W / 2)]"],
    ["conv", [N, 3, H, W], { kernel: [3, 3], channels: 8, dilation: 4 }, "[N, 8, H, W]"],
    ["conv", [N, 3, H, 9], { kernel: [3, 3], channels: 8, pad: 0 }, "[N, 8, H - 2, 7]"],
    ["maxpool", [N, 3, H, W], { kernel: [3, 3], stride: 2 }, "[N, 3, ceil(H / 2), ceil(W / 2)]"],
    ["maxpool", [N, 3, H, 7], { kernel: [2, 2] }, "[N, 3, floor(H / 2), 3]"],
    ["avgpool", [N, 3, H, 7], { kernel: [2, 2], ceil: true }, "[N, 3, ceil(H / 2), 4]"],
    ["avgpool", [N, 3, H, 7], { kernel: 1, stride: 2, ceil: true }, "[N, 3, ceil(H / 2), 4]"],
    ["subsample", [N, 3, H, W], { stride: 2 }, "[N, 3, ceil(H / 2), ceil(W / 2)]"],
    ["blurpool", [N, 3, H, W], {}, "[N, 3, ceil(H / 2), ceil(W / 2)]"],
    ["upsample", [N, 3, H, W], { factor: [2, 3] }, "[N, 3, 2 * H, 3 * W]"],
    ["upconv", [N, 3, H, W], { kernel: [2, 2], channels: 4, stride: 2 }, "[N, 4, 2 * H, 2 * W]"],
    ["flatten", [N, 3, H, 4], {}, "[N, 12 * H]"],
    ["globalavgpool", [N, 3, H, W], { keep: true }, "[N, 3, 1, 1]"],
  ];
  for (const [op, shape, given, expected] of rows) {
    it(`${op} ${JSON.stringify(given)} gives ${expected}`, () => {
      expect(`[${outputOf(op, [shape], given).map(formatDim).join(", ")}]`).to.equal(expected);
    });
  }

  it("joins use what is known of a symbol", () => {
    const facts: Facts = new Map([["H", { modulus: 2, remainder: 0, minimum: 2 }]]);
    const net = netBuilder(facts);
    const x = net.input([N, 4, H, 8]);
    const halved = net.op("upsample", net.op("maxpool", x, { kernel: [2, 2] }), { factor: 2 });
    expect(net.op("sum", [x, halved]).type.shape).to.deep.equal(x.type.shape);
  });
});

describe("faults of operators", () => {
  const rows: readonly [string, readonly (readonly Dim[])[], Given, string][] = [
    ["linear", [image], { features: 10 }, "RN0402: `linear` needs [N, features], got [N, 16, 32, 32]"],
    ["conv", [[N, 16]], { kernel: 3, channels: 4 }, "RN0402: `conv` needs a map such as [N, channels, height, width], got [N, 16]"],
    ["conv", [image], { kernel: [3], channels: 4 }, "RN0403: `conv` has a kernel of 1 number on 2 spatial axes"],
    ["conv", [image], { kernel: [3, 3], channels: 4, stride: [2, 2, 2] }, "RN0403: `conv` has a stride of 3 numbers on 2 spatial axes"],
    ["conv", [[N, 30, 8, 8]], { kernel: 3, channels: 32, groups: 16 }, "RN0403: groups=16 of `conv` does not divide its 30 input channels"],
    ["conv", [image], { kernel: 3, channels: 30, groups: 16 }, "RN0403: groups=16 of `conv` does not divide its 30 output channels"],
    ["conv", [[N, 3, 8, 4]], { kernel: [7, 7], channels: 4, pad: 1 }, "RN0403: the kernel of `conv` covers 7 positions, but the width is only 4 (6 with its padding)"],
    ["maxpool", [[N, 3, 2, 2]], { kernel: [3, 3], pad: 0 }, "RN0403: the kernel of `maxpool` covers 3 positions, but the height is only 2"],
    ["maxpool", [image], { kernel: [2, 2], pad: 2 }, "RN0403: pad=2 of `maxpool` is more than half of its kernel of 2"],
    ["upconv", [image], { kernel: [2, 2], channels: 4, stride: 2, output_padding: 2 }, "RN0403: output_padding=2 of `upconv` is not less than its stride 2"],
    ["channels", [image], { from: 8, to: 17 }, "RN0403: `channels(8, 17)` reads beyond the 16 channels of its input"],
    ["channels", [image], { from: 8, to: 8 }, "RN0403: `channels(8, 8)` keeps nothing: it ends where it starts or before"],
    ["dropout", [image], { rate: 1 }, "RN0403: `dropout` with a rate of 1 leaves nothing"],
    ["droppath", [image], { keep: 0 }, "RN0403: `droppath` with keep=0 drops its branch always"],
    ["lrn", [[N, 16]], {}, "RN0402: `lrn` needs a map such as [N, channels, height, width], got [N, 16]"],
    ["lrn", [image], { size: 4 }, "RN0403: size=4 of `lrn` is even: as many channels before as after, and the channel itself, are an odd number"],
    ["lrn", [image], { alpha: 0 }, "RN0403: `lrn` with alpha=0 normalizes nothing"],
    ["lrn", [image], { beta: 0 }, "RN0403: `lrn` with beta=0 normalizes nothing"],
    ["lrn", [image], { k: 0 }, "RN0403: `lrn` with k=0 divides by 0 where the channels around are all 0"],
    ["blurpool", [[N, 3, 1, 8]], { size: 5 }, "RN0403: `blurpool` of size 5 mirrors 2 positions, but the height is only 1"],
    ["padchannels", [image], { channels: 8 }, "RN0506: `padchannels` cannot narrow 16 channels to 8"],
    ["flatten", [[N, 3, H, W]], {}, "RN0405: `flatten` needs known sizes, got [N, 3, H, W]"],
    ["linear", [[N, H]], { features: 3 }, "RN0405: `linear` needs a known number of features, got H"],
    ["bn", [[N, H]], {}, "RN0405: `bn` needs a known number of features, got H"],
    ["sum", [image, [N, 16, 16, 32]], {}, "RN0401: the branches of `sum` differ on axis 2 (height): 32 and 16"],
    ["mean", [image, [N, 16]], {}, "RN0401: the branches of `mean` differ in their number of axes: 4 and 2"],
    ["concat", [image, [N, 16, 32, 31]], {}, "RN0401: the branches of `concat` differ on axis 3 (width): 32 and 31"],
    ["mul", [image, [N, 8, 1, 1]], {}, "RN0401: the branches of `mul` differ on axis 1 (channels): 16 and 8"],
    ["sum", [[N, 3, H, 8], [N, 3, W, 8]], {}, "RN0404: H and W are not equal for every size"],
  ];
  for (const [op, inputs, given, message] of rows) {
    it(message, () => expect(() => outputOf(op, inputs, given)).to.throw(Fault).with.property("message", message));
  }

  it("name the `require` that would prove two sizes equal", () => {
    const net = netBuilder();
    const x = net.input([N, 4, H, 8]);
    const twice = net.op("maxpool", net.op("maxpool", x, { kernel: [2, 2] }), { kernel: [2, 2] });
    const back = net.op("upsample", twice, { factor: 4 });
    const fault = (): unknown => net.op("concat", [x, back]);
    expect(fault).to.throw(Fault, "RN0404: H and 4 * floor(H / 4) are equal only if H is a multiple of 4");
  });
});

describe("operators without effect", () => {
  const rows: readonly [string, Given, readonly Dim[]][] = [
    ["identity", {}, image],
    ["padchannels", { channels: 16 }, image],
    ["channels", { from: 0, to: 16 }, image],
    ["subsample", { stride: 1 }, image],
    ["subsample", { stride: 1 }, [N, 16]],
    ["scale", { factor: 1 }, image],
    ["dropout", { rate: 0 }, image],
    ["droppath", { keep: 1 }, image],
    ["avgpool", { kernel: [1, 1], ceil: true }, image],
    ["maxpool", { kernel: 1 }, image],
    ["upsample", { factor: 1 }, image],
    ["blurpool", { stride: 1, size: 1 }, image],
    ["flatten", {}, [N, 16]],
  ];
  for (const [op, given, shape] of rows) {
    it(`${op} ${JSON.stringify(given)} vanishes`, () => {
      const net = netBuilder();
      const x = net.input(shape);
      expect(net.op(op, x, given)).to.equal(x);
    });
  }
  it("those with an effect stay", () => {
    const net = netBuilder();
    const x = net.input(image);
    for (const [op, given] of [["avgpool", { kernel: 1, stride: 2 }], ["channels", { from: 0, to: 8 }], ["gain", {}], ["relu", {}]] as const) {
      expect(net.op(op, x, given), op).not.to.equal(x);
    }
  });
});

describe("parameters and multiply-adds", () => {
  const listed = (op: string, shape: readonly number[], given: Given): readonly string[] => {
    const net = netBuilder();
    return net.finish(net.op(op, net.input(shape), given)).parameters.map(({ name, role, shape: sizes }) => `${name} ${role} [${sizes}]`);
  };
  it("have PyTorch's names and layouts", () => {
    expect(listed("conv", [1, 8, 4, 4], { kernel: [3, 5], channels: 6, groups: 2, bias: true })).to.deep.equal(["conv1.weight weight [6,4,3,5]", "conv1.bias bias [6]"]);
    expect(listed("upconv", [1, 8, 4, 4], { kernel: 2, channels: 6, groups: 2 })).to.deep.equal(["upconv1.weight weight [8,3,2,2]"]);
    expect(listed("linear", [1, 8], { features: 3 })).to.deep.equal(["linear1.weight weight [3,8]", "linear1.bias bias [3]"]);
    expect(listed("bn", [1, 8, 4, 4], {})).to.deep.equal([
      "bn1.weight scale [8]", "bn1.bias shift [8]", "bn1.running_mean running_mean [8]", "bn1.running_var running_var [8]",
    ]);
  });

  it("begin as documented", () => {
    const net = netBuilder();
    const x = net.op("bn", net.op("conv", net.input([1, 64, 8, 8]), { kernel: [3, 3], channels: 128 }), { zero: true });
    const graph = net.finish(net.op("linear", net.op("globalavgpool", x), { features: 10 }));
    const initializers = Object.fromEntries(graph.parameters.map(({ name, initializer }) => [name, initializer]));
    // torchvision: kaiming_normal_(mode="fan_out") counts output channels times kernel; nn.Linear is uniform in 1/sqrt(in).
    expect(initializers["conv1.weight"]).to.deep.equal({ kind: "he_normal", fanIn: 576, fanOut: 1152 });
    expect(initializers["bn1.weight"]).to.deep.equal({ kind: "constant", value: 0 });
    expect(initializers["linear1.weight"]).to.deep.equal({ kind: "uniform", bound: 1 / Math.sqrt(128) });
    expect(initializers["linear1.bias"]).to.deep.equal({ kind: "uniform", bound: 1 / Math.sqrt(128) });
  });

  it("are counted as the papers do", () => {
    const macs = (op: string, shape: readonly number[], given: Given): number => {
      const net = netBuilder();
      const node = (net.op(op, net.input(shape), given), net.nodes[0]!);
      const sizes = (values: typeof node.inputs) => values.map((value) => value.type.shape as readonly number[]);
      return recordOf(op).macs!({ attributes: node.attributes, inputs: sizes(node.inputs), outputs: sizes(node.outputs) });
    };
    // The first layer of ResNet-50: 112 · 112 · 64 · 3 · 7 · 7 = 118,013,952.
    expect(macs("conv", [1, 3, 224, 224], { kernel: [7, 7], channels: 64, stride: 2 })).to.equal(118_013_952);
    expect(macs("conv", [2, 8, 4, 4], { kernel: 3, channels: 8, groups: 4 })).to.equal(2 * 8 * 16 * 2 * 9);
    expect(macs("upconv", [1, 4, 3, 3], { kernel: 2, channels: 5, stride: 2 })).to.equal(4 * 9 * 5 * 4);
    expect(macs("linear", [1, 2048], { features: 1000 })).to.equal(2_048_000);
  });
});

/** Worked out by hand from the definitions. */
describe("values by hand", () => {
  const row = [1, 2, 3, 4, 5, 6];
  const rows: readonly [string, readonly number[], Given, Readonly<Record<string, readonly number[]>>, readonly number[]][] = [
    ["conv", [1, 1, 6], { kernel: 3, channels: 1, stride: 2 }, { "conv1.weight": [1, 10, 100] }, [210, 432, 654]],
    ["conv", [1, 1, 6], { kernel: 2, channels: 1, dilation: 3, pad: 0 }, { "conv1.weight": [1, 10] }, [41, 52, 63]],
    ["conv", [1, 2, 3], { kernel: 1, channels: 2, groups: 2, bias: true }, { "conv1.weight": [2, 3], "conv1.bias": [1, -1] }, [3, 5, 7, 11, 14, 17]],
    ["upconv", [1, 1, 6], { kernel: 2, channels: 1, stride: 2 }, { "upconv1.weight": [1, 10] }, row.flatMap((x) => [x, 10 * x])],
    ["linear", [2, 3], { features: 1 }, { "linear1.weight": [1, 10, 100], "linear1.bias": [1000] }, [1321, 1654]],
    ["bn", [3, 2], { eps: 0 }, { "bn1.weight": [1, 10], "bn1.bias": [0, 5], "bn1.running_mean": [3, 4], "bn1.running_var": [4, 1] }, [-1, -15, 0, 5, 1, 25]],
    ["layernorm", [3, 2], { eps: 0 }, { "layernorm1.weight": [1, 2], "layernorm1.bias": [0, 0] }, [-1, 2, -1, 2, -1, 2]],
    ["groupnorm", [1, 6], { groups: 3, eps: 0 }, { "groupnorm1.weight": [1, 1, 1, 1, 1, 2], "groupnorm1.bias": [0, 0, 0, 0, 0, 1] }, [-1, 1, -1, 1, -1, 3]],
    ["lrn", [1, 3, 2], { size: 3, alpha: 3, beta: 1 }, {}, [1 / 11, 2 / 21, 3 / 36, 4 / 57, 5 / 35, 6 / 53]],
    ["lrn", [1, 3, 2], { size: 1, alpha: 2, beta: 2, k: 4 }, {}, row.map((x) => x / (4 + 2 * x * x) ** 2)],
    ["relu", [1, 6], {}, {}, row],
    ["leakyrelu", [1, 6], { slope: 0.5 }, { image: [-2, -1, 0, 1, 2, 3] }, [-1, -0.5, 0, 1, 2, 3]],
    ["relu6", [1, 6], {}, { image: [-2, 0, 3, 6, 7, 8] }, [0, 0, 3, 6, 6, 6]],
    ["maxpool", [1, 1, 6], { kernel: 3, stride: 2 }, {}, [2, 4, 6]],
    ["maxpool", [1, 1, 6], { kernel: 3, stride: 2 }, { image: row.map((x) => -x) }, [-1, -2, -4]],
    ["avgpool", [1, 1, 6], { kernel: 3, stride: 2 }, {}, [1.5, 3, 5]],
    ["avgpool", [1, 1, 6], { kernel: 3, stride: 2, count_pad: true }, {}, [1, 3, 5]],
    ["avgpool", [1, 1, 6], { kernel: 4, pad: 0, ceil: true }, {}, [2.5, 5.5]],
    ["globalavgpool", [1, 2, 3], {}, {}, [2, 5]],
    ["blurpool", [1, 1, 6], {}, {}, [(1 * 2 + 2 * 1 + 2) / 4, 3, 5]],
    ["upsample", [1, 1, 6], { factor: 2 }, {}, row.flatMap((x) => [x, x])],
    ["upsample", [1, 1, 2], { factor: 2, mode: "bilinear" }, { image: [0, 4] }, [0, 1, 3, 4]],
    ["subsample", [1, 1, 6], { stride: 4 }, {}, [1, 5]],
    ["padchannels", [1, 3, 2], { channels: 6, where: "split" }, {}, [0, 0, ...row, 0, 0, 0, 0]],
    ["padchannels", [1, 3, 2], { channels: 4 }, {}, [...row, 0, 0]],
    ["channels", [1, 3, 2], { from: 1, to: 2 }, {}, [3, 4]],
    ["scale", [1, 6], { factor: 2 }, {}, row.map((x) => 2 * x)],
    ["gain", [1, 6], {}, { "gain1.weight": [3] }, row.map((x) => 3 * x)],
    ["shift", [1, 6], {}, { "shift1.bias": [3] }, row.map((x) => x + 3)],
  ];
  for (const [op, shape, given, feeds, expected] of rows) {
    it(`${op} ${JSON.stringify(given)}`, () => {
      const net = netBuilder();
      const graph = net.finish(net.op(op, net.input(shape), given));
      const all = feedsFor(graph, 1);
      all.image = tensor(shape, row.slice(0, all.image!.data.length));
      for (const [name, values] of Object.entries(feeds)) all[name] = tensor(all[name]!.shape, values);
      expect([...evaluate(graph, all).output!.data]).to.deep.equal(expected);
    });
  }

  it("sigmoid, silu, gelu and softmax at known points", () => {
    const at = (op: string, x: readonly number[]): number[] => {
      const net = netBuilder();
      return [...evaluate(net.finish(net.op(op, net.input([1, x.length]))), { image: tensor([1, x.length], x) }).output!.data];
    };
    const close = (found: number[], expected: number[]): void => found.forEach((value, index) => expect(value).to.be.closeTo(expected[index]!, 1e-12));
    close(at("sigmoid", [0, Math.log(3)]), [0.5, 0.75]);
    close(at("silu", [0, Math.log(3)]), [0, 0.75 * Math.log(3)]);
    // Φ(1) = 0.841344746068543 (tables of the normal distribution).
    close(at("gelu", [0, 1, -1]), [0, 0.841344746068543, -0.158655253931457]);
    close(at("softmax", [0, Math.log(2), Math.log(5)]), [1 / 8, 2 / 8, 5 / 8]);
  });
});
