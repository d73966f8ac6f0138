import type { Line } from "./picture.ts";

export interface Point {
  readonly x: number;
  readonly y: number;
}

/** Left upper corner and size, in pixels. */
export interface Rect extends Point {
  readonly width: number;
  readonly height: number;
}

/** The way of a line: from the lower edge of its box to the other one. */
export interface Route {
  readonly line: Line;
  /** `smooth`: curves from point to point; `around`: straight with round corners, past the boxes it leaves out. */
  readonly form: "smooth" | "around";
  readonly points: readonly Point[];
}

/** A part of a picture around a vertical axis, where x is 0; y is 0 at its top. */
export interface Piece {
  /** How far it reaches on both sides of the axis; not negative. */
  readonly left: number;
  readonly right: number;
  readonly height: number;
  readonly boxes: readonly { readonly box: number; readonly rect: Rect }[];
  readonly pills: readonly Pill[];
  readonly routes: readonly Route[];
  readonly pieces: readonly { readonly piece: Piece; readonly x: number; readonly y: number }[];
}

/** The name of an output, beside or below the box that gives it. */
export interface Pill {
  readonly box: number;
  readonly name: string;
  readonly rect: Rect;
  readonly side: "left" | "below";
}

/** A piece with every part in its place. */
export interface Flat {
  readonly rects: Map<number, Rect>;
  readonly pills: Pill[];
  readonly routes: Route[];
}

export const EMPTY: Piece = { left: 0, right: 0, height: 0, boxes: [], pills: [], routes: [], pieces: [] };

/** Adds a piece and all within it, moved. */
export function flatten(root: Piece, at: Point, flat: Flat): void {
  const open = [{ piece: root, ...at }];
  for (let top = open.pop(); top !== undefined; top = open.pop()) {
    const { piece, x, y } = top;
    for (const { box, rect } of piece.boxes) flat.rects.set(box, moved(rect, x, y));
    for (const pill of piece.pills) flat.pills.push({ ...pill, rect: moved(pill.rect, x, y) });
    for (const route of piece.routes) flat.routes.push({ ...route, points: route.points.map((point) => moved(point, x, y)) });
    for (const inner of piece.pieces) open.push({ piece: inner.piece, x: x + inner.x, y: y + inner.y });
  }
}

const moved = <P extends Point>(point: P, x: number, y: number): P => ({ ...point, x: point.x + x, y: point.y + y });
