import { bottleneckRatio } from "../../../src/lint/rules/bottleneck-ratio.ts";
import { channelsAlignment } from "../../../src/lint/rules/channels-alignment.ts";
import { constantDroppath } from "../../../src/lint/rules/constant-droppath.ts";
import { groupedWidth } from "../../../src/lint/rules/grouped-width.ts";
import { largeDenseHead } from "../../../src/lint/rules/large-dense-head.ts";
import { optionACost } from "../../../src/lint/rules/option-a-cost.ts";
import { optionCBottleneck } from "../../../src/lint/rules/option-c-bottleneck.ts";
import { redundantProjection } from "../../../src/lint/rules/redundant-projection.ts";
import { widthNotGrowing } from "../../../src/lint/rules/width-not-growing.ts";
import { checkRule } from "../rule-tester.ts";

/** A network around a few lines, which begin on line 3. */
const network = (lines: string, after = "", before = ""): string => `${before}network X {\n  input image: float32[N, 3, 32, 32]\n${lines}\n}\n${after}`;

checkRule(channelsAlignment, [
  { program: network("  conv(3x3, 60) -> relu -> conv(3x3, 64) -> relu -> globalavgpool -> linear(10)"), findings: [/^3:3 «conv\(3x3, 60\)» 60 channels are no multiple of 8[^]*4 of 64 places[^]*take 64 at the same speed, or 56/i] },
  { why: "60 is a multiple of 4", program: network("  conv(3x3, 60) -> relu -> conv(3x3, 64)"), thresholds: { multiple: 4 }, findings: [] },
  { why: "a hidden linear layer counts, the scores do not", program: network("  globalavgpool -> linear(100) -> relu -> linear(10)"), findings: ["3:20 «linear(100)» 100 channels"] },
  { why: "scores at every position", program: network("  conv(3x3, 64) -> relu -> conv(1x1, 21) -> softmax"), findings: [] },
  { why: "less than 8", program: network("  conv(3x3, 6) -> relu -> conv(3x3, 64)"), findings: [/take 8 at the same speed$/im] },
  { why: "groups run otherwise", program: network("  conv(3x3, 64) -> relu -> conv(3x3, 36, groups=4) -> relu -> conv(1x1, 64)"), findings: [] },
  { why: "16 / 16 channels behind a global average", program: "SEResNet20", findings: [] },
  { why: "24 and 32 channels in the stem", program: "ResNet50T", findings: [] },
]);

const UNIT = "use std.blocks { basic, stage }\nuse std.shortcuts { B }\n";
const rows = (widths: readonly number[]): string =>
  network(`  shortcuts B\n  conv(3x3, ${widths[0]}) -> bn -> relu\n${widths.map((width, index) => `  layer${index + 1}: stage(2, basic(${width})${index > 0 ? ", stride=2" : ""})`).join("\n")}`, "", UNIT);

checkRule(widthNotGrowing, [
  { program: rows([64, 64]), findings: ["8:3 «layer2: stage(2, basic(64), stride=2)» the map is thinned out and the network gets no wider: 64 channels before, 64 behind"] },
  { why: "narrower is worse", program: rows([64, 128, 32]), findings: ["9:3 «layer3: stage(2, basic(32), stride=2)» the map is thinned out and the network gets no wider: 128 channels before, 32 behind"] },
  { why: "a little wider is wider", program: rows([64, 72]), findings: [] },
  {
    why: "a branch that widens before it blurs and strides",
    program: network("  shortcuts D\n  conv(3x3, 16) -> bn -> relu\n  layer1: 2 x { residual { conv(3x3, 16) -> relu -> conv(3x3, 16) } -> relu }\n  layer2: { residual { conv(3x3, 32) -> relu -> blurpool(stride=2) -> conv(3x3, 32) } -> relu }", "", "use std.shortcuts { D }\n"),
    findings: [],
  },
  { why: "at 512 it is wide enough", program: rows([512, 512]), findings: [] },
  { why: "the stem's pool", program: "ResNet18", findings: [] },
  { why: "the first convolution and its pool, and then the second", program: network("  3 x { conv(3x3, 16) -> relu -> maxpool(2x2) }\n  conv(3x3, 16)"), findings: ["3:34 «maxpool(2x2)» the map is thinned out and the network gets no wider: 16 channels before, 16 behind"] },
  { why: "512 twice", program: "VGG16", findings: [] },
  { why: "unless that were not enough", program: "VGG16", thresholds: { enough: 1024 }, findings: [/^std\.vgg:11:7 «maxpool\(2x2\)» [^]*512 channels before, 512 behind[^]*in features\.23/] },
  { why: "dilation in place of stride", program: "ResNet50os8", findings: [] },
  { why: "wide inside of bottlenecks", program: "WRN50_2", findings: [] },
  { why: "heads beside the way", program: "GoogLeNetAuxiliary", findings: [] },
  { why: "a decoder", program: network("  enc: conv(3x3, 16) -> relu -> maxpool(2x2) -> conv(3x3, 16) -> relu -> maxpool(2x2) -> conv(3x3, 16) -> upconv(2x2, 16, stride=2)"), findings: [] },
  { program: "FPN", findings: [] },
]);

checkRule(groupedWidth, [
  { program: network("  conv(3x3, 64) -> relu\n  conv(3x3, 64, groups=32)"), findings: [/^4:3 «conv\(3x3, 64, groups=32\)» groups of 2 channels[^]*use 16 groups, of 4 channels/i] },
  { why: "groups of 4", program: network("  conv(3x3, 64) -> relu\n  conv(3x3, 64, groups=16)"), findings: [] },
  { why: "depthwise", program: network("  conv(3x3, 64) -> relu\n  conv(3x3, 64, groups=64)"), findings: [] },
  { why: "the narrower side counts", program: network("  conv(3x3, 64) -> relu\n  conv(3x3, 16, groups=8)"), findings: [/groups of 2 channels[^]*8 groups of 8 channels read and 2 written[^]*use 4 groups, of 4 channels/i] },
  { program: "ResNeXt50_32x4d", findings: [] },
  { why: "32 groups of 4 only in layer1: 128 channels", program: "ResNeXt50_32x4d", thresholds: { width: 8 }, findings: [/in 3 layers: layer1\.0\.conv2/] },
]);

checkRule(bottleneckRatio, [
  { why: "4 is the paper's", program: "ResNet50", findings: [] },
  { why: "64 to 8 groups of 64", program: "ResNeXt29_8x64d", findings: [/a convolution of 1x1 from 64 to 512 channels, a ratio of 8[^]*in layer1\.0\.conv1/] },
  { program: "ResNet50", thresholds: { ratio: 3 }, findings: [/layer1/, /layer1/, /layer2/, /layer2/, /layer3/, /layer3/, /layer4/, /layer4/] },
  { why: "outside of a residual", program: network("  conv(3x3, 256) -> relu -> conv(1x1, 16) -> relu"), findings: [] },
  { why: "squeeze and excitation with a reduction of 16", program: "SEResNet50", findings: [] },
]);

checkRule(optionCBottleneck, [
  // 40,128,552 - 25,557,032 parameters, 6,555,435,008 - 4,089,184,256 multiply-adds: options C and B of ResNet-50.
  { program: "ResNet50C", findings: [/^std\.resnet:22:3 «layer1: [^]*12 of 16 shortcuts[^]*14,571,520 parameters, 57 % more[^]*2,466,250,752 multiply-adds, 60 % more/] },
  // 107,335,720 - 60,192,808 and 20,736,376,832 - 11,282,415,616.
  { program: "ResNet152v1C", findings: [/46 of 50 shortcuts[^]*47,142,912 parameters[^]*9,453,961,216 multiply-adds/] },
  { why: "two-layer blocks", program: "ResNet34C", findings: [] },
  { program: "ResNet20C", findings: [] },
  { program: "ResNet50", findings: [] },
  { program: "ResNet50A", findings: [] },
  { why: "a policy of one's own", program: network("  shortcuts always\n  conv(3x3, 64) -> relu -> layer1: 2 x unit(16)", "block always(channels: int, stride: int[]) { conv(1x1, channels, stride=stride) }\nblock unit(w: int) { residual { conv(1x1, w) -> relu -> conv(3x3, w) -> relu -> conv(1x1, 4 * w) } -> relu }\n"), findings: [/^7:22 «residual \{[^]*shortcut always projects around bottlenecks[^]*2 of 2 shortcuts[^]*in layer1\.0/] },
  { why: "normalisation is no projection", program: network("  shortcuts norm\n  conv(3x3, 64) -> relu -> layer1: 2 x unit(16)", "block norm(channels: int, stride: int[]) { bn }\nblock unit(w: int) { residual { conv(1x1, w) -> relu -> conv(3x3, w) -> relu -> conv(1x1, 4 * w) } -> relu }\n"), findings: [] },
]);

checkRule(optionACost, [
  { why: "three blocks widen", program: "ResNet34A", findings: [/channels 64 to 127 of 128/, /channels 128 to 255 of 256/, /channels 256 to 511 of 512/] },
  { why: "a bottleneck widens fourfold", program: "ResNet50A", findings: [/^std\.resnet:22:3 [^]*channels 64 to 255 of 256/, /layer2/, /layer3/, /layer4/] },
  { why: "split on both sides", program: "ResNet20ASplit", findings: [/channels 0 to 7 and 24 to 31 of 32/, /channels 0 to 15 and 48 to 63 of 64/] },
  { program: "ResNet34", findings: [] },
  { why: "not a shortcut", program: network("  conv(3x3, 16) -> padchannels(32)"), findings: [] },
]);

const sums = (branches: string, after = ""): string => network(`  conv(3x3, 16) -> relu\n  sum { ${branches} }${after}`);

checkRule(redundantProjection, [
  { program: sums("conv(3x3, 16) -> bn -> relu -> conv(3x3, 16) -> bn | conv(1x1, 16) -> bn"), findings: [/^4:62 «conv\(1x1, 16\)» a projection between equal shapes[^]*256 parameters and 262,144 multiply-adds/] },
  { why: "from 16 to 32 channels", program: sums("conv(3x3, 32) -> relu -> conv(3x3, 32) | conv(1x1, 32)"), findings: [] },
  { why: "with a stride", program: sums("conv(3x3, 16, stride=2) | conv(1x1, 16, stride=2)"), findings: [] },
  { why: "parallel convolutions beside an identity", program: sums("conv(3x3, 16) -> bn | conv(1x1, 16) -> bn | bn"), findings: [] },
  { why: "bent on its way: a branch like any other", program: sums("conv(3x3, 16) | conv(1x1, 16) -> relu"), findings: [] },
  { why: "two of the kind: neither is the shortcut", program: sums("conv(1x1, 16) | conv(1x1, 16)"), findings: [] },
  { why: "a lateral connection: the other branch starts elsewhere", program: network("  a: conv(3x3, 16) -> relu\n  b: conv(3x3, 16) -> relu\n  sum { conv(1x1, 16) | from a -> conv(3x3, 16) }"), findings: [] },
  { why: "what a policy inserts", program: "ResNet20C", findings: [] },
  { program: "FPN", findings: [] },
]);

checkRule(largeDenseHead, [
  // 512 * 7 * 7 * 4096 + 4096 of 138,357,544; behind an average 512 * 4096 + 4096.
  { program: "VGG16", findings: [/^std\.vgg:16:11 «linear\(4096\)» [^]*102,764,544 of 138,357,544 parameters \(74 %\)[^]*it would have 2,101,248/] },
  { why: "auxiliary heads are small beside the rest", program: "GoogLeNetAuxiliary", findings: [] },
  { why: "a map of 1x1 has nothing to average", program: network("  conv(32x32, 4, pad=0) -> relu -> flatten -> linear(10000)"), findings: [] },
  { why: "dropout between them", program: network("  conv(3x3, 4) -> relu -> flatten -> dropout(0.5) -> linear(10)"), findings: ["3:54 «linear(10)»"] },
  { program: "ResNet50", findings: [] },
]);

const dropped = (keep: string, count: number): string => network(`  conv(3x3, 8) -> relu\n  for i in range(${count}) { residual { conv(3x3, 8) -> bn -> droppath(keep=${keep}) } -> relu }`);

checkRule(constantDroppath, [
  { program: dropped("0.9", 4), findings: [/^4:56 «droppath\(keep=0\.9\)» [^]*All 4 branches have keep=0\.9[^]*from 1 to 0\.8 drops as many on average: 10 %/] },
  { why: "two are too few", program: dropped("0.9", 2), findings: [] },
  { why: "falling", program: dropped("1 - 0.1 * (i + 1)", 4), findings: [] },
  { program: "StochasticDepth110", findings: [] },
]);
