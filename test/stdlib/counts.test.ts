import { expect } from "chai";
import { summarize } from "../../src/index.ts";
import type { Summary } from "../../src/index.ts";
import { standardNetwork } from "../support/networks.ts";
import { countTables, projectionsOfC, roundedMacs, structures } from "./rows.ts";

const total = (numbers: readonly number[]): number => numbers.reduce((sum, each) => sum + each, 0);
const known = (shape: readonly (number | string)[]): number => shape.slice(1).reduce<number>((product, size) => product * Number(size), 1);
const convsOf = (summary: Summary) => summary.layers.filter((layer) => layer.op === "conv");
const made = (summary: Summary) => ({
  projections: total(summary.shortcuts.map((policy) => policy.inserted.filter((shortcut) => shortcut.projection).length)),
  padded: total(summary.shortcuts.map((policy) => policy.inserted.filter((shortcut) => !shortcut.projection).length)),
  identities: total(summary.shortcuts.map((policy) => policy.identities)),
});

describe("the standard library: published counts", () => {
  for (const { source, rows } of countTables) {
    describe(source, () => {
      for (const { network, settings, sizes, params, buffers, macs } of rows) {
        const given = Object.entries(settings ?? {}).map(([name, value]) => ` ${name}=${value}`).join("");
        it(`${network}${given}${sizes ? ` at ${sizes[0]!.join("x")}` : ""}: ${params.toLocaleString("en")}`, () => {
          const summary = summarize(standardNetwork(network, settings, sizes));
          expect(summary.params, "params").to.equal(params);
          if (buffers !== undefined) expect(summary.buffers, "buffers").to.equal(buffers);
          if (macs !== undefined) expect(summary.macs, "macs").to.equal(macs);
        });
      }
    });
  }

  for (const [network, macs, digits, source] of roundedMacs) {
    it(`${network}: ${macs}·10^9 multiply-adds (${source})`, () => {
      const counted = summarize(standardNetwork(network)).macs! / 1e9;
      // The paper cuts 3.86 to 3.8 and 7.57 to 7.6: half a unit of the last digit, and one for a cut.
      expect(Math.abs(counted - macs)).to.be.lessThan(digits === 1 ? 0.1 : 0.0006);
    });
  }

  for (const { network, convs, additions, projections, identities, convOutputs } of structures) {
    it(`${network}: ${convs} convolutions and batch norms, ${additions} additions, ${projections} projections, ${identities} identities`, () => {
      const summary = summarize(standardNetwork(network));
      const count = (op: string): number => summary.layers.filter((layer) => layer.op === op).length;
      expect(count("conv")).to.equal(convs);
      expect(count("bn")).to.equal(convs);
      expect(summary.layers.filter((layer) => layer.shortcut !== null).length).to.equal(additions)
      expect(count("sum")).to.equal(additions);
      expect(made(summary)).to.deep.equal({ projections, padded: 0, identities });
      expect(total(convsOf(summary).map((layer) => known(layer.output)))).to.equal(convOutputs);
    });
  }

  for (const [network, projections] of projectionsOfC) {
    it(`${network}: ${projections} projections and no identity`, () => {
      expect(made(summarize(standardNetwork(network)))).to.deep.equal({ projections, padded: 0, identities: 0 });
    });
  }

  it("ResNet-34: C has thirteen projections more than B (section 4.1); A pads three times with zeros", () => {
    const projections = (option: string): number => made(summarize(standardNetwork("ResNet34", { option }))).projections;
    expect(projections("C") - projections("B")).to.equal(13);
    expect(made(summarize(standardNetwork("ResNet34A")))).to.deep.equal({ projections: 0, padded: 3, identities: 13 });
  });

  for (const n of [3, 5, 7, 9, 18, 200]) {
    it(`CIFAR, n = ${n}: A has 2 zero-padded shortcuts and ${3 * n - 2} identities; the receptive field is 28n - 3`, () => {
      const summary = summarize(standardNetwork("CifarResNet", { n: `${n}` }));
      expect(made(summary)).to.deep.equal({ projections: 0, padded: 2, identities: 3 * n - 2 });
      expect(summary.depth).to.equal(6 * n + 2);
      expect(summary.receptiveField).to.deep.equal([28 * n - 3, 28 * n - 3]);
    });
  }

  it("plain nets have no shortcut at all", () => {
    for (const name of ["Plain18", "Plain34", "Plain20", "Plain110"]) {
      const summary = summarize(standardNetwork(name));
      expect(summary.layers.some((layer) => layer.op === "sum" || layer.inserted)).to.equal(false);
      expect(summary.shortcuts.map((policy) => policy.policy)).to.deep.equal(["none"]);
    }
  });

  it("VGG-19 has 19.6 and plain-34 3.6 billion multiply-adds, 18 % (He et al. 2015, section 3.3)", () => {
    const share = summarize(standardNetwork("Plain34")).macs! / summarize(standardNetwork("VGG19")).macs!;
    expect(share).to.be.within(0.18, 0.19);
  });

  /** Rows of Table 1 that have convolutions, in thousands. Its first (2.7K) is not what a 7x7x3x64 has (9.4K, as drawn in Fig. 3). */
  const googlenet: readonly (readonly [string, number])[] = [
    ["conv2 conv3", 112],
    ["inception3a", 159],
    ["inception3b", 380],
    ["inception4a", 364],
    ["inception4b", 437],
    ["inception4c", 463],
    ["inception4d", 580],
    ["inception4e", 840],
    ["inception5a", 1072],
    ["inception5b", 1388],
    ["fc", 1000],
  ];
  it("GoogLeNet: weights per row of Table 1 (Szegedy et al. 2014), K = 1,024; the printed ones are within 8 %", () => {
    const graph = standardNetwork("GoogLeNet");
    const weightsOf = (path: string): number =>
      total(graph.parameters.filter(({ name, role }) => role === "weight" && name.startsWith(`${path}.`)).map(({ shape }) => shape.reduce((product, size) => product * size, 1)));
    for (const [paths, printed] of googlenet) {
      const counted = total(paths.split(" ").map(weightsOf)) / 1024;
      expect(counted / printed, paths).to.be.within(0.92, 1.08);
      if (["conv2 conv3", "inception3a", "inception3b", "fc"].includes(paths)) expect(Math.abs(counted - printed), paths).to.be.at.most(1);
    }
  });
});
