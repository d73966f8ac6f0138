import type { IToken, TokenType } from "chevrotain";
import { positionAt } from "../base/source-file.ts";
import { endOf, makeToken, retype } from "./lexer.ts";
import { fixOf, rangeOf, type Reporter } from "./reporter.ts";
import * as t from "./tokens.ts";

/** An open `(`, `[` or `{`. */
interface Open {
  readonly token: IToken;
  /** The column at which its line begins to be written on; tells which `{` a reader takes a `}` for. */
  readonly indentation: number;
}

const closerOf = new Map<TokenType, { readonly type: TokenType; readonly image: string }>([
  [t.LeftParen, { type: t.RightParen, image: ")" }],
  [t.LeftSquare, { type: t.RightSquare, image: "]" }],
  [t.LeftBrace, { type: t.RightBrace, image: "}" }],
]);

/** A statement begins with one of these; in brackets at the beginning of a line, they tell that the bracket is open. */
const isStatementWord = t.oneOf(t.Let, t.Input, t.Output, t.Shortcuts, t.Require, t.Expect, t.For, t.From);

/** A line that ends with one of these goes on. */
const continuesAfter = t.oneOf(t.LeftBrace, t.Arrow, t.Comma, t.Bar, t.Dot, t.Times, t.Not, t.Else);

/** A line that begins with one of these continues the one before. */
const continuesBefore = t.oneOf(t.RightBrace, t.Arrow, t.Bar, t.Else);

/** An `if` or `for` after one of these begins an element, whose `{` has to come on its line. */
const isBeforeElement = t.oneOf(t.LeftBrace, t.NewLine, t.Bar, t.Arrow, t.Colon, t.Else);

/** So far it is looked for the closing of a bracket; more would make the work grow with the square of the text. */
const farthestCloser = 300;

/**
 * Stands between lexer and parser: keeps a line's end where it separates two items, and balances brackets, so that the
 * parser sees every declaration whole. An open `(` or `[` ends at the latest at `{`, `}` and at a line that begins a
 * declaration; an open `{` at such a line.
 */
export function filterLines(tokens: readonly IToken[], reporter: Reporter, dropped: IToken[]): IToken[] {
  const { source, report } = reporter;
  const kept: IToken[] = [];
  const stack: Open[] = [];
  let lineEnd: IToken | undefined;
  /** The `{` that the indentation shows to be the open one, when a `}` closed another. */
  let suspect: Open | undefined;
  /** The `if` or `for` whose `{` has not come yet. */
  let header: IToken | undefined;

  const top = (): TokenType | undefined => stack.at(-1)?.token.tokenType;
  const inBrackets = (): boolean => top() === t.LeftParen || top() === t.LeftSquare;
  const end = (): number => {
    const last = kept.at(-1);
    return last ? endOf(last) : 0;
  };

  const closeTop = (): void => {
    const closer = closerOf.get(stack.pop()?.token.tokenType ?? t.LeftParen);
    if (closer) kept.push(makeToken(closer.type, "", end()));
  };

  const reportOpen = (open: Open): void => {
    const { tokenType, image } = open.token;
    const closer = closerOf.get(tokenType);
    const isBrace = tokenType === t.LeftBrace;
    const last = kept.at(-1);
    // A text that is never closed has swallowed the bracket, and was told.
    if (!isBrace && last?.tokenType === t.StringToken && !/.["'“”]$/.test(last.image)) return;
    report({
      code: "RN0104",
      message: `this \`${image}\` is never closed`,
      ...rangeOf(open.token),
      unread: true,
      label: isBrace ? "opened here" : `\`${closer?.image}\` is missing on this line`,
      help: isBrace ? ["add the `}` where the body ends"] : [],
      fixes: isBrace || !closer ? [] : [fixOf(source, `add \`${closer.image}\``, end(), end(), closer.image)],
    });
  };

  /** Closes `(` and `[` down to the next `{`; the innermost is the one that is told. */
  const closeBrackets = (): void => {
    const open = stack.at(-1);
    if (open) reportOpen(open);
    while (inBrackets()) closeTop();
  };

  const closeEverything = (): void => {
    // With every `{` closed, odd indentation is a matter of taste.
    const open = inBrackets() || stack.length === 0 ? stack.at(-1) : (suspect ?? stack.at(-1));
    if (open) reportOpen(open);
    while (stack.length > 0) closeTop();
    suspect = undefined;
  };

  const closeParenthesis = (token: IToken): void => {
    const wanted = token.tokenType === t.RightParen ? t.LeftParen : t.LeftSquare;
    if (!inBrackets()) {
      report({
        code: "RN0100",
        message: `this \`${token.image}\` closes nothing`,
        ...rangeOf(token),
        fixes: [fixOf(source, "remove it", token.startOffset, endOf(token), "")],
      });
      dropped.push(token);
      return;
    }
    if (top() === wanted) {
      stack.pop();
      kept.push(token);
      return;
    }
    const open = stack.at(-1);
    if (open) reportOpen(open);
    if (stack.at(-2)?.token.tokenType === wanted) {
      closeTop();
      stack.pop();
      kept.push(token);
    } else {
      stack.pop();
      kept.push(retype(token, wanted === t.LeftParen ? t.RightSquare : t.RightParen));
    }
  };

  const closeBrace = (token: IToken): void => {
    const open = stack.pop();
    if (!open) {
      report({
        code: "RN0100",
        message: "this `}` closes nothing",
        ...rangeOf(token),
        help: ["remove it, or look for a `}` too many above"],
      });
      dropped.push(token);
      return;
    }
    if (lineEnd) {
      const column = positionAt(source, token.startOffset).column;
      const outer = stack.at(-1);
      if (column < open.indentation && outer && column === outer.indentation) suspect = open;
    }
    kept.push(token);
  };

  const openBracket = (token: IToken): void => {
    stack.push({ token, indentation: token.tokenType === t.LeftBrace ? indentationAt(token) : 0 });
    kept.push(token);
  };

  const indentationAt = (token: IToken): number => {
    const { line, column } = positionAt(source, token.startOffset);
    const start = token.startOffset - column + 1;
    const text = source.text;
    let at = start;
    while (at < token.startOffset && (text.charCodeAt(at) === 32 || text.charCodeAt(at) === 9)) at++;
    return line > 0 ? at - start + 1 : 0;
  };

  /** Whether the line's end before this token shows that the open `(` or `[` ends there. */
  const breaksBracket = (index: number): boolean => {
    const token = tokens[index] as IToken;
    const next = tokens[index + 1]?.tokenType;
    const isName = next === t.Equals || next === t.Colon;
    if (isStatementWord(token.tokenType) && (!isName || token.tokenType === t.Let)) return true;
    const previous = kept.at(-1)?.tokenType ?? t.Comma;
    const cannotGoOn = t.beginsOperand(token.tokenType) && t.endsOperand(previous);
    if (!cannotGoOn && !(token.tokenType === t.Identifier && next === t.Colon)) return false;
    return !closesLater(tokens, index);
  };

  for (let index = 0; index < tokens.length; index++) {
    const token = tokens[index] as IToken;
    const type = token.tokenType;
    if (type === t.NewLine) {
      if (lineEnd) dropped.push(token);
      else lineEnd = token;
      continue;
    }
    const beginsLine = lineEnd !== undefined || kept.length === 0;
    if (beginsLine && stack.length > 0 && beginsDeclaration(tokens, index)) closeEverything();
    if (lineEnd) {
      if (inBrackets() && breaksBracket(index)) closeBrackets();
      const previous = kept.at(-1)?.tokenType ?? t.LeftBrace;
      const continues =
        top() !== t.LeftBrace ||
        continuesBefore(type) ||
        ((continuesAfter(previous) || t.isBinaryOperator(previous)) && !cannotContinue(type, previous));
      if (continues) {
        dropped.push(lineEnd);
      } else if (header && type === t.LeftBrace) {
        reportBraceOnNextLine(header, token, end(), reporter);
        dropped.push(lineEnd);
      } else {
        kept.push(lineEnd);
        header = undefined;
      }
    }
    if ((type === t.LeftBrace || type === t.RightBrace || type === t.Arrow || type === t.Bar) && inBrackets()) {
      const last = kept.at(-1)?.tokenType;
      if (type === t.LeftBrace && (last === t.Equals || last === t.LeftParen || last === t.Comma)) {
        index = skipBlockInArguments(tokens, index, reporter, kept);
        lineEnd = undefined;
        continue;
      }
      closeBrackets();
    }
    if (type === t.LeftParen || type === t.LeftSquare) {
      openBracket(token);
    } else if (type === t.LeftBrace) {
      header = undefined;
      openBracket(token);
    } else if (type === t.RightParen || type === t.RightSquare) {
      closeParenthesis(token);
    } else if (type === t.RightBrace) {
      closeBrace(token);
    } else {
      if ((type === t.If || type === t.For) && isBeforeElement(kept.at(-1)?.tokenType ?? t.Dot)) header = token;
      kept.push(token);
    }
    lineEnd = undefined;
  }
  closeEverything();
  if (lineEnd) dropped.push(lineEnd);
  return kept;
}

/** A statement's word after an operator or a comma: the line above is not finished, but this one is not its rest. */
function cannotContinue(type: TokenType, previous: TokenType): boolean {
  const isStatement = isStatementWord(type) && type !== t.For && type !== t.From;
  return isStatement && previous !== t.LeftBrace && previous !== t.Bar && previous !== t.Dot;
}

/** `network`, `block` or `recipe` with a name, `use` with a path. */
function beginsDeclaration(tokens: readonly IToken[], index: number): boolean {
  const type = tokens[index]?.tokenType;
  if (type !== t.Network && type !== t.Block && type !== t.Recipe && type !== t.Use) return false;
  const next = tokens[index + 1]?.tokenType;
  return next === t.Identifier || (next === t.StringToken && type === t.Use);
}

/** Whether the bracket that is open here is closed before something that cannot stand in brackets. */
function closesLater(tokens: readonly IToken[], from: number): boolean {
  let depth = 0;
  let beginsLine = false;
  for (let index = from; index < tokens.length && index < from + farthestCloser; index++) {
    const type = (tokens[index] as IToken).tokenType;
    if (type === t.LeftParen || type === t.LeftSquare) depth++;
    else if (type === t.RightParen || type === t.RightSquare) {
      if (depth-- === 0) return true;
    } else if (type === t.LeftBrace || type === t.RightBrace || type === t.Arrow || type === t.Bar) return false;
    else if (beginsLine && (isStatementWord(type) || beginsDeclaration(tokens, index))) return false;
    beginsLine = type === t.NewLine;
  }
  return false;
}

function reportBraceOnNextLine(header: IToken, brace: IToken, previousEnd: number, { report, source }: Reporter): void {
  report({
    code: "RN0104",
    message: `\`${header.image}\` needs its \`{\` on the same line`,
    ...rangeOf(brace),
    secondary: [{ span: { source, ...rangeOf(header) }, text: "belongs to this" }],
    fixes: [fixOf(source, "move `{` up", previousEnd, endOf(brace), " {")],
  });
}

/** Reports `f(stem={ … })`, puts one name in the place of the braces, and gives the index of the last token of them. */
function skipBlockInArguments(tokens: readonly IToken[], from: number, { report, source }: Reporter, kept: IToken[]): number {
  let depth = 0;
  let index = from;
  for (; index < tokens.length - 1; index++) {
    const type = (tokens[index] as IToken).tokenType;
    if (type === t.LeftBrace) depth++;
    else if (type === t.RightBrace && --depth === 0) break;
  }
  const { startOffset } = tokens[from] as IToken;
  report({
    code: "RN0100",
    unread: true,
    message: "a block without a name cannot be an argument",
    ...rangeOf(tokens[from] as IToken),
    help: ["declare it, `block my_stem { … }`, and pass its name"],
  });
  kept.push(makeToken(t.Identifier, source.text.slice(startOffset, endOf(tokens[index] as IToken)), startOffset));
  return index;
}
