import { builders } from "prettier/doc";
import { afterBrace, isLong } from "./bodies.ts";
import { commaList, printInline, printPiece } from "./expressions.ts";
import type { Doc, Gaps } from "./gaps.ts";
import { isNode, isToken, nodesOf, piecesOf, startOf, tokenOf } from "./tree.ts";
import type { Node } from "./tree.ts";

const { group, hardline, line } = builders;

/** Writes a whole file: imports, `let`s and declarations in the order of the text. */
export function printFile(file: Node, textLength: number, gaps: Gaps): Doc {
  const parts: Doc[] = [];
  for (const node of nodesOf(file)) {
    const at = startOf(node);
    parts.push(parts.length === 0 ? gaps.top(at) : gaps.item(at), printTop(node, gaps));
  }
  if (parts.length === 0) {
    const comments = gaps.top(textLength);
    return comments;
  }
  return [parts, gaps.closing(textLength, "all"), hardline];
}

function printTop(node: Node, gaps: Gaps): Doc {
  switch (node.name) {
    case "Use":
      return printUse(node, gaps);
    case "Decl":
      return printDeclaration(node, gaps);
    default:
      return printInline(node, gaps);
  }
}

/** `use std.blocks { basic, stage as row }` */
function printUse(node: Node, gaps: Gaps): Doc {
  const [, from] = piecesOf(node);
  if (!from) return "";
  const path: Doc = [gaps.inline(startOf(from), " "), printPiece(from, gaps)];
  gaps.open(tokenOf(node, "{"));
  const elements = nodesOf(node).filter(({ name }) => name === "Import");
  return ["use", path, " ", commaList({ open: "{", elements, closing: tokenOf(node, "}"), gaps, softly: line })];
}

/** `network NAME(parameters) = target { … }` */
function printDeclaration(node: Node, gaps: Gaps): Doc {
  const parts: Doc[] = [];
  for (const piece of piecesOf(node)) {
    if (isNode(piece) && piece.name === "Body") {
      const long = isLong(piece, gaps);
      const after = afterBrace(piece, gaps, long);
      return [parts, " ", group(["{", after])];
    }
    const usual = isNode(piece) && piece.name === "Params" ? "" : " ";
    parts.push(parts.length === 0 ? "" : gaps.inline(startOf(piece), usual), isToken(piece, "=") ? "=" : printPiece(piece, gaps));
  }
  return parts;
}
