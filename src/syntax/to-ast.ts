import type { SourceFile } from "../base/source-file.ts";
import type {
  Body, Chain, Declaration, Element, ForElement, FromElement, IfElement, Identifier, Import, Item, LayerElement, Let,
  Module, ModuleItem, Parameter, Ranged, Relation, TypeExpression, Use,
} from "./ast.ts";
import { isNode, isToken, mapNodes, nodeOf, tokenIn, tokenOf, type CstNode } from "./cst.ts";
import { toEntries, toIdentifier, toPath, unquote, valueIn } from "./expressions-to-ast.ts";
import { endOf } from "./lexer.ts";
import * as t from "./tokens.ts";

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
  for (const node of file?.children ?? []) {
    const item = isNode(node) ? toModuleItem(node, surroundings) : undefined;
    if (item) items.push(item);
  }
  const broken = isBrokenOutside(items, surroundings);
  return { source: surroundings.source, doc: surroundings.moduleDoc, items, ...(broken ? { broken } : {}) };
}

function toModuleItem(node: CstNode, surroundings: Surroundings): ModuleItem | undefined {
  switch (node.name) {
    case "Use":
      return toUse(node);
    case "Let":
      return toLet(node);
    default:
      return toDeclaration(node, surroundings);
  }
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

function toUse(node: CstNode): Use | undefined {
  const text = tokenOf(node, t.StringToken);
  const path = toPath(nodeOf(node, "Path"));
  const from: Identifier | undefined = text
    ? { name: unquote(text), start: text.startOffset, end: endOf(text) }
    : path && { name: path.parts.map(({ name }) => name).join("."), start: path.start, end: path.end };
  if (!from) return undefined;
  return { kind: "use", from, isPath: text !== undefined, imports: mapNodes(node, "Import", toImport), start: node.start, end: node.end };
}

function toImport(node: CstNode): Import | undefined {
  const name = tokenOf(node, t.Identifier);
  const alias = tokenOf(node, t.Identifier, 1);
  return name && { name: toIdentifier(name), alias: alias && toIdentifier(alias), start: node.start, end: node.end };
}

function toDeclaration(node: CstNode, { docAbove, isBroken }: Surroundings): Declaration | undefined {
  const name = tokenOf(node, t.Identifier);
  const { start, end } = node;
  if (!name) return undefined;
  const parameters = nodeOf(node, "Params");
  return {
    kind: "declaration",
    keyword: tokenOf(node, t.Network) ? "network" : tokenOf(node, t.Block) ? "block" : "recipe",
    name: toIdentifier(name),
    parameters: parameters && mapNodes(parameters, "Param", toParameter),
    target: valueIn(node),
    body: toBody(nodeOf(node, "Body")),
    doc: docAbove(start),
    ...(isBroken(node) ? { broken: true } : {}),
    start,
    end,
  };
}

function toParameter(node: CstNode): Parameter | undefined {
  const name = tokenOf(node, t.Identifier);
  const type = toType(nodeOf(node, "Type"));
  if (!name) return undefined;
  // Without its type a parameter is told, and its name is known all the same.
  const known = type ?? { name: { start: node.start, end: node.end, name: "int" }, list: undefined, start: node.start, end: node.end };
  return { name: toIdentifier(name), type: known, default: valueIn(node), start: node.start, end: node.end };
}

function toType(node: CstNode | undefined): TypeExpression | undefined {
  const name = tokenOf(node, t.Identifier) ?? tokenOf(node, t.Block);
  if (!node || !name) return undefined;
  const list = nodeOf(node, "List");
  return { name: toIdentifier(name), list: list && toEntries(list), start: node.start, end: node.end };
}

function toBody(node: CstNode | undefined): Body | undefined {
  if (!node) return undefined;
  let group: Item[] = [];
  const groups = [group];
  const bars: Ranged[] = [];
  // The `|` behind the `{` divides nothing.
  const leading = node.children[1];
  const leadingBar = isToken(leading, t.Bar);
  for (const child of node.children) {
    if (isNode(child)) {
      const item = toItem(child);
      if (item) group.push(item);
    } else if (child.tokenType === t.Bar) {
      bars.push({ start: child.startOffset, end: endOf(child) });
      if (child !== leading) groups.push((group = []));
    }
  }
  return { groups, leadingBar, bars, start: node.start, end: node.end };
}

function toItem({ children: [child] }: CstNode): Item | undefined {
  if (!isNode(child)) return undefined;
  const { start, end } = child;
  switch (child.name) {
    case "Let":
      return toLet(child);
    case "Chain":
      return toChain(child);
    case "Input": {
      const name = tokenOf(child, t.Identifier);
      const type = toType(nodeOf(child, "Type"));
      return name && type && { kind: "input", name: toIdentifier(name), type, start, end };
    }
    case "Output": {
      const name = tokenOf(child, t.Identifier);
      return name && { kind: "output", name: toIdentifier(name), path: toPath(nodeOf(child, "Path")), start, end };
    }
    case "Shortcuts": {
      const policy = valueIn(child);
      return policy && { kind: "shortcuts", policy, start, end };
    }
    case "Require": {
      const condition = valueIn(child);
      const message = tokenOf(child, t.StringToken);
      return condition && { kind: "require", condition, message: message && unquote(message), start, end };
    }
    case "Expect": {
      const quantity = toPath(nodeOf(child, "Path"));
      const relation = tokenIn(nodeOf(child, "RelOp"))?.tokenType.PATTERN;
      const value = valueIn(child);
      if (!quantity || !value || typeof relation !== "string") return undefined;
      return { kind: "expect", quantity, relation: relation as Relation, value, start, end };
    }
    default:
      return undefined;
  }
}

function toLet(node: CstNode): Let | undefined {
  const name = tokenOf(node, t.Identifier);
  const value = valueIn(node);
  return name && value && { kind: "let", name: toIdentifier(name), value, start: node.start, end: node.end };
}

function toChain(node: CstNode): Chain | undefined {
  const elements = mapNodes(node, "Element", toElement);
  return elements.length > 0 ? { kind: "chain", elements, start: node.start, end: node.end } : undefined;
}

function toElement(node: CstNode | undefined): Element | undefined {
  const content = node?.children.at(-1);
  if (!node || !isNode(content)) return undefined;
  const name = tokenOf(node, t.Identifier);
  const label = name && toIdentifier(name);
  switch (content.name) {
    case "Body": {
      const body = toBody(content);
      return body && { kind: "group", label, body, start: node.start, end: node.end };
    }
    case "If":
      return toIf(content, label, node);
    case "For":
      return toFor(content, label, node);
    case "From":
      return toFrom(content, label, node);
    case "Layer":
      return toLayer(content, label, node);
    default:
      return undefined;
  }
}

function toIf(node: CstNode, label: Identifier | undefined, { start, end }: Ranged): IfElement | undefined {
  // `else if` may go on for long: from the last one to the first, without recursion.
  const branches: CstNode[] = [];
  for (let branch: CstNode | undefined = node; branch; branch = nodeOf(branch, "If")) branches.push(branch);
  let made: IfElement | undefined;
  for (let index = branches.length - 1; index >= 0; index--) {
    const branch = branches[index] as CstNode;
    const condition = valueIn(branch);
    const then = toBody(nodeOf(branch, "Body"));
    const otherwise = made ?? toBody(nodeOf(branch, "Body", 1));
    made = condition && then && { kind: "if", label: undefined, condition, then, otherwise, start: branch.start, end: branch.end };
  }
  return made && { ...made, label, start, end };
}

function toFor(node: CstNode, label: Identifier | undefined, { start, end }: Ranged): ForElement | undefined {
  const variable = tokenOf(node, t.Identifier);
  const iterable = valueIn(node);
  const body = toBody(nodeOf(node, "Body"));
  if (!variable || !iterable || !body) return undefined;
  return { kind: "for", label, variable: toIdentifier(variable), iterable, body, start, end };
}

function toFrom(node: CstNode, label: Identifier | undefined, { start, end }: Ranged): FromElement | undefined {
  const path = toPath(nodeOf(node, "Path"));
  return path || tokenOf(node, t.In) ? { kind: "from", label, path, start, end } : undefined;
}

function toLayer(node: CstNode, label: Identifier | undefined, { start, end }: Ranged): LayerElement | undefined {
  const callee = valueIn(node);
  if (!callee) return undefined;
  const repeats = tokenOf(node, t.Times) !== undefined;
  const repeated = toElement(nodeOf(node, "Element"));
  if (repeats && !repeated) return undefined;
  return { kind: "layer", label, callee, repeated, body: toBody(nodeOf(node, "Body")), start, end };
}
