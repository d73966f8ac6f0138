import { invariant } from "../../../base/assert.ts";
import type { Attributes, GraphBuilder, Value } from "../../../ir/graph.ts";
import { elementCount } from "../../../ir/tensor-type.ts";
import { at, flagOf, listOf } from "../../../ops/families/attributes.ts";
import { sizesOf } from "../../../ops/families/axes.ts";
import { createGraphWriter } from "../../../passes/training/graph-writer.ts";
import type { GraphWriter } from "../../../passes/training/graph-writer.ts";
import { positionMeans, scaledEach } from "./channels.ts";
import { convolutionAttributes, findBlockedOperator } from "./operators.ts";
import { packingOf } from "./packing.ts";
import type { Packing } from "./packing.ts";

/** The order in which the numbers of a value stand that is not the plain one; its shape is said as if they did. */
export type Form = "map" | "kernel";

/**
 * Writes graphs in which some values are blocked. Operators get values in the form that they need: what works number by number
 * takes blocked ones as they are, everything else gets plain ones; conversions are written where they are needed, once each.
 */
export interface BlockedWriter extends GraphWriter {
  readonly block: number;
  /** Writes operators on values as they are. */
  readonly raw: GraphWriter;
  isBlocked(value: Value): boolean;
  /** Says in which form a value is that was written raw, or comes from outside. */
  mark(value: Value, form: Form | undefined): Value;
  formOf(value: Value): Form | undefined;
  plain(value: Value): Value;
  /** A map [N, C, H, W] in blocked form; C is a multiple of the block. */
  map(value: Value): Value;
  /** Kernels in packed form. An input that nothing has read is from then on one that comes packed. */
  kernel(value: Value): Value;
  /** Says that an input comes in the form of another value. */
  alike(input: Value, as: Value): void;
  /** Inputs that are to come packed, by name. */
  readonly packed: ReadonlyMap<string, Packing>;
}

/** What works number by number on operands of one shape, or one of them a single number. */
const EACH_BY_ITSELF: ReadonlySet<string> = new Set([
  "add", "subtract", "multiply", "divide", "equal", "exp", "log", "sqrt", "erf", "reciprocal", "step",
  "identity", "relu", "relu6", "leakyrelu", "sigmoid", "silu", "gelu", "sum", "residual", "mul", "gain",
]);

export function createBlockedWriter(builder: GraphBuilder, block: number): BlockedWriter {
  const raw = createGraphWriter(builder, findBlockedOperator);
  const forms = new Map<Value, Form>();
  const others = new Map<Value, Value>();
  const readPlain = new Set<Value>();
  const packed = new Map<string, Packing>();

  const mark = (value: Value, form: Form | undefined): Value => {
    if (form) forms.set(value, form);
    return value;
  };
  /** The value in another form, written once. */
  const converted = (value: Value, make: () => Value): Value => {
    const known = others.get(value);
    if (known) return known;
    const other = make();
    others.set(value, other).set(other, value);
    return other;
  };
  const reordered = (value: Value, { sizes, order }: Packing): Value => {
    const parts = raw.op("transpose", [raw.op("reshape", [value], { shape: sizes })], { perm: order });
    return raw.op("reshape", [parts], { shape: sizesOf(value.type) });
  };

  const plain = (value: Value): Value => {
    const form = forms.get(value);
    if (form === undefined) {
      readPlain.add(value);
      return value;
    }
    return converted(value, () => {
      if (form === "map") return raw.op("unblock", [value]);
      const { sizes, order } = packingOf(sizesOf(value.type), block);
      return reordered(value, { sizes: order.map((axis) => at(sizes, axis)), order: order.map((_, axis) => order.indexOf(axis)) });
    });
  };
  const map = (value: Value): Value => {
    if (forms.get(value) === "map") return value;
    return converted(value, () => mark(raw.op("block", [plain(value)]), "map"));
  };
  const kernel = (value: Value): Value => {
    if (forms.get(value) === "kernel") return value;
    const packing = packingOf(sizesOf(value.type), block);
    if (value.producer.kind !== "input" || readPlain.has(value)) return converted(value, () => mark(reordered(plain(value), packing), "kernel"));
    packed.set(value.name, packing);
    return mark(value, "kernel");
  };

  /** The operand for an operator that works number by number on values of a form and shape; nothing where it does not fit. */
  const operandLike = (value: Value, form: Form, shape: readonly number[]): Value | undefined => {
    const own = sizesOf(value.type);
    const count = elementCount(own);
    if (forms.get(value) === undefined && (count === 1 || (form === "map" && own.length === 4 && own[0] === shape[0] && count === own[0]))) return plain(value);
    if (own.join() !== shape.join()) return undefined;
    return form === "map" ? map(value) : kernel(value);
  };

  const write = (op: string, inputs: readonly Value[], attributes: Attributes, apply: (operands: readonly Value[]) => readonly Value[]): readonly Value[] => {
    const example = inputs.find((value) => forms.has(value));
    if (example === undefined) return apply(inputs.map(plain));
    const form = forms.get(example);
    invariant(form !== undefined, `${example.name} has a form`);
    const shape = sizesOf(example.type);
    if (EACH_BY_ITSELF.has(op)) {
      const operands = inputs.map((value) => operandLike(value, form, shape));
      if (operands.every((value) => value !== undefined)) return apply(operands).map((value) => mark(value, form));
    }
    const special = form === "map" ? onMaps(op, inputs, attributes) : undefined;
    return special ? [special] : apply(inputs.map(plain));
  };

  /** What would need plain maps by its record, and does not: gates of channels, and sums over positions or everything. */
  const onMaps = (op: string, inputs: readonly Value[], attributes: Attributes): Value | undefined => {
    const [first, second] = inputs;
    if ((op === "multiply" || op === "mul") && inputs.length === 2 && first && second) {
      const [whole, gate] = forms.has(first) ? [first, second] : [second, first];
      const [batch, channels] = sizesOf(whole.type);
      const own = sizesOf(gate.type);
      if (forms.has(gate) || own.length !== 4 || own[1] !== channels || own[2] !== 1 || own[3] !== 1) return undefined;
      if (own[0] === batch) return scaledEach(writer, whole, plain(gate));
      if (own[0] !== 1 || channels === undefined) return undefined;
      const scale = raw.op("reshape", [plain(gate)], { shape: [channels, 1, 1, 1] });
      return mark(raw.op("blocked_conv", [whole, scale], convolutionAttributes({ kernel: [1, 1], groups: channels, channels })), "map");
    }
    if ((op === "reduce_sum" || op === "reduce_mean") && first && listOf(attributes, "axes").join() === "2,3") {
      const [batch = 1, channels = 1, ...sizes] = sizesOf(first.type);
      const mean = positionMeans(writer, first);
      const sum = op === "reduce_mean" ? mean : raw.op("multiply", [mean, raw.scalar(elementCount(sizes))]);
      return flagOf(attributes, "keep") ? raw.op("reshape", [sum], { shape: [batch, channels, 1, 1] }) : sum;
    }
    // Over everything, in whatever order.
    if ((op === "reduce_sum" || op === "reduce_mean") && first && listOf(attributes, "axes").length === 4) return raw.op(op, inputs, attributes);
    return undefined;
  };

  const ops: GraphWriter["ops"] = (op, inputs, attributes = {}, hint = op) => write(op, inputs, attributes, (operands) => raw.ops(op, operands, attributes, hint));
  const writer: BlockedWriter = {
    ...raw,
    block,
    raw,
    packed,
    isBlocked: (value) => forms.get(value) === "map",
    formOf: (value) => forms.get(value),
    mark,
    plain,
    map,
    kernel,
    alike(input, as) {
      const packing = packed.get(as.name);
      if (packing && forms.get(as) === "kernel") packed.set(mark(input, "kernel").name, packing);
    },
    named: (name, op, inputs, attributes) => write(op, inputs, attributes, (operands) => raw.named(name, op, operands, attributes)),
    ops,
    op: (...given) => at(ops(...given), 0),
    update: (parameter, next) => raw.update(parameter, plain(next)),
  };
  return writer;
}
