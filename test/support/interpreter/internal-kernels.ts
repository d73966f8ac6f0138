import type { Attributes } from "../../../src/ir/graph.ts";
import type { Kernel } from "./evaluate.ts";
import { transposedConv } from "./language-kernels.ts";
import { erf } from "./numbers.ts";
import { generate, map, positions, read, sizeOf, zip } from "./tensor.ts";
import type { Tensor } from "./tensor.ts";

const list = (attributes: Attributes, name: string): number[] => attributes[name] as number[];
const unary = (f: (x: number) => number): Kernel => ([x]) => map(x!, f);
const binary = (f: (x: number, y: number) => number): Kernel => ([a, b]) => zip(a!, b!, f);

/** Reduces some axes; `finish` is given the values of one set. */
const reduced = (finish: (values: number[]) => number): Kernel => ([x], a) => {
  const axes = list(a, "axes");
  const kept = x!.shape.map((size, axis) => (axes.includes(axis) ? 1 : size));
  const full = generate(kept, (p) => {
    const values: number[] = [];
    for (const inner of positions(axes.map((axis) => x!.shape[axis]!))) {
      const place = [...p];
      axes.forEach((axis, index) => (place[axis] = inner[index]!));
      values.push(read(x!, place));
    }
    return finish(values);
  });
  return a.keep ? full : { shape: x!.shape.filter((_, axis) => !axes.includes(axis)), data: full.data };
};

const transposed = (x: Tensor): Tensor => generate([x.shape[1]!, x.shape[0]!], ([i, j]) => read(x, [j!, i!]));
const dot = (length: number, term: (k: number) => number): number => Array.from({ length }, (_, k) => term(k)).reduce((a, b) => a + b, 0);
const total = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);

/** The operators that passes use. */
export const internalKernels: Readonly<Record<string, Kernel>> = {
  add: binary((x, y) => x + y),
  affine: ([x, scale, shift]) => generate(x!.shape, (p) => read(x!, p) * scale!.data[p[1]!]! + shift!.data[p[1]!]!),
  concatenate(inputs, a) {
    const axis = a.axis as number;
    const size = total(inputs.map(({ shape }) => shape[axis]!));
    return generate(inputs[0]!.shape.map((s, i) => (i === axis ? size : s)), (p) => {
      let rest = p[axis]!;
      for (const input of inputs) {
        if (rest < input.shape[axis]!) return read(input, p.map((q, i) => (i === axis ? rest : q)));
        rest -= input.shape[axis]!;
      }
      throw new Error("beyond the end");
    });
  },
  conv_transpose: transposedConv,
  divide: binary((x, y) => x / y),
  equal: binary((x, y) => (x === y ? 1 : 0)),
  erf: unary(erf),
  exp: unary(Math.exp),
  expand: ([x], a) => generate(list(a, "shape"), (p) => read(x!, p.map((q, axis) => (x!.shape[axis] === 1 ? 0 : q)))),
  gemm([a, b], attributes) {
    const left = attributes.transA ? transposed(a!) : a!;
    const right = attributes.transB ? transposed(b!) : b!;
    return generate([left.shape[0]!, right.shape[1]!], ([i, j]) => dot(left.shape[1]!, (k) => read(left, [i!, k]) * read(right, [k, j!])));
  },
  log: unary(Math.log),
  matmul([x, m]) {
    const [rows, columns] = m!.shape.slice(-2) as [number, number];
    return generate([...x!.shape.slice(0, -1), columns], (p) => {
      const which = p.slice(0, m!.shape.length - 2);
      return dot(rows, (k) => read(x!, [...p.slice(0, -1), k]) * read(m!, [...which, k, p.at(-1)!]));
    });
  },
  multiply: binary((x, y) => x * y),
  pad([x], a) {
    const pads = list(a, "pads");
    const rank = x!.shape.length;
    return generate(x!.shape.map((size, axis) => size + pads[axis]! + pads[axis + rank]!), (p) => {
      const place = p.map((q, axis) => q - pads[axis]!);
      return place.every((q, axis) => q >= 0 && q < x!.shape[axis]!) ? read(x!, place) : (a.value as number);
    });
  },
  reciprocal: unary((x) => 1 / x),
  reduce_max: reduced((values) => Math.max(...values)),
  reduce_mean: reduced((values) => total(values) / values.length),
  reduce_sum: reduced(total),
  reshape([x], a) {
    if (sizeOf(list(a, "shape")) !== x!.data.length) throw new Error(`[${x!.shape}] cannot be laid out as [${list(a, "shape")}]`);
    return { shape: list(a, "shape"), data: x!.data };
  },
  slice([x], a) {
    const axes = list(a, "axes");
    const [starts, ends, steps] = [list(a, "starts"), list(a, "ends"), list(a, "steps")];
    const shape = [...x!.shape];
    axes.forEach((axis, i) => (shape[axis] = Math.ceil((ends[i]! - starts[i]!) / steps[i]!)));
    return generate(shape, (p) => {
      const place = [...p];
      axes.forEach((axis, i) => (place[axis] = starts[i]! + p[axis]! * steps[i]!));
      return read(x!, place);
    });
  },
  sqrt: unary(Math.sqrt),
  step: unary((x) => (x > 0 ? 1 : 0)),
  subtract: binary((x, y) => x - y),
  take([x], a) {
    const places = list(a, "places");
    return generate(x!.shape.map((size, axis) => (axis === a.axis ? places.length : size)), (p) => read(x!, p.map((q, axis) => (axis === a.axis ? places[q]! : q))));
  },
  transpose([x], a) {
    const perm = list(a, "perm");
    return generate(perm.map((axis) => x!.shape[axis]!), (p) => {
      const place: number[] = [];
      perm.forEach((axis, index) => (place[axis] = p[index]!));
      return read(x!, place);
    });
  },
};
