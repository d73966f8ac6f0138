import { delimiter } from "../backends/onnx/messages.ts";
import { InputError } from "../base/input-error.ts";
import type { Graph, Value } from "../ir/graph.ts";
import { checkRelativePath } from "../weights/files-beside.ts";
import { WireReader } from "../weights/onnx/wire.ts";
import { checkSizes, emittedFrom, matched } from "./given.ts";
import type { Declared, GivenFile } from "./given.ts";
import type { RunningEngine, Subject } from "./subject.ts";

/** Fields of onnx.proto that are looked at; see backends/onnx/messages.ts. */
const MODEL = { graph: 7 } as const;
const GRAPH = { node: 1, initializer: 5, input: 11, output: 12 } as const;
const NODE = { output: 2 } as const;
const TENSOR = { name: 8, external: 13 } as const;
const MAX_NAME_BYTES = 4096;

/** What an ONNX file says of itself, weights aside. */
export interface OnnxOutline {
  readonly inputs: readonly Declared[];
  readonly outputs: readonly string[];
  /** What its nodes make. */
  readonly tensors: ReadonlySet<string>;
  /** Files of external data. */
  readonly dataFiles: readonly string[];
}

interface Range {
  readonly start: number;
  readonly end: number;
}

/** Walks an ONNX file; weights are skipped. */
export async function readOnnxOutline({ bytes, path }: GivenFile): Promise<OnnxOutline> {
  const reader = new WireReader(bytes, path);
  const inputs: Declared[] = [];
  const outputs: string[] = [];
  const tensors = new Set<string>();
  const dataFiles = new Set<string>();
  const initializers = new Set<string>();
  let graphs = 0;
  for await (const [field, graph] of ranges(reader, { start: 0, end: bytes.size })) {
    if (field !== MODEL.graph) continue;
    graphs++;
    for await (const [part, range] of ranges(reader, graph)) {
      if (part === GRAPH.node) {
        for await (const [number, { start, end }] of ranges(reader, range)) if (number === NODE.output) tensors.add(await reader.text(start, end, MAX_NAME_BYTES));
      } else if (part === GRAPH.initializer) {
        for await (const [number, held] of ranges(reader, range)) {
          if (number === TENSOR.name) initializers.add(await reader.text(held.start, held.end, MAX_NAME_BYTES));
          if (number !== TENSOR.external) continue;
          const [key, value] = await entryOf(reader, held);
          if (key !== "location") continue;
          if (checkRelativePath(value, path).includes("/")) throw new InputError(`\`${path}\` keeps weights in a folder below its own: \`${value}\``, { help: ["Save the model again with its data beside it, in one folder."] });
          dataFiles.add(value);
        }
      } else if (part === GRAPH.input) inputs.push(await declared(reader, range));
      else if (part === GRAPH.output) outputs.push((await declared(reader, range)).name);
    }
  }
  if (graphs === 0) throw new InputError(`\`${path}\` is no ONNX model: it has no graph`);
  // Old files list their weights among the inputs, too.
  return { inputs: inputs.filter(({ name }) => !initializers.has(name)), outputs, tensors, dataFiles: [...dataFiles] };
}

/**
 * An ONNX file of the user's own beside a network. It runs as it is; values that bear the network's names are shown by
 * appending outputs: a message that is appended to a protobuf file is merged with it.
 *
 * @throws {@link InputError} where inputs or outputs do not fit
 */
export async function givenOnnx(graph: Graph, file: GivenFile, engine: RunningEngine, shapes: readonly (readonly number[])[]): Promise<Subject> {
  const { path, bytes } = file;
  const outline = await readOnnxOutline(file);
  const about = { path, network: graph.name };
  const outputs = matched(graph.outputs.map(({ name }) => name), outline.outputs, { ...about, what: "output" });
  const inputs = matched(graph.inputs.map(({ name }) => name), outline.inputs.map(({ name }) => name), { ...about, what: "input" });
  const inputOf = outline.inputs.map((_, index) => inputs.indices.indexOf(index));
  checkSizes(graph, outline.inputs, inputOf, shapes, path);
  const data = await Promise.all(outline.dataFiles.map(async (name) => emittedFrom(await file.beside(name), name)));
  const outputOf = new Map(graph.outputs.map(({ value }, index) => [value, outputs.indices[index] ?? -1]));
  return {
    name: path,
    path,
    engine,
    remarks: [inputs.remark, outputs.remark].filter((remark) => remark !== undefined),
    shows: (value) => outputOf.has(value) || outline.outputs.includes(value.name) || outline.tensors.has(value.name),
    show(values) {
      const at = new Map<Value, number>();
      const further: string[] = [];
      for (const value of values) {
        const known = outputOf.get(value) ?? outline.outputs.indexOf(value.name);
        if (known >= 0) at.set(value, known);
        else if (outline.tensors.has(value.name)) at.set(value, outline.outputs.length + further.push(value.name) - 1);
      }
      const model = { format: "onnx", files: [emittedFrom(bytes, "", further.length > 0 ? furtherOutputs(further) : undefined), ...data] } as const;
      return { model, inputs: inputOf, outputs: outputs.indices, at };
    },
  };
}

/** `graph { output { name: … } … }`; a runtime finds the types itself. */
function furtherOutputs(names: readonly string[]): Uint8Array {
  const entries = names.map((name) => {
    const text = new TextEncoder().encode(name);
    const own = joined([delimiter(1, text.length), text]);
    return joined([delimiter(GRAPH.output, own.length), own]);
  });
  const graph = joined(entries);
  return joined([delimiter(MODEL.graph, graph.length), graph]);
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/** The texts, bytes and messages in a message. */
async function* ranges(reader: WireReader, { start, end }: Range): AsyncGenerator<readonly [field: number, range: Range]> {
  for await (const { number, value } of reader.fields(start, end)) if (value.kind === "range") yield [number, value];
}

async function entryOf(reader: WireReader, range: Range): Promise<readonly [key: string, value: string]> {
  let [key, text] = ["", ""];
  for await (const [number, { start, end }] of ranges(reader, range)) {
    if (number === 1) key = await reader.text(start, end, MAX_NAME_BYTES);
    if (number === 2) text = await reader.text(start, end, MAX_NAME_BYTES);
  }
  return [key, text];
}

/** A ValueInfoProto: its name, and its shape where it has one: `type { tensor_type { shape { dim { dim_value } } } }`. */
async function declared(reader: WireReader, range: Range): Promise<Declared> {
  let name = "";
  let shape: (number | undefined)[] | undefined;
  for await (const [number, own] of ranges(reader, range)) {
    if (number === 1) name = await reader.text(own.start, own.end, MAX_NAME_BYTES);
    if (number !== 2) continue;
    for await (const [kind, tensor] of ranges(reader, own)) {
      if (kind !== 1) continue;
      for await (const [field, sizes] of ranges(reader, tensor)) {
        if (field !== 2) continue;
        shape = [];
        for await (const [, dim] of ranges(reader, sizes)) shape.push(await sizeOf(reader, dim));
      }
    }
  }
  return { name, ...(shape ? { shape } : {}) };
}

async function sizeOf(reader: WireReader, { start, end }: Range): Promise<number | undefined> {
  for await (const { number, value } of reader.fields(start, end)) if (number === 1 && value.kind === "number") return Number(value.value);
  return undefined;
}
