/**
 * An engine in a process of its own, which answers requests of {@link EngineProcess}: two packages of TensorFlow.js for Node
 * cannot be in one process, and what they take of memory goes with it.
 */
import { createWriteStream } from "node:fs";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { ENGINES } from "../../src/engines/registry.ts";
import type { Inference } from "../../src/engines/engine.ts";
import type { Training } from "../../src/engines/training.ts";
import { compileTfjs, openWeights } from "../../src/index.ts";
import type { Graph } from "../../src/index.ts";
import { prepare } from "../../src/program/prepare.ts";
import type { WeightChoice } from "../../src/program/prepare.ts";
import { parseRename } from "../../src/weights/rename.ts";
import { writeSafetensors } from "../../src/weights/safetensors-writer.ts";
import { diskFile } from "./byte-source.ts";
import type { Answers, ModelRequest, Request } from "./engine-process.ts";
import { standardNetwork } from "./networks.ts";

const engine = ENGINES.find(({ name }) => name === process.argv[2]);
if (engine === undefined) throw new Error(`no engine is called ${process.argv[2]}`);
let training: Training | undefined;
let inference: Inference | undefined;

async function chosen<Result>({ network, settings, weights, renames = [] }: ModelRequest, use: (graph: Graph, choice: WeightChoice) => Promise<Result>): Promise<Result> {
  const graph = standardNetwork(network, settings);
  if (weights === undefined) return use(graph, {});
  const file = await diskFile(weights);
  const result = await use(graph, { weights: await openWeights(file), renames: renames.map(parseRename) });
  await file.close();
  return result;
}

async function answer(request: Request): Promise<Answers[Request["do"]]> {
  switch (request.do) {
    case "open":
      inference = await chosen(request.model, async (graph, choice) => engine!.open({ format: "tfjs", files: compileTfjs(graph, { version: "0.0.0", ...choice }).files }));
      return undefined;
    case "run":
      return inference!.run(request.inputs);
    case "train":
      training = await chosen(request.model, (graph, choice) => engine!.openTraining!(graph, prepare(graph, choice).weights, request.options));
      return undefined;
    case "step":
      return training!.step(request.batch, request.learningRate);
    case "save": {
      const state = await training!.readState();
      const entries = state.names().map((name) => state.info(name)!);
      const copies = async function* () {
        for await (const chunk of writeSafetensors(entries, state).chunks()) yield chunk.slice();
      };
      await pipeline(Readable.from(copies()), createWriteStream(request.path));
      return undefined;
    }
  }
}

process.on("message", (request: Request) => {
  answer(request).then(
    (value) => process.send!({ value }),
    (error: unknown) => process.send!({ error: error instanceof Error ? error.stack : String(error) }),
  );
});
// The native library keeps a process alive.
process.once("disconnect", () => process.exit());
