import { invariant } from "../../base/assert.ts";
import { formatShape } from "../../ir/tensor-type.ts";
import { at, flagOf, indices, listOf, numberOf, operand, result } from "../families/attributes.ts";
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
  "Every row of the last axis times a matrix [K, M]: one for all, or one for each position of the leading axes.",
  (c) => {
    const [left, right] = [sizesOf(inputOf(c)), sizesOf(at(c.inputs, 1))];
    const [rows, columns] = right.slice(-2) as [number, number];
    const leading = right.slice(0, -2);
    const fits = leading.length === 0 || leading.join() === left.slice(0, -2).join();
    invariant(fits && at(left, left.length - 1) === rows, `${formatShape(left)} times ${formatShape(right)}`);
    return [reshaped(inputOf(c), [...left.slice(0, -1), columns])];
  },
  oneNode("MatMul"),
);

/** A BatchNormalization with mean 0, variance 1 and epsilon 0: one pass, and every execution provider has it. */
export const affine = defineInternal(
  "affine",
  "x · scale + shift with a number of each per channel: inputs [N, C, …], [C] and [C].",
  (c) => {
    const channels = at(sizesOf(inputOf(c)), 1);
    const fits = [1, 2].every((index) => sizesOf(at(c.inputs, index)).join() === `${channels}`);
    invariant(fits, `${formatShape(inputOf(c).shape)} has a scale and a shift for every channel`);
    return [inputOf(c)];
  },
  (b, node) => {
    const channels = at(sizesOf(operand(node).type), 1);
    const many = (value: number): string => b.constant("float32", [channels], indices(channels).map(() => value));
    b.node("BatchNormalization", [...node.inputs.map((value) => b.of(value)), many(0), many(1)], { epsilon: { float: 0 } }, { to: result(node) });
  },
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
