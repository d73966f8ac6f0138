import { findOperator, operators } from "../../ops/registry.ts";
import type { Body, Declaration, Element, Item, Module, Shortcuts } from "../../syntax/ast.ts";
import { bodiesOf, calledName, callOf, isRepetition, itemsOf } from "../../syntax/elements.ts";
import { spanOf, withoutItem } from "../analysis/edits.ts";
import { hidesOperator } from "../analysis/names.ts";
import { defineRule } from "../rule.ts";
import type { ModuleContext } from "../rule.ts";

export const ineffectiveShortcuts = defineRule({
  code: "RL07",
  name: "ineffective-shortcuts",
  severity: "warning",
  summary: "No residual comes after a `shortcuts` statement in its body.",
  why: `\`shortcuts P\` holds from its line on, in its body and in whatever that body uses. Where only layers follow, or another
\`shortcuts\` before any residual, it decides nothing: the residuals above it were built with the option in force before.`,
  evidence: undefined,
  exceptions: "Blocks from other files and blocks that are parameters may hold residuals; a statement before one of them is left alone.",
  wrong: `block unit(width: int) {
  residual { conv(3x3, width) -> bn -> relu -> conv(3x3, width) -> bn }
  relu
}
block project(channels: int, stride: int[]) {
  conv(1x1, channels, stride=stride) -> bn
}
network Small {
  input image: float32[N, 3, 32, 32]
  conv(3x3, 16) -> bn -> relu
  layer1: 3 x unit(16)
  shortcuts project
  globalavgpool -> fc: linear(10)
}
`,
  right: `block unit(width: int) {
  residual { conv(3x3, width) -> bn -> relu -> conv(3x3, width) -> bn }
  relu
}
block project(channels: int, stride: int[]) {
  conv(1x1, channels, stride=stride) -> bn
}
network Small {
  input image: float32[N, 3, 32, 32]
  conv(3x3, 16) -> bn -> relu
  shortcuts project
  layer1: 3 x unit(16)
  globalavgpool -> fc: linear(10)
}
`,
  checkModule(context) {
    const { module } = context;
    const mayAsk = createSearch(module);
    for (const items of scopesOf(context)) {
      if (!items.some(holdsShortcuts)) continue;
      const steps = stepsOf(items, false);
      steps.forEach((step, index) => {
        if (step.kind !== "shortcuts") return;
        const following = steps.slice(index + 1);
        const next = following.findIndex((each) => each.kind === "shortcuts" && !each.conditional);
        const reach = next === -1 ? following : following.slice(0, next);
        if (reach.some((each) => each.kind === "element" && mayAsk(each.element))) return;
        const replacement = following[next];
        context.report({
          at: spanOf(module, step.item),
          message: next === -1 ? "no residual comes after this `shortcuts` in its body" : "another `shortcuts` replaces this one before any residual",
          secondary: replacement?.kind === "shortcuts" ? [{ span: spanOf(module, replacement.item), text: "replaced here" }] : [],
          notes: ["`shortcuts` holds from its line on, in its body and in what that body uses."],
          help: [next === -1 ? "Move it above the residuals it is meant for, or remove it." : "Remove one of the two."],
          fixes: [{ title: "remove it", isSafe: true, edits: [withoutItem(module.source, step.item)] }],
        });
      });
    }
  },
});

type Step = { readonly kind: "shortcuts"; readonly item: Shortcuts; readonly conditional: boolean } | { readonly kind: "element"; readonly element: Element };

/** Every body in which a `shortcuts` ends: of declarations, loops, groups and branches; those of `if` belong to the body around. */
function scopesOf({ module, elements }: ModuleContext): readonly (readonly Item[])[] {
  const scopes: (readonly Item[])[] = [];
  for (const item of module.items) if (item.kind === "declaration" && item.keyword !== "recipe" && item.body) scopes.push(itemsOf(item.body));
  for (const { element } of elements) {
    if (element.kind !== "if") for (const body of bodiesOf(element)) scopes.push(...branchesOf(body));
  }
  return scopes;
}

/** True for a \`shortcuts\`, and for an \`if\` that holds one. */
function holdsShortcuts(item: Item): boolean {
  if (item.kind !== "chain") return item.kind === "shortcuts";
  return item.elements.some((element) => element.kind === "if" && bodiesOf(element).some((body) => itemsOf(body).some(holdsShortcuts)));
}

/** A body's branches, each a scope; what stands before a first `|` belongs to them all. */
function branchesOf(body: Body): readonly (readonly Item[])[] {
  const [first = [], ...rest] = body.groups;
  const isHeader = rest.length > 0 && !body.leadingBar && first.length > 0 && first.every((item) => item.kind !== "chain");
  return isHeader ? [body.groups.flat()] : body.groups;
}

function stepsOf(items: readonly Item[], conditional: boolean): readonly Step[] {
  return items.flatMap((item): readonly Step[] => {
    if (item.kind === "shortcuts") return [{ kind: "shortcuts", item, conditional }];
    if (item.kind !== "chain") return [];
    return item.elements.flatMap((element) => (element.kind === "if" ? bodiesOf(element).flatMap((body) => stepsOf(itemsOf(body), true)) : [{ kind: "element" as const, element }]));
  });
}

/** Whether building an element may ask the shortcut option in force: it is a residual, holds one, or cannot be seen into. */
function createSearch(module: Module): (element: Element) => boolean {
  const declarations = new Map(module.items.flatMap((item) => (item.kind === "declaration" ? [[item.name.name, item] as const] : [])));
  const known = new Map<Declaration, boolean>();
  const mayAsk = (element: Element): boolean => {
    if (element.kind === "from") return false;
    if (isRepetition(element)) return mayAsk(element.repeated);
    if (element.kind === "layer" && !element.body) return called(calledName(element));
    const own = calledName(element) === operators.residual.name && callOf(element) === undefined;
    return own || bodiesOf(element).some((body) => itemsOf(body).some((item) => item.kind === "chain" && item.elements.some(mayAsk)));
  };
  const called = (name: string | undefined): boolean => {
    if (name === undefined) return true;
    const isHidden = hidesOperator(module, name);
    if (findOperator(name) && !isHidden) return false;
    const declared = declarations.get(name);
    // A network begins afresh; an alias, a parameter and an import may be anything.
    if (declared?.keyword === "network") return false;
    if (declared?.keyword !== "block" || declared.target || !declared.body) return true;
    const answer = known.get(declared);
    if (answer !== undefined) return answer;
    known.set(declared, false);
    const found = itemsOf(declared.body).some((item) => item.kind === "chain" && item.elements.some(mayAsk));
    known.set(declared, found);
    return found;
  };
  return mayAsk;
}
