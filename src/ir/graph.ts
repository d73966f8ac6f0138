import type { Facts } from "./dim.ts";
import type { Instance, Origin } from "./origin.ts";
import type { DType, TensorType } from "./tensor-type.ts";

/** The value of an attribute of a node: whole numbers, float64, flags, words, lists of numbers. */
export type AttributeValue = number | boolean | string | readonly number[];
export type Attributes = Readonly<Record<string, AttributeValue>>;

/**
 * What a parameter is for. Weights, biases, scales and shifts are learned; `running_mean` and `running_var` are state
 * that training updates (buffers). The role decides decay, freezing, counting and export.
 */
export type ParameterRole = "weight" | "bias" | "scale" | "shift" | "running_mean" | "running_var";

/** How a parameter's values begin. */
export type Initializer =
  /** He et al. 2015 (arXiv 1502.01852): normal, mean 0, variance 2 / fan. */
  | { readonly kind: "he_normal"; readonly fanIn: number; readonly fanOut: number }
  /** Uniform in [-bound, bound]. */
  | { readonly kind: "uniform"; readonly bound: number }
  | { readonly kind: "constant"; readonly value: number };

export interface Parameter {
  /** As PyTorch's `state_dict` names it: `layer1.0.conv1.weight`. */
  readonly name: string;
  readonly role: ParameterRole;
  readonly shape: readonly number[];
  readonly dtype: DType;
  readonly initializer: Initializer;
  readonly value: Value;
}

/** A small tensor known at compile time, row-major. */
export interface ConstantTensor {
  readonly dtype: DType;
  readonly shape: readonly number[];
  readonly data: readonly number[];
}

export type Producer =
  | { readonly kind: "input" }
  | { readonly kind: "parameter"; readonly parameter: Parameter }
  | { readonly kind: "constant"; readonly tensor: ConstantTensor }
  | { readonly kind: "node"; readonly node: Node; readonly index: number };

/** One tensor that flows through the graph. Identity matters: two values are the same only if they are the same object. */
export interface Value {
  /** Unique in the graph, dense from 0 in order of creation. */
  readonly id: number;
  /** Unique in the graph: the input's name, the parameter's, or the node's (with `:1` for a second result). */
  readonly name: string;
  readonly type: TensorType;
  readonly producer: Producer;
}

/** One operator application. Inputs are data first, then parameters, in the order of the operator's record. */
export interface Node {
  /** Unique in the graph, dense from 0; a node's inputs have smaller ids or no node. */
  readonly id: number;
  /** The name of an operator record. */
  readonly op: string;
  /** `layer1.0.conv1`; unique. */
  readonly name: string;
  readonly attributes: Attributes;
  readonly inputs: readonly Value[];
  readonly outputs: readonly Value[];
  readonly origin: Origin | undefined;
}

export interface GraphOutput {
  readonly name: string;
  readonly value: Value;
}

/** An immutable typed graph in topological order; only {@link createGraphBuilder} makes one. */
export interface Graph {
  /** The network's name: `ResNet50`. */
  readonly name: string;
  readonly inputs: readonly Value[];
  readonly outputs: readonly GraphOutput[];
  readonly nodes: readonly Node[];
  /** In order of creation, which is PyTorch's order of a `state_dict`. */
  readonly parameters: readonly Parameter[];
  /** Symbols of the inputs in order of appearance (`N`, `H`, `W`) and what `require` says of them. */
  readonly symbols: readonly string[];
  readonly facts: Facts;
  /** The `require`s over symbols as written, for exported files: `H % 32 == 0`. */
  readonly assumptions: readonly string[];
  /** The network's own instance, root of every origin. */
  readonly instance: Instance | undefined;
}

export interface NodeInput {
  readonly op: string;
  readonly name: string;
  readonly attributes: Attributes;
  readonly inputs: readonly Value[];
  readonly types: readonly TensorType[];
  readonly origin?: Origin | undefined;
}

export interface ParameterInput {
  readonly name: string;
  readonly role: ParameterRole;
  readonly shape: readonly number[];
  readonly dtype?: DType;
  readonly initializer: Initializer;
}

/** Makes a graph front to back. Types are given: shape rules live in the operators' records, above this layer. */
export interface GraphBuilder {
  input(name: string, type: TensorType): Value;
  parameter(input: ParameterInput): Parameter;
  constant(tensor: ConstantTensor): Value;
  node(input: NodeInput): Node;
  readonly nodes: readonly Node[];
  readonly parameters: readonly Parameter[];
  finish(rest: {
    readonly name: string;
    readonly outputs: readonly GraphOutput[];
    readonly symbols: readonly string[];
    readonly facts: Facts;
    readonly assumptions: readonly string[];
    readonly instance: Instance | undefined;
  }): Graph;
}

export function createGraphBuilder(): GraphBuilder {
  const inputs: Value[] = [];
  const nodes: Node[] = [];
  const parameters: Parameter[] = [];
  let valueCount = 0;
  const value = (name: string, type: TensorType, producer: Producer): Value => ({ id: valueCount++, name, type, producer });

  return {
    nodes,
    parameters,
    input(name, type) {
      const made = value(name, type, { kind: "input" });
      inputs.push(made);
      return made;
    },
    parameter(input) {
      const { name, role, shape, dtype = "float32", initializer } = input;
      const parameter = { name, role, shape, dtype, initializer, value: undefined as Value | undefined };
      parameter.value = value(name, { dtype, shape }, { kind: "parameter", parameter: parameter as Parameter });
      parameters.push(parameter as Parameter);
      return parameter as Parameter;
    },
    constant(tensor) {
      return value(`constant_${valueCount}`, { dtype: tensor.dtype, shape: tensor.shape }, { kind: "constant", tensor });
    },
    node(input) {
      const { op, name, attributes, inputs, types, origin } = input;
      const outputs = new Array<Value>(types.length);
      const node: Node = { id: nodes.length, op, name, attributes, inputs, outputs, origin };
      for (let index = 0; index < types.length; index++) {
        outputs[index] = value(index === 0 ? name : `${name}:${index}`, types[index] as TensorType, { kind: "node", node, index });
      }
      nodes.push(node);
      return node;
    },
    finish(rest) {
      return { ...rest, inputs, nodes, parameters };
    },
  };
}
