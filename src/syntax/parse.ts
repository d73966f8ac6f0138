import type { IToken } from "chevrotain";
import { groupDigits } from "../base/digits.ts";
import type { SourceFile } from "../base/source-file.ts";
import type { Problem } from "../diagnostics/problem.ts";
import type { Expression, Module } from "./ast.ts";
import type { CstNode } from "./cst.ts";
import { readDocComments } from "./doc-comments.ts";
import { toExpression } from "./expressions-to-ast.ts";
import { readForeign } from "./foreign.ts";
import { tokenize } from "./lexer.ts";
import { filterLines } from "./line-filter.ts";
import { mendMistakes } from "./mistakes.ts";
import { limitNesting } from "./nesting.ts";
import { runGrammar } from "./run-grammar.ts";
import { createReporter, type Reporter } from "./reporter.ts";
import { toModule } from "./to-ast.ts";
import { reportSyntaxError } from "./wording.ts";

/** A longer text is no network but an accident; it is not even cut into tokens. */
export const longestSource = 4 * 1024 * 1024;

/** What {@link parse} gives: always a module, also when parts of the text could not be read. */
export interface ParseResult {
  readonly module: Module;
  readonly problems: readonly Problem[];
}

/** What tools need beyond the syntax tree: everything the text consists of. */
export interface ParseTree extends ParseResult {
  /** The concrete tree; absent when the text is too long to be read. */
  readonly cst: CstNode | undefined;
  /** What the parser was given, in the order of the text. */
  readonly tokens: readonly IToken[];
  /** `//` and `///`, in the order of the text. */
  readonly comments: readonly IToken[];
  /** What was taken out before parsing: line ends that separate nothing, signs without a meaning. */
  readonly dropped: readonly IToken[];
}

/** Reads one `.resnet` file. Never throws; the work is linear in the length of the text. */
export function parse(source: SourceFile): ParseResult {
  const { module, problems } = parseTree(source);
  return { module, problems };
}

/** Like {@link parse}, and keeps the concrete tree, the tokens and the comments. */
export function parseTree(source: SourceFile): ParseTree {
  const reporter = createReporter(source);
  const { tokens, comments, dropped } = readTokens(source, reporter);
  const { cst, errors } = runGrammar("File", tokens);
  for (const error of errors) reportSyntaxError(error, tokens, reporter);
  const { moduleDoc, docAbove } = readDocComments(source.text, comments);
  const module = toModule(cst, {
    source,
    moduleDoc,
    docAbove,
    isBroken: ({ start, end }) => reporter.isBroken(start, end),
  });
  return { module, problems: reporter.problems, cst, tokens, comments, dropped };
}

/** Reads one expression, as after `--set name=`; `value` is absent when it cannot be read. */
export function parseExpression(source: SourceFile): {
  readonly value: Expression | undefined;
  readonly problems: readonly Problem[];
} {
  const reporter = createReporter(source);
  const { tokens } = readTokens(source, reporter);
  const { cst, errors } = runGrammar("Expr", tokens);
  for (const error of errors) reportSyntaxError(error, tokens, reporter);
  return { value: errors.length > 0 ? undefined : toExpression(cst), problems: reporter.problems };
}

function readTokens(
  source: SourceFile,
  reporter: Reporter,
): { readonly tokens: IToken[]; readonly comments: IToken[]; readonly dropped: IToken[] } {
  const dropped: IToken[] = [];
  if (source.text.length > longestSource) {
    reporter.report({
      code: "RN0804",
      unread: true,
      message: `this file has ${groupDigits(source.text.length)} characters; more than ${groupDigits(longestSource)} are not read`,
      start: 0,
      end: 0,
      help: ["repeat with `x`, `for` and blocks instead of writing every layer out"],
    });
    return { tokens: [], comments: [], dropped };
  }
  const lexed = tokenize(source.text);
  const meant = readForeign(lexed, reporter, dropped);
  const balanced = filterLines(meant, reporter, dropped);
  const mended = mendMistakes(balanced, reporter, dropped);
  const tokens = limitNesting(mended, reporter, dropped);
  return { tokens, comments: lexed.groups["comments"] ?? [], dropped };
}
