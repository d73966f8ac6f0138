/**
 * Exact numbers. A safe integer is a plain JavaScript number; everything else is a reduced fraction of two big integers.
 * Operations give `undefined` for results beyond {@link MAXIMUM_BITS}: a number too large to compute with (RN0803).
 */
export type Rational = number | Fraction;

/** Reduced, with a positive denominator; never a safe integer (that is a number). */
export interface Fraction {
  readonly numerator: bigint;
  readonly denominator: bigint;
}

/** The most bits a numerator or denominator may have. */
export const MAXIMUM_BITS = 1024;
const LIMIT = 1n << BigInt(MAXIMUM_BITS);
const MAXIMUM_EXPONENT = 300;

const numeratorOf = (a: Rational): bigint => (typeof a === "number" ? BigInt(a) : a.numerator);
const denominatorOf = (a: Rational): bigint => (typeof a === "number" ? 1n : a.denominator);

function greatestCommonDivisor(a: bigint, b: bigint): bigint {
  let x = a < 0n ? -a : a;
  let y = b < 0n ? -b : b;
  while (y > 0n) [x, y] = [y, x % y];
  return x;
}

/** numerator / denominator in lowest terms; the denominator must not be zero. */
export function fraction(numerator: bigint, denominator: bigint): Rational | undefined {
  const sign = denominator < 0n ? -1n : 1n;
  const divisor = denominator === 1n ? 1n : greatestCommonDivisor(numerator, denominator);
  const n = (sign * numerator) / divisor;
  const d = (sign * denominator) / divisor;
  if (d === 1n && n <= BigInt(Number.MAX_SAFE_INTEGER) && n >= -BigInt(Number.MAX_SAFE_INTEGER)) return Number(n);
  if (n >= LIMIT || n <= -LIMIT || d >= LIMIT) return undefined;
  return { numerator: n, denominator: d };
}

export function add(a: Rational, b: Rational): Rational | undefined {
  if (typeof a === "number" && typeof b === "number") {
    const sum = a + b;
    if (Number.isSafeInteger(sum)) return sum;
  }
  return fraction(
    numeratorOf(a) * denominatorOf(b) + numeratorOf(b) * denominatorOf(a),
    denominatorOf(a) * denominatorOf(b),
  );
}

export function negate(a: Rational): Rational {
  return typeof a === "number" ? 0 - a : { numerator: -a.numerator, denominator: a.denominator };
}

export function subtract(a: Rational, b: Rational): Rational | undefined {
  return add(a, negate(b));
}

export function multiply(a: Rational, b: Rational): Rational | undefined {
  if (typeof a === "number" && typeof b === "number") {
    const product = a * b;
    if (Number.isSafeInteger(product)) return product + 0;
  }
  return fraction(numeratorOf(a) * numeratorOf(b), denominatorOf(a) * denominatorOf(b));
}

/** a / b; b must not be zero. */
export function divide(a: Rational, b: Rational): Rational | undefined {
  if (typeof a === "number" && typeof b === "number" && a % b === 0) return a / b + 0;
  return fraction(numeratorOf(a) * denominatorOf(b), denominatorOf(a) * numeratorOf(b));
}

/** The greatest whole number not above a; `undefined` only past the size limit. */
export function floor(a: Rational): Rational | undefined {
  if (typeof a === "number") return a;
  const quotient = a.numerator / a.denominator;
  const exact = quotient * a.denominator === a.numerator;
  return fraction(exact || a.numerator > 0n ? quotient : quotient - 1n, 1n);
}

export function ceil(a: Rational): Rational | undefined {
  const below = floor(negate(a));
  return below === undefined ? undefined : negate(below);
}

/** The nearest whole number; halves go up, as `floor(a + 1/2)`. */
export function round(a: Rational): Rational | undefined {
  const shifted = add(a, { numerator: 1n, denominator: 2n });
  return shifted === undefined ? undefined : floor(shifted);
}

/** a - b * floor(a / b): the sign of b, as in Python; b must not be zero. */
export function modulo(a: Rational, b: Rational): Rational | undefined {
  const quotient = divide(a, b);
  const whole = quotient === undefined ? undefined : floor(quotient);
  const back = whole === undefined ? undefined : multiply(whole, b);
  return back === undefined ? undefined : subtract(a, back);
}

/** Negative, zero or positive as a is below, equal to or above b. */
export function compare(a: Rational, b: Rational): number {
  if (typeof a === "number" && typeof b === "number") return a < b ? -1 : a > b ? 1 : 0;
  const difference = numeratorOf(a) * denominatorOf(b) - numeratorOf(b) * denominatorOf(a);
  return difference < 0n ? -1 : difference > 0n ? 1 : 0;
}

export function isWhole(a: Rational): boolean {
  return typeof a === "number" || a.denominator === 1n;
}

/** The nearest float64. */
export function toNumber(a: Rational): number {
  if (typeof a === "number") return a;
  const direct = Number(a.numerator) / Number(a.denominator);
  // Numerator and denominator are below 2^1024, so only their quotient can leave the range; parse decimals for full precision.
  if (a.numerator < 1n << 53n && a.numerator > -(1n << 53n) && a.denominator < 1n << 53n) return direct;
  const scale = 10n ** 40n;
  const scaled = (a.numerator * scale) / a.denominator;
  return scaled === 0n ? direct : Number(`${scaled}e-40`);
}

const NUMBER = /^(\d[\d_]*)(?:\.(\d[\d_]*))?(?:[eE]([+-]?\d+))?([KMG])?$/;
const SUFFIXES: Readonly<Record<string, number>> = { K: 3, M: 6, G: 9 };

/** Most numbers are a few digits, and are read in every use of a block: a regular expression would take longer than the rest. */
function isDigits(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code < 48 || code > 57) return false;
  }
  return text !== "";
}

/** The value of a number as the language writes it (`64_000`, `1e-4`, `4.1G`); `undefined` when it is too large. */
export function parseRational(text: string): Rational | undefined {
  if (text.length < 16 && isDigits(text)) return Number(text);
  const match = NUMBER.exec(text);
  if (!match || text.length > 1000) return undefined;
  const whole = (match[1] as string).replaceAll("_", "");
  const decimals = (match[2] ?? "").replaceAll("_", "");
  const exponentText = match[3] ?? "0";
  if (exponentText.length > 5) return undefined;
  const exponent = Number(exponentText);
  if (Math.abs(exponent) > MAXIMUM_EXPONENT) return undefined;
  const power = exponent - decimals.length + (match[4] ? (SUFFIXES[match[4]] as number) : 0);
  const digits = BigInt(whole + decimals);
  return power >= 0 ? fraction(digits * 10n ** BigInt(power), 1n) : fraction(digits, 10n ** BigInt(-power));
}

/** As people write it: `6.25`, `1/3`, `25_557_032` without separators. */
export function formatRational(a: Rational): string {
  if (typeof a === "number") return String(a);
  if (a.denominator === 1n) return String(a.numerator);
  let rest = a.denominator;
  let places = 0;
  while (rest % 10n === 0n) (rest /= 10n), places++;
  while (rest % 5n === 0n) (rest /= 5n), places++;
  while (rest % 2n === 0n) (rest /= 2n), places++;
  if (rest !== 1n || places > 20) return `${a.numerator}/${a.denominator}`;
  const scaled = (a.numerator * 10n ** BigInt(places)) / a.denominator;
  const digits = String(scaled < 0n ? -scaled : scaled).padStart(places + 1, "0");
  const sign = scaled < 0n ? "-" : "";
  return `${sign}${digits.slice(0, -places)}.${digits.slice(-places)}`.replace(/\.?0+$/, "");
}
