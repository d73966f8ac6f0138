import { createHash } from "node:crypto";
import { expect } from "chai";
import { standardNetwork } from "../../support/networks.ts";
import { emitted, withModelFile } from "../../support/onnx-files.ts";
import { needsPython, runPython } from "../../support/python.ts";
import { collect } from "../../support/weight-values.ts";
import type { Graph } from "../../../src/ir/graph.ts";
import { seededWeights } from "../../../src/weights/seeded.ts";
import type { WeightSource } from "../../../src/weights/source.ts";

/** What test/oracle/read_onnx.py tells of a model. */
interface Read {
  readonly irVersion: number;
  readonly opsets: Readonly<Record<string, number>>;
  readonly producer: readonly string[];
  readonly metadata: Readonly<Record<string, string>>;
  readonly inputs: Readonly<Record<string, readonly (number | string)[]>>;
  readonly declared: Readonly<Record<string, readonly (number | string)[]>>;
  readonly differences: readonly unknown[];
  readonly nodes: readonly { readonly name: string; readonly op: string; readonly input: readonly string[]; readonly output: readonly string[]; readonly metadata: Readonly<Record<string, string>> }[];
  readonly initializers: Readonly<Record<string, { readonly shape: readonly number[]; readonly sha256: string }>>;
  readonly external: Readonly<Record<string, { readonly location: string; readonly offset: string; readonly length: string }>>;
}

const readBack = (graph: Graph, weights: WeightSource, options = {}): Promise<Read> =>
  withModelFile(graph, weights, options, (path) => JSON.parse(runPython("read_onnx.py", [path]).toString()) as Read);

const seeded = (graph: Graph): WeightSource => seededWeights(graph.parameters, { seed: 0 });
const digest = async (weights: WeightSource, name: string): Promise<string> => createHash("sha256").update(await collect(weights.read(name))).digest("hex");

describe("an ONNX file, read with onnx-proto", () => {
  const graph = standardNetwork("ResNet20");
  const weights = seeded(graph);

  it("names the opset, the format and the producer", async () => {
    const { model } = await emitted(graph, weights);
    expect(Number(model.irVersion)).to.equal(10);
    expect(model.opsetImport.map(({ domain, version }) => [domain, Number(version)])).to.deep.equal([["", 18]]);
    expect([model.producerName, model.producerVersion]).to.deep.equal(["rnc", "1.2.3"]);
    expect(model.graph?.name).to.equal("ResNet20");
  });

  it("has every parameter as an initializer with its bytes, and none as an input", async () => {
    const { model } = await emitted(graph, weights);
    const initializers = new Map(model.graph!.initializer!.map((tensor) => [tensor.name, tensor]));
    for (const { name, shape } of graph.parameters) {
      const found = initializers.get(name);
      expect(found?.dims?.map(Number), name).to.deep.equal(shape);
      expect(Buffer.compare(Buffer.from(found!.rawData!), Buffer.from(await collect(weights.read(name)))), name).to.equal(0);
    }
    expect(model.graph!.input!.map((input) => input.name)).to.deep.equal(["image"]);
  });

  it("tells the shape of every tensor that is neither input, output nor initializer", async () => {
    const { model } = await emitted(graph, weights);
    const known = new Set([...model.graph!.valueInfo!, ...model.graph!.output!].map((info) => info.name));
    const made = model.graph!.node!.flatMap((node) => node.output!);
    expect(made.filter((name) => !known.has(name))).to.deep.equal([]);
    expect(new Set(made).size).to.equal(made.length);
    expect(new Set(model.graph!.node!.map((node) => node.name)).size).to.equal(model.graph!.node!.length);
  });

  it("is the same bytes each time, and others with another seed", async () => {
    const hash = async (seed: number): Promise<string> => {
      const { bytes } = await emitted(standardNetwork("ResNet20"), seededWeights(graph.parameters, { seed }));
      return createHash("sha256").update(bytes).digest("hex");
    };
    const first = await hash(0);
    expect(await hash(0)).to.equal(first);
    expect(await hash(1)).not.to.equal(first);
  });

  it("comes in chunks of about a megabyte", async () => {
    const large = standardNetwork("ResNet18");
    const { emitOnnx } = await import("../../../src/backends/onnx/index.ts");
    const [file] = emitOnnx(large, seeded(large), { version: "1" });
    let count = 0;
    for await (const chunk of file!.chunks()) {
      count++;
      expect(chunk.length).to.be.within(1, 1 << 20);
    }
    expect(count).to.be.below(300);
  });
});

describe("an ONNX file, read with the reference implementation", function () {
  this.timeout(120_000);
  before(function () {
    needsPython(this, "onnx");
  });

  for (const [name, settings] of [
    ["ResNet20", {}],
    ["ResNet20", { option: "B" }],
    ["ResNet50", { option: "A" }],
    ["ResNet50D", {}],
    ["SEResNet50", {}],
    ["GoogLeNetTorchvision", {}],
  ] as const) {
    it(`passes the full check, shapes as inferred: ${name}${JSON.stringify(settings)}`, async () => {
      const graph = standardNetwork(name, settings);
      const weights = seeded(graph);
      const read = await readBack(graph, weights);
      expect(read.differences).to.deep.equal([]);
      expect([read.irVersion, read.opsets]).to.deep.equal([10, { "": 18 }]);
      const { name: last } = graph.parameters.at(-1)!;
      expect(read.initializers[last]?.sha256).to.equal(await digest(weights, last));
    });
  }

  it("says of every node where it comes from", async () => {
    const graph = standardNetwork("ResNet20", { option: "B" });
    const { nodes, metadata } = await readBack(graph, seeded(graph));
    expect(metadata["rnc.version"]).to.equal("1.2.3");
    expect(metadata["rnc.network"]).to.match(/ResNet20/);
    expect(metadata["rnc.files"]).to.contain("std.");
    const unknown = nodes.filter(({ metadata }) => !/^[^ :]+:\d+:\d+( < [^ :]+:\d+:\d+)*$/.test(metadata["rnc.source"] ?? ""));
    expect(unknown.map((node) => node.name)).to.deep.equal([]);

    const inserted = nodes.filter(({ metadata }) => metadata["rnc.inserted"] !== undefined);
    expect(new Set(inserted.map(({ metadata }) => metadata["rnc.inserted"]))).to.deep.equal(new Set(["shortcut B"]));
    // Where the width changes: the first block of the second and of the third stage (He et al. 2015, section 4.2).
    expect(inserted.map((node) => [node.op, node.name])).to.deep.equal([
      ["Conv", "layer2.0.downsample.0"],
      ["BatchNormalization", "layer2.0.downsample.1"],
      ["Conv", "layer3.0.downsample.0"],
      ["BatchNormalization", "layer3.0.downsample.1"],
    ]);
    const conv = nodes.find((node) => node.name === "layer2.0.conv1")!;
    expect(conv.input[1]).to.equal("layer2.0.conv1.weight");
    expect(conv.metadata["rnc.path"]).to.equal("layer2.0.conv1");
    expect(conv.metadata["rnc.instance"]).to.match(/layer2: stage > .*basic.* > residual$/);
  });

  it("keeps open sizes by name", async () => {
    const graph = standardNetwork("ResNet18", {}, undefined);
    const { inputs, declared } = await readBack(graph, seeded(graph));
    expect(inputs).to.deep.equal({ image: ["N", 3, 224, 224] });
    expect(declared["layer1.0.conv1"]).to.deep.equal(["N", 64, 56, 56]);
    const fixed = await readBack(graph, seeded(graph), { symbols: new Map([["N", 8]]) });
    expect(fixed.inputs).to.deep.equal({ image: [8, 3, 224, 224] });
    expect(fixed.declared["layer1.0.conv1"]).to.deep.equal([8, 64, 56, 56]);
  });

  it("reads weights from a file of their own", async () => {
    const graph = standardNetwork("ResNet20");
    const weights = seeded(graph);
    const read = await readBack(graph, weights, { externalData: true });
    expect(Object.keys(read.external).sort()).to.deep.equal(graph.parameters.map(({ name }) => name).sort());
    for (const { name } of graph.parameters) {
      expect(read.initializers[name]?.sha256, name).to.equal(await digest(weights, name));
      expect(read.external[name]).to.include({ location: "net.onnx.data" });
      expect(Number(read.external[name]!.offset) % 4096, name).to.equal(0);
    }
    expect(read.differences).to.deep.equal([]);
  });
});
