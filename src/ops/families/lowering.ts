import type { Node, Parameter } from "../../ir/graph.ts";
import type { OnnxAttribute, OnnxBuilder } from "../contract/onnx-builder.ts";
import type { TfjsBuilder, TfjsTensor } from "../contract/tfjs-builder.ts";
import type { OnnxLowering, Window } from "../define-op.ts";
import { at, operand, result } from "./attributes.ts";

/** One ONNX operator with all the node's inputs in order. */
export function oneNode(opType: string, attributes?: (node: Node) => Readonly<Record<string, OnnxAttribute>>): OnnxLowering {
  return (b, node) => {
    b.node(opType, node.inputs.map((value) => b.of(value)), attributes?.(node) ?? {}, { to: result(node) });
  };
}

/** The node's result is its first input, unchanged. */
export const aliasInput = (b: OnnxBuilder | TfjsBuilder, node: Node): void => b.alias(result(node), operand(node));

/** The attributes that Conv, ConvTranspose and pools share, with explicit pads. */
export function windowAttributes(window: Window, pads: readonly number[] = window.pads): Record<string, OnnxAttribute> {
  return {
    kernel_shape: { ints: window.kernel },
    strides: { ints: window.stride },
    dilations: { ints: window.dilation },
    pads: { ints: pads },
  };
}

/** The float32 scalar constant, as a tensor of shape []. */
export const scalarOf = (b: OnnxBuilder, value: number): string => b.constant("float32", [], [value]);

/** Refuses a node whose input is not an image: LayersModel has the layers that are needed for two spatial axes only. */
export function needImage(b: TfjsBuilder, node: Node, op: string): void {
  const rank = operand(node).type.shape.length;
  if (rank !== 4) b.refuse(`\`${op}\` is written for two spatial axes only; this one has ${rank - 2}`);
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

/**
 * Runs a layer of two spatial axes on channels and height: [N, H, W, C] becomes [N, C, H, W], `className` works on its
 * axes 1 and 2, and back. Rank 2 goes through [N, C, 1, 1].
 */
export function onChannels(b: TfjsBuilder, node: Node, className: string, config: Readonly<Record<string, unknown>>): void {
  const input = b.of(operand(node));
  const output = result(node);
  if (output.type.shape.length === 2) {
    const [, before] = operand(node).type.shape;
    const tall = b.layer("Reshape", { target_shape: [before, 1, 1] }, [input], { hint: "as_rows" });
    const changed = b.layer(className, config, [tall], { hint: "rows" });
    b.layer("Reshape", { target_shape: [output.type.shape[1]] }, [changed], { to: output });
    return;
  }
  const first = b.layer("Permute", { dims: [3, 1, 2] }, [input], { hint: "channels_first" });
  const changed = b.layer(className, config, [first], { hint: "rows" });
  b.layer("Permute", { dims: [2, 3, 1] }, [changed], { to: output });
}

/** Takes every stride-th position, exactly: an average over windows of one. */
export function everyNth(b: TfjsBuilder, input: TfjsTensor, stride: readonly number[], more: Parameters<TfjsBuilder["layer"]>[3]): TfjsTensor {
  return b.layer("AveragePooling2D", { pool_size: [1, 1], strides: stride, padding: "valid", data_format: "channels_last" }, [input], more);
}

/** The learned weight and bias of a convolution or linear layer. */
export function learned(b: TfjsBuilder, node: Node): { readonly weight: Parameter; readonly bias: Parameter | undefined } {
  const [weight, bias] = node.inputs.slice(1).flatMap(({ producer }) => (producer.kind === "parameter" ? [producer.parameter] : []));
  return weight ? { weight, bias } : b.refuse("the weights of this layer are computed, not learned");
}
