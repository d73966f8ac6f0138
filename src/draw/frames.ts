import { greatest, least } from "./extremes.ts";
import type { Box, Picture } from "./picture.ts";
import type { Flat, Rect } from "./pieces.ts";

/** A line around the boxes of a stage, of a block, or of blocks that are drawn once. */
export interface Frame {
  readonly kind: "stage" | "unit" | "fold";
  readonly rect: Rect;
  /** The path of the stage or block; for a fold, of the first and the last block. */
  readonly name: string;
  /** For a fold, how many blocks it stands for. */
  readonly times: number;
}

/** Room between a frame and what is in it. */
const PAD = { stage: 8, unit: 4, fold: 6 };
/** For the name of a stage, on its left. */
const NAME = 15;

/** Frames from the outside in. One that would hold a box of another stage or block as well is left out. */
export function framesOf({ boxes, folds }: Picture, { rects, routes }: Flat): readonly Frame[] {
  const byTop = [...rects].map(([box, rect]) => ({ box, rect })).sort((a, b) => a.rect.y - b.rect.y);
  const tallest = greatest(byTop.map(({ rect }) => rect.height), 0);
  const reach = new Map<number, number>();
  for (const { line, form, points } of routes) {
    if (form === "around") reach.set(line.to, greatest(points.map(({ x }) => x), reach.get(line.to)));
  }
  const frame = (kind: Frame["kind"], held: ReadonlySet<number>, name: string, times: number): readonly Frame[] => {
    if (held.size < 2 && kind !== "fold") return [];
    const own = [...held].flatMap((box) => rects.get(box) ?? []);
    const left = least(own.map(({ x }) => x)) - PAD[kind] - (kind === "stage" ? NAME : 0);
    const right = greatest([...held].map((box) => reach.get(box) ?? Number.NEGATIVE_INFINITY), greatest(own.map(({ x, width }) => x + width))) + PAD[kind];
    const top = least(own.map(({ y }) => y)) - PAD[kind];
    const bottom = greatest(own.map(({ y, height }) => y + height)) + PAD[kind];
    const rect = { x: left, y: top, width: right - left, height: bottom - top };
    for (let at = firstBelow(byTop, top - tallest); at < byTop.length; at++) {
      const other = byTop[at] as (typeof byTop)[number];
      if (other.rect.y > bottom) break;
      if (!held.has(other.box) && overlap(rect, other.rect)) return [];
    }
    return [{ kind, rect, name, times }];
  };
  const inUnit = (box: Box): string | undefined => (box.unit === box.stage ? undefined : box.unit);
  return [
    ...[...held(boxes, ({ stage }) => stage)].flatMap(([name, own]) => frame("stage", own, name, 1)),
    ...[...held(boxes, inUnit)].flatMap(([name, own]) => frame("unit", own, name, 1)),
    ...folds.flatMap(({ boxes: own, times, first, last }) => frame("fold", own, [first, last].filter((path) => path !== undefined).join(" to "), times)),
  ];
}

export function overlap(a: Rect, b: Rect): boolean {
  return a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;
}

function held(boxes: readonly Box[], nameOf: (box: Box) => string | undefined): ReadonlyMap<string, ReadonlySet<number>> {
  const sets = new Map<string, Set<number>>();
  boxes.forEach((box, index) => {
    const name = nameOf(box);
    if (name !== undefined) (sets.get(name) ?? sets.set(name, new Set()).get(name))?.add(index);
  });
  return sets;
}

/** The first of the list whose top is at `y` or below. */
function firstBelow(byTop: readonly { readonly rect: Rect }[], y: number): number {
  let [low, high] = [0, byTop.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((byTop[middle]?.rect.y ?? 0) < y) low = middle + 1;
    else high = middle;
  }
  return low;
}
