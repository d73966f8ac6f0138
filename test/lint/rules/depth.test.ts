import { deepPlain } from "../../../src/lint/rules/deep-plain.ts";
import { unequalStages } from "../../../src/lint/rules/unequal-stages.ts";
import { checkRule } from "../rule-tester.ts";

/** A network around a few lines, which begin on line 3. */
const network = (lines: string, after = ""): string => `network X {\n  input image: float32[N, 3, 32, 32]\n${lines}\n}\n${after}`;

checkRule(deepPlain, [
  { why: "21 in a row, 20 in a row", program: network("  21 x { conv(3x3, 8) -> relu }"), findings: ["1:9 «X» 21 weighted layers in a row without a shortcut"] },
  { program: network("  20 x { conv(3x3, 8) -> relu }"), findings: [] },
  { program: network("  20 x { conv(3x3, 8) -> relu }"), thresholds: { depth: 10 }, findings: ["1:9 «X» 20 weighted layers"] },
  { program: "Plain34", findings: [/34 weighted layers in a row[^]*28\.54 %[^]*The shortcut option `none` takes the other path from 16 residuals/] },
  { program: "Plain18", findings: [] },
  { program: "Plain20", findings: [] },
  { program: "VGG19", findings: [] },
  { program: "ResNet152C", findings: [] },
  { program: "GoogLeNet", findings: [] },
  { why: "projections by hand are shortcuts", program: network("  conv(3x3, 8)\n  15 x { sum { conv(3x3, 8) -> relu -> conv(3x3, 8) | conv(1x1, 8) -> bn } -> relu }"), findings: [] },
  { why: "gates are none", program: network("  21 x { conv(3x3, 8) -> relu -> mul { identity | globalavgpool(keep=true) -> conv(1x1, 8) -> sigmoid } }"), findings: ["1:9 «X» 21 weighted layers in a row without a shortcut"] },
  { why: "dense connections", program: network("  conv(3x3, 8)\n  25 x { concat { identity | conv(3x3, 2) } }"), findings: [] },
]);

const UNIT = "block unit(width: int, stride: int = 1) {\n  residual { conv(3x3, width, stride=stride) -> bn -> relu -> conv(3x3, width) -> bn }\n  relu\n}\n";
const NECK = "block neck(width: int, stride: int = 1) {\n  residual { conv(1x1, width) -> bn -> relu -> conv(3x3, width, stride=stride) -> bn -> relu -> conv(1x1, 4 * width) -> bn }\n  relu\n}\n";
const rows = (unit: string, [a, b, c]: readonly [number, number, number], option = "B"): string =>
  `use std.blocks { stage }\nuse std.shortcuts { B }\n${network(`  shortcuts ${option}\n  conv(3x3, 16) -> bn -> relu\n  stage(${a}, ${unit}(16)) -> stage(${b}, ${unit}(32), stride=2) -> stage(${c}, ${unit}(64), stride=2)\n  globalavgpool -> linear(10)`, UNIT + NECK)}`;

checkRule(unequalStages, [
  { why: "2 * 14 + 2 = 30 layers; 6n+2 is 26 and 32", program: rows("unit", [4, 5, 5]), findings: [/^3:9 «X» stages of 4, 5, 5 blocks: 30 layers are not of the form 6n\+2[^]*4 blocks a stage, 26 layers, or 5 blocks a stage, 32 layers/] },
  { why: "3 * 5 + 2 = 17 layers of bottlenecks; 9n+2 is 11 and 20", program: rows("neck", [1, 2, 2]), findings: [/17 layers are not of the form 9n\+2[^]*1 blocks? a stage, 11 layers, or 2 blocks a stage, 20 layers/] },
  { why: "a depth that fits, shared out otherwise", program: rows("unit", [2, 3, 4]), findings: [/stages of 2, 3, 4 blocks, where the form with 20 = 6n\+2 layers has 3 in each[^]*3 blocks a stage, 20 layers/] },
  { why: "plain networks have stages, too", program: rows("unit", [2, 1, 1], "none"), findings: ["3:9 «X» stages of 2, 1, 1 blocks"] },
  { program: rows("unit", [3, 3, 3]), findings: [] },
  { why: "four stages are another form", program: "SmallImageResNet34", findings: [] },
  { why: "images of another size are another form", program: rows("unit", [4, 5, 5]).replace("32, 32", "64, 64"), findings: [] },
  { program: "ResNet110", findings: [] },
  { program: "PreAct164", findings: [] },
  { program: "WRN28_10", findings: [] },
]);
