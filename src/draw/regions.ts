import type { Line } from "./picture.ts";

/** Stands before the first boxes. */
export const START = -1;

/**
 * Where a picture can be cut. `next[box]` is the next box that every path from `box` passes, where every path to that one comes from
 * `box` in turn; what lies between them touches nothing else. `next[boxes.length]` belongs to {@link START}; absent: paths end apart.
 * Work: n log n for n boxes and lines.
 */
export function nextOnChain(count: number, lines: readonly Line[]): readonly (number | undefined)[] {
  // Places in a list: the start is 0, box i is i + 1, the end is last.
  const end = count + 1;
  const before: number[][] = Array.from({ length: count + 2 }, () => []);
  const after: number[][] = Array.from({ length: count + 2 }, () => []);
  const connect = (from: number, to: number): void => {
    before[to]?.push(from);
    after[from]?.push(to);
  };
  for (const { from, to } of lines) connect(from + 1, to + 1);
  for (let place = 1; place <= count; place++) {
    if (before[place]?.length === 0) connect(0, place);
    if (after[place]?.length === 0) connect(place, end);
  }
  const dominator = dominators(before);
  // The same from the other side: the end becomes the start.
  const mirrored = dominators([...after].reverse().map((places) => places.map((place) => end - place)));
  const nextOf = (place: number): number | undefined => {
    const next = end - (mirrored[end - place] ?? 0);
    return next < end && dominator[next] === place ? next - 1 : undefined;
  };
  return [...Array.from({ length: count }, (_, box) => nextOf(box + 1)), nextOf(0)];
}

/** For each place the last one that all paths from place 0 pass before it; `before` is in topological order. */
function dominators(before: readonly (readonly number[])[]): readonly number[] {
  const parent = [0];
  const depth = [0];
  // Long steps towards the root, so that far ancestors are found in log n (Myers 1983).
  const jump = [0];
  const at = (list: readonly number[], place: number): number => list[place] ?? 0;
  const common = (one: number, other: number): number => {
    let [a, b] = at(depth, one) >= at(depth, other) ? [one, other] : [other, one];
    while (at(depth, a) > at(depth, b)) a = at(depth, at(jump, a)) >= at(depth, b) ? at(jump, a) : at(parent, a);
    while (a !== b) [a, b] = at(jump, a) === at(jump, b) ? [at(parent, a), at(parent, b)] : [at(jump, a), at(jump, b)];
    return a;
  };
  for (let place = 1; place < before.length; place++) {
    const [first = 0, ...others] = before[place] ?? [];
    const found = others.reduce(common, first);
    const far = at(jump, found);
    parent[place] = found;
    depth[place] = at(depth, found) + 1;
    jump[place] = at(depth, found) - at(depth, far) === at(depth, far) - at(depth, at(jump, far)) ? at(jump, far) : found;
  }
  return parent;
}

/** Lines by the box they leave. */
export function linesFrom(count: number, lines: readonly Line[]): readonly (readonly Line[])[] {
  const leaving: Line[][] = Array.from({ length: count }, () => []);
  for (const line of lines) leaving[line.from]?.push(line);
  return leaving;
}

/** Boxes between `from` and `to` (not included), which {@link nextOnChain} found to be a pair. */
export function between(from: number, to: number, leaving: readonly (readonly Line[])[]): readonly number[] {
  const found = new Set<number>();
  const open = [from];
  for (let box = open.pop(); box !== undefined; box = open.pop()) {
    for (const line of leaving[box] ?? []) {
      if (line.to === to || found.has(line.to)) continue;
      found.add(line.to);
      open.push(line.to);
    }
  }
  return [...found].sort((a, b) => a - b);
}
