import { didYouMean } from "../base/suggest.ts";
import { symbolDim } from "../ir/dim.ts";
import type { Dim } from "../ir/dim.ts";
import { formatDim, sameDim } from "../ir/dim.ts";
import type { Value } from "../ir/graph.ts";
import { axisName, formatShape } from "../ir/tensor-type.ts";
import type { Expect, Expression, Input, Item, NameExpression, Output } from "../syntax/ast.ts";
import type { Context } from "./context.ts";
import { report, spanAt } from "./context.ts";
import { describeDatum, formatDatum, targetWord, UNKNOWN } from "./data.ts";
import { resolvePath } from "./elaborate.ts";
import { asDim, evaluate } from "./evaluate.ts";
import { fromDim } from "./functions.ts";
import { renaming } from "./mend.ts";
import { define } from "./module-scope.ts";
import type { NetworkRun } from "./network.ts";
import type { Flow } from "./scope.ts";
import { findBinding, findLabel, isValue } from "./scope.ts";

const MISPLACED = {
  input: "A block receives what flows into it: `in.channels` asks for it.",
  output: "A block returns the end of its chain.",
  expect: "State it in the network that uses the block, of a labelled part: `expect layer1.params == 480`.",
} as const;

/** `input`, `output` and `expect`, which only the text of a network has. */
export function networkItem(item: Input | Output | Expect, context: Context): Flow | undefined {
  const run = context.network;
  if (run === undefined) {
    report(context, item, {
      code: "RN0708",
      message: `\`${item.kind}\` belongs in a network, and \`${context.scope.owner}\` is a block`,
      help: [MISPLACED[item.kind]],
    });
    return undefined;
  }
  switch (item.kind) {
    case "input":
      return addInput(item, context, run);
    case "output":
      addOutput(item, context, run);
      return undefined;
    case "expect":
      run.contracts.push({ item, context });
      return undefined;
  }
}

function addInput(item: Input, context: Context, run: NetworkRun): Flow {
  const name = item.name.name;
  const position = run.inputs.length;
  const fromCommandLine = run.received === undefined ? run.sizes[position] : undefined;
  const replaced = fromCommandLine ?? run.restated.get(name);
  const received = receivedValue(run, position);
  const wanted: readonly Dim[] | undefined = received ? received.type.shape : replaced;
  // What an alias restated was held against the value that flows in when the alias was read.
  const shape = inputShape(item, context, run, wanted, received !== undefined && !run.restated.has(name));
  if (findLabel(context.labels, name)) {
    report(context, item.name, { code: "RN0205", message: `an input called \`${name}\` is already there` });
  }
  let value: Value | "unknown" = "unknown";
  if (shape !== undefined) {
    if (received) value = received;
    else if (run.received === undefined) {
      value = context.session.builder.input(name, { dtype: "float32", shape });
      // A layer of this name would be a second value of one name in every exported file.
      const firstNode = context.session.builder.nodes.length;
      context.session.named.set(name, { span: spanAt(context, item.name), instance: context.instance, firstNode, endNode: firstNode, value });
      context.session.jumps[value.id] = { epoch: 0, factors: shape.slice(2).map(() => 1), unlike: false };
    }
  }
  const span = spanAt(context, item.name);
  run.inputs.push({ name, value, span });
  context.labels.entries.set(name, { flow: value, span, path: undefined, outputs: undefined });
  const flow: Flow = run.inputs.length === 1 ? value : "none";
  (context as { input: Flow | undefined }).input = flow;
  return flow;
}

/** The shape an `input` line states, with `given` in place of what it leaves open (or says otherwise). */
function inputShape(item: Input, context: Context, run: NetworkRun, given: readonly Dim[] | undefined, mustMatch: boolean): readonly Dim[] | undefined {
  const { type } = item;
  if (type.name.name !== "float32") {
    report(context, type.name, { code: "RN0306", message: `an input is float32, not \`${type.name.name}\``, help: ["Write `float32[N, 3, 224, 224]`."] });
    return undefined;
  }
  const entries = type.list ?? [];
  if (entries.length < 2) {
    report(context, type, { code: "RN0704", message: "an input has at least a batch and channels: `float32[N, 3, 224, 224]`" });
    return undefined;
  }
  if (given && given.length !== entries.length) {
    const text = `[${entries.map((entry) => context.scope.source.text.slice(entry.start, entry.end)).join(", ")}]`;
    const at = mustMatch && run.element ? { context: run.element.context, range: run.element.element } : { context, range: item };
    report(at.context, at.range, { code: "RN0706", message: `\`${item.name.name}\` has ${entries.length} dimensions ${text}, and ${formatShape(given)} has ${given.length}` });
    return undefined;
  }
  const shape: Dim[] = [];
  let failed = false;
  entries.forEach((entry, axis) => {
    const dim = inputDim(entry, axis, context, given?.[axis]);
    if (dim === undefined) failed = true;
    else if (failed) return;
    else if (mustMatch && given && !sameDim(dim, given[axis] as Dim, context.session.facts)) {
      failed = true;
      const at = run.element;
      if (at) report(at.context, at.element, {
        code: "RN0706",
        message: `\`${context.scope.owner}\` takes ${formatDim(dim)} on axis ${axis} (${axisName(axis, entries.length)}) and receives ${formatDim(given[axis] as Dim)}`,
        help: axis > 1 ? ["Give your own input the size that it takes, or make an alias of it that takes any: `network Any = … { input image: float32[N, 3, H, W] }`."] : [],
        notes: [`It receives ${formatShape(given)}.`],
        secondary: [{ span: spanAt(context, item), text: "its input" }],
      });
    } else if (!mustMatch && given && isSymbol(entry, context) && !sameDim(dim, given[axis] as Dim, context.session.facts)) {
      failed = true;
      report(context, item, {
        code: "RN0706",
        message: `\`${(entry as NameExpression).name}\` is one size, and ${formatShape(given)} gives it two: ${formatDim(dim)} and ${formatDim(given[axis] as Dim)}`,
      });
    } else shape.push(given && !mustMatch ? (given[axis] as Dim) : dim);
  });
  if (failed) return undefined;
  if (typeof shape[1] !== "number") {
    report(context, entries[1] as Expression, { code: "RN0704", message: "channels (axis 1) must be a known number", help: ["Only batch, height and width may be open: `float32[N, 3, H, W]`."] });
    return undefined;
  }
  return shape;
}

/** True for a name that an input declares as a size; what else an input's type says may be replaced. */
function isSymbol(entry: Expression, context: Context): boolean {
  return entry.kind === "name" && findBinding(context.scope, entry.name)?.role === "symbol";
}

/** One dimension of an input's type; an upper-case name that is not bound declares a symbol. */
function inputDim(entry: Expression, axis: number, context: Context, given: Dim | undefined): Dim | undefined {
  if (entry.kind === "name") {
    const { name } = entry;
    const binding = findBinding(context.scope, name);
    if (binding === undefined) {
      if (!/^[A-Z]/.test(name)) {
        report(context, entry, { code: "RN0702", message: `\`${name}\` is unknown; only an upper-case name declares a size`, help: [`Write \`${name.toUpperCase()}\` for a size that is open, or declare a parameter \`${name}: int\`.`] });
        define(context, entry, { datum: UNKNOWN, role: "symbol", span: spanAt(context, entry) });
        return undefined;
      }
      const dim = given ?? symbolDim(name);
      if (given === undefined || typeof given !== "number") {
        if (!context.session.symbols.has(name) && given === undefined) context.session.symbols.set(name, spanAt(context, entry));
      }
      define(context, entry, { datum: fromDim(dim), role: "symbol", span: spanAt(context, entry) });
      return dim;
    }
    if (binding.datum.kind === "block") {
      const what = binding.role === "import" ? `imported on line ${lineOf(binding.span?.start ?? 0, context)}` : binding.role === "builtin" ? "built in" : "declared in this file";
      report(context, entry, {
        code: "RN0704",
        message: `\`${name}\` is a ${targetWord(binding.datum.target)} (${what}), not a size`,
        help: [axis === 0 ? "Call the batch `N`." : "Choose another name for the size."],
      });
      // Once is enough where the name stands on several axes.
      context.scope.bindings.set(name, { datum: UNKNOWN, role: "symbol", span: spanAt(context, entry) });
      return undefined;
    }
  }
  const datum = evaluate(entry, context);
  if (datum.kind === "dimension") return datum.dim;
  if (datum.kind === "number") {
    const dim = asDim(datum);
    if (typeof dim === "number" && dim >= 1 && Number.isSafeInteger(dim)) return dim;
    report(context, entry, { code: "RN0303", message: `a size is a whole number from 1, got ${formatDatum(datum)}` });
    return undefined;
  }
  if (datum.kind !== "unknown") report(context, entry, { code: "RN0302", message: `a size is a number, this is ${describeDatum(datum)}` });
  return undefined;
}

function lineOf(offset: number, context: Context): number {
  return context.scope.source.text.slice(0, offset).split("\n").length;
}

function addOutput(item: Output, context: Context, run: NetworkRun): void {
  const name = item.name.name;
  const found = resolvePath(item.path ?? { start: item.name.start, end: item.name.end, parts: [item.name] }, context);
  if (run.outputs.has(name)) {
    report(context, item.name, { code: "RN0205", message: `an output called \`${name}\` is already there` });
    return;
  }
  const value = found?.flow ?? "unknown";
  if (typeof value === "object" && !isValue(value)) {
    report(context, item, { code: "RN0703", message: `\`${value.declaration}\` has ${value.outputs.size} outputs; name one: ${[...value.outputs.keys()].map((key) => `\`${value.label ?? "label"}.${key}\``).join(", ")}` });
  }
  run.outputs.set(name, { value: typeof value === "object" && !isValue(value) ? "unknown" : value, span: spanAt(context, item.name) });
}

/**
 * Before its target runs: the shapes an alias restates. What an alias further out, the command line or the value that
 * flows in says goes before; the alias's symbols then stand for those sizes. `order` is the names of the target's inputs.
 */
export function restateInputs(items: readonly Item[], order: readonly string[], context: Context, run: NetworkRun): void {
  for (const item of items) {
    if (item.kind !== "input") continue;
    const name = item.name.name;
    const position = order.indexOf(name);
    if (position < 0 && order.length > 0) {
      report(context, item.name, {
        code: "RN0706",
        message: `there is no input \`${name}\` to restate`,
        label: didYouMean(name, order),
        fixes: renaming(context, item.name, name, order),
        notes: [`The inputs are ${order.join(", ")}.`],
        help: ["An alias may give its inputs other sizes, not other names."],
      });
      continue;
    }
    const received = receivedValue(run, position);
    const outer = run.restated.get(name);
    const given = outer ?? received?.type.shape ?? (run.received === undefined ? run.sizes[position] : undefined);
    const shape = inputShape(item, context, run, given, outer === undefined && received !== undefined);
    if (shape && outer === undefined) run.restated.set(name, shape);
  }
}

/** What flows into a network that is used as a layer, at its first input. */
function receivedValue(run: NetworkRun, position: number): Value | undefined {
  return run.received !== undefined && run.received !== "unknown" && position === 0 ? run.received : undefined;
}
