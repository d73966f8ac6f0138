import { builders } from "prettier/doc";
import { positionAt } from "../base/source-file.ts";
import type { ParseTree } from "../syntax/index.ts";
import type { Token } from "./tree.ts";

const { breakParent, hardline, indent, line, lineSuffix, softline } = builders;

/** A text whose line ends are still to be chosen. */
export type Doc = builders.Doc;

/** Which lines that the author left empty above comments stay. */
export type Blanks = "all" | "not above the first" | "none";

/** A comment on a line of its own. */
interface OwnLine {
  readonly text: string;
  /** Whether the author left a line empty above it. */
  readonly blankAbove: boolean;
}

/** What stands between the last thing that was written and the next one. */
interface Between {
  /** The comment on the line of the last thing. */
  readonly trailing: string | undefined;
  readonly own: readonly OwnLine[];
  /** Whether the author left a line empty directly above the next thing. */
  readonly blankAbove: boolean;
}

/**
 * The places between tokens. Everything that is written asks here, in the order of the text, what comes before it: the
 * usual blank or line end, or the comments that the author put there. A comment needs a line end behind it; the author's
 * text has one there, so between the same two tokens there may be one again.
 */
export interface Gaps {
  /** A place inside a line: nothing or a blank. */
  inline(next: number, usual: "" | " "): Doc;
  /** A place inside brackets, where the line may end. */
  soft(next: number, usual: typeof line | typeof softline): Doc;
  /** Before a step of a chain: the comments, where there are any; then the step has to begin a line. */
  step(next: number): Doc | undefined;
  /** The first thing of a body of several lines. */
  first(next: number): Doc;
  /** A thing of a body or file that is not its first; `bar` is the `|` that is written anew. */
  item(next: number, bar?: Token): Doc;
  /**
   * Before what closes: the comments, to be indented as what was closed; the line end is the caller's. `blanks` says
   * whether lines that were left empty above them stay.
   */
  closing(next: number, blanks: Blanks): Doc;
  /** Before `else`. */
  otherwise(next: number): Doc;
  /** A token that is written at once; comments before it come after it. */
  open(token: Token): void;
  /** The comments above the first thing of the file. */
  top(next: number): Doc;
  /** Whether a comment that was not written yet stands before an offset. */
  hasCommentBefore(offset: number): boolean;
  lineAt(offset: number): number;
}

/** Reads the comments of a tree, once, from the first to the last. */
export function createGaps({ module: { source }, comments }: ParseTree): Gaps {
  let at = 0;
  /** The lines of the last thing written, and of the last thing of the text that was passed. */
  let writtenLine = -1;
  let passedLine = Infinity;

  const lineAt = (offset: number): number => positionAt(source, offset).line;

  const take = (next: number, bar?: Token): Between => {
    const own: OwnLine[] = [];
    let trailing: string | undefined;
    let blankAboveBar: boolean | undefined;
    const blankAbove = (offset: number): boolean => {
      if (bar && bar.startOffset < offset) {
        const barLine = lineAt(bar.startOffset);
        blankAboveBar = barLine - passedLine > 1;
        passedLine = barLine;
        bar = undefined;
      }
      const blank = blankAboveBar ?? lineAt(offset) - passedLine > 1;
      blankAboveBar = undefined;
      passedLine = lineAt(offset);
      return blank;
    };
    for (let comment = comments[at]; comment && comment.startOffset < next; comment = comments[++at]) {
      const text = comment.image.trimEnd();
      const blank = blankAbove(comment.startOffset);
      if (trailing === undefined && own.length === 0 && passedLine === writtenLine) trailing = text;
      else own.push({ text, blankAbove: blank });
    }
    const between = { trailing, own, blankAbove: blankAbove(next) };
    writtenLine = passedLine;
    return between;
  };

  return {
    lineAt,
    hasCommentBefore: (offset) => (comments[at]?.startOffset ?? Infinity) < offset,
    inline(next, usual) {
      const between = take(next);
      return isEmpty(between) ? usual : [trailingOf(between), indent([lines(between, "none"), hardline])];
    },
    soft(next, usual) {
      const between = take(next);
      return [trailingOf(between), between.own.length > 0 ? [lines(between, "none"), hardline] : usual];
    },
    step(next) {
      const between = take(next);
      return isEmpty(between) ? undefined : [trailingOf(between), indent(lines(between, "none"))];
    },
    first(next) {
      const between = take(next);
      return [trailingOf(between), lines(between, "not above the first"), hardline, between.own.length > 0 && between.blankAbove ? hardline : ""];
    },
    item(next, bar) {
      const between = take(next, bar);
      return [trailingOf(between), lines(between, "all"), hardline, between.blankAbove ? hardline : ""];
    },
    closing(next, blanks) {
      const between = take(next);
      return [trailingOf(between), lines(between, blanks)];
    },
    otherwise(next) {
      const between = take(next);
      return isEmpty(between) ? " " : [trailingOf(between), lines(between, "none"), hardline];
    },
    open(token) {
      const pending = comments[at];
      if (pending && pending.startOffset < token.startOffset) return;
      writtenLine = passedLine = lineAt(token.startOffset);
    },
    top(next) {
      const between = take(next);
      const parts: Doc[] = between.own.map(({ text, blankAbove }, index) => [index > 0 ? hardline : "", index > 0 && blankAbove ? hardline : "", text]);
      return parts.length === 0 ? "" : [parts, hardline, between.blankAbove ? hardline : ""];
    },
  };
}

const isEmpty = ({ trailing, own }: Between): boolean => trailing === undefined && own.length === 0;

/** Behind the last thing, whatever its length: a comment never makes the code before it break. */
const trailingOf = ({ trailing }: Between): Doc => (trailing === undefined ? "" : [lineSuffix(` ${trailing}`), breakParent]);

const lines = ({ own }: Between, blanks: Blanks): Doc =>
  own.map(({ text, blankAbove }, index) => [hardline, blankAbove && (blanks === "all" || (blanks !== "none" && index > 0)) ? hardline : "", text]);
