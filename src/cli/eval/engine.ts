import { InputError } from "../../base/input-error.ts";
import type { Engine, EngineName, EngineStatus, ModelFiles } from "../../engines/engine.ts";
import { ENGINES } from "../../engines/registry.ts";
import { probeInChildProcess } from "../engine-process.ts";
import type { CliHost } from "../host.ts";
import { createWaiting } from "../progress.ts";

/** A GPU's library may compile its kernels at its first start. */
const PROBE_SECONDS = 60;

/** An engine that works here. */
export interface WorkingEngine {
  readonly engine: Engine;
  readonly status: Extract<EngineStatus, { readonly kind: "works" }>;
}

/** Finds engines, and asks each only once. */
export interface EngineFinder {
  /**
   * The engine that was asked for, or the first one that runs a model of one of these formats and works here.
   *
   * @throws {@link InputError} where there is none, with the reasons
   */
  find(formats: readonly ModelFiles["format"][], model: string): Promise<WorkingEngine>;
}

export function createEngineFinder(wanted: EngineName | undefined, host: CliHost): EngineFinder {
  const asked = new Map<EngineName, Promise<EngineStatus>>();
  const statusOf = ({ name }: Engine): Promise<EngineStatus> => {
    const known = asked.get(name) ?? probeInChildProcess(name, PROBE_SECONDS);
    asked.set(name, known);
    return known;
  };
  return {
    async find(formats, model) {
      const fitting = ENGINES.filter(({ format }) => formats.includes(format));
      const candidates = wanted === undefined ? fitting : fitting.filter(({ name }) => name === wanted);
      if (candidates.length === 0) throw new InputError(`\`${wanted}\` does not run \`${model}\``, { help: [`These do: ${fitting.map(({ name }) => `\`${name}\``).join(", ")}.`] });
      const failed: string[] = [];
      const help: string[] = [];
      const waiting = createWaiting(host, "starting an engine");
      try {
        for (const engine of candidates) {
          const status = await statusOf(engine);
          if (status.kind === "works") return { engine, status };
          failed.push(`${engine.name}: ${status.kind === "missing" ? `${engine.packageName} is not installed` : status.reason}`);
          help.push(...(status.kind === "missing" ? [`\`${engine.install}\` adds ${engine.packageName}.`] : status.help));
        }
      } finally {
        waiting.end();
      }
      throw new InputError(wanted === undefined ? `nothing here runs \`${model}\`` : `the engine \`${wanted}\` does not work here`, { notes: failed, help: [...(wanted === undefined ? help.slice(0, 1) : help), "`rnc doctor` says what is installed and what works."] });
    },
  };
}
