import { groupDigits } from "../../base/digits.ts";

/** `56x56`; a single axis is `1,024`. */
export const sizeText = (sizes: readonly number[]): string => (sizes.length === 1 ? groupDigits(sizes[0] as number) : sizes.join("x"));

/** `3x3`, `1x7`, for a kernel. */
export const kernelText = (kernel: readonly number[]): string => kernel.join("x");

/** `38 %`; one decimal below 10, never `0 %` or `100 %` for a part. */
export function percentText(part: number, whole: number): string {
  const percent = whole === 0 ? 0 : (100 * part) / whole;
  if (percent === 0 || percent === 100) return `${percent} %`;
  if (percent < 0.1) return "less than 0.1 %";
  if (percent > 99.5 && percent < 100) return `${Math.floor(percent * 10) / 10} %`;
  return `${Number(percent.toFixed(percent < 10 ? 1 : 0))} %`;
}

/** `layer1.0.conv1, layer1.0.conv2, …`: the first few names. */
export function namesText(names: readonly string[], most = 3): string {
  return `${names.slice(0, most).join(", ")}${names.length > most ? ", …" : ""}`;
}

/** `193x193 or 225x225`; `undefined` where there is no size. */
export function sizesText(sizes: readonly (readonly number[] | undefined)[]): string | undefined {
  const texts = sizes.flatMap((size) => (size ? [sizeText(size)] : []));
  return texts.length === 0 ? undefined : texts.join(" or ");
}
