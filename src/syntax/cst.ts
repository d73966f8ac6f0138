import type { IToken, TokenType } from "chevrotain";
import { endOf } from "./lexer.ts";

/** What one rule of the grammar has read: a node of the concrete tree. */
export interface CstNode {
  /** The name of the rule. */
  readonly name: string;
  /** In the order of the text. */
  readonly children: readonly Piece[];
  /** Where its first token begins and its last one ends; -1 and 0 for a node in which nothing was read. */
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
    const node = isNode(child);
    const from = node ? child.start : child.isInsertedInRecovery ? -1 : child.startOffset;
    if (from < 0) continue;
    if (start < 0) start = from;
    const to = node ? child.end : endOf(child);
    if (to > end) end = to;
  }
  return { name, children, start, end };
}

/** The child nodes of one rule's name. */
export function nodesOf(node: CstNode, rule: string): CstNode[] {
  const found: CstNode[] = [];
  for (const child of node.children) if (isNode(child) && child.name === rule) found.push(child);
  return found;
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

/** Where a node begins; 0 for one in which nothing was read. */
export function startOfNode({ start }: CstNode): number {
  return start < 0 ? 0 : start;
}
