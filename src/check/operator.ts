import { groupDigits } from "../base/digits.ts";
import { toNumber } from "../base/rational.ts";
import type { Span } from "../base/source-file.ts";
import type { Label } from "../diagnostics/problem.ts";
import type { Attributes, AttributeValue, GraphBuilder, Node, Value } from "../ir/graph.ts";
import type { Instance } from "../ir/origin.ts";
import { elementCount, elementsOfOne, formatShape } from "../ir/tensor-type.ts";
import type { TensorType } from "../ir/tensor-type.ts";
import { macsOfOne } from "../ops/apply.ts";
import type { AttributeSpec, OpFault, OpRecord, ParameterSpec, ResolveContext } from "../ops/define-op.ts";
import type { LayerElement } from "../syntax/ast.ts";
import { callForm, isRequired } from "./call-form.ts";
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

/** What the rules of a record are given, from the first to the last. */
export interface Rules extends ResolveContext {
  /** What `resolve` made of what was given. */
  attributes: Attributes;
}

/** Makes the node of one operator, unless it has no effect. */
export function makeOperator(block: BlockDatum, record: OpRecord, element: LayerElement, flow: Flow, context: Context): Flow {
  const given = givenAttributes(block, record, element, context);
  if (given === undefined || !isValue(flow)) return labelled(element, "unknown", undefined, 0, context);
  const { session } = context;
  const label = element.label?.name;
  const inputs = [flow];
  const rules = rulesOf(inputs, given, block, element, context);
  const attributes = record.resolve ? record.resolve(rules) : rules.attributes;
  const name = operatorName(context.names, record.kind, label);
  if (attributes === undefined) return labelled(element, "unknown", undefined, 0, context);
  if (record.vanishes?.(attributes, flow.type)) {
    if (record.name === "identity") releaseOperatorName(context.names, record.kind, label);
    return labelled(element, flow, undefined, session.builder.nodes.length, context);
  }
  rules.attributes = attributes;
  const firstNode = session.builder.nodes.length;
  const span = spanAt(context, element);
  const unique = registerName(name, element.label ? spanAt(context, element.label) : span, context);
  const node = makeNode(record, unique, inputs, rules, span, context);
  return labelled(element, node?.outputs[0] ?? "unknown", unique, firstNode, context);
}

/** What rules of a record are given; faults become problems at the element or at the argument they are about. */
export function rulesOf(inputs: readonly Value[], given: ResolveContext["given"], block: BlockDatum, element: Range, context: Context): Rules {
  return {
    inputs: inputs.map(typeOf),
    facts: context.session.facts,
    given,
    attributes: given as Attributes,
    fail: (fault) => reportFault(fault, inputs, block, element, context),
  };
}

const typeOf = (value: Value): TensorType => value.type;

function reportFault(fault: OpFault, inputs: readonly Value[], block: BlockDatum, element: Range, context: Context): undefined {
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
export function makeNode(record: OpRecord, name: string, inputs: readonly Value[], rules: Rules, span: Span, context: Context): Node | undefined {
  const { session } = context;
  const { builder } = session;
  const types = record.shape(rules);
  const specs = types && (record.parameters?.(rules) ?? NO_PARAMETERS);
  if (types === undefined || specs === undefined) return undefined;
  if (!count(record, rules, types, specs, span, context)) return undefined;
  if (builder.nodes.length >= LIMITS.layers) {
    session.report({ code: "RN0801", message: `this network has more than ${groupDigits(LIMITS.layers)} layers`, span, instance: context.instance, help: ["Repeat fewer times."] });
    throw new BudgetSpent();
  }
  const node = builder.node({
    op: record.name,
    name,
    attributes: rules.attributes,
    inputs: specs.length === 0 ? inputs : inputs.concat(makeParameters(name, specs, builder)),
    types,
    origin: context.instance && { span, instance: context.instance, inserted: context.inserted },
  });
  const jump = jumpOf(record, node, inputs, session);
  for (const output of node.outputs) session.jumps[output.id] = jump;
  return node;
}

const NO_PARAMETERS: readonly ParameterSpec[] = [];

function makeParameters(holder: string, specs: readonly ParameterSpec[], builder: GraphBuilder): readonly Value[] {
  return specs.map(({ name, role, shape, initializer }) => builder.parameter({ name: `${holder}.${name}`, role, shape, initializer }).value);
}

/** Adds a node's parameters and multiply-adds to the totals. Sizes and counts beyond 2^53 would be wrong in their last digits: they are refused. */
function count(record: OpRecord, rules: Rules, types: readonly TensorType[], specs: readonly ParameterSpec[], span: Span, context: Context): boolean {
  const { totals } = context.session;
  const macs = macsOfOne(record, rules.attributes, rules.inputs, types) ?? 0;
  totals.macs += macs;
  let largest = macs;
  for (let index = 0; index < types.length; index++) largest = Math.max(largest, elementsOfOne((types[index] as TensorType).shape) ?? 0);
  for (let index = 0; index < specs.length; index++) {
    const elements = elementCount((specs[index] as ParameterSpec).shape);
    totals.parameters += elements;
    largest = Math.max(largest, elements);
  }
  if (largest <= Number.MAX_SAFE_INTEGER) return true;
  context.session.report({
    code: "RN0803",
    message: "this layer is too large to count exactly",
    span,
    instance: context.instance,
    notes: ["Sizes, parameters and multiply-adds are exact up to 2^53 = 9,007,199,254,740,992."],
  });
  return false;
}

/** What the call gave and the constant defaults; a missing or wrong argument is reported. */
export function givenAttributes(block: BlockDatum, record: OpRecord, element: LayerElement, context: Context): ResolveContext["given"] | undefined {
  const { defaults, hasRequired } = callForm(record);
  if (block.bound.size === 0 && !hasRequired) return defaults;
  const given: Record<string, AttributeValue | undefined> = { ...defaults };
  const missing: string[] = [];
  let unknown = false;
  for (const spec of record.attributes) {
    const bound = block.bound.get(spec.name);
    if (bound === undefined) {
      if (isRequired(spec)) missing.push(`\`${spec.name}\``);
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

function outOfRange(value: AttributeValue, spec: AttributeSpec): string | undefined {
  if (spec.choices && typeof value === "string" && !spec.choices.includes(value)) {
    return `is ${spec.choices.map((choice) => JSON.stringify(choice)).join(" or ")}, got ${JSON.stringify(value)}`;
  }
  const { minimum = -Infinity, maximum = Infinity } = spec;
  if (typeof value === "number") return value < minimum ? `is at least ${minimum}, got ${value}` : value > maximum ? `is at most ${maximum}, got ${value}` : undefined;
  if (typeof value !== "object") return undefined;
  const low = value.find((entry) => entry < minimum);
  if (low !== undefined) return `is at least ${minimum}, got ${low}`;
  const high = value.find((entry) => entry > maximum);
  return high === undefined ? undefined : `is at most ${maximum}, got ${high}`;
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

const isNumber = (value: AttributeValue | undefined): value is number => typeof value === "number";

function plainValue(datum: Datum): AttributeValue | undefined {
  switch (datum.kind) {
    case "number":
      return toNumber(datum.value);
    case "boolean":
    case "string":
      return datum.value;
    case "list": {
      const numbers = datum.items.map(plainValue);
      return numbers.every(isNumber) ? numbers : undefined;
    }
    default:
      return undefined;
  }
}
