import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import * as ort from "onnxruntime-node";
import { openWeights, standardDeclaration, summarize } from "../../src/index.ts";
import type { Graph } from "../../src/index.ts";
import { diskFile } from "../support/byte-source.ts";
import { writeCompiled } from "../support/compiled.ts";
import { networkIn, standardNetwork } from "../support/networks.ts";
import { needsPython } from "../support/python.ts";
import { collect } from "../support/weight-values.ts";
import { answered, counted } from "./cases.ts";
import type { OracleCase } from "./cases.ts";
import { startOracle } from "./server.ts";
import type { Oracle } from "./server.ts";

const BATCH = 4;
/** Of the largest magnitude of PyTorch's answer. */
const TOLERANCE = 1e-4;

const title = ({ network, settings }: OracleCase): string => [network, ...Object.entries(settings ?? {}).map(([name, value]) => `${name}=${value}`)].join(" ");

/** The network for square images of another side than its own: an alias restates the input, unless its sizes are open. */
async function resized({ network, settings, size }: OracleCase, side: number): Promise<Graph> {
  const own = standardNetwork(network, settings);
  if (size === side || own.symbols.length > 1) return own;
  const declared = standardDeclaration(network);
  if (declared === undefined) throw new Error(`no ${network}`);
  const text = `use ${declared.module.source.path} { ${network} }\nnetwork Resized = ${network} { input image: float32[N, 3, ${side}, ${side}] }\n`;
  return networkIn(text, "Resized", { settings: settings ?? {} });
}

async function tensorsIn(path: string): Promise<ReadonlyMap<string, ort.Tensor>> {
  const file = await diskFile(path);
  const source = await openWeights(file);
  const tensors = new Map<string, ort.Tensor>();
  for (const name of source.names()) {
    const bytes = await collect(source.read(name));
    tensors.set(name, new ort.Tensor("float32", new Float32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4), [...source.info(name)!.shape]));
  }
  await file.close();
  return tensors;
}

/** The largest difference, as a part of the largest magnitude of the second; infinite where ours is not a number. */
function difference(ours: ort.Tensor, theirs: ort.Tensor): number {
  expect(ours.dims).to.deep.equal(theirs.dims);
  const data = ours.data as Float32Array;
  let largest = 0;
  let most = 0;
  (theirs.data as Float32Array).forEach((value, index) => {
    largest = Math.max(largest, Math.abs(value));
    const apart = Math.abs(value - data[index]!);
    most = Number.isFinite(apart) ? Math.max(most, apart) : Infinity;
  });
  expect(largest, "the answer is of ordinary size").to.be.within(1e-2, 1e4);
  return most / largest;
}

describe("oracle: networks written by hand in PyTorch", function () {
  // The simplifier needs half a minute for a net of a thousand layers, more on a busy machine.
  this.timeout(300_000);
  let oracle: Oracle | undefined;
  let folder = "";
  before(async function () {
    needsPython(this, "torch", "safetensors", "onnx", "onnxslim");
    oracle = startOracle();
    folder = await mkdtemp(join(tmpdir(), "rnc-logits-"));
  });
  after(async () => {
    await oracle?.close();
    if (folder !== "") await rm(folder, { recursive: true });
  });

  describe("count the same", () => {
    for (const each of [...answered, ...counted]) {
      it(title(each), async () => {
        const input = [1, 3, each.size, each.size];
        const { params, buffers, macs } = summarize(standardNetwork(each.network, each.settings, [input]));
        expect({ params, buffers, macs }).to.deep.equal(await oracle!.ask({ do: "count", spec: each.spec, shape: input }));
      });
    }
  });

  /** Calibrated weights from PyTorch, our file with them, its answer against PyTorch's. */
  async function answerOf(graph: Graph, spec: OracleCase["spec"], side: number): Promise<{ readonly model: string; readonly apart: number }> {
    const weights = join(folder, "weights.safetensors");
    const io = join(folder, "io.safetensors");
    const model = join(folder, "model.onnx");
    await oracle!.ask({ do: "answer", spec, shape: [BATCH, 3, side, side], seed: 7, weights, io });
    const file = await diskFile(weights);
    await writeCompiled(model, graph, { weights: await openWeights(file) });
    await file.close();
    const session = await ort.InferenceSession.create(model, { intraOpNumThreads: 2, logSeverityLevel: 3 });
    const expected = await tensorsIn(io);
    const results = await session.run({ image: expected.get("in.image")! });
    await session.release();
    expect([...expected.keys()].filter((name) => name.startsWith("out.")).sort()).to.deep.equal(session.outputNames.map((name) => `out.${name}`).sort());
    return { model, apart: Math.max(...session.outputNames.map((name) => difference(results[name]!, expected.get(`out.${name}`)!))) };
  }

  describe("answer the same with the same calibrated weights; the checker and a simplifier find nothing wrong with our file", () => {
    for (const each of answered) {
      const side = each.runs!;
      it(`${title(each)}, ${side}x${side}`, async () => {
        const { model, apart } = await answerOf(await resized(each, side), { ...each.spec, ...each.runSpec }, side);
        expect(apart).to.be.at.most(TOLERANCE);

        const request = { do: "inspect", model };
        const { problem, before, after } = await oracle!.ask<{ problem: string | null; before: Record<string, number>; after: Record<string, number> }>(request);
        expect(problem).to.equal(null);
        expect(before["Conv"]).to.be.greaterThan(0);
        const kept = ({ BatchNormalization: _merged, ...others }: Record<string, number>) => others;
        expect(kept(after)).to.deep.equal(kept(before));
      });
    }
  });

  describe("answer the same after local response normalization", () => {
    for (const [numbers, spec] of [
      ["", { size: 5 }],
      ["size=3, alpha=2, beta=0.6, k=0.5", { size: 3, alpha: 2, beta: 0.6, k: 0.5 }],
      ["size=21, alpha=3", { size: 21, alpha: 3 }],
    ] as const) {
      it(`lrn(${numbers})`, async () => {
        const graph = await networkIn(`network Local {\n  input image: float32[N, 3, 9, 9]\n  conv(3x3, 8) -> lrn${numbers === "" ? "" : `(${numbers})`}\n}\n`, "Local");
        const { apart } = await answerOf(graph, { net: "lrn", channels: 8, ...spec }, 9);
        expect(apart).to.be.at.most(1e-6);
      });
    }
  });

  describe("answer differently where a file of weights cannot tell two networks apart", () => {
    const small = answered.find(({ network }) => network === "ResNet20")!;
    const at50 = answered.find(({ network }) => network === "ResNet50")!;
    it("zeros of option A at the end, and on both sides", async () => {
      const { apart } = await answerOf(await resized(small, 32), { ...small.spec, option: "A split" }, 32);
      expect(apart).to.be.greaterThan(100 * TOLERANCE);
    });
    it("the stride in the 3x3, and in the 1x1", async () => {
      const { apart } = await answerOf(await resized(at50, 64), { ...at50.spec, v1: true }, 64);
      expect(apart).to.be.greaterThan(100 * TOLERANCE);
    });
  });
});
