import { invariant } from "../../base/assert.ts";
import { toNumber } from "../../base/rational.ts";
import type { Rational } from "../../base/rational.ts";
import { isSymbolic, substituteDim } from "../../ir/dim.ts";
import type { Dim, SymbolicDim } from "../../ir/dim.ts";
import type { Graph, Value } from "../../ir/graph.ts";
import type { OnnxBuilder } from "../../ops/contract/onnx-builder.ts";

interface Parts {
  readonly graph: Graph;
  readonly symbols: ReadonlyMap<string, number>;
  readonly constant: OnnxBuilder["constant"];
  readonly node: OnnxBuilder["node"];
  readonly nameOf: (value: Value) => string;
}

/** Makes one-dimensional shape tensors; open sizes are computed in the graph from the shapes of its inputs. */
export function createShapeTensors(parts: Parts): OnnxBuilder["shapeTensor"] {
  const { graph, symbols, constant, node, nameOf } = parts;
  const sizes = new Map<string, string>();
  const one = (value: number): string => constant("int64", [1], [value]);
  const compute = (opType: string, inputs: readonly string[]): string => node(opType, inputs, {}, { hint: opType.toLowerCase(), shape: [1], dtype: "int64" });

  const symbol = (name: string): string => {
    const known = sizes.get(name);
    if (known !== undefined) return known;
    for (const input of graph.inputs) {
      const axis = input.type.shape.findIndex((dim) => isSymbolic(dim) && dim.key === symbolKey(name));
      if (axis < 0) continue;
      const size = node("Shape", [nameOf(input)], { start: { int: axis }, end: { int: axis + 1 } }, { hint: `size_${name}`, shape: [1], dtype: "int64" });
      sizes.set(name, size);
      return size;
    }
    invariant(false, `no input has the size ${name}`);
  };
  const sizeOf = (dim: Dim): string => {
    if (!isSymbolic(dim)) return one(dim);
    const known = sizes.get(dim.key);
    if (known !== undefined) return known;
    // H / 2 is whole where the network requires it: everything is multiplied by the denominators and divided once.
    const denominator = commonDenominator(dim);
    const whole = (part: Rational): number => toNumber(part) * denominator;
    const terms = dim.terms.map(({ coefficient, atom }) => {
      const value = atom.kind === "symbol" ? symbol(atom.name) : compute("Div", [sizeOf(atom.numerator), one(atom.divisor)]);
      const factor = whole(coefficient);
      return factor === 1 ? value : compute("Mul", [value, one(factor)]);
    });
    const added = whole(dim.constant);
    if (added !== 0) terms.push(one(added));
    const sum = terms.reduce((sofar, term) => compute("Add", [sofar, term]));
    const size = denominator === 1 ? sum : compute("Div", [sum, one(denominator)]);
    sizes.set(dim.key, size);
    return size;
  };
  return (shape) => {
    const dims = shape.map((dim) => substituteDim(dim, symbols));
    if (!dims.some(isSymbolic)) return constant("int64", [dims.length], dims as number[]);
    return node("Concat", dims.map(sizeOf), { axis: { int: 0 } }, { hint: "shape", shape: [dims.length], dtype: "int64" });
  };
}

function commonDenominator(dim: SymbolicDim): number {
  let common = 1;
  for (const part of [dim.constant, ...dim.terms.map((term) => term.coefficient)]) {
    const denominator = typeof part === "number" ? 1 : Number(part.denominator);
    let rest = denominator;
    for (let divisor = common; divisor > 0; ) [rest, divisor] = [divisor, rest % divisor];
    common = (common / rest) * denominator;
  }
  return common;
}

/** The key of a dimension that is a symbol and nothing else. */
function symbolKey(name: string): SymbolicDim["key"] {
  return `(1*${name}+0)`;
}
