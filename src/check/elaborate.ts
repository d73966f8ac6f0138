import { groupDigits } from "../base/digits.ts";
import { invariant } from "../base/assert.ts";
import { isWhole } from "../base/rational.ts";
import type { Instance } from "../ir/origin.ts";
import type { Body, Chain, Element, Expression, ForElement, FromElement, GroupElement, IfElement, Item, LayerElement, Path } from "../syntax/ast.ts";
import { didYouMean } from "../base/suggest.ts";
import { instantiate } from "./instantiate.ts";
import type { Context } from "./context.ts";
import { report, spanAt, spendStep } from "./context.ts";
import type { Datum } from "./data.ts";
import { describeDatum, formatDatum, targetName, UNKNOWN } from "./data.ts";
import { evaluate, evaluateCondition, reportHidden } from "./evaluate.ts";
import { elaborateJoin } from "./join.ts";
import { define } from "./module-scope.ts";
import { nameScope } from "./naming.ts";
import { networkItem } from "./network-items.ts";
import { registerName } from "./registry.ts";
import { requireCondition } from "./require.ts";
import { renaming } from "./mend.ts";
import type { Flow, LabelEntry } from "./scope.ts";
import { findBinding, findLabel, isValue, labelNames, labelsIncomplete, nestedScope } from "./scope.ts";
import { setPolicy } from "./policy.ts";
import { BudgetSpent, LIMITS } from "./session.ts";

/** Elaborates the one group of a body that is no join's; what flows out of its last chain. */
export function elaborateBody(body: Body, flow: Flow, context: Context): Flow {
  if (body.groups.length > 1 || body.leadingBar) {
    report(context, body.bars[0] ?? body, {
      code: "RN0602",
      message: "only a join has branches divided by `|`",
      help: ["Joins are residual, sum, mean, mul and concat: `sum { a | b }`."],
    });
    for (const group of body.groups) elaborateItems(group, "unknown", context);
    return "unknown";
  }
  return elaborateItems(body.groups[0] ?? [], flow, context);
}

export function elaborateItems(items: readonly Item[], start: Flow, context: Context): Flow {
  let flow = start;
  for (const item of items) {
    spendStep(context, item);
    if (item.kind === "require" && !requireCondition(item, context)) {
      // What follows was written for parameters that meet the condition.
      context.labels.incomplete = true;
      return "unknown";
    }
    flow = item.kind === "chain" ? elaborateChain(item, flow, context) : (elaborateStatement(item, context) ?? flow);
  }
  return flow;
}

/** Statements leave what flows as it is, but for the first `input` of a network. */
function elaborateStatement(item: Exclude<Item, Chain>, context: Context): Flow | undefined {
  switch (item.kind) {
    case "let":
      define(context, item.name, { datum: evaluate(item.value, context), role: "let", span: spanAt(context, item.name) });
      return undefined;
    case "shortcuts":
      setPolicy(item, context);
      return undefined;
    case "require":
      return undefined;
    case "input":
    case "output":
    case "expect":
      return networkItem(item, context);
  }
}

export function elaborateChain(chain: Chain, start: Flow, context: Context): Flow {
  let flow = start;
  const [first] = chain.elements;
  for (const element of chain.elements) {
    if (element !== first) spendStep(context, element);
    flow = elaborateElement(element, flow, context);
  }
  return flow;
}

export function elaborateElement(element: Element, flow: Flow, context: Context): Flow {
  const { session } = context;
  if (session.depth >= LIMITS.elements) {
    report(context, element, {
      code: "RN0802",
      message: `blocks and braces are nested deeper than ${LIMITS.elements} in all`,
      help: ["Take braces away, or repeat with `x` or `for`."],
    });
    throw new BudgetSpent();
  }
  session.depth++;
  const result = elaborateOne(element, flow, context);
  session.depth--;
  return result;
}

function elaborateOne(element: Element, flow: Flow, context: Context): Flow {
  switch (element.kind) {
    case "from":
      return labelled(element, continueFrom(element, context), undefined, context.session.builder.nodes.length, context);
    case "if":
    case "for":
    case "group": {
      const firstNode = context.session.builder.nodes.length;
      const inner = numbered(element, flow, context);
      const result = element.kind === "if" ? elaborateIf(element, flow, inner) : element.kind === "for" ? elaborateFor(element, flow, inner) : elaborateGroup(element, flow, inner);
      return inner === context ? result : labelled(element, result, inner.instance?.path, firstNode, context);
    }
    case "layer":
      return elaborateLayer(element, flow, context);
  }
}

/** A label on `{ }`, `if`, `x` or `for` opens a numbered scope; without one they add nothing, and the context stays as it is. */
function numbered(element: Element, flow: Flow, context: Context): Context {
  const { label } = element;
  if (label === undefined) return context;
  const path = context.names.prefix + label.name;
  const named = isValue(flow) ? registerName(path, spanAt(context, label), context) : path;
  const span = spanAt(context, element);
  const instance: Instance = {
    parent: context.instance,
    kind: "group",
    declaration: "",
    path: named,
    label: label.name,
    callSpan: span,
    declarationSpan: span,
    arguments: "",
    loopIndex: context.loopIndex,
    inserted: context.inserted,
    residual: undefined,
  };
  return { ...context, names: nameScope("numbered", named), repeated: false, instance };
}

/** Enters an element's label, when it has one: from here on it names the element's value. */
export function labelled(
  element: { readonly label: Element["label"] },
  flow: Flow,
  path: string | undefined,
  firstNode: number,
  context: Context,
): Flow {
  if (path !== undefined) {
    const thing = context.session.named.get(path);
    if (thing) {
      thing.endNode = context.session.builder.nodes.length;
      thing.value = isValue(flow) ? flow : undefined;
    }
  }
  if (element.label) {
    const outputs = typeof flow === "object" && !isValue(flow) ? flow.outputs : undefined;
    const made = context.session.builder.nodes.length > firstNode;
    const entry: LabelEntry = { flow, span: spanAt(context, element.label), path: made ? path : undefined, outputs };
    context.labels.entries.set(element.label.name, entry);
  }
  return flow;
}

function elaborateGroup(element: GroupElement, flow: Flow, context: Context): Flow {
  return elaborateBody(element.body, flow, { ...context, policy: { parent: context.policy, current: undefined } });
}

function elaborateIf(element: IfElement, flow: Flow, context: Context): Flow {
  const condition = evaluateCondition(element.condition, context);
  const otherwise = element.otherwise;
  const runElse = (from: Flow): Flow => {
    if (otherwise === undefined) return from;
    if ("kind" in otherwise) return elaborateElement(otherwise, from, context);
    return elaborateBody(otherwise, from, context);
  };
  if (condition === undefined) {
    // Both ways are read for mistakes that do not hang on the condition.
    elaborateBody(element.then, "unknown", dry(context));
    runElse("unknown");
    return "unknown";
  }
  return condition ? elaborateBody(element.then, flow, context) : runElse(flow);
}

/** A context whose names may be made a second time: for text that is read without being built. */
function dry(context: Context): Context {
  return { ...context, scope: nestedScope(context.scope) };
}

function elaborateFor(element: ForElement, flow: Flow, context: Context): Flow {
  const iterable = evaluate(element.iterable, context);
  const pass = (datum: Datum, from: Flow, index: number): Flow => {
    const scope = nestedScope(context.scope);
    const inner = passContext(context, index, scope);
    define(inner, element.variable, { datum, role: "loop", span: spanAt(context, element.variable) });
    return elaborateBody(element.body, from, inner);
  };
  if (iterable.kind !== "list") {
    if (iterable.kind !== "unknown") {
      report(context, element.iterable, {
        code: "RN0302",
        message: `\`for\` goes through a list, this is ${describeDatum(iterable)}`,
        help: iterable.kind === "number" ? [`To repeat ${formatDatum(iterable)} times write \`for ${element.variable.name} in range(${formatDatum(iterable)})\`.`] : [],
      });
    }
    pass(UNKNOWN, "unknown", 0);
    return "unknown";
  }
  if (!affordable(iterable.items.length, element, context)) return "unknown";
  const items = flow === "unknown" ? iterable.items.slice(0, 1) : iterable.items;
  return items.reduce<Flow>((from, datum, index) => {
    spendStep(context, element);
    return pass(datum, from, index);
  }, flow);
}

/** Labels, `let`s and the shortcut policy of one pass belong to it alone; unlabelled blocks take numbers. */
function passContext(context: Context, index: number, scope: Context["scope"]): Context {
  return {
    ...context,
    scope,
    labels: { parent: context.labels, entries: new Map() },
    repeated: true,
    policy: { parent: context.policy, current: undefined },
    loopIndex: index,
  };
}

/** A loop's count is compared with what is left before it runs. */
function affordable(count: number, at: Element, context: Context): boolean {
  if (count <= context.session.stepsLeft) return true;
  report(context, at, {
    code: "RN0801",
    message: `${groupDigits(count)} repetitions; the budget of one network is ${groupDigits(LIMITS.steps)} steps`,
    label: "this would repeat too often",
    help: ["Repeat fewer times."],
  });
  return false;
}

function elaborateLayer(element: LayerElement, flow: Flow, context: Context): Flow {
  const callee = evaluate(element.callee, context);
  if (element.repeated) {
    const firstNode = context.session.builder.nodes.length;
    const inner = numbered(element, flow, context);
    const result = repeat(callee, element.repeated, element, flow, inner);
    return inner === context ? result : labelled(element, result, inner.instance?.path, firstNode, context);
  }
  if (callee.kind === "block") {
    const { target } = callee;
    const isJoin = target.kind === "operator" && target.record.form === "join";
    if (isJoin && element.body) return elaborateJoin(element, callee, element.body, flow, context);
    if (isJoin) {
      const { text } = context.scope.source;
      if (/^\s*\{/.test(text.slice(element.end, element.end + 200))) {
        report(context, element, {
          code: "RN0104",
          message: `\`${targetName(target)}\` needs its \`{\` on this line`,
          help: ["At the beginning of a line a `{` begins a group of its own."],
        });
        return labelled(element, "unknown", undefined, 0, context);
      }
      if (/^[ \t]*(\r\n|\n|\r)\s*\{/.test(text.slice(element.end, element.end + 400))) {
        report(context, element, {
          code: "RN0104",
          message: `\`${targetName(target)}\` needs its \`{\` on this line`,
          help: ["At the end of a line a layer is complete; move the `{` up."],
        });
        return labelled(element, "unknown", undefined, 0, context);
      }
      report(context, element, {
        code: "RN0602",
        message: `\`${targetName(target)}\` joins branches and needs them in \`{ }\``,
        help: [`For example \`${targetName(target)} { conv(3x3, 16) | identity }\`.`],
      });
      return labelled(element, "unknown", undefined, 0, context);
    }
    if (element.body) {
      report(context, element.body, {
        code: "RN0602",
        message: `\`${targetName(target)}\` is no join, and only joins take branches in \`{ }\``,
        help: ["Only residual, sum, mean, mul and concat stand before `{ }`."],
      });
      elaborateBranchesDry(element.body, context);
      return labelled(element, "unknown", undefined, 0, context);
    }
    return instantiate(callee, element, flow, context);
  }
  if (element.body) elaborateBranchesDry(element.body, context);
  if (callee.kind === "unknown" && element.label === undefined && !callsOperator(element.callee, context)) context.labels.incomplete = true;
  if (callee.kind !== "unknown" && !reportHidden(element.callee, callee, context)) {
    const isCount = callee.kind === "number";
    report(context, element.callee, {
      code: "RN0602",
      message: `${describeDatum(callee)} is not a layer`,
      help: isCount ? [`For a layer with so many outputs write \`linear(${formatDatum(callee)})\`; to repeat one, \`${formatDatum(callee)} x conv(3x3, 16)\`.`] : [],
    });
  }
  return labelled(element, "unknown", undefined, 0, context);
}

/** An operator holds no labels, whatever is wrong with its arguments. */
function callsOperator(callee: Expression, context: Context): boolean {
  if (callee.kind !== "call" || callee.callee.kind !== "name") return false;
  const datum = findBinding(context.scope, callee.callee.name)?.datum;
  return datum?.kind === "block" && datum.target.kind === "operator";
}

/** Reads branches for mistakes where they cannot be built. */
export function elaborateBranchesDry(body: Body, context: Context): void {
  for (const group of body.groups) elaborateItems(group, "unknown", dry(context));
}

function repeat(count: Datum, repeated: Element, element: LayerElement, flow: Flow, context: Context): Flow {
  const whole = count.kind === "number" && typeof count.value === "number" && count.value >= 0 ? count.value : undefined;
  if (whole === undefined) {
    if (count.kind !== "unknown") {
      const negative = count.kind === "number" && isWhole(count.value);
      report(context, element.callee, {
        code: count.kind === "number" ? "RN0303" : "RN0602",
        message: negative
          ? `a layer cannot be repeated ${formatDatum(count)} times`
          : count.kind === "number" ? `a layer is repeated a whole number of times, got ${formatDatum(count)}` : `only a number stands before \`x\`, this is ${describeDatum(count)}`,
      });
    }
    elaborateElement(repeated, "unknown", passContext(context, 0, nestedScope(context.scope)));
    return "unknown";
  }
  if (!affordable(whole, element, context)) return "unknown";
  let current = flow;
  const passes = flow === "unknown" ? Math.min(1, whole) : whole;
  for (let index = 0; index < passes; index++) {
    spendStep(context, element);
    current = elaborateElement(repeated, current, passContext(context, index, nestedScope(context.scope)));
  }
  return current;
}

function continueFrom(element: FromElement, context: Context): Flow {
  if (element.path === undefined) {
    if (context.input !== undefined && context.input !== "none") return context.input;
    report(context, element, {
      code: "RN0204",
      message: context.input === "none" ? "this network has several inputs; `in` would be all of them" : "`in` has a meaning only inside a block",
      help: ["Name the input: `from image`."],
    });
    return "unknown";
  }
  return resolvePath(element.path, context)?.flow ?? "unknown";
}

/** What a path of labels names: its value and its full name. Unknown ones are reported. */
export function resolvePath(path: Path, context: Context): { readonly flow: Flow; readonly path: string | undefined } | undefined {
  const [first, ...rest] = path.parts;
  invariant(first, "a path has at least one part");
  const entry = findLabel(context.labels, first.name);
  if (!entry) {
    if (labelsIncomplete(context.labels)) return undefined;
    const names = labelNames(context.labels);
    const meant = didYouMean(first.name, names);
    report(context, first, {
      code: "RN0204",
      message: `no layer is called \`${first.name}\` before this line`,
      label: meant,
      fixes: renaming(context, first, first.name, names),
      help: meant === undefined ? ["Only what is made above can be named: a network has no loops."] : [],
      notes: names.length > 0 ? [`Labels so far: ${[...new Set(names)].slice(0, 15).join(", ")}.`] : ["No layer has a label so far; a label is written `name: conv(3x3, 16)`."],
    });
    return undefined;
  }
  if (rest.length === 0) return { flow: entry.flow, path: entry.path };
  const tail = rest.map((part) => part.name).join(".");
  const output = rest.length === 1 ? entry.outputs?.get(tail) : undefined;
  if (output) return { flow: output, path: undefined };
  const full = entry.path === undefined ? undefined : `${entry.path}.${tail}`;
  const thing = full === undefined ? undefined : context.session.named.get(full);
  if (thing) return { flow: thing.value ?? "unknown", path: full };
  if (entry.flow === "unknown") return undefined;
  const parts = entry.outputs ? [...entry.outputs.keys()] : partsOf(entry.path, context);
  report(context, path, {
    code: "RN0204",
    message: `\`${first.name}\` has no part \`${tail}\``,
    label: didYouMean(tail, parts),
    fixes: rest.length === 1 && rest[0] ? renaming(context, rest[0], tail, parts) : [],
    notes: parts.length > 0 ? [`It has ${parts.slice(0, 15).join(", ")}${parts.length > 15 ? ", …" : ""}.`] : [],
  });
  return undefined;
}

function partsOf(path: string | undefined, context: Context): string[] {
  if (path === undefined) return [];
  const prefix = `${path}.`;
  return [...context.session.named.keys()].filter((name) => name.startsWith(prefix)).map((name) => name.slice(prefix.length)).filter((name) => !name.includes("."));
}
