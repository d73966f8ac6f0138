import { greatest } from "./extremes.ts";
import { framesOf } from "./frames.ts";
import type { Frame } from "./frames.ts";
import { layoutRows } from "./layout.ts";
import type { Row } from "./layout.ts";
import type { Picture } from "./picture.ts";
import { flatten } from "./pieces.ts";
import type { Flat, Piece } from "./pieces.ts";
import { FONT } from "./sizes.ts";
import { textWidth } from "./text-width.ts";

/** A network with everything in its place. */
export interface Column extends Flat {
  readonly picture: Picture;
  readonly frames: readonly Frame[];
  /** Where the middle of its name is. */
  readonly axis: number;
}

/** `output size: 56`, at the height of the first box that has it. */
export interface SizeLabel {
  readonly text: string;
  readonly x: number;
  readonly y: number;
}

/** Networks side by side. */
export interface Scene {
  readonly width: number;
  readonly height: number;
  readonly columns: readonly Column[];
  readonly labels: readonly SizeLabel[];
}

const MARGIN = 14;
const TITLE = 34;
/** Around the boxes of a network: frames reach beyond them. */
const SIDE = 26;
const LABEL = "size: ";

/**
 * Places networks side by side. Where the maps of all of them shrink from top to bottom, layers of the same output size begin at the
 * same height and the sizes are said once, as in Fig. 3 of He et al. 2015.
 */
export function sceneOf(pictures: readonly Picture[]): Scene {
  const all = pictures.map(layoutRows);
  const offsets = areComparable(all) ? aligned(all) : all.map((rows) => rows.map(() => 0));
  const isShared = all.length === 1 || areComparable(all);
  const labels: SizeLabel[] = [];
  const columns: Column[] = [];
  let x = MARGIN;
  let height = 0;
  all.forEach((rows, index) => {
    const picture = pictures[index] as Picture;
    const { pieces, ends, begins } = placedRows(rows, offsets[index] ?? []);
    const labelled = isShared && index > 0 ? [] : isShared ? mergedLabels(all.map((each, at) => placedRows(each, offsets[at] ?? []).begins)) : begins;
    const gutter = greatest(labelled.map(({ size }) => textWidth(`${LABEL}${size}`, FONT.text)), 0);
    const title = textWidth(picture.name, FONT.title) / 2;
    const reach = (upTo: number): number => SIDE + greatest(rows.slice(0, upTo).map(({ piece }) => piece.left), 0);
    // Sizes stand beside the rows that have them: branches further below may reach under them.
    const beside = all.length > 1 ? reach(rows.length) : reach(rows.findLastIndex((row) => row.begins !== undefined) + 1);
    const left = Math.max(title, reach(rows.length), labelled.length > 0 ? beside + gutter + 8 : 0);
    labels.push(...labelled.map(({ size, y }) => ({ text: size, x: x + left - beside - 8, y: y + MARGIN + TITLE })));
    const right = Math.max(title, SIDE / 2 + greatest(rows.map(({ piece }) => piece.right), 0));
    const flat: Flat = { rects: new Map(), pills: [], routes: [] };
    for (const { piece, y } of pieces) flatten(piece, { x: x + left, y: y + MARGIN + TITLE }, flat);
    columns.push({ ...flat, picture, frames: framesOf(picture, flat), axis: x + left });
    x += left + right + 12;
    height = Math.max(height, ends);
  });
  return { width: Math.ceil(x + MARGIN - 12), height: Math.ceil(height + 2 * MARGIN + TITLE), columns, labels };
}

interface Begin {
  readonly size: string;
  readonly y: number;
}

/** Rows from the top down, each below so much free space; lines from above grow with it. */
function placedRows(rows: readonly Row[], offsets: readonly number[]): { readonly pieces: readonly { readonly piece: Piece; readonly y: number }[]; readonly ends: number; readonly begins: readonly Begin[] } {
  let y = 0;
  const begins: Begin[] = [];
  const pieces = rows.map(({ piece, begins: own }, index) => {
    const offset = offsets[index] ?? 0;
    y += offset;
    if (own) begins.push({ size: own.size, y: y + own.y });
    const placed = { piece: index === 0 ? piece : stretched(piece, offset), y };
    y += piece.height;
    return placed;
  });
  return { pieces, ends: y, begins };
}

/** The piece with lines from its top that begin higher. */
function stretched(piece: Piece, offset: number): Piece {
  if (offset === 0) return piece;
  // Shortcuts leave from the longer line, where they did.
  const routes = piece.routes.map((route) => (route.form === "smooth" && route.points[0]?.y === 0 ? { ...route, points: [{ ...route.points[0], y: -offset }, ...route.points] } : route));
  return { ...piece, routes, pieces: piece.pieces.map((inner) => (inner.y === 0 ? { ...inner, piece: stretched(inner.piece, offset) } : inner)) };
}

/** The area of a map, where it is known. */
function areaOf(size: string): number {
  const parts = size.split(" x ").map(Number);
  const [first = Number.NaN] = parts;
  return parts.length === 1 ? first * first : parts.reduce((area, part) => area * part, 1);
}

/** True where the known sizes of every network become smaller from row to row. */
function areComparable(all: readonly (readonly Row[])[]): boolean {
  return all.length > 1 && all.every((rows) => {
    const areas = rows.flatMap(({ begins }) => (begins ? [areaOf(begins.size)] : []));
    return areas.length > 0 && areas.every((area, index) => area < (areas[index - 1] ?? Number.POSITIVE_INFINITY));
  });
}

/** For every row of every network the free space above it that lets equal sizes begin together. */
function aligned(all: readonly (readonly Row[])[]): readonly (readonly number[])[] {
  const offsets = all.map((rows) => rows.map(() => 0));
  const sizes = [...new Set(all.flatMap((rows) => rows.flatMap(({ begins }) => begins?.size ?? [])))].sort((a, b) => areaOf(b) - areaOf(a));
  for (const size of sizes) {
    const places = all.map((rows, index) => placedRows(rows, offsets[index] ?? []).begins.find((begin) => begin.size === size)?.y);
    const lowest = Math.max(...places.map((y) => y ?? 0));
    places.forEach((y, index) => {
      if (y === undefined) return;
      const rows = all[index] ?? [];
      const at = rows.findIndex(({ begins }) => begins?.size === size);
      const isFirst = !rows.slice(0, at).some(({ begins }) => begins !== undefined);
      // An input comes down with its first layers.
      const own = offsets[index];
      if (own) own[isFirst ? 0 : at] = (own[isFirst ? 0 : at] ?? 0) + lowest - y;
    });
  }
  return offsets;
}

function mergedLabels(all: readonly (readonly Begin[])[]): readonly Begin[] {
  const merged = new Map<string, Begin>();
  if (all.length === 1) return all[0] ?? [];
  for (const begin of all.flat()) if (!merged.has(begin.size)) merged.set(begin.size, begin);
  return [...merged.values()];
}
