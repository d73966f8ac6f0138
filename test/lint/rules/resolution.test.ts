import { aliasedDownsampling } from "../../../src/lint/rules/aliased-downsampling.ts";
import { rfBorder } from "../../../src/lint/rules/rf-border.ts";
import { rfTooSmall } from "../../../src/lint/rules/rf-too-small.ts";
import { spatialUnderflow } from "../../../src/lint/rules/spatial-underflow.ts";
import { stemVsInput } from "../../../src/lint/rules/stem-vs-input.ts";
import { stride1x1Discard } from "../../../src/lint/rules/stride-1x1-discard.ts";
import { unevenPadding } from "../../../src/lint/rules/uneven-padding.ts";
import { weightsOnTinyMaps } from "../../../src/lint/rules/weights-on-tiny-maps.ts";
import { checkRule } from "../rule-tester.ts";

/** A network around a few lines, which begin on line 3. */
const network = (lines: string, size = "32, 32"): string => `network X {\n  input image: float32[N, 3, ${size}]\n${lines}\n}\n`;
const on = (side: number) => ({ build: { sizes: [[1, 3, side, side]] } });

checkRule(spatialUnderflow, [
  {
    // layer4 of ResNet-18 on 2x2, then 1x1: a start at -1 reads 2 of 3 rows, so 5 of 9 positions are idle, 512 * 256 * 5; three
    // more layers use the middle alone, 3 * 512 * 512 * 8. Together 6,946,816 of 11,689,512. 33 halves to 17, 9, 5, 3, 2.
    why: "ResNet-18 on 32x32",
    program: "ResNet18",
    ...on(32),
    findings: [/^std\.resnet:25:3 «layer4: [^]*kernel is larger than its map[^]*3x3 on a map of 2x2: 5 of 9[^]*In 4 layers[^]* 6,946,816 weights, 59 %[^]*images of 33x33 or more/],
  },
  { why: "ResNet-18 on 33x33", program: "ResNet18", ...on(33), findings: [] },
  { why: "ResNet-50 on 64x64: a kernel of 3x3 on 2x2 uses all its weights", program: "ResNet50", ...on(64), findings: [] },
  { why: "5x5 on 2x2: only the inner 3x3 meets the map", program: network("  conv(5x5, 8)", "2, 2"), findings: [/16 of 25 positions[^]*384 weights, 64 %/] },
  { why: "a dilation of 4 reaches over a map of 4", program: network("  conv(3x3, 8, dilation=4)", "4, 4"), findings: [/8 of 9 positions/] },
  { why: "and not over one of 5", program: network("  conv(3x3, 8, dilation=4)", "5, 5"), findings: [] },
  { why: "a map of one column", program: network("  conv(3x3, 8)", "8, 1"), findings: [/3x3 on a map of 8x1: 6 of 9 positions/] },
  { why: "1x1 on 1x1 needs no room", program: network("  conv(1x1, 8)", "1, 1"), findings: [] },
  { program: "SEResNet20", findings: [] },
  { why: "open sizes", program: network("  conv(3x3, 8)", "H, W"), findings: [] },
]);

checkRule(rfBorder, [
  // After n convolutions of 3x3 a position sees 1 + 2n pixels.
  { why: "the ninth 3x3 receives 17 pixels of 16", program: network("  9 x { conv(3x3, 8) -> relu }", "16, 16"), findings: [/^3:9 «conv\(3x3, 8\)»[^]*1 convolution \(conv9\)[^]*images of 17x17 or more/] },
  { why: "and 17 of 17", program: network("  9 x { conv(3x3, 8) -> relu }", "17, 17"), findings: [] },
  { why: "the eighth receives 15", program: network("  8 x { conv(3x3, 8) -> relu }", "16, 16"), findings: [] },
  { why: "kernels of 1 look for no context", program: network("  8 x { conv(3x3, 8) -> relu }\n  3 x { conv(1x1, 8) -> relu }", "16, 16"), findings: [] },
  { why: "one side is not seen whole", program: network("  9 x { conv(3x3, 8) -> relu }", "16, 32"), findings: [] },
  {
    // 11 after the stem, then through the shortcuts to layer4: 11 + 2 * 32 = 75 before the last convolution, which has
    // 512 * 512 * 9 of 11,689,512 parameters and, on 2x2, 9,437,184 of 148,557,824 multiply-adds.
    why: "ResNet-18 on 64x64: the shortest path counts",
    program: "ResNet18",
    ...on(64),
    findings: [/^std\.resnet:25:3 «layer4: [^]*1 convolution \(layer4\.1\.conv2\)[^]*20 % of the parameters and 6\.4 % of the multiply-adds[^]*images of 75x75 or more/],
  },
  { why: "ResNet-18 on 75x75", program: "ResNet18", ...on(75), findings: [] },
  { why: "bottlenecks read less: 75 pixels before a 1x1 only", program: "ResNet50", ...on(64), findings: [] },
  { program: "ResNet1202", findings: [] },
  { why: "a plain twin, although 435 pixels are more than 224", program: "Plain18", findings: [] },
  { program: "VGG19", findings: [] },
  { why: "open sizes", program: network("  9 x { conv(3x3, 8) -> relu }", "H, W"), findings: [] },
]);

checkRule(rfTooSmall, [
  { why: "28n - 3 = 25 for n = 1", program: "ResNet8", findings: [/greatest receptive field is 25x25 on an image of 32x32: 61 %/] },
  { why: "28n - 3 = 53 for n = 2", program: "ResNet14", findings: [] },
  { why: "11, then 27, 51, 99, 195 for two bottlenecks a stage", program: "ResNet26", findings: [/195x195 on an image of 224x224/] },
  { program: "ResNet50", findings: [] },
  { why: "212 pixels of 224, but a linear layer sees all positions", program: "VGG16", findings: [] },
  { why: "open sizes", program: network("  conv(3x3, 8) -> globalavgpool", "H, W"), findings: [] },
]);

checkRule(unevenPadding, [
  // arXiv 2010.02178: even padding at every stride of the ImageNet nets needs 1 more than a multiple of 32.
  { why: "224 is uneven at all five strides", program: "ResNet50", findings: [/^std\.resnet:12:3 [^]*On an image of 224x224 5 layers[^]*conv1: windows of 7x7 with stride 2 read 229 of 224 \+ 3 \+ 3 = 230 rows; the last one, padding, is not[^]*images of 193x193 or 225x225/i] },
  { why: "225 at none", program: "ResNet50", ...on(225), findings: [] },
  { why: "the CIFAR nets need 1 more than a multiple of 4", program: "ResNet20", findings: [/2 layers leave[^]*images of 29x29 or 33x33/i] },
  { why: "two sides of unlike size", program: network("  conv(3x3, 8, stride=2)", "33, 32"), findings: [/33 of 32 \+ 1 \+ 1 = 34 rows[^]*33x31 or 33x33/] },
  { why: "rows of the map itself", program: network("  maxpool(2x2)", "5, 5"), findings: [/read 4 of 5 rows; the last one of the map is never seen[^]*4x4 or 6x6/] },
  { why: "a pool that rounds up reads everything", program: network("  maxpool(2x2, ceil=true)", "5, 5"), findings: [] },
  { why: "a stride beyond the kernel leaves gaps everywhere", program: network("  conv(1x1, 8, stride=2)"), findings: [] },
  { program: "VGG16", findings: [] },
  { why: "open sizes", program: "ResNet50AnySize", findings: [] },
]);

checkRule(stride1x1Discard, [
  { why: "three projections", program: "ResNet50", findings: ["std.resnet:23:3 «layer2", "std.resnet:24:3 «layer3", "std.resnet:25:3 «layer4"] },
  { why: "the paper's stride: the first 1x1 and the projection", program: "ResNet50v1", findings: [/in 2 layers: layer2\.0\.conv1, layer2\.0\.downsample\.0/, /layer3/, /layer4/] },
  { why: "an average before the projection", program: "ResNet50D", findings: [] },
  { why: "patches: the kernel is the stride", program: network("  conv(4x4, 8, stride=4)"), findings: [] },
  { why: "2 of 3 columns", program: network("  conv(1x2, 8, stride=1x3, pad=0)"), findings: [/a convolution of 1x2 with stride 1x3 never reads 33 %/] },
]);

checkRule(stemVsInput, [
  { program: "ResNet18", ...on(64), findings: [/^std\.resnet:12:3 [^]*An image of 64x64 is a map of 16x16 behind `maxpool1`: 256 positions for 4,096 pixels/] },
  { why: "three convolutions before the pool", program: "ResNet50DeepStem", ...on(32), findings: ["std.resnet_d:14:5 «conv(3x3, a, stride=2)»"] },
  { why: "65 pixels are many", program: "ResNet18", ...on(65), findings: [] },
  { program: "ResNet18", ...on(65), thresholds: { pixels: 96 }, findings: ["std.resnet:12:3"] },
  { program: "SmallImageResNet18", findings: [] },
  { program: "ResNet20", findings: [] },
  { why: "pools alone", program: network("  2 x { conv(3x3, 8) -> relu -> maxpool(2x2) }"), findings: [] },
  { why: "four layers are no stem", program: network("  conv(3x3, 8, stride=2) -> relu\n  3 x { conv(3x3, 8) -> relu }\n  maxpool(2x2)"), findings: [] },
]);

checkRule(weightsOnTinyMaps, [
  // Three convolutions of 512 * 512 * 9 read maps of 2x2: 7,077,888 of 11,689,512.
  { why: "ResNet-18 on 64x64", program: "ResNet18", ...on(64), findings: [/61 % of the parameters[^]*in 3 convolutions \(layer4\.0\.conv2, layer4\.1\.conv1, layer4\.1\.conv2\)/] },
  // 512 * 2048, and twice 2048 * 512 + 9 * 512 * 512 + 512 * 2048: 9,961,472 of 25,557,032.
  { why: "ResNet-50 has 39 % there", program: "ResNet50", ...on(64), findings: [] },
  { program: "ResNet50", ...on(64), thresholds: { share: 38 }, findings: [/39 % of the parameters/] },
  { why: "on 32x32 kernels are larger than the map, which is said elsewhere", program: "ResNet18", ...on(32), findings: [] },
  { why: "an image that is tiny itself", program: network("  conv(1x1, 64) -> relu -> conv(1x1, 64)", "2, 2"), findings: [] },
  { program: "ResNet18", findings: [] },
]);

checkRule(aliasedDownsampling, [
  { why: "five strides", program: "ResNet18", findings: ["std.resnet:12:3 «conv(7x7", "std.resnet:12:47 «maxpool(3x3", "std.resnet:23:3", "std.resnet:24:3", "std.resnet:25:3"] },
  { why: "an average is a blur", program: network("  conv(3x3, 8) -> relu -> avgpool(2x2)"), findings: [] },
  { why: "a fix keeps the size: 33 is 17 either way", program: network("  conv(3x3, 8) -> maxpool(3x3, stride=1) -> blurpool(stride=2)\n  expect shape == [N, 8, 17, 17]", "33, 33"), findings: [] },
  { why: "what thins out by 1x1 is RL15", program: network("  conv(1x1, 8, stride=2)"), findings: [] },
]);
