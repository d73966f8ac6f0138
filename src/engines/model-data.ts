import type { EmittedFile } from "../backends/backend.ts";
import { groupDigits } from "../base/digits.ts";
import { InputError } from "../base/input-error.ts";
import { elementCount, formatShape } from "../ir/tensor-type.ts";
import type { FloatTensor, Inference } from "./engine.ts";

/** All bytes of a file: runtimes take a model as a whole. */
export async function bytesOf(file: EmittedFile): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = new Uint8Array(file.sizeInBytes);
  let at = 0;
  for await (const chunk of file.chunks()) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  if (at < bytes.length) throw new InputError(`\`${file.path}\` ends after ${groupDigits(at)} bytes; ${groupDigits(bytes.length)} were expected`);
  return bytes;
}

/** Makes sure that there is one tensor for every input, with as many values as its shape says. */
export function checkInputs(names: readonly string[], inputs: readonly FloatTensor[]): void {
  if (inputs.length !== names.length) throw new InputError(`this model has ${names.length} inputs (${names.join(", ")}), and ${inputs.length} tensors were given`);
  inputs.forEach(({ data, shape }, index) => {
    const count = elementCount(shape);
    if (data.length !== count) throw new InputError(`\`${names[index]}\` of shape ${formatShape(shape)} needs ${groupDigits(count)} values, and has ${groupDigits(data.length)}`);
  });
}

/** Runs a model with tensors by name. */
export async function runNamed(inference: Inference, inputs: Readonly<Record<string, FloatTensor>>): Promise<Readonly<Record<string, FloatTensor>>> {
  const given = inference.inputs.map((name) => {
    const tensor = inputs[name];
    if (tensor === undefined) throw new InputError(`this model wants an input \`${name}\`, and none was given`);
    return tensor;
  });
  const results = await inference.run(given);
  return Object.fromEntries(results.map((tensor, index) => [inference.outputs[index] ?? "", tensor]));
}
