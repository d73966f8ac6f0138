import { expect } from "chai";
import { lowerToLayers } from "../../src/backends/tfjs/index.ts";
import { InputError } from "../../src/base/input-error.ts";
import type { Graph } from "../../src/ir/graph.ts";
import { isUnsupported } from "../../src/ops/define-op.ts";
import type { OpRecord } from "../../src/ops/define-op.ts";
import { findOperator, operators } from "../../src/ops/registry.ts";
import { graphOf, openGraphOf } from "../support/case-graphs.ts";
import { cases } from "./cases/cases.ts";

const all: readonly OpRecord[] = Object.values(operators);
const language = all.filter(({ level }) => level === "language");

/** The operators that the language promises. */
const PROMISED = `conv upconv linear bn layernorm groupnorm lrn relu relu6 leakyrelu sigmoid silu gelu softmax maxpool avgpool globalavgpool
blurpool upsample subsample padchannels channels flatten dropout droppath scale shift gain identity residual sum mean mul concat`.split(/\s+/);

/** What becomes of a graph in TensorFlow.js, by the backend that users meet. */
function lowered(graph: Graph): "trains" | "runs" | "refused" {
  try {
    return lowerToLayers(graph).untrainable.length === 0 ? "trains" : "runs";
  } catch (error) {
    if (error instanceof InputError) return "refused";
    throw error;
  }
}

describe("operator records", () => {
  it("are those the language promises, and the ones passes need", () => {
    expect(language.length).to.be.greaterThan(30);
    expect(all.length).to.be.greaterThan(language.length + 15);
    expect(language.map(({ name }) => name)).to.have.members(PROMISED);
  });

  it("stand under their names", () => {
    for (const [key, record] of Object.entries(operators)) expect(record.name).to.equal(key);
    expect(findOperator("conv")?.name).to.equal("conv");
    expect(findOperator("constructor")).to.equal(undefined);
    expect(findOperator("basic")).to.equal(undefined);
  });

  for (const record of all) {
    it(`${record.name} has every facet or a reason`, () => {
      for (const [facet, value] of Object.entries({ gradient: record.gradient, onnx: record.lower.onnx, tfjs: record.lower.tfjs })) {
        if (isUnsupported(value)) expect(value.unsupported, facet).to.match(/\w+ \w+ \w+/);
        else if (facet === "gradient") expect(value).to.have.property("backward").that.is.a("function");
        else expect(value, facet).to.be.a("function");
      }
      expect(isUnsupported(record.lower.onnx), "ONNX says every operator").to.equal(false);
      expect(record.summary).to.match(/\.$/);
    });
  }

  for (const record of language) {
    it(`${record.name} says what TensorFlow.js does not run and not train of it, and nothing else`, () => {
      const uses = cases.filter(({ op }) => op === record.name).flatMap((one) => [graphOf(one), openGraphOf(one) ?? []].flat());
      const found = uses.map((graph) => lowered(graph));
      const { limits = {}, lower } = record;
      if (isUnsupported(lower.tfjs)) {
        expect(found.every((use) => use === "refused")).to.equal(true);
        expect(limits, "the facet has the reason").to.deep.equal({});
        return;
      }
      expect(limits.tfjs !== undefined, `limits.tfjs; ${found}`).to.equal(found.includes("refused"));
      const training = limits.tfjsTraining;
      const said = training === undefined ? "all" : isUnsupported(training) ? "none" : "some";
      const trains = found.filter((use) => use === "trains").length;
      const runs = found.filter((use) => use === "runs").length;
      expect(said, `limits.tfjsTraining; ${found}`).to.equal(runs === 0 ? "all" : trains === 0 ? "none" : "some");
    });

    it(`${record.name} is documented, trainable and has cases`, () => {
      expect(isUnsupported(record.gradient)).to.equal(false);
      expect(record.doc).to.match(/[`\w]/);
      expect(record.sample).to.match(new RegExp(`\\b${record.name}\\b`));
      expect(record.sample).to.match(/^input /);
      const names = record.attributes.map(({ name }) => name);
      expect(new Set(names).size).to.equal(names.length);
      for (const attribute of record.attributes) {
        expect(attribute.doc, attribute.name).to.match(/\.$/);
        if (typeof attribute.default === "string") expect(attribute.choices).to.include(attribute.default);
      }
      // Positional attributes come first, as arguments do.
      const positional = record.attributes.map((attribute) => attribute.positional === true);
      expect(positional).to.deep.equal([...positional].sort((a, b) => Number(b) - Number(a)));
      if (record.name !== "identity") expect(cases.some(({ op }) => op === record.name)).to.equal(true);
    });
  }

  it("take by position only what cannot be mistaken for another framework's order", () => {
    const byPosition = Object.fromEntries(
      language.flatMap(({ name, attributes }) => {
        const taken = attributes.filter(({ positional }) => positional).map((attribute) => attribute.name);
        return taken.length > 0 ? [[name, taken.join(" ")]] : [];
      }),
    );
    expect(byPosition).to.deep.equal({
      avgpool: "kernel", channels: "from to", conv: "kernel channels", dropout: "rate", linear: "features", maxpool: "kernel",
      padchannels: "channels", scale: "factor", subsample: "stride", upconv: "kernel channels", upsample: "factor",
    });
  });
});
