import { InternalError } from "../base/assert.ts";
import type { ParseTree } from "../syntax/index.ts";

/** A node of the concrete tree. */
export type Node = NonNullable<ParseTree["cst"]>;
/** A token of the concrete tree. */
export type Token = ParseTree["tokens"][number];
export type Piece = Node | Token;

export const isNode = (piece: Piece | undefined): piece is Node => piece !== undefined && "children" in piece;

export const isToken = (piece: Piece | undefined, image: string): piece is Token => piece !== undefined && !isNode(piece) && piece.image === image;

/** Where a piece begins. */
export function startOf(piece: Piece): number {
  return isNode(piece) ? piece.start : piece.startOffset;
}

/** Where the last token of a piece begins. */
export function lastOf(piece: Piece): number {
  return isNode(piece) ? piece.end - 1 : piece.startOffset;
}

/** What a node consists of, in the order of the text; line ends apart. */
export function piecesOf(node: Node): Piece[] {
  return node.children.filter((piece) => isNode(piece) || piece.image.trim() !== "");
}

/** The child nodes of a node, in the order of the text. */
export const nodesOf = (node: Node): Node[] => piecesOf(node).filter(isNode);

/** The only node in another, as in an `Item`. */
export function onlyNode(node: Node): Node {
  const [only] = nodesOf(node);
  if (!only) throw new InternalError(`a ${node.name} without content`);
  return only;
}

/** The token of a sign that the grammar demands. */
export function tokenOf(node: Node, image: string): Token {
  const found = piecesOf(node).find((piece) => isToken(piece, image));
  if (!found || isNode(found)) throw new InternalError(`a ${node.name} without \`${image}\``);
  return found;
}
