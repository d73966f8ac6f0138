import { expect } from "chai";
import { emitOnnx } from "../../src/backends/onnx/index.ts";
import { emitTfjs } from "../../src/backends/tfjs/index.ts";
import type { Graph } from "../../src/ir/graph.ts";
import { noise } from "../../src/program/calibrate.ts";
import { TOLERANCE } from "../../src/verify/difference.ts";
import { givenLayers } from "../../src/verify/given-layers.ts";
import { givenOnnx } from "../../src/verify/given-onnx.ts";
import { reportOf } from "../../src/verify/report.ts";
import type { ReportedResult } from "../../src/verify/report.ts";
import { ownSubject } from "../../src/verify/subject.ts";
import type { RunningEngine, Subject } from "../../src/verify/subject.ts";
import { verify } from "../../src/verify/verify.ts";
import type { WeightSource } from "../../src/weights/source.ts";
import { brokenLayers, brokenOnnx, given, swapAxes, swapValues } from "../support/broken-models.ts";
import type { OpenModel, OpenOnnx } from "../support/broken-models.ts";
import { calibratedWeights } from "../support/calibrated.ts";
import { networkIn, standardNetwork } from "../support/networks.ts";
import { testEngines } from "../support/verify-engines.ts";

const TEXT = `use std.shortcuts { A }
use std.blocks { basic, stage }

block unit(width: int, stride: int = 1) {
  residual {
    conv(3x3, width, stride=stride) -> bn -> relu
    conv(3x3, width) -> bn
  }
  relu
}

network Mine {
  input image: float32[N, 3, 16, 16]
  shortcuts A
  conv(3x3, 8) -> bn -> relu
  layer1: unit(8)
  layer2: stage(2, unit(16), stride=2)
  layer3: basic(16)
  globalavgpool -> fc: linear(10)
}
`;
/** The line of the spec that begins so. */
const lineOf = (start: string): string => `mine.resnet:${TEXT.split("\n").findIndex((line) => line.trim().startsWith(start)) + 1}`;

/** A mistake in each format, and where it is. */
interface Fault {
  readonly name: string;
  readonly onnx: (model: OpenOnnx) => void;
  readonly layers: (model: OpenModel) => void;
  readonly block: string;
  readonly layer: string;
  /** Lines of the layer: the user's, then the library's. */
  readonly lines: readonly RegExp[];
}

const own = (start: string): RegExp => new RegExp(`^${lineOf(start)}:`);

const FAULTS: readonly Fault[] = [
  {
    name: "a kernel with height and width exchanged",
    onnx: (model) => swapAxes(model.tensor("layer2.1.conv2.weight"), 2, 3),
    layers: (model) => swapAxes(model.tensor("layer2.1.conv2/kernel"), 0, 1),
    block: "layer2.1",
    layer: "layer2.1.conv2",
    lines: [own("conv(3x3, width) -> bn")],
  },
  {
    name: "a kernel with the channels before and after exchanged",
    onnx: (model) => swapAxes(model.tensor("layer1.conv2.weight"), 0, 1),
    layers: (model) => swapAxes(model.tensor("layer1.conv2/kernel"), 2, 3),
    block: "layer1",
    layer: "layer1.conv2",
    lines: [own("conv(3x3, width) -> bn")],
  },
  {
    name: "an epsilon of 1e-3 instead of 1e-5",
    onnx: (model) => void (model.attribute("layer1.bn1", "epsilon").f = 1e-3),
    layers: (model) => void (model.layer("layer1.bn1").epsilon = 1e-3),
    block: "layer1",
    layer: "layer1.bn1",
    lines: [own("conv(3x3, width, stride=stride)")],
  },
  {
    name: "padding at the end alone",
    onnx: (model) => void (model.attribute("layer2.0.conv1", "pads").ints = [0, 0, 2, 2]),
    layers: (model) => void (model.layer("layer2.0.conv1.pad").padding = [[0, 2], [0, 2]]),
    block: "layer2.0",
    layer: "layer2.0.conv1",
    lines: [own("conv(3x3, width, stride=stride)")],
  },
  {
    name: "option A's zeros before the channels instead of after them",
    onnx: (model) => void model.ownConstant("layer2.0.padchannels1", 1).set([0n, 8n, 0n, 0n, 0n, 0n, 0n, 0n]),
    layers: (model) => void (model.layer("layer2.0.padchannels1").padding = (model.layer("layer2.0.padchannels1").padding as number[][]).map((pair) => pair.reverse())),
    block: "layer2.0",
    layer: "layer2.0.padchannels1",
    lines: [own("residual {"), /^std\.shortcuts:11:/],
  },
  {
    name: "mean and variance exchanged",
    onnx: (model) => swapValues(model.tensor("layer3.bn2.running_mean"), model.tensor("layer3.bn2.running_var")),
    layers: (model) => swapValues(model.tensor("layer3.bn2/moving_mean"), model.tensor("layer3.bn2/moving_variance")),
    block: "layer3",
    layer: "layer3.bn2",
    lines: [own("layer3: basic(16)"), /^std\.blocks:9:/],
  },
  {
    name: "the statistics of two layers exchanged",
    onnx: (model) => swapValues(model.tensor("layer2.1.bn1.running_var"), model.tensor("layer2.0.bn2.running_var")),
    layers: (model) => swapValues(model.tensor("layer2.1.bn1/moving_variance"), model.tensor("layer2.0.bn2/moving_variance")),
    block: "layer2.0",
    layer: "layer2.0.bn2",
    lines: [own("conv(3x3, width) -> bn")],
  },
];

/** The same answers from `layer1.conv1` on with a thousandth of its variance, so that an epsilon matters. */
function withSmallVariance(weights: WeightSource): WeightSource {
  const scales: Readonly<Record<string, number>> = { "layer1.conv1.weight": 0.03, "layer1.bn1.running_mean": 0.03, "layer1.bn1.running_var": 0.0009 };
  return {
    ...weights,
    async *read(name, axes) {
      const scale = scales[name];
      for await (const chunk of weights.read(name, axes)) {
        if (scale === undefined) yield chunk;
        else yield new Uint8Array(new Float32Array(chunk.slice().buffer).map((value) => value * scale).buffer);
      }
    },
  };
}

describe("rnc verify finds mistakes that were planted", function () {
  this.timeout(120_000);
  let engines: { readonly onnx: RunningEngine; readonly layers: RunningEngine };
  let graph: Graph;
  let weights: WeightSource;

  before(async () => {
    engines = await testEngines();
    graph = await networkIn(TEXT, "Mine");
    weights = withSmallVariance(await calibratedWeights(graph));
  });

  async function comparedWith(subject: Subject): Promise<ReportedResult> {
    const inputs = [await noise(graph.inputs[0]!, new Map(), 0)];
    const verification = await verify({ graph, subjects: [ownSubject(graph, weights, engines.onnx, "0"), subject], inputs, tolerance: TOLERANCE });
    const report = reportOf(verification, { graph, inputs, weights: { kind: "file", description: "" }, seed: 0, tolerance: TOLERANCE, notRun: [] });
    expect(report.agrees).to.equal(report.results[1]!.agrees);
    return report.results[1]!;
  }
  const shapes = [[1, 3, 16, 16]];
  const asOnnx = async (change: Fault["onnx"]) => givenOnnx(graph, given({ "a.onnx": await brokenOnnx(emitOnnx(graph, weights, { version: "0" }), change) }, "a.onnx"), engines.onnx, shapes);
  const asLayers = async (change: Fault["layers"]) => givenLayers(graph, given(await brokenLayers(emitTfjs(graph, weights, { version: "0" }), change), "model.json"), engines.layers, shapes);

  for (const format of ["onnx", "layers"] as const) {
    const subjectOf = (fault: Fault): Promise<Subject> => (format === "onnx" ? asOnnx(fault.onnx) : asLayers(fault.layers));

    it(`${format}: agrees where nothing was changed, block by block`, async () => {
      const result = await comparedWith(await subjectOf({ ...FAULTS[0]!, onnx: () => undefined, layers: () => undefined }));
      expect(result.agrees, JSON.stringify(result)).to.equal(true);
      expect(result.blocks.map(({ name }) => name)).to.deep.equal(["stem", "layer1", "layer2.0", "layer2.1", "layer3", "head"]);
      expect(result.origin).to.equal(null);
    });

    for (const fault of FAULTS) {
      it(`${format}: ${fault.name}`, async () => {
        const { agrees, origin, outputs } = await comparedWith(await subjectOf(fault));
        expect(agrees).to.equal(false);
        expect(outputs[0]!.agrees).to.equal(false);
        expect([origin?.block, origin?.layer?.name]).to.deep.equal([fault.block, fault.layer]);
        const lines = origin!.layer!.lines.map(({ file, line, column }) => `${file}:${line}:${column}`);
        expect(lines).to.have.length(fault.lines.length);
        fault.lines.forEach((line, index) => expect(lines[index]).to.match(line));
      });
    }
  }

  it("names the line of the block as well", async () => {
    const { origin } = await comparedWith(await asOnnx(FAULTS[0]!.onnx));
    expect(origin!.lines.map(({ file, line, text }) => `${file}:${line} ${text}`)).to.deep.equal([`${lineOf("layer2:")} layer2: stage(2, unit(16), stride=2)`]);
  });

  it("finds one in ResNet-20, whose lines are the library's", async () => {
    graph = standardNetwork("ResNet20");
    weights = await calibratedWeights(graph);
    const broken = await brokenLayers(emitTfjs(graph, weights, { version: "0" }), (model) => swapAxes(model.tensor("layer2.1.conv1/kernel"), 0, 1));
    const subject = await givenLayers(graph, given(broken, "model.json"), engines.layers, [[1, 3, 32, 32]]);
    const inputs = [await noise(graph.inputs[0]!, new Map(), 0)];
    const { results } = await verify({ graph, subjects: [ownSubject(graph, weights, engines.onnx, "0"), subject], inputs, tolerance: TOLERANCE });
    const { origin } = reportOf({ agrees: false, blocks: [], results }, { graph, inputs, weights: { kind: "file", description: "" }, seed: 0, tolerance: TOLERANCE, notRun: [] }).results[1]!;
    expect([origin?.block, origin?.layer?.name]).to.deep.equal(["layer2.1", "layer2.1.conv1"]);
    expect(origin!.lines.map(({ file, text }) => `${file} ${text}`)).to.deep.equal(["std.cifar layer2: stage(n, unit(32), stride=2)"]);
    expect(origin!.layer!.lines.map(({ file }) => file)).to.deep.equal(["std.blocks", "std.cifar"]);
    expect(origin!.layer!.lines[0]!.text).to.include("conv(3x3, width, stride=stride");
  });
});
