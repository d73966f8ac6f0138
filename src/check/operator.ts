import { groupDigits } from "../base/digits.ts";
import { toNumber } from "../base/rational.ts";
import type { Span } from "../base/source-file.ts";
import type { Label } from "../diagnostics/problem.ts";
import type { Attributes, AttributeValue, Node, Value } from "../ir/graph.ts";
import type { Instance } from "../ir/origin.ts";
import { elementCount, formatShape, knownShape } from "../ir/tensor-type.ts";
import type { TensorType } from "../ir/tensor-type.ts";
import type { OpFault, OpRecord, TypeContext } from "../ops/define-op.ts";
import type { LayerElement } from "../syntax/ast.ts";
import type { Context } from "./context.ts";
import { report, spanAt } from "./context.ts";
import type { BlockDatum, Datum } from "./data.ts";
import { labelled } from "./elaborate.ts";
import { jumpOf } from "./jump.ts";
import { meeting, mending } from "./mend.ts";
import { operatorName, releaseOperatorName } from "./naming.ts";
import { registerName } from "./registry.ts";
import type { Flow } from "./scope.ts";
import { isValue } from "./scope.ts";
import { BudgetSpent, LIMITS } from "./session.ts";

type Range = { readonly start: number; readonly end: number };

/** Makes the node of one operator, unless it has no effect. */
export function makeOperator(block: BlockDatum, record: OpRecord, element: LayerElement, flow: Flow, context: Context): Flow {
  const given = givenAttributes(block, record, element, context);
  if (given === undefined || !isValue(flow)) return labelled(element, "unknown", undefined, 0, context);
  const { session } = context;
  const label = element.label?.name;
  const rules = typeContext([flow], block, element, context);
  const attributes = record.resolve ? record.resolve({ inputs: rules.inputs, facts: rules.facts, fail: rules.fail, given }) : (given as Attributes);
  const name = operatorName(context.names, record.kind, label);
  if (attributes === undefined) return labelled(element, "unknown", undefined, 0, context);
  if (record.vanishes?.(attributes, flow.type)) {
    if (record.name === "identity") releaseOperatorName(context.names, record.kind, label);
    return labelled(element, flow, undefined, session.builder.nodes.length, context);
  }
  const firstNode = session.builder.nodes.length;
  const unique = registerName(name, spanAt(context, element.label ?? element), context);
  const node = makeNode(record, unique, attributes, [flow], rules, element, context);
  return labelled(element, node?.outputs[0] ?? "unknown", unique, firstNode, context);
}

/** What rules of a record are given; faults become problems at the element or at the argument they are about. */
export function typeContext(inputs: readonly Value[], block: BlockDatum, element: Range, context: Context): TypeContext {
  return {
    inputs: inputs.map((value) => value.type),
    facts: context.session.facts,
    fail(fault: OpFault) {
      const bound = fault.attribute === undefined ? undefined : block.bound.get(fault.attribute);
      const here = bound && bound.span.source === context.scope.source ? bound.span : spanAt(context, element);
      context.session.report({
        code: fault.code,
        message: context.inserted && fault.code === "RN0506" ? fault.message.replace(/^`[^`]*`/, `the shortcut option \`${context.instance?.declaration}\``) : fault.message,
        span: here,
        instance: context.instance,
        label: inputs.length === 1 && inputs[0] ? `receives ${formatShape(inputs[0].type.shape)}` : undefined,
        secondary: bound && bound.span !== here && bound.span.source !== here.source ? [{ span: bound.span, text: `\`${fault.attribute}\` was given here` }] : branchLabels(inputs, fault.input, spanAt(context, element)),
        notes: [...(fault.notes ?? []), ...pathNote(context)],
        help: fault.help,
        fixes: [...mending(fault, block, element, context), ...(fault.input !== undefined && inputs.length > 1 ? meeting(inputs, fault.input, spanAt(context, element), context) : [])],
      });
      return undefined;
    },
  };
}

/** Where the first branch and the one that does not fit it were written: in the join, else in the user's own files. */
function branchLabels(inputs: readonly Value[], other: number | undefined, join: Span): Label[] {
  if (inputs.length < 2 || other === undefined) return [];
  return [0, other].flatMap((index) => {
    const value = inputs[index];
    const span = value && ownSpan(value, join);
    return span ? [{ span, text: `branch ${index + 1} gives ${formatShape(value.type.shape)}` }] : [];
  });
}

function ownSpan(value: Value, join: Span): Span | undefined {
  const origin = value.producer.kind === "node" ? value.producer.node.origin : undefined;
  if (origin === undefined) return undefined;
  const places = [origin.span];
  for (let at: Instance | undefined = origin.instance; at; at = at.parent) places.push(at.callSpan);
  const own = places.filter(({ source }) => !source.standard);
  return own.find((span) => span.source === join.source && join.start < span.start && span.end <= join.end) ?? own[0];
}

function pathNote(context: Context): string[] {
  const path = context.instance?.path;
  return path ? [`In ${path}${context.instance?.declaration ? ` (\`${context.instance.declaration}\`)` : ""}.`] : [];
}

/** Adds a node with its parameters; `undefined` when a rule found a fault or a size is past exact counting. */
export function makeNode(
  record: OpRecord,
  name: string,
  attributes: Attributes,
  inputs: readonly Value[],
  rules: TypeContext,
  element: Range,
  context: Context,
): Node | undefined {
  const { session } = context;
  const { builder } = session;
  const rule = { inputs: rules.inputs, facts: rules.facts, fail: rules.fail, attributes };
  const types = record.shape(rule);
  const specs = types && (record.parameters?.(rule) ?? []);
  if (types === undefined || specs === undefined) return undefined;
  if (!countable(record, attributes, rules.inputs, types, specs.map((spec) => spec.shape), element, context)) return undefined;
  if (builder.nodes.length >= LIMITS.layers) {
    report(context, element, { code: "RN0801", message: `this network has more than ${groupDigits(LIMITS.layers)} layers`, help: ["Repeat fewer times."] });
    throw new BudgetSpent();
  }
  const parameters = specs.map(({ name: own, role, shape, initializer }) => builder.parameter({ name: `${name}.${own}`, role, shape, initializer }).value);
  const node = builder.node({
    op: record.name,
    name,
    attributes,
    inputs: [...inputs, ...parameters],
    types,
    origin: context.instance && { span: spanAt(context, element), instance: context.instance, inserted: context.inserted },
  });
  const jump = jumpOf(node, inputs, session.jumps, () => ++session.epochs);
  for (const output of node.outputs) session.jumps.set(output, jump);
  return node;
}

/** Sizes and counts beyond 2^53 would be wrong in their last digits: they are refused. */
function countable(
  record: OpRecord,
  attributes: Attributes,
  inputs: readonly TensorType[],
  outputs: readonly TensorType[],
  parameters: readonly (readonly number[])[],
  element: Range,
  context: Context,
): boolean {
  const known = (types: readonly TensorType[]): (readonly number[])[] => {
    const shapes: (readonly number[])[] = [];
    for (const type of types) {
      const shape = knownShape([1, ...type.shape.slice(1)]);
      if (shape) shapes.push(shape);
    }
    return shapes;
  };
  const ins = known(inputs);
  const outs = known(outputs);
  const most = (shapes: readonly (readonly number[])[]): number => shapes.reduce((sofar, shape) => Math.max(sofar, elementCount(shape)), 0);
  let largest = Math.max(most(outs), most(parameters));
  if (record.macs && ins.length === inputs.length && outs.length === outputs.length) {
    largest = Math.max(largest, record.macs({ attributes, inputs: ins, outputs: outs }));
  }
  if (largest <= Number.MAX_SAFE_INTEGER) return true;
  report(context, element, {
    code: "RN0803",
    message: "this layer is too large to count exactly",
    notes: ["Sizes, parameters and multiply-adds are exact up to 2^53 = 9,007,199,254,740,992."],
  });
  return false;
}

/** What the call gave and the constant defaults; a missing or wrong argument is reported. */
export function givenAttributes(block: BlockDatum, record: OpRecord, element: LayerElement, context: Context): Record<string, AttributeValue | undefined> | undefined {
  const given: Record<string, AttributeValue | undefined> = {};
  const missing: string[] = [];
  let unknown = false;
  for (const spec of record.attributes) {
    const bound = block.bound.get(spec.name);
    if (bound === undefined) {
      if (spec.default === undefined && spec.defaultText === undefined) missing.push(`\`${spec.name}\``);
      given[spec.name] = spec.default;
      continue;
    }
    const value = plainValue(bound.datum);
    if (value === undefined) {
      unknown = true;
      continue;
    }
    given[spec.name] = value;
    const wrong = outOfRange(value, spec);
    if (wrong !== undefined) {
      unknown = true;
      context.session.report({
        code: "RN0302",
        message: `\`${spec.name}\` of \`${record.name}\` ${wrong}`,
        span: bound.span.source === context.scope.source ? bound.span : spanAt(context, element),
        instance: context.instance,
        secondary: bound.span.source === context.scope.source ? [] : [{ span: bound.span, text: "given here" }],
        notes: [spec.doc],
      });
    }
  }
  if (missing.length > 0) {
    report(context, element, {
      code: "RN0304",
      message: `\`${record.name}\` still needs ${missing.join(" and ")}`,
      help: [`Its form is \`${operatorForm(record)}\`.`],
    });
    return undefined;
  }
  return unknown ? undefined : given;
}

function outOfRange(value: AttributeValue, spec: OpRecord["attributes"][number]): string | undefined {
  if (spec.choices && typeof value === "string" && !spec.choices.includes(value)) {
    return `is ${spec.choices.map((choice) => JSON.stringify(choice)).join(" or ")}, got ${JSON.stringify(value)}`;
  }
  const numbers = typeof value === "number" ? [value] : Array.isArray(value) ? (value as number[]) : [];
  const low = numbers.find((entry) => spec.minimum !== undefined && entry < spec.minimum);
  if (low !== undefined) return `is at least ${spec.minimum}, got ${low}`;
  const high = numbers.find((entry) => spec.maximum !== undefined && entry > spec.maximum);
  return high === undefined ? undefined : `is at most ${spec.maximum}, got ${high}`;
}

/** `conv(kernel, channels, stride=1, …)` */
export function operatorForm(record: OpRecord): string {
  const parts = record.attributes.map((spec) => {
    if (spec.positional && spec.default === undefined) return spec.name;
    const shown = spec.default !== undefined ? JSON.stringify(spec.default) : spec.defaultText === undefined ? "" : "…";
    return shown === "" ? spec.name : `${spec.name}=${shown}`;
  });
  return `${record.name}(${parts.join(", ")})`;
}

function plainValue(datum: Datum): AttributeValue | undefined {
  switch (datum.kind) {
    case "number":
      return toNumber(datum.value);
    case "boolean":
    case "string":
      return datum.value;
    case "list": {
      const numbers = datum.items.map(plainValue);
      return numbers.every((entry) => typeof entry === "number") ? (numbers as number[]) : undefined;
    }
    default:
      return undefined;
  }
}
