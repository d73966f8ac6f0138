import { InputError } from "../base/input-error.ts";
import type { EmittedFile } from "../backends/backend.ts";

/** A float32 tensor, row-major. */
export interface FloatTensor {
  readonly data: Float32Array;
  readonly shape: readonly number[];
}

/** A model that has been loaded. */
export interface OnnxSession {
  /** Runs it once; the outputs asked for by name, all of them float32. */
  run(inputs: Readonly<Record<string, FloatTensor>>, outputs: readonly string[]): Promise<Readonly<Record<string, FloatTensor>>>;
  close(): Promise<void>;
}

/** The runtime's version that this was tried with; any of 1.17 or later should do. */
const PACKAGE = "onnxruntime-node";

/**
 * Loads a model into ONNX Runtime on the CPU.
 *
 * @throws {@link InputError} with the line that installs the runtime when it is not there
 */
export async function openOnnxSession(model: EmittedFile): Promise<OnnxSession> {
  const { InferenceSession, Tensor } = await loadRuntime();
  const session = await InferenceSession.create(await gather(model), { executionProviders: ["cpu"], logSeverityLevel: 3 });
  return {
    async run(inputs, outputs) {
      const feeds = Object.fromEntries(Object.entries(inputs).map(([name, { data, shape }]) => [name, new Tensor("float32", data, [...shape])]));
      const results = await session.run(feeds, [...outputs]);
      return Object.fromEntries(
        outputs.map((name) => {
          const result = results[name];
          if (result === undefined || !(result.data instanceof Float32Array)) throw new Error(`ONNX Runtime gave no float32 for ${name}`);
          return [name, { data: result.data, shape: result.dims.map(Number) }];
        }),
      );
    },
    close: async () => session.release(),
  };
}

async function loadRuntime(): Promise<typeof import("onnxruntime-node")> {
  try {
    return await import("onnxruntime-node");
  } catch (error) {
    throw new InputError(`this needs ONNX Runtime, which is not installed`, {
      notes: [error instanceof Error ? (error.message.split("\n")[0] ?? "") : String(error)],
      help: [`Install it beside rnc: \`npm install ${PACKAGE}\`.`],
    });
  }
}

/** The runtime takes a model as one piece. */
async function gather(model: EmittedFile): Promise<Uint8Array> {
  const bytes = new Uint8Array(model.sizeInBytes);
  let at = 0;
  for await (const chunk of model.chunks()) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
}
