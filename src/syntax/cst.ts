import type { IToken, TokenType } from "chevrotain";
import { endOf } from "./lexer.ts";

/** What one rule of the grammar has read: a node of the concrete tree. */
export interface CstNode {
  /** The name of the rule. */
  readonly name: string;
  /** In the order of the text. */
  readonly children: readonly Piece[];
  /** Where its first token begins and its last one ends; both 0 for a node in which nothing was read. */
  readonly start: number;
  readonly end: number;
}

/** A part of the concrete tree. */
export type Piece = CstNode | IToken;

export const isNode = (piece: Piece | undefined): piece is CstNode => piece !== undefined && "children" in piece;

export const isToken = (piece: Piece | undefined, type: TokenType): piece is IToken => piece !== undefined && !isNode(piece) && piece.tokenType === type;

/** Makes a node; tokens that recovery thought of have no place. */
export function makeNode(name: string, children: readonly Piece[]): CstNode {
  let start = -1;
  let end = 0;
  for (const child of children) {
    const isInner = isNode(child);
    if (isInner ? child.end === 0 : child.isInsertedInRecovery) continue;
    if (start < 0) start = isInner ? child.start : child.startOffset;
    const to = isInner ? child.end : endOf(child);
    if (to > end) end = to;
  }
  return { name, children, start: start < 0 ? 0 : start, end };
}

/** What is made of the child nodes of one rule's name; nothing of those that could not be read. */
export function mapNodes<T>(node: CstNode, rule: string, make: (child: CstNode) => T | undefined): T[] {
  const made: T[] = [];
  for (const child of node.children) {
    const value = isNode(child) && child.name === rule ? make(child) : undefined;
    if (value !== undefined) made.push(value);
  }
  return made;
}

/** The `index`-th child node of one rule's name, where it was read. */
export function nodeOf(node: CstNode | undefined, rule: string, index = 0): CstNode | undefined {
  if (!node) return undefined;
  let before = index;
  for (const child of node.children) if (isNode(child) && child.name === rule && before-- === 0) return child;
  return undefined;
}

/** The `index`-th token of a type among the children, where the text has it. */
export function tokenOf(node: CstNode | undefined, type: TokenType, index = 0): IToken | undefined {
  if (!node) return undefined;
  let before = index;
  for (const child of node.children) if (!isNode(child) && child.tokenType === type && before-- === 0) return child;
  return undefined;
}

/** The token that a node consists of. */
export function tokenIn(node: CstNode | undefined): IToken | undefined {
  const first = node?.children[0];
  return isNode(first) ? undefined : first;
}
