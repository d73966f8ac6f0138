import { defineDiagnostics } from "../entry.ts";

const net = (name: string, lines: string): string => `use std.blocks { basic }\nuse std.shortcuts { A, B }\nnetwork ${name} {\n  input image: float32[N, 3, 32, 32]\n${lines}\n}`;

export const shortcuts = defineDiagnostics({
  RN0501: {
    slug: "identity-on-changed-dimensions",
    summary: "F(x) + x where F changes channels or size and the shortcut is the identity.",
    explanation: "Adding needs equal shapes (He et al. 2015, section 3.2). `shortcuts B` projects where the dimensions change (option B), A pads with zeros, C projects everywhere.",
    wrong: net("Wrong", "  conv(3x3, 16) -> basic(32, stride=2)"),
    right: net("Right", "  shortcuts B\n  conv(3x3, 16) -> basic(32, stride=2)"),
  },
  RN0502: {
    slug: "shortcut-rounds-otherwise",
    summary: "The shortcut ends in another shape than F, mostly because a pool rounds odd sizes down.",
    explanation: "A padded convolution turns n into ceil(n / stride). A pool gives floor unless it says `ceil=true`, so on odd sizes the two paths differ by one.",
    wrong: "block P(channels: int, stride: int[]) {\n  avgpool(stride) -> conv(1x1, channels)\n}\nnetwork Wrong {\n  input image: float32[N, 3, 7, 7]\n  residual(P) { conv(3x3, 16, stride=2) }\n}",
    right: "block P(channels: int, stride: int[]) {\n  avgpool(stride, ceil=true) -> conv(1x1, channels)\n}\nnetwork Right {\n  input image: float32[N, 3, 7, 7]\n  residual(P) { conv(3x3, 16, stride=2) }\n}",
  },
  RN0503: {
    slug: "border-cut-off",
    summary: "F shrinks its input by more than its stride: a window without padding.",
    explanation: "A shortcut knows channels and stride. What an unpadded window cuts off it cannot follow.",
    wrong: net("Wrong", "  shortcuts B\n  conv(3x3, 16) -> residual { conv(3x3, 16, pad=0) }"),
    right: net("Right", "  shortcuts B\n  conv(3x3, 16) -> residual { conv(3x3, 16) }"),
  },
  RN0504: {
    slug: "no-stride-to-follow",
    summary: "F enlarges, changes rank, starts elsewhere or joins branches of unlike stride.",
    explanation: "The policy is told one whole stride per axis. Where F has none, the other path must be written out.",
    wrong: net("Wrong", "  shortcuts B\n  conv(3x3, 16) -> residual { upconv(2x2, 16, stride=2) }"),
    right: net("Right", "  conv(3x3, 16) -> sum { upconv(2x2, 16, stride=2) | upsample(2) }"),
  },
  RN0505: {
    slug: "no-shortcut-option",
    summary: "A block that cannot be asked for a shortcut.",
    explanation: "A shortcut option is an ordinary block that takes `channels` and `stride`: what F did to its input.",
    wrong: net("Wrong", "  shortcuts basic\n  conv(3x3, 16) -> basic(16)"),
    right: net("Right", "  shortcuts A\n  conv(3x3, 16) -> basic(16)"),
  },
  RN0506: {
    slug: "cannot-narrow",
    summary: "Zero-padding cannot take channels away.",
    explanation: "Option A pads the missing channels with zeros, so it can only widen. Where a block narrows, project: option B.",
    wrong: net("Wrong", "  shortcuts A\n  conv(3x3, 16) -> basic(8)"),
    right: net("Right", "  shortcuts B\n  conv(3x3, 16) -> basic(8)"),
  },
});
