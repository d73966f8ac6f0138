import type { Rule } from "./rule.ts";

/** Every rule, in the order of its code. */
export const RULES: readonly Rule[] = [];
