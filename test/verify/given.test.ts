import { expect } from "chai";
import onnxProto from "onnx-proto";
import { emitOnnx } from "../../src/backends/onnx/index.ts";
import { emitTfjs } from "../../src/backends/tfjs/index.ts";
import type { Graph } from "../../src/ir/graph.ts";
import { noise } from "../../src/program/calibrate.ts";
import { TOLERANCE } from "../../src/verify/difference.ts";
import { givenLayers } from "../../src/verify/given-layers.ts";
import { givenOnnx, readOnnxOutline } from "../../src/verify/given-onnx.ts";
import { reportOf } from "../../src/verify/report.ts";
import type { ReportedResult } from "../../src/verify/report.ts";
import { ownSubject } from "../../src/verify/subject.ts";
import type { RunningEngine, Subject } from "../../src/verify/subject.ts";
import { verify } from "../../src/verify/verify.ts";
import { seededWeights } from "../../src/weights/seeded.ts";
import type { WeightSource } from "../../src/weights/source.ts";
import { given } from "../support/broken-models.ts";
import { bytesOf } from "../support/compiled.ts";
import { expectInputError } from "../support/expect-input-error.ts";
import { networkIn } from "../support/networks.ts";
import { testEngines } from "../support/verify-engines.ts";

const { onnx } = onnxProto;

const TEXT = `network Net {
  input image: float32[N, 3, 8, 8]
  first: conv(3x3, 4) -> relu
  second: conv(3x3, 4) -> globalavgpool -> fc: linear(5)
}
`;
const SHAPES = [[1, 3, 8, 8]];

interface Layer {
  readonly class_name: string;
  name: string;
  readonly config: { name: string; batch_input_shape?: unknown };
  inbound_nodes: [string, number, number, object][][];
}
interface LayersJson {
  modelTopology: { config: { name: string; layers: Layer[]; input_layers: unknown[]; output_layers: unknown[] } };
  userDefinedMetadata?: unknown;
  weightsManifest: { paths: string[]; weights: { name: string }[] }[];
}

describe("a model of the user's own", function () {
  this.timeout(60_000);
  let engines: { readonly onnx: RunningEngine; readonly layers: RunningEngine };
  let graph: Graph;
  let weights: WeightSource;
  let onnxBytes: Uint8Array;
  let layersFiles: Record<string, Uint8Array>;

  before(async () => {
    engines = await testEngines();
    graph = await networkIn(TEXT, "Net");
    weights = seededWeights(graph.parameters, { seed: 3 });
    onnxBytes = await bytesOf(emitOnnx(graph, weights, { version: "0" })[0]!);
    layersFiles = {};
    for (const file of emitTfjs(graph, weights, { version: "0" })) layersFiles[file.path] = await bytesOf(file);
  });

  /** The ONNX file after a change by another reader. */
  function onnxWith(change: (graph: onnxProto.onnx.GraphProto) => void): Uint8Array {
    const model = onnx.ModelProto.decode(onnxBytes);
    change(model.graph as onnxProto.onnx.GraphProto);
    return onnx.ModelProto.encode(model).finish();
  }
  function layersWith(change: (json: LayersJson) => void): Record<string, Uint8Array> {
    const json = JSON.parse(new TextDecoder().decode(layersFiles["model.json"])) as LayersJson;
    change(json);
    return { ...layersFiles, "model.json": new TextEncoder().encode(JSON.stringify(json)) };
  }
  const asOnnx = (bytes: Uint8Array, more: Record<string, Uint8Array> = {}): Promise<Subject> => givenOnnx(graph, given({ ...more, "a.onnx": bytes }, "a.onnx"), engines.onnx, SHAPES);
  const asLayers = (files: Record<string, Uint8Array>): Promise<Subject> => givenLayers(graph, given(files, "model.json"), engines.layers, SHAPES);

  /** The values of a tensor under another name everywhere in a graph. */
  function rename(g: onnxProto.onnx.GraphProto, from: string, to: string): void {
    for (const node of g.node) {
      node.input = node.input!.map((name) => (name === from ? to : name));
      node.output = node.output!.map((name) => (name === from ? to : name));
    }
    for (const info of [...g.input, ...g.output]) if (info.name === from) info.name = to;
  }
  function renameLayer(json: LayersJson, from: string, to: string): void {
    const named = <T>(place: T): T => {
      if (Array.isArray(place) && place[0] === from) (place as unknown[])[0] = to;
      return place;
    };
    const { config } = json.modelTopology;
    for (const layer of config.layers) {
      if (layer.name === from) layer.name = layer.config.name = to;
      layer.inbound_nodes.forEach((inputs) => inputs.forEach(named));
    }
    config.input_layers.forEach(named);
    config.output_layers.forEach(named);
    for (const weight of json.weightsManifest[0]!.weights) if (weight.name.startsWith(`${from}/`)) weight.name = weight.name.replace(from, to);
  }

  async function resultOf(subject: Subject, expected: { readonly agrees: boolean } = { agrees: true }): Promise<ReportedResult> {
    const inputs = [await noise(graph.inputs[0]!, new Map(), 0)];
    const verification = await verify({ graph, subjects: [ownSubject(graph, weights, engines.onnx, "0"), subject], inputs, tolerance: TOLERANCE });
    const { results } = reportOf(verification, { graph, inputs, weights: { kind: "file", description: "" }, seed: 0, tolerance: TOLERANCE, notRun: [] });
    expect(verification.agrees, JSON.stringify(results[1])).to.equal(expected.agrees);
    return results[1]!;
  }

  it("is matched by position where names differ, and that is said", async () => {
    for (const subject of [
      await asOnnx(onnxWith((g) => ["image", "output", "first", "relu1", "second", "globalavgpool1"].forEach((name, index) => rename(g, name, `t${index}`)))),
      await asLayers(
        layersWith((json) => {
          delete json.userDefinedMetadata;
          ["image", "first", "relu1", "second", "globalavgpool1", "fc"].forEach((name, index) => renameLayer(json, name, `t${index}`));
        }),
      ),
    ]) {
      const { remarks, blocks } = await resultOf(subject);
      expect(remarks[0]).to.match(/^its input has another name: `t0` is taken for `image`/);
      expect(remarks[1]).to.match(/^its output has another name: `t[15]` is taken for `output`/);
      // The output is the last block's own.
      expect(blocks.map(({ name }) => name)).to.deep.equal([blocks[blocks.length - 1]!.name]);
      expect(remarks[2]).to.include("the others are not compared");
    }
  });

  it("shows the values that bear the network's names, however many", async () => {
    const { blocks, remarks } = await resultOf(await asOnnx(onnxWith((g) => rename(g, "relu1", "other"))));
    const all = (await resultOf(await asOnnx(onnxBytes))).blocks.map(({ name }) => name);
    expect(blocks.map(({ name }) => name)).to.deep.equal(all.filter((name) => !name.includes("first")));
    expect(remarks.join()).to.include(`for ${all.length - 1} of ${all.length} blocks`);
  });

  it("has a difference where a shape differs, with both shapes", async () => {
    const broken = onnxWith((g) => {
      const conv = g.node.find(({ name }) => name === "second")!;
      conv.attribute!.find(({ name }) => name === "strides")!.ints = [2, 2];
    });
    const { origin } = await resultOf(await asOnnx(broken), { agrees: false });
    expect([origin?.layer?.name, origin?.layer?.why]).to.deep.equal(["second", "[1, 4, 4, 4] instead of [1, 4, 8, 8]"]);
  });

  it("may list its weights as inputs, keep them in another file, and have outputs of its own", async () => {
    const old = onnxWith((g) => {
      for (const { name, dims, dataType } of [...g.initializer]) g.input.push({ name, type: { tensorType: { elemType: dataType, shape: { dim: dims!.map((dimValue) => ({ dimValue })) } } } } as onnxProto.onnx.ValueInfoProto);
      g.output.unshift({ name: "relu1", type: { tensorType: { elemType: 1, shape: { dim: [1, 4, 8, 8].map((dimValue) => ({ dimValue })) } } } } as onnxProto.onnx.ValueInfoProto);
    });
    expect((await resultOf(await asOnnx(old))).outputs).to.have.length(1);
    const [model, data] = emitOnnx(graph, weights, { version: "0", externalData: true, dataName: "a.data" });
    expect((await resultOf(await asOnnx(await bytesOf(model!), { "a.data": await bytesOf(data!) }))).remarks).to.deep.equal([]);
  });

  it("of TF.js may have its weights in folders, or layers that are used twice, which stay hidden", async () => {
    const inFolders = layersWith((json) => void (json.weightsManifest[0]!.paths = json.weightsManifest[0]!.paths.map((path) => `parts/${path}`)));
    for (const [name, bytes] of Object.entries(layersFiles)) inFolders[`parts/${name}`] = bytes;
    expect((await resultOf(await asLayers(inFolders))).remarks).to.deep.equal([]);
    const repeated = await asLayers(layersWith((json) => void json.modelTopology.config.layers.find(({ name }) => name === "relu1")!.inbound_nodes.push([["second", 0, 0, {}]])));
    const relu = graph.nodes.find(({ name }) => name === "relu1")!.outputs[0]!;
    expect([repeated.shows(relu), repeated.show([relu]).at.size]).to.deep.equal([false, 0]);
  });

  it("is refused with the reason where it does not fit", async () => {
    const check = (work: Promise<unknown>, text: RegExp): Promise<unknown> => expectInputError(() => work, text);
    const twoOutputs = onnxWith((g) => {
      g.output.push({ ...g.output[0]!, name: "relu1" } as onnxProto.onnx.ValueInfoProto);
      rename(g, "output", "answer");
    });
    await check(asOnnx(twoOutputs), /has 2 outputs \(answer, relu1\), and Net has 1 output \(output\)/);
    await check(asOnnx(onnxWith((g) => void g.input.push({ ...g.input[0]!, name: "mask" } as onnxProto.onnx.ValueInfoProto))), /has 2 inputs \(image, mask\), and Net has 1 input \(image\)/);
    await check(givenOnnx(graph, given({ "a.onnx": onnxBytes }, "a.onnx"), engines.onnx, [[1, 3, 9, 9]]), /`a.onnx` takes \[any, 3, 8, 8\] as `image`, and Net is given \[1, 3, 9, 9\]/);
    const fixed = onnxWith((g) => void (g.input[0]!.type!.tensorType!.shape!.dim![0] = { dimValue: 2 }));
    await check(asOnnx(fixed), /takes \[2, 3, 8, 8\] as `image`[^]*`--batch 2`/);
    await check(givenLayers(graph, given(layersFiles, "model.json"), engines.layers, [[1, 3, 9, 9]]), /takes \[any, 3, 8, 8\] as `image`/);
    await check(asLayers({ "model.json": new TextEncoder().encode("{") }), /is not JSON/);
    await check(asLayers({ "model.json": new TextEncoder().encode('{"format": "graph-model", "modelTopology": {}}') }), /is no LayersModel/);
    await check(asOnnx(Uint8Array.of(8, 7)), /no graph/);
    await check(asOnnx(onnxBytes.subarray(0, onnxBytes.length - 100)), /damaged/);
  });

  it("is outlined as another reader sees it", async () => {
    const outline = await readOnnxOutline(given({ "a.onnx": onnxBytes }, "a.onnx"));
    const { graph: seen } = onnx.ModelProto.decode(onnxBytes);
    expect([...outline.tensors]).to.deep.equal(seen!.node!.flatMap(({ output }) => output!));
    expect(outline.outputs).to.deep.equal(seen!.output!.map(({ name }) => name));
    expect(outline.inputs).to.deep.equal([{ name: "image", shape: [undefined, 3, 8, 8] }]);
  });
});
