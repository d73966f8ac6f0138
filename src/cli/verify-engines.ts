import { InputError } from "../base/input-error.ts";
import type { Engine, EngineName, EngineStatus } from "../engines/engine.ts";
import { ENGINES } from "../engines/registry.ts";
import type { NotRun } from "../verify/report.ts";
import type { RunningEngine } from "../verify/subject.ts";
import { openInChildProcess, probeInChildProcess } from "./engine-process.ts";
import type { CliHost } from "./host.ts";
import { createWaiting } from "./progress.ts";

/** A first start of a GPU's library can take that long. */
const PROBE_SECONDS = 120;

export interface FoundEngines {
  readonly running: readonly RunningEngine[];
  readonly notRun: readonly NotRun[];
}

/** Every engine that works here, or those that were asked for. */
export async function findEngines(wanted: readonly EngineName[] | undefined, host: CliHost): Promise<FoundEngines> {
  const candidates = ENGINES.filter(({ name }) => wanted === undefined || wanted.includes(name));
  const waiting = createWaiting(host, "starting engines");
  const found = await Promise.all(candidates.map(async (engine) => ({ engine, status: await probeInChildProcess(engine.name, PROBE_SECONDS) }))).finally(() => waiting.end());
  const notRun = found.flatMap(({ engine, status }) => (status.kind === "works" ? [] : [notRunning(engine, status)]));
  const [failed] = notRun;
  if (failed && wanted) throw new InputError(`the engine \`${failed.engine}\` does not run here: ${failed.reason}`, { help: failed.help });
  return { running: found.flatMap(({ engine, status }) => (status.kind === "works" ? [running(engine, status)] : [])), notRun };
}

function running({ name, format }: Engine, { version, device }: Extract<EngineStatus, { readonly kind: "works" }>): RunningEngine {
  return { name, format, version, device, open: (model) => openInChildProcess(name, model) };
}

/** An engine that takes no part, and why. */
export function notRunning(engine: Engine, status: Exclude<EngineStatus, { readonly kind: "works" }>): NotRun {
  if (status.kind === "missing") return { engine: engine.name, reason: `${engine.packageName} is not installed`, help: [`\`${engine.install}\` adds it.`] };
  return { engine: engine.name, reason: status.reason, help: status.help };
}

/** The engine for a model that was given: one that runs anyway, or the first other one that works. */
export async function engineFor(format: Engine["format"], path: string, { running: known, notRun }: FoundEngines, host: CliHost): Promise<RunningEngine> {
  const ready = known.find((engine) => engine.format === format);
  if (ready) return ready;
  const fitting = ENGINES.filter((engine) => engine.format === format);
  const failed: NotRun[] = notRun.filter(({ engine }) => fitting.some(({ name }) => name === engine));
  const waiting = createWaiting(host, "starting engines");
  try {
    for (const engine of fitting.filter(({ name }) => !failed.some((each) => each.engine === name))) {
      const status = await probeInChildProcess(engine.name, PROBE_SECONDS);
      if (status.kind === "works") return running(engine, status);
      failed.push(notRunning(engine, status));
    }
  } finally {
    waiting.end();
  }
  throw new InputError(`nothing here runs \`${path}\``, {
    notes: failed.map(({ engine, reason }) => `${engine}: ${reason}`),
    help: [...fitting.slice(0, 1).map(({ install }) => `\`${install}\` adds the first choice.`), "`rnc doctor` says what is installed and what works."],
  });
}
