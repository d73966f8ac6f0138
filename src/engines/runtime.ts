import { createRequire } from "node:module";
import { InputError } from "../base/input-error.ts";
import type { Engine, EngineStatus } from "./engine.ts";

/** A runtime's package, as far as it could be loaded. */
export type Runtime<T> = { readonly kind: "loaded"; readonly api: T } | Exclude<EngineStatus, { readonly kind: "works" }>;

/** What messages need to know of an engine. */
export type Told = Pick<Engine, "packageName" | "install"> & {
  /** The runtime in a sentence: `ONNX Runtime`. */
  readonly runtime: string;
};

/** Loads an optional package. The name is a value, so that neither the bundler nor the type checker looks for it. */
export function loadPackage<T>(packageName: string): Runtime<T> {
  try {
    return { kind: "loaded", api: createRequire(import.meta.filename)(packageName) as T };
  } catch (error) {
    return failure(error, packageName);
  }
}

/** Where a package's code begins; for another process to load it. */
export function locatePackage(packageName: string): string {
  return createRequire(import.meta.filename).resolve(packageName);
}

/**
 * The runtime, or why there is none.
 *
 * @throws {@link InputError} with the line that installs what is missing, or the reason and help for what is broken
 */
export function apiOf<T>(runtime: Runtime<T>, { packageName, install, runtime: name }: Told): T {
  switch (runtime.kind) {
    case "loaded":
      return runtime.api;
    case "missing":
      throw new InputError(`this needs ${name}, which is not installed`, { help: [`Install it beside rnc: \`${install}\`.`] });
    case "broken":
      throw new InputError(`${packageName} is installed and does not work: ${runtime.reason}`, { help: runtime.help });
  }
}

/** The first line of what was thrown. */
export function reasonOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).trim().split("\n")[0] ?? "";
}

function failure(error: unknown, packageName: string): Runtime<never> {
  const reason = reasonOf(error);
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  if (code === "MODULE_NOT_FOUND" && reason.startsWith(`Cannot find module '${packageName}'`)) return { kind: "missing" };
  const again = `\`npm rebuild ${packageName}\` runs its installation again (it downloads its native part).`;
  if (/tfjs_binding\.node/.test(reason)) {
    const help = [again, `\`npm rebuild ${packageName} --build-addon-from-source\` compiles it here; that needs Python and a C++ compiler.`];
    return { kind: "broken", reason: "its native addon, tfjs_binding.node, is not there; an installation without scripts or network leaves it out", help };
  }
  if (code === "ERR_DLOPEN_FAILED") return { kind: "broken", reason: `its native part does not load: ${reason}`, help: [again] };
  if (code === "MODULE_NOT_FOUND") {
    const help = [`It may be incomplete, or have no native part for ${process.platform} ${process.arch}: \`npm install ${packageName}\` installs it anew.`];
    return { kind: "broken", reason: `a part of it is not there: ${reason}`, help };
  }
  return { kind: "broken", reason, help: [`\`npm install ${packageName}\` installs it anew.`] };
}
