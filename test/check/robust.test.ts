import { expect } from "chai";
import fc from "fast-check";
import { knownShape } from "../../src/ir/tensor-type.ts";
import { loadProgram } from "../../src/program/load.ts";
import { checkProgram } from "../../src/program/networks.ts";
import { evaluate } from "../support/interpreter/evaluate.ts";
import { feedsFor } from "../support/graphs.ts";
import { problemsOf } from "../support/problems.ts";

const codes = async (text: string): Promise<string[]> => [...new Set((await problemsOf(text)).map(({ code }) => code))];
const net = (lines: string, name = "Net"): string => `network ${name} {\n  input image: float32[N, 3, 8, 8]\n  ${lines}\n}\n`;
const row = (n: number, line: (i: number) => string): string => Array.from({ length: n }, (_, i) => line(i)).join("\n");

describe("check: elaboration always ends", () => {
  const runaways: Record<string, { readonly text: string; readonly codes: readonly string[] }> = {
    "a thousand million repetitions": { text: net("1_000_000_000 x { }"), codes: ["RN0801"] },
    "a thousand million passes": { text: net("for i in range(1_000_000_000) { relu }"), codes: ["RN0801"] },
    "repetitions in repetitions": { text: net("1000 x { 1000 x { relu } }"), codes: ["RN0801"] },
    "a block handed to itself": { text: `block w(b: block) { b(b) }\n${net("w(w)")}`, codes: ["RN0802"] },
    "a block that holds itself": { text: `block w { w }\n${net("w")}`, codes: ["RN0802"] },
    "two blocks that hold each other": { text: `block a { b }\nblock b { a }\n${net("a")}`, codes: ["RN0802"] },
    "a block that doubles itself": { text: `block d(u: block) { u -> u }\n${net(`${"d(".repeat(30)}relu${")".repeat(30)}`)}`, codes: ["RN0801"] },
    "braces in 60 blocks of braces": {
      text: `${row(61, (i) => `block b${i} { ${"{ ".repeat(50)}${i < 60 ? `b${i + 1}` : "relu"}${" }".repeat(50)} }`)}\n${net("b0")}`,
      codes: ["RN0802"],
    },
    "a network that is its own alias": { text: "network A = A", codes: ["RN0802"] },
    "aliases in a circle": { text: "network A = B\nnetwork B = C\nnetwork C = A", codes: ["RN0802"] },
    "two thousand aliases in a row": { text: `${net("relu", "A0")}${row(2_000, (i) => `network A${i + 1} = A${i}`)}`, codes: ["RN0802"] },
    "squares of squares": { text: `let a0 = 3\n${row(40, (i) => `let a${i + 1} = a${i} * a${i}`)}\n${net("relu")}`, codes: ["RN0803"] },
    "an exponent of a thousand million": { text: net("conv(3x3, 1e999999999)"), codes: ["RN0803"] },
    "a size of a million digits": { text: net(`conv(${"9".repeat(1_000_000)}x3, 8)`), codes: ["RN0803"] },
    "more channels than can be counted": { text: net("conv(3x3, 9_007_199_254_740_991)"), codes: ["RN0803"] },
    "lists that double": {
      text: `let a0 = [1]\nlet b0 = [1]\n${row(60, (i) => `let a${i + 1} = [a${i}, a${i}]\nlet b${i + 1} = [b${i}, b${i}]`)}\n${net("if a60 == b60 { relu }")}`,
      codes: ["RN0801"],
    },
    "a list that doubles, in a message": { text: `let a0 = [1]\n${row(60, (i) => `let a${i + 1} = [a${i}, a${i}]`)}\nblock k(n: int) { relu }\n${net("k(a60)")}`, codes: ["RN0302"] },
    "long lists made over and over": { text: net("for i in range(100_000) { let q = total(range(90_000)) }"), codes: ["RN0801"] },
  };
  for (const [name, { text, codes: expected }] of Object.entries(runaways)) {
    it(`${name}: ${expected.join(", ")}`, async () => {
      expect(await codes(text)).to.deep.equal(expected);
    }).timeout(30_000);
  }

  it("files that import each other are one mistake each", async () => {
    const problems = await problemsOf(`use "b.resnet" { B }\n${net("relu")}`, { "b.resnet": `use "main.resnet" { Net }\nblock B { relu }` });
    expect(problems.map(({ code }) => code)).to.include("RN0203");
    expect(problems.every(({ code }) => code === "RN0203")).to.equal(true);
  });
});

/** Random networks of layers that mostly fit: small enough to be executed. */
const layer = fc.oneof(
  fc.record({ k: fc.constantFrom("1x1", "3x3", "2x2", "5x5"), c: fc.integer({ min: 1, max: 6 }), s: fc.integer({ min: 1, max: 3 }), d: fc.integer({ min: 1, max: 2 }), pad: fc.constantFrom("", ", pad=0", ", pad=1") })
    .map(({ k, c, s, d, pad }) => `conv(${k}, ${c}, stride=${s}, dilation=${d}${pad})`),
  fc.record({ op: fc.constantFrom("maxpool", "avgpool"), k: fc.integer({ min: 1, max: 4 }), s: fc.integer({ min: 1, max: 3 }), ceil: fc.boolean() })
    .map(({ op, k, s, ceil }) => `${op}(${k}, stride=${s}, ceil=${ceil})`),
  fc.constantFrom("relu", "bn", "bn(eps=1e-3)", "gelu", "relu6", "silu", "identity", "subsample(2)", "padchannels(8)", "padchannels(9, where=\"split\")", "scale(0.5)", "gain(init=0)", "upsample(2)", "blurpool", "dropout(0.5)", "softmax", "globalavgpool(keep=true)", "channels(0, 1)"),
);
const join = fc.tuple(fc.constantFrom("sum", "mean", "mul", "concat"), fc.array(layer, { minLength: 1, maxLength: 2 }), fc.array(layer, { minLength: 1, maxLength: 2 }))
  .map(([op, a, b]) => `${op} { ${a.join(" -> ")} | ${b.join(" -> ")} }`);
const residual = fc.tuple(fc.constantFrom("A", "B", "C", "D", "none", "identity"), fc.array(layer, { minLength: 1, maxLength: 3 }))
  .map(([policy, f]) => `residual(${policy}) { ${f.join(" -> ")} }`);
const body = fc.array(fc.oneof({ weight: 5, arbitrary: layer }, join, residual), { minLength: 1, maxLength: 5 });
const head = fc.constantFrom("", "globalavgpool -> linear(3)", "flatten -> linear(2)");
const program = fc.tuple(fc.integer({ min: 3, max: 9 }), fc.integer({ min: 3, max: 9 }), body, head)
  .map(([h, w, lines, end]) => `use std.shortcuts { A, B, C, D }\nnetwork Net {\n  input image: float32[N, 3, ${h}, ${w}]\n  ${[...lines, end].filter(Boolean).join("\n  ")}\n}\n`);

describe("check: random networks", () => {
  it("never throws, and where it finds nothing wrong the shapes are those of the network when it runs", async () => {
    let executed = 0;
    await fc.assert(
      fc.asyncProperty(program, async (text) => {
        const checked = checkProgram(await loadProgram({ path: "main.resnet", text, standard: false }));
        const graph = checked.value[0]?.graph;
        if (!graph) {
          expect(checked.problems.length, "no graph and nothing said").to.be.greaterThan(0);
          return;
        }
        executed++;
        const results = evaluate(graph, feedsFor(graph, 1, { N: 2 }));
        for (const { name, value } of graph.outputs) {
          const shape = knownShape([2, ...value.type.shape.slice(1)]);
          expect(results[name]?.shape, text).to.deep.equal(shape);
        }
      }),
      { numRuns: 150, seed: 20151210 },
    );
    expect(executed, "networks that were executed").to.be.greaterThan(30);
  }).timeout(120_000);

  const word = fc.constantFrom("network", "block", "Net", "{", "}", "(", ")", "[", "]", "->", "|", "x", "3x3", "16", "conv", "bn", "relu", "residual", "sum", "from", "in", ".", ",", ":", "=", "==", "if", "else", "for", "i", "range", "let", "input", "image", "float32", "N", "output", "expect", "params", "shortcuts", "B", "require", "\n", "\n", "-", "/", "not", "none", "use", "std", "\"t\"", "true", "1e3");
  it("never throws on random words inside a network", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(word, { maxLength: 60 }), async (words) => {
        await problemsOf(`use std.shortcuts { B }\nblock w(n: int = 3) { ${words.slice(0, 20).join(" ")} }\nnetwork Net {\n input image: float32[N, 3, 8, 8]\n ${words.join(" ")}\n}\n`);
      }),
      { numRuns: 400, seed: 1512 },
    );
  }).timeout(120_000);
});
