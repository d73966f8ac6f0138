import { expect } from "chai";
import type { CliHost, Output } from "../../src/cli/host.ts";
import { NO_COLORS } from "../../src/diagnostics/render/colors.ts";

const TEXT = `use std.blocks { basic, stage }
network Small(n: int = 1, option: block = residual_option) {
  input image: float32[N, 3, 16, 16]
  shortcuts option
  conv(3x3, 8) -> bn -> relu
  row: stage(n, basic(16), stride=2)
  globalavgpool -> fc: linear(10)
}
block residual_option(channels: int, stride: int[]) { adapt: { conv(1, channels, stride=stride) } }
network Open { input image: float32[N, 3, H, W]
  conv(3x3, 8)
}
network Broken { input image: float32[N, 3, 8, 8]
  basic(8, stride=2)
}
`;

/** Runs a command line against one file, `net.resnet`. */
async function rnc(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const texts = { out: "", err: "" };
  const output = (name: "out" | "err"): Output => ({ write: (text) => (texts[name] += text), isTerminal: false, columns: 100, colors: NO_COLORS });
  const host: CliHost = {
    out: output("out"),
    err: output("err"),
    files: { resolve: (_importer, path) => path, read: async () => undefined },
    pathKind: (path) => (path === "net.resnet" ? "file" : path === "." ? "folder" : "missing"),
    list: () => ["net.resnet"],
    readText: async () => TEXT,
    openBytes: async () => Promise.reject(new Error("no bytes here")),
  };
  // Loaded the way the commands are, so that both see the same classes of errors.
  const { main } = await import("../../src/cli/main.ts");
  const code = await main(args, host);
  return { code, ...texts };
}

describe("rnc summary", () => {
  it("prints layers, totals and what was inserted", async () => {
    const { code, out, err } = await rnc("summary", "net.resnet#Small");
    expect([code, err]).to.deep.equal([0, ""]);
    expect(out).to.equal(`Small

layer            operator                output          params     MACs  field  shortcut
conv1            conv 3x3, 8             [N, 8, 16, 16]     216   55,296      3
bn1              bn                      [N, 8, 16, 16]      16               3
relu1            relu                    [N, 8, 16, 16]                       3
row.0.conv1      conv 3x3, 16, stride 2  [N, 16, 8, 8]    1,152   73,728      5
row.0.bn1        bn                      [N, 16, 8, 8]       32               5
row.0.relu1      relu                    [N, 16, 8, 8]                        5
row.0.conv2      conv 3x3, 16            [N, 16, 8, 8]    2,304  147,456      9
row.0.bn2        bn                      [N, 16, 8, 8]       32               9
row.0.adapt.0    conv 1x1, 16, stride 2  [N, 16, 8, 8]      128    8,192      3  + inserted
row.0.residual1  sum                     [N, 16, 8, 8]                        9  adds what residual_option made
row.0.relu2      relu                    [N, 16, 8, 8]                        9
globalavgpool1   globalavgpool           [N, 16]
fc               linear 10               [N, 10]            170      160
${"-".repeat(111)}
total                                                     4,050  284,832

input          image: float32[N, 3, 16, 16]
output         output: float32[N, 10]
params         4,050, and 80 running statistics
multiply-adds  284,832
depth          4 layers with weights on the longest path, shortcuts not counted
field          9 pixels at most; through the shortest path at most 9
memory         16.4 kB of activations at a time (float32, batch 1, inference)
shortcuts      1 projection (option residual_option): row.0.adapt.0
`);
  });

  it("folds, counts by a convention, prints Markdown and JSON", async () => {
    const folded = await rnc("summary", "net.resnet#Small", "--depth", "1", "--set", "n=2");
    expect(folded.out).to.match(/\nrow +stage, 16 layers +\[N, 16, 8, 8\] +[\d,]+ +[\d,]+ +17 +\+ 2 inserted\n/);
    expect(folded.out).not.to.contain("row.0.conv1");
    const timm = await rnc("summary", "net.resnet#Small", "--convention", "timm");
    expect(timm.out).to.contain("MACs (timm)");
    for (const name of ["paper", "torchvision", "timm", "flops"]) expect(timm.out).to.match(new RegExp(`\n${name} +[\\d,]+`));
    expect((await rnc("summary", "net.resnet#Small", "--markdown")).out).to.contain("| fc | linear 10 | [N, 10] | 170 | 160 |  |  |");
    const json = JSON.parse((await rnc("summary", "net.resnet#Small", "--json", "--set", "option=none")).out) as { params: number; shortcuts: { none: number }[] };
    expect([json.params, json.shortcuts[0]?.none]).to.deep.equal([4_050 - 128, 1]);
  });

  it("says what is open, and takes sizes", async () => {
    const open = await rnc("summary", "net.resnet#Open");
    expect(open.out).to.contain("multiply-adds  open until sizes are given: `--input 1x3x224x224`");
    expect((await rnc("summary", "net.resnet#Open", "--input", "1x3x8x8")).out).to.contain("multiply-adds  13,824");
  });

  it("ends with 1 for a broken network and with 2 for wrong usage", async () => {
    const broken = await rnc("summary", "net.resnet#Broken");
    expect([broken.code, broken.out]).to.deep.equal([1, ""]);
    expect(broken.err).to.contain("RN0501");
    const unknown = await rnc("summary", "net.resnet#Small", "--convention", "tim");
    expect([unknown.code, unknown.err]).to.deep.equal([2, "error: there is no convention `tim`\n  help: Conventions are paper, torchvision, timm, flops.\n"]);
    expect((await rnc("summary", "net.resnet#Small", "--depth", "0")).code).to.equal(2);
    expect((await rnc("summary", "net.resnet#Small", "--json", "--markdown")).code).to.equal(2);
  });
});

describe("rnc compare", () => {
  it("puts files and standard networks side by side", async () => {
    const { code, out, err } = await rnc("compare", "VGG19", "Plain34", "net.resnet#Small");
    expect([code, err]).to.deep.equal([0, ""]);
    expect(out).to.match(/^output size +VGG19 +Plain34 +Small\n/);
    expect(out).to.match(/\nmultiply-adds, of VGG19 +100\.0 % +18\.6 % +0\.0 %\n/);
    expect(out).to.match(/\n8x8 +row: \[3x3, 16; 3x3, 16\]\n/);
  });

  it("prints JSON with stages and ratios", async () => {
    const { out } = await rnc("compare", "Plain20", "ResNet20C", "--json");
    const json = JSON.parse(out) as { rows: { size: string }[]; networks: { network: string; ratio: { params: number } }[] };
    expect(json.rows.map((row) => row.size)).to.deep.equal(["32x32", "16x16", "8x8", "1x1"]);
    expect(json.networks.map(({ network, ratio }) => `${network} ${ratio.params}`)).to.deep.equal(["Plain20 1", `ResNet20C ${283_962 / 269_722}`]);
  });

  it("needs two networks, and reports those that do not build", async () => {
    const one = await rnc("compare", "VGG19");
    expect(one.code).to.equal(2);
    expect(one.err).to.contain("rnc compare VGG19 Plain34 ResNet34");
    const broken = await rnc("compare", "ResNet20", "net.resnet#Broken");
    expect([broken.code, broken.out]).to.deep.equal([1, ""]);
  });
});
