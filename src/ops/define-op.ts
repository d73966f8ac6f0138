import type { Code } from "../diagnostics/catalogue.ts";
import type { Facts } from "../ir/dim.ts";
import type { Attributes, AttributeValue, Initializer, Node, ParameterRole, Value } from "../ir/graph.ts";
import type { TensorType } from "../ir/tensor-type.ts";
import type { Emitter } from "./contract/emitter.ts";
import type { OnnxBuilder } from "./contract/onnx-builder.ts";
import type { TfjsBuilder } from "./contract/tfjs-builder.ts";

/** The type of an attribute in the language. `int[]` is one whole number for every spatial axis, or a number for all. */
export type AttributeType = "int" | "int[]" | "float" | "bool" | "string";

export interface AttributeSpec {
  readonly name: string;
  readonly type: AttributeType;
  /** Taken by position, in the order of the record; others by name only (PyTorch's order must not slip in). */
  readonly positional?: boolean;
  /** The value when it is not given. Without `default` and `defaultText` the attribute is required. */
  readonly default?: AttributeValue;
  /** For a default that depends on others, in words of the language: `dilation * (kernel - 1) / 2, rounded down`. */
  readonly defaultText?: string;
  /** Allowed words of a `string`. */
  readonly choices?: readonly string[];
  readonly minimum?: number;
  readonly maximum?: number;
  /** One sentence; units and ranges in it. */
  readonly doc: string;
}

/** A mistake an operator finds in its attributes or inputs; the elaborator adds places and the call. */
export interface OpFault {
  readonly code: Code;
  readonly message: string;
  /** The attribute or the data input (by index) it is about, for the place. */
  readonly attribute?: string;
  readonly input?: number;
  readonly notes?: readonly string[];
  readonly help?: readonly string[];
  /** The edit that would mend it: another number for `attribute`, layers before this one or in its place, a line in the network. */
  readonly mend?: { readonly kind: "value" | "before" | "instead" | "line"; readonly text: string };
}

/** What rules are given. `fail` reports a fault and gives `undefined`, so that `return c.fail({…})` ends a rule. */
export interface TypeContext {
  /** Data inputs only. */
  readonly inputs: readonly TensorType[];
  readonly facts: Facts;
  fail(fault: OpFault): undefined;
}

export interface ResolveContext extends TypeContext {
  /** What the call gave, checked against {@link AttributeSpec} (an `int` for an `int[]` stays a number); defaults filled in where they are constants. */
  readonly given: Readonly<Record<string, AttributeValue | undefined>>;
}

export interface ShapeContext extends TypeContext {
  readonly attributes: Attributes;
}

/** A parameter an operator owns; its full name is the node's name, a dot and `name`. */
export interface ParameterSpec {
  /** As PyTorch calls it: weight, bias, running_mean. */
  readonly name: string;
  readonly role: ParameterRole;
  readonly shape: readonly number[];
  readonly initializer: Initializer;
}

/** Sizes of a node when all are known. */
export interface KnownNode {
  readonly attributes: Attributes;
  readonly inputs: readonly (readonly number[])[];
  readonly outputs: readonly (readonly number[])[];
}

/** How an output position reads its input, one entry per spatial axis; for receptive fields and accumulated strides. */
export interface Window {
  readonly kernel: readonly number[];
  readonly stride: readonly number[];
  readonly dilation: readonly number[];
  /** begin per axis, then end per axis, as in ONNX. */
  readonly pads: readonly number[];
  /** True when the output is larger than the input: `stride` is then the enlargement. */
  readonly enlarges?: boolean;
}

/** A facet an operator does not have, with the reason users are told. */
export interface Unsupported {
  readonly unsupported: string;
}

export function unsupported(reason: string): Unsupported {
  return { unsupported: reason };
}

export function isUnsupported(facet: unknown): facet is Unsupported {
  return typeof facet === "object" && facet !== null && "unsupported" in facet;
}

/** The training form of a node: its results and what its backward rule will need. */
export interface TrainingForward {
  readonly outputs: readonly Value[];
  readonly saved: readonly Value[];
}

/** A gradient by a map [N, C, …] in two factors: `map` times a number for each channel, `scale` [C]. */
export interface ScaledGradient {
  readonly map: Value;
  readonly scale: Value;
}

export interface BackwardContext {
  readonly node: Node;
  /** The node's inputs and outputs in the graph being written. */
  readonly inputs: readonly Value[];
  readonly outputs: readonly Value[];
  readonly saved: readonly Value[];
  /** The gradient of the loss by the first result; where there is a `scale`, it is one factor of it. */
  readonly gradient: Value;
  /** The other factor, a number for each channel [C], given to rules that ask for it ({@link GradientRule.takesScale}). */
  readonly scale?: Value | undefined;
  /** Whether a gradient by input i is wanted at all. */
  readonly needs: readonly boolean[];
}

/** Reverse mode for one operator, written in IR operators. */
export interface GradientRule {
  /** The training form, where it is not the node itself (batch statistics, masks). */
  forward?(e: Emitter, node: Node, inputs: readonly Value[]): TrainingForward;
  /** One gradient per input; `undefined` where none is needed or it is zero. */
  backward(e: Emitter, c: BackwardContext): readonly (Value | ScaledGradient | undefined)[];
  /** Whether a gradient in two factors is better left so, as the scale costs less elsewhere than on the map; absent: never. */
  takesScale?(inputs: readonly Value[], output: Value): boolean;
  /** The rule of the node itself, where a frozen state keeps it from its training form. */
  readonly fixed?: Pick<GradientRule, "backward">;
}

export type OnnxLowering = (b: OnnxBuilder, node: Node) => void;
export type TfjsLowering = (b: TfjsBuilder, node: Node) => void;

/** What a lowering refuses of some uses of its operator, in a few words for the table of targets; absent where nothing is. */
export interface Limits {
  readonly tfjs?: string;
  /** What TensorFlow.js runs but does not train: some uses, or none of them at all. */
  readonly tfjsTraining?: string | Unsupported;
}

/** Everything rnc knows of one operator. */
export interface OpRecord {
  readonly name: string;
  /** `language`: users write it. `internal`: only passes make it. */
  readonly level: "language" | "internal";
  /** A join takes any number of inputs, one from each branch. */
  readonly form: "layer" | "join";
  /** The word in parameter names: `conv` makes `conv1`. Usually the name. */
  readonly kind: string;
  readonly summary: string;
  /** Formula, shapes, conventions, source; Markdown. */
  readonly doc: string;
  /** A small network body in the language that uses it (compiled by a test); empty for internal operators. */
  readonly sample: string;
  readonly attributes: readonly AttributeSpec[];
  /** Completes what the call gave (numbers per axis, computed defaults) or reports what is wrong; absent: `given` as it is. */
  resolve?(c: ResolveContext): Attributes | undefined;
  /** Parameters in input order after the data inputs. Axis 1 of the inputs is known. */
  parameters?(c: ShapeContext): readonly ParameterSpec[];
  /** Result types. Internal operators see all inputs, language ones the data inputs. */
  shape(c: ShapeContext): readonly TensorType[] | undefined;
  /** Multiply-adds for the sizes given (the batch counts as it is there); absent: none. */
  macs?(node: KnownNode): number;
  /** True for weighted layers: what `depth` counts. */
  readonly weighted?: boolean;
  /** `global`: every output position sees the whole input. Absent: position by position. */
  window?(attributes: Attributes): Window | "global";
  /** True when a node with these attributes returns its input unchanged, in every form: it is not made at all. */
  vanishes?(attributes: Attributes, input: TensorType): boolean;
  readonly gradient: GradientRule | Unsupported;
  readonly lower: { readonly onnx: OnnxLowering | Unsupported; readonly tfjs: TfjsLowering | Unsupported };
  readonly limits?: Limits;
}

/** Checks a record against {@link OpRecord} and freezes it. */
export function defineOp<const N extends string>(record: OpRecord & { readonly name: N }): OpRecord & { readonly name: N } {
  return Object.freeze(record);
}
