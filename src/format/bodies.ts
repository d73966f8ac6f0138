import { builders } from "prettier/doc";
import { InternalError } from "../base/assert.ts";
import { endsWhereBegins, printInline, printPiece } from "./expressions.ts";
import type { Doc, Gaps } from "./gaps.ts";
import { isNode, isToken, lastOf, nodesOf, onlyNode, piecesOf, startOf } from "./tree.ts";
import type { Node, Piece, Token } from "./tree.ts";

const { group, hardline, ifBreak, indent, indentIfBreak, line } = builders;

/**
 * Something that may end in a `{ … }` of several lines: what stands on its first line, and the rest. Where the rest is
 * left out, the whole is one group.
 */
interface Split {
  readonly head: Doc;
  readonly rest?: Doc;
}

/** A body of several lines in the author's text has several lines, as one with comments; others have one, if there is room. */
export function isLong(body: Node, gaps: Gaps): boolean {
  return gaps.hasCommentBefore(lastOf(body)) || gaps.lineAt(startOf(body)) !== gaps.lineAt(lastOf(body));
}

/** The items between two `|`. */
interface Branch {
  readonly bar: Token | undefined;
  readonly items: Node[];
}

/** What follows the `{` of a body, to its `}`. */
export function afterBrace(body: Node, gaps: Gaps, long: boolean): Doc {
  const pieces = piecesOf(body);
  const [opening] = pieces;
  const closing = pieces.at(-1);
  if (!opening || isNode(opening) || !closing) throw new InternalError("a body without braces");
  gaps.open(opening);
  const { branches, leading } = divide(pieces);
  const newLine = long ? hardline : line;
  const parts: Doc[] = [];
  let isFirst = true;
  branches.forEach(({ bar, items }, index) => {
    const [first, ...others] = items;
    const shown = barOf(branches, index, leading);
    const gap = (item: Node): Doc => (!long ? [gaps.inline(startOf(item), ""), line] : isFirst ? gaps.first(startOf(item)) : gaps.item(startOf(item), bar));
    if (!first) {
      parts.push(newLine, shown);
      return;
    }
    const inside: Doc[] = [];
    parts.push(gap(first), shown);
    isFirst = false;
    inside.push(printItem(first, gaps));
    for (const item of others) inside.push(gaps.item(startOf(item)), printItem(item, gaps));
    parts.push(branches.length > 1 && shown !== "" ? indent(inside) : inside);
  });
  const end = gaps.closing(lastOf(closing), isFirst ? "not above the first" : "all");
  return [indent([parts, end]), newLine, "}"];
}

function divide(pieces: readonly Piece[]): { readonly branches: readonly Branch[]; readonly leading: boolean } {
  const branches: Branch[] = [];
  let current: Branch | undefined;
  let leading = false;
  for (const piece of pieces) {
    if (isNode(piece)) {
      if (!current) branches.push((current = { bar: undefined, items: [] }));
      current.items.push(piece);
    } else if (isToken(piece, "|")) {
      leading ||= current === undefined;
      branches.push((current = { bar: piece, items: [] }));
    }
  }
  return { branches, leading };
}

/** The `|` before a branch: everywhere on several lines, between branches on one. */
function barOf(branches: readonly Branch[], index: number, leading: boolean): Doc {
  if (index > 0) return "| ";
  if (branches.length === 1) return leading ? "| " : "";
  // Without chains it is no branch, but belongs to the whole join, unless the author's text has a `|` before it.
  const isBranch = branches[0]?.items.some((item) => onlyNode(item).name === "Chain") === true;
  if (!isBranch) return leading ? "| " : "";
  return ifBreak("| ", "");
}

function printItem(item: Node, gaps: Gaps): Doc {
  const node = onlyNode(item);
  return node.name === "Chain" ? printChain(node, gaps) : printInline(node, gaps);
}

/** `a -> b`, broken before `->` where the author broke it, and where there is no room. */
function printChain(chain: Node, gaps: Gaps): Doc {
  const parts: Doc[] = [];
  let previous: Node | undefined;
  for (const element of nodesOf(chain)) {
    if (!previous) {
      const { head, rest = "" } = printElement(element, gaps);
      parts.push(head, rest);
    } else {
      parts.push(printStep(previous, element, gaps));
    }
    previous = element;
  }
  return parts;
}

function printStep(previous: Node, element: Node, gaps: Gaps): Doc {
  const comments = gaps.step(startOf(element));
  const asWritten = comments !== undefined || !endsWhereBegins(previous, element, gaps);
  const { head, rest } = printElement(element, gaps);
  if (asWritten) return [comments ?? "", indent([hardline, "-> ", head, rest ?? ""])];
  const id = Symbol("step");
  return [group(indent([line, "-> ", head]), { id }), rest === undefined ? "" : indentIfBreak(rest, { groupId: id })];
}

function printElement(element: Node, gaps: Gaps): Split {
  const pieces = piecesOf(element);
  const content = pieces.at(-1);
  if (!content || !isNode(content)) throw new InternalError("an element without content");
  const [name, colon] = pieces.length > 1 ? pieces : [];
  const label: Doc = name && colon ? [printPiece(name, gaps), gaps.inline(startOf(colon), ""), ":", gaps.inline(startOf(content), " ")] : "";
  const { head, rest } = printContent(content, gaps);
  return rest === undefined ? { head: [label, head] } : { head: [label, head], rest };
}

function printContent(node: Node, gaps: Gaps): Split {
  switch (node.name) {
    case "Body":
      return withBody("", node, gaps);
    case "If":
      return printIf(node, gaps);
    case "For":
    case "Layer":
      return printLayer(node, gaps);
    default:
      return { head: printInline(node, gaps) };
  }
}

/** `callee`, `n x element`, `join { … }` and `for i in list { … }`: words and expressions, and perhaps an element or a body. */
function printLayer(node: Node, gaps: Gaps): Split {
  const before: Doc[] = [];
  for (const piece of piecesOf(node)) {
    const body = isNode(piece) && piece.name === "Body";
    if (before.length > 0) before.push(body ? " " : gaps.inline(startOf(piece), " "));
    if (body) return withBody(before, piece, gaps);
    if (isNode(piece) && piece.name === "Element") {
      const { head, rest } = printElement(piece, gaps);
      return rest === undefined ? { head: [...before, head] } : { head: [...before, head], rest };
    }
    before.push(printPiece(piece, gaps));
  }
  return { head: before };
}

function withBody(before: Doc, body: Node, gaps: Gaps): Split {
  const long = isLong(body, gaps);
  const after = afterBrace(body, gaps, long);
  return long ? { head: [before, "{"], rest: after } : { head: group([before, "{", after]) };
}

/** All branches of an `if` stand on one line, or none. */
function printIf(node: Node, gaps: Gaps): Split {
  // `else if` may go on for long: one after the other, without recursion.
  const all: Piece[] = [];
  for (let at: Node | undefined = node; at; ) {
    const pieces: Piece[] = piecesOf(at);
    const last: Piece | undefined = pieces.at(-1);
    at = isNode(last) && last.name === "If" ? last : undefined;
    all.push(...(at ? pieces.slice(0, -1) : pieces));
  }
  const long = all.some((piece) => isNode(piece) && piece.name === "Body" && isLong(piece, gaps));
  const head: Doc[] = [];
  const rest: Doc[] = [];
  let to = head;
  for (const piece of all) {
    if (isNode(piece) && piece.name === "Body") {
      to.push(" {");
      to = rest;
      to.push(afterBrace(piece, gaps, long));
    } else if (isToken(piece, "else")) {
      to.push(gaps.otherwise(startOf(piece)), "else");
    } else {
      to.push(piece === all[0] ? "" : gaps.inline(startOf(piece), " "), printPiece(piece, gaps));
    }
  }
  return long ? { head, rest } : { head: group([head, rest]) };
}
