import { printer } from "prettier/doc";
import { InternalError } from "../base/assert.ts";
import type { SourceFile } from "../base/source-file.ts";
import type { Problem } from "../diagnostics/problem.ts";
import { hasErrors } from "../diagnostics/problem.ts";
import { parseTree } from "../syntax/index.ts";
import { printFile } from "./file.ts";
import { createGaps } from "./gaps.ts";
import { meaningOf } from "./meaning.ts";

/** No line is longer where it can be broken. */
export const LINE_WIDTH = 100;

export interface Formatted {
  /** The text in the one layout; absent when the text could not be read. */
  readonly text: string | undefined;
  readonly problems: readonly Problem[];
}

/**
 * Writes a file in the one layout (`grammar/LANGUAGE.md`, "Layout"). Line ends are those of the first line, a byte order
 * mark goes. The work is linear in the length of the text.
 *
 * @throws {@link InternalError} if the text came to mean something else: it is read again and compared
 */
export function format(source: SourceFile): Formatted {
  const tree = parseTree(source);
  if (tree.cst === undefined || hasErrors(tree.problems)) return { text: undefined, problems: tree.problems };
  const { formatted } = printer.printDocToString(printFile(tree.cst, source.text.length, createGaps(tree)), { printWidth: LINE_WIDTH, tabWidth: 2 });
  const text = /^[^\r\n]*\r\n/.test(source.text) ? formatted.replaceAll("\n", "\r\n") : formatted;
  const again = parseTree({ ...source, text });
  if (meaningOf(again) !== meaningOf(tree)) throw new InternalError(`formatting \`${source.path}\` would change what it says; it was left as it is`);
  return { text, problems: tree.problems };
}
