/** The normal distribution's quantile that leaves 2.5 % on each side. */
const Z = 1.959963984540054;

/**
 * Where the true share lies with 95 % confidence, when `count` of `total` independent cases had a property: Wilson's score
 * interval (1927), which stays within 0 and 1 and is sound for shares near them.
 */
export function wilsonInterval(count: number, total: number): readonly [low: number, high: number] {
  if (total === 0) return [0, 1];
  const share = count / total;
  const spread = Z * Math.sqrt((share * (1 - share)) / total + Z ** 2 / (4 * total ** 2));
  const middle = share + Z ** 2 / (2 * total);
  const scale = 1 + Z ** 2 / total;
  // At the ends rounding would leave a little more or less.
  return [count === 0 ? 0 : (middle - spread) / scale, count === total ? 1 : (middle + spread) / scale];
}
