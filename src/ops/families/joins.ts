import { compareDims, formatDim, isSymbolic, sameDim, symbolsOf } from "../../ir/dim.ts";
import type { Dim, Facts } from "../../ir/dim.ts";
import { axisName, shapeLines } from "../../ir/tensor-type.ts";
import type { TensorType } from "../../ir/tensor-type.ts";
import type { Node } from "../../ir/graph.ts";
import type { OnnxBuilder } from "../contract/onnx-builder.ts";
import type { ShapeContext } from "../define-op.ts";
import { at, result } from "./attributes.ts";

const MODULI = [2, 4, 8, 16, 32, 64, 3, 5, 6, 7, 9, 10, 12];

/** The weakest `H % m == 0` under which two sizes are the same for every H, where one of a few moduli does it. */
export function provingFact(a: Dim, b: Dim, facts: Facts): { readonly symbol: string; readonly modulus: number } | undefined {
  const symbols = symbolsOf(b, symbolsOf(a));
  for (const modulus of MODULI) {
    for (const symbol of symbols) {
      const minimum = Math.max(modulus, facts.get(symbol)?.minimum ?? 1);
      if (sameDim(a, b, new Map([...facts, [symbol, { modulus, remainder: 0, minimum }]]))) return { symbol, modulus };
    }
  }
  return undefined;
}

const listed = (shapes: readonly TensorType[], axis?: number): string[] =>
  shapeLines(shapes.map(({ shape }, index) => [`branch ${index + 1}`, shape] as const), axis === undefined ? [] : [axis]);

/** Reports that the first branch and branch `index` differ on an axis, or may differ for some sizes. */
function differ(c: ShapeContext, op: string, index: number, axis: number): undefined {
  const first = at(c.inputs, 0).shape;
  const [a, b] = [at(first, axis), at(at(c.inputs, index).shape, axis)];
  const name = axisName(axis, first.length);
  const never = compareDims(a, b, c.facts) !== undefined && compareDims(a, b, c.facts) !== 0;
  if (never || (!isSymbolic(a) && !isSymbolic(b))) {
    return c.fail({
      code: "RN0401",
      message: `the branches of \`${op}\` differ on axis ${axis} (${name}): ${formatDim(a)} and ${formatDim(b)}`,
      input: index,
      notes: listed(c.inputs, axis),
      help: [`give ${c.inputs.length > 2 ? "all" : "both"} branches the same ${name}`],
    });
  }
  const fact = provingFact(a, b, c.facts);
  return c.fail({
    code: "RN0404",
    message: fact
      ? `${formatDim(a)} and ${formatDim(b)} are equal only if ${fact.symbol} is a multiple of ${fact.modulus}`
      : `${formatDim(a)} and ${formatDim(b)} are not equal for every size`,
    input: index,
    notes: [`The branches of \`${op}\` meet on axis ${axis} (${name}).`, ...listed(c.inputs, axis)],
    help: [fact ? `add \`require ${fact.symbol} % ${fact.modulus} == 0\`` : "give the input fixed sizes, or add a `require` that makes them equal"],
    ...(fact ? { mend: { kind: "line", text: `require ${fact.symbol} % ${fact.modulus} == 0` } } : {}),
  });
}

function sameRank(c: ShapeContext, op: string): boolean {
  const rank = at(c.inputs, 0).shape.length;
  const other = c.inputs.findIndex(({ shape }) => shape.length !== rank);
  if (other < 0) return true;
  c.fail({
    code: "RN0401",
    message: `the branches of \`${op}\` differ in their number of axes: ${rank} and ${at(c.inputs, other).shape.length}`,
    input: other,
    notes: listed(c.inputs),
    help: ["`globalavgpool(keep=true)` keeps the spatial axes; `flatten` removes them"],
  });
  return false;
}

/** The common shape of branches that must be equal, on every axis but `except`. */
export function equalShapes(c: ShapeContext, op: string, except?: number): TensorType | undefined {
  if (!sameRank(c, op)) return undefined;
  const first = at(c.inputs, 0);
  for (let index = 1; index < c.inputs.length; index++) {
    const { shape } = at(c.inputs, index);
    for (let axis = 0; axis < shape.length; axis++) {
      if (axis !== except && !sameDim(at(first.shape, axis), at(shape, axis), c.facts)) return differ(c, op, index, axis);
    }
  }
  return first;
}

/** The shape of branches of which a size of 1 stretches to the others' on every axis. */
export function stretchedShape(c: ShapeContext, op: string): TensorType | undefined {
  if (!sameRank(c, op)) return undefined;
  const first = at(c.inputs, 0);
  const shape = [...first.shape];
  for (const [index, input] of c.inputs.entries()) {
    for (const [axis, size] of input.shape.entries()) {
      const sofar = at(shape, axis);
      if (sofar === 1) shape[axis] = size;
      else if (size !== 1 && !sameDim(sofar, size, c.facts)) return differ(c, op, index, axis);
    }
  }
  return { dtype: first.dtype, shape };
}

/** A chain of binary operators over all branches: standard runtimes fuse these, and n-ary forms are not everywhere. */
export function binaryChain(b: OnnxBuilder, node: Node, opType: string, last?: (sofar: string) => void): void {
  const names = node.inputs.map((value) => b.of(value));
  if (names.length === 1 && !last) return b.alias(result(node), at(node.inputs, 0));
  let sofar = at(names, 0);
  names.slice(1).forEach((name, index) => {
    const final = index === names.length - 2 && !last;
    sofar = b.node(opType, [sofar, name], {}, final ? { to: result(node) } : { hint: `join${index + 1}` });
  });
  last?.(sofar);
}
