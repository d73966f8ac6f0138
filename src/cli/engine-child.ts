import { InternalError } from "../base/assert.ts";
import { InputError } from "../base/input-error.ts";
import type { Engine, EngineName, Inference } from "../engines/engine.ts";
import { ENGINES } from "../engines/registry.ts";
import type { EngineAnswer, EngineRequest } from "./engine-messages.ts";
import { fileOnDisk } from "./model-files.ts";
import type { TrainedHere } from "./train/training-here.ts";

// The program that `engine-process.ts` starts: it runs one engine for the process that started it, and ends with that.

let inference: Inference | undefined;
let training: TrainedHere | undefined;

async function answer(request: EngineRequest): Promise<EngineAnswer> {
  switch (request.kind) {
    case "probe":
      return { kind: "status", status: await engineCalled(request.engine).probe() };
    case "open": {
      const files = request.files.map(({ path, location }) => fileOnDisk(path, location));
      inference = await engineCalled(request.engine).open({ format: request.format, files });
      return { kind: "opened", inputs: inference.inputs, outputs: inference.outputs };
    }
    case "train": {
      const { openTrainingHere } = await import("./train/training-here.ts");
      training = await openTrainingHere(engineCalled(request.engine), request);
      return { kind: "training", layout: training.layout, most: training.most };
    }
    case "steps":
      return { kind: "stepped", results: await trained().steps(request.batches, request.rates) };
    case "write-state":
      await trained().writeState(request);
      return { kind: "state-written" };
    case "open-trained":
      await inference?.close();
      inference = undefined;
      inference = await trained().open();
      return { kind: "opened", inputs: inference.inputs, outputs: inference.outputs };
    case "run":
      return { kind: "ran", outputs: await opened().run(request.inputs) };
    case "close":
      await inference?.close();
      await training?.close();
      return { kind: "closed" };
  }
}

function engineCalled(name: EngineName): Engine {
  const engine = ENGINES.find((candidate) => candidate.name === name);
  if (engine === undefined) throw new InternalError(`there is no engine ${name}`);
  return engine;
}

function opened(): Inference {
  if (inference === undefined) throw new InternalError("no model was opened");
  return inference;
}

function trained(): TrainedHere {
  if (training === undefined) throw new InternalError("no training was opened");
  return training;
}

function failureOf(error: unknown): EngineAnswer {
  if (error instanceof InputError) return { kind: "refused", message: error.message, notes: error.notes, help: error.help };
  return { kind: "failed", stack: error instanceof Error ? (error.stack ?? error.message) : String(error) };
}

process.on("message", (request: EngineRequest) => {
  void answer(request)
    .catch(failureOf)
    .then((message) => process.send?.(message, () => request.kind === "close" && process.disconnect()));
});
// Ctrl-C reaches every process of a terminal, and an order to end every process of a job: the one that asked decides what it
// means, and takes this one along.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => undefined);
// Nobody asks any longer.
process.on("disconnect", () => process.exit());
