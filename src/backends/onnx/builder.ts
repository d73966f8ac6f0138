import { InternalError, invariant } from "../../base/assert.ts";
import { InputError } from "../../base/input-error.ts";
import { spanLocation } from "../../base/source-file.ts";
import { formatDim, isSymbolic, substituteDim } from "../../ir/dim.ts";
import type { Dim } from "../../ir/dim.ts";
import type { Graph, Node, Value } from "../../ir/graph.ts";
import type { DType } from "../../ir/tensor-type.ts";
import type { OnnxAttribute, OnnxBuilder } from "../../ops/contract/onnx-builder.ts";
import { isUnsupported } from "../../ops/define-op.ts";
import type { OpRecord } from "../../ops/define-op.ts";
import { endsInSoftmax } from "../../passes/training/logits.ts";
import type { Attribute, NodeMessage, ValueInfo } from "./messages.ts";
import { ATTRIBUTE } from "./messages.ts";
import { nodeMetadata } from "./metadata.ts";
import { createShapeTensors } from "./shape-tensor.ts";

/** TensorProto.DataType */
export const DATA_TYPE: Readonly<Record<DType, number>> = { float32: 1, int32: 6, int64: 7, bool: 9, float16: 10, float64: 11 };

/** A small tensor that is written with the graph. */
export interface ConstantMessage {
  readonly name: string;
  readonly dataType: number;
  readonly dims: readonly number[];
  readonly bytes: Uint8Array;
}

/** The graph in ONNX terms, before it is bytes. */
export interface Lowered {
  readonly nodes: readonly NodeMessage[];
  readonly constants: readonly ConstantMessage[];
  readonly inputs: readonly ValueInfo[];
  readonly outputs: readonly ValueInfo[];
  readonly valueInfo: readonly ValueInfo[];
  /** Whose operators it has beside ONNX's own. */
  readonly domains: readonly string[];
}

export interface LowerOptions {
  /** Sizes for symbols: `{ N: 8 }` makes the batch static. */
  readonly symbols: ReadonlyMap<string, number>;
  /** Ends every output in a softmax over axis 1 that does not yet. */
  readonly softmax: boolean;
  readonly findOperator: (name: string) => OpRecord | undefined;
  /** Whether nodes say where they come from. */
  readonly provenance: boolean;
}

type MutableNode = { -readonly [K in keyof NodeMessage]: NodeMessage[K] } & { input: string[]; output: string[] };

/** Lowers every node of a graph through its operator's record. */
export function lowerGraph(graph: Graph, options: LowerOptions): Lowered {
  const nodes: MutableNode[] = [];
  const constants = new Map<string, ConstantMessage>();
  const types = new Map<string, { readonly dtype: DType; readonly shape: readonly Dim[] }>();
  const taken = new Set<string>();
  const takenByNodes = new Set<string>();
  const nameOf = new Map<Value, string>();
  const bound = (shape: readonly Dim[]): readonly Dim[] => shape.map((dim) => substituteDim(dim, options.symbols));

  const unique = (wanted: string, among = taken): string => {
    let name = wanted;
    for (let copy = 2; among.has(name); copy++) name = `${wanted}_${copy}`;
    among.add(name);
    return name;
  };
  for (const value of graph.inputs) nameOf.set(value, unique(value.name));
  for (const parameter of graph.parameters) nameOf.set(parameter.value, unique(parameter.name));

  let running: Node | undefined;
  const constant: OnnxBuilder["constant"] = (dtype, shape, data, hint) => {
    const key = `${dtype} ${shape.join("x")} ${data.map((value) => (Object.is(value, -0) ? "-0" : value)).join(",")}`;
    const known = constants.get(key);
    if (known) return known.name;
    const bytes = dtype === "int64" ? new Uint8Array(BigInt64Array.from(data, BigInt).buffer) : new Uint8Array(Float32Array.from(data).buffer);
    const name = unique(hint ? `constant.${hint}` : `constant.${constants.size}`);
    constants.set(key, { name, dataType: DATA_TYPE[dtype], dims: shape, bytes });
    return name;
  };
  const nameFor = (value: Value): string => {
    const known = nameOf.get(value);
    if (known !== undefined) return known;
    const { producer } = value;
    if (producer.kind === "constant") {
      const { dtype, shape, data } = producer.tensor;
      invariant(dtype === "int64" || dtype === "float32", `constants of ${dtype} are not written`);
      const name = constant(dtype, shape, data);
      nameOf.set(value, name);
      return name;
    }
    throw new InternalError(`the tensor ${value.name} is used before it is made`);
  };
  const addNode: OnnxBuilder["node"] = (opType, inputs, attributes = {}, more = {}) => {
    const at = running;
    const to = more.to === undefined ? undefined : "id" in more.to ? [more.to] : more.to;
    const hint = more.hint ?? opType.toLowerCase();
    const wanted = to ? (at?.name ?? opType) : `${at?.name ?? "graph"}.${hint}`;
    const output = to ? to.map((value) => unique(value.name)) : [unique(wanted)];
    if (to) {
      to.forEach((value, index) => {
        nameOf.set(value, output[index] as string);
        types.set(output[index] as string, { dtype: value.type.dtype, shape: bound(value.type.shape) });
      });
    } else if (more.shape) types.set(output[0] as string, { dtype: more.dtype ?? "float32", shape: bound(more.shape) });
    nodes.push({
      input: [...inputs],
      output,
      name: unique(wanted, takenByNodes),
      opType,
      attribute: Object.entries(attributes).map(([name, attribute]) => attributeMessage(name, attribute)),
      metadata: at && options.provenance ? nodeMetadata(at) : [],
      ...(more.domain === undefined ? {} : { domain: more.domain }),
    });
    return output[0] as string;
  };
  const builder: OnnxBuilder = {
    of: nameFor,
    node: addNode,
    constant,
    alias: (value, as) => void nameOf.set(value, nameFor(as)),
    shapeTensor: createShapeTensors({ graph, symbols: options.symbols, constant, node: addNode, nameOf: nameFor }),
  };
  for (const node of graph.nodes) {
    running = node;
    const lowering = options.findOperator(node.op)?.lower.onnx;
    invariant(lowering !== undefined, `there is no operator ${node.op}`);
    if (isUnsupported(lowering)) {
      const notes = node.origin ? [`It stands at ${spanLocation(node.origin.span)}.`] : [];
      throw new InputError(`\`${node.name}\` (\`${node.op}\`) cannot be written as ONNX: ${lowering.unsupported}`, { notes });
    }
    lowering(builder, node);
  }
  running = undefined;

  refuseClashes(graph);
  const outputs = finishOutputs(graph, options, { nodes, types, nameFor, unique, addNode });
  const info = (name: string): ValueInfo[] => {
    const type = types.get(name);
    return type ? [valueInfo(name, type)] : [];
  };
  const outputNames = new Set(outputs.map((output) => output.name));
  return {
    nodes,
    constants: [...constants.values()],
    inputs: graph.inputs.map((value) => valueInfo(nameFor(value), { dtype: value.type.dtype, shape: bound(value.type.shape) })),
    outputs: outputs.map(({ name, type }) => valueInfo(name, { dtype: type.dtype, shape: bound(type.shape) })),
    valueInfo: nodes.flatMap((node) => node.output.filter((name) => !outputNames.has(name)).flatMap(info)),
    domains: [...new Set(nodes.flatMap(({ domain }) => domain ?? []))],
  };
}

/** A tensor of an ONNX graph has one name and one maker, so an output cannot be called as an input is. */
function refuseClashes(graph: Graph): void {
  const given = new Map<string, string>();
  for (const { name } of graph.parameters) given.set(name, "parameter");
  for (const { name } of graph.inputs) given.set(name, "input");
  for (const { name } of graph.outputs) {
    const kind = given.get(name);
    if (kind === undefined) continue;
    throw new InputError(`\`${graph.name}\` has an output and ${kind === "input" ? "an input" : "a parameter"} called \`${name}\`, and ONNX needs a name of its own for each`, {
      help: [`give the output another name: \`output ${name}_out = …\``],
    });
  }
}

interface Finishing {
  readonly nodes: MutableNode[];
  readonly types: Map<string, { readonly dtype: DType; readonly shape: readonly Dim[] }>;
  readonly nameFor: (value: Value) => string;
  readonly unique: (name: string) => string;
  readonly addNode: OnnxBuilder["node"];
}

/** Gives outputs their names: the tensor is renamed where a node makes it, and copied only where it is an input or shared. */
function finishOutputs(graph: Graph, options: LowerOptions, at: Finishing): readonly { readonly name: string; readonly type: Value["type"] }[] {
  const renamed = new Map<string, string>();
  const produced = new Set(at.nodes.flatMap((node) => node.output));
  const outputs: { name: string; tensor: string; type: Value["type"]; softmax: boolean }[] = [];
  const copies: [from: string, to: string][] = [];
  for (const { name, value } of graph.outputs) {
    const from = at.nameFor(value);
    const softmax = options.softmax && !endsInSoftmax(value);
    const tensor = softmax ? `${name}.logits` : name;
    if (produced.has(from) && !renamed.has(from)) renamed.set(from, tensor);
    else copies.push([from, tensor]);
    outputs.push({ name, tensor, type: value.type, softmax });
  }
  // A layer may bear an output's name without being it: it steps aside.
  const claimed = new Set(outputs.flatMap(({ name, tensor }) => [name, tensor]));
  for (const name of produced) if (claimed.has(name) && !renamed.has(name)) renamed.set(name, at.unique(`${name}.inner`));
  const rename = (name: string): string => renamed.get(name) ?? name;
  for (const node of at.nodes) {
    node.input = node.input.map(rename);
    node.output = node.output.map(rename);
  }
  const types = [...at.types];
  at.types.clear();
  for (const [name, type] of types) at.types.set(rename(name), type);
  const append = (opType: string, from: string, to: string, attribute: readonly Attribute[]): void => {
    at.nodes.push({ input: [from], output: [to], name: to, opType, attribute: [...attribute], metadata: [] });
  };
  for (const [from, to] of copies) append("Identity", rename(from), to, []);
  for (const { name, tensor, softmax } of outputs) if (softmax) append("Softmax", tensor, name, [attributeMessage("axis", { int: 1 })]);
  return outputs;
}

function attributeMessage(name: string, attribute: OnnxAttribute): Attribute {
  if ("int" in attribute) return { name, type: ATTRIBUTE.int, i: attribute.int };
  if ("float" in attribute) return { name, type: ATTRIBUTE.float, f: attribute.float };
  if ("string" in attribute) return { name, type: ATTRIBUTE.string, s: new TextEncoder().encode(attribute.string) };
  if ("ints" in attribute) return { name, type: ATTRIBUTE.ints, ints: attribute.ints };
  return { name, type: ATTRIBUTE.floats, floats: attribute.floats };
}

export function valueInfo(name: string, type: { readonly dtype: DType; readonly shape: readonly Dim[] }): ValueInfo {
  const dim = type.shape.map((size) => (isSymbolic(size) ? { parameter: formatDim(size) } : { value: size }));
  return { name, type: { tensor: { elementType: DATA_TYPE[type.dtype], shape: { dim } } } };
}
