import { spanLocation } from "../base/source-file.ts";
import type { Span } from "../base/source-file.ts";
import type { Fix, Label } from "../diagnostics/problem.ts";
import { ceilDivide, formatDim, sameDim } from "../ir/dim.ts";
import type { Dim } from "../ir/dim.ts";
import type { Node, Value } from "../ir/graph.ts";
import { axisName, formatShape, shapeLines } from "../ir/tensor-type.ts";
import type { OpRecord } from "../ops/define-op.ts";
import { findOperator } from "../ops/registry.ts";
import type { LayerElement } from "../syntax/ast.ts";
import type { Context } from "./context.ts";
import { report } from "./context.ts";
import type { BlockDatum } from "./data.ts";
import { targetName } from "./data.ts";
import { importing, lineBefore, withAttribute, withChannels, withoutAttribute } from "./mend.ts";
import { isIdentity } from "./policy.ts";
import { findBinding } from "./scope.ts";
import type { Scope } from "./scope.ts";

interface Mismatch {
  readonly element: LayerElement;
  /** x, F(x) and what the shortcut made of x. */
  readonly input: Value;
  readonly result: Value;
  readonly shortcut: Value;
  readonly policy: BlockDatum | undefined;
  readonly policySpan: Span | undefined;
  readonly stride: readonly number[];
  readonly context: Context;
}

/** The two paths of a residual have unlike shapes: says which of the known causes it is, and the edit. */
export function reportMismatch(mismatch: Mismatch): void {
  const { element, input, result, shortcut, policy, context } = mismatch;
  const facts = context.session.facts;
  const into = input.type.shape;
  const out = result.type.shape;
  const other = shortcut.type.shape;
  const path = nodesBetween(input, result);
  const policyName = policy ? targetName(policy.target) : "identity";
  const identity = policy === undefined || isIdentity(policy) || shortcut === input;
  const strided = mismatch.stride.some((step) => step !== 1);
  const shrinking = path.find((node) => isUnpadded(node));
  const notes = [
    ...shapeLines(identity ? [["x", into], ["F(x)", out]] : [["x", into], ["F(x)", out], [`${policyName}(x)`, other]], differing(out, other, facts)),
    ...provenance(path, out, into, facts),
  ];
  const secondary = userLabels(path);

  if (identity && (strided || !sameDim(out[1] as Dim, into[1] as Dim, facts))) {
    const own = !context.scope.source.standard;
    const scope = own ? context.scope : userScope(context);
    const inScope = ["B", "A", "C"].filter((name) => findBinding(scope, name)?.datum.kind === "block");
    const named = inScope[0] ?? "B";
    report(context, element, {
      code: "RN0501",
      oncePerPlace: true,
      message: `the shortcut is the identity, and F changes ${changes(into, out, facts)}`,
      label: "x + F(x) has no meaning here",
      secondary,
      notes,
      help: [
        `Write \`shortcuts ${named}\` before this line${own ? `, or \`residual(${named}) { … }\`` : ""}: B projects where dimensions change, A ${strided ? "keeps every stride-th pixel and " : ""}pads channels with zeros, C projects always.`,
        ...(inScope.length > 0 ? [] : ["They come from the library: `use std.shortcuts { A, B, C }`."]),
      ],
      fixes: [
        ...(inScope.length > 0 && element.callee.kind === "name" && own
          ? [{ title: `project where dimensions change: residual(${named})`, edits: [{ span: { source: context.scope.source, start: element.callee.end, end: element.callee.end }, text: `(${named})` }] }]
          : shortcutsLine(named, inScope.length === 0, scope, mismatch)),
        ...(strided || typeof into[1] !== "number" ? [] : withChannels(result, into[1], context)),
      ],
    });
    return;
  }
  if (shrinking && sizesDiffer(out, other, facts)) {
    const window = windowOf(shrinking);
    report(context, element, {
      code: "RN0503",
      oncePerPlace: true,
      message: `F changes the size ${sizes(into)} to ${sizes(out)} by more than its stride: \`${shrinking.name}\` is ${window ? `a ${window.kernel.join("x")} ${shrinking.op} without full padding` : "unpadded"}`,
      label: "no shortcut follows a border that is cut off",
      secondary,
      notes,
      help: ["Leave out `pad=…` there (a window is padded by dilation * (kernel - 1) / 2 on each side), or give the other path yourself: `sum { F | … }`."],
      fixes: withoutAttribute(shrinking, "pad", context),
    });
    return;
  }
  const isRounding = sizesDiffer(out, other, facts) && strided && differing(out.slice(2), other.slice(2), facts).every((axis) => isOneApart(out[axis + 2], other[axis + 2]));
  report(context, element, {
    code: "RN0502",
    oncePerPlace: true,
    message: `the shortcut \`${policyName}\` gives ${sizesDiffer(out, other, facts) ? sizes(other) : `${formatDim(other[1] as Dim)} channels`}, F gives ${sizesDiffer(out, other, facts) ? sizes(out) : `${formatDim(out[1] as Dim)} channels`}`,
    label: "both paths must end in the same shape",
    secondary: [...(mismatch.policySpan ? [{ span: mismatch.policySpan, text: "the shortcut option comes from here" }] : []), ...secondary],
    notes,
    help: sizesDiffer(out, other, facts) && !isRounding
      ? [`An option is told how far F strides: \`${policyName}\` must thin the map out by \`stride\`, and by nothing else.`]
      : isRounding
      ? ["A padded 3x3 rounds odd sizes up: ceil(n / stride). A pool rounds down unless it says `ceil=true`."]
      : [`An option is told how many channels F has: \`${policyName}\` must end in \`channels\` of them.`],
    fixes: isRounding ? roundingUp(nodesBetween(input, shortcut), context) : sizesDiffer(out, other, facts) ? striding(nodesBetween(input, shortcut), context) : withChannels(shortcut, "channels", context),
  });
}

/** A line in the user's own body that sets the policy, with its import where the file has none. */
function shortcutsLine(name: string, isMissing: boolean, scope: Scope, { element, context }: Mismatch): readonly Fix[] {
  let place = { source: context.scope.source, start: element.start, end: element.end };
  for (let at = context.instance; at && place.source.standard; at = at.parent) place = at.callSpan;
  const line = lineBefore(context, place, `shortcuts ${name}`);
  const offered = [...context.session.index.standard].find(([, { items }]) => items.some((item) => item.kind === "declaration" && item.name.name === name));
  const imported = isMissing && offered ? importing({ ...context, scope }, name, offered[0]) : [];
  if (line.length === 0 || (isMissing && imported.length === 0)) return [];
  return [{ title: `project where dimensions change: shortcuts ${name}`, edits: [...imported, ...line] }];
}

/** Rounding makes a difference of one; a size that is open may differ by that. */
const isOneApart = (a: Dim | undefined, b: Dim | undefined): boolean => typeof a !== "number" || typeof b !== "number" || Math.abs(a - b) === 1;

/** The one layer of a shortcut that has a stride, told to take the one it was asked for. */
function striding(path: readonly Node[], context: Context): readonly Fix[] {
  const windows = path.filter(({ attributes }) => attributes["stride"] !== undefined);
  const [only] = windows;
  return only && windows.length === 1 ? withAttribute(only, "stride", "stride", context) : [];
}

/** The pool of a shortcut that rounds down, told to round up as F does. */
function roundingUp(path: readonly Node[], context: Context): readonly Fix[] {
  const pool = path.find(({ attributes }) => attributes["ceil"] === false);
  return pool ? withAttribute(pool, "ceil", "true", context) : [];
}

/** The names of the file whose line led into the library. */
function userScope(context: Context): Scope {
  let { source } = context.scope;
  for (let at = context.instance; at && source.standard; at = at.parent) source = at.callSpan.source;
  for (const [module, made] of context.session.scopes) if (module.source === source) return made.scope;
  return context.scope;
}

/** F has no stride a shortcut could follow: it enlarges, changes rank, starts elsewhere, or joins unlike strides. */
export function reportNoStride(at: {
  readonly element: LayerElement;
  readonly input: Value;
  readonly result: Value;
  readonly stride: readonly number[] | undefined;
  readonly elsewhere: boolean;
  readonly context: Context;
}): void {
  const { element, input, result, stride, elsewhere, context } = at;
  const into = input.type.shape;
  const out = result.type.shape;
  const why = elsewhere
    ? "F does not start from the residual's input"
    : into.length !== out.length
      ? `F changes the rank from ${into.length} to ${out.length}`
      : stride?.some((step) => step < 1)
        ? `F enlarges ${sizes(into)} to ${sizes(out)}`
        : stride
          ? `F changes ${sizes(into)} to ${sizes(out)} by the stride ${stride.join("x")}, which is not whole`
          : "the branches in F have unlike strides, or see the whole map";
  report(context, element, {
    code: "RN0504",
    oncePerPlace: true,
    message: `${why}; no shortcut option can follow that`,
    secondary: userLabels(nodesBetween(input, result)),
    notes: shapeLines([["x", into], ["F(x)", out]], differing(into, out, context.session.facts)),
    help: ["Write both paths yourself: `sum { F | your path }`."],
  });
}

/** True when going back from F's result along first inputs does not lead to F's input. */
export function startsElsewhere(result: Value, input: Value): boolean {
  let value = result;
  while (value !== input) {
    if (value.producer.kind !== "node") return true;
    const next = value.producer.node.inputs[0];
    if (next === undefined || value.id <= input.id) return true;
    value = next;
  }
  return false;
}

/** The nodes of F from input to result, along first inputs. */
function nodesBetween(input: Value, result: Value): Node[] {
  const nodes: Node[] = [];
  for (let value = result; value !== input && value.producer.kind === "node"; ) {
    const { node } = value.producer;
    nodes.unshift(node);
    const next = node.inputs[0];
    if (next === undefined) break;
    value = next;
  }
  return nodes;
}

function windowOf(node: Node): { readonly kernel: readonly number[]; readonly stride: readonly number[] } | undefined {
  const window = (findOperator(node.op) as OpRecord).window?.(node.attributes);
  return window === "global" ? undefined : window;
}

/** A window whose output is not ceil(size / stride). */
function isUnpadded(node: Node): boolean {
  const window = windowOf(node);
  const from = node.inputs[0]?.type.shape;
  const to = node.outputs[0]?.type.shape;
  if (!window || !from || !to || from.length !== to.length) return false;
  return to.slice(2).some((dim, axis) => !sameDim(dim, ceilDivide(from[axis + 2] as Dim, window.stride[axis] ?? 1)));
}

function differing(a: readonly Dim[], b: readonly Dim[], facts: Context["session"]["facts"]): readonly number[] {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, axis) => axis).filter((axis) => a[axis] === undefined || b[axis] === undefined || !sameDim(a[axis], b[axis], facts));
}

function sizesDiffer(a: readonly Dim[], b: readonly Dim[], facts: Context["session"]["facts"]): boolean {
  return differing(a.slice(2), b.slice(2), facts).length > 0;
}

/** `32x32`; with blanks where a size is more than a number. */
const sizes = (shape: readonly Dim[]): string => shape.slice(2).map(formatDim).join(shape.slice(2).every((dim) => typeof dim === "number") ? "x" : " x ");

function changes(from: readonly Dim[], to: readonly Dim[], facts: Context["session"]["facts"]): string {
  return differing(from, to, facts)
    .map((axis) => `${axisName(axis, to.length)} ${formatDim(from[axis] as Dim)} → ${formatDim(to[axis] as Dim)}`)
    .join(", ");
}

/** Which layers of F decided what differs. */
function provenance(path: readonly Node[], out: readonly Dim[], into: readonly Dim[], facts: Context["session"]["facts"]): string[] {
  const lines: string[] = [];
  const strided = path.filter((node) => windowOf(node)?.stride.some((step) => step !== 1));
  for (const node of strided) lines.push(`F's stride ${windowOf(node)?.stride.join("x")}: \`${node.name}\` ${whence(node)}`);
  if (!sameDim(out[1] as Dim, into[1] as Dim, facts)) {
    const decided = [...path].reverse().find((node) => node.inputs[0]?.type.shape[1] !== node.outputs[0]?.type.shape[1]) ?? path[path.length - 1];
    if (decided) lines.push(`F's ${formatDim(out[1] as Dim)} channels: \`${decided.name}\` ${whence(decided)}`);
  }
  return lines;
}

function whence(node: Node): string {
  return node.origin ? `(${spanLocation(node.origin.span)})` : "";
}

/** The user's own layers on the way that change the shape; the others have no part in what differs. */
function userLabels(path: readonly Node[]): Label[] {
  const labels: Label[] = [];
  for (const node of path) {
    const [into, out] = [node.inputs[0]?.type.shape, node.outputs[0]?.type.shape];
    const isChange = into?.length !== out?.length || out?.some((dim, axis) => !sameDim(dim, into?.[axis] ?? 0));
    if (isChange && node.origin && !node.origin.span.source.standard && labels.length < 3) {
      labels.push({ span: node.origin.span, text: `\`${node.name}\` makes ${formatShape(node.outputs[0]?.type.shape ?? [])}` });
    }
  }
  return labels;
}
