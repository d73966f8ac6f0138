import { Graph, layout } from "@dagrejs/dagre";
import type { Point } from "./pieces.ts";

/** Something with a place, around its own axis. */
export interface Branch {
  readonly left: number;
  readonly right: number;
  readonly height: number;
}

export interface BranchLink {
  /** Indices of branches. */
  readonly from: number;
  readonly to: number;
}

export interface PlacedBranches {
  /** Of each branch its axis and its top. */
  readonly places: readonly Point[];
  /** Of each link the points it passes on its way, without its ends. */
  readonly ways: readonly (readonly Point[])[];
}

/**
 * Places what stands side by side, by dagre: rows from top to bottom in the order of the links, few crossings, short ways. Links that
 * cross a row do so between what stands in it.
 *
 * @param options.count so many branches at the beginning of the list stand from left to right where they can
 * @param options.gap between rows, in pixels
 */
export function placeBranches(branches: readonly Branch[], links: readonly BranchLink[], { count, gap }: { readonly count: number; readonly gap: number }): PlacedBranches {
  const graph = new Graph({ multigraph: true });
  graph.setGraph({ rankdir: "TB", nodesep: 22, edgesep: 18, ranksep: gap });
  branches.forEach(({ left, right, height }, index) => graph.setNode(String(index), { width: left + right, height }));
  links.forEach(({ from, to }, index) => graph.setEdge(String(from), String(to), {}, String(index)));
  layout(graph);
  const laidOut = branches.map((_, index) => graph.node(String(index)) as Point);
  // From left to right as written: a picture and its mirror image are as good for dagre.
  const turn = (laidOut[0]?.x ?? 0) > (laidOut[count - 1]?.x ?? 0) ? -1 : 1;
  const turned = ({ x, y }: Point): Point => ({ x: x * turn, y });
  const nodes = laidOut.map(turned);
  // Nodes of a row have their middle in common; lines are upright beside them.
  const rows = new Map<number, number>();
  branches.forEach(({ height }, index) => {
    const middle = rowOf(nodes[index]);
    rows.set(middle, Math.max(rows.get(middle) ?? 0, height / 2));
  });
  const axisOf = (index: number): number => (nodes[index]?.x ?? 0) + ((branches[index]?.left ?? 0) - (branches[index]?.right ?? 0)) / 2;
  return {
    places: branches.map(({ height }, index) => ({ x: axisOf(index), y: (nodes[index]?.y ?? 0) - height / 2 })),
    ways: links.map(({ from, to }, index) => {
      const { points = [] } = graph.edge(String(from), String(to), String(index)) as { points?: readonly Point[] };
      const edge = (at: number, side: -1 | 1): Point => ({ x: axisOf(at), y: (nodes[at]?.y ?? 0) + side * (rows.get(rowOf(nodes[at])) ?? 0) });
      const between = points.slice(1, -1).map(turned).flatMap(({ x, y }) => {
        const half = rows.get(rowOf({ x, y }));
        return half === undefined ? [] : [{ x, y: y - half }, { x, y: y + half }];
      });
      return [edge(from, 1), ...between, edge(to, -1)];
    }),
  };
}

const rowOf = (point: Point | undefined): number => Math.round(point?.y ?? 0);
