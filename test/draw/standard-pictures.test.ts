import { expect } from "chai";
import sharp from "sharp";
import type { Graph } from "../../src/index.ts";
import { summarize } from "../../src/index.ts";
import { folded } from "../../src/draw/fold.ts";
import { pictureOf } from "../../src/draw/network-picture.ts";
import type { Picture } from "../../src/draw/picture.ts";
import type { Point, Rect } from "../../src/draw/pieces.ts";
import { sceneOf } from "../../src/draw/scene.ts";
import type { Column, Scene } from "../../src/draw/scene.ts";
import { svgText } from "../../src/draw/svg.ts";
import { standardNetwork } from "../support/networks.ts";
import { standardNetworks } from "../support/standard-networks.ts";

/** Layers of a picture: those in boxes, and those that are dotted lines. */
const layersOf = ({ boxes, lines }: Picture): string[] => [...boxes.filter(({ kind }) => kind !== "input").flatMap(({ layers }) => layers), ...lines.flatMap(({ details }) => details.map((text) => text.split(": ")[0]!))];

const overlap = (a: Rect, b: Rect): boolean => a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;

/** Boxes that lie on each other or outside of the picture. */
function misplaced({ rects }: Column, { width, height }: Scene): Rect[] {
  const sorted = [...rects.values()].sort((a, b) => a.y - b.y);
  return sorted.filter((rect, index) => {
    if (rect.x < 0 || rect.y < 0 || rect.x + rect.width > width || rect.y + rect.height > height) return true;
    for (let other = index + 1; other < sorted.length && sorted[other]!.y < rect.y + rect.height; other++) if (overlap(rect, sorted[other]!)) return true;
    return false;
  });
}

const inside = ({ x, y }: Point, rect: Rect): boolean => x > rect.x && x < rect.x + rect.width && y > rect.y && y < rect.y + rect.height;
const near = (a: number, b: number): boolean => Math.abs(a - b) < 0.01;

/** Lines that do not begin at the lower edge of their box and end at the upper one of the other, or come back from the right past every box. */
function astray({ picture, routes, rects }: Column): string[] {
  const all = [...rects.values()].sort((a, b) => a.y - b.y);
  const tallest = Math.max(...all.map(({ height }) => height));
  const anyAt = (area: Rect): boolean => {
    let [low, high] = [0, all.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (all[middle]!.y < area.y - tallest) low = middle + 1;
      else high = middle;
    }
    for (; low < all.length && all[low]!.y < area.y + area.height; low++) if (overlap(all[low]!, area)) return true;
    return false;
  };
  return routes.filter(({ line, form, points }) => {
    const [from, to] = [rects.get(line.from)!, rects.get(line.to)!];
    const [first, last] = [points[0]!, points.at(-1)!];
    const leaves = near(first.y, from.y + from.height) && first.x >= from.x && first.x <= from.x + from.width;
    const arrives = form === "smooth" ? near(last.y, to.y) && last.x >= to.x && last.x <= to.x + to.width : near(last.x, to.x + to.width) && last.y >= to.y && last.y <= to.y + to.height;
    const crosses = points.slice(1, -1).some((point) => inside(point, from) || inside(point, to));
    const upright = { x: points[2]?.x ?? 0, y: points[2]?.y ?? 0, width: 0.01, height: (points[3]?.y ?? 0) - (points[2]?.y ?? 0) };
    return !leaves || !arrives || crosses || (form === "around" && anyAt(upright));
  }).map(({ line }) => `${picture.boxes[line.from]!.layers[0]} -> ${picture.boxes[line.to]!.layers[0]}`);
}

const convolutions = (graph: Graph): number => graph.nodes.filter(({ op, origin }) => op === "conv" && !origin?.inserted).length;

describe("pictures of the standard library", function () {
  this.timeout(60_000);

  for (const { name, settings } of standardNetworks()) {
    it(name, async () => {
      const graph = standardNetwork(name, settings);
      const picture = pictureOf(graph);

      // Every layer is somewhere, and once.
      expect(layersOf(picture).sort().join()).to.equal(graph.nodes.map((node) => node.name).sort().join());
      // `rnc summary` counts shortcuts from the instances of residuals.
      const { shortcuts } = summarize(graph);
      const count = (kind: string): number => picture.lines.filter((line) => line.kind === kind).length;
      expect(count("inserted")).to.equal(shortcuts.reduce((sum, { inserted }) => sum + inserted.length, 0));
      expect(count("identity")).to.equal(shortcuts.reduce((sum, { identities }) => sum + identities, 0));
      const drawn = picture.boxes.filter(({ kind, text }) => kind === "layer" && /^\d+(x\d+)? conv, /.test(text[0]!));
      expect(drawn).to.have.length(convolutions(graph));

      const scene = sceneOf([picture]);
      const [column] = scene.columns as [Column];
      expect([column.rects.size, column.routes.length]).to.deep.equal([picture.boxes.length, picture.lines.length]);
      expect(misplaced(column, scene)).to.deep.equal([]);
      expect(astray(column)).to.deep.equal([]);

      // What is folded stands for as many layers as there are.
      const once = folded(picture);
      const times = new Map(once.folds.flatMap((fold) => [...fold.boxes].map((box) => [box, fold.times] as const)));
      expect(once.boxes.reduce((sum, { layers, kind }, box) => sum + (kind === "input" ? 0 : layers.length * (times.get(box) ?? 1)), 0)).to.equal(
        picture.boxes.reduce((sum, { layers, kind }) => sum + (kind === "input" ? 0 : layers.length), 0),
      );
      expect(once.boxes.flatMap(({ outputs }) => outputs).sort()).to.deep.equal(picture.boxes.flatMap(({ outputs }) => outputs).sort());
      const foldedScene = sceneOf([once]);
      expect(misplaced(foldedScene.columns[0]!, foldedScene)).to.deep.equal([]);
      expect(astray(foldedScene.columns[0]!)).to.deep.equal([]);

      // librsvg reads them with an XML parser, and refuses what is not well-formed.
      for (const each of [scene, foldedScene]) {
        const svg = svgText(each);
        expect((svg.match(/<path [^>]*stroke-dasharray="2 3"/g) ?? []).length).to.equal(each.columns[0]!.picture.lines.filter(({ kind }) => kind === "inserted").length);
        const { format, width } = await sharp(Buffer.from(svg), { unlimited: true }).metadata();
        expect([format, width]).to.deep.equal(["svg", each.width]);
      }
    });
  }
});
