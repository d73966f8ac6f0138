import type { Engine } from "./engine.ts";

/** Every engine, the first choice of each format first. Modules are light; a runtime is loaded when it is asked for. */
export const ENGINES: readonly Engine[] = [];
