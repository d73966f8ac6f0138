import { invariant } from "../../base/assert.ts";
import { formatShape } from "../../ir/tensor-type.ts";
import { at, flagOf, listOf, numberOf } from "../families/attributes.ts";
import { inputOf, reshaped, sizesOf, windowOf } from "../families/axes.ts";
import { oneNode, windowAttributes } from "../families/lowering.ts";
import { transposedShape } from "../upconv.ts";
import { defineInternal } from "./define-internal.ts";

export const gemm = defineInternal(
  "gemm",
  "The product of two matrices, either transposed first.",
  (c) => {
    const [a, b] = [sizesOf(at(c.inputs, 0)), sizesOf(at(c.inputs, 1))];
    const [rows, shared] = flagOf(c.attributes, "transA") ? [at(a, 1), at(a, 0)] : [at(a, 0), at(a, 1)];
    const [other, columns] = flagOf(c.attributes, "transB") ? [at(b, 1), at(b, 0)] : [at(b, 0), at(b, 1)];
    invariant(shared === other, `matrices ${formatShape(a)} and ${formatShape(b)} share an axis`);
    return [reshaped(inputOf(c), [rows, columns])];
  },
  oneNode("Gemm", ({ attributes }) => ({
    transA: { int: flagOf(attributes, "transA") ? 1 : 0 },
    transB: { int: flagOf(attributes, "transB") ? 1 : 0 },
  })),
);

export const matmul = defineInternal(
  "matmul",
  "Every row of the last axis times one matrix [K, M].",
  (c) => {
    const sizes = sizesOf(inputOf(c));
    const [rows, columns] = sizesOf(at(c.inputs, 1)) as [number, number];
    invariant(at(sizes, sizes.length - 1) === rows, `${formatShape(sizes)} times [${rows}, ${columns}]`);
    return [reshaped(inputOf(c), [...sizes.slice(0, -1), columns])];
  },
  oneNode("MatMul"),
);

/** The adjoint of `conv`: inputs are x [N, K, …] and the convolution's weight [K, C / groups, kernel…]. */
export const convTranspose = defineInternal(
  "conv_transpose",
  "Every input position adds a window of weights to the output; `extra` positions are added at the end.",
  (c) => {
    const type = inputOf(c);
    const channels = at(sizesOf(at(c.inputs, 1)), 1) * numberOf(c.attributes, "groups");
    const spatial = transposedShape(type.shape.slice(2), windowOf(c.attributes), listOf(c.attributes, "extra"));
    return [reshaped(type, [at(type.shape, 0), channels, ...spatial])];
  },
  oneNode("ConvTranspose", ({ attributes }) => ({
    ...windowAttributes(windowOf(attributes)),
    output_padding: { ints: listOf(attributes, "extra") },
    group: { int: numberOf(attributes, "groups") },
  })),
);
