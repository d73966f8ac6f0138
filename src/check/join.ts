import type { Span } from "../base/source-file.ts";
import type { Instance, ResidualRecord } from "../ir/origin.ts";
import type { Value } from "../ir/graph.ts";
import { sameShape } from "../ir/tensor-type.ts";
import type { OpRecord, ResolveContext } from "../ops/define-op.ts";
import { operators } from "../ops/registry.ts";
import type { Body, Item, LayerElement } from "../syntax/ast.ts";
import type { Context } from "./context.ts";
import { report, spanAt } from "./context.ts";
import { coerce, parameterNamed, parametersOf } from "./call.ts";
import type { BlockDatum, Datum } from "./data.ts";
import { formatDatum, number } from "./data.ts";
import { elaborateBranchesDry, elaborateItems, labelled } from "./elaborate.ts";
import { enterBlock } from "./instantiate.ts";
import { strideBetween } from "./jump.ts";
import { reportMismatch, reportNoStride, startsElsewhere } from "./mismatch.ts";
import { blockPath, nameScope, operatorName, scopePath } from "./naming.ts";
import { givenAttributes, makeNode, rulesOf } from "./operator.ts";
import { isIdentity, isShortcutOption, policyInForce } from "./policy.ts";
import { registerName } from "./registry.ts";
import type { Flow } from "./scope.ts";
import { isValue } from "./scope.ts";

const NONE_GIVEN: ResolveContext["given"] = {};

/** `sum { … | … }` and its like; `residual { F }` also asks the policy for the other path. */
export function elaborateJoin(element: LayerElement, join: BlockDatum, body: Body, flow: Flow, context: Context): Flow {
  const record = (join.target as { record: OpRecord }).record;
  const isResidual = record.name === "residual";
  const { header, branches } = splitBranches(body);
  if (branches.some((items) => items.length === 0)) {
    // An empty branch beside others was reported when the text was read.
    if (branches.length === 1) {
      report(context, body, { code: "RN0602", message: `this \`${record.name}\` has no branch`, help: ["A branch that passes its input on is written `identity`."] });
    }
    elaborateBranchesDry(body, context);
    return labelled(element, "unknown", undefined, 0, context);
  }
  const given = isResidual ? NONE_GIVEN : givenAttributes(join, record, element, context);
  if (!isValue(flow) && flow !== "none") {
    elaborateItems(header, "unknown", context);
    for (const items of branches) elaborateItems(items, "unknown", branchContext(context));
    return labelled(element, "unknown", undefined, 0, context);
  }

  const firstNode = context.session.builder.nodes.length;
  const label = element.label?.name;
  let path = blockPath(context.names, label, context.repeated);
  const span = spanAt(context, element);
  if (path !== undefined) path = registerName(path, element.label ? spanAt(context, element.label) : span, context);
  const instance = {
    parent: context.instance,
    kind: "join",
    declaration: record.name,
    path: path ?? scopePath(context.names),
    label,
    callSpan: span,
    declarationSpan: span,
    arguments: "",
    loopIndex: context.loopIndex,
    inserted: context.inserted,
    residual: undefined as ResidualRecord | undefined,
  } satisfies Instance;
  const names = path === undefined ? context.names : nameScope("named", path);
  const inner: Context = { ...context, names, repeated: false, instance, policy: { parent: context.policy, current: undefined } };
  elaborateItems(header, flow, inner);
  const values = branchValues(branches, flow, inner);
  if (values.length < branches.length || given === undefined) return labelled(element, "unknown", path, firstNode, context);

  const name = path ?? operatorName(context.names, record.kind, undefined);
  const result = isResidual
    ? residual(element, join, values, flow, name, inner, instance)
    : joinValues(record, join, name, values, span, inner);
  if (path === undefined && isValue(result)) context.session.named.set(name, { span, instance: context.instance, firstNode, endNode: context.session.builder.nodes.length, value: result });
  return labelled(element, result, path, firstNode, context);
}

/** The values of the branches that could be built. */
function branchValues(branches: readonly (readonly Item[])[], flow: Flow, context: Context): readonly Value[] {
  return branches.map((items) => elaborateItems(items, flow, branchContext(context))).filter(isValue);
}

function branchContext(context: Context): Context {
  return { ...context, policy: { parent: context.policy, current: undefined } };
}

/** Items before a leading `|` that are not chains belong to the whole join. */
function splitBranches(body: Body): { readonly header: readonly Item[]; readonly branches: readonly (readonly Item[])[] } {
  const { groups, leadingBar } = body;
  const first = groups[0];
  if (first && first.length > 0 && groups.length > 1 && !leadingBar && first.every((item) => item.kind !== "chain")) {
    return { header: first, branches: groups.slice(1) };
  }
  return { header: [], branches: groups };
}

function joinValues(record: OpRecord, join: BlockDatum, name: string, values: readonly Value[], span: Span, context: Context): Flow {
  const only = values[0];
  if (only && values.length === 1) return only;
  const rules = rulesOf(values, NONE_GIVEN, join, span, context);
  const attributes = record.resolve ? record.resolve(rules) : rules.attributes;
  if (attributes === undefined) return "unknown";
  rules.attributes = attributes;
  const node = makeNode(record, name, values, rules, span, context);
  return node?.outputs[0] ?? "unknown";
}

/** F + shortcut: branches of F are summed, then the policy is asked for the other path. */
function residual(
  element: LayerElement,
  join: BlockDatum,
  branches: readonly Value[],
  flow: Flow,
  name: string,
  context: Context,
  instance: { readonly callSpan: Span; residual: ResidualRecord | undefined },
): Flow {
  const { session } = context;
  const sum: OpRecord = operators.sum;
  const inside = branches.length === 1 ? (branches[0] ?? "unknown") : joinValues(sum, join, `${name}.sum`, branches, instance.callSpan, context);
  if (!isValue(inside)) return "unknown";
  if (!isValue(flow)) {
    report(context, element, { code: "RN0701", message: "a residual needs an input to add to", help: ["Say with `from` where the chain starts: `from image -> residual { … }`."] });
    return "unknown";
  }
  const given = join.bound.get("shortcut");
  if (given && given.datum.kind !== "block") return "unknown";
  if (given?.datum.kind === "block" && !isShortcutOption(given.datum, element.callee, context)) return "unknown";
  const inForce = given?.datum.kind === "block" ? { block: given.datum, span: given.span } : policyInForce(context.policy);
  if (inForce === "unknown") return "unknown";
  const policy = inForce?.block;
  const stride = strideBetween(session.jumps[flow.id], session.jumps[inside.id]);
  const channels = inside.type.shape[1];
  const record: ResidualRecord = { policy: policy ? formatDatum(policy) : "identity", channels: typeof channels === "number" ? channels : 0, stride: stride ?? [], made: "none" };
  if (policy?.target.kind === "none") {
    instance.residual = record;
    return inside;
  }
  const elsewhere = startsElsewhere(inside, flow);
  const uneven = stride === undefined || stride.some(isUneven);
  if ((elsewhere || uneven || inside.type.shape.length !== flow.type.shape.length) && !sameShape(inside.type.shape, flow.type.shape, session.facts)) {
    reportNoStride({ element, input: flow, result: inside, stride, elsewhere, context });
    return "unknown";
  }
  let other: Flow = flow;
  if (policy && !isIdentity(policy)) {
    const asked = ask(policy, inForce?.span ?? instance.callSpan, channels as number, stride && !uneven ? stride : [1], element, context);
    const call: LayerElement = { ...element, label: undefined, body: undefined };
    other = enterBlock(asked, call, flow, { ...context, repeated: false, policy: { parent: undefined, current: undefined } }, true);
    if (!isValue(other)) return "unknown";
  }
  instance.residual = { ...record, made: other === flow ? "identity" : "layers" };
  if (!sameShape(inside.type.shape, other.type.shape, session.facts)) {
    reportMismatch({ element, input: flow, result: inside, shortcut: other, policy, policySpan: inForce?.span, stride: stride ?? [1], context });
    return "unknown";
  }
  return joinValues(sum, join, name, [inside, other], instance.callSpan, context);
}

const isUneven = (step: number): boolean => !Number.isInteger(step) || step < 1;

/** A shortcut option that has been told what F did: its channels, and its stride, one number where every axis has the same. */
function ask(policy: BlockDatum, span: Span, channels: number, steps: readonly number[], element: LayerElement, context: Context): BlockDatum {
  const { target } = policy;
  const parameters = parametersOf(target, context);
  const bound = new Map(policy.bound);
  const tell = (name: string, datum: Datum): void => {
    const parameter = parameterNamed(name, parameters);
    bound.set(name, { datum: parameter ? coerce(datum, parameter, element.callee, context, target) : datum, span });
  };
  tell("channels", number(channels));
  tell("stride", steps.every((step) => step === steps[0]) ? number(steps[0] as number) : { kind: "list", items: steps.map((step) => number(step)) });
  return { kind: "block", target, bound };
}
