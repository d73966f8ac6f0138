import { invariant } from "../../base/assert.ts";
import { formatShape } from "../../ir/tensor-type.ts";
import { at, listOf, numberOf, operand, product, result } from "../families/attributes.ts";
import { inputOf, reshaped, sizesOf } from "../families/axes.ts";
import { scalarOf } from "../families/lowering.ts";
import { defineInternal } from "./define-internal.ts";

export const reshape = defineInternal(
  "reshape",
  "The same elements in row-major order with other sizes.",
  (c) => {
    const type = inputOf(c);
    const shape = listOf(c.attributes, "shape");
    invariant(product(shape) === product(sizesOf(type)), `${formatShape(type.shape)} cannot be laid out as ${formatShape(shape)}`);
    return [reshaped(type, shape)];
  },
  (b, node) => {
    const shape = listOf(node.attributes, "shape");
    b.node("Reshape", [b.of(operand(node)), b.constant("int64", [shape.length], shape)], {}, { to: result(node) });
  },
);

export const transpose = defineInternal(
  "transpose",
  "Axis i of the result is axis perm[i] of the input.",
  (c) => {
    const type = inputOf(c);
    return [reshaped(type, listOf(c.attributes, "perm").map((axis) => at(type.shape, axis)))];
  },
  (b, node) => {
    b.node("Transpose", [b.of(operand(node))], { perm: { ints: listOf(node.attributes, "perm") } }, { to: result(node) });
  },
);

export const expand = defineInternal(
  "expand",
  "Sizes of 1 stretched to a shape.",
  (c) => {
    const shape = listOf(c.attributes, "shape");
    const fits = sizesOf(inputOf(c)).every((size, axis) => size === 1 || size === shape[axis]);
    invariant(fits, `${formatShape(inputOf(c).shape)} does not stretch to ${formatShape(shape)}`);
    return [reshaped(inputOf(c), shape)];
  },
  (b, node) => {
    const shape = listOf(node.attributes, "shape");
    b.node("Expand", [b.of(operand(node)), b.constant("int64", [shape.length], shape)], {}, { to: result(node) });
  },
);

export const slice = defineInternal(
  "slice",
  "Every steps-th element from starts to before ends, on some axes.",
  (c) => {
    const type = inputOf(c);
    const shape = [...sizesOf(type)];
    listOf(c.attributes, "axes").forEach((axis, index) => {
      const [start, end, step] = (["starts", "ends", "steps"] as const).map((name) => at(listOf(c.attributes, name), index)) as [number, number, number];
      invariant(start >= 0 && end <= at(shape, axis) && start < end, `a slice from ${start} to ${end} lies inside ${formatShape(type.shape)}`);
      shape[axis] = Math.ceil((end - start) / step);
    });
    return [reshaped(type, shape)];
  },
  (b, node) => {
    const list = (name: string): string => {
      const values = listOf(node.attributes, name);
      return b.constant("int64", [values.length], values);
    };
    b.node("Slice", [b.of(operand(node)), list("starts"), list("ends"), list("axes"), list("steps")], {}, { to: result(node) });
  },
);

export const pad = defineInternal(
  "pad",
  "A constant value around the input: pads has the begin of every axis, then the end of every axis.",
  (c) => {
    const type = inputOf(c);
    const pads = listOf(c.attributes, "pads");
    const sizes = sizesOf(type);
    return [reshaped(type, sizes.map((size, axis) => size + at(pads, axis) + at(pads, axis + sizes.length)))];
  },
  (b, node) => {
    const pads = listOf(node.attributes, "pads");
    const inputs = [b.of(operand(node)), b.constant("int64", [pads.length], pads), scalarOf(b, numberOf(node.attributes, "value"))];
    b.node("Pad", inputs, {}, { to: result(node) });
  },
);

export const concatenate = defineInternal(
  "concatenate",
  "The inputs one after another on an axis.",
  (c) => {
    const axis = numberOf(c.attributes, "axis");
    const first = inputOf(c);
    const total = c.inputs.reduce((sofar, type) => sofar + at(sizesOf(type), axis), 0);
    return [reshaped(first, first.shape.map((size, index) => (index === axis ? total : size)))];
  },
  (b, node) => {
    b.node("Concat", node.inputs.map((value) => b.of(value)), { axis: { int: numberOf(node.attributes, "axis") } }, { to: result(node) });
  },
);

export const take = defineInternal(
  "take",
  "The elements at some places of one axis, in the order of the list.",
  (c) => {
    const type = inputOf(c);
    const axis = numberOf(c.attributes, "axis");
    const places = listOf(c.attributes, "places");
    invariant(places.every((place) => place >= 0 && place < at(sizesOf(type), axis)), `${places.join()} are places of axis ${axis} of ${formatShape(type.shape)}`);
    return [reshaped(type, type.shape.map((size, index) => (index === axis ? places.length : size)))];
  },
  (b, node) => {
    const places = listOf(node.attributes, "places");
    const axis = { int: numberOf(node.attributes, "axis") };
    b.node("Gather", [b.of(operand(node)), b.constant("int64", [places.length], places)], { axis }, { to: result(node) });
  },
);
