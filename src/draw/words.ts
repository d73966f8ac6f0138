import type { Dim } from "../ir/dim.ts";
import { formatDim } from "../ir/dim.ts";
import type { Attributes, AttributeValue } from "../ir/graph.ts";
import type { OpName } from "../ops/registry.ts";

/** What the paper's figures call an operator, where that is not its name. */
const WORDS: Partial<Readonly<Record<OpName, string>>> = {
  avgpool: "avg pool",
  blurpool: "blur pool",
  globalavgpool: "global avg pool",
  linear: "fc",
  maxpool: "max pool",
  padchannels: "zero-pad",
  upconv: "up conv",
};

/** Joins that are a sign; the others are a word. */
const SIGNS: Partial<Readonly<Record<OpName, string>>> = { sum: "+", mul: "×" };

/** A layer as Fig. 3 of He et al. 2015 writes it: `3x3 conv, 64, /2`, `3x3 max pool, /2`, `fc 1000`. What enlarges the map has `x2`. */
export function layerText(op: string, attributes: Attributes): string {
  const { kernel, channels, features, factor, stride, dilation, groups } = attributes;
  const word = WORDS[op as OpName] ?? op;
  const title = [kernel === undefined ? undefined : sizeText(kernel), word, typeof features === "number" ? String(features) : undefined];
  return [
    title.filter((part) => part !== undefined).join(" "),
    ...(typeof channels === "number" ? [String(channels)] : []),
    ...(isOne(stride) ? [] : [`${op === "upconv" ? "x" : "/"}${uniformText(stride)}`]),
    ...(isOne(factor) || typeof factor === "string" ? [] : [`x${uniformText(factor)}`]),
    ...(isOne(dilation) ? [] : [`dilation ${uniformText(dilation)}`]),
    ...(isOne(groups) ? [] : [`${uniformText(groups)} groups`]),
  ].join(", ");
}

/** `+`, `×`, `concat`. */
export const joinText = (op: string): string => SIGNS[op as OpName] ?? op;

/** The size of a map: `56` where its axes are equal, `56x28`; `1` where there are no axes left. */
export function mapText(shape: readonly Dim[]): string {
  const sizes = shape.slice(2).map(formatDim);
  const [first = "1"] = sizes;
  return sizes.every((size) => size === first) ? first : sizes.join(" x ");
}

/** An example of an input without the batch: `3 x 224 x 224`. */
export const exampleText = (shape: readonly Dim[]): string => shape.slice(1).map(formatDim).join(" x ");

const isOne = (value: AttributeValue | undefined): value is undefined => value === undefined || (Array.isArray(value) ? value.every((entry) => entry === 1) : value === 1);

const sizeText = (value: AttributeValue): string => (Array.isArray(value) ? value.join("x") : String(value));

/** `2` for `[2, 2]`, `2x1` for `[2, 1]`. */
function uniformText(value: AttributeValue): string {
  return Array.isArray(value) && value.every((entry) => entry === value[0]) ? String(value[0]) : sizeText(value);
}
