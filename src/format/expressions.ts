import { builders } from "prettier/doc";
import { InternalError } from "../base/assert.ts";
import type { Doc, Gaps } from "./gaps.ts";
import { isNode, isToken, lastOf, nodesOf, piecesOf, startOf, tokenOf } from "./tree.ts";
import type { Node, Piece, Token } from "./tree.ts";

const { fill, group, ifBreak, indent, line, softline } = builders;

/** What an operator makes: `k = v` has blanks around its sign where the value is one of these. */
const OPERATIONS: ReadonlySet<string> = new Set(["Expr", "Condition", "Comparison", "Sum"]);

/** So many tokens may follow the beginning of a line `name: type` in brackets; the reader of lines looks no farther. */
const LONGEST_BROKEN_PARAMETERS = 250;

/** Writes what stands inside of a line: expressions, types, paths, parameters and statements. */
export function printInline(node: Node, gaps: Gaps): Doc {
  switch (node.name) {
    case "Expr":
      return conditional(node, gaps);
    case "Condition":
    case "Sum":
      return operation(node, gaps);
    case "Comparison":
      return isToken(node.children[0], "not") ? joined(node, gaps, " ") : operation(node, gaps);
    case "Args":
    case "List":
    case "Params":
      return bracketed(node, gaps);
    case "Arg":
      return argument(node, gaps);
    case "Require":
      return requirement(node, gaps);
    case "Operand":
    case "Group":
    case "Path":
    case "Type":
    case "RelOp":
      return joined(node, gaps, "");
    case "Import":
    case "Param":
    case "Let":
    case "Input":
    case "Output":
    case "Shortcuts":
    case "Expect":
    case "From":
      return joined(node, gaps, " ");
    default:
      throw new InternalError(`the formatter does not know the rule ${node.name}`);
  }
}

/** A token as it is written, or a node; what stands before it is the caller's. */
export function printPiece(piece: Piece, gaps: Gaps): Doc {
  return isNode(piece) ? printInline(piece, gaps) : piece.image;
}

/** The pieces one after another, with the same between all of them; nothing before `:`, `,` and brackets. */
function joined(node: Node, gaps: Gaps, between: "" | " "): Doc {
  return piecesOf(node).map((piece, index) => {
    const usual = isToken(piece, ":") || isToken(piece, ",") ? "" : between;
    return [index > 0 ? gaps.inline(startOf(piece), usual) : "", printPiece(piece, gaps)];
  });
}

/** `a + b - c`; too long, it breaks behind the operator that is the last one on its line. */
function operation(node: Node, gaps: Gaps): Doc {
  const [first, ...rest] = piecesOf(node);
  if (!first) return "";
  const parts: Doc[] = [printPiece(first, gaps)];
  let isOperand = false;
  for (const piece of rest) {
    if (isOperand) parts.push(group([gaps.soft(startOf(piece), line), printPiece(piece, gaps)]));
    else parts.push(gaps.inline(startOf(piece), " "), printPiece(piece, gaps));
    isOperand = !isOperand;
  }
  return group(indent(parts));
}

/** `a if c else b`; too long, it breaks before `else`. */
function conditional(node: Node, gaps: Gaps): Doc {
  const parts: Doc[] = [];
  let last: Piece = node;
  // `else` may go on for long: one after the other, without recursion.
  for (let at: Node | undefined = node; at; ) {
    const [then, ifWord, condition, elseWord, otherwise]: Piece[] = piecesOf(at);
    if (!then || !ifWord || !condition || !elseWord || !otherwise) throw new InternalError("an expression without its parts");
    parts.push(printPiece(then, gaps), gaps.inline(startOf(ifWord), " "), "if", gaps.inline(startOf(condition), " "), printPiece(condition, gaps));
    parts.push(gaps.soft(startOf(elseWord), line), "else", gaps.inline(startOf(otherwise), " "));
    last = otherwise;
    at = isNode(otherwise) && otherwise.name === "Expr" ? otherwise : undefined;
  }
  return group(indent([...parts, printPiece(last, gaps)]));
}

/** `k=v`, `k = a if c else b`. */
function argument(node: Node, gaps: Gaps): Doc {
  const [first, sign, value] = piecesOf(node);
  if (!first) return "";
  if (!sign || !value) return printPiece(first, gaps);
  const around = isNode(value) && OPERATIONS.has(value.name) ? " " : "";
  return [printPiece(first, gaps), gaps.inline(startOf(sign), around), "=", gaps.inline(startOf(value), around), printPiece(value, gaps)];
}

/** `require condition, "why"`; too long, the text takes the next line. */
function requirement(node: Node, gaps: Gaps): Doc {
  const [word, condition, , text] = piecesOf(node);
  if (!word || !condition) return "";
  const parts: Doc[] = ["require", gaps.inline(startOf(condition), " "), printPiece(condition, gaps)];
  if (text) parts.push(",", indent([gaps.soft(startOf(text), line), printPiece(text, gaps)]));
  return group(parts);
}

/** `( )` and `[ ]` with what commas divide in them. */
function bracketed(node: Node, gaps: Gaps): Doc {
  const [open, close] = node.name === "List" ? ["[", "]"] : ["(", ")"];
  const elements = nodesOf(node);
  const closing = tokenOf(node, close);
  const numbers = node.name === "List" && elements.length > 1 && elements.every(isNumber);
  return commaList({ open, elements, closing, gaps, softly: softline, dense: numbers, unbroken: node.name === "Params" && countTokens(node) > LONGEST_BROKEN_PARAMETERS });
}

export interface CommaList {
  readonly open: string;
  readonly elements: readonly Node[];
  readonly closing: Token;
  readonly gaps: Gaps;
  /** What stands inside of the brackets on one line. */
  readonly softly: typeof line | typeof softline;
  /** Broken, as many in a line as there is room for. */
  readonly dense?: boolean;
  readonly unbroken?: boolean;
}

/** On one line, or one element a line with a comma behind the last, too. */
export function commaList({ open, elements, closing, gaps, softly, dense = false, unbroken = false }: CommaList): Doc {
  const id = Symbol("list");
  const filled = dense && !gaps.hasCommentBefore(closing.startOffset);
  const before = elements.map((element, index): [Doc, Doc] => {
    const at = startOf(element);
    const gap = unbroken ? gaps.inline(at, index === 0 ? "" : " ") : gaps.soft(at, index === 0 ? softly : line);
    return [gap, [printInline(element, gaps), index < elements.length - 1 ? "," : unbroken ? "" : ifBreak(",", "", { groupId: id })]];
  });
  const comments = gaps.closing(closing.startOffset, "none");
  const end: Doc = elements.length > 0 && !unbroken ? softly : comments === "" ? "" : softline;
  const [first] = before;
  const content: Doc = filled && first ? [first[0], fill(before.flatMap(([gap, element], index) => (index > 0 ? [gap, element] : [element])))] : before;
  return group([open, indent([content, comments]), end, closing.image], { id });
}

function isNumber(node: Node): boolean {
  const [first, second] = piecesOf(node);
  if (node.name !== "Operand" || first === undefined || isNode(first)) return false;
  return first.image === "-" ? isNode(second) && isNumber(second) : second === undefined && /^\d/.test(first.image);
}

function countTokens(node: Node): number {
  let count = 0;
  for (const piece of piecesOf(node)) count += isNode(piece) ? countTokens(piece) : 1;
  return count;
}

/** Whether a piece ends on the line on which another begins. */
export const endsWhereBegins = (before: Piece, after: Piece, gaps: Gaps): boolean => gaps.lineAt(lastOf(before)) === gaps.lineAt(startOf(after));
