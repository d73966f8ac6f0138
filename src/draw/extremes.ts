/** The greatest of many numbers, at least `from`; a list as arguments has its limits. */
export function greatest(numbers: readonly number[], from = Number.NEGATIVE_INFINITY): number {
  return numbers.reduce((most, number) => (number > most ? number : most), from);
}

/** The least of many numbers. */
export function least(numbers: readonly number[]): number {
  return numbers.reduce((most, number) => (number < most ? number : most), Number.POSITIVE_INFINITY);
}
