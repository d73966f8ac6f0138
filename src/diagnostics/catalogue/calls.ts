import { defineDiagnostics } from "../entry.ts";

const inNet = (name: string, body: string): string => `network ${name} {\n  input image: float32[N, 3, 32, 32]\n  ${body}\n}`;

export const calls = defineDiagnostics({
  RN0301: {
    slug: "unknown-parameter",
    summary: "An argument for a parameter that does not exist.",
    explanation: "Arguments are matched by name with the parameters of the block, network or operator that is called.",
    wrong: inNet("Wrong", "conv(3x3, 16, strid=2)"),
    right: inNet("Right", "conv(3x3, 16, stride=2)"),
  },
  RN0302: {
    slug: "wrong-type",
    summary: "A value of another type, or a list of another length, than the parameter has.",
    explanation: "Types are int, float, bool, string and block, and lists of them: `int[4]` has four entries, `int[]` any number. A single int is accepted for `int[]` and stands for every axis.",
    wrong: `use std.resnet { ImageNetResNet }\nuse std.blocks { basic }\nnetwork Wrong = ImageNetResNet(basic, depths=[1, 2])`,
    right: `use std.resnet { ImageNetResNet }\nuse std.blocks { basic }\nnetwork Right = ImageNetResNet(basic, depths=[1, 2, 1, 1])`,
  },
  RN0303: {
    slug: "not-whole",
    summary: "A number that must be whole is not.",
    explanation: "Division is exact: 100 / 16 is 6.25, not 6. Where an int is needed the number must be whole; `floor`, `ceil` and `round` make it so on purpose.",
    wrong: inNet("Wrong", "conv(1x1, 100 / 16)"),
    right: inNet("Right", "conv(1x1, floor(100 / 16))"),
  },
  RN0304: {
    slug: "wrong-arguments",
    summary: "An argument is missing, given twice, one too many, or out of order.",
    explanation: "Positional arguments fill the parameters not yet bound, in order; after a named one only named ones follow. Operators take by position only what cannot be mistaken: `conv(kernel, channels)`.",
    wrong: inNet("Wrong", "conv(3x3)"),
    right: inNet("Right", "conv(3x3, 16)"),
  },
  RN0305: {
    slug: "require-failed",
    summary: "A `require` of the block or network does not hold for these parameters.",
    explanation: "`require` guards parameters with its author's words. Over open sizes (`require H % 32 == 0`) it is an assumption instead.",
    wrong: "use std.cifar { CifarResNet }\nnetwork Wrong = CifarResNet(n=0)",
    right: "use std.cifar { CifarResNet }\nnetwork Right = CifarResNet(n=3)",
  },
  RN0306: {
    slug: "unknown-type",
    summary: "A type that does not exist.",
    explanation: "Parameters are int, float, bool, string, block or lists of them; inputs are float32.",
    wrong: "block wide(width: integer) {\n  conv(3x3, width)\n}",
    right: "block wide(width: int) {\n  conv(3x3, width)\n}",
  },
  RN0307: {
    slug: "cannot-compute",
    summary: "An expression that has no value: a block added, a list entry that is not there, a division by zero.",
    explanation: "Arithmetic works on numbers and open sizes, `and`, `or` and `not` on true and false, `[ ]` on lists.",
    wrong: "network Wrong {\n  input image: float32[N, 3, 32, 32]\n  let widths = [16, 32]\n  conv(3x3, widths[2])\n}",
    right: "network Right {\n  input image: float32[N, 3, 32, 32]\n  let widths = [16, 32]\n  conv(3x3, widths[1])\n}",
  },
  RN0308: {
    slug: "undecided-condition",
    summary: "A comparison hangs on a size that is open.",
    explanation: "`if` chooses when the network is built. A comparison of open sizes must be decided by a `require`, or by giving the input a fixed size.",
    wrong: "network Wrong {\n  input image: float32[N, 3, H, W]\n  conv(3x3, 16)\n  if H > 64 { maxpool(2x2) }\n}",
    right: "network Right {\n  input image: float32[N, 3, H, W]\n  require H > 64\n  conv(3x3, 16)\n  if H > 64 { maxpool(2x2) }\n}",
  },
});
