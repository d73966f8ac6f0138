import { expect } from "chai";
import { drawFigure } from "../../src/report/draw.ts";
import type { Curve, Figure } from "../../src/report/figure.ts";
import { thinned } from "../../src/report/figure.ts";

const figureOf = (curves: readonly Curve[], more: Partial<Figure> = {}): Figure => ({
  title: "a figure",
  columns: 2,
  panels: [{ title: "panel", x: { title: "x", from: 0, to: 100 }, y: { title: "y", from: 0, to: 50 }, curves }],
  ...more,
});

const curve = (points: Curve["points"], more: Partial<Curve> = {}): Curve => ({ name: "c", colour: 0, look: "thin", points, ...more });

/** The paths of curves in an SVG text, with their attributes. */
const curvesIn = (svg: string): readonly { readonly name: string; readonly path: string; readonly attributes: string }[] =>
  [...svg.matchAll(/<g><title>([^<]*)<\/title><path d="([^"]*)"([^>]*)>/g)].map(([, name = "", path = "", attributes = ""]) => ({ name, path, attributes }));

const placesOf = (path: string): number[][] => [...path.matchAll(/[ML]([-\d.]+),([-\d.]+)/g)].map(([, x, y]) => [Number(x), Number(y)]);

describe("report: figures", () => {
  it("put every point where its numbers say", () => {
    const svg = drawFigure(figureOf([curve([[0, 0], [50, 25], [100, 50]])]));
    const [, width = "", height = ""] = /<svg width="(\d+)" height="(\d+)" overflow="hidden">/.exec(svg) ?? [];
    // Left below, the middle, right above.
    expect(placesOf(curvesIn(svg)[0]!.path)).to.deep.equal([[0, Number(height)], [Number(width) / 2, Number(height) / 2], [Number(width), 0]]);
  });

  it("put powers of ten at equal distances on a logarithmic axis, and name no others", () => {
    const svg = drawFigure({ title: "t", columns: 1, panels: [{ title: "p", x: { title: "x", from: 0, to: 2 }, y: { title: "y", from: 0.001, to: 0.1, scale: "logarithmic" }, curves: [curve([[0, 0.1], [1, 0.01], [2, 0.001]])] }] });
    const [first, second, third] = placesOf(curvesIn(svg)[0]!.path).map(([, y]) => y!);
    expect(second! - first!).to.be.closeTo(third! - second!, 0.11);
    const named = [...svg.matchAll(/text-anchor="end">([^<]*)</g)].map(([, text]) => text).filter((text) => text !== "");
    expect(named).to.deep.equal(["0.001", "0.01", "0.1"]);
  });

  it("leave out what is no number", () => {
    const svg = drawFigure(figureOf([curve([[0, 1], [10, Number.NaN], [20, Infinity], [30, 3]])]));
    expect(placesOf(curvesIn(svg)[0]!.path)).to.have.length(2);
    expect(svg).not.to.match(/NaN|Infinity|undefined/);
  });

  it("have dashed and bold lines as in the paper, one entry of the legend for a colour, bold on top", () => {
    const svg = drawFigure(figureOf([curve([[0, 1], [9, 1]], { name: "net", look: "bold" }), curve([[0, 2], [9, 2]], { name: "net, training", look: "dashed" }), curve([[0, 3], [9, 3]], { name: "other, training", look: "dashed", colour: 1 })]));
    const drawn = curvesIn(svg);
    expect(drawn.map(({ name }) => name)).to.deep.equal(["net, training", "other, training", "net"]);
    expect(drawn.map(({ attributes }) => attributes.includes("stroke-dasharray"))).to.deep.equal([true, true, false]);
    const legend = [...svg.matchAll(/h20"[^>]*\/><text[^>]*>([^<]*)</g)].map(([, text]) => text);
    expect(legend).to.deep.equal(["net", "other, training"]);
  });

  it("stand alone, whatever names are in them", () => {
    const svg = drawFigure(figureOf([curve([[0, 1], [1, 2]], { name: '</title><script>alert("&")</script>\u0007' })], { title: "a < b & c", note: "<b>" }));
    expect(svg).to.include("a &lt; b &amp; c").and.include("&lt;b&gt;").and.not.include("<script").and.not.include("\u0007");
    expect(svg.match(/https?:/g)).to.deep.equal(["http:"]);
    expect(svg).not.to.match(/href|url\(|@import/);
  });

  it("have rows of panels", () => {
    const [panel] = figureOf([]).panels;
    const sizeOf = (count: number, columns: number): number[] => {
      const [, width, height] = /viewBox="0 0 (\d+) (\d+)"/.exec(drawFigure({ title: "t", columns, panels: Array.from({ length: count }, () => panel!) })) ?? [];
      return [Number(width), Number(height)];
    };
    const [[two, one], [, higher]] = [sizeOf(2, 2), sizeOf(4, 2)];
    expect(sizeOf(4, 2)[0]).to.equal(two);
    expect(higher! - 20).to.equal(2 * (one! - 20));
  });
});

describe("report: thinning", () => {
  const line = (count: number): [number, number][] => Array.from({ length: count }, (_, index) => [index, 2 * index]);

  it("leaves few points as they are", () => {
    const few = line(400);
    expect(thinned(few)).to.equal(few);
  });

  it("keeps the end and the mean of many", () => {
    const many = line(6001);
    const fewer = thinned(many);
    expect(fewer.length).to.be.within(350, 400);
    expect(fewer.at(-1)![0]).to.equal(6000);
    // 16 points a group: 0 … 15, of which 2 · 7.5 is the mean.
    expect(fewer[0]).to.deep.equal([15, 15]);
  });
});
