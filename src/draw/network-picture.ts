import { invariant } from "../base/assert.ts";
import type { Dim } from "../ir/dim.ts";
import { formatShape } from "../ir/tensor-type.ts";
import type { Graph, Node, Value } from "../ir/graph.ts";
import type { Instance } from "../ir/origin.ts";
import { findOperator } from "../ops/registry.ts";
import { describeLayer } from "../program/describe-layer.ts";
import { closingAdditions, instanceChain, placeOf, residualOf } from "../program/stages.ts";
import type { Box, Line, Picture, PictureOptions } from "./picture.ts";
import { dataInputs, runsOf } from "./runs.ts";
import type { Run } from "./runs.ts";
import { exampleText, joinText, layerText, mapText } from "./words.ts";

/** What becomes one box: runs of layers, or an input. */
interface Part {
  /** Ids of values grow along the graph: the order in which boxes were written. */
  readonly order: number;
  readonly input: Value | undefined;
  readonly runs: readonly Run[];
  /** The path that holds the runs, where that is all there is to say of them. */
  readonly path: string | undefined;
}

interface Link extends Omit<Line, "from" | "to"> {
  readonly from: Part;
  readonly to: Part;
}

/** A network as boxes and lines: layers with their normalisations and activations in one box, shortcuts as lines. */
export function pictureOf(graph: Graph, { allLayers = false, depth }: PictureOptions = {}): Picture {
  const { runs, runOf } = runsOf(graph, allLayers);
  // In a group shortcuts are layers as all others.
  const shortcuts = allLayers ? [] : insertedShortcuts(runs).filter(({ to }) => holderPath(to, depth) === undefined);
  const hidden = new Set(shortcuts.flatMap((shortcut) => shortcut.runs));
  const visible = runs.filter((run) => !hidden.has(run));
  const inputs = graph.inputs.map((input): Part => ({ order: input.id, input, runs: [], path: undefined }));
  const whole = groupedBy(depth, visible, () => 0);
  const made = linked(graph, [...inputs, ...whole], runOf, shortcuts);
  if (made) return made;
  // A group that is left and entered again would stand before and after what lies between: it is drawn in several boxes.
  const levels = levelsOf(visible, depth, runOf);
  const split = linked(graph, [...inputs, ...groupedBy(depth, visible, (run) => levels.get(run) ?? 0)], runOf, shortcuts);
  invariant(split !== undefined, "lines lead from lower levels to higher ones");
  return split;
}

/** Layers of one shortcut that are drawn as a line: from one place to one addition. */
interface Shortcut {
  readonly runs: readonly Run[];
  readonly source: Value;
  readonly to: Run;
}

function insertedShortcuts(runs: readonly Run[]): readonly Shortcut[] {
  const held = new Map<Instance, Run[]>();
  const holderOf = (node: Node): Instance | undefined => (node.origin?.inserted ? residualOf(node) : undefined);
  for (const run of runs) {
    const holder = run.nodes[0] && holderOf(run.nodes[0]);
    if (holder) (held.get(holder) ?? held.set(holder, []).get(holder))?.push(run);
  }
  const sources = new Map<Instance, Set<Value>>();
  const targets = new Map<Instance, Set<Run>>();
  const add = <T>(sets: Map<Instance, Set<T>>, holder: Instance, item: T): void => void (sets.get(holder) ?? sets.set(holder, new Set()).get(holder))?.add(item);
  for (const run of runs) {
    for (const node of run.nodes) {
      const holder = holderOf(node);
      for (const value of dataInputs(node)) {
        const from = value.producer.kind === "node" ? holderOf(value.producer.node) : undefined;
        if (from === holder) continue;
        if (holder) add(sources, holder, value);
        if (from) add(targets, from, run);
      }
    }
  }
  return [...held].flatMap(([holder, own]) => {
    const [source, ...otherSources] = sources.get(holder) ?? [];
    const [to, ...otherTargets] = targets.get(holder) ?? [];
    if (source === undefined || to === undefined || otherSources.length + otherTargets.length > 0) return [];
    // What another shortcut option made around it may be a line itself.
    const isOutside = !(source.producer.kind === "node" && source.producer.node.origin?.inserted) && !to.nodes[0]?.origin?.inserted;
    return isOutside ? [{ runs: own, source, to }] : [];
  });
}

/** The first parts of a run's path, where there are more. */
function holderPath(run: Run, depth: number | undefined): string | undefined {
  const parts = run.nodes[0]?.name.split(".") ?? [];
  return depth === undefined || parts.length <= depth ? undefined : parts.slice(0, depth).join(".");
}

/** Runs of the same path and level together; a path that holds one run alone is that run. */
function groupedBy(depth: number | undefined, runs: readonly Run[], levelOf: (run: Run) => number): readonly Part[] {
  const groups = new Map<string, Run[]>();
  const singles: Run[][] = [];
  for (const run of runs) {
    const path = holderPath(run, depth);
    if (path === undefined) singles.push([run]);
    else {
      const key = `${levelOf(run)} ${path}`;
      (groups.get(key) ?? groups.set(key, []).get(key))?.push(run);
    }
  }
  return [...singles, ...groups.values()].map((held): Part => {
    const [first] = held;
    invariant(first?.nodes[0] !== undefined, "a run has a layer");
    return { order: first.nodes[0].outputs[0]?.id ?? 0, input: undefined, runs: held, path: held.length > 1 ? holderPath(first, depth) : undefined };
  });
}

/** Changes of path on the longest way to a run: within one level and path no way leads out and back in. */
function levelsOf(runs: readonly Run[], depth: number | undefined, runOf: ReadonlyMap<Node, Run>): ReadonlyMap<Run, number> {
  const levels = new Map<Run, number>();
  for (const run of runs) {
    let level = 0;
    for (const { producer } of run.nodes.flatMap(dataInputs)) {
      const before = producer.kind === "node" ? runOf.get(producer.node) : undefined;
      if (before === undefined || before === run) continue;
      const path = holderPath(run, depth);
      level = Math.max(level, (levels.get(before) ?? 0) + (path !== undefined && path === holderPath(before, depth) ? 0 : 1));
    }
    levels.set(run, level);
  }
  return levels;
}

/** Parts with their lines in topological order; nothing where lines run in a circle. */
function linked(graph: Graph, parts: readonly Part[], runOf: ReadonlyMap<Node, Run>, shortcuts: readonly Shortcut[]): Picture | undefined {
  const partOfRun = new Map(parts.flatMap((part) => part.runs.map((run) => [run, part] as const)));
  const partOfInput = new Map(parts.flatMap((part) => (part.input ? [[part.input, part] as const] : [])));
  const partOf = (value: Value): Part | undefined => (value.producer.kind === "node" ? partOfRun.get(runOf.get(value.producer.node) as Run) : partOfInput.get(value));
  const links = [...linksOf(graph, parts, partOf), ...shortcuts.flatMap((shortcut) => shortcutLink(shortcut, partOf(shortcut.source), partOfRun.get(shortcut.to)))];
  const ordered = inOrder(parts, links);
  if (ordered === undefined) return undefined;
  const places = new Map(ordered.map((part, index) => [part, index]));
  const outputs = new Map<Part, string[]>();
  for (const { name, value } of graph.outputs) {
    const part = partOf(value);
    if (part) (outputs.get(part) ?? outputs.set(part, []).get(part))?.push(name);
  }
  const lines = links.map(({ from, to, ...rest }): Line => ({ ...rest, from: places.get(from) ?? 0, to: places.get(to) ?? 0 }));
  return { name: graph.name, boxes: ordered.map((part) => boxOf(part, outputs.get(part) ?? [])), lines: lines.sort((a, b) => a.to - b.to), folds: [] };
}

function linksOf(graph: Graph, parts: readonly Part[], partOf: (value: Value) => Part | undefined): readonly Link[] {
  const closing = closingAdditions(graph);
  const links: Link[] = [];
  for (const to of parts) {
    const seen = new Set<string>();
    for (const node of to.runs.flatMap((run) => run.nodes)) {
      dataInputs(node).forEach((value, index) => {
        const from = partOf(value);
        if (from === undefined || from === to) return;
        // The shortcut is the second summand of a residual's addition.
        const made = index === 1 ? closing.get(node)?.made : undefined;
        const isInserted = (node.origin?.inserted ?? false) || (value.producer.kind === "node" && (value.producer.node.origin?.inserted ?? false));
        const kind = to.path !== undefined ? "flow" : isInserted ? "inserted" : made === "identity" ? "identity" : "flow";
        const key = `${from.order} ${kind}`;
        if (seen.has(key)) return;
        seen.add(key);
        links.push({ from, to, kind, text: undefined, details: [] });
      });
    }
  }
  return links;
}

function shortcutLink({ runs }: Shortcut, from: Part | undefined, to: Part | undefined): readonly Link[] {
  if (from === undefined || to === undefined || from === to) return [];
  const text = runs.map((run) => layerText(run.main.op, run.main.attributes)).join("; ");
  return [{ from, to, kind: "inserted", text, details: runs.flatMap((run) => run.nodes).map(detail) }];
}

/** Kahn's order; what is free at the same time stands in the order it was written. */
function inOrder(parts: readonly Part[], links: readonly Link[]): readonly Part[] | undefined {
  const waiting = new Map<Part, number>();
  const after = new Map<Part, Part[]>();
  for (const { from, to } of links) {
    waiting.set(to, (waiting.get(to) ?? 0) + 1);
    (after.get(from) ?? after.set(from, []).get(from))?.push(to);
  }
  const ordered = parts.filter((part) => !waiting.has(part)).sort((a, b) => a.order - b.order);
  // The list grows while it is walked.
  for (const part of ordered) {
    for (const next of [...(after.get(part) ?? [])].sort((a, b) => a.order - b.order)) {
      const left = (waiting.get(next) ?? 0) - 1;
      waiting.set(next, left);
      if (left === 0) ordered.push(next);
    }
  }
  return ordered.length === parts.length ? ordered : undefined;
}

function boxOf({ input, runs, path }: Part, outputs: readonly string[]): Box {
  if (input) {
    const shape = exampleText(input.type.shape);
    return {
      kind: "input", text: [`${input.name}, ${shape}`], details: [`input ${input.name}: ${input.type.dtype}${formatShape(input.type.shape)}`], layers: [input.name],
      channels: undefined, size: undefined, stage: undefined, unit: undefined, isInserted: false, outputs, signature: `input ${shape}`,
    };
  }
  const nodes = runs.flatMap((run) => run.nodes).sort((a, b) => a.id - b.id);
  const [first, last] = [nodes[0], nodes.at(-1)];
  invariant(first !== undefined && last !== undefined, "a box has layers");
  const run = path === undefined ? runs[0] : undefined;
  const main = run?.main;
  // What follows keeps the shape, or only lays it out anew.
  const shape = (main ?? last).outputs[0]?.type.shape ?? [];
  const channels = shape.length > 2 && typeof shape[1] === "number" && (main === undefined || findOperator(main.op)?.weighted === true) ? shape[1] : undefined;
  const place = placeOf(main ?? first);
  const isJoin = main !== undefined && findOperator(main.op)?.form === "join";
  return {
    kind: path !== undefined ? "group" : isJoin ? "join" : "layer",
    text: path !== undefined ? groupText(path, first, nodes.length, shape) : run === undefined ? [] : [isJoin ? joinText(run.main.op) : textOf(run)],
    details: nodes.map(detail),
    layers: nodes.map(({ name }) => name),
    channels,
    size: mapText(shape),
    stage: within(place.stage?.path, path),
    unit: within(place.unit?.path, path),
    isInserted: first.origin?.inserted ?? false,
    outputs,
    signature: nodes.map(signatureOf).join("\n"),
  };
}

/** A frame around a group is for groups that are a part of it. */
const within = (holder: string | undefined, path: string | undefined): string | undefined => (path === undefined || (holder !== undefined && path.startsWith(`${holder}.`)) ? holder : undefined);

/** A layer as the paper writes it; what has no layer to belong to is named in full: `bn, relu`. */
function textOf({ nodes, main, isWaiting }: Run): string {
  return isWaiting ? nodes.map(({ op, attributes }) => layerText(op, attributes)).join(", ") : layerText(main.op, main.attributes);
}

function groupText(path: string, first: Node, count: number, shape: readonly Dim[]): readonly string[] {
  const holder = instanceChain(first.origin?.instance).find((instance) => instance.path === path && instance.declaration !== "" && instance.kind !== "join");
  const width = typeof shape[1] === "number" ? `, ${shape[1]}` : "";
  return [`${path}${width}`, `${holder ? `${holder.declaration}, ` : ""}${count} layer${count === 1 ? "" : "s"}`];
}

function detail(node: Node): string {
  return `${node.name}: ${describeLayer(node.op, node.attributes, { name: "always", stride: true })} ${formatShape(node.outputs[0]?.type.shape ?? [])}`;
}

function signatureOf(node: Node): string {
  const parameters = node.inputs.flatMap(({ producer }) => (producer.kind === "parameter" ? [producer.parameter.shape.join("x")] : []));
  return [node.op, JSON.stringify(node.attributes), ...parameters, ...node.outputs.map(({ type }) => formatShape(type.shape))].join(" ");
}
