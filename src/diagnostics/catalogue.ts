import { lexical } from "./catalogue/lexical.ts";
import { names } from "./catalogue/names.ts";
import { calls } from "./catalogue/calls.ts";
import { shapes } from "./catalogue/shapes.ts";
import { shortcuts } from "./catalogue/shortcuts.ts";
import { structure } from "./catalogue/structure.ts";
import { limits } from "./catalogue/limits.ts";
import { contracts } from "./catalogue/contracts.ts";
import { recipes } from "./catalogue/recipes.ts";

/** Every diagnostic by its code. Codes are stable and never re-used. */
export const catalogue = { ...lexical, ...names, ...calls, ...shapes, ...shortcuts, ...structure, ...limits, ...contracts, ...recipes };

/** The code of a diagnostic: `RN0201`. */
export type Code = keyof typeof catalogue;
