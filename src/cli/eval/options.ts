import type { Size } from "../../data/pixels.ts";
import type { ViewKind } from "../../evaluation/views.ts";
import type { EngineName } from "../../engines/engine.ts";
import type { Part } from "../data/data-set.ts";
import type { NetworkOptions } from "../target.ts";

/** What `rnc eval` was given. */
export interface EvalOptions extends NetworkOptions {
  readonly data?: string;
  readonly split?: Part["name"];
  /** One for each network, in their order. */
  readonly weights?: readonly string[];
  readonly rename?: readonly string[];
  readonly ignore?: readonly string[];
  readonly last?: boolean;
  readonly output?: string;
  readonly recipe?: string;
  readonly mean?: readonly number[];
  readonly std?: readonly number[];
  readonly size?: Size;
  readonly resize?: number;
  readonly views?: ViewKind;
  readonly scales?: readonly number[];
  readonly flip?: boolean;
  readonly engine?: EngineName;
  readonly batch?: number;
  readonly limit?: number;
  readonly confusion?: boolean;
  readonly json?: boolean;
}
