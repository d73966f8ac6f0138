import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import { checkProgram, compileOnnx, loadProgram, standardLibrary, standardProgram } from "../src/index.ts";
import { worded } from "./support/networks.ts";

const folder = new URL("../examples/zoo/", import.meta.url);
const files = readdirSync(folder).filter((file) => file.endsWith(".resnet")).sort();

/** Above this an ONNX file is only described, not written: its weights would take seconds to make. */
const WRITTEN_BYTES = 40e6;

async function lengthOf(chunks: AsyncIterable<Uint8Array>): Promise<number> {
  let length = 0;
  for await (const chunk of chunks) length += chunk.length;
  return length;
}

describe("the zoo: every network checks with its contracts and compiles", () => {
  it("has its files", () => expect(files).to.have.length.greaterThan(15));

  for (const file of files) {
    it(file, async function () {
      this.timeout(60_000);
      const text = readFileSync(new URL(file, folder), "utf8");
      const program = await loadProgram({ path: fileURLToPath(new URL(file, folder)), text, standard: false });
      const { value: networks, problems } = checkProgram(program);
      expect(problems.map(worded)).to.deep.equal([]);
      expect(networks).to.have.length.greaterThan(0);
      for (const { name, graph } of networks) {
        expect(graph, name).to.not.equal(undefined);
        const [model, ...rest] = compileOnnx(graph!, { version: "0.0.0" }).files;
        expect(rest, name).to.deep.equal([]);
        const weights = graph!.parameters.reduce((sum, { shape }) => sum + 4 * shape.reduce((product, size) => product * size, 1), 0);
        expect(model!.sizeInBytes, name).to.be.greaterThan(weights);
        if (weights < WRITTEN_BYTES) expect(await lengthOf(model!.chunks()), name).to.equal(model!.sizeInBytes);
      }
    });
  }
});

describe("the standard library", () => {
  for (const [name, module] of standardLibrary) {
    const { value: networks, problems } = checkProgram(standardProgram(module));
    it(`${name}: no problem, all contracts hold`, () => {
      expect(problems.map(worded)).to.deep.equal([]);
      for (const { name: network, graph } of networks) {
        expect(graph, network).to.not.equal(undefined);
        expect(compileOnnx(graph!, { version: "0.0.0" }).files[0]!.sizeInBytes, network).to.be.greaterThan(0);
      }
    });
    it(`${name}: everything is documented, every network that is no pattern has a contract`, () => {
      expect(module.doc, "the module").to.be.a("string");
      for (const item of module.items) {
        if (item.kind !== "declaration") continue;
        const items = item.body?.groups.flat() ?? [];
        expect(item.doc, item.name.name).to.be.a("string");
        if (item.keyword === "network" && item.target !== undefined && item.parameters === undefined) {
          expect(items.some((each) => each.kind === "expect"), item.name.name).to.equal(true);
        }
      }
    });
  }
});
