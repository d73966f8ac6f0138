import type { Span } from "../base/source-file.ts";
import { nearest } from "../base/suggest.ts";
import type { Fix } from "../diagnostics/problem.ts";
import type { Node, Value } from "../ir/graph.ts";
import type { OpFault, OpRecord } from "../ops/define-op.ts";
import { findOperator } from "../ops/registry.ts";
import type { CallExpression, Expression, Module, Ranged } from "../syntax/ast.ts";
import { callOf, elementAt, itemsOf } from "../syntax/elements.ts";
import type { Context } from "./context.ts";
import { spanAt } from "./context.ts";
import type { BlockDatum } from "./data.ts";
import { spanIn } from "./data.ts";
import { findBinding } from "./scope.ts";

/** Replaces a range of the text being worked on; nothing in the library, which nobody can edit. */
export function replacing(context: Context, range: Ranged, title: string, text: string): readonly Fix[] {
  return fixAt(spanAt(context, range), title, text);
}

function fixAt(span: Span, title: string, text: string): readonly Fix[] {
  return span.source.standard ? [] : [{ title, edits: [{ span, text }] }];
}

/** The nearest of the names that could have been meant. */
export function renaming(context: Context, range: Ranged, name: string, candidates: Iterable<string>): readonly Fix[] {
  const [meant] = nearest(name, candidates, 1);
  return meant === undefined ? [] : replacing(context, range, `write \`${meant}\``, meant);
}

/** The edit that imports a name of the library into the file being worked on, beside what it already takes from there. */
export function importing(context: Context, name: string, from: string): Fix["edits"] {
  const module = moduleOf(context, context.scope.source);
  if (module === undefined || module.source.standard) return [];
  const known = module.items.find((item) => item.kind === "use" && !item.isPath && item.from.name === from);
  const last = known?.kind === "use" ? known.imports.at(-1) : undefined;
  if (last) return [{ span: { source: module.source, start: last.end, end: last.end }, text: `, ${name}` }];
  const uses = module.items.filter((item) => item.kind === "use");
  const at = uses.at(-1)?.end ?? firstLine(module);
  const text = uses.length > 0 ? `\nuse ${from} { ${name} }` : `use ${from} { ${name} }\n\n`;
  return [{ span: { source: module.source, start: at, end: at }, text }];
}

/** Where a file's first declaration begins, with the comments that belong to it. */
function firstLine({ source, items }: Module): number {
  const lines = source.text.slice(0, items[0]?.start ?? 0).split(/(?<=\n)/);
  let at = items[0]?.start ?? 0;
  for (const line of lines.reverse()) {
    if (line.trim() === "" || !line.trim().startsWith("//")) break;
    at -= line.length;
  }
  return at;
}

/** The file of a source that has been read in this check. */
function moduleOf({ session }: Context, source: Span["source"]): Module | undefined {
  for (const module of session.scopes.keys()) if (module.source === source) return module;
  return undefined;
}

/** What an operator's rule would do about a fault: another number, layers before this one or in its place. */
export function mending(fault: OpFault, block: BlockDatum, element: Ranged, context: Context): readonly Fix[] {
  const { mend } = fault;
  if (mend === undefined) return [];
  if (mend.kind === "value") {
    const bound = fault.attribute === undefined ? undefined : block.bound.get(fault.attribute);
    const place = bound && numberPlace(bound.span, context);
    return place ? fixAt(place, `write \`${fault.attribute ?? ""}=${mend.text}\``, mend.text) : [];
  }
  if (mend.kind === "line") {
    // Only a network's own text knows the names of its sizes.
    const edits = context.network === undefined ? [] : lineBefore(context, spanAt(context, element), mend.text);
    return edits.length === 0 ? [] : [{ title: `add \`${mend.text}\``, edits }];
  }
  const { source } = context.scope;
  if (/\bx\s+$/.test(source.text.slice(Math.max(0, element.start - 10), element.start))) return [];
  if (mend.kind === "before") return replacing(context, { start: element.start, end: element.start }, `put \`${mend.text}\` before it`, `${mend.text} -> `);
  return replacing(context, element, `write \`${mend.text}\``, mend.text);
}

/** Where the number of an argument is written out: there, or where the parameter that stands there was given it. */
export function numberPlace(span: Span, context: Context): Span | undefined {
  const text = span.source.text.slice(span.start, span.end);
  if (/^[\d_]+$/.test(text)) return moduleOf(context, span.source) ? span : undefined;
  const binding = span.source === context.scope.source ? findBinding(context.scope, text) : undefined;
  const given = binding?.given;
  return given && /^[\d_]+$/.test(given.source.text.slice(given.start, given.end)) && moduleOf(context, given.source) ? given : undefined;
}

/** The argument that a layer's own line gives an attribute, where it is written out there. */
function argumentOf(node: Node, attribute: string, context: Context): { readonly call: CallExpression; readonly index: number; readonly span: Span } | undefined {
  const span = node.origin?.span;
  const module = span && !span.source.standard ? moduleOf(context, span.source) : undefined;
  const call = module && span ? callOfNode(module, span) : undefined;
  if (!module || !call) return undefined;
  const positional = (findOperator(node.op)?.attributes ?? []).filter((spec) => spec.positional).map((spec) => spec.name);
  const index = call.arguments.findIndex(({ name }, at) => (name ? name.name === attribute : positional[at] === attribute));
  const argument = call.arguments[index];
  return argument ? { call, index, span: spanIn(module.source, argument) } : undefined;
}

function callOfNode(module: Module, span: Span): CallExpression | undefined {
  const placed = elementAt(module, span);
  return placed && callOf(placed.element);
}

/** Another number where a layer's own line has one: `conv(1x1, 46)` gets 64 channels. */
function renumbered(node: Node, attribute: string, text: string, context: Context): readonly Fix[] {
  const found = argumentOf(node, attribute, context);
  const value = found?.call.arguments[found.index]?.value;
  if (!found || value?.kind !== "number") return [];
  const title = /^\d/.test(text) ? `give \`${node.name}\` ${text} ${attribute}` : `write \`${text}\` in \`${node.name}\``;
  return [{ title, edits: [{ span: { ...found.span, start: value.start, end: value.end }, text }] }];
}

/** As many channels as wanted, where the layer that decided them says so itself. */
export function withChannels(value: Value, channels: number | string, context: Context): readonly Fix[] {
  for (let at: Value | undefined = value; at?.producer.kind === "node"; at = at.producer.node.inputs[0]) {
    const { node } = at.producer;
    const attribute = ["channels", "features"].find((name) => node.attributes[name] !== undefined);
    if (attribute) return renumbered(node, attribute, String(channels), context);
    if (dataInputs(node) > 1) return [];
  }
  return [];
}

const dataInputs = (node: Node): number => node.inputs.filter(({ producer }) => producer.kind !== "parameter").length;

/** An attribute added to a layer's own call, or given another value there. */
export function withAttribute(node: Node, attribute: string, text: string, context: Context): readonly Fix[] {
  const title = `write \`${attribute}=${text}\` in \`${node.name}\``;
  const found = argumentOf(node, attribute, context);
  const value = found?.call.arguments[found.index]?.value;
  if (found && value) return isLiteral(value) ? [{ title, edits: [{ span: { ...found.span, start: value.start, end: value.end }, text }] }] : [];
  const span = node.origin?.span;
  const module = span && !span.source.standard ? moduleOf(context, span.source) : undefined;
  const last = module && span ? callOfNode(module, span)?.arguments.at(-1) : undefined;
  return module && last ? [{ title, edits: [{ span: { source: module.source, start: last.end, end: last.end }, text: `, ${attribute}=${text}` }] }] : [];
}

/** An attribute taken out of a layer's own call. */
export function withoutAttribute(node: Node, attribute: string, context: Context): readonly Fix[] {
  const found = argumentOf(node, attribute, context);
  const before = found?.call.arguments[found.index - 1];
  if (!found || !before) return [];
  return [{ title: `leave out \`${attribute}\` in \`${node.name}\``, edits: [{ span: { ...found.span, start: before.end }, text: "" }] }];
}

const isLiteral = ({ kind }: Expression): boolean => kind === "number" || kind === "size" || kind === "boolean";

/**
 * What would make two branches of a join meet: as many channels, or the same stride, in the branch that can be edited. A block
 * that a branch uses is left alone, as others use it, too.
 */
export function meeting(values: readonly Value[], index: number, join: Span, context: Context): readonly Fix[] {
  const declaration = moduleOf(context, join.source)?.items.find(({ start, end }) => start <= join.start && join.end <= end);
  const isOwn = ({ source, start, end }: Span): boolean => source === join.source && declaration !== undefined && declaration.start <= start && end <= declaration.end;
  return meetingAnywhere(values, index, context).filter(({ edits }) => edits.every(({ span }) => isOwn(span)));
}

function meetingAnywhere(values: readonly Value[], index: number, context: Context): readonly Fix[] {
  const [first, other] = [values[0], values[index]];
  if (!first || !other) return [];
  const [a, b] = [first.type.shape, other.type.shape];
  if (a.length !== b.length) return [];
  const [wanted, given] = [a[1], b[1]];
  const sizesMeet = a.slice(2).every((size, axis) => size === b[axis + 2]);
  if (sizesMeet && typeof wanted === "number" && typeof given === "number") return [...withChannels(other, wanted, context), ...withChannels(first, given, context)];
  const [strideA, strideB] = [strideOf(first, context), strideOf(other, context)];
  if (strideA === strideB || strideA === undefined || strideB === undefined) return [];
  const [less, more] = strideA < strideB ? [first, strideB / strideA] : [other, strideA / strideB];
  return Number.isInteger(more) ? strided(less, more, context) : [];
}

/** The accumulated stride of a value, where it is the same on every axis. */
function strideOf(value: Value, { session }: Context): number | undefined {
  const factors = session.jumps[value.id]?.factors ?? [];
  return factors.every((factor) => factor === factors[0]) ? factors[0] : undefined;
}

/** A stride for the last layer of a branch that can have one and has none. */
function strided(value: Value, stride: number, context: Context): readonly Fix[] {
  for (let at: Value | undefined = value; at?.producer.kind === "node"; at = at.producer.node.inputs[0]) {
    const { node } = at.producer;
    if (dataInputs(node) > 1) return [];
    const window = (findOperator(node.op) as OpRecord).window?.(node.attributes);
    if (window === undefined || window === "global" || window.stride.some((step) => step !== 1) || node.attributes["stride"] === undefined) continue;
    const fix = withAttribute(node, "stride", String(stride), context);
    if (fix.length > 0) return fix;
  }
  return [];
}

/** A line of a body before the one that holds a place: `shortcuts B`. */
export function lineBefore(context: Context, place: Span, line: string): Fix["edits"] {
  const module = place.source.standard ? undefined : moduleOf(context, place.source);
  const holder = module?.items.find((item) => item.start <= place.start && place.end <= item.end);
  if (!module || holder?.kind !== "declaration" || !holder.body) return [];
  const item = itemsOf(holder.body).find(({ start, end }) => start <= place.start && place.end <= end);
  if (item === undefined) return [];
  const { text } = module.source;
  const indent = /(?:^|[\r\n])([ \t]*)$/.exec(text.slice(0, item.start))?.[1];
  if (indent === undefined) return [];
  return [{ span: { source: module.source, start: item.start, end: item.start }, text: `${line}\n${indent}` }];
}
