import type { IToken } from "chevrotain";
import { endOf } from "./lexer.ts";
import { DocComment } from "./tokens.ts";

/** The `///` comments of a file by their places. */
export interface DocComments {
  /** The block at the top of the file, when a blank line follows it. */
  readonly moduleDoc: string | undefined;
  /** The block that ends on the line above an offset; offsets have to be asked in rising order. */
  readonly docAbove: (start: number) => string | undefined;
}

/** Groups `///` lines into blocks of consecutive lines. */
export function readDocComments(text: string, comments: readonly IToken[]): DocComments {
  const blocks: { readonly start: number; end: number; readonly lines: string[] }[] = [];
  for (const comment of comments) {
    if (comment.tokenType !== DocComment || !beginsLine(text, comment.startOffset)) continue;
    const line = comment.image.slice(comment.image.startsWith(" ", 3) ? 4 : 3).trimEnd();
    const last = blocks.at(-1);
    if (last && lineBreaksBetween(text, last.end, comment.startOffset) === 1) {
      last.lines.push(line);
      last.end = endOf(comment);
    } else {
      blocks.push({ start: comment.startOffset, end: endOf(comment), lines: [line] });
    }
  }
  const first = blocks[0];
  const isModuleDoc =
    first && text.slice(0, first.start).trim() === "" && /^(?:$|(?:\r\n?|\n)[ \t]*(?:[\r\n]|$))/.test(text.slice(first.end, first.end + 200));
  let next = 0;
  return {
    moduleDoc: isModuleDoc ? first.lines.join("\n") : undefined,
    docAbove(start) {
      while ((blocks[next]?.end ?? Infinity) <= start) next++;
      const block = blocks[next - 1];
      return block && lineBreaksBetween(text, block.end, start) === 1 ? block.lines.join("\n") : undefined;
    },
  };
}

function beginsLine(text: string, offset: number): boolean {
  for (let at = offset - 1; at >= 0; at--) {
    const sign = text.charAt(at);
    if (sign === "\n" || sign === "\r") return true;
    if (sign.trim() !== "") return false;
  }
  return true;
}

/** How many lines end between two offsets; -1 when there is more than blanks, 2 also for more than two. */
function lineBreaksBetween(text: string, from: number, to: number): number {
  let count = 0;
  for (let at = from; at < to && count < 2; at++) {
    const sign = text.charAt(at);
    if (sign === "\n" || (sign === "\r" && text.charAt(at + 1) !== "\n")) count++;
    else if (sign.trim() !== "") return -1;
  }
  return count;
}
