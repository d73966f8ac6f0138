import { invariant } from "../../base/assert.ts";
import { InputError } from "../../base/input-error.ts";
import { spanLocation } from "../../base/source-file.ts";
import { substituteDim } from "../../ir/dim.ts";
import type { Dim } from "../../ir/dim.ts";
import type { Attributes, Graph, GraphBuilder, Node, Parameter, Value } from "../../ir/graph.ts";
import { formatShape, knownShape } from "../../ir/tensor-type.ts";
import { isUnsupported } from "../../ops/define-op.ts";
import type { GradientRule, ScaledGradient, Unsupported } from "../../ops/define-op.ts";
import { perChannel } from "../../ops/families/per-channel.ts";
import { findOperator } from "../../ops/registry.ts";
import type { GraphWriter } from "./graph-writer.ts";

/** Sizes of the input's symbols: `N` to 32. */
export type Sizes = ReadonlyMap<string, Dim>;

/** A node as it was written into the new graph, with what its backward rule needs. */
interface Entry {
  readonly node: Node;
  readonly inputs: readonly Value[];
  readonly outputs: readonly Value[];
  readonly saved: readonly Value[];
  readonly rule: GradientRule | Unsupported;
}

/** A forward pass that was written into a new graph. */
export interface Tape {
  readonly entries: readonly Entry[];
  /** The value of the new graph for one of the old. */
  of(value: Value): Value;
}

export interface TapeOptions {
  readonly sizes: Sizes;
  /** Whether a node takes its training form. */
  training(node: Node): boolean;
  /** The attributes of a node, where they are to be others. */
  attributes?(node: Node): Attributes;
  /** The rule of a node, where it is another than its record's. */
  rule?(node: Node, inputs: readonly Value[]): GradientRule | undefined;
  /** Makes the value of a parameter in the new graph; asked for those that are used. */
  parameter(builder: GraphBuilder, parameter: Parameter): Value;
}

/** The rule of a node that a training leaves in its form for answers, where its record has one. */
export function fixedRule(node: Node): GradientRule | undefined {
  const gradient = gradientOf(node);
  return isUnsupported(gradient) ? undefined : gradient.fixed;
}

function gradientOf(node: Node): GradientRule | Unsupported {
  const record = findOperator(node.op);
  invariant(record, `an operator is called ${node.op}`);
  return record.gradient;
}

/** The rule of a node's record; what has none can be run, and gradients cannot go through it. */
function usable({ node, rule }: Entry): GradientRule {
  if (!isUnsupported(rule)) return rule;
  throw new InputError(`\`${node.name}\` (\`${node.op}\`) cannot be trained: ${rule.unsupported}`, {
    notes: node.origin ? [`It stands at ${spanLocation(node.origin.span)}.`] : [],
    help: ["Freeze everything before it, so that no gradient has to go through it: `--freeze PATTERN`."],
  });
}

/** Writes nodes of a graph into `builder` once more, with known sizes and training forms. */
export function writeForward(graph: Pick<Graph, "inputs" | "nodes">, builder: GraphBuilder, e: GraphWriter, options: TapeOptions): Tape {
  const made = new Map<Value, Value>();
  for (const input of graph.inputs) {
    const shape = input.type.shape.map((size) => substituteDim(size, options.sizes));
    if (!knownShape(shape)) {
      throw new InputError(`the input \`${input.name}\` has sizes that are not known: ${formatShape(shape)}; a training step needs all of them`, {
        help: [`Give them, the batch first: \`--input ${exampleSizes(shape)}\`.`],
      });
    }
    made.set(input, builder.input(input.name, { dtype: input.type.dtype, shape }));
  }
  const of = (value: Value): Value => {
    const known = made.get(value);
    if (known) return known;
    const { producer } = value;
    invariant(producer.kind === "parameter" || producer.kind === "constant", `${value.name} was made before it is used`);
    const created = producer.kind === "parameter" ? options.parameter(builder, producer.parameter) : e.constant(producer.tensor);
    made.set(value, created);
    return created;
  };

  const entries = graph.nodes.map((original): Entry => {
    const node = options.attributes ? { ...original, attributes: options.attributes(original) } : original;
    e.moveTo({ name: node.name, origin: node.origin });
    const inputs = node.inputs.map(of);
    const rule = options.rule?.(node, inputs) ?? gradientOf(node);
    const { outputs, saved } =
      !isUnsupported(rule) && rule.forward && options.training(node)
        ? rule.forward(e, node, inputs)
        : { outputs: e.named(node.name, node.op, inputs, node.attributes), saved: [] };
    node.outputs.forEach((output, index) => {
      const written = outputs[index];
      invariant(written, `${node.op} writes all its results`);
      made.set(output, written);
    });
    return { node, inputs, outputs, saved, rule };
  });
  return { entries, of };
}

/** `128x3x32x32`: what is known, and sizes that are common where nothing is. */
function exampleSizes(shape: readonly Dim[]): string {
  return shape.map((size, axis) => (typeof size === "number" ? size : axis === 0 ? 128 : 224)).join("x");
}

/**
 * Reverse mode: walks a tape backwards from gradients that are known and gives those by the leaves asked for.
 *
 * @param seeds gradients of the loss by values of the tape
 * @param wanted leaves of the new graph (inputs, parameters) by which gradients are wanted
 */
export function writeBackward(e: GraphWriter, tape: Tape, seeds: ReadonlyMap<Value, Value>, wanted: ReadonlySet<Value>): ReadonlyMap<Value, Value> {
  const depends = new Set(wanted);
  for (const { inputs, outputs } of tape.entries) {
    if (inputs.some((input) => depends.has(input))) outputs.forEach((output) => depends.add(output));
  }
  const gradients = new Map<Value, Value | ScaledGradient>(seeds);
  for (const entry of [...tape.entries].reverse()) {
    const { node, inputs, outputs, saved } = entry;
    const [first] = outputs;
    const arrived = first && gradients.get(first);
    if (!arrived || !first || !depends.has(first)) continue;
    e.moveTo({ name: `${node.name}.backward`, origin: node.origin });
    const needs = inputs.map((input) => depends.has(input));
    const rule = usable(entry);
    const factors = isScaled(arrived) && rule.takesScale?.(inputs, first) ? arrived : { map: whole(e, arrived), scale: undefined };
    const parts = rule.backward(e, { node, inputs, outputs, saved, gradient: factors.map, scale: factors.scale, needs });
    parts.forEach((part, index) => {
      const input = inputs[index];
      if (!part || !input || !needs[index]) return;
      const sofar = gradients.get(input);
      gradients.set(input, sofar ? e.op("add", [whole(e, sofar), whole(e, part)], {}, "sum") : part);
    });
  }
  const asked = new Map<Value, Value>();
  for (const value of wanted) {
    const gradient = gradients.get(value);
    if (gradient) asked.set(value, whole(e, gradient));
  }
  return asked;
}

const isScaled = (gradient: Value | ScaledGradient): gradient is ScaledGradient => "map" in gradient;

function whole(e: GraphWriter, gradient: Value | ScaledGradient): Value {
  if (!isScaled(gradient)) return gradient;
  const { map, scale } = gradient;
  return e.op("multiply", [map, perChannel(e, scale, map.type.shape.length)]);
}
