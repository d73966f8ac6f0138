import type { Given } from "../../support/graphs.ts";

/** One use of an operator. Sizes are small: every number is computed by plain loops and by finite differences. */
export interface OpCase {
  readonly op: string;
  readonly inputs: readonly (readonly number[])[];
  readonly given?: Given;
  /** The shape that the operator's published definition gives, by hand. */
  readonly output: readonly number[];
  /** Why the case is here, where that is not plain. */
  readonly why?: string;
}

const image = [2, 4, 5, 6];

export const cases: readonly OpCase[] = [
  { op: "conv", inputs: [image], given: { kernel: [3, 3], channels: 3 }, output: [2, 3, 5, 6] },
  { op: "conv", inputs: [image], given: { kernel: [3, 3], channels: 3, stride: 2, bias: true }, output: [2, 3, 3, 3] },
  { op: "conv", inputs: [[1, 2, 7, 8]], given: { kernel: [3, 2], channels: 2, stride: [3, 2], pad: 0 }, output: [1, 2, 2, 4], why: "rows are left unread" },
  { op: "conv", inputs: [[2, 2, 8, 9]], given: { kernel: 3, channels: 2, pad: 0, stride: 4 }, output: [2, 2, 2, 2], why: "more rows unread than padded" },
  { op: "conv", inputs: [image], given: { kernel: [3, 3], channels: 6, groups: 2, dilation: 2, stride: [1, 2] }, output: [2, 6, 5, 3] },
  { op: "conv", inputs: [image], given: { kernel: 3, channels: 8, groups: 4, pad: [0, 2] }, output: [2, 8, 3, 8], why: "two output channels for each input channel" },
  { op: "conv", inputs: [image], given: { kernel: 3, channels: 6, groups: 2, bias: true }, output: [2, 6, 5, 6] },
  { op: "conv", inputs: [image], given: { kernel: 3, channels: 4, groups: 4, dilation: 2, stride: 2, bias: true }, output: [2, 4, 3, 3], why: "depthwise with a dilation" },
  { op: "conv", inputs: [image], given: { kernel: 3, channels: 4, groups: 4, bias: true }, output: [2, 4, 5, 6] },
  { op: "conv", inputs: [[2, 3, 7]], given: { kernel: 3, channels: 4, stride: 2, dilation: 2 }, output: [2, 4, 4] },
  { op: "conv", inputs: [[1, 2, 3, 4, 3]], given: { kernel: 3, channels: 2, stride: [1, 2, 1] }, output: [1, 2, 3, 2, 3] },
  { op: "conv", inputs: [image], given: { kernel: 1, channels: 2, stride: 2 }, output: [2, 2, 3, 3] },
  { op: "conv", inputs: [[1, 2, 5, 7]], given: { kernel: 3, channels: 2, stride: 2 }, output: [1, 2, 3, 4], why: "odd sizes: the stride reads as much padding at the end" },
  { op: "conv", inputs: [[1, 2, 7, 7]], given: { kernel: 4, channels: 2, stride: 2, pad: 1 }, output: [1, 2, 3, 3], why: "one window fewer than Keras's same padding has" },
  { op: "upconv", inputs: [[2, 4, 3, 2]], given: { kernel: [2, 2], channels: 3, stride: 2, bias: true }, output: [2, 3, 6, 4] },
  { op: "upconv", inputs: [[2, 4, 3, 2]], given: { kernel: 3, channels: 2, stride: 2, output_padding: 1, groups: 2 }, output: [2, 2, 6, 4] },
  { op: "upconv", inputs: [[1, 2, 3, 4]], given: { kernel: 3, channels: 2, dilation: 2, pad: 1 }, output: [1, 2, 5, 6] },
  { op: "upconv", inputs: [[2, 4, 3, 2]], given: { kernel: 2, channels: 4, stride: 3, groups: 2, bias: true }, output: [2, 4, 8, 5], why: "the stride leaves gaps" },
  { op: "upconv", inputs: [[2, 4, 3, 2]], given: { kernel: 2, channels: 3, stride: 2, output_padding: 1 }, output: [2, 3, 7, 5] },
  { op: "linear", inputs: [[3, 5]], given: { features: 4 }, output: [3, 4] },
  { op: "linear", inputs: [[3, 5]], given: { features: 4, bias: false }, output: [3, 4] },
  { op: "bn", inputs: [image], output: image },
  { op: "bn", inputs: [[6, 5]], given: { eps: 1e-3, momentum: 0.3 }, output: [6, 5] },
  { op: "bn", inputs: [[2, 2, 2, 1, 3]], output: [2, 2, 2, 1, 3] },
  { op: "layernorm", inputs: [[3, 5]], output: [3, 5] },
  { op: "layernorm", inputs: [image], given: { eps: 1e-3 }, output: image },
  { op: "layernorm", inputs: [[2, 2, 2, 1, 3]], output: [2, 2, 2, 1, 3] },
  { op: "groupnorm", inputs: [image], given: { groups: 2 }, output: image },
  { op: "groupnorm", inputs: [[3, 6]], given: { groups: 3 }, output: [3, 6] },
  { op: "lrn", inputs: [image], output: image, why: "a window wider than the channels" },
  { op: "lrn", inputs: [[2, 7, 3, 2]], given: { size: 3, alpha: 2, beta: 0.6, k: 0.5 }, output: [2, 7, 3, 2] },
  { op: "lrn", inputs: [[2, 6, 7]], given: { alpha: 1.5 }, output: [2, 6, 7] },
  { op: "lrn", inputs: [[1, 4, 2, 3, 2]], given: { size: 1, alpha: 1, k: 2 }, output: [1, 4, 2, 3, 2] },
  { op: "relu", inputs: [image], output: image },
  { op: "relu6", inputs: [image], output: image },
  { op: "leakyrelu", inputs: [image], given: { slope: 0.2 }, output: image },
  { op: "sigmoid", inputs: [image], output: image },
  { op: "silu", inputs: [image], output: image },
  { op: "gelu", inputs: [image], output: image },
  { op: "softmax", inputs: [[3, 5]], output: [3, 5] },
  { op: "softmax", inputs: [image], output: image },
  { op: "maxpool", inputs: [image], given: { kernel: [3, 3], stride: 2 }, output: [2, 4, 3, 3] },
  { op: "maxpool", inputs: [image], given: { kernel: [2, 2] }, output: [2, 4, 2, 3] },
  { op: "maxpool", inputs: [[1, 2, 7, 8]], given: { kernel: 3, stride: 2, pad: 0, ceil: true }, output: [1, 2, 3, 4] },
  { op: "maxpool", inputs: [[1, 2, 5, 6]], given: { kernel: 2, stride: 3, ceil: true }, output: [1, 2, 2, 2] },
  { op: "maxpool", inputs: [[1, 2, 6, 7]], given: { kernel: 2, stride: 3, pad: 1, ceil: true }, output: [1, 2, 3, 3], why: "a window that would start beyond the input is not read" },
  { op: "maxpool", inputs: [[1, 2, 7, 7]], given: { kernel: 2, dilation: 3, stride: 1, pad: 1 }, output: [1, 2, 6, 6] },
  { op: "maxpool", inputs: [[1, 2, 10, 11]], given: { kernel: 2, dilation: 3, stride: 3, pad: 1, ceil: true }, output: [1, 2, 4, 4], why: "padding as large as the kernel" },
  { op: "maxpool", inputs: [[1, 2, 9, 10]], given: { kernel: 3, dilation: 4, stride: 1 }, output: [1, 2, 9, 10], why: "the default pad is larger than the kernel" },
  { op: "maxpool", inputs: [[2, 3, 7]], given: { kernel: 3, stride: 2 }, output: [2, 3, 4] },
  { op: "avgpool", inputs: [image], given: { kernel: [2, 2] }, output: [2, 4, 2, 3] },
  { op: "avgpool", inputs: [image], given: { kernel: 2, ceil: true }, output: [2, 4, 3, 3], why: "the shortcut of ResNet-D on an odd size" },
  { op: "avgpool", inputs: [image], given: { kernel: 3, stride: 1 }, output: image },
  { op: "avgpool", inputs: [image], given: { kernel: 3, stride: 2 }, output: [2, 4, 3, 3] },
  { op: "avgpool", inputs: [image], given: { kernel: 3, stride: 1, count_pad: true }, output: image },
  { op: "avgpool", inputs: [[1, 2, 6, 7]], given: { kernel: 3, stride: 3, pad: 1, ceil: true, count_pad: true }, output: [1, 2, 3, 3] },
  { op: "avgpool", inputs: [[1, 2, 6, 7]], given: { kernel: 3, stride: 2, ceil: true }, output: [1, 2, 4, 4] },
  { op: "globalavgpool", inputs: [image], output: [2, 4] },
  { op: "globalavgpool", inputs: [[2, 3, 7]], output: [2, 3] },
  { op: "globalavgpool", inputs: [image], given: { keep: true }, output: [2, 4, 1, 1] },
  { op: "blurpool", inputs: [image], output: [2, 4, 3, 3] },
  { op: "blurpool", inputs: [image], given: { stride: [1, 2], size: 4 }, output: [2, 4, 5, 3] },
  { op: "blurpool", inputs: [[2, 3, 7]], output: [2, 3, 4] },
  { op: "blurpool", inputs: [image], given: { stride: 3, size: 1 }, output: [2, 4, 2, 2] },
  { op: "upsample", inputs: [[1, 2, 3, 4]], given: { factor: 2 }, output: [1, 2, 6, 8] },
  { op: "upsample", inputs: [[1, 2, 3, 4]], given: { factor: [2, 3], mode: "bilinear" }, output: [1, 2, 6, 12] },
  { op: "upsample", inputs: [[1, 2, 3, 2]], given: { factor: [5, 3], mode: "bilinear" }, output: [1, 2, 15, 6] },
  { op: "upsample", inputs: [[1, 2, 2, 3]], given: { factor: 4, mode: "bilinear" }, output: [1, 2, 8, 12] },
  { op: "upsample", inputs: [[2, 3, 4]], given: { factor: 2 }, output: [2, 3, 8] },
  { op: "subsample", inputs: [image], given: { stride: 2 }, output: [2, 4, 3, 3] },
  { op: "subsample", inputs: [[2, 3, 7]], given: { stride: [3] }, output: [2, 3, 3] },
  { op: "padchannels", inputs: [image], given: { channels: 7 }, output: [2, 7, 5, 6] },
  { op: "padchannels", inputs: [image], given: { channels: 7, where: "split" }, output: [2, 7, 5, 6] },
  { op: "padchannels", inputs: [[3, 4]], given: { channels: 6 }, output: [3, 6] },
  { op: "padchannels", inputs: [[2, 2, 3, 1, 2]], given: { channels: 3 }, output: [2, 3, 3, 1, 2] },
  { op: "channels", inputs: [image], given: { from: 1, to: 3 }, output: [2, 2, 5, 6] },
  { op: "channels", inputs: [[3, 4]], given: { from: 2, to: 4 }, output: [3, 2] },
  { op: "channels", inputs: [[1, 3, 2, 3, 2]], given: { from: 1, to: 3 }, output: [1, 2, 2, 3, 2] },
  { op: "channels", inputs: [[2, 4, 3]], given: { from: 1, to: 3 }, output: [2, 2, 3] },
  { op: "flatten", inputs: [image], output: [2, 120] },
  { op: "flatten", inputs: [[2, 2, 2, 1, 3]], output: [2, 12] },
  { op: "dropout", inputs: [image], given: { rate: 0.3 }, output: image },
  { op: "droppath", inputs: [[4, 2, 3]], given: { keep: 0.6 }, output: [4, 2, 3] },
  { op: "droppath", inputs: [image], given: { keep: 0.5 }, output: image },
  { op: "scale", inputs: [image], given: { factor: 0.17 }, output: image },
  { op: "shift", inputs: [image], given: { init: 0.5 }, output: image },
  { op: "shift", inputs: [[3, 4]], output: [3, 4] },
  { op: "gain", inputs: [image], given: { init: 0 }, output: image },
  { op: "gain", inputs: [[3, 4]], given: { init: 2 }, output: [3, 4] },
  { op: "residual", inputs: [image, image], output: image },
  { op: "sum", inputs: [image, image, image], output: image },
  { op: "mean", inputs: [image, image, image], output: image },
  { op: "mul", inputs: [image, [2, 4, 1, 1]], output: image },
  { op: "mul", inputs: [[2, 1, 5, 1], image, [2, 4, 1, 6]], output: image },
  { op: "concat", inputs: [image, [2, 3, 5, 6], [2, 1, 5, 6]], output: [2, 8, 5, 6] },
  { op: "concat", inputs: [[3, 4], [3, 2]], output: [3, 6] },
];

/** What a case is called in test output: `conv(kernel=[3,3], channels=3) on [2,4,5,6]`. */
export function titleOf({ op, given = {}, inputs }: OpCase): string {
  const call = Object.entries(given).map(([name, value]) => `${name}=${JSON.stringify(value)}`);
  return `${op}(${call.join(", ")}) on ${inputs.map((shape) => `[${shape}]`).join(" and ")}`;
}
