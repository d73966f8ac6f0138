import type * as Tf from "@tensorflow/tfjs";
import { InputError } from "../base/input-error.ts";
import type { FloatTensor, Inference, ModelFiles } from "./engine.ts";
import { checkInputs } from "./model-data.ts";
import { reasonOf } from "./runtime.ts";
import { readArtifacts } from "./tfjs-artifacts.ts";

/** TensorFlow.js of any flavour: the packages for Node.js add to it. */
export type TensorFlow = typeof Tf;

/** A flavour and the backend in it that an engine stands for. */
export interface Flavour {
  readonly tf: TensorFlow;
  /** `tensorflow` (the native library) or `cpu` (JavaScript). */
  readonly backend: string;
  /** In messages: `TensorFlow.js`. */
  readonly title: string;
}

/**
 * Puts the backend in force. All engines of a process share one TensorFlow.js, and there one backend is in force: call this
 * right before work without any `await`. Both backends are there at once, so nothing has to be waited for.
 *
 * @throws {@link InputError} when the backend does not start
 */
export function useBackend({ tf, backend, title }: Flavour): void {
  if (tf.getBackend() === backend) return;
  // Whether it worked is seen on the next line; TensorFlow.js itself prints why not.
  void tf.setBackend(backend).catch(() => undefined);
  if (tf.getBackend() !== backend) throw new InputError(`${title} could not start its backend \`${backend}\``);
}

/** Loads a LayersModel. Images go in and come out channels first; inside they are channels last. */
export async function openLayersModel(flavour: Flavour, files: ModelFiles): Promise<Inference> {
  const { tf, title } = flavour;
  const { artifacts, outputNames } = await readArtifacts(files);
  useBackend(flavour);
  const model = await tf.loadLayersModel({ load: async () => artifacts }).catch((error: unknown) => {
    throw new InputError(`${title} refuses this model`, { notes: [reasonOf(error)] });
  });
  const inputs = model.inputNames;
  const outputs = outputNames?.length === model.outputs.length ? outputNames : model.outputNames;
  return {
    inputs,
    outputs,
    async run(given) {
      checkInputs(inputs, given);
      try {
        useBackend(flavour);
        return predict(tf, model, given);
      } catch (error) {
        if (error instanceof InputError) throw error;
        throw new InputError(`${title} could not run this model`, { notes: [reasonOf(error)] });
      }
    },
    async close() {
      model.dispose();
    },
  };
}

/** Without any `await`, so that no other engine can change the backend; every tensor but the model's own is freed. */
function predict(tf: TensorFlow, model: Tf.LayersModel, given: readonly FloatTensor[]): readonly FloatTensor[] {
  const results: FloatTensor[] = [];
  tf.tidy(() => {
    const tensors = given.map(({ data, shape }) => channelsLast(tf, tf.tensor(data, [...shape], "float32")));
    const [first] = tensors;
    // By itself `predict` cuts a batch into pieces of 32.
    const made = model.predict(tensors.length === 1 && first ? first : tensors, { batchSize: Math.max(1, first?.shape[0] ?? 1) });
    for (const tensor of Array.isArray(made) ? made : [made]) {
      const image = channelsFirst(tf, tensor);
      // A copy: what comes may be the tensor's own memory, or even the input's.
      results.push({ data: Float32Array.from(image.dataSync()), shape: image.shape });
    }
  });
  return results;
}

/** [N, C, …] as [N, …, C]; what has no axes beside these two stays as it is. */
export function channelsLast(tf: TensorFlow, x: Tf.Tensor): Tf.Tensor {
  const { rank } = x;
  return rank < 3 ? x : tf.transpose(x, [0, ...Array.from({ length: rank - 2 }, (_, axis) => axis + 2), 1]);
}

/** [N, …, C] as [N, C, …]. */
function channelsFirst(tf: TensorFlow, x: Tf.Tensor): Tf.Tensor {
  const { rank } = x;
  return rank < 3 ? x : tf.transpose(x, [0, rank - 1, ...Array.from({ length: rank - 2 }, (_, axis) => axis + 1)]);
}
