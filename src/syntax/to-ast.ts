import type { CstNode } from "chevrotain";
import type { SourceFile } from "../base/source-file.ts";
import type {
  Body, Chain, Declaration, Element, ForElement, FromElement, IfElement, Identifier, Import, Item, LayerElement, Let,
  Module, ModuleItem, Parameter, Ranged, Relation, TypeExpression, Use,
} from "./ast.ts";
import { endOfNode, nodeOf, nodesOf, startOfNode, tokenOf, tokensOf } from "./cst.ts";
import { toEntries, toExpression, toIdentifier, toPath, unquote } from "./expressions-to-ast.ts";
import { endOf } from "./lexer.ts";
import { Bar } from "./tokens.ts";

/** What the tree does not hold itself: comments, and where the text could not be read. */
export interface Surroundings {
  readonly source: SourceFile;
  readonly moduleDoc: string | undefined;
  /** The documentation above the declaration that begins at an offset. */
  readonly docAbove: (start: number) => string | undefined;
  /** True when something in this range could not be read. */
  readonly isBroken: (range: Ranged) => boolean;
}

/** The syntax tree of a file, from what could be read of it. */
export function toModule(file: CstNode | undefined, surroundings: Surroundings): Module {
  const items: ModuleItem[] = [];
  const add = (item: ModuleItem | undefined): void => void (item && items.push(item));
  for (const node of nodesOf(file, "Use")) add(toUse(node));
  for (const node of nodesOf(file, "Let")) add(toLet(node));
  for (const node of nodesOf(file, "Decl")) add(toDeclaration(node, surroundings));
  items.sort((a, b) => a.start - b.start);
  const broken = isBrokenOutside(items, surroundings);
  return { source: surroundings.source, doc: surroundings.moduleDoc, items, ...(broken ? { broken } : {}) };
}

/** Whether something could not be read outside of the declarations: then one of them, or a name, may be missing. */
function isBrokenOutside(items: readonly ModuleItem[], { source, isBroken }: Surroundings): boolean {
  let start = 0;
  for (const item of items) {
    if (item.kind !== "declaration") continue;
    if (isBroken({ start, end: item.start - 1 })) return true;
    start = item.end + 1;
  }
  return isBroken({ start, end: source.text.length });
}

const rangeOf = (node: CstNode): Ranged => ({ start: startOfNode(node), end: endOfNode(node) });

function toUse(node: CstNode): Use | undefined {
  const text = tokenOf(node, "String");
  const path = toPath(nodeOf(node, "Path"));
  const from: Identifier | undefined = text
    ? { name: unquote(text), start: text.startOffset, end: endOf(text) }
    : path && { name: path.parts.map(({ name }) => name).join("."), start: path.start, end: path.end };
  if (!from) return undefined;
  return { kind: "use", from, isPath: text !== undefined, imports: compact(nodesOf(node, "Import"), toImport), ...rangeOf(node) };
}

function toImport(node: CstNode): Import | undefined {
  const name = tokenOf(node, "Identifier");
  const alias = tokenOf(node, "Identifier", 1);
  return name && { name: toIdentifier(name), alias: alias && toIdentifier(alias), ...rangeOf(node) };
}

function toDeclaration(node: CstNode, { docAbove, isBroken }: Surroundings): Declaration | undefined {
  const name = tokenOf(node, "Identifier");
  const range = rangeOf(node);
  if (!name) return undefined;
  const parameters = nodeOf(node, "Params");
  return {
    kind: "declaration",
    keyword: tokenOf(node, "network") ? "network" : tokenOf(node, "block") ? "block" : "recipe",
    name: toIdentifier(name),
    parameters: parameters && compact(nodesOf(parameters, "Param"), toParameter),
    target: toExpression(nodeOf(node, "Expr")),
    body: toBody(nodeOf(node, "Body")),
    doc: docAbove(range.start),
    ...(isBroken(range) ? { broken: true } : {}),
    ...range,
  };
}

function toParameter(node: CstNode): Parameter | undefined {
  const name = tokenOf(node, "Identifier");
  const type = toType(nodeOf(node, "Type"));
  if (!name) return undefined;
  // Without its type a parameter is told, and its name is known all the same.
  const known = type ?? { name: { ...rangeOf(node), name: "int" }, list: undefined, ...rangeOf(node) };
  return { name: toIdentifier(name), type: known, default: toExpression(nodeOf(node, "Expr")), ...rangeOf(node) };
}

function toType(node: CstNode | undefined): TypeExpression | undefined {
  const name = tokenOf(node, "Identifier") ?? tokenOf(node, "block");
  if (!node || !name) return undefined;
  const list = nodeOf(node, "List");
  return { name: toIdentifier(name), list: list && toEntries(list), ...rangeOf(node) };
}

function toBody(node: CstNode | undefined): Body | undefined {
  if (!node) return undefined;
  const leading = tokenOf(node, "Bar");
  const between = tokensOf(node, "Separator").filter(({ tokenType }) => tokenType === Bar);
  const groups: Item[][] = [[]];
  let passed = 0;
  for (const child of nodesOf(node, "Item")) {
    const item = toItem(child);
    if (!item) continue;
    for (; passed < between.length && (between[passed]?.startOffset ?? 0) < item.start; passed++) groups.push([]);
    groups.at(-1)?.push(item);
  }
  for (; passed < between.length; passed++) groups.push([]);
  const bars = (leading ? [leading, ...between] : between).map((bar) => ({ start: bar.startOffset, end: endOf(bar) }));
  return { groups, leadingBar: leading !== undefined, bars, ...rangeOf(node) };
}

function toItem(node: CstNode): Item | undefined {
  const [rule] = Object.keys(node.children);
  const child = rule === undefined ? undefined : nodeOf(node, rule);
  if (!child) return undefined;
  const range = rangeOf(child);
  const name = tokenOf(child, "Identifier");
  const value = toExpression(nodeOf(child, "Expr"));
  const path = toPath(nodeOf(child, "Path"));
  switch (rule) {
    case "Let":
      return toLet(child);
    case "Chain":
      return toChain(child);
    case "Input": {
      const type = toType(nodeOf(child, "Type"));
      return name && type && { kind: "input", name: toIdentifier(name), type, ...range };
    }
    case "Output":
      return name && { kind: "output", name: toIdentifier(name), path, ...range };
    case "Shortcuts":
      return value && { kind: "shortcuts", policy: value, ...range };
    case "Require": {
      const message = tokenOf(child, "String");
      return value && { kind: "require", condition: value, message: message && unquote(message), ...range };
    }
    case "Expect": {
      const relation = tokenOf(nodeOf(child, "RelOp"), "Relation")?.tokenType.PATTERN;
      if (!path || !value || typeof relation !== "string") return undefined;
      return { kind: "expect", quantity: path, relation: relation as Relation, value, ...range };
    }
    default:
      return undefined;
  }
}

function toLet(node: CstNode): Let | undefined {
  const name = tokenOf(node, "Identifier");
  const value = toExpression(nodeOf(node, "Expr"));
  return name && value && { kind: "let", name: toIdentifier(name), value, ...rangeOf(node) };
}

function toChain(node: CstNode): Chain | undefined {
  const elements = compact(nodesOf(node, "Element"), toElement);
  return elements.length > 0 ? { kind: "chain", elements, ...rangeOf(node) } : undefined;
}

function toElement(node: CstNode | undefined): Element | undefined {
  if (!node) return undefined;
  const name = tokenOf(node, "Identifier");
  const label = name && toIdentifier(name);
  const range = rangeOf(node);
  const body = nodeOf(node, "Body");
  if (body) {
    const group = toBody(body);
    return group && { kind: "group", label, body: group, ...range };
  }
  return (
    toIf(nodeOf(node, "If"), label, range) ??
    toFor(nodeOf(node, "For"), label, range) ??
    toFrom(nodeOf(node, "From"), label, range) ??
    toLayer(nodeOf(node, "Layer"), label, range)
  );
}

function toIf(node: CstNode | undefined, label: Identifier | undefined, range: Ranged): IfElement | undefined {
  // `else if` may go on for long: from the last one to the first, without recursion.
  const branches: CstNode[] = [];
  for (let branch = node; branch; branch = nodeOf(branch, "If")) branches.push(branch);
  let made: IfElement | undefined;
  for (let index = branches.length - 1; index >= 0; index--) {
    const branch = branches[index] as CstNode;
    const condition = toExpression(nodeOf(branch, "Expr"));
    const then = toBody(nodeOf(branch, "Body"));
    const otherwise = made ?? toBody(nodeOf(branch, "Body", 1));
    made = condition && then && { kind: "if", label: undefined, condition, then, otherwise, ...rangeOf(branch) };
  }
  return made && { ...made, label, ...range };
}

function toFor(node: CstNode | undefined, label: Identifier | undefined, range: Ranged): ForElement | undefined {
  const variable = tokenOf(node, "Identifier");
  const iterable = toExpression(nodeOf(node, "Expr"));
  const body = toBody(nodeOf(node, "Body"));
  if (!variable || !iterable || !body) return undefined;
  return { kind: "for", label, variable: toIdentifier(variable), iterable, body, ...range };
}

function toFrom(node: CstNode | undefined, label: Identifier | undefined, range: Ranged): FromElement | undefined {
  if (!node) return undefined;
  const path = toPath(nodeOf(node, "Path"));
  return path || tokenOf(node, "in") ? { kind: "from", label, path, ...range } : undefined;
}

function toLayer(node: CstNode | undefined, label: Identifier | undefined, range: Ranged): LayerElement | undefined {
  const callee = toExpression(nodeOf(node, "Expr"));
  if (!callee) return undefined;
  const repeats = tokenOf(node, "x") !== undefined;
  const repeated = toElement(nodeOf(node, "Element"));
  if (repeats && !repeated) return undefined;
  return { kind: "layer", label, callee, repeated, body: toBody(nodeOf(node, "Body")), ...range };
}

function compact<T>(nodes: readonly CstNode[], convert: (node: CstNode) => T | undefined): T[] {
  const made: T[] = [];
  for (const node of nodes) {
    const value = convert(node);
    if (value !== undefined) made.push(value);
  }
  return made;
}
