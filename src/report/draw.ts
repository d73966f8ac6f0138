import { scaleLinear, scaleLog } from "d3-scale";
import { line } from "d3-shape";
import type { Axis, Curve, Figure, Look, Panel } from "./figure.ts";
import { escapeXml } from "../base/markup.ts";

/** Sizes in pixels. */
const PANEL = { alone: 600, width: 400, height: 260, left: 58, right: 14, title: 26, bottom: 46 };
const LEGEND = { line: 18, key: 26, gap: 16, letter: 6.6 };
const MARGIN = 10;
const NOTE = 22;
const TICKS = 6;
/** So few points are marked one by one. */
const MARKED = 40;
/** From here on 10,000 is written 10k. */
const THOUSANDS = 10_000;

/** Told apart by people who see colours in any way (Okabe and Ito 2008). */
const COLOURS = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#222222", "#8a8a00"];
const LOOKS: Readonly<Record<Look, string>> = {
  bold: 'stroke-width="2.4"',
  thin: 'stroke-width="1.4"',
  dashed: 'stroke-width="1.3" stroke-dasharray="5 3"',
};

/** Where a number of the data stands, in pixels. */
interface Scale {
  (value: number): number;
  ticks(count: number): number[];
}

/**
 * A figure as the text of an SVG picture that stands alone: no script, no font, no reference to anything.
 * Points without a finite place are left out.
 */
export function drawFigure({ title, panels, columns, note }: Figure): string {
  const legends = panels.map(legendRows);
  const deepest = Math.max(0, ...legends.map((rows) => rows.length));
  const height = PANEL.title + deepest * LEGEND.line + PANEL.height + PANEL.bottom;
  const across = Math.min(columns, panels.length);
  const panelWidth = across === 1 ? PANEL.alone : PANEL.width;
  const [fullWidth, rows] = [across * panelWidth + 2 * MARGIN, Math.ceil(panels.length / across)];
  const fullHeight = rows * height + 2 * MARGIN + (note === undefined ? 0 : NOTE);
  const drawn = panels.map((panel, index) => {
    const [x, y] = [MARGIN + (index % across) * panelWidth, MARGIN + Math.floor(index / across) * height];
    return `<g transform="translate(${x},${y})">${drawPanel(panel, panelWidth, legends[index] ?? [], deepest)}</g>`;
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${fullWidth} ${fullHeight}" width="${fullWidth}" height="${fullHeight}" role="img" font-family="Helvetica, Arial, sans-serif" font-size="12" fill="#222">`,
    `<title>${escapeXml(title)}</title>`,
    `<rect width="100%" height="100%" fill="#fff"/>`,
    ...drawn,
    ...(note === undefined ? [] : [`<text x="${fullWidth / 2}" y="${fullHeight - MARGIN}" text-anchor="middle" fill="#555">${escapeXml(note)}</text>`]),
    "</svg>\n",
  ].join("\n");
}

function drawPanel({ title, x, y, curves }: Panel, panelWidth: number, legend: readonly (readonly Key[])[], legendDepth: number): string {
  const top = PANEL.title + legendDepth * LEGEND.line;
  const width = panelWidth - PANEL.left - PANEL.right;
  const [toX, toY] = [scaleOf(x, 0, width), scaleOf(y, PANEL.height, 0)];
  const middle = PANEL.left + width / 2;
  return [
    `<text x="${middle}" y="16" text-anchor="middle" font-weight="bold">${escapeXml(title)}</text>`,
    ...legend.map((row, index) => drawKeys(row, middle, PANEL.title + index * LEGEND.line + 4)),
    `<g transform="translate(${PANEL.left},${top})">`,
    ...toX.ticks(TICKS).map((value) => `<text x="${short(toX(value))}" y="${PANEL.height + 16}" text-anchor="middle">${numberText(value, x)}</text><path d="M${short(toX(value))},${PANEL.height}v4" stroke="#222"/>`),
    ...toY.ticks(TICKS).map((value) => `<text x="-7" y="${short(toY(value) + 4)}" text-anchor="end">${numberText(value, y)}</text><path d="M0,${short(toY(value))}h${width}" stroke="#e2e2e2"/>`),
    `<text x="${width / 2}" y="${PANEL.height + 36}" text-anchor="middle">${escapeXml(x.title)}</text>`,
    `<text transform="translate(-42,${PANEL.height / 2})rotate(-90)" text-anchor="middle">${escapeXml(y.title)}</text>`,
    // What lies outside of the axes is cut off.
    `<svg width="${width}" height="${PANEL.height}" overflow="hidden">`,
    ...[...curves].sort((a, b) => Number(a.look === "bold") - Number(b.look === "bold")).map((curve) => drawCurve(curve, toX, toY)),
    "</svg>",
    `<path d="M0,0H${width}V${PANEL.height}H0Z" fill="none" stroke="#222"/>`,
    "</g>",
  ].join("\n");
}

function drawCurve({ name, points, colour, look }: Curve, toX: Scale, toY: Scale): string {
  const placed = points.map(([x, y]) => [toX(x), toY(y)] as const).filter(([x, y]) => Number.isFinite(x) && Number.isFinite(y));
  const path = line<readonly [number, number]>().digits(1)([...placed]) ?? "";
  const marks = look === "bold" && placed.length <= MARKED ? placed.map(([x, y]) => `<circle cx="${short(x)}" cy="${short(y)}" r="2.2" fill="${colourAt(colour)}"/>`) : [];
  return `<g><title>${escapeXml(name)}</title><path d="${path}" fill="none" stroke="${colourAt(colour)}" stroke-linejoin="round" ${LOOKS[look]}/>${marks.join("")}</g>`;
}

/** What a line of the legend says. */
interface Key extends Pick<Curve, "name" | "colour" | "look"> {
  readonly width: number;
}

/** One curve of each colour, a solid one where there is one. */
function namedCurves(curves: readonly Curve[]): readonly Curve[] {
  const byColour = new Map<number, Curve>();
  for (const curve of curves) {
    const before = byColour.get(curve.colour);
    if (before === undefined || (before.look === "dashed" && curve.look !== "dashed")) byColour.set(curve.colour, curve);
  }
  return [...byColour.values()];
}

/** The names of curves in rows that are not too wide. */
function legendRows({ curves }: Panel): readonly (readonly Key[])[] {
  const rows: Key[][] = [];
  let used = Infinity;
  for (const { name, colour, look } of namedCurves(curves)) {
    const width = LEGEND.key + name.length * LEGEND.letter + LEGEND.gap;
    if (used + width > PANEL.width - PANEL.right) {
      rows.push([]);
      used = 0;
    }
    rows.at(-1)?.push({ name, colour, look, width });
    used += width;
  }
  return rows;
}

function drawKeys(keys: readonly Key[], middle: number, y: number): string {
  let x = Math.max(0, middle - (keys.reduce((sum, { width }) => sum + width, 0) - LEGEND.gap) / 2);
  return keys
    .map(({ name, colour, look, width }) => {
      const at = x;
      x += width;
      return `<path d="M${short(at)},${y + 4}h20" stroke="${colourAt(colour)}" ${LOOKS[look]}/><text x="${short(at + LEGEND.key)}" y="${y + 8}">${escapeXml(name)}</text>`;
    })
    .join("");
}

const scaleOf = ({ from, to, scale }: Axis, low: number, high: number): Scale => (scale === "logarithmic" ? scaleLog() : scaleLinear()).domain([from, to]).range([low, high]);
const colourAt = (index: number): string => COLOURS[index % COLOURS.length] as string;
const short = (value: number): string => String(Number(value.toFixed(1)));

function numberText(value: number, { to, scale }: Axis): string {
  // Of a logarithmic axis only the powers of ten have room.
  if (scale === "logarithmic") return Math.abs(Math.log10(value) % 1) < 1e-9 ? String(Number(value.toPrecision(3))) : "";
  if (to >= THOUSANDS && value !== 0) return `${Number((value / 1000).toPrecision(6))}k`;
  return String(Number(value.toPrecision(6)));
}
