import { readFileSync } from "node:fs";
import { Ajv2020 } from "ajv/dist/2020.js";
import { expect } from "chai";
import { summarize } from "../../src/program/summarize.ts";
import type { Summary, SummaryLayer } from "../../src/program/summarize.ts";
import { networkIn, standardNetwork } from "../support/networks.ts";

const schema = JSON.parse(readFileSync(new URL("../../grammar/summary.schema.json", import.meta.url), "utf8")) as object;
const conforms = new Ajv2020({ allErrors: true, strict: true, allowUnionTypes: true }).compile(schema);

function layer(summary: Summary, path: string): SummaryLayer {
  const found = summary.layers.find((candidate) => candidate.path === path);
  if (found === undefined) throw new Error(`no layer ${path} in ${summary.layers.map((each) => each.path).join(", ")}`);
  return found;
}

/** `B: 3 of 16 made [layer2.0.downsample …], 13 identities, 0 none` */
const policies = (summary: Summary): unknown =>
  summary.shortcuts.map(({ policy, residuals, none, identities, inserted }) => ({ policy, residuals, none, identities, inserted: inserted.map((made) => `${made.path}: ${made.operators.join(" ")}`) }));

describe("summary", () => {
  it("conforms to its schema, and the schema to nothing else", async () => {
    for (const name of ["ResNet18", "ResNet20", "Plain20", "ResNet50AnySize", "VGG16", "FPN", "SEResNet20"]) {
      const summary = JSON.parse(JSON.stringify(summarize(standardNetwork(name)))) as Summary;
      expect(conforms(summary), `${name}: ${JSON.stringify(conforms.errors)}`).to.equal(true);
    }
    const mlp = JSON.parse(JSON.stringify(summarize(await networkIn("network Net {\n  input features: float32[N, 4]\n  linear(3) -> softmax\n}", "Net")))) as Record<string, unknown>;
    expect(conforms(mlp), JSON.stringify(conforms.errors)).to.equal(true);
    for (const key of Object.keys(mlp)) {
      const { [key]: _left, ...rest } = mlp;
      expect(conforms(rest), `without ${key}`).to.equal(false);
    }
    expect(conforms({ ...mlp, more: 1 })).to.equal(false);
  });

  it("has the totals of the network", () => {
    // Parameters and multiply-adds of ResNet-50 as torchvision has them; statistics: two per batch-norm channel.
    const summary = summarize(standardNetwork("ResNet50"));
    expect(summary).to.include({ network: "ResNet50", params: 25_557_032, buffers: 53_120, macs: 4_089_184_256, depth: 50 });
    expect(summary.input).to.deep.equal({ name: "image", dtype: "float32", shape: ["N", 3, 224, 224] });
    expect(summary.output).to.deep.equal({ name: "output", dtype: "float32", shape: ["N", 1000] });
    expect(summary.layers.reduce((sum, each) => sum + each.params, 0)).to.equal(summary.params);
    expect(summary.layers.reduce((sum, each) => sum + (each.macs ?? NaN), 0)).to.equal(summary.macs);
    expect(summary.layers.filter((each) => each.op === "conv")).to.have.length(53);
    expect(summary.layers.filter((each) => each.op === "bn")).to.have.length(53);
    expect(summary.layers.filter((each) => each.shortcut !== null)).to.have.length(16);
  });

  it("tells what the policies made", async () => {
    // He et al. 2015, section 4.1: 34 layers have three projections in option B, thirteen more in C, none in A.
    const of = (name: string): unknown => policies(summarize(standardNetwork(name)));
    expect(of("ResNet34")).to.deep.equal([
      { policy: "B", residuals: 16, none: 0, identities: 13, inserted: [2, 3, 4].map((stage) => `layer${stage}.0.downsample: conv bn`) },
    ]);
    expect(of("Plain34")).to.deep.equal([{ policy: "none", residuals: 16, none: 16, identities: 0, inserted: [] }]);
    expect(of("ResNet20")).to.deep.equal([
      { policy: "A", residuals: 9, none: 0, identities: 7, inserted: [2, 3].map((stage) => `layer${stage}.0: subsample padchannels`) },
    ]);
    // Nothing is labelled there, so that no path holds the two.
    const bare = await networkIn("use std.shortcuts { A }\nnetwork Bare {\n  input image: float32[N, 3, 8, 8]\n  residual(A) { conv(3x3, 8, stride=2) }\n}", "Bare");
    expect(policies(summarize(bare))).to.deep.equal([{ policy: "A", residuals: 1, none: 0, identities: 0, inserted: ["subsample1 -> padchannels1: subsample padchannels"] }]);
    const optionC = summarize(standardNetwork("ResNet34C"));
    expect(optionC.shortcuts[0]?.inserted.filter((made) => made.projection)).to.have.length(16);
    expect(summarize(standardNetwork("ResNet34A")).shortcuts[0]?.inserted.some((made) => made.projection)).to.equal(false);
    // What C has more than the plain twin, and nothing else, is inserted.
    const inserted = optionC.layers.filter((each) => each.inserted);
    expect(inserted.reduce((sum, each) => sum + each.params, 0)).to.equal(optionC.params - summarize(standardNetwork("Plain34")).params);
  });

  it("describes a layer with everything there is to know of it", () => {
    const summary = summarize(standardNetwork("ResNet18"));
    const conv = layer(summary, "layer2.0.downsample.0");
    expect(conv).to.deep.include({ op: "conv", inputs: ["layer1.1.relu2"], output: ["N", 128, 28, 28], params: 8192, buffers: 0, macs: 64 * 128 * 28 * 28, inserted: true, shortcut: null, stage: "layer2" });
    expect(conv.attributes).to.deep.include({ kernel: [1, 1], stride: [2, 2] });
    expect(conv.parameters).to.deep.equal([{ name: "layer2.0.downsample.0.weight", shape: [128, 64, 1, 1], role: "weight" }]);
    expect(conv.instances.map(({ kind, declaration, path, inserted }) => `${kind} ${declaration} ${path}${inserted ? " inserted" : ""}`)).to.deep.equal([
      "block trunk ",
      "block stage layer2",
      "block basic layer2.0",
      "join residual layer2.0",
      "block B layer2.0 inserted",
      "block C layer2.0 inserted",
      "group  layer2.0.downsample inserted",
    ]);
    expect(conv.span?.file).to.equal("std.shortcuts");
    expect(layer(summary, "layer2.0.residual1")).to.deep.include({ op: "sum", inputs: ["layer2.0.bn2", "layer2.0.downsample.1"], shortcut: { policy: "B", made: "layers", channels: 128, stride: [2, 2] } });
    expect(layer(summary, "layer2.1.residual1").shortcut).to.deep.equal({ policy: "B", made: "identity", channels: 128, stride: [1, 1] });
    expect(layer(summary, "conv1")).to.deep.include({ inputs: ["image"], stage: null, receptiveField: { greatest: [7, 7], least: [7, 7], jump: [2, 2] } });
    expect(layer(summary, "fc")).to.deep.include({ receptiveField: null, macs: 512 * 1000 });
  });

  it("marks only the addition that ends a residual whose F has branches", async () => {
    const summary = summarize(await networkIn("network Net {\n  input image: float32[N, 4, 8, 8]\n  r: residual { conv(3x3, 4) | conv(1x1, 4) }\n}", "Net"));
    expect(summary.layers.map(({ path, op, shortcut }) => `${path} ${op} ${shortcut?.made ?? "-"}`)).to.deep.equal(["r.conv1 conv -", "r.conv2 conv -", "r.sum sum -", "r sum identity"]);
    expect(layer(summary, "r.conv1").span).to.deep.equal({ file: "mine.resnet", line: 3, column: 17 });
  });

  it("keeps open sizes as text, and what is assumed of them", () => {
    const summary = summarize(standardNetwork("FPN"));
    expect(summary.input.shape).to.deep.equal(["N", 3, "H", "W"]);
    expect(summary.assumptions).to.deep.equal(["H % 32 == 0", "W % 32 == 0"]);
    expect(summary.macs).to.equal(null);
    expect(summary.outputs.map(({ name }) => name)).to.deep.equal(["p3", "p4", "p5"]);
    expect(layer(summary, "backbone.layer1.0.conv1").stage, "a network used as a layer is looked through").to.equal("backbone.layer1");
    const known = summarize(standardNetwork("FPN", {}, [[1, 3, 224, 224]]));
    expect(known.macs).to.be.greaterThan(7_801_405_440 - 2048 * 1000); // ResNet-101 without its classifier, and the pyramid
  });

  it("finds stages by labels, whatever they are called", async () => {
    const text = "block two(width: int) { conv(3x3, width) -> relu }\nnetwork Net {\n  input image: float32[N, 3, 8, 8]\n  two(4)\n  alpha: { two(4) -> two(8) }\n  beta: 2 x two(8)\n  gamma: residual { two(8) }\n  3 x two(8)\n  last: conv(1x1, 2)\n}";
    const stages = summarize(await networkIn(text, "Net")).layers.filter(({ op }) => op === "conv").map(({ path, stage }) => `${path} ${stage}`);
    expect(stages).to.deep.equal(["conv1 null", "alpha.0.conv1 alpha", "alpha.1.conv1 alpha", "beta.0.conv1 beta", "beta.1.conv1 beta", "gamma.conv1 gamma", "0.conv1 null", "1.conv1 null", "2.conv1 null", "last null"]);
  });
});
