import type { IToken } from "chevrotain";
import { isNode, type CstNode, type Piece } from "./cst.ts";
import { endOf } from "./lexer.ts";
import type { ParseTree } from "./parse.ts";

/** The tokens of a concrete tree, in the order of the text. */
export function tokensOfCst(cst: CstNode | undefined): IToken[] {
  const tokens: IToken[] = [];
  const waiting: Piece[] = cst ? [cst] : [];
  for (let node = waiting.pop(); node; node = waiting.pop()) {
    if (isNode(node)) waiting.push(...node.children);
    else if (!node.isInsertedInRecovery) tokens.push(node);
  }
  return tokens.sort((a, b) => a.startOffset - b.startOffset || a.image.length - b.image.length);
}

/**
 * The text again, from the concrete tree and what lies between its tokens: comments, dropped tokens, what recovery passed
 * over, and blanks. A formatter prints the same pieces with other blanks.
 */
export function printCst(tree: ParseTree): string {
  const inTree = tokensOfCst(tree.cst);
  const known = new Set(inTree);
  const passedOver = tree.tokens.filter((token) => !known.has(token));
  const pieces = [...inTree, ...tree.comments, ...tree.dropped, ...passedOver].sort(
    (a, b) => a.startOffset - b.startOffset || a.image.length - b.image.length,
  );
  const { text } = tree.module.source;
  let printed = "";
  for (const piece of pieces) printed += text.slice(printed.length, piece.startOffset) + piece.image;
  const last = pieces.at(-1);
  return printed + text.slice(last ? endOf(last) : 0);
}
