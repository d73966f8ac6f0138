import onnxProto from "onnx-proto";
import type { EmittedFile } from "../../src/backends/backend.ts";
import type { GivenFile } from "../../src/verify/given.ts";
import { memoryFile } from "./byte-source.ts";
import { bytesOf } from "./compiled.ts";

const { onnx } = onnxProto;

/** A model in memory whose parts a test may change: the values of tensors, and what its layers are told. */
export interface OpenModel {
  /** The values of a tensor, in place, and its sizes in the model's own order. */
  tensor(name: string): { readonly values: Float32Array; readonly shape: readonly number[] };
  /** What a layer of this name is told; a change counts. */
  layer(name: string): Record<string, unknown>;
}

/** An ONNX file with a mistake in it; another reader than ours takes it apart and puts it together. */
export async function brokenOnnx(files: readonly EmittedFile[], change: (model: OpenOnnx) => void): Promise<Uint8Array> {
  const model = onnx.ModelProto.decode(await bytesOf(files[0]!));
  change(openOnnx(model));
  return onnx.ModelProto.encode(model).finish();
}

export interface OpenOnnx {
  tensor(name: string): { readonly values: Float32Array; readonly shape: readonly number[] };
  node(name: string): onnxProto.onnx.INodeProto;
  attribute(node: string, name: string): onnxProto.onnx.IAttributeProto;
  /** The whole numbers of a constant that a node reads, for itself alone. */
  ownConstant(node: string, input: number): BigInt64Array;
}

function openOnnx({ graph }: onnxProto.onnx.ModelProto): OpenOnnx {
  const node = (name: string) => graph!.node!.find((each) => each.name === name) ?? raise(`no node ${name}`);
  const initializer = (name: string) => graph!.initializer!.find((each) => each.name === name) ?? raise(`no initializer ${name}`);
  return {
    node,
    tensor(name) {
      const held = initializer(name);
      // A copy of its own: bytes in a file need not begin where a float may.
      const bytes = Uint8Array.from(held.rawData!);
      held.rawData = bytes;
      return { values: new Float32Array(bytes.buffer), shape: held.dims!.map(Number) };
    },
    attribute: (name, attribute) => node(name).attribute!.find((each) => each.name === attribute) ?? raise(`no ${attribute} of ${name}`),
    ownConstant(name, input) {
      const held = initializer(node(name).input![input]!);
      const bytes = Uint8Array.from(held.rawData!);
      graph!.initializer!.push({ ...held, name: `${name}.own`, rawData: bytes });
      node(name).input![input] = `${name}.own`;
      return new BigInt64Array(bytes.buffer);
    },
  };
}

/** The files of a LayersModel with a mistake in them. */
export async function brokenLayers(files: readonly EmittedFile[], change: (model: OpenModel) => void): Promise<Readonly<Record<string, Uint8Array>>> {
  const [main, ...shards] = files;
  const json = JSON.parse(new TextDecoder().decode(await bytesOf(main!))) as LayersJson;
  const parts: Uint8Array[] = [];
  for (const shard of shards) parts.push(await bytesOf(shard));
  const weights = new Uint8Array(Buffer.concat(parts));
  change({
    layer: (name) => json.modelTopology.config.layers.find((layer) => layer.name === name)?.config ?? raise(`no layer ${name}`),
    tensor(name) {
      let start = 0;
      for (const { name: own, shape } of json.weightsManifest[0]!.weights) {
        const count = shape.reduce((product, size) => product * size, 1);
        if (own === name) return { values: new Float32Array(weights.buffer, start * 4, count), shape };
        start += count;
      }
      return raise(`no weight ${name}`);
    },
  });
  let start = 0;
  const broken: Record<string, Uint8Array> = { "model.json": new TextEncoder().encode(JSON.stringify(json)) };
  for (const [index, shard] of shards.entries()) {
    broken[shard.path] = weights.slice(start, start + parts[index]!.length);
    start += parts[index]!.length;
  }
  return broken;
}

interface LayersJson {
  readonly modelTopology: { readonly config: { readonly layers: readonly { readonly name: string; readonly config: Record<string, unknown> }[] } };
  readonly weightsManifest: readonly { readonly weights: readonly { readonly name: string; readonly shape: readonly number[] }[] }[];
}

/** Files in memory as a model that a user gives. */
export function given(files: Readonly<Record<string, Uint8Array>>, main: string, path = main): GivenFile {
  const open = (name: string) => memoryFile(files[name] ?? raise(`no file ${name}`), name);
  return { path, bytes: open(main), beside: async (name) => open(name) };
}

/** Exchanges two axes of equal size, in place. */
export function swapAxes({ values, shape }: { readonly values: Float32Array; readonly shape: readonly number[] }, a: number, b: number): void {
  if (shape[a] !== shape[b]) throw new Error(`[${shape.join(", ")}] is not square in axes ${a} and ${b}`);
  const before = values.slice();
  const strides = shape.map((_, axis) => shape.slice(axis + 1).reduce((product, size) => product * size, 1));
  for (let at = 0; at < before.length; at++) {
    const place = shape.map((size, axis) => Math.floor(at / strides[axis]!) % size);
    [place[a], place[b]] = [place[b]!, place[a]!];
    values[place.reduce((sum, index, axis) => sum + index * strides[axis]!, 0)] = before[at]!;
  }
}

/** Exchanges the values of two tensors. */
export function swapValues(a: { readonly values: Float32Array }, b: { readonly values: Float32Array }): void {
  const before = a.values.slice();
  a.values.set(b.values);
  b.values.set(before);
}

function raise(message: string): never {
  throw new Error(message);
}
