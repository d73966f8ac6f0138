import { escapeXml } from "../base/markup.ts";
import { coloursOf } from "./colours.ts";
import type { Frame } from "./frames.ts";
import { foldText } from "./layout.ts";
import type { Box, Line } from "./picture.ts";
import type { Pill, Point, Rect, Route } from "./pieces.ts";
import type { Column, Scene, SizeLabel } from "./scene.ts";
import { FONT, GAP, HEIGHT, WIDTH } from "./sizes.ts";
import { fittedText } from "./text-width.ts";

/** Identity shortcuts are solid, inserted ones dotted, as in the paper. */
const STROKES: Readonly<Record<Line["kind"], string>> = { flow: "", identity: "", inserted: ' stroke-dasharray="2 3"' };
const FRAMES: Readonly<Record<Frame["kind"], string>> = {
  stage: 'fill="#fcfcfc" stroke="#ccc"',
  unit: 'fill="#f1f1f1" stroke="none"',
  fold: 'fill="none" stroke="#777" stroke-dasharray="6 3"',
};
const ROUND = 9;

/** A scene as the text of an SVG picture that stands alone: no script, no style sheet, no font, no reference to anything. */
export function svgText(scene: Scene): string {
  const fill = coloursOf(scene.columns.map(({ picture }) => picture));
  const { width, height, columns, labels } = scene;
  const title = columns.map(({ picture }) => picture.name).join(", ");
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-labelledby="title desc" font-family="Helvetica, Arial, sans-serif" font-size="${FONT.text}" fill="#222">`,
    `<title id="title">${escapeXml(title)}</title>`,
    `<desc id="desc">${escapeXml(description(columns))}</desc>`,
    '<defs><marker id="arrow" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="6.5" markerHeight="6.5" orient="auto"><path d="M0,0.8L8,4L0,7.2z" fill="#444"/></marker></defs>',
    '<rect width="100%" height="100%" fill="#fff"/>',
    ...labels.map(labelText),
    ...columns.flatMap((column) => columnText(column, fill)),
    "</svg>\n",
  ].join("\n");
}

function description(columns: readonly Column[]): string {
  const networks = columns.map(({ picture: { name, boxes, lines } }) => {
    const count = (kind: Line["kind"]): number => lines.filter((line) => line.kind === kind).length;
    return `${name}, from top to bottom: ${boxes.length} boxes, ${count("identity")} identity shortcuts (solid), ${count("inserted")} inserted ones (dotted).`;
  });
  return [...networks, "Colours are widths; layers are drawn with the normalisation and activation that follow them."].join(" ");
}

function columnText({ picture, axis, rects, pills, routes, frames }: Column, fill: (channels: number) => string): readonly string[] {
  return [
    `<g>`,
    `<text x="${short(axis)}" y="30" text-anchor="middle" font-size="${FONT.title}" font-weight="bold">${escapeXml(picture.name)}</text>`,
    ...frames.filter(({ kind }) => kind !== "fold").map(frameText),
    '<g fill="none" stroke="#444" stroke-width="1.1" marker-end="url(#arrow)">',
    ...routes.map(routeText),
    "</g>",
    ...routes.flatMap(routeLabel),
    '<g stroke="#444" text-anchor="middle">',
    ...[...rects].sort(([a], [b]) => a - b).map(([index, rect]) => boxText(picture.boxes[index] as Box, rect, fill)),
    "</g>",
    ...pills.flatMap((pill) => pillText(pill, rects.get(pill.box))),
    ...frames.filter(({ kind }) => kind === "fold").map(frameText),
    "</g>",
  ];
}

function labelText({ text, x, y }: SizeLabel): string {
  const lines = ["output", `size: ${text}`].map((line, index) => `<tspan x="${short(x)}" dy="${index * HEIGHT.line}">${escapeXml(line)}</tspan>`);
  return `<text y="${short(y + 10)}" text-anchor="end" fill="#444">${lines.join("")}</text>`;
}

function boxText(box: Box, rect: Rect, fill: (channels: number) => string): string {
  const title = `<title>${escapeXml(box.details.join("\n"))}</title>`;
  const [x, y] = [rect.x + rect.width / 2, rect.y + rect.height / 2];
  if (box.kind === "join" && box.text[0]?.length === 1) return `<g>${title}${signText(box.text[0], x, y)}</g>`;
  const colour = box.channels === undefined ? "#fff" : fill(box.channels);
  const shape = `<rect ${area(rect)} rx="${box.kind === "layer" || box.kind === "group" ? 2 : rect.height / 2}" fill="${colour}"${box.isInserted ? STROKES.inserted : ""}/>`;
  const top = y + 4 - ((box.text.length - 1) * HEIGHT.line) / 2;
  const lines = box.text.map((line, index) => `<text x="${short(x)}" y="${short(top + index * HEIGHT.line)}" stroke="none"${index > 0 ? ` fill="#555" font-size="${FONT.small}"` : ""}>${escapeXml(fittedText(line, FONT.text, WIDTH.text))}</text>`);
  return `<g>${title}${shape}${lines.join("")}</g>`;
}

/** A plus or a cross in a circle; its arms are drawn, because letters stand at other heights in other fonts. */
function signText(sign: string, x: number, y: number): string {
  const half = HEIGHT.sign / 2;
  const turn = sign === "+" ? "" : ` transform="rotate(45 ${short(x)} ${short(y)})"`;
  return `<circle cx="${short(x)}" cy="${short(y)}" r="${half}" fill="#fff"/><path d="M${short(x - half + 3)},${short(y)}h${2 * half - 6}M${short(x)},${short(y - half + 3)}v${2 * half - 6}"${turn}/>`;
}

function pillText({ name, rect, side }: Pill, box: Rect | undefined): readonly string[] {
  const middle = rect.y + rect.height / 2;
  const way = side === "below" ? `M${short(rect.x + rect.width / 2)},${short((box?.y ?? 0) + (box?.height ?? 0))}V${short(rect.y)}` : `M${short(box?.x ?? 0)},${short(middle)}H${short(rect.x + rect.width)}`;
  return [
    `<path d="${way}" fill="none" stroke="#444" stroke-width="1.1" marker-end="url(#arrow)"/>`,
    `<rect ${area(rect)} rx="${rect.height / 2}" fill="#fff" stroke="#444"/><text x="${short(rect.x + rect.width / 2)}" y="${short(middle + 4)}" text-anchor="middle" font-style="italic">${escapeXml(name)}</text>`,
  ];
}

function frameText({ kind, rect, name, times }: Frame): string {
  const title = `<title>${escapeXml(name)}</title>`;
  const line = `<rect ${area(rect)} rx="5" ${FRAMES[kind]}/>`;
  if (kind === "unit") return `<g>${title}${line}</g>`;
  const middle = short(rect.y + rect.height / 2);
  if (kind === "fold") return `<g>${title}${line}<text x="${short(rect.x + rect.width + GAP.beside / 2)}" y="${short(rect.y + rect.height / 2 + 5)}" font-size="${FONT.fold}" font-weight="bold">${foldText(times)}</text></g>`;
  const fitted = fittedText(name, FONT.text, rect.height - 8);
  return `<g>${title}${line}<text transform="translate(${short(rect.x + 11.5)} ${middle}) rotate(-90)" text-anchor="middle" fill="#555">${escapeXml(fitted)}</text></g>`;
}

function routeText({ line, form, points }: Route): string {
  return `<path d="${form === "around" ? cornered(points) : curved(points)}"${STROKES[line.kind]}/>`;
}

function routeLabel({ line, form, points }: Route): readonly string[] {
  const [, , from, to] = points;
  if (line.text === undefined || form !== "around" || from === undefined || to === undefined) return [];
  return [`<text x="${short(from.x + GAP.beside)}" y="${short((from.y + to.y) / 2 + 3)}" font-size="${FONT.small}" fill="#555"><title>${escapeXml(line.details.join("\n"))}</title>${escapeXml(line.text)}</text>`];
}

/** Leaves and arrives upright. */
function curved([first, ...others]: readonly Point[]): string {
  if (first === undefined) return "";
  let at = first;
  const ways = others.map((point) => {
    const middle = short((at.y + point.y) / 2);
    const way = Math.abs(at.x - point.x) < 0.5 ? `V${short(point.y)}` : `C${short(at.x)},${middle} ${short(point.x)},${middle} ${short(point.x)},${short(point.y)}`;
    at = point;
    return way;
  });
  return `M${short(first.x)},${short(first.y)}${ways.join("")}`;
}

/** Straight, with round corners. */
function cornered(points: readonly Point[]): string {
  return points.map((point, index) => {
    const [before, after] = [points[index - 1], points[index + 1]];
    if (before === undefined) return `M${short(point.x)},${short(point.y)}`;
    if (after === undefined) return `L${short(point.x)},${short(point.y)}`;
    const [enter, leave] = [towards(point, before), towards(point, after)];
    return `L${short(enter.x)},${short(enter.y)}Q${short(point.x)},${short(point.y)} ${short(leave.x)},${short(leave.y)}`;
  }).join("");
}

function towards(corner: Point, other: Point): Point {
  const [dx, dy] = [other.x - corner.x, other.y - corner.y];
  const length = Math.max(Math.abs(dx), Math.abs(dy), 1);
  const step = Math.min(ROUND, length / 2) / length;
  return { x: corner.x + dx * step, y: corner.y + dy * step };
}

const area = ({ x, y, width, height }: Rect): string => `x="${short(x)}" y="${short(y)}" width="${short(width)}" height="${short(height)}"`;

const short = (value: number): string => String(Math.round(value * 10) / 10);
