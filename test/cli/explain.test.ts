import { expect } from "chai";
import type { CliHost, Output } from "../../src/cli/host.ts";
import { createNodeHost } from "../../src/cli/node-host.ts";
import { NO_COLORS } from "../../src/diagnostics/render/colors.ts";

/** Runs `rnc explain` in a terminal of so many columns. */
async function explain(args: readonly string[], columns = 100): Promise<{ code: number; out: string; err: string }> {
  const texts = { out: "", err: "" };
  const output = (name: "out" | "err"): Output => ({ write: (text) => (texts[name] += text), isTerminal: false, columns, colors: NO_COLORS });
  const host: CliHost = { ...createNodeHost(), out: output("out"), err: output("err") };
  const { main } = await import("../../src/cli/main.ts");
  const code = await main(["explain", ...args], host);
  return { code, ...texts };
}

describe("rnc explain", () => {
  const rows: readonly (readonly [string, readonly string[]])[] = [
    ["RN0501", ["RN0501 identity-on-changed-dimensions\n", "Wrong:\n", "  | the shortcut is the identity, and F changes channels 16 → 32", "Right:\n", "shortcuts B"]],
    ["rn0501", ["RN0501 identity-on-changed-dimensions"]],
    ["identity-on-changed-dimensions", ["RN0501 "]],
    ["RL41", ["RL41 deep-plain\n", "Evidence: He et al. 2015", "Weighs: warning.", "depth      20       Weighted layers", "Wrong:", "  | 34 weighted layers in a row", "Right:", "--ignore deep-plain"]],
    ["rl02", ["RL02 unlabelled-blocks", "Evidence: none", "Weighs: info.", "--select unlabelled-blocks"]],
    ["single-layer-residual", ["RL05 single-layer-residual"]],
    ["conv", ["    conv(kernel, channels, stride=1, ", "groups    int    1  ", "Example:"]],
    ["residual", ["    residual(shortcut=…) { … | … }\n"]],
    ["shortcuts", ["    shortcuts POLICY\n", "use std.shortcuts { B }"]],
    ["->", ["    LAYER -> LAYER\n"]],
    ["{", ["{ }\n", "Holds the items of a body"]],
    ["range", ["range(n) or range(first, end)"]],
    ["macs", ["expect macs == …", "Multiply-adds"]],
    ["basic", ["block basic(width: int", "width      int    required\n", "attention  block  identity\n", "use std.blocks { basic }", "As it is written:"]],
    ["ResNet50", ["network ResNet50 = ImageNetResNet(", "classes    int     1000\n", "params        25,557,032\n", "macs          4,089,184,256\n", "use std.resnet { ResNet50 }", "rnc summary ResNet50"]],
    ["CifarResNet", ["network ResNet62 = CifarResNet(n=10, option=B)", "rnc summary net.resnet#ResNet62"]],
    ["Cifar10", ["recipe Mine = Cifar10 { batch: 64 }", "--recipe Cifar10"]],
    ["std.blocks", ["basic", "bottleneck", "Two 3x3 convolutions."]],
    ["schedule", ["A field of recipes", "cosine(end=0)"]],
    ["sgd", ["For the field `optimizer` of recipes.", "momentum"]],
    ["val_error", ["Top-1 error on the validation part"]],
  ];
  for (const [name, texts] of rows) {
    it(`explains ${name}`, async () => {
      const ran = await explain([name]);
      expect(ran.code).to.equal(0);
      expect(ran.err).to.equal("");
      for (const text of texts) expect(ran.out).to.include(text);
    });
  }

  it("is Markdown of the same, on request", async () => {
    const { code, out } = await explain(["basic", "--markdown"]);
    expect(code).to.equal(0);
    expect(out).to.match(/^# basic\n\n```resnet\nblock basic\(width: int, /);
    for (const text of ["\n| parameter | type | default |\n| --- | --- | --- |\n| `width` | `int` | required |\n", "\nExample:\n\n```resnet\nuse std.blocks { basic }\n"]) expect(out).to.include(text);
    expect(out).to.match(/[^\n]\n$/);
  });

  it("lists what can be asked for", async () => {
    const { code, out } = await explain([]);
    expect(code).to.equal(0);
    for (const text of ["Words of the language: use, as, network", "Functions: ceil", "std.resnet", "RN0501", "RL41"]) expect(out).to.include(text);
  });

  it("fits a narrow terminal, but for code", async () => {
    const { out } = await explain(["conv"], 60);
    expect(out.split("\n").filter((line) => line.length > 60 && !line.startsWith("    "))).to.deep.equal([]);
  });

  it("guesses what is meant", async () => {
    expect(await explain(["convv"])).to.deep.equal({ code: 1, out: "", err: "error: nothing is called `convv`\n  help: Did you mean `conv`?\n" });
    expect((await explain(["shortcut"])).err).to.include("`shortcuts`");
    expect(await explain(["--markdwon", "conv"])).to.include({ code: 2, out: "" });
    expect(await explain(["conv", "--markdwon"])).to.include({ code: 2, out: "" });
    expect((await explain(["wibblewobble"])).err).to.include("`rnc explain` without a name prints everything it knows.");
  });
});
