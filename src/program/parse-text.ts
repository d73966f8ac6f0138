import type { SourceFile } from "../base/source-file.ts";
import type { Problem } from "../diagnostics/problem.ts";
import type { Module } from "../syntax/ast.ts";
import { parse } from "../syntax/index.ts";

/**
 * Reads one `.resnet` file without what it imports: always a tree, also when parts of the text could not be read. Never
 * throws; the work is linear in the length of the text. (A door of its own: the published types then need no parser's.)
 */
export function parseText(source: SourceFile): { readonly module: Module; readonly problems: readonly Problem[] } {
  const { module, problems } = parse(source);
  return { module, problems };
}
