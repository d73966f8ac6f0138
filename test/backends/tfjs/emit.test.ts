import { createHash } from "node:crypto";
import { execFile } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect } from "chai";
import { build } from "esbuild";
import type * as TF from "@tensorflow/tfjs";
import { modelFiles, lowerToLayers } from "../../../src/backends/tfjs/index.ts";
import { seededWeights } from "../../../src/index.ts";
import type { EmittedFile, Graph } from "../../../src/index.ts";
import { bytesOf } from "../../support/compiled.ts";
import { inFolder } from "../../support/cli.ts";
import { networkIn, standardNetwork } from "../../support/networks.ts";
import { float32s, values } from "../../support/weight-values.ts";

const MEBIBYTE = 1 << 20;
const version = "1.2.3";

const emitted = (graph: Graph, seed = 0): readonly EmittedFile[] => modelFiles(lowerToLayers(graph), seededWeights(graph.parameters, { seed }), version);
const jsonOf = async ([file]: readonly EmittedFile[]): Promise<TF.io.ModelJSON> => JSON.parse(Buffer.from(await bytesOf(file!)).toString()) as TF.io.ModelJSON;
const digest = async (file: EmittedFile): Promise<string> => createHash("sha256").update(await bytesOf(file)).digest("hex");
const elements = (shape: readonly number[]): number => shape.reduce((product, size) => product * size, 1);

/** The variables of a model, by name, out of the bytes of its shards. */
async function variablesOf(files: readonly EmittedFile[]): Promise<ReadonlyMap<string, { readonly shape: readonly number[]; readonly values: readonly number[] }>> {
  const { weightsManifest } = await jsonOf(files);
  const shards = new Map(files.map((file) => [file.path, file]));
  const found = new Map<string, { readonly shape: readonly number[]; readonly values: readonly number[] }>();
  for (const { paths, weights } of weightsManifest) {
    const parts: Uint8Array[] = [];
    for (const path of paths) parts.push(await bytesOf(shards.get(path)!));
    const all = float32s(new Uint8Array(Buffer.concat(parts)));
    let at = 0;
    for (const { name, shape } of weights) {
      found.set(name, { shape, values: all.slice(at, at + elements(shape)) });
      at += elements(shape);
    }
    expect(at).to.equal(all.length);
  }
  return found;
}

describe("a TensorFlow.js model: its files", function () {
  this.timeout(60_000);

  it("has a manifest that says what the shards hold, byte for byte", async () => {
    const graph = standardNetwork("ResNet18");
    const files = emitted(graph);
    const [first, ...shards] = files;
    const { format, generatedBy, convertedBy, weightsManifest } = await jsonOf(files);
    expect([first!.path, format, generatedBy, convertedBy]).to.deep.equal(["model.json", "layers-model", `rnc ${version}`, null]);
    expect(weightsManifest).to.have.length(1);
    const [{ paths, weights }] = weightsManifest as [TF.io.WeightsManifestConfig[number]];
    expect(paths).to.deep.equal(shards.map(({ path }) => path));
    expect(paths[0]).to.equal(`group1-shard1of${shards.length}.bin`);
    expect(new Set(weights.map(({ dtype }) => dtype))).to.deep.equal(new Set(["float32"]));
    expect(new Set(weights.map(({ name }) => name)).size).to.equal(weights.length);
    // torchvision's ResNet-18 has 11,689,512 learned values and 9,600 running statistics.
    expect(weights.reduce((sum, { shape }) => sum + elements(shape), 0)).to.equal(11_689_512 + 9_600);
    expect(shards.reduce((sum, { sizeInBytes }) => sum + sizeInBytes, 0)).to.equal(4 * (11_689_512 + 9_600));
    for (const shard of shards.slice(0, -1)) expect(shard.sizeInBytes, shard.path).to.equal(4 * MEBIBYTE);
    expect(shards.at(-1)!.sizeInBytes).to.be.within(1, 4 * MEBIBYTE);
    for (const shard of shards) {
      let size = 0;
      for await (const chunk of shard.chunks()) {
        expect(chunk.length).to.be.within(1, MEBIBYTE);
        size += chunk.length;
      }
      expect(size, shard.path).to.equal(shard.sizeInBytes);
    }
  });

  it("gives the same bytes in any order of reading, also after one that was given up, and side by side", async () => {
    const graph = standardNetwork("ResNet18");
    const inOrder = await Promise.resolve(emitted(graph)).then(async (files) => {
      const digests: string[] = [];
      for (const file of files) digests.push(await digest(file));
      return digests;
    });
    const files = emitted(graph);
    const found = new Map<number, string>();
    for (const index of [5, 4, 11, 0, 6, 7, 1, 1, 2, 3, 8, 10, 9]) {
      if (index === 7) {
        for await (const chunk of files[8]!.chunks()) {
          expect(chunk.length).to.be.greaterThan(0);
          break;
        }
      }
      const sum = await digest(files[index]!);
      expect(found.get(index) ?? sum).to.equal(sum);
      found.set(index, sum);
    }
    expect(files).to.have.length(13);
    found.set(12, await digest(files[12]!));
    expect([...found].sort(([a], [b]) => a - b).map(([, sum]) => sum)).to.deep.equal(inOrder);
    const [a, b, c] = await Promise.all([digest(files[3]!), digest(files[4]!), digest(files[3]!)]);
    expect([a, b, c]).to.deep.equal([inOrder[3], inOrder[4], inOrder[3]]);
  });

  it("is the same each time, and another with another seed", async () => {
    const all = async (seed: number): Promise<readonly string[]> => Promise.all(emitted(standardNetwork("ResNet20"), seed).map(digest));
    const first = await all(0);
    expect(first).to.have.length(2);
    expect(await all(0)).to.deep.equal(first);
    const other = await all(1);
    expect(other[0], "the topology has no weights in it").to.equal(first[0]);
    expect(other[1]).not.to.equal(first[1]);
  });

  it("is written in little memory, however large it is: ResNet-152, 241 MB", () =>
    inFolder(async (folder) => {
      // What users run is a bundle; tsx alone would take twice the memory of what is measured.
      const contents = `
        import { existsSync, readFileSync } from "node:fs";
        import { buildNetwork, compileTfjs, listNetworks, standardProgram, standardLibrary } from "./src/index.ts";
        const program = standardProgram(standardLibrary.get("std.resnet"));
        const { value } = buildNetwork(program, listNetworks(program).find(({ name }) => name === process.argv[2]));
        let size = 0;
        for (const file of compileTfjs(value, { version: "1" }).files) for await (const chunk of file.chunks()) size += chunk.length;
        // Not resourceUsage().maxRSS: it keeps the peak of the process that started this one.
        const own = existsSync("/proc/self/status") ? /VmHWM:\\s*(\\d+)/.exec(readFileSync("/proc/self/status", "utf8"))?.[1] : undefined;
        console.log(JSON.stringify({ size, peak: Math.round(Number(own ?? process.memoryUsage.rss() / 1024) / 1024) }));`;
      const outfile = join(folder, "emit.mjs");
      await build({ stdin: { contents, resolveDir: fileURLToPath(new URL("../../..", import.meta.url)) }, bundle: true, platform: "node", format: "esm", outfile, logLevel: "silent" });
      const run = async (name: string) => JSON.parse((await promisify(execFile)(process.execPath, [outfile, name])).stdout) as { size: number; peak: number };
      const [small, large] = [await run("ResNet18"), await run("ResNet152")];
      console.log(`      peak: ${small.peak} MiB for ResNet18, ${large.peak} MiB for ResNet152`);
      expect(large.size).to.be.greaterThan(4 * 60_344_232);
      expect(large.peak).to.be.lessThan(150);
    }));
});

describe("a TensorFlow.js model: its weights", () => {
  const all = `network All {
  input image: float32[N, 3, 8, 6]
  first: conv(3x2, 4, bias=true, pad=0)
  norm: bn(momentum=0.25)
  deep: conv(3x3, 4, groups=4)
  up: upconv(2x2, 5, stride=2)
  flatten -> fc: linear(7)
}
`;
  const golden = async () => {
    const graph = await networkIn(all, "All");
    const source = seededWeights(graph.parameters, { seed: 5 });
    return { graph, source, found: await variablesOf(modelFiles(lowerToLayers(graph), source, version)) };
  };

  it("has the names and shapes that Keras gives", async () => {
    const { found } = await golden();
    expect(Object.fromEntries([...found].map(([name, { shape }]) => [name, shape]))).to.deep.equal({
      "first/kernel": [3, 2, 3, 4],
      "first/bias": [4],
      "norm/gamma": [4],
      "norm/beta": [4],
      "norm/moving_mean": [4],
      "norm/moving_variance": [4],
      "deep/depthwise_kernel": [3, 3, 4, 1],
      "up/kernel": [2, 2, 5, 4],
      "fc/kernel": [5 * 12 * 10, 7],
      "fc/bias": [7],
    });
  });

  it("has a convolution's [o, i, h, w] at [h, w, i, o]", async () => {
    const { source, found } = await golden();
    const ours = await values(source, "first.weight");
    const theirs = found.get("first/kernel")!.values;
    for (let o = 0; o < 4; o++) for (let i = 0; i < 3; i++) for (let h = 0; h < 3; h++) for (let w = 0; w < 2; w++) expect(theirs[((h * 2 + w) * 3 + i) * 4 + o]).to.equal(ours[((o * 3 + i) * 3 + h) * 2 + w]);
    expect(new Set(ours).size).to.be.greaterThan(70);
  });

  it("has a depthwise convolution's [c, 1, h, w] at [h, w, c, 1]", async () => {
    const { source, found } = await golden();
    const ours = await values(source, "deep.weight");
    const theirs = found.get("deep/depthwise_kernel")!.values;
    for (let c = 0; c < 4; c++) for (let at = 0; at < 9; at++) expect(theirs[at * 4 + c]).to.equal(ours[c * 9 + at]);
  });

  it("has a transposed convolution's [i, o, h, w] at [h, w, o, i]", async () => {
    const { source, found } = await golden();
    const ours = await values(source, "up.weight");
    const theirs = found.get("up/kernel")!.values;
    for (let i = 0; i < 4; i++) for (let o = 0; o < 5; o++) for (let at = 0; at < 4; at++) expect(theirs[(at * 5 + o) * 4 + i]).to.equal(ours[(i * 5 + o) * 4 + at]);
  });

  it("has a linear layer's [out, in] at [in, out]", async () => {
    const { source, found } = await golden();
    const ours = await values(source, "fc.weight");
    const theirs = found.get("fc/kernel")!.values;
    const wide = 5 * 12 * 10;
    for (let o = 0; o < 7; o++) for (let i = 0; i < wide; i++) if (theirs[i * 7 + o] !== ours[o * wide + i]) expect.fail(`fc [${o}, ${i}]`);
  });

  it("has a batch norm's parameters and statistics under Keras's names", async () => {
    const graph = await networkIn("network Net {\n  input image: float32[N, 3, 4, 4]\n  bn\n}\n", "Net");
    const tensors: Readonly<Record<string, readonly number[]>> = { "bn1.weight": [1, 2, 3], "bn1.bias": [4, 5, 6], "bn1.running_mean": [7, 8, 9], "bn1.running_var": [10, 11, 12] };
    expect(graph.parameters.map(({ name }) => name)).to.deep.equal(Object.keys(tensors));
    const source = seededWeights(graph.parameters, { seed: 0 });
    const found = await variablesOf(
      modelFiles(
        lowerToLayers(graph),
        {
          ...source,
          async *read(name) {
            yield new Uint8Array(Float32Array.from(tensors[name]!).buffer);
          },
        },
        version,
      ),
    );
    expect(Object.fromEntries([...found].map(([name, each]) => [name, each.values]))).to.deep.equal({ "bn1/gamma": [1, 2, 3], "bn1/beta": [4, 5, 6], "bn1/moving_mean": [7, 8, 9], "bn1/moving_variance": [10, 11, 12] });
  });
});
