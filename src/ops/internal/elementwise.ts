import { invariant } from "../../base/assert.ts";
import { formatShape } from "../../ir/tensor-type.ts";
import { at, operand, result } from "../families/attributes.ts";
import { inputOf } from "../families/axes.ts";
import { oneNode } from "../families/lowering.ts";
import { broadcast, defineInternal } from "./define-internal.ts";
import type { ShapeContext } from "../define-op.ts";
import type { TensorType } from "../../ir/tensor-type.ts";

/** The shape of two operands stretched over each other; a pass that gives others has a bug. */
function stretched(c: ShapeContext): readonly TensorType[] {
  const [a, b] = [at(c.inputs, 0), at(c.inputs, 1)];
  const type = broadcast(a, b);
  invariant(type, `${formatShape(a.shape)} and ${formatShape(b.shape)} do not stretch over each other`);
  return [type];
}
const same = (c: ShapeContext): readonly TensorType[] => [inputOf(c)];

export const add = defineInternal("add", "a + b, with NumPy's broadcasting.", stretched, oneNode("Add"));
export const subtract = defineInternal("subtract", "a - b, with NumPy's broadcasting.", stretched, oneNode("Sub"));
export const multiply = defineInternal("multiply", "a · b, with NumPy's broadcasting.", stretched, oneNode("Mul"));
export const divide = defineInternal("divide", "a / b, with NumPy's broadcasting.", stretched, oneNode("Div"));
export const exp = defineInternal("exp", "The exponential of every element.", same, oneNode("Exp"));
export const log = defineInternal("log", "The natural logarithm of every element.", same, oneNode("Log"));
export const sqrt = defineInternal("sqrt", "The square root of every element.", same, oneNode("Sqrt"));
export const erf = defineInternal("erf", "The error function of every element.", same, oneNode("Erf"));
export const reciprocal = defineInternal("reciprocal", "1 / x of every element.", same, oneNode("Reciprocal"));

/**
 * HardSigmoid with a slope near the largest float clips to 0 or 1 in one pass; Greater and Cast would take two. Exact for 0, -0
 * and infinities; below 3.4e-39, among numbers that many processors take for 0, it gives a fraction.
 */
export const step = defineInternal(
  "step",
  "1 where x > 0, else 0.",
  same,
  oneNode("HardSigmoid", () => ({ alpha: { float: 3e38 }, beta: { float: 0 } })),
);

export const equal = defineInternal("equal", "1 where a and b are equal, else 0, with NumPy's broadcasting.", stretched, (b, node) => {
  const { shape } = result(node).type;
  const truth = b.node("Equal", [b.of(operand(node, 0)), b.of(operand(node, 1))], {}, { hint: "truth", shape, dtype: "bool" });
  b.node("Cast", [truth], { to: { int: 1 } }, { to: result(node) });
});
