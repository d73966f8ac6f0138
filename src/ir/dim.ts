import { invariant } from "../base/assert.ts";
import * as rational from "../base/rational.ts";
import type { Rational } from "../base/rational.ts";

/** A dimension: a known size, or an expression over symbols such as `ceil(H / 4)` in normal form. */
export type Dim = number | SymbolicDim;

/** constant + sum of coefficient * atom; atoms sorted by key, no zero coefficient, at least one term. */
export interface SymbolicDim {
  readonly terms: readonly Term[];
  readonly constant: Rational;
  /** Equal keys are equal dimensions. */
  readonly key: string;
}

interface Term {
  readonly coefficient: Rational;
  readonly atom: Atom;
}

/** A symbol, or the floor of an integer form over a divisor. */
type Atom =
  | { readonly kind: "symbol"; readonly name: string; readonly key: string }
  | { readonly kind: "floor"; readonly numerator: SymbolicDim; readonly divisor: number; readonly key: string };

/** What is known of a symbol: `H % 16 == 0` is { modulus: 16, remainder: 0 }. */
export interface SymbolFact {
  readonly modulus: number;
  readonly remainder: number;
  readonly minimum: number;
}

/** Facts by symbol, from the `require`s of the network. */
export type Facts = ReadonlyMap<string, SymbolFact>;

export const NO_FACTS: Facts = new Map();

/** Exact arithmetic on coefficients; sizes are far below the limit, so passing it is a bug. */
function exact(value: Rational | undefined): Rational {
  invariant(value !== undefined, "a dimension's coefficient left the range of exact numbers");
  return value;
}

function make(terms: readonly Term[], constant: Rational): Dim {
  const byKey = new Map<string, Term>();
  for (const term of terms) {
    const known = byKey.get(term.atom.key);
    const coefficient = known ? exact(rational.add(known.coefficient, term.coefficient)) : term.coefficient;
    byKey.set(term.atom.key, { coefficient, atom: term.atom });
  }
  const kept = [...byKey.values()].filter((term) => term.coefficient !== 0);
  if (kept.length === 0 && typeof constant === "number") return constant;
  kept.sort((a, b) => (a.atom.key < b.atom.key ? -1 : 1));
  const parts = kept.map((term) => `${rational.formatRational(term.coefficient)}*${term.atom.key}`);
  return { terms: kept, constant, key: `(${[...parts, rational.formatRational(constant)].join("+")})` };
}

const termsOf = (dim: Dim): readonly Term[] => (typeof dim === "number" ? [] : dim.terms);
const constantOf = (dim: Dim): Rational => (typeof dim === "number" ? dim : dim.constant);

/** The symbol of this name. */
export function symbolDim(name: string): SymbolicDim {
  return make([{ coefficient: 1, atom: { kind: "symbol", name, key: name } }], 0) as SymbolicDim;
}

export function isSymbolic(dim: Dim): dim is SymbolicDim {
  return typeof dim !== "number";
}

export function addDims(a: Dim, b: Dim): Dim {
  if (typeof a === "number" && typeof b === "number") return a + b;
  return make([...termsOf(a), ...termsOf(b)], exact(rational.add(constantOf(a), constantOf(b))));
}

/** dim * factor. */
export function scaleDim(dim: Dim, factor: Rational): Dim {
  if (typeof dim === "number" && typeof factor === "number") return dim * factor;
  const terms = termsOf(dim).map((term) => ({ ...term, coefficient: exact(rational.multiply(term.coefficient, factor)) }));
  return make(terms, exact(rational.multiply(constantOf(dim), factor)));
}

export function subtractDims(a: Dim, b: Dim): Dim {
  return addDims(a, scaleDim(b, -1));
}

/** a * b; `undefined` when both are symbolic. */
export function multiplyDims(a: Dim, b: Dim): Dim | undefined {
  if (typeof a === "number") return scaleDim(b, a);
  return typeof b === "number" ? scaleDim(a, b) : undefined;
}

function gcd(a: number, b: number): number {
  let x = Math.abs(a);
  let y = Math.abs(b);
  while (y > 0) [x, y] = [y, x % y];
  return x;
}

/** floor(dim / divisor) in normal form; nested floors merge, whole multiples come out. */
export function floorDivide(dim: Dim, divisor: number): Dim {
  invariant(Number.isSafeInteger(divisor) && divisor > 0, "a dimension is divided by a positive whole number");
  if (typeof dim === "number") return Math.floor(dim / divisor);
  const common = commonDenominator(dim);
  if (common !== 1) return floorDivide(scaleDim(dim, common), divisor * common);

  const outside: Term[] = [];
  const inside: Term[] = [];
  for (const term of dim.terms) {
    const coefficient = term.coefficient as number;
    if (coefficient % divisor === 0) outside.push({ ...term, coefficient: coefficient / divisor });
    else inside.push(term);
  }
  const constant = dim.constant as number;
  const quotient = Math.floor(constant / divisor);
  const remainder = constant - quotient * divisor;
  const rest = make(outside, quotient);
  if (inside.length === 0) return rest;

  const shared = inside.reduce((sofar, term) => gcd(sofar, term.coefficient as number), divisor);
  const reduced = inside.map((term) => ({ ...term, coefficient: (term.coefficient as number) / shared }));
  const smallRemainder = Math.floor(remainder / shared);
  const smallDivisor = divisor / shared;
  const only = reduced.length === 1 ? reduced[0] : undefined;
  if (only && only.coefficient === 1 && only.atom.kind === "floor") {
    const { numerator, divisor: inner } = only.atom;
    return addDims(rest, floorDivide(addDims(numerator, smallRemainder * inner), inner * smallDivisor));
  }
  const numerator = make(reduced, smallRemainder) as SymbolicDim;
  const atom: Atom = { kind: "floor", numerator, divisor: smallDivisor, key: `floor${numerator.key}/${smallDivisor}` };
  return addDims(rest, make([{ coefficient: 1, atom }], 0));
}

/** ceil(dim / divisor) of a whole dimension. */
export function ceilDivide(dim: Dim, divisor: number): Dim {
  return floorDivide(addDims(dim, divisor - 1), divisor);
}

function commonDenominator(dim: SymbolicDim): number {
  let common = 1;
  for (const value of [...dim.terms.map((term) => term.coefficient), dim.constant]) {
    if (typeof value === "number") continue;
    const denominator = Number(value.denominator);
    common = (common / gcd(common, denominator)) * denominator;
  }
  return common;
}

/** The dimension with what is known of its symbols worked in: under `H % 2 == 0`, 2 * floor(H / 2) is H. */
export function simplifyDim(dim: Dim, facts: Facts): Dim {
  if (typeof dim === "number" || facts.size === 0) return dim;
  let result: Dim = make([], dim.constant);
  for (const { coefficient, atom } of dim.terms) {
    const value = atom.kind === "symbol" ? make([{ coefficient: 1, atom }], 0) : simplifyFloor(atom, facts);
    result = addDims(result, scaleDim(value, coefficient));
  }
  return result;
}

function simplifyFloor(atom: Extract<Atom, { kind: "floor" }>, facts: Facts): Dim {
  const numerator = simplifyDim(atom.numerator, facts);
  if (typeof numerator === "number") return Math.floor(numerator / atom.divisor);
  let outside: Dim = 0;
  let inside: Dim = make([], numerator.constant);
  for (const term of numerator.terms) {
    const fact = term.atom.kind === "symbol" ? facts.get(term.atom.name) : undefined;
    const step = fact && exact(rational.multiply(term.coefficient, fact.modulus));
    const value = make([term], 0);
    if (fact && typeof step === "number" && step % atom.divisor === 0) {
      // coefficient * symbol = step * k + coefficient * remainder, and step is a multiple of the divisor
      const fixed = exact(rational.multiply(term.coefficient, fact.remainder));
      inside = addDims(inside, make([], fixed));
      outside = addDims(outside, scaleDim(subtractDims(value, make([], fixed)), exact(rational.divide(1, atom.divisor))));
    } else {
      inside = addDims(inside, value);
    }
  }
  return addDims(outside, floorDivide(inside, atom.divisor));
}

/** True when both are provably the same size. */
export function sameDim(a: Dim, b: Dim, facts: Facts = NO_FACTS): boolean {
  if (a === b) return true;
  if (typeof a === "number" && typeof b === "number") return false;
  const difference = simplifyDim(subtractDims(a, b), facts);
  return difference === 0;
}

/** The least value a dimension can have when every symbol is at least 1 (or its known minimum). */
export function leastDim(dim: Dim, facts: Facts): number {
  if (typeof dim === "number") return dim;
  let least = rational.toNumber(dim.constant);
  for (const { coefficient, atom } of dim.terms) {
    const factor = rational.toNumber(coefficient);
    if (factor < 0) return -Infinity;
    const smallest =
      atom.kind === "symbol" ? (facts.get(atom.name)?.minimum ?? 1) : Math.floor(leastDim(atom.numerator, facts) / atom.divisor);
    least += factor * smallest;
  }
  return least;
}

/** The sign of a - b where it is the same for all sizes; `undefined` where it is not known. */
export function compareDims(a: Dim, b: Dim, facts: Facts): -1 | 0 | 1 | undefined {
  if (typeof a === "number" && typeof b === "number") return a < b ? -1 : a > b ? 1 : 0;
  const difference = simplifyDim(subtractDims(a, b), facts);
  if (typeof difference === "number") return Math.sign(difference) as -1 | 0 | 1;
  if (leastDim(difference, facts) > 0) return 1;
  return leastDim(scaleDim(difference, -1), facts) > 0 ? -1 : undefined;
}

/** True where a is provably b or more, whatever the sizes. */
export function isAtLeast(a: Dim, b: Dim, facts: Facts): boolean {
  return leastDim(simplifyDim(subtractDims(a, b), facts), facts) >= 0;
}

/** The dimension with symbols replaced by sizes or other dimensions. */
export function substituteDim(dim: Dim, bindings: ReadonlyMap<string, Dim>): Dim {
  if (typeof dim === "number" || bindings.size === 0) return dim;
  let result: Dim = make([], dim.constant);
  for (const { coefficient, atom } of dim.terms) {
    const value: Dim =
      atom.kind === "symbol"
        ? (bindings.get(atom.name) ?? make([{ coefficient: 1, atom }], 0))
        : floorDivide(substituteDim(atom.numerator, bindings), atom.divisor);
    result = addDims(result, scaleDim(value, coefficient));
  }
  return result;
}

/** The names of the symbols in a dimension. */
export function symbolsOf(dim: Dim, into: Set<string> = new Set()): Set<string> {
  for (const { atom } of termsOf(dim)) {
    if (atom.kind === "symbol") into.add(atom.name);
    else symbolsOf(atom.numerator, into);
  }
  return into;
}

/** As people write it: `ceil(H / 4)`, `2 * floor(H / 2)`, `H - 2`. */
export function formatDim(dim: Dim): string {
  if (typeof dim === "number") return String(dim);
  const parts = dim.terms.map(({ coefficient, atom }) => {
    const name = formatAtom(atom);
    if (coefficient === 1) return name;
    if (coefficient === -1) return `-${name}`;
    if (typeof coefficient !== "number" && coefficient.numerator === 1n) return `${name} / ${coefficient.denominator}`;
    return `${rational.formatRational(coefficient)} * ${name}`;
  });
  if (dim.constant !== 0) parts.push(rational.formatRational(dim.constant));
  return parts.join(" + ").replaceAll("+ -", "- ");
}

function formatAtom(atom: Atom): string {
  if (atom.kind === "symbol") return atom.name;
  const { numerator, divisor } = atom;
  const rounded = subtractDims(numerator, divisor - 1);
  const up = numerator.constant === divisor - 1;
  const inner = up ? rounded : numerator;
  const text = formatDim(inner);
  const simple = typeof inner === "number" || (inner.terms.length === 1 && inner.constant === 0);
  return `${up ? "ceil" : "floor"}(${simple ? text : `(${text})`} / ${divisor})`;
}

/** The greatest whole size not above a fraction such as H / 8. */
export function floorDim(dim: Dim): Dim {
  return floorDivide(dim, 1);
}

/** The least whole size not below a fraction such as H / 8. */
export function ceilDim(dim: Dim): Dim {
  if (typeof dim === "number") return Math.ceil(dim);
  const common = commonDenominator(dim);
  return ceilDivide(scaleDim(dim, common), common);
}

/** `{ symbol, offset }` when the dimension is a symbol plus a whole number, as facts speak of. */
export function symbolPlusOffset(dim: Dim): { readonly symbol: string; readonly offset: number } | undefined {
  if (typeof dim === "number" || dim.terms.length !== 1 || typeof dim.constant !== "number") return undefined;
  const only = dim.terms[0];
  if (only === undefined || only.coefficient !== 1 || only.atom.kind !== "symbol") return undefined;
  return { symbol: only.atom.name, offset: dim.constant };
}
