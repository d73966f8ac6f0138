import { InputError } from "../base/input-error.ts";
import type { Engine, EngineName, EngineStatus, ModelFiles } from "./engine.ts";
import { ENGINES } from "./registry.ts";

/** What models are called where people read it. */
const FORMATS: Readonly<Record<ModelFiles["format"], string>> = { onnx: "ONNX models", tfjs: "TensorFlow.js models" };

/**
 * The engine for models of a format: the one that is wanted, or the first that works here. Runtimes are loaded into this
 * process to see whether they do.
 *
 * @throws {@link InputError} when the wanted one does not do, with the reason and the next step, or when none works
 */
export async function chooseEngine(format: ModelFiles["format"], wanted?: EngineName, engines: readonly Engine[] = ENGINES): Promise<Engine> {
  const fitting = engines.filter((engine) => engine.format === format);
  const candidates = wanted === undefined ? fitting : engines.filter(({ name }) => name === wanted);
  const [other] = candidates;
  if (other && other.format !== format) {
    throw new InputError(`\`${other.name}\` runs ${FORMATS[other.format]}, and these are ${FORMATS[format]}`, { help: [`For them there are ${fitting.map(({ name }) => `\`${name}\``).join(", ")}.`] });
  }
  const failed: { readonly engine: Engine; readonly status: EngineStatus }[] = [];
  for (const engine of candidates) {
    const status = await engine.probe();
    if (status.kind === "works") return engine;
    failed.push({ engine, status });
  }
  const [only] = failed;
  if (wanted !== undefined && only) {
    const { engine, status } = only;
    if (status.kind === "missing") throw new InputError(`the engine \`${wanted}\` needs ${engine.packageName}, which is not installed`, { help: [`Install it beside rnc: \`${engine.install}\`.`] });
    throw new InputError(`the engine \`${wanted}\` does not work here: ${status.kind === "broken" ? status.reason : ""}`, { help: status.kind === "broken" ? status.help : [] });
  }
  const [first] = fitting;
  throw new InputError(`nothing here runs ${FORMATS[format]}`, {
    notes: failed.map(({ engine, status }) => `${engine.name}: ${status.kind === "broken" ? status.reason : "not installed"}`),
    help: [...(first ? [`\`${first.install}\` adds the first choice.`] : []), "`rnc doctor` says what is installed and what works."],
  });
}
