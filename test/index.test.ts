import { builtinModules } from "node:module";
import { runInNewContext } from "node:vm";
import { expect } from "chai";
import { build } from "esbuild";
import { buildNetwork, compileOnnx, fixProgram, hasErrors, lintProgram, listNetworks, loadProgram, renderProblems, resolveSettings, summarize } from "../src/index.ts";

const TEXT = `use std.blocks { basic, stage }
use std.shortcuts { A }
network Small(n: int) {
  input image: float32[N, 3, 32, 32]
  shortcuts A
  conv(3x3, 16) -> bn -> relu
  layer1: stage(n, basic(16))
  layer2: stage(n, basic(32), stride=2)
  layer3: stage(n, basic(64), stride=2)
  globalavgpool -> fc: linear(10)
}
`;

async function load(text: string) {
  const program = await loadProgram({ path: "net.resnet", text, standard: false });
  const [network] = listNetworks(program);
  if (!network) throw new Error("no network");
  return { program, network };
}

describe("the library", function () {
  this.timeout(60_000);

  it("goes from a text to counts and an ONNX file", async () => {
    const { program, network } = await load(TEXT);
    expect(network.open).to.deep.equal([{ name: "n", type: "int" }]);
    const { value: graph, problems } = buildNetwork(program, network, { settings: { n: "3" } });
    expect(problems).to.deep.equal([]);
    if (!graph) throw new Error("no graph");
    // ResNet-20 with option A: 269,722 parameters and 40,551,040 multiply-adds in independent counts (the design's table 5.3).
    expect(summarize(graph)).to.deep.include({ params: 269_722, macs: 40_551_040, depth: 20 });
    const [file] = compileOnnx(graph, { version: "1" }).files;
    if (!file) throw new Error("no file");
    let size = 0;
    for await (const chunk of file.chunks()) size += chunk.length;
    expect(size).to.equal(file.sizeInBytes).and.to.be.greaterThan(269_722 * 4);
  });

  it("gives mistakes as values", async () => {
    const { program, network } = await load(TEXT.replace("linear", "linea"));
    const { value, problems } = buildNetwork(program, network, { settings: { n: "3" } });
    expect(value).to.equal(undefined);
    expect(hasErrors(problems)).to.equal(true);
    expect(renderProblems(problems)).to.include("error[RN0201]").and.to.include("net.resnet:10:24");
  });

  it("lints and fixes", async () => {
    const { program, network } = await load(TEXT.replace("conv(3x3, 16)", "conv(3x3, 16, bias=true)"));
    const { value: settings, problems: wrong } = resolveSettings({ ignore: ["unused"] });
    expect(wrong).to.deep.equal([]);
    const options = { network, build: { settings: { n: "2" } } };
    expect(lintProgram(program, settings, options).problems.map(({ rule }) => rule)).to.deep.equal(["bias-before-norm"]);
    const { text, problems } = await fixProgram(program, settings, { ...options, network: network.name, unsafe: false });
    expect(problems).to.deep.equal([]);
    expect(text).to.equal(TEXT);
  });

  describe("in a browser", () => {
    const bundle = async () =>
      build({ entryPoints: [new URL("../src/index.ts", import.meta.url).pathname], bundle: true, write: false, platform: "browser", format: "iife", globalName: "rnc", target: "es2022", metafile: true, logLevel: "silent" });

    it("bundles without anything of Node, and without an engine", async () => {
      // With the platform `browser` esbuild fails on a built-in that is imported without `node:`, and on one with it.
      const { metafile } = await bundle();
      const inputs = Object.entries(metafile.inputs);
      expect(inputs.length).to.be.greaterThan(50);
      const builtin = new Set(builtinModules.flatMap((name) => [name, `node:${name}`]));
      const found = inputs.flatMap(([file, { imports }]) => imports.filter(({ path }) => builtin.has(path)).map(({ path }) => `${file}: ${path}`));
      expect(found).to.deep.equal([]);
      expect(inputs.map(([file]) => file).filter((file) => /onnxruntime|src\/cli|src\/engines/.test(file))).to.deep.equal([]);
    });

    it("fails on a module of Node's", async () => {
      const failed = await build({ stdin: { contents: 'import { readFileSync } from "node:fs"; console.log(readFileSync);' }, bundle: true, write: false, platform: "browser", logLevel: "silent" }).then(
        () => "bundled",
        (error: unknown) => String(error),
      );
      expect(failed).to.include('Could not resolve "node:fs"');
    });

    it("runs where there is no Node", async () => {
      const { outputFiles } = await bundle();
      // Nothing but what the language and every browser have.
      const page = { console, TextEncoder, TextDecoder, performance, setTimeout, text: TEXT, result: undefined as unknown };
      await runInNewContext(
        `${outputFiles?.[0]?.text ?? ""}
        (async () => {
          const program = await rnc.loadProgram({ path: "net.resnet", text, standard: false });
          const { value } = rnc.buildNetwork(program, rnc.listNetworks(program)[0], { settings: { n: "3" } });
          const { files } = rnc.compileOnnx(value, { version: "1" });
          let size = 0;
          for await (const chunk of files[0].chunks()) size += chunk.length;
          result = { params: rnc.summarize(value).params, complete: size === files[0].sizeInBytes };
        })()`,
        page,
      );
      expect(page.result).to.deep.equal({ params: 269_722, complete: true });
    });
  });
});
