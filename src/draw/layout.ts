import { placeBranches } from "./branches.ts";
import type { BranchLink } from "./branches.ts";
import { greatest, least } from "./extremes.ts";
import type { Box, Line, Picture } from "./picture.ts";
import { EMPTY } from "./pieces.ts";
import type { Pill, Piece, Point, Rect, Route } from "./pieces.ts";
import { linesFrom, nextOnChain, START } from "./regions.ts";
import { FONT, GAP, HEIGHT, PILL, WIDTH } from "./sizes.ts";
import { fittedText, textWidth } from "./text-width.ts";

/** What follows a box up to and with the next one that all ways pass; its top is the lower edge of the box before. */
export interface Row {
  readonly piece: Piece;
  /** The size of map that begins here, and how far below the row's top. */
  readonly begins: { readonly size: string; readonly y: number } | undefined;
}

/**
 * Gives every box a place, from top to bottom. What runs one below the other is stacked; only what branches is laid out by dagre, the
 * chains in it being one node each. So thousands of layers take as long as their branches, and identical blocks look the same.
 */
export function layoutRows(picture: Picture): readonly Row[] {
  const { boxes, lines } = picture;
  const next = nextOnChain(boxes.length, lines);
  const leaving = linesFrom(boxes.length, lines);
  const starts = boxes.map(() => true);
  for (const { to } of lines) starts[to] = false;
  const width = greatest(boxes.filter(({ kind }) => kind !== "join").flatMap(({ text }) => text.map((line) => Math.min(textWidth(line, FONT.text), WIDTH.text) + 2 * WIDTH.pad)), WIDTH.least);
  const hasOutputs = boxes.reduce((sum, box) => sum + box.outputs.length, 0) > 1;
  /** Room for what is said of a fold, beside its last box. */
  const folded = new Map(picture.folds.map((fold) => [greatest([...fold.boxes]), textWidth(foldText(fold.times), FONT.fold) + GAP.beside] as const));

  const nextOf = (box: number): number | undefined => (box === START ? next[boxes.length] : next[box]);
  const linesOf = (box: number): readonly Line[] =>
    box === START ? starts.flatMap((isStart, to) => (isStart ? [{ from: START, to, kind: "flow", text: undefined, details: [] } as const] : [])) : (leaving[box] ?? []);
  const sizeOf = (index: number): { readonly width: number; readonly height: number } => boxSize(boxes[index] as Box, width);

  /** A box with the names of the outputs it gives. */
  const boxPiece = (index: number): Piece => {
    if (index === START) return EMPTY;
    const box = boxes[index] as Box;
    const size = sizeOf(index);
    const rect: Rect = { x: -size.width / 2, y: 0, ...size };
    const pills = hasOutputs ? pillsOf(box, index, rect, leaving[index]?.length === 0) : [];
    const below = pills.filter(({ side }) => side === "below");
    const left = Math.max(size.width / 2, ...pills.map((pill) => -pill.rect.x));
    return { ...EMPTY, left, right: Math.max(size.width / 2, ...below.map((pill) => pill.rect.x + pill.rect.width)), height: Math.max(size.height, ...below.map((pill) => pill.rect.y + pill.rect.height)), boxes: [{ box: index, rect }], pills };
  };

  /** Lines that lead past a row: shortcuts, where there is another way. */
  const shortcutsOf = (from: number, to: number): readonly Line[] => {
    const own = linesOf(from);
    return own.every((line) => line.to === to && line.kind !== "flow") ? own.slice(1) : own.filter((line) => line.to === to && line.kind !== "flow");
  };

  /** Rows from the box after `first` to the last one of its chain. */
  const rowsAfter = (first: number): { readonly rows: readonly Row[]; readonly last: number } => {
    const rows: Row[] = [];
    let last = first;
    for (let to = nextOf(first); to !== undefined; to = nextOf(to)) {
      rows.push(rowOf(last, to));
      last = to;
    }
    return { rows, last };
  };

  const rowOf = (from: number, to: number): Row => {
    const region = regionOf(from, to);
    const target = boxPiece(to);
    const { routes, right } = around(shortcutsOf(from, to), Math.max(region.right, target.right, from === START ? 0 : sizeOf(from).width / 2), region.height, sizeOf(to));
    const piece: Piece = {
      ...EMPTY, left: Math.max(region.left, target.left), right: Math.max(region.right, target.right, right) + (folded.get(to) ?? 0), height: region.height + target.height,
      routes, pieces: [{ piece: region, x: 0, y: 0 }, { piece: target, x: 0, y: region.height }],
    };
    const { size } = boxes[to] as Box;
    const before = from === START ? undefined : boxes[from]?.size;
    return { piece, begins: size === undefined || size === before ? undefined : { size, y: topOf(piece, (box) => boxes[box]?.size === size) } };
  };

  /** A chain as one piece. */
  const chainPiece = (first: number): { readonly piece: Piece; readonly last: number } => {
    const { rows, last } = rowsAfter(first);
    return { piece: stacked([boxPiece(first), ...rows.map(({ piece }) => piece)]), last };
  };

  /** What lies between two boxes of a chain, with the lines that lead through; without `to`, all that follows. */
  const regionOf = (from: number, to: number | undefined): Piece => {
    const heads: number[] = [];
    const chains = new Map<number, ReturnType<typeof chainPiece>>();
    const visit = (box: number): void => {
      for (const { to: target } of linesOf(box)) {
        if (target === to || chains.has(target)) continue;
        chains.set(target, chainPiece(target));
        heads.push(target);
      }
    };
    visit(from);
    // The list grows while it is walked.
    for (const head of heads) visit(chains.get(head)?.last ?? head);
    heads.sort((a, b) => a - b);

    const pieces = heads.map((head) => chains.get(head)?.piece ?? EMPTY);
    const place = new Map(heads.map((head, index) => [head, index]));
    const [top, bottom] = [heads.length, heads.length + 1];
    if (to !== undefined) place.set(to, bottom);
    const shortcuts = new Set(to === undefined ? [] : shortcutsOf(from, to));
    const links = [from, ...heads].flatMap((head) =>
      linesOf(chains.get(head)?.last ?? head).filter((line) => !shortcuts.has(line)).map((line) => ({ line, from: head === from ? top : (place.get(head) ?? 0), to: place.get(line.to) ?? 0 })),
    );
    // What a shortcut option made stands beside the layers that it passes.
    const written = heads.filter((head) => boxes[head]?.isInserted === false);
    const main = written.length === 1 && heads.length > 1 ? heads.indexOf(written[0] ?? 0) : undefined;
    return arranged(pieces, links, { hasTop: from !== START, hasBottom: to !== undefined, main });
  };

  const { rows, last } = rowsAfter(START);
  const rest = linesOf(last).length > 0 ? [{ piece: regionOf(last, undefined), begins: undefined }] : [];
  return [...rows, ...rest];
}

/** `× 5` */
export const foldText = (times: number): string => `× ${times}`;

/** Pieces one below the other, on one axis. */
function stacked(pieces: readonly Piece[]): Piece {
  let height = 0;
  const placed = pieces.map((piece) => {
    const y = height;
    height += piece.height;
    return { piece, x: 0, y };
  });
  return { ...EMPTY, left: greatest(pieces.map(({ left }) => left), 0), right: greatest(pieces.map(({ right }) => right), 0), height, pieces: placed };
}

interface Ends {
  readonly hasTop: boolean;
  readonly hasBottom: boolean;
  /** The piece that stands on the axis; absent: what is above and below is in the middle. */
  readonly main: number | undefined;
}

interface PlacedLink extends BranchLink {
  readonly line: Line;
}

/** Pieces between a top and a bottom (the indices after theirs): one alone stands on the axis, several are branches. */
function arranged(pieces: readonly Piece[], links: readonly PlacedLink[], ends: Ends): Piece {
  const { hasTop, hasBottom } = ends;
  const [top, bottom] = [pieces.length, pieces.length + 1];
  const [only] = pieces;
  const isDirect = links.some((link) => link.from === top && link.to === bottom);
  const [above, below] = [hasTop ? GAP.box : 0, hasBottom ? GAP.box : 0];
  if (only === undefined || (pieces.length === 1 && !isDirect)) {
    const height = only === undefined ? (hasTop ? 1.5 * GAP.box : 0) : above + only.height + below;
    const edges = (index: number): { readonly enter: number; readonly leave: number } => (index === top ? { enter: 0, leave: 0 } : index === bottom ? { enter: height, leave: height } : { enter: above, leave: above + (only?.height ?? 0) });
    const drawn = hasTop ? links : links.filter(({ from }) => from !== top);
    const routes = drawn.map(({ line, from, to }): Route => ({ line, form: "smooth", points: [{ x: 0, y: edges(from).leave }, { x: 0, y: edges(to).enter }] }));
    return { ...EMPTY, left: only?.left ?? 0, right: only?.right ?? 0, height, routes, pieces: only ? [{ piece: only, x: 0, y: above }] : [] };
  }
  return branched(pieces, links, ends);
}

function branched(pieces: readonly Piece[], links: readonly PlacedLink[], { hasTop, hasBottom, main }: Ends): Piece {
  const point = { left: 8, right: 8, height: 0 };
  // Indices of what is there: the top and the bottom may be missing.
  const used = [...pieces.keys(), ...(hasTop ? [pieces.length] : []), ...(hasBottom ? [pieces.length + 1] : [])];
  const index = new Map(used.map((at, place) => [at, place]));
  const drawn = links.filter(({ from, to }) => index.has(from) && index.has(to));
  const { places, ways } = placeBranches(
    used.map((at) => (at < pieces.length ? widened(pieces[at] ?? EMPTY) : point)),
    drawn.map(({ from, to }) => ({ from: index.get(from) ?? 0, to: index.get(to) ?? 0 })),
    { count: pieces.length, gap: GAP.branches },
  );
  const placeAt = (at: number): Point => places[index.get(at) ?? 0] ?? { x: 0, y: 0 };
  const lowest = greatest(pieces.map((piece, at) => placeAt(at).y + piece.height));
  const origin: Point = hasTop ? { ...placeAt(pieces.length), ...(main === undefined ? {} : { x: placeAt(main).x }) } : { x: (least(places.map(({ x }) => x)) + greatest(places.map(({ x }) => x))) / 2, y: 0 };
  const height = (hasBottom ? placeAt(pieces.length + 1).y : lowest) - origin.y;
  const local = ({ x, y }: Point): Point => ({ x: x - origin.x, y: y - origin.y });
  const enter = (at: number): Point => (at === pieces.length + 1 ? { x: 0, y: height } : local(placeAt(at)));
  const leave = (at: number): Point => (at === pieces.length ? { x: 0, y: 0 } : { x: local(placeAt(at)).x, y: local(placeAt(at)).y + (pieces[at]?.height ?? 0) });
  const routes = drawn.map(({ line, from, to }, link): Route => ({ line, form: "smooth", points: distinct([leave(from), ...(ways[link] ?? []).slice(from === pieces.length ? 1 : 0, to === pieces.length + 1 ? -1 : undefined).map(local), enter(to)]) }));
  const reached = [...routes.flatMap(({ points }) => points.map(({ x }) => [-x, x] as const)), ...pieces.map((piece, at) => [piece.left - local(placeAt(at)).x, piece.right + local(placeAt(at)).x] as const)];
  return {
    ...EMPTY, left: greatest(reached.map(([left]) => left), 0), right: greatest(reached.map(([, right]) => right), 0), height, routes,
    pieces: pieces.map((piece, at) => ({ piece, ...local(placeAt(at)) })),
  };
}

const distinct = (points: readonly Point[]): readonly Point[] => points.filter(({ x, y }, index) => index === 0 || x !== points[index - 1]?.x || y !== points[index - 1]?.y);

/** With the room of a frame. */
const widened = ({ left, right, height }: Piece): { readonly left: number; readonly right: number; readonly height: number } => ({ left: left + GAP.frame, right: right + GAP.frame, height });

/** Shortcuts past a row on its right, each outside of the one before. */
function around(shortcuts: readonly Line[], reach: number, bottom: number, target: { readonly width: number; readonly height: number }): { readonly routes: readonly Route[]; readonly right: number } {
  let right = reach;
  const routes = shortcuts.map((line, index): Route => {
    const x = right + GAP.around;
    right = x + (line.text === undefined ? 0 : textWidth(line.text, FONT.small) + GAP.beside);
    const [start, end] = [GAP.box * 0.45, bottom + target.height / 2 + index * 4];
    return { line, form: "around", points: [{ x: 0, y: 0 }, { x: 0, y: start }, { x, y: start }, { x, y: end }, { x: target.width / 2, y: end }] };
  });
  return { routes, right };
}

function boxSize(box: Box, width: number): { readonly width: number; readonly height: number } {
  const [text = "", ...more] = box.text;
  if (box.kind === "join") return text.length === 1 ? { width: HEIGHT.sign, height: HEIGHT.sign } : { width: textWidth(text, FONT.text) + 2 * WIDTH.pad, height: HEIGHT.join };
  return { width, height: HEIGHT.box + more.length * HEIGHT.line };
}

/** Names of outputs: on the left, where the network goes on; else below. */
function pillsOf(box: Box, index: number, rect: Rect, isLast: boolean): readonly Pill[] {
  let [x, y] = [rect.x - PILL.away, rect.height + PILL.away];
  return box.outputs.map((output): Pill => {
    const name = fittedText(output, FONT.text, WIDTH.text);
    const width = textWidth(name, FONT.text) + 2 * PILL.pad;
    if (isLast) {
      const pill: Pill = { box: index, name, side: "below", rect: { x: -width / 2, y, width, height: PILL.height } };
      y += PILL.height + 4;
      return pill;
    }
    x -= width;
    const pill: Pill = { box: index, name, side: "left", rect: { x, y: (rect.height - PILL.height) / 2, width, height: PILL.height } };
    x -= 4;
    return pill;
  });
}

/** The top of the highest box on the axis that is asked for, found without putting everything in its place. */
function topOf(piece: Piece, isMeant: (box: number) => boolean): number {
  let top = Number.POSITIVE_INFINITY;
  const open = [{ piece, y: 0 }];
  for (let at = open.pop(); at !== undefined; at = open.pop()) {
    for (const { box, rect } of at.piece.boxes) if (isMeant(box)) top = Math.min(top, at.y + rect.y);
    for (const inner of at.piece.pieces) if (inner.x === 0) open.push({ piece: inner.piece, y: at.y + inner.y });
  }
  return top;
}
