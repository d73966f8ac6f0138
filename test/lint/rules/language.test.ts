import { ineffectiveShortcuts } from "../../../src/lint/rules/ineffective-shortcuts.ts";
import { repeatedOperator } from "../../../src/lint/rules/repeated-operator.ts";
import { repeatedStride } from "../../../src/lint/rules/repeated-stride.ts";
import { singleLayerResidual } from "../../../src/lint/rules/single-layer-residual.ts";
import { strayDocComment } from "../../../src/lint/rules/stray-doc-comment.ts";
import { unlabelledBlocks } from "../../../src/lint/rules/unlabelled-blocks.ts";
import { unused } from "../../../src/lint/rules/unused.ts";
import { checkRule } from "../rule-tester.ts";

/** A network around a few lines, which begin on line 3. */
const network = (lines: string, before = ""): string => `network X {\n  input image: float32[N, 3, 32, 32]\n${lines}\n}\n${before}`;
const UNIT = "block unit(width: int, stride: int = 1) {\n  residual { conv(3x3, width, stride=stride) -> bn -> relu -> conv(3x3, width) -> bn }\n  relu\n}\n";
const OPTION = "block project(channels: int, stride: int[]) { conv(1x1, channels, stride=stride) }\n";

checkRule(repeatedOperator, [
  { program: network("  3 x conv(3x3, 8) -> bn -> relu -> maxpool(2x2)"), findings: ["3:3 «3 x conv(3x3, 8)» `x` repeats `conv` alone: `bn`, `relu` come once, after the last of them"] },
  { program: network("  body: 2 x conv(3x3, 8) -> relu"), findings: ["3:3 «body: 2 x conv(3x3, 8)» `x` repeats `conv` alone: `relu` comes once, after the last of them"] },
  { why: "on lines of their own", program: network("  3 x conv(3x3, 8)\n    -> bn"), findings: ["3:3 «3 x conv(3x3, 8)»"] },
  { why: "braces repeat all of it", program: network("  3 x { conv(3x3, 8) -> bn -> relu }"), findings: [] },
  { why: "a block has its own activations", program: network("  3 x unit(3) -> relu", UNIT), findings: [] },
  { why: "a pool after a row of convolutions belongs to nothing", program: network("  3 x conv(3x3, 8) -> maxpool(2x2)"), findings: [] },
  { why: "the next line is a step of its own", program: network("  3 x conv(3x3, 8)\n  bn"), findings: [] },
  { why: "a parameter of that name may be any block", program: `block row(conv: block) { 3 x conv -> relu }\n${network("  row(relu)")}`, findings: [] },
]);

checkRule(unlabelledBlocks, [
  { program: network("  conv(3x3, 16)\n  2 x unit(16)\n  for i in range(2) { unit(16) }", UNIT), findings: ["4:7 «unit(16)» repeated blocks without a label", /^5:23 «unit\(16\)»[^]*2\.conv1/] },
  { why: "in a block of the library that dissolves", program: `use std.blocks { basic, stage }\n${network("  conv(3x3, 16)\n  stage(2, basic(16))")}`, findings: ["5:3 «stage(2, basic(16))»"] },
  { program: network("  conv(3x3, 16)\n  layer1: 2 x unit(16)\n  layer2: for i in range(2) { unit(16) }", UNIT), findings: [] },
  { why: "a single block dissolves, and operators are called after their kind", program: network("  conv(3x3, 16) -> unit(16)\n  2 x conv(3x3, 16)", UNIT), findings: [] },
  { why: "inside of a labelled block numbers have a name before them", program: network("  conv(3x3, 16) -> body: row(2)", `${UNIT}block row(n: int) { n x unit(16) }\n`), findings: [] },
]);

checkRule(unused, [
  {
    why: "imports, alone and among others, under the name they have here",
    program: `use std.blocks { basic as unit, stage }\nuse std.shortcuts { B }\n${network("  conv(3x3, 16) -> unit(16)")}`,
    findings: ["1:33 «stage» the import `stage` is never used", "2:21 «B» the import `B` is never used"],
  },
  {
    why: "a value that is used by another alone is used, and so is one in a length, a default, a type",
    program: "block row(n: int, each: int[n], last: int = each[0]) {\n  let half = last / 2\n  let quarter = half / 2\n  conv(1x1, half)\n}\nnetwork X(side: int = 32) {\n  input image: float32[N, 3, side, side]\n  row(1, [8])\n}\n",
    findings: ["3:7 «quarter» the value `quarter` is never used"],
  },
  { why: "values of a file may be imported by another", program: `let width = 8\n${network("  relu")}`, findings: [] },
  { why: "a value in a loop and in the arms of an `if`", program: network("  for w in [8, 16] {\n    let half = w / 2\n    let other = w\n    conv(3x3, half)\n  }\n  if true { let k = 3 } else { let k = 5 }"), findings: ["5:9 «other»", "8:17 «k»", "8:36 «k»"] },
  { why: "the count of a loop is nobody's business", program: network("  for i in range(3) { relu }"), findings: [] },
  { program: "block unit(width: int, spare: int = 1) { conv(3x3, width) }\nnetwork X(depth: int = 3) {\n  input image: float32[N, 3, 8, 8]\n  unit(8)\n}\n", findings: ["1:24 «spare» the parameter `spare` is never used", "2:11 «depth» the parameter `depth` is never used"] },
  { why: "what a block is handed on with, others decide", program: `use std.blocks { stage }\nblock unit(width: int, stride: int = 1) { conv(3x3, width) }\n${network("  stage(2, unit(8))")}`, findings: [] },
  { why: "a shortcut option takes what it is told", program: `block widen(channels: int, stride: int[]) { conv(1x1, channels) }\n${network("  residual(widen) { conv(3x3, 8) -> relu -> conv(3x3, 8) }\n  widen(8, 1)")}`, findings: [] },
  { why: "a block that nothing here uses is for other files", program: "block unit(width: int, stride: int = 1) { conv(3x3, width) }\n", findings: [] },
  { why: "labels that name parameters, or that somebody asks for", program: network("  a: conv(3x3, 8) -> b: relu -> c: identity -> d: identity -> e: from b\n  sum { identity | from c } -> out: identity\n  output out"), findings: ["3:48 «d» the label `d` is never used", "3:63 «e» the label `e` is never used"] },
  { why: "a recipe of parameters", program: "recipe R(n: int, m: int = 2) {\n  batch: n\n}\nrecipe Q = R(4)\n", findings: ["1:18 «m» the parameter `m` is never used"] },
]);

checkRule(strayDocComment, [
  { why: "documentation of the file, of a block, of a network", program: `/// The file.\n\n/// A block,\n/// in two lines.\nblock a { relu }\n/// A network.\n${network("  a")}`, findings: [] },
  { why: "above an import, a value, a line of a body", program: `/// Units.\nuse std.blocks { basic }\n/// Wide.\nlet width = 8\n${network("  /// First.\n  /// Second.\n  conv(3x3, width) -> basic(width)")}`, findings: ["1:1 «/// Units.» this `///` documents nothing", "3:1 «/// Wide.»", "7:3 «/// First. /// Second.»"] },
  { why: "an empty line between", program: `// A file.\n/// A network.\n\n${network("  relu")}`, findings: ["2:1 «/// A network.»"] },
  { why: "behind something", program: network("  relu /// bends"), findings: ["3:8 «/// bends»"] },
  { why: "at the end of the file", program: `${network("  relu")}/// Over.\n`, findings: ["5:1 «/// Over.»"] },
  { why: "with other line ends", program: `/// A network.\r\n${network("  relu").replace(/\n/g, "\r\n")}`, findings: [] },
]);

checkRule(singleLayerResidual, [
  { program: network("  conv(3x3, 8) -> bn -> relu\n  2 x { residual { conv(3x3, 8) -> bn } -> relu }"), findings: [/^4:9 «residual \{ conv\(3x3, 8\) -> bn \}» F is one convolution[^]*in 2 blocks/] },
  { program: "network X {\n  input y: float32[N, 16]\n  residual { linear(16) }\n}\n", findings: ["3:3 «residual { linear(16) }» F is one linear layer"] },
  { why: "an activation anywhere in F bends it", program: network("  conv(3x3, 8)\n  residual { bn -> relu -> conv(3x3, 8) }\n  residual { conv(3x3, 8) -> relu }"), findings: [] },
  { why: "two layers, and several branches", program: network("  conv(3x3, 8)\n  residual { conv(3x3, 8) -> conv(3x3, 8) }\n  residual { conv(3x3, 8) | conv(1x1, 8) }"), findings: [] },
  { why: "no shortcut, no sum", program: network("  shortcuts none\n  residual { conv(3x3, 8) }"), findings: [] },
  { why: "a projection is no layer of F", program: network("  shortcuts project\n  residual { conv(3x3, 8) -> relu -> conv(3x3, 8) }\n  residual { conv(3x3, 16) }", OPTION), findings: ["5:3 «residual { conv(3x3, 16) }»"] },
  { why: "section 3.2 of the paper has this network", program: "use std.cifar { CifarResNet }\nuse std.blocks { single }\nuse std.shortcuts { B }\nnetwork X = CifarResNet(n=3, option=B, unit=single)\n", findings: [/^4:9 «X» F is one convolution[^]*in 9 blocks/] },
]);

checkRule(repeatedStride, [
  { program: network("  4 x unit(8, stride=2)", `${UNIT}`).replace("  4", "  shortcuts project\n  4") + OPTION, findings: ["4:15 «stride=2» every pass of `unit` strides by 2, not only the first"] },
  { why: "in a loop, and as a list", program: `block down(width: int, stride: int[] = 1) { conv(3x3, width, stride=stride) }\n${network("  for i in range(3) { down(8, stride=[2, 1]) }\n  for w in [8, 16] { down(8, stride=2x2) }")}`, findings: ["4:31 «stride=[2, 1]»", "5:30 «stride=2x2»"] },
  { why: "arguments that change from pass to pass say that it is meant", program: `block down(width: int, stride: int = 1) { conv(3x3, width, stride=stride) }\n${network("  for w in [8, 16, 32] { down(w, stride=2) }\n  for i in range(2) { down(8, stride = 2 if i == 0 else 1) }")}`, findings: [] },
  { why: "an operator, a stride of 1, a single pass, a stage", program: `use std.blocks { basic, stage }\nuse std.shortcuts { B }\n${network("  shortcuts B\n  3 x { conv(3x3, 8, stride=2) -> relu }\n  2 x basic(8, stride=1)\n  1 x basic(16, stride=2)\n  stage(2, basic(32), stride=2)")}`, findings: [] },
]);

checkRule(ineffectiveShortcuts, [
  { program: network("  conv(3x3, 16) -> unit(16)\n  shortcuts project\n  relu -> globalavgpool", UNIT + OPTION), findings: ["4:3 «shortcuts project» no residual comes after this `shortcuts` in its body"] },
  { why: "replaced before it is asked", program: network("  conv(3x3, 16)\n  shortcuts project\n  relu\n  shortcuts none\n  unit(16)", UNIT + OPTION), findings: ["4:3 «shortcuts project» another `shortcuts` replaces this one before any residual"] },
  { why: "in a block, a loop, a branch it ends there", program: network("  conv(3x3, 16)\n  for i in range(2) { shortcuts project }\n  sum { shortcuts none -> relu | identity }\n  unit(16)".replace("shortcuts none -> relu", "shortcuts none\n relu"), UNIT + OPTION), findings: ["4:23 «shortcuts project»", "5:9 «shortcuts none»"] },
  { why: "in an `if` it goes on behind it", program: network("  conv(3x3, 16)\n  if true { shortcuts project } else { shortcuts none }\n  2 x { unit(32) -> relu }", UNIT + OPTION), findings: [] },
  { why: "blocks from elsewhere and blocks that are parameters may ask", program: `use std.blocks { basic }\nblock row(unit: block) { shortcuts none -> unit }\n`.replace(" -> ", "\n ") + network("  conv(3x3, 16)\n  shortcuts none\n  basic(16) -> row(relu)"), findings: [] },
  { why: "a residual with an option of its own does not ask, but what is in it may", program: network("  conv(3x3, 16)\n  shortcuts none\n  residual(project) { conv(3x3, 16) -> relu -> conv(3x3, 16) }", OPTION), findings: ["4:3 «shortcuts none»"] },
  { why: "a network begins afresh", program: `network Inner {\n  input y: float32[N, 3, H, W]\n  residual { conv(3x3, 3) -> relu -> conv(3x3, 3) }\n}\n${network("  shortcuts none\n  Inner")}`, findings: ["7:3 «shortcuts none»"] },
]);
