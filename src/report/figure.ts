/** A number of points joined by a line. */
export interface Curve {
  readonly name: string;
  /** In the order of x. */
  readonly points: readonly (readonly [x: number, y: number])[];
  /** A place in the row of colours; curves that belong together have one. */
  readonly colour: number;
  readonly look: Look;
}

/** The paper's Fig. 6 has bold lines for test errors, dashed ones for training errors. */
export type Look = "bold" | "thin" | "dashed";

export interface Axis {
  readonly title: string;
  readonly from: number;
  readonly to: number;
  readonly scale?: "logarithmic";
}

/** One diagram. */
export interface Panel {
  readonly title: string;
  readonly x: Axis;
  readonly y: Axis;
  readonly curves: readonly Curve[];
}

/** Diagrams side by side. */
export interface Figure {
  readonly title: string;
  readonly panels: readonly Panel[];
  /** Panels of a row; the others stand below. */
  readonly columns: number;
  /** A sentence below them. */
  readonly note?: string;
}

/** So many points and no more are worth drawing on the width of a panel. */
const DRAWN = 400;

/**
 * Fewer points, each the mean of as many that follow one another: a long training has more than a picture shows.
 *
 * @param points in the order of x
 */
export function thinned(points: Curve["points"], most = DRAWN): Curve["points"] {
  const size = Math.ceil(points.length / most);
  if (size <= 1) return points;
  const groups = Math.ceil(points.length / size);
  return Array.from({ length: groups }, (_, group) => {
    const part = points.slice(group * size, (group + 1) * size);
    const last = part.at(-1) as Curve["points"][number];
    return [last[0], part.reduce((sum, [, y]) => sum + y, 0) / part.length] as const;
  });
}
