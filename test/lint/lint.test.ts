import { expect } from "chai";
import { lintProgram } from "../../src/lint/lint.ts";
import type { LintOptions } from "../../src/lint/lint.ts";
import type { Finding, NetworkContext, Rule } from "../../src/lint/rule.ts";
import { defineRule } from "../../src/lint/rule.ts";
import { resolveSettings } from "../../src/lint/settings.ts";
import { listNetworks } from "../../src/program/networks.ts";
import { standardProgram } from "../../src/program/load.ts";
import { standardLibrary } from "../../src/program/standard-library.ts";
import { placeOf } from "../support/problems.ts";
import type { Files } from "../support/problems.ts";
import { openText } from "./rule-tester.ts";

/** A rule of one question, and how often it was asked. */
function probe(check: Pick<Rule, "checkModule" | "checkNetwork">): Rule {
  return defineRule({ code: "RL99", name: "probe", severity: "warning", summary: "", why: "", evidence: undefined, exceptions: "", wrong: "", right: "", ...check });
}

/** Reports every node that is a `conv`, with what `more` adds. */
const convolutions = (more: (name: string) => Partial<Finding> = () => ({})): Rule =>
  probe({
    checkNetwork({ graph, report }) {
      for (const node of graph.nodes) if (node.op === "conv") report({ message: "a convolution", ...more(node.name), at: node });
    },
  });

const settings = resolveSettings().value;

async function found(text: string, rule: Rule, { files, ...options }: LintOptions & { readonly files?: Files } = {}): Promise<readonly string[]> {
  const { problems } = lintProgram(await openText(text, files), settings, { ...options, rules: [rule] });
  return problems.map(({ primary, secondary, message, notes, code }) =>
    [`${placeOf(primary.span)}${primary.text ? ` ${primary.text}` : ""}: ${code === "RL99" ? "" : `${code} `}${message}`, ...secondary.map(({ span, text: label }) => `${placeOf(span).split(" ")[0]} ${label}`), ...notes].join(" | "),
  );
}

const USER = `use std.blocks { basic, stage }
use std.shortcuts { B }
block unit(width: int) {
  conv(3x3, width) -> bn -> relu
}
network Small {
  input image: float32[N, 3, 32, 32]
  shortcuts B
  unit(16)
  layer1: stage(2, basic(16))
  layer2: stage(1, basic(32), stride=2)
  globalavgpool -> fc: linear(10)
}
`;

describe("lint: the place of a finding", () => {
  it("is the innermost line of the linted file, with the library's line below", async () => {
    expect(await found(USER, convolutions())).to.deep.equal([
      "4:3 «conv(3x3, width)»: a convolution | in conv1, of block unit",
      "10:3 «layer1: stage(2, basic(16))»: a convolution | std.blocks:8:5 made here | std.blocks:9:5 made here | in 4 layers: layer1.0.conv1, layer1.0.conv2, layer1.1.conv1, …",
      "11:3 «layer2: stage(1, basic(32), stride=2)»: a convolution | std.blocks:8:5 made here | std.blocks:9:5 made here | std.shortcuts:28:17 made here | in 3 layers: layer2.0.conv1, layer2.0.conv2, layer2.0.downsample.0",
    ]);
  });

  it("says which shortcut made a layer", async () => {
    const rule = probe({ checkNetwork: ({ graph, report }) => graph.nodes.filter(({ origin, op }) => origin?.inserted === true && op === "conv").forEach((at) => report({ at, message: "inserted" })) });
    expect(await found(USER, rule)).to.deep.equal(["11:3 «layer2: stage(1, basic(32), stride=2)»: inserted | std.shortcuts:28:17 made here | in layer2.0.downsample.0, made by shortcut B in stage layer2"]);
  });

  it("is the name of the network for all of it, also where the text is a library's", async () => {
    const whole = probe({ checkNetwork: ({ graph, report }) => graph.instance && report({ at: graph.instance, message: `${graph.nodes.length > 10}` }) });
    expect(await found(USER, whole)).to.deep.equal(["6:9 «Small»: true"]);
    expect(await found("use std.cifar { ResNet20 }\nnetwork Mine = ResNet20\n", whole)).to.deep.equal(["2:9 «Mine»: true"]);
    const [one = ""] = await found("use std.cifar { ResNet20 }\nnetwork Mine = ResNet20\n", convolutions());
    expect(one).to.match(/^2:9 «Mine»: a convolution \| std\.cifar:\d+:3 made here \| std\.blocks:8:5 .* \| in 19 layers: conv1, layer1\.0\.conv1, layer1\.0\.conv2, …$/);
  });

  it("is in the linted file where others are imported", async () => {
    const files = { "blocks.resnet": "block unit(width: int) {\n  conv(3x3, width) -> bn -> relu\n}\n" };
    const text = 'use "blocks.resnet" { unit }\nnetwork Small {\n  input image: float32[N, 3, 32, 32]\n  a: unit(16)\n  b: unit(16)\n}\n';
    expect(await found(text, convolutions(), { files })).to.deep.equal([
      "4:3 «a: unit(16)»: a convolution | blocks.resnet:2:3 made here | in a.conv1, of block unit",
      "5:3 «b: unit(16)»: a convolution | blocks.resnet:2:3 made here | in b.conv1, of block unit",
    ]);
  });

  it("is in a module of the library when that is what is linted", () => {
    const module = standardLibrary.get("std.wide");
    if (!module) throw new Error("no module");
    const { problems } = lintProgram(standardProgram(module), settings, { rules: [convolutions()] });
    expect(problems.length).to.be.greaterThan(2);
    for (const { primary } of problems) expect(primary.span.source.path).to.equal("std.wide");
  });

  it("of a block is where it is used", async () => {
    const rule = probe({ checkNetwork: ({ instances, report }) => instances.filter(({ declaration }) => declaration === "residual").forEach((at) => report({ at, message: "a residual", label: "this" })) });
    expect(await found(USER, rule)).to.deep.equal([
      "10:3 «layer1: stage(2, basic(16))»: a residual | std.blocks:7:3 this | in 2 blocks: layer1.0, layer1.1",
      "11:3 «layer2: stage(1, basic(32), stride=2)»: a residual | std.blocks:7:3 this | in layer2.0, of block basic in stage layer2",
    ]);
  });
});

describe("lint: a network", () => {
  const net = (rest: string): string => `network Mine {\n  input image: float32[N, 3, 32, 32]\n  conv(3x3, 16) -> relu\n${rest}}\n`;

  it("is looked at where only its contracts are broken", async () => {
    const { problems } = lintProgram(await openText(net("  expect params == 1\n")), settings, { rules: [convolutions()] });
    expect(problems.map(({ code }) => code)).to.deep.equal(["RL99", "RN0901"]);
  });

  it("is not where anything else is wrong, too", async () => {
    const { problems } = lintProgram(await openText(net("  conv(3x3, wdth)\n  expect params == 1\n")), settings, { rules: [convolutions()] });
    expect(problems.map(({ code }) => code)).to.deep.equal(["RN0201"]);
  });
});

describe("lint: one finding", () => {
  it("says once what holds everywhere, and for the first blocks what differs", async () => {
    const [, second] = await found(USER, convolutions((name) => ({ notes: ["the same", name.slice(-7)] })));
    expect(second).to.include("the same | layer1.0.conv1: 0.conv1 | layer1.0.conv2: 0.conv2 | layer1.1.conv1: 1.conv1 | 1 more, with other numbers");
    const [, merged] = await found(USER, convolutions(() => ({ notes: ["the same"] })));
    expect(merged).to.match(/made here \| the same \| in 4 layers/);
  });

  it("names the networks of a file that has several", async () => {
    const text = `${USER}network Large = Small\nnetwork Mine = Small\nnetwork More = Small\n`;
    const [first, second] = await found(text, convolutions());
    expect(first).to.equal("4:3 «conv(3x3, width)»: a convolution | in conv1, of block unit, in 4 networks: Small, Large, Mine, …");
    expect(second).to.match(/in 4 layers: layer1.0.conv1, layer1.0.conv2, layer1.1.conv1, … \| in 4 networks: Small, Large, Mine, …$/);
    const whole = probe({ checkNetwork: ({ graph, report }) => graph.instance && report({ at: graph.instance, message: "whole" }) });
    expect(await found(text, whole)).to.deep.equal(["6:9 «Small»: whole", "14:9 «Large»: whole", "15:9 «Mine»: whole", "16:9 «More»: whole"]);
  });

  it("is another one where the message is another, or the line", async () => {
    expect(await found(USER, convolutions((name) => ({ message: name })))).to.have.length(8);
  });
});

describe("lint: what is asked", () => {
  const asked = (log: string[]): Rule => probe({ checkModule: () => void log.push("text"), checkNetwork: ({ graph }) => void log.push(graph.name) });

  it("is the text once and every network that can be built, once", async () => {
    const log: string[] = [];
    expect(await found(`${USER}network Large = Small\nnetwork Open(n: int) {\n  input image: float32[N, 3, 32, 32]\n  n x conv(3x3, 8)\n}\n`, asked(log))).to.deep.equal([]);
    expect(log).to.deep.equal(["text", "Small", "Large"]);
  });

  it("is one network when one is named, with values and sizes", async () => {
    const text = "network Open(n: int) {\n  input image: float32[N, 3, H, W]\n  n x conv(3x3, 8)\n}\nnetwork Other {\n  input image: float32[N, 3, 8, 8]\n  relu\n}\n";
    const program = await openText(text);
    const seen: string[] = [];
    const rule = probe({ checkNetwork: ({ graph, total }) => void seen.push(`${graph.name} ${total.macs}`) });
    const [network] = listNetworks(program);
    if (!network) throw new Error("no network");
    lintProgram(program, settings, { network, build: { settings: { n: "2" }, sizes: [[1, 3, 4, 4]] }, rules: [rule] });
    lintProgram(program, settings, { build: { settings: { n: "1" } }, rules: [rule] });
    // 3·8·9 + 8·8·9 weights at 16 positions; an open size has no count.
    expect(seen).to.deep.equal(["Open 12672", "Open undefined"]);
  });

  it("goes on beside errors, and leaves out what has them", async () => {
    const log: string[] = [];
    const problems = await found(`${USER}network Broken {\n  input image: float32[N, 3, 32, 32]\n  nothing_like_it(3)\n}\n`, asked(log));
    expect(problems).to.have.length(1);
    expect(problems[0]).to.include("RN0201");
    expect(log).to.deep.equal(["text", "Small"]);
  });

  it("is no text that could not be read", async () => {
    const log: string[] = [];
    const problems = await found(`${USER}network Broken {\n  input image: float32[N, 3, 32, 32\n  relu ) relu\n}\n`, asked(log));
    expect(problems.length).to.be.greaterThan(0);
    expect(log).to.deep.equal(["Small"]);
  });

  it("is no rule whose findings nobody would see", async () => {
    const log: string[] = [];
    const rule = { ...asked(log), severity: "info" as const };
    lintProgram(await openText(USER), settings, { rules: [rule] });
    expect(log).to.deep.equal([]);
    lintProgram(await openText(USER), resolveSettings({ severity: "info" }).value, { rules: [rule] });
    expect(log).to.deep.equal(["text", "Small"]);
  });

  it("never crashes, whatever the text", async () => {
    for (const text of ["", "\n", "// rnc-ignore", "network", "network A {", "network A = A", "use std.cifar { ResNet20 }\nnetwork A = ResNet20 {", "\u0000", "block b(x: int) { x x b(x) }\n"]) {
      const { problems } = lintProgram(await openText(text), resolveSettings({ severity: "info" }).value);
      expect(problems, JSON.stringify(text)).to.satisfy(Array.isArray);
    }
  });
});

describe("lint: what rules know of a network", () => {
  async function contextOf(text: string): Promise<NetworkContext> {
    const contexts: NetworkContext[] = [];
    await found(text, probe({ checkNetwork: (context) => void contexts.push(context) }));
    const [context] = contexts;
    if (!context) throw new Error("no network was asked about");
    return context;
  }

  it("has the readers of a value, each once and in order", async () => {
    const { graph, consumersOf } = await contextOf("network Net {\n  input image: float32[N, 3, 8, 8]\n  a: conv(3x3, 3)\n  mul { from a | from a }\n  sum { relu | from a }\n}\n");
    const [image] = graph.inputs;
    const [first] = graph.nodes;
    const [result] = graph.outputs;
    if (!image || !first || !result) throw new Error("no graph");
    expect(consumersOf(image).map(({ name }) => name)).to.deep.equal(["a"]);
    expect(first.outputs.flatMap(consumersOf).map(({ op }) => op)).to.deep.equal(["mul", "sum"]);
    expect(consumersOf(result.value)).to.deep.equal([]);
  });

  it("has every instance once, outer ones first, with the nodes in it", async () => {
    const { graph, instances, nodesOf } = await contextOf(USER);
    const rows = instances.map(({ kind, declaration, path }) => `${kind} ${declaration} ${path}`.trim());
    expect(rows).to.deep.equal([
      "network Small",
      "block unit",
      "block stage layer1",
      "block basic layer1.0",
      "join residual layer1.0",
      "block basic layer1.1",
      "join residual layer1.1",
      "block stage layer2",
      "block basic layer2.0",
      "join residual layer2.0",
      "block B layer2.0",
      "block C layer2.0",
      "group  layer2.0.downsample",
    ]);
    expect(new Set(instances).size).to.equal(instances.length);
    const sizes = instances.map((instance) => nodesOf(instance).length);
    // conv bn relu; two basics of conv bn relu conv bn sum relu; one with a projection; pool and classifier.
    expect(sizes).to.deep.equal([28, 3, 14, 7, 6, 7, 6, 9, 9, 8, 2, 2, 2]);
    expect(nodesOf(instances[0]!)).to.deep.equal(graph.nodes);
  });
});
