import type { CstNode, IToken } from "chevrotain";

const none: readonly never[] = [];

/** The child nodes of one rule's name. */
export function nodesOf(node: CstNode | undefined, rule: string): readonly CstNode[] {
  return (node?.children[rule] as CstNode[] | undefined) ?? none;
}

/** The `index`-th child node of one rule's name, where it was read. */
export function nodeOf(node: CstNode | undefined, rule: string, index = 0): CstNode | undefined {
  return nodesOf(node, rule)[index];
}

/** The tokens under one name. */
export function tokensOf(node: CstNode | undefined, name: string): readonly IToken[] {
  return (node?.children[name] as IToken[] | undefined) ?? none;
}

/** The `index`-th token under one name, where the text has it: not one that recovery thought of. */
export function tokenOf(node: CstNode | undefined, name: string, index = 0): IToken | undefined {
  const token = tokensOf(node, name)[index];
  return token?.isInsertedInRecovery ? undefined : token;
}

/** Where a node begins; 0 for one in which nothing was read. */
export function startOfNode(node: CstNode): number {
  const start = node.location?.startOffset ?? 0;
  return Number.isNaN(start) ? 0 : start;
}

/** Where a node ends; its start for one in which nothing was read. */
export function endOfNode(node: CstNode): number {
  const end = node.location?.endOffset ?? Number.NaN;
  return Number.isNaN(end) ? startOfNode(node) : end + 1;
}
