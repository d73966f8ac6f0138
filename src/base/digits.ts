/** `25,557,032`: a whole number with its digits in groups. (`toLocaleString` first loads the world's locales, 15 ms.) */
export function groupDigits(value: number): string {
  return String(value).replace(/\B(?=(\d{3})+$)/g, ",");
}

/** `1 step`, `64,000 steps`. */
export const countedText = (count: number, one: string, many = `${one}s`): string => `${groupDigits(count)} ${count === 1 ? one : many}`;
