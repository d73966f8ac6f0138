import { activationOnShortcut } from "../../../src/lint/rules/activation-on-shortcut.ts";
import { biasBeforeNorm } from "../../../src/lint/rules/bias-before-norm.ts";
import { bnSmallBatch } from "../../../src/lint/rules/bn-small-batch.ts";
import { dropoutBeforeNorm } from "../../../src/lint/rules/dropout-before-norm.ts";
import { missingFinalNorm } from "../../../src/lint/rules/missing-final-norm.ts";
import { normAfterActivation } from "../../../src/lint/rules/norm-after-activation.ts";
import { unnormalisedResidual } from "../../../src/lint/rules/unnormalised-residual.ts";
import { zeroGamma } from "../../../src/lint/rules/zero-gamma.ts";
import { checkRule } from "../rule-tester.ts";

/** A network around a few lines, which begin on line 3. */
const network = (lines: string, after = ""): string => `network X {\n  input image: float32[N, 3, 32, 32]\n${lines}\n}\n${after}`;
const POST = "block unit(width: int) {\n  residual { conv(3x3, width) -> bn -> relu -> conv(3x3, width) -> bn }\n  relu\n}\n";
const PRE = "block unit(width: int) {\n  residual { bn -> relu -> conv(3x3, width) -> bn -> relu -> conv(3x3, width) }\n}\n";
const BARE = "block unit(width: int) {\n  residual { conv(3x3, width, bias=true) -> relu -> conv(3x3, width, bias=true) }\n  relu\n}\n";

checkRule(biasBeforeNorm, [
  // 16 + 32 biases; 3*16*9 + 16 + 2*16 + 16*32*9 + 32 + 2*32 = 5,184 parameters.
  { program: network("  conv(3x3, 16, bias=true) -> bn -> relu\n  conv(3x3, 32, bias=true) -> bn"), findings: [/^3:3 «conv\(3x3, 16, bias=true\)» the batch norm after this convolution[^]*cancels: 48 of X's 5,184 parameters/, "4:3 «conv(3x3, 32, bias=true)»"] },
  { program: "network X {\n  input y: float32[N, 8]\n  linear(16) -> bn -> linear(4)\n}\n", findings: ["3:3 «linear(16)» the batch norm after this linear layer takes its bias away again"] },
  { why: "an activation between, another reader, an output", program: network("  conv(3x3, 8, bias=true) -> relu -> bn\n  a: conv(3x3, 8, bias=true) -> bn\n  sum { identity | from a }\n  b: conv(3x3, 8, bias=true) -> c: bn\n  output b\n  output c"), findings: [] },
  { why: "a group norm takes the mean of several channels away, not of each", program: network("  conv(3x3, 8, bias=true) -> groupnorm(groups=4)"), findings: [] },
]);

checkRule(normAfterActivation, [
  { program: network("  conv(3x3, 8) -> relu -> bn -> conv(3x3, 8)"), findings: ["3:27 «bn» `bn` stands behind the activation: conv, relu, bn"] },
  { program: network("  conv(3x3, 8) -> leakyrelu(slope=0.1)\n  groupnorm(groups=4)"), findings: ["4:3 «groupnorm(groups=4)» `groupnorm` stands behind the activation: conv, leakyrelu, groupnorm"] },
  { why: "pre-activation: an activation follows, or a sum lies before", program: network("  conv(3x3, 8) -> relu -> bn -> relu\n  residual { bn -> relu -> conv(3x3, 8) -> bn -> relu -> conv(3x3, 8) }\n  relu -> bn"), findings: [] },
  { why: "a pool between", program: network("  conv(3x3, 8) -> relu -> maxpool(2x2) -> bn"), findings: [] },
]);

checkRule(missingFinalNorm, [
  { program: network("  conv(3x3, 8)\n  layer1: 2 x unit(8)\n  globalavgpool -> fc: linear(10)", PRE), findings: [/^5:3 «globalavgpool» the last sum of a pre-activation network[^]*2 blocks normalise/] },
  { why: "without pooling", program: network("  conv(3x3, 8)\n  layer1: 2 x unit(8)\n  flatten -> fc: linear(10)", PRE), findings: ["5:3 «flatten»"] },
  { why: "the pair is there; or a normalisation alone, which is another matter", program: network("  conv(3x3, 8)\n  layer1: 2 x unit(8)\n  bn -> relu -> globalavgpool -> fc: linear(10)", PRE), findings: [] },
  { why: "activation after the sum", program: network("  conv(3x3, 8)\n  layer1: 2 x unit(8)\n  globalavgpool -> fc: linear(10)", POST), findings: [] },
  { why: "inverted residuals begin with a convolution", program: network("  conv(3x3, 8)\n  2 x { residual { conv(1x1, 32) -> bn -> relu6 -> conv(1x1, 8) -> bn } }\n  globalavgpool -> fc: linear(10)"), findings: [] },
  { program: "PreAct110", findings: [] },
]);

checkRule(dropoutBeforeNorm, [
  { program: network("  conv(3x3, 8) -> relu -> dropout(0.5) -> conv(3x3, 8) -> bn"), findings: [/^3:27 «dropout\(0.5\)» a batch norm behind this dropout[^]*`bn1`/] },
  { why: "a sum, a flattening, a global pool end the way", program: network("  conv(3x3, 8)\n  residual { bn -> relu -> conv(3x3, 8) -> bn -> relu -> dropout(0.3) -> conv(3x3, 8) }\n  bn -> relu -> dropout(0.2) -> globalavgpool -> bn -> linear(10)"), findings: [] },
  { why: "no batch norm behind it", program: network("  conv(3x3, 8) -> bn -> relu -> dropout(0.5) -> conv(3x3, 8) -> relu -> groupnorm(groups=4)"), findings: [] },
  { why: "a rate of 0 is no layer", program: network("  conv(3x3, 8) -> relu -> dropout(0) -> conv(3x3, 8) -> bn"), findings: [] },
  { program: "WRN28_10", findings: [] },
  { program: "VGG16", findings: [] },
]);

checkRule(bnSmallBatch, [
  { program: network("  conv(3x3, 8) -> bn", "recipe R {\n  batch: 8\n}\n"), findings: ["1:9 «X» recipe `R` trains 8 images at once, too few for batch norm"] },
  { why: "one position a channel", program: network("  conv(3x3, 8) -> bn -> globalavgpool -> linear(4) -> bn", "recipe R {\n  batch: 2\n}\n"), findings: [/1 of the batch norms sees a map of one position: 2 values a channel/] },
  { program: network("  conv(3x3, 8) -> bn", "recipe R {\n  batch: 16\n}\n"), findings: [] },
  { program: network("  conv(3x3, 8) -> bn", "recipe R {\n  batch: 16\n}\n"), thresholds: { batch: 32 }, findings: ["1:9 «X» recipe `R` trains 16 images"] },
  { why: "no batch norm, no recipe, a batch that is computed", program: `${network("  conv(3x3, 8) -> groupnorm(groups=4)", "recipe R {\n  batch: 2\n}\n")}`, findings: [] },
  { program: network("  conv(3x3, 8) -> bn", "recipe R(n: int) {\n  batch: n\n}\n"), findings: [] },
  { why: "worked out, and taken from another recipe", program: network("  conv(3x3, 8) -> bn", "recipe R(n: int) {\n  batch: n / 2\n}\nrecipe S = R(16)\nrecipe T = S { steps: 100 }\n"), findings: ["1:9 «X» recipe `S` trains 8 images", "1:9 «X» recipe `T` trains 8 images"] },
  { why: "imported", program: `use std.recipes { Cifar10 }\nuse "mine.resnet" { Mine as Small }\n${network("  conv(3x3, 8) -> bn")}`, files: { "mine.resnet": "recipe Mine {\n  batch: 4\n}\n" }, findings: ["3:9 «X» recipe `Mine` trains 4 images"] },
]);

checkRule(zeroGamma, [
  { program: network("  conv(3x3, 8)\n  3 x unit(8)", POST), findings: [/^7:68 «bn» the last batch norm of this branch[^]*in 3 layers/] },
  { why: "arguments of its own", program: network("  conv(3x3, 8)\n  residual { conv(3x3, 8) -> relu -> conv(3x3, 8) -> bn(eps=1e-3) }"), findings: ["4:54 «bn(eps=1e-3)»"] },
  { why: "it does, or the branch ends otherwise", program: network("  conv(3x3, 8)\n  residual { conv(3x3, 8) -> relu -> conv(3x3, 8) -> bn(zero=true) }\n  residual { conv(3x3, 8) -> bn -> relu -> conv(3x3, 8) }\n  residual { conv(3x3, 8) -> bn -> gain(init=0) }"), findings: [] },
]);

checkRule(activationOnShortcut, [
  // 1 + 2 * 50 + 1 layers.
  { program: network("  conv(3x3, 8)\n  layer1: 50 x unit(8)\n  globalavgpool -> linear(10)", POST), findings: ["1:9 «X» 50 activations stand on the shortcut path of 102 layers"] },
  { why: "98 layers", program: network("  conv(3x3, 8)\n  layer1: 48 x unit(8)\n  globalavgpool -> linear(10)", POST), findings: [] },
  { program: network("  conv(3x3, 8)\n  layer1: 9 x unit(8)\n  globalavgpool -> linear(10)", POST), thresholds: { depth: 20 }, findings: ["1:9 «X» 9 activations stand on the shortcut path of 20 layers"] },
  { why: "a clean path", program: network("  conv(3x3, 8)\n  layer1: 50 x unit(8)\n  bn -> relu -> globalavgpool -> linear(10)", PRE), findings: [] },
  { program: "PreAct1001", findings: [] },
  { program: "ResNet110", findings: [/54 activations stand on the shortcut path of 110 layers/] },
]);

checkRule(unnormalisedResidual, [
  { program: network("  conv(3x3, 8) -> relu\n  layer1: 5 x unit(8)\n  globalavgpool -> linear(10)", BARE), findings: [/^1:9 «X» 5 residual blocks without normalisation[^]*2\^5 = 32 times/] },
  { why: "three blocks", program: network("  conv(3x3, 8) -> relu\n  layer1: 3 x unit(8)\n  globalavgpool -> linear(10)", BARE), findings: [] },
  { why: "one normalisation, of whatever kind", program: network("  conv(3x3, 8) -> groupnorm(groups=4)\n  layer1: 5 x unit(8)\n  globalavgpool -> linear(10)", BARE), findings: [] },
  { why: "branches that are scaled", program: network("  conv(3x3, 8)\n  5 x { residual { conv(3x3, 8) -> relu -> conv(3x3, 8) -> scale(0.1) } }"), findings: [] },
  { why: "no sums", program: network("  shortcuts none\n  conv(3x3, 8)\n  layer1: 5 x unit(8)", BARE), findings: [] },
]);
