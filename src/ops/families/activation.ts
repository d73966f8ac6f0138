import type { Value } from "../../ir/graph.ts";
import type { Emitter } from "../contract/emitter.ts";
import type { AttributeSpec, BackwardContext, OnnxLowering, OpRecord, TfjsLowering, Unsupported } from "../define-op.ts";
import { defineOp } from "../define-op.ts";
import type { TfjsConfig } from "../contract/tfjs-builder.ts";
import type { Node } from "../../ir/graph.ts";
import { at, operand, result } from "./attributes.ts";
import { inputOf } from "./axes.ts";

/** What is particular to an activation: a function of one number, applied everywhere. */
export interface Activation<N extends string> {
  readonly name: N;
  readonly summary: string;
  readonly doc: string;
  readonly sample: string;
  readonly attributes?: readonly AttributeSpec[];
  /** dx from dy, x and y. */
  backward(e: Emitter, c: BackwardContext, x: Value, y: Value): Value;
  readonly onnx: OnnxLowering;
  readonly tfjs: TfjsLowering | Unsupported;
}

/** The record of an activation: no parameters, every shape, the same in training and inference. */
export function defineActivation<const N extends string>(activation: Activation<N>): OpRecord & { readonly name: N } {
  const { name, summary, doc, sample, attributes = [], onnx, tfjs } = activation;
  return defineOp({
    name,
    level: "language",
    form: "layer",
    kind: name,
    summary,
    doc,
    sample,
    attributes,
    shape: (c) => [inputOf(c)],
    gradient: {
      backward: (e, c) => [c.needs[0] ? activation.backward(e, c, at(c.inputs, 0), at(c.outputs, 0)) : undefined],
    },
    lower: { onnx, tfjs },
  });
}

/** One Keras layer. */
export function oneLayer(className: string, config: (node: Node) => TfjsConfig): TfjsLowering {
  return (b, node) => {
    b.layer(className, config(node), [b.of(operand(node))], { to: result(node) });
  };
}

const IMAGE = "input image: float32[N, 3, 32, 32]";
/** A small body around an activation. */
export const sampleOf = (call: string): string => `${IMAGE}\nconv(3x3, 16) -> bn -> ${call}`;
