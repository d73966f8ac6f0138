import { invariant } from "../../base/assert.ts";
import { toNumber } from "../../base/rational.ts";
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
    const terms = dim.terms.map(({ coefficient, atom }) => {
      const value = atom.kind === "symbol" ? symbol(atom.name) : compute("Div", [sizeOf(atom.numerator), one(atom.divisor)]);
      const factor = toNumber(coefficient);
      invariant(Number.isInteger(factor), "a size in a shape has whole coefficients");
      return factor === 1 ? value : compute("Mul", [value, one(factor)]);
    });
    const added = toNumber(dim.constant);
    if (added !== 0) terms.push(one(added));
    const size = terms.reduce((sum, term) => compute("Add", [sum, term]));
    sizes.set(dim.key, size);
    return size;
  };
  return (shape) => {
    const dims = shape.map((dim) => substituteDim(dim, symbols));
    if (!dims.some(isSymbolic)) return constant("int64", [dims.length], dims as number[]);
    return node("Concat", dims.map(sizeOf), { axis: { int: 0 } }, { hint: "shape", shape: [dims.length], dtype: "int64" });
  };
}

/** The key of a dimension that is a symbol and nothing else. */
function symbolKey(name: string): SymbolicDim["key"] {
  return `(1*${name}+0)`;
}
