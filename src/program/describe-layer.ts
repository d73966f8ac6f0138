import type { Attributes } from "../ir/graph.ts";

/** Counted attributes that say what a layer is; others (eps, pads) are left to `--json`. */
const SHOWN_WHEN_NOT_ONE = ["stride", "dilation", "groups"] as const;

/**
 * A layer in the words of the paper: `3x3, 64`, `7x7, 64, stride 2`, `maxpool 3x3, stride 2`, `linear 1000`, `bn`.
 *
 * @param options.name `paper` leaves the operator's name out where a kernel and channels already say it (a convolution);
 * @param options.stride false leaves strides out, where a table shows sizes anyway
 */
export function describeLayer(op: string, attributes: Attributes, options: { readonly name: "always" | "paper"; readonly stride: boolean }): string {
  const kernel = attributes["kernel"];
  const width = attributes["channels"] ?? attributes["features"];
  const parts: string[] = [];
  if (kernel !== undefined) parts.push(sizeText(kernel));
  if (typeof width === "number") parts.push(String(width));
  for (const name of SHOWN_WHEN_NOT_ONE) {
    const value = attributes[name];
    if (value === undefined || (name === "stride" && !options.stride) || isOne(value)) continue;
    parts.push(`${name} ${uniformText(value)}`);
  }
  const named = options.name === "always" || op !== "conv";
  return `${named ? op : ""}${named && parts.length > 0 ? " " : ""}${parts.join(", ")}`;
}

const isOne = (value: Attributes[string]): boolean => (Array.isArray(value) ? value.every((entry) => entry === 1) : value === 1);

function sizeText(value: Attributes[string]): string {
  return Array.isArray(value) ? value.join("x") : String(value);
}

/** `2` for `[2, 2]`, `2x1` for `[2, 1]`. */
function uniformText(value: Attributes[string]): string {
  if (!Array.isArray(value)) return String(value);
  return value.every((entry) => entry === value[0]) ? String(value[0]) : value.join("x");
}
