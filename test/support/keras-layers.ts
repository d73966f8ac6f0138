import { languageKernels } from "./interpreter/language-kernels.ts";
import { generate, map, read, tensor } from "./interpreter/tensor.ts";
import type { Tensor } from "./interpreter/tensor.ts";
import type { RecordedLayer, RecordedModel } from "./layers-model.ts";

/** Axis i of the result is axis axes[i] of the tensor. */
export function permuted(t: Tensor, axes: readonly number[]): Tensor {
  return generate(axes.map((axis) => t.shape[axis]!), (position) => {
    const place: number[] = [];
    axes.forEach((axis, index) => (place[axis] = position[index]!));
    return read(t, place);
  });
}

const between = (rank: number, from: number): number[] => Array.from({ length: rank - 2 }, (_, index) => index + from);
/** NCHW as NHWC, and back. */
export const channelsLast = (t: Tensor): Tensor => permuted(t, [0, ...between(t.shape.length, 2), 1]);
export const channelsFirst = (t: Tensor): Tensor => permuted(t, [0, t.shape.length - 1, ...between(t.shape.length, 1)]);

type Numbers = readonly number[];
type Pairs = readonly (readonly [number, number])[];
type Config = Readonly<Record<string, unknown>>;
type KerasLayer = (inputs: readonly Tensor[], config: Config, weight: (name: string) => Tensor | undefined) => Tensor;

const kernelOf = (op: string) => languageKernels[op]!;
/** Runs one of our kernels on channels-last tensors. */
const asOurs = (op: string, inputs: readonly Tensor[], attributes: Config, weights: readonly (Tensor | undefined)[] = []): Tensor =>
  channelsLast(kernelOf(op)([...inputs.map(channelsFirst), ...weights.filter((w) => w !== undefined)], attributes as never));

/** Keras's "same": the total is shared, an odd one goes to the end. */
function padsOf(input: Tensor, config: Config): number[] {
  const kernel = config.pool_size as Numbers;
  if (config.padding === "valid") return [0, 0, 0, 0];
  const totals = kernel.map((size, axis) => {
    const [length, stride] = [input.shape[axis + 1]!, (config.strides as Numbers)[axis]!];
    return Math.max(0, (Math.ceil(length / stride) - 1) * stride + size - length);
  });
  return [...totals.map((total) => Math.floor(total / 2)), ...totals.map((total) => Math.ceil(total / 2))];
}

const pool = (op: string): KerasLayer => ([x], config) =>
  asOurs(op, [x!], { kernel: config.pool_size, stride: config.strides, dilation: [1, 1], pads: padsOf(x!, config), ceil: false, count_pad: false });

const convolution = (name: string, toOurs: Numbers, groups: (x: Tensor) => number): KerasLayer => ([x], config, weight) => {
  if (config.padding !== "valid") throw new Error("only valid convolutions are expected");
  const attributes = { stride: config.strides, dilation: config.dilation_rate, pads: [0, 0, 0, 0], groups: groups(x!), kernel: config.kernel_size };
  return asOurs("conv", [x!], attributes, [permuted(weight(name)!, toOurs), weight("bias")]);
};

const shifted = (sign: 1 | -1, key: string): KerasLayer => ([x], config) => {
  const pairs = config[key] as Pairs;
  const shape = x!.shape.map((size, axis) => (axis === 1 || axis === 2 ? size + sign * (pairs[axis - 1]![0] + pairs[axis - 1]![1]) : size));
  return generate(shape, (position) => {
    const place = position.map((q, axis) => (axis === 1 || axis === 2 ? q - sign * pairs[axis - 1]![0] : q));
    return place.every((q, axis) => q >= 0 && q < x!.shape[axis]!) ? read(x!, place) : 0;
  });
};

/** Keras 2's layers at inference, after their documentation, for what lowerings use of them. */
const layers: Readonly<Record<string, KerasLayer>> = {
  Activation: ([x], { activation }) => kernelOf(activation === "swish" ? "silu" : "sigmoid")([x!], {}),
  Add: (inputs) => kernelOf("sum")(inputs, {}),
  Average: (inputs) => kernelOf("mean")(inputs, {}),
  AveragePooling2D: pool("avgpool"),
  BatchNormalization: ([x], { epsilon }, weight) =>
    asOurs("bn", [x!], { eps: epsilon }, ["gamma", "beta", "moving_mean", "moving_variance"].map(weight)),
  Concatenate: (inputs, { axis }) => (axis === -1 ? asOurs("concat", inputs, {}) : inputs[0]!),
  Conv2D: convolution("kernel", [3, 2, 0, 1], () => 1),
  Conv2DTranspose: ([x], config, weight) => {
    const attributes = { stride: config.strides, dilation: [1, 1], pads: [0, 0, 0, 0], extra: [0, 0], groups: 1 };
    return asOurs("upconv", [x!], attributes, [permuted(weight("kernel")!, [3, 2, 0, 1]), weight("bias")]);
  },
  Cropping2D: shifted(-1, "cropping"),
  Dense: ([x], _, weight) => kernelOf("linear")([x!, permuted(weight("kernel")!, [1, 0]), ...(weight("bias") ? [weight("bias")!] : [])], {}),
  DepthwiseConv2D: convolution("depthwise_kernel", [2, 3, 0, 1], (x) => x.shape[3]!),
  Dropout: ([x]) => x!,
  Flatten: ([x]) => kernelOf("flatten")([x!], {}),
  GlobalAveragePooling2D: ([x]) => kernelOf("globalavgpool")([channelsFirst(x!)], { keep: false }),
  LayerNormalization: ([x], { epsilon }, weight) => asOurs("layernorm", [x!], { eps: epsilon as number }, ["gamma", "beta"].map(weight)),
  LeakyReLU: ([x], { alpha }) => kernelOf("leakyrelu")([x!], { slope: alpha as number }),
  MaxPooling2D: pool("maxpool"),
  Multiply: (inputs) => kernelOf("mul")(inputs, {}),
  Permute: ([x], { dims }) => permuted(x!, [0, ...(dims as Numbers)]),
  ReLU: ([x], { max_value: most }) => map(x!, (v) => Math.min(Math.max(v, 0), (most as number | undefined) ?? Infinity)),
  Rescaling: ([x], { scale, offset }) => map(x!, (v) => v * (scale as number) + (offset as number)),
  Reshape: ([x], { target_shape: shape }) => tensor([x!.shape[0]!, ...(shape as Numbers)], x!.data),
  Softmax: ([x]) => asOurs("softmax", [x!], {}),
  UpSampling2D: ([x], { size }) => asOurs("upsample", [x!], { factor: size, mode: "nearest" }),
  ZeroPadding2D: shifted(1, "padding"),
};

/** Runs recorded layers on channels-first feeds; gives the first output, channels first. */
export function runLayers(model: RecordedModel, inputNames: readonly string[], feeds: Readonly<Record<string, Tensor>>): Tensor {
  const made = new Map<string, Tensor>();
  const names = [...inputNames];
  for (const layer of model.layers) {
    if (layer.className === "InputLayer") made.set(layer.name, channelsLast(feeds[names.shift()!]!));
    else made.set(layer.name, runLayer(layer, layer.inputs.map((input) => made.get(input.layer)!), feeds));
  }
  return channelsFirst(made.get(model.outputs[0]!.layer)!);
}

function runLayer(layer: RecordedLayer, inputs: readonly Tensor[], feeds: Readonly<Record<string, Tensor>>): Tensor {
  const run = layers[layer.className];
  if (!run) throw new Error(`no Keras layer ${layer.className} is written here`);
  return run(inputs, layer.config, (name) => {
    const found = layer.weights.find((weight) => weight.name === name);
    const value = found && feeds[found.parameter.name]!;
    return value && found.axes ? permuted(value, found.axes) : value;
  });
}
