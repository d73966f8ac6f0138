import type { Node } from "../../ir/graph.ts";
import type { OnnxAttribute, OnnxBuilder } from "../contract/onnx-builder.ts";
import type { TfjsBuilder } from "../contract/tfjs-builder.ts";
import type { OnnxLowering, Window } from "../define-op.ts";
import { operand, result } from "./attributes.ts";

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
