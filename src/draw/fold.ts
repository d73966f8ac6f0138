import type { Box, Fold, Line, Picture } from "./picture.ts";
import { between, linesFrom, nextOnChain, START } from "./regions.ts";

/** Boxes in a row that belong to one block (or one box without a block), after the box `entry`. */
interface Group {
  readonly entry: number;
  /** All boxes, in order; the last is the one that everything leads to. */
  readonly boxes: readonly number[];
  readonly exit: number;
  /** What must be equal for two groups to be drawn as one. */
  readonly signature: string;
}

/**
 * Identical blocks in a row drawn once: the same layers with the same sizes, wired alike, in the same stage. The first stays, with the
 * lines and outputs that the last one had.
 */
export function folded(picture: Picture): Picture {
  const { boxes, lines } = picture;
  const next = nextOnChain(boxes.length, lines);
  const leaving = linesFrom(boxes.length, lines);
  const entering: Line[][] = boxes.map(() => []);
  for (const line of lines) entering[line.to]?.push(line);
  /** For a box that is left out, the one that stands for it; `undefined` where none does. */
  const standsFor = new Map<number, number | undefined>();
  const folds: Fold[] = [];
  const isFollower = new Set(next.filter((box) => box !== undefined));
  const heads = [START, ...boxes.keys()].filter((box) => !isFollower.has(box));

  // From the outside in: what is inside of a block that is left out needs no look.
  for (const head of heads) {
    if (standsFor.has(head)) continue;
    const groups = groupsAfter(head, { boxes, next, leaving, entering });
    for (let index = 0; index < groups.length; ) {
      const first = groups[index] as Group;
      let times = 1;
      for (let other = groups[index + times]; other && continues(groups[index + times - 1] as Group, other, boxes); other = groups[index + times]) times++;
      if (times > 1) {
        const run = groups.slice(index, index + times);
        for (const { boxes: left, exit } of run.slice(1)) for (const box of left) standsFor.set(box, box === exit ? first.exit : undefined);
        const last = run.at(-1) as Group;
        const nameOf = (group: Group): string | undefined => boxes[group.exit]?.unit ?? boxes[group.exit]?.layers[0];
        folds.push({ times, boxes: new Set(first.boxes), first: nameOf(first), last: nameOf(last) });
      }
      index += times;
    }
  }
  return without(picture, standsFor, folds);
}

interface Surroundings {
  readonly boxes: readonly Box[];
  readonly next: readonly (number | undefined)[];
  readonly leaving: readonly (readonly Line[])[];
  readonly entering: readonly (readonly Line[])[];
}

function groupsAfter(head: number, { boxes, next, leaving, entering }: Surroundings): readonly Group[] {
  const spans: { entry: number; boxes: number[]; exit: number }[] = [];
  for (let from = head, to = next[head === START ? boxes.length : head]; to !== undefined; from = to, to = next[to]) {
    const own = [...(from === START ? [] : between(from, to, leaving)), to];
    const last = spans.at(-1);
    const unit = boxes[to]?.unit;
    if (last && unit !== undefined && unit === boxes[last.exit]?.unit) {
      last.boxes.push(...own);
      last.exit = to;
    } else spans.push({ entry: from, boxes: own, exit: to });
  }
  return spans.map((span) => {
    const places = new Map(span.boxes.map((box, place) => [box, place]));
    const signature = span.boxes.map((index) => {
      const box = boxes[index];
      const inputs = (entering[index] ?? []).map(({ from, kind, text }) => `${from === span.entry ? "entry" : (places.get(from) ?? "?")} ${kind} ${text ?? ""}`).sort();
      return [box?.kind, box?.stage, box?.signature, ...inputs].join("|");
    });
    return { ...span, signature: signature.join("||") };
  });
}

/** True where the second can be drawn as the first: outputs leave from the end of the last one only. */
function continues(before: Group, after: Group, boxes: readonly Box[]): boolean {
  const isPlain = before.boxes.every((box) => boxes[box]?.outputs.length === 0);
  const isPlainInside = after.boxes.every((box) => box === after.exit || boxes[box]?.outputs.length === 0);
  return isPlain && isPlainInside && before.signature === after.signature;
}

function without(picture: Picture, standsFor: ReadonlyMap<number, number | undefined>, folds: readonly Fold[]): Picture {
  const kept = [...picture.boxes.keys()].filter((box) => !standsFor.has(box));
  const places = new Map(kept.map((box, place) => [box, place]));
  const outputs = new Map<number, readonly string[]>();
  for (const [box, standIn] of standsFor) {
    const own = picture.boxes[box]?.outputs ?? [];
    if (standIn !== undefined && own.length > 0) outputs.set(standIn, own);
  }
  const lines = picture.lines.flatMap((line): readonly Line[] => {
    const from = places.get(standsFor.get(line.from) ?? line.from);
    const to = places.get(line.to);
    return from === undefined || to === undefined ? [] : [{ ...line, from, to }];
  });
  return {
    ...picture,
    boxes: kept.map((box): Box => ({ ...(picture.boxes[box] as Box), outputs: outputs.get(box) ?? picture.boxes[box]?.outputs ?? [] })),
    lines,
    folds: folds.filter(({ boxes }) => [...boxes].every((box) => places.has(box))).map((fold) => ({ ...fold, boxes: new Set([...fold.boxes].map((box) => places.get(box) ?? 0)) })),
  };
}
