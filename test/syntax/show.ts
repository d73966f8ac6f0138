import { assertNever } from "../../src/base/assert.ts";
import type { Body, Element, Expression, Item, Module, ModuleItem, Path, TypeExpression } from "../../src/syntax/ast.ts";

/** The whole tree as one line, every operation in its own parentheses: what binds to what can be seen and compared. */
export function showModule(module: Module): string {
  return module.items.map(showModuleItem).join("\n");
}

function showModuleItem(item: ModuleItem): string {
  switch (item.kind) {
    case "use":
      return `use ${item.isPath ? `"${item.from.name}"` : item.from.name} {${item.imports.map(({ name, alias }) => (alias ? `${name.name} as ${alias.name}` : name.name)).join(", ")}}`;
    case "let":
      return showItem(item);
    case "declaration": {
      const parameters = item.parameters?.map((p) => `${p.name.name}: ${showType(p.type)}${p.default ? ` = ${show(p.default)}` : ""}`);
      const target = item.target ? ` = ${show(item.target)}` : "";
      return `${item.keyword} ${item.name.name}${parameters ? `(${parameters.join(", ")})` : ""}${target}${item.body ? ` ${showBody(item.body)}` : ""}`;
    }
    default:
      return assertNever(item);
  }
}

function showType({ name, list }: TypeExpression): string {
  return `${name.name}${list ? `[${list.map(show).join(", ")}]` : ""}`;
}

const showPath = (path: Path): string => path.parts.map(({ name }) => name).join(".");

/** `{ a; b | c }`. */
export function showBody(body: Body): string {
  const groups = body.groups.map((group) => group.map(showItem).join("; "));
  const inner = `${body.leadingBar ? "| " : ""}${groups.join(" | ")}`;
  return inner === "" ? "{}" : `{ ${inner} }`;
}

function showItem(item: Item): string {
  switch (item.kind) {
    case "let":
      return `let ${item.name.name} = ${show(item.value)}`;
    case "input":
      return `input ${item.name.name}: ${showType(item.type)}`;
    case "output":
      return `output ${item.name.name}${item.path ? ` = ${showPath(item.path)}` : ""}`;
    case "shortcuts":
      return `shortcuts ${show(item.policy)}`;
    case "require":
      return `require ${show(item.condition)}${item.message === undefined ? "" : `, "${item.message}"`}`;
    case "expect":
      return `expect ${showPath(item.quantity)} ${item.relation} ${show(item.value)}`;
    case "chain":
      return item.elements.map(showElement).join(" -> ");
    default:
      return assertNever(item);
  }
}

function showElement(element: Element): string {
  const label = element.label ? `${element.label.name}: ` : "";
  switch (element.kind) {
    case "if": {
      const { otherwise } = element;
      const rest = !otherwise ? "" : ` else ${"kind" in otherwise ? showElement(otherwise) : showBody(otherwise)}`;
      return `${label}if ${show(element.condition)} ${showBody(element.then)}${rest}`;
    }
    case "for":
      return `${label}for ${element.variable.name} in ${show(element.iterable)} ${showBody(element.body)}`;
    case "from":
      return `${label}from ${element.path ? showPath(element.path) : "in"}`;
    case "group":
      return `${label}${showBody(element.body)}`;
    case "layer": {
      const rest = element.repeated ? ` x ‹${showElement(element.repeated)}›` : element.body ? ` ${showBody(element.body)}` : "";
      return `${label}${show(element.callee)}${rest}`;
    }
    default:
      return assertNever(element);
  }
}

/** An expression with every operation in parentheses. */
export function show(e: Expression): string {
  switch (e.kind) {
    case "number":
      return e.text;
    case "size":
      return e.entries.join("x");
    case "string":
      return `"${e.value}"`;
    case "boolean":
      return String(e.value);
    case "name":
      return e.name;
    case "in":
      return "in";
    case "list":
      return `[${e.entries.map(show).join(", ")}]`;
    case "unary":
      return `(${e.operator} ${show(e.operand)})`;
    case "binary":
      return `(${show(e.left)} ${e.operator} ${show(e.right)})`;
    case "conditional":
      return `(${show(e.then)} if ${show(e.condition)} else ${show(e.otherwise)})`;
    case "call":
      return `${show(e.callee)}(${e.arguments.map(({ name, value }) => `${name ? `${name.name}=` : ""}${show(value)}`).join(", ")})`;
    case "index":
      return `${show(e.object)}[${show(e.index)}]`;
    case "member":
      return `${show(e.object)}.${e.member.name}`;
    default:
      return assertNever(e);
  }
}
