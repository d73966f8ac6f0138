/** Something that was compared, and what it was made of. */
export interface Compared {
  /** Absent where it could not be compared. */
  readonly relative: number | undefined;
  /** What it reads, by index. */
  readonly before: readonly number[];
}

/** A difference below the tolerance is only followed down to this part of it: what is smaller may be rounding. */
const FAINT = 0.1;
/** Rounding does not grow tenfold in a block; what does so has a mistake in it. */
const GROWS = 10;

/**
 * Where a difference comes from: from the first item beyond the threshold back through what it reads, as long as that differs,
 * too. So nothing is blamed whose input is wrong already, not even where that is still within the tolerance: a mistake may
 * be diluted by an addition where it was made, and grow later.
 *
 * @returns the index, absent where nothing is beyond the threshold
 */
export function locate(items: readonly Compared[], options: { readonly tolerance: number; readonly threshold?: number }): number | undefined {
  const { tolerance, threshold = tolerance } = options;
  const first = items.findIndex(({ relative }) => relative !== undefined && relative > threshold);
  if (first < 0) return undefined;
  const seen = new Set([first]);
  for (let at = first; ; ) {
    const own = items[at]?.relative ?? 0;
    const [worst] = comparedBefore(items, at).filter((index) => !seen.has(index)).sort((a, b) => (items[b]?.relative ?? 0) - (items[a]?.relative ?? 0));
    const input = worst === undefined ? 0 : (items[worst]?.relative ?? 0);
    if (worst === undefined || !(input > tolerance || (input > tolerance * FAINT && input > own / GROWS))) return at;
    seen.add(worst);
    at = worst;
  }
}

/** What an item reads; through what could not be compared, to what that reads. */
function comparedBefore(items: readonly Compared[], of: number): number[] {
  const found = new Set<number>();
  const seen = new Set<number>();
  const open = [...(items[of]?.before ?? [])];
  for (let index = open.pop(); index !== undefined; index = open.pop()) {
    if (seen.has(index)) continue;
    seen.add(index);
    const item = items[index];
    if (item?.relative !== undefined) found.add(index);
    else open.push(...(item?.before ?? []));
  }
  return [...found];
}
