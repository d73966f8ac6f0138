/** What several lowerings to TensorFlow.js do with built-in layers. Images are channels last: [N, H, W, C]. */
import type { Dim } from "../../ir/dim.ts";
import type { Node, Parameter, Value } from "../../ir/graph.ts";
import { knownShape } from "../../ir/tensor-type.ts";
import type { TfjsBuilder, TfjsConfig, TfjsTensor } from "../contract/tfjs-builder.ts";
import type { Window } from "../define-op.ts";
import { at, indices, operand, product, result } from "./attributes.ts";
import { extent } from "./axes.ts";

type More = Parameters<TfjsBuilder["layer"]>[3];
/** What is done at the beginning and at the end of an axis. */
type Ends = readonly [begin: number, end: number];

/** Refuses a node whose input is not an image: LayersModel has the layers that are needed for two spatial axes only. */
export function needImage(b: TfjsBuilder, node: Node, op: string): void {
  const rank = operand(node).type.shape.length;
  if (rank !== 4) b.refuse(`\`${op}\` is written for two spatial axes only; this one has ${rank - 2}`);
}

/** Refuses a node with more than two spatial axes. */
export function needSmallRank(b: TfjsBuilder, node: Node): void {
  const rank = operand(node).type.shape.length;
  if (rank > 4) b.refuse(`TensorFlow.js has \`${node.op}\` for at most two spatial axes; this one has ${rank - 2}`);
}

/** Height and width; refuses a node whose input leaves them open. */
export function needSizes(b: TfjsBuilder, node: Node, what: string): readonly number[] {
  const [, , ...spatial] = operand(node).type.shape;
  return knownShape(spatial) ?? b.refuse(`${what} needs the height and the width as numbers; give the network's input a size`);
}

/** The learned weight and bias of a convolution or linear layer. */
export function learned(b: TfjsBuilder, node: Node): { readonly weight: Parameter; readonly bias: Parameter | undefined } {
  const [weight, bias] = node.inputs.slice(1).flatMap(({ producer }) => (producer.kind === "parameter" ? [producer.parameter] : []));
  return weight ? { weight, bias } : b.refuse("the weights of this layer are computed, not learned");
}

/** Adds explicit zero padding on the two spatial axes, where there is any. */
export function zeroPadded(b: TfjsBuilder, input: TfjsTensor, pads: readonly number[]): TfjsTensor {
  if (pads.every((pad) => pad === 0)) return input;
  const padding = [
    [at(pads, 0), at(pads, 2)],
    [at(pads, 1), at(pads, 3)],
  ];
  return b.layer("ZeroPadding2D", { padding, data_format: "channels_last" }, [input], { hint: "pad" });
}

/** Takes every stride-th position, exactly: an average over windows of one. */
export function everyNth(b: TfjsBuilder, input: TfjsTensor, stride: readonly number[], more: More): TfjsTensor {
  return b.layer("AveragePooling2D", { pool_size: [1, 1], strides: stride, padding: "valid", data_format: "channels_last" }, [input], more);
}

/**
 * Cuts positions off two axes: height and width, or with `channels_first`, which is then the width and the channels of an image.
 *
 * TensorFlow.js takes an open size for 0 when it declares what Cropping2D gives, and Concatenate compares declared sizes. A size
 * below 0 is open again after a ZeroPadding2D; so an open axis is made one longer first, cut by one more, and padded by nothing.
 */
export function cutter(
  b: TfjsBuilder,
  input: TfjsTensor,
  axes: readonly [Dim, Dim],
  format: "channels_first" | "channels_last",
): (ends: readonly Ends[], more: More) => TfjsTensor {
  const longer = axes.map((size) => (typeof size === "number" ? 0 : 1));
  const pad = (x: TfjsTensor, padding: readonly (readonly number[])[], more: More) =>
    b.layer("ZeroPadding2D", { padding, data_format: format }, [x], more);
  const open = longer.some((one) => one > 0);
  const from = open ? pad(input, longer.map((one) => [0, one]), { hint: "longer" }) : input;
  return (ends, more) => {
    const cropping = ends.map(([begin, end], axis) => [begin, end + at(longer, axis)]);
    const cut = b.layer("Cropping2D", { cropping, data_format: format }, [from], open ? { hint: "cut" } : more);
    return open ? pad(cut, [[0, 0], [0, 0]], more) : cut;
  };
}

/** An image's channels in `count` equal parts, in order. */
export function channelParts(b: TfjsBuilder, input: TfjsTensor, shape: readonly Dim[], count: number): readonly TfjsTensor[] {
  const channels = at(shape, 1) as number;
  const size = channels / count;
  const cut = cutter(b, input, [at(shape, 3), channels], "channels_first");
  return indices(count).map((part) => cut([[0, 0], [part * size, channels - (part + 1) * size]], { hint: `part${part}` }));
}

/**
 * Runs `change` on the channels of the node's input as on the axis 3 of an image; what is no image goes through [N, positions, 1, C].
 */
export function onChannels(b: TfjsBuilder, node: Node, change: (x: TfjsTensor, width: Dim, more: More) => TfjsTensor): void {
  const input = b.of(operand(node));
  const to = result(node);
  const [, channels, ...spatial] = operand(node).type.shape;
  if (spatial.length === 2) return void change(input, at(spatial, 1), { to });
  const sizes = knownShape(spatial);
  if (!sizes && spatial.length > 1) b.refuse(`\`${node.op}\` needs sizes that are numbers where there are ${spatial.length} spatial axes`);
  const tall = b.layer("Reshape", { target_shape: [sizes ? product(sizes) : -1, 1, channels] }, [input], { hint: "as_image" });
  const changed = change(tall, 1, { hint: "changed" });
  b.layer("Reshape", { target_shape: [...(sizes ?? [-1]), to.type.shape[1]] }, [changed], { to });
}

/** Rows (and then columns) of an image that are copied before its first and after its last. */
export interface Border {
  readonly before: readonly number[];
  readonly after: readonly number[];
}

/** The edge repeated `begin` and `end` times. */
export const repeatedEdge = (size: number, begin: number, end: number): Border => ({
  before: indices(begin).map(() => 0),
  after: indices(end).map(() => size - 1),
});

/** An image with copies of its own rows and columns around it; the gradients of the copies come together in what was copied. */
export function bordered(b: TfjsBuilder, input: TfjsTensor, sizes: readonly number[], borders: readonly Border[]): TfjsTensor {
  return borders.reduce((image, { before, after }, axis) => {
    if (before.length + after.length === 0) return image;
    const word = axis === 0 ? "row" : "column";
    const cuts = new Map<number, TfjsTensor>();
    const lineAt = (index: number): TfjsTensor => {
      const known = cuts.get(index);
      if (known) return known;
      const ends = [index, at(sizes, axis) - 1 - index];
      const cropping = axis === 0 ? [ends, [0, 0]] : [[0, 0], ends];
      const line = b.layer("Cropping2D", { cropping, data_format: "channels_last" }, [image], { hint: `${word}${index}` });
      cuts.set(index, line);
      return line;
    };
    return b.layer("Concatenate", { axis: axis + 1 }, [...before.map(lineAt), image, ...after.map(lineAt)], { hint: `${word}s` });
  }, input);
}

/** True for what comes out of a ReLU: there padding with zeros is padding with minus infinity for a maximum, in the gradient too. */
export const isRectified = ({ producer }: Value): boolean => producer.kind === "node" && (producer.node.op === "relu" || producer.node.op === "relu6");

/**
 * One learned number as a tensor [N, 1, …] that stretches over the node's input: a Dense layer of one weight on a 1 for each
 * example. The ones are the softmax of a single number, the mean of the example, whose gradient is exactly 0. (An example with a
 * number that is not finite becomes NaN as a whole.)
 */
export function learnedNumber(b: TfjsBuilder, node: Node, parameter: Parameter): TfjsTensor {
  const rank = operand(node).type.shape.length;
  const flat = b.layer("Reshape", { target_shape: [-1, 1] }, [b.of(operand(node))], { hint: "flat" });
  const mean = b.layer("GlobalAveragePooling1D", {}, [flat], { hint: "mean" });
  const ones = b.layer("Softmax", { axis: -1 }, [mean], { hint: "one" });
  const weights = [{ name: "kernel", parameter, shape: [1, 1] }];
  const number = b.layer("Dense", { units: 1, use_bias: false, activation: "linear" }, [ones], { weights, hint: "number" });
  return rank === 2 ? number : b.layer("Reshape", { target_shape: indices(rank - 1).map(() => 1) }, [number], { hint: "stretched" });
}

/**
 * A convolution's input and Keras's word for the zeros around it. "same" shares them between both ends and puts an odd one at the end:
 * always right for stride 1 and an odd kernel. Elsewhere the zeros are a layer of their own, which copies the image.
 */
export function paddedInput(b: TfjsBuilder, node: Node, window: Window): { readonly input: TfjsTensor; readonly padding: "same" | "valid" } {
  const input = b.of(operand(node));
  const { pads } = window;
  if (pads.some((pad) => pad > 0) && hasSameWindows(operand(node).type.shape.slice(2), window)) return { input, padding: "same" };
  return { input: zeroPadded(b, input, pads), padding: "valid" };
}

/** True when under "same" as many windows begin where the window's own pads let them begin; zeros that none reads do not matter. */
function hasSameWindows(sizes: readonly Dim[], { kernel, stride, dilation, pads }: Window): boolean {
  return sizes.every((size, axis) => {
    const [step, begin, end] = [at(stride, axis), at(pads, axis), at(pads, axis + sizes.length)];
    const covered = extent(at(kernel, axis), at(dilation, axis));
    if (step === 1) return begin === Math.floor((covered - 1) / 2) && begin + end === covered - 1;
    if (typeof size !== "number") return false;
    const positions = Math.ceil(size / step);
    const total = Math.max(0, (positions - 1) * step + covered - size);
    return begin === Math.floor(total / 2) && Math.floor((size + begin + end - covered) / step) + 1 === positions;
  });
}

/** The settings that Conv2D, Conv2DTranspose and DepthwiseConv2D share. */
export function convolutionConfig(
  kernel: readonly number[],
  stride: readonly number[],
  bias: Parameter | undefined,
  padding: "same" | "valid" = "valid",
): TfjsConfig {
  return { kernel_size: kernel, strides: stride, padding, data_format: "channels_last", activation: "linear", use_bias: bias !== undefined };
}

/**
 * A convolution, plain or transposed, in groups: one layer for each, whose kernel is its rows of the parameter, and Concatenate.
 *
 * @param filters output channels of all groups together
 */
export function convolveInGroups(
  b: TfjsBuilder,
  node: Node,
  layer: { readonly className: string; readonly config: TfjsConfig; readonly filters: number; readonly groups: number; readonly input: TfjsTensor },
  more: More,
): TfjsTensor {
  const { className, config, filters, groups, input } = layer;
  const { weight, bias } = learned(b, node);
  const axes = [2, 3, 1, 0];
  const all = { ...config, filters: filters / groups };
  if (groups === 1) return b.layer(className, all, [input], { ...more, weights: [{ name: "kernel", parameter: weight, axes }, ...(bias ? [{ name: "bias", parameter: bias }] : [])] });
  const rowsOf = ({ shape }: Parameter, group: number): readonly [number, number] => {
    const count = at(shape, 0) / groups;
    return [group * count, (group + 1) * count];
  };
  const made = channelParts(b, input, operand(node).type.shape, groups).map((part, group) => {
    const kernel = { name: "kernel", parameter: weight, axes, rows: rowsOf(weight, group) };
    const weights = bias ? [kernel, { name: "bias", parameter: bias, rows: rowsOf(bias, group) }] : [kernel];
    return b.layer(className, all, [part], { weights, hint: `group${group}` });
  });
  return b.layer("Concatenate", { axis: -1 }, made, more);
}
