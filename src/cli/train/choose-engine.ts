import { InputError } from "../../base/input-error.ts";
import type { Engine, EngineStatus } from "../../engines/engine.ts";
import { ENGINES } from "../../engines/registry.ts";
import { probeInChildProcess } from "../engine-process.ts";

/** A GPU's library may compile its kernels at its first start. */
const LIMIT_S = 60;

export interface ChosenEngine {
  readonly engine: Engine;
  readonly status: Extract<EngineStatus, { readonly kind: "works" }>;
  /** Why this one; a sentence for people. */
  readonly why: string;
}

/**
 * The engine that trains: the one that is wanted, or with `auto` the first of the list that trains and works here.
 *
 * @throws {@link InputError} with the reasons of those that do not
 */
export async function chooseTrainingEngine(wanted: string): Promise<ChosenEngine> {
  const trains = ENGINES.filter(({ openTraining }) => openTraining !== undefined);
  const candidates = wanted === "auto" ? trains : trains.filter(({ name }) => name === wanted);
  const failed: string[] = [];
  const help: string[] = [];
  for (const engine of candidates) {
    const status = await probeInChildProcess(engine.name, LIMIT_S);
    if (status.kind === "works") {
      const others = trains.filter(({ name }) => name !== engine.name).map(({ name }) => `\`--engine ${name}\``);
      return { engine, status, why: wanted === "auto" ? `${failed.length > 0 ? `${failed.join("; ")}; ` : ""}the first choice that works here (there are ${others.join(", ")})` : "as asked for" };
    }
    failed.push(`${engine.name}: ${status.kind === "missing" ? "not installed" : status.reason}`);
    if (status.kind === "missing") help.push(`\`${engine.install}\` adds ${engine.packageName}.`);
    else help.push(...status.help);
  }
  if (candidates.length === 0) throw new InputError(`the engine \`${wanted}\` does not train`, { help: [`These do: ${trains.map(({ name }) => `\`${name}\``).join(", ")}.`] });
  throw new InputError(wanted === "auto" ? "nothing here trains" : `the engine \`${wanted}\` does not work here`, { notes: failed, help: [...(wanted === "auto" ? help.slice(0, 1) : help), "`rnc doctor` says what is installed and what works."] });
}
