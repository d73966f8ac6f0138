import type { Context } from "./context.ts";
import type { Declared } from "./data.ts";

export function checkRecipe(_declared: Declared, _context: Context): void {}
