/**
 * Quantiles of the standard normal distribution at equally likely steps, for turning random bits into normal values
 * without a logarithm, a cosine or an exponential: those differ in the last bits between machines, + − × ÷ do not.
 *
 * The quantile q(p) solves q' = √(2π) · exp(q² / 2) with q(1/2) = 0. With g = q' that is the polynomial system
 *
 *     q' = g        g' = q · g²
 *
 * so its Taylor coefficients follow from products of series alone. The radius of convergence is about 1 - p; steps of at
 * most a sixteenth of that give q to 1e-11 below 3.3, to 1e-8 below 5 and to 1e-6 at the end, finer than a float32 shows.
 *
 * The bulk divides the upper half [1/2, 1) into {@link BULK_CELLS} cells. Its last cell, where the quantile runs to
 * infinity, is divided again into {@link TAIL_CELLS}, the last of those again, and once more. The very last cell has a
 * probability of 2^-32 in each half; there the table ends at the quantile of its middle.
 */
export interface NormalTable {
  /**
   * 2 · BULK_CELLS + 1 quantiles; entry i is q(i / (2 · BULK_CELLS)). The lower half is the upper one mirrored, so that
   * no value needs a branch for its sign (a branch that is wrong every second time). First and last are infinite.
   */
  readonly bulk: Float64Array;
  /** The upper tail: TAIL_LEVELS times TAIL_CELLS quantiles and the end of the last cell. The last cell of a level is the next level. */
  readonly tail: Float64Array;
}

export const BULK_BITS = 10;
export const BULK_CELLS = 1 << BULK_BITS;
export const TAIL_CELLS = 128;
export const TAIL_LEVELS = 3;

const SQUARE_ROOT_OF_2_PI = 2.5066282746310007;
const HIGHEST_ORDER = 11;
const STEPS_TO_THE_END = 16;

/** Terms shrink about as fast as powers of 1 / remaining, where `remaining` steps are left to p = 1. */
function orderFor(remaining: number): number {
  if (remaining > 400) return 5;
  return remaining > 60 ? 7 : HIGHEST_ORDER;
}

let made: NormalTable | undefined;

/** The table, made on first use in a few milliseconds. */
export function normalTable(): NormalTable {
  return (made ??= makeTable());
}

function makeTable(): NormalTable {
  const room = (): Float64Array => new Float64Array(HIGHEST_ORDER + 1);
  const state = { quantile: 0, slope: SQUARE_ROOT_OF_2_PI, q: room(), g: room(), qg: room() };
  const bulk = new Float64Array(2 * BULK_CELLS + 1);
  fillLevel(state, bulk.subarray(BULK_CELLS, 2 * BULK_CELLS), 0.5);
  bulk[2 * BULK_CELLS] = Infinity;
  for (let cell = 0; cell < BULK_CELLS; cell++) bulk[cell] = -(bulk[2 * BULK_CELLS - cell] as number);

  const tail = new Float64Array(TAIL_LEVELS * TAIL_CELLS + 1);
  let rest = 0.5 / BULK_CELLS;
  for (let level = 0; level < TAIL_LEVELS; level++) {
    fillLevel(state, tail.subarray(level * TAIL_CELLS, (level + 1) * TAIL_CELLS), rest);
    rest /= TAIL_CELLS;
  }
  integrate(state, rest / 2, STEPS_TO_THE_END, HIGHEST_ORDER);
  tail[TAIL_LEVELS * TAIL_CELLS] = state.quantile;
  return { bulk, tail };
}

interface State {
  quantile: number;
  slope: number;
  /** Room for the coefficients of q, q' and q · q'. */
  readonly q: Float64Array;
  readonly g: Float64Array;
  readonly qg: Float64Array;
}

/** The quantiles at which the cells of one level begin, `rest` being their probability; moves on to the last cell. */
function fillLevel(state: State, level: Float64Array, rest: number): void {
  const width = rest / level.length;
  for (let cell = 0; cell < level.length; cell++) {
    level[cell] = state.quantile;
    const remaining = level.length - cell;
    if (remaining > 1) integrate(state, width, Math.ceil(STEPS_TO_THE_END / remaining), orderFor(remaining));
  }
}

/** Moves `state` by `width` of probability in equal steps; the series are in units of one step. */
function integrate(state: State, width: number, steps: number, order: number): void {
  const { q, g, qg } = state;
  const step = width / steps;
  for (let done = 0; done < steps; done++) {
    q[0] = state.quantile;
    g[0] = state.slope * step;
    let quantile = state.quantile;
    let slope = g[0];
    for (let n = 0; n < order; n++) {
      let once = 0;
      for (let i = 0; i <= n; i++) once += (q[i] as number) * (g[n - i] as number);
      qg[n] = once;
      let twice = 0;
      for (let i = 0; i <= n; i++) twice += (qg[i] as number) * (g[n - i] as number);
      q[n + 1] = (g[n] as number) / (n + 1);
      g[n + 1] = twice / (n + 1);
      quantile += q[n + 1] as number;
      slope += g[n + 1] as number;
    }
    state.quantile = quantile;
    state.slope = slope / step;
  }
}
