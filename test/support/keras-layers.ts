import type { TfjsWeight } from "../../src/ops/contract/tfjs-builder.ts";
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
function padsOf(input: Tensor, config: Config, kernel: Numbers): number[] {
  if (config.padding === "valid") return [0, 0, 0, 0];
  if (config.padding !== "same") throw new Error(`Keras knows no padding ${String(config.padding)}`);
  const totals = kernel.map((size, axis) => {
    const [length, stride] = [input.shape[axis + 1]!, (config.strides as Numbers)[axis]!];
    return Math.max(0, (Math.ceil(length / stride) - 1) * stride + size - length);
  });
  return [...totals.map((total) => Math.floor(total / 2)), ...totals.map((total) => Math.ceil(total / 2))];
}

const pool = (op: string): KerasLayer => ([x], config) =>
  asOurs(op, [x!], { kernel: config.pool_size, stride: config.strides, dilation: [1, 1], pads: padsOf(x!, config, config.pool_size as Numbers), ceil: false, count_pad: false });

const convolution = (name: string, toOurs: (kernel: Tensor) => Tensor, groups: (x: Tensor) => number): KerasLayer => ([x], config, weight) => {
  const covered = (config.kernel_size as Numbers).map((size, axis) => (size - 1) * (config.dilation_rate as Numbers)[axis]! + 1);
  const attributes = { stride: config.strides, dilation: config.dilation_rate, pads: padsOf(x!, config, covered), groups: groups(x!), kernel: config.kernel_size };
  return asOurs("conv", [x!], attributes, [toOurs(weight(name)!), weight("bias")]);
};

const shifted = (sign: 1 | -1, key: string): KerasLayer => ([x], config) => {
  const pairs = config[key] as Pairs;
  const first = config.data_format === "channels_first" ? 2 : 1;
  const ends = x!.shape.map((_, axis) => pairs[axis - first] ?? [0, 0]);
  const shape = x!.shape.map((size, axis) => size + sign * (ends[axis]![0] + ends[axis]![1]));
  return generate(shape, (position) => {
    const place = position.map((q, axis) => q - sign * ends[axis]![0]);
    return place.every((q, axis) => q >= 0 && q < x!.shape[axis]!) ? read(x!, place) : 0;
  });
};

/** Every size of 1 is stretched. */
const stretched = (join: (a: number, b: number) => number): KerasLayer => ([a, b]) => {
  const shape = a!.shape.map((size, axis) => Math.max(size, b!.shape[axis]!));
  const from = (t: Tensor, position: Numbers) => read(t, position.map((q, axis) => (t.shape[axis] === 1 ? 0 : q)));
  return generate(shape, (position) => join(from(a!, position), from(b!, position)));
};

const concatenate = (a: Tensor, b: Tensor, axis: number): Tensor => {
  const size = a.shape[axis]!;
  return generate(a.shape.map((length, index) => (index === axis ? length + b.shape[axis]! : length)), (position) =>
    position[axis]! < size ? read(a, position) : read(b, position.map((q, index) => (index === axis ? q - size : q))),
  );
};

/** A layer norm without weights: (x - mean) / sqrt(variance + epsilon) over some axes. */
function normalisedOver(x: Tensor, axes: Numbers, epsilon: number): Tensor {
  const groups = new Map<string, number[]>();
  const keyOf = (position: Numbers): string => position.filter((_, axis) => !axes.includes(axis)).join();
  generate(x.shape, (position) => (groups.set(keyOf(position), [...(groups.get(keyOf(position)) ?? []), read(x, position)]), 0));
  const average = (values: Numbers): number => values.reduce((total, value) => total + value, 0) / values.length;
  const moments = new Map([...groups].map(([key, values]) => {
    const mean = average(values);
    return [key, { mean, deviation: Math.sqrt(average(values.map((value) => (value - mean) ** 2)) + epsilon) }];
  }));
  return generate(x.shape, (position) => (read(x, position) - moments.get(keyOf(position))!.mean) / moments.get(keyOf(position))!.deviation);
}

/** [h, w, channels, multiplier] as our [channels · multiplier, 1, h, w]. */
function depthwiseKernel(kernel: Tensor): Tensor {
  const { shape: [channels, multiplier, ...sizes], data } = permuted(kernel, [2, 3, 0, 1]);
  return tensor([channels! * multiplier!, 1, ...sizes], data);
}

const ACTIVATIONS: Readonly<Record<string, string>> = { gelu: "gelu", sigmoid: "sigmoid", swish: "silu" };

/** Keras 2's layers at inference, after their documentation, for what lowerings use of them. */
const layers: Readonly<Record<string, KerasLayer>> = {
  Activation: ([x], { activation }) => kernelOf(ACTIVATIONS[activation as string]!)([x!], {}),
  Add: (inputs) => inputs.reduce((a, b) => stretched((p, q) => p + q)([a, b], {}, () => undefined)),
  Average: (inputs) => kernelOf("mean")(inputs, {}),
  AveragePooling2D: pool("avgpool"),
  BatchNormalization: ([x], { epsilon }, weight) =>
    asOurs("bn", [x!], { eps: epsilon }, ["gamma", "beta", "moving_mean", "moving_variance"].map(weight)),
  Concatenate: (inputs, { axis }) => inputs.reduce((a, b) => concatenate(a, b, axis === -1 ? a.shape.length - 1 : (axis as number))),
  Conv2D: convolution("kernel", (kernel) => permuted(kernel, [3, 2, 0, 1]), () => 1),
  Conv2DTranspose: ([x], config, weight) => {
    if (config.padding !== "valid") throw new Error("only valid transposed convolutions are expected");
    const [kernel, stride] = [config.kernel_size as Numbers, config.strides as Numbers];
    // Its size is size · stride + max(kernel - stride, 0): a stride greater than the kernel leaves a gap at the end.
    const extra = stride.map((step, axis) => Math.max(0, step - kernel[axis]!));
    const attributes = { stride, dilation: [1, 1], pads: [0, 0, 0, 0], extra, groups: 1 };
    return asOurs("upconv", [x!], attributes, [permuted(weight("kernel")!, [3, 2, 0, 1]), weight("bias")]);
  },
  Cropping2D: shifted(-1, "cropping"),
  Dense: ([x], _, weight) => kernelOf("linear")([x!, permuted(weight("kernel")!, [1, 0]), ...(weight("bias") ? [weight("bias")!] : [])], {}),
  DepthwiseConv2D: (inputs, config, weight) => {
    const undilated = { ...config, dilation_rate: [1, 1] };
    return convolution("depthwise_kernel", depthwiseKernel, (x) => x.shape[3]!)(inputs, undilated, weight);
  },
  Dropout: ([x]) => x!,
  Flatten: ([x]) => kernelOf("flatten")([x!], {}),
  GlobalAveragePooling2D: ([x]) => kernelOf("globalavgpool")([channelsFirst(x!)], { keep: false }),
  GlobalAveragePooling1D: ([x]) => kernelOf("globalavgpool")([channelsFirst(x!)], { keep: false }),
  LayerNormalization: ([x], { axis, center, epsilon, scale }, weight) =>
    !center && !scale ? normalisedOver(x!, axis as Numbers, epsilon as number) : asOurs("layernorm", [x!], { eps: epsilon as number }, ["gamma", "beta"].map(weight)),
  LeakyReLU: ([x], { alpha }) => kernelOf("leakyrelu")([x!], { slope: alpha as number }),
  MaxPooling2D: pool("maxpool"),
  Multiply: (inputs) => inputs.reduce((a, b) => stretched((p, q) => p * q)([a, b], {}, () => undefined)),
  Permute: ([x], { dims }) => permuted(x!, [0, ...(dims as Numbers)]),
  ReLU: ([x], { max_value: most }) => map(x!, (v) => Math.min(Math.max(v, 0), (most as number | undefined) ?? Infinity)),
  Rescaling: ([x], { scale, offset }) => map(x!, (v) => v * (scale as number) + (offset as number)),
  Reshape: ([x], { target_shape: target }) => {
    const [batch, ...sizes] = [x!.shape[0]!, ...(target as Numbers)];
    const rest = x!.data.length / batch! / sizes.reduce((count, size) => count * Math.abs(size), 1);
    return tensor([batch!, ...sizes.map((size) => (size === -1 ? rest : size))], x!.data);
  },
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
    return found && variableOf(found, feeds[found.parameter.name]!);
  });
}

/** What the variable of a layer holds of its parameter: some of its rows, then transposed, then spelled with other axes. */
export function variableOf({ axes, rows, shape }: TfjsWeight, value: Tensor): Tensor {
  const [from, to] = rows ?? [0, value.shape[0]!];
  const perRow = value.data.length / value.shape[0]!;
  const part = tensor([to - from, ...value.shape.slice(1)], value.data.subarray(from * perRow, to * perRow));
  const placed = axes ? permuted(part, axes) : part;
  return shape ? tensor(shape, placed.data) : placed;
}
