import onnxProto from "onnx-proto";
import * as ort from "onnxruntime-node";
import type { Dim } from "../../src/ir/dim.ts";
import type { Graph, Node, Value } from "../../src/ir/graph.ts";
import { isUnsupported } from "../../src/ops/define-op.ts";
import type { OnnxAttribute, OnnxBuilder } from "../../src/ops/contract/onnx-builder.ts";
import { recordOf } from "./graphs.ts";
import type { Tensor } from "./interpreter/tensor.ts";
import { tensor } from "./interpreter/tensor.ts";

const { onnx } = onnxProto;
const OPSET = 18;
/** The latest that the protobuf package of the tests can write; nothing here needs a later one. */
const IR_VERSION = 8;

const TYPES = { float32: onnx.TensorProto.DataType.FLOAT, int64: onnx.TensorProto.DataType.INT64 } as const;

function attributeProto(name: string, attribute: OnnxAttribute): onnxProto.onnx.IAttributeProto {
  const types = onnx.AttributeProto.AttributeType;
  if ("int" in attribute) return { name, type: types.INT, i: attribute.int };
  if ("float" in attribute) return { name, type: types.FLOAT, f: attribute.float };
  if ("string" in attribute) return { name, type: types.STRING, s: new TextEncoder().encode(attribute.string) };
  if ("ints" in attribute) return { name, type: types.INTS, ints: [...attribute.ints] };
  return { name, type: types.FLOATS, floats: [...attribute.floats] };
}

function valueInfo(name: string, shape: readonly Dim[]): onnxProto.onnx.IValueInfoProto {
  const dim = shape.map((size) => (typeof size === "number" ? { dimValue: size } : { dimParam: size.key }));
  return { name, type: { tensorType: { elemType: TYPES.float32, shape: { dim } } } };
}

/**
 * Writes a graph by its operators' lowerings as a bare ONNX file: no metadata, every input and parameter an input. The backend of
 * the product is tested on its own; this one lets an operator be tested alone.
 */
export function writeOnnx(graph: Graph): Uint8Array {
  const nodes: onnxProto.onnx.INodeProto[] = [];
  const initializer: onnxProto.onnx.ITensorProto[] = [];
  const names = new Map<Value, string>();
  let running: Node | undefined;
  let count = 0;
  const of = (value: Value): string => {
    const known = names.get(value);
    if (known !== undefined) return known;
    const { producer } = value;
    const name = producer.kind === "constant" ? constant(producer.tensor.dtype as "float32", producer.tensor.shape, producer.tensor.data) : value.name;
    names.set(value, name);
    return name;
  };
  const constant: OnnxBuilder["constant"] = (dtype, shape, data) => {
    const name = `c${initializer.length}`;
    const rawData = new Uint8Array((dtype === "int64" ? BigInt64Array.from(data, BigInt) : Float32Array.from(data)).buffer);
    initializer.push({ name, dataType: TYPES[dtype], dims: [...shape], rawData });
    return name;
  };
  const builder: OnnxBuilder = {
    of,
    constant,
    node(opType, input, attributes = {}, more = {}) {
      const to = more.to === undefined ? [] : Array.isArray(more.to) ? (more.to as readonly Value[]) : [more.to as Value];
      const output = to.length > 0 ? to.map(of) : [`${running!.name}/${more.hint ?? opType}_${count++}`];
      nodes.push({ opType, name: `n${count++}`, input: [...input], output, attribute: Object.entries(attributes).map(([name, value]) => attributeProto(name, value)) });
      return output[0]!;
    },
    alias: (value, as) => void names.set(value, of(as)),
    shapeTensor(shape) {
      const open = shape.filter((size) => typeof size !== "number").length;
      if (open > 1) throw new Error("one open size can be left to Reshape");
      return constant("int64", [shape.length], shape.map((size) => (typeof size === "number" ? size : -1)));
    },
  };
  for (const node of graph.nodes) {
    const { onnx: lower } = recordOf(node.op).lower;
    if (isUnsupported(lower)) throw new Error(`${node.op}: ${lower.unsupported}`);
    running = node;
    lower(builder, node);
  }
  for (const { name, value } of graph.outputs) nodes.push({ opType: "Identity", input: [of(value)], output: [`out:${name}`] });
  const model = onnx.ModelProto.create({
    irVersion: IR_VERSION,
    opsetImport: [{ domain: "", version: OPSET }],
    graph: {
      name: graph.name,
      node: nodes,
      initializer,
      input: [...graph.inputs.map(({ name, type }) => valueInfo(name, type.shape)), ...graph.parameters.map(({ name, shape }) => valueInfo(name, shape))],
      output: graph.outputs.map(({ name, value }) => valueInfo(`out:${name}`, value.type.shape)),
    },
  });
  return onnx.ModelProto.encode(model).finish();
}

/** Runs a graph in ONNX Runtime on one thread. */
export async function runOnnx(graph: Graph, feeds: Readonly<Record<string, Tensor>>): Promise<Record<string, Tensor>> {
  const session = await ort.InferenceSession.create(writeOnnx(graph), { intraOpNumThreads: 1, logSeverityLevel: 3 });
  const given = session.inputNames.map((name) => {
    const { shape, data } = feeds[name]!;
    return [name, new ort.Tensor("float32", Float32Array.from(data), [...shape])] as const;
  });
  const results = await session.run(Object.fromEntries(given));
  await session.release();
  return Object.fromEntries(
    graph.outputs.map(({ name }) => {
      const { dims, data } = results[`out:${name}`]!;
      return [name, tensor([...dims], data as Float32Array)];
    }),
  );
}

/** The greatest difference between two tensors, as a part of the greatest magnitude of the second (at least 1). */
export function difference(a: Tensor, b: Tensor): number {
  if (a.shape.join() !== b.shape.join()) return Infinity;
  const greatest = b.data.reduce((sofar, x) => Math.max(sofar, Math.abs(x)), 1);
  return a.data.reduce((sofar, x, index) => Math.max(sofar, Number.isNaN(x) ? Infinity : Math.abs(x - b.data[index]!)), 0) / greatest;
}
