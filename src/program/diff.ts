import { formatShape } from "../ir/tensor-type.ts";
import type { AttributeValue, Graph, Node } from "../ir/graph.ts";
import type { NodeMeasure } from "../passes/measure.ts";
import { measure } from "../passes/measure.ts";
import { describeLayer } from "./describe-layer.ts";
import { blocksOf } from "./diff-sides.ts";
import type { Block, Layer, Read } from "./diff-sides.ts";

/** A quantity before and after; null where it is unknown, or where there is nothing on that side. */
export interface Quantity<T = number> {
  readonly before: T | null;
  readonly after: T | null;
}

/** What a part of a network costs, on both sides. */
export interface CostChange {
  readonly params: Quantity;
  /** Multiply-adds for one example. */
  readonly macs: Quantity;
  /** Pixels of the input that the part's last layer sees at most, per axis; null after a global operator. */
  readonly receptiveField: Quantity<readonly number[]>;
}

export type ChangeKind = "added" | "removed" | "changed" | "renamed";

/** A layer that is not the same on both sides. */
export interface LayerChange extends CostChange {
  readonly kind: Exclude<ChangeKind, "renamed">;
  /** Its name inside the block: `conv1`. */
  readonly name: string;
  /** The layer in words, where it is: `conv 3x3, 64, stride 2`. */
  readonly before: string | null;
  readonly after: string | null;
  /** What differs, in words: `stride 1 -> 2`. */
  readonly what: readonly string[];
  /** True for what a shortcut policy put in (on either side). */
  readonly inserted: boolean;
}

/** A block (or the layers beside blocks) that is not the same on both sides. */
export interface BlockChange extends CostChange {
  readonly kind: ChangeKind;
  /** `layer1.0`; after a renaming the new name. Empty for layers that stand in no block. */
  readonly path: string;
  /** The old name, for a renamed block. */
  readonly from: string | null;
  /** The layers of a changed block that differ. */
  readonly layers: readonly LayerChange[];
}

/** A stage with something in it that differs. */
export interface StageChange extends CostChange {
  /** The label of the stage; null for what stands beside the stages. */
  readonly stage: string | null;
  readonly kind: Exclude<ChangeKind, "renamed">;
  readonly blocks: readonly BlockChange[];
}

/** Two networks held against each other, as plain data; `grammar/diff.schema.json` describes its JSON form. */
export interface NetworkDiff {
  readonly before: string;
  readonly after: string;
  /** True when every layer, name, size and connection is the same. */
  readonly same: boolean;
  readonly totals: CostChange & {
    readonly buffers: Quantity;
    readonly depth: Quantity;
    readonly memoryInBytes: Quantity;
    readonly input: Quantity<string>;
    readonly output: Quantity<string>;
  };
  readonly stages: readonly StageChange[];
}

/**
 * What changed from one network to another, by stage, block and layer. Blocks and layers are held together by their names;
 * a block that is only called otherwise is found by its layers. Linear in the number of layers.
 */
export function diffNetworks(before: Graph, after: Graph): NetworkDiff {
  const sides = [blocksOf(before), blocksOf(after)] as const;
  const renamed = renamings(sides);
  const stages = stageNames(sides).flatMap((stage) => stageChange(stage, sides, renamed));
  const [a, b] = [measure(before), measure(after)];
  const quantity = <T>(one: T | undefined, other: T | undefined): Quantity<T> => ({ before: one ?? null, after: other ?? null });
  const shapes = (values: Graph["inputs"]): string => values.map((value) => `${value.name}: ${formatShape(value.type.shape)}`).join(", ");
  const totals: NetworkDiff["totals"] = {
    params: quantity(a.params, b.params),
    buffers: quantity(a.buffers, b.buffers),
    macs: quantity(a.macs, b.macs),
    depth: quantity(a.depth, b.depth),
    receptiveField: quantity(a.receptiveField, b.receptiveField),
    memoryInBytes: quantity(a.memoryInBytes, b.memoryInBytes),
    input: quantity(shapes(before.inputs), shapes(after.inputs)),
    output: quantity(...([before, after].map((graph) => graph.outputs.map(({ name, value }) => `${name}: ${formatShape(value.type.shape)}`).join(", ")) as [string, string])),
  };
  const same = stages.length === 0 && Object.values(totals).every(({ before: one, after: other }) => String(one) === String(other));
  return { before: before.name, after: after.name, same, totals, stages };
}

type Sides = readonly [ReadonlyMap<string, Block>, ReadonlyMap<string, Block>];

/** Blocks that differ by nothing but their name: keys of both sides by each other. */
interface Renamings {
  readonly newOf: ReadonlyMap<string, string>;
  readonly oldOf: ReadonlyMap<string, string>;
}

function renamings([before, after]: Sides): Renamings {
  const waiting = new Map<string, string[]>();
  for (const [key, block] of after) {
    if (before.has(key) || block.path === "") continue;
    const form = formOf(block);
    const keys = waiting.get(form) ?? [];
    if (keys.length === 0) waiting.set(form, keys);
    keys.push(key);
  }
  // In order, each once.
  for (const keys of waiting.values()) keys.reverse();
  const newOf = new Map<string, string>();
  for (const [key, block] of before) {
    const next = after.has(key) || block.path === "" ? undefined : waiting.get(formOf(block))?.pop();
    if (next !== undefined) newOf.set(key, next);
  }
  return { newOf, oldOf: new Map([...newOf].map(([old, young]) => [young, old])) };
}

/** A block without its name and place: equal for blocks that compute the same. */
function formOf({ layers }: Block): string {
  return JSON.stringify([...layers].map(([name, { node, reads }]) => [name, node.op, node.attributes, parameterShapes(node), reads.map(({ place }) => (/^[.^]/.test(place) ? place : "elsewhere")), formatShape(node.outputs[0]?.type.shape ?? [])]));
}

/** Stages in the order of the new network; those that are gone behind the one that stood before them. */
function stageNames([before, after]: Sides): readonly (string | null)[] {
  const names = [...new Set([...after.values()].map(({ stage }) => stage))];
  let at = 0;
  for (const { stage } of before.values()) {
    const known = names.indexOf(stage);
    if (known >= 0) at = known + 1;
    else names.splice(at++, 0, stage);
  }
  return names;
}

function stageChange(stage: string | null, sides: Sides, renamed: Renamings): StageChange[] {
  const [before, after] = sides.map((side) => [...side].filter(([, block]) => block.stage === stage)) as [[string, Block][], [string, Block][]];
  const blocks: BlockChange[] = [];
  for (const key of orderedKeys(before, after)) {
    const [old, young] = [sides[0].get(key), sides[1].get(key)];
    if (old && young) blocks.push(...changedBlock(old, young));
    else if (old && !renamed.newOf.has(key)) blocks.push(wholeBlock(old, "removed"));
    else if (young) {
      const from = sides[0].get(renamed.oldOf.get(key) ?? "");
      blocks.push(from ? renamedBlock(from, young) : wholeBlock(young, "added"));
    }
  }
  if (blocks.length === 0) return [];
  const layers = (side: [string, Block][]): Layer[] => side.flatMap(([, block]) => [...block.layers.values()]);
  const kind = before.length === 0 ? "added" : after.length === 0 ? "removed" : "changed";
  return [{ stage, kind, ...costOf(layers(before), layers(after)), blocks }];
}

/** Keys of both sides: the new side's order, those that are gone where they stood. */
function orderedKeys(before: readonly (readonly [string, unknown])[], after: readonly (readonly [string, unknown])[]): readonly string[] {
  const isNew = new Set(after.map(([key]) => key));
  const goneBehind = new Map<string | undefined, string[]>();
  let last: string | undefined;
  for (const [key] of before) {
    const gone = goneBehind.get(last) ?? [];
    if (isNew.has(key)) last = key;
    else if (gone.push(key) === 1) goneBehind.set(last, gone);
  }
  return [...(goneBehind.get(undefined) ?? []), ...after.flatMap(([key]) => [key, ...(goneBehind.get(key) ?? [])])];
}

function wholeBlock(block: Block, kind: "added" | "removed"): BlockChange {
  const layers = [...block.layers.values()];
  const cost = kind === "added" ? costOf([], layers) : costOf(layers, []);
  // Layers that stand in no block are told one by one.
  const isLoose = block.path === (block.stage ?? "");
  return { kind: isLoose ? "changed" : kind, path: block.path, from: null, ...cost, layers: isLoose ? [...block.layers].map(([name, layer]) => wholeLayer(name, layer, kind)) : [] };
}

function renamedBlock(before: Block, after: Block): BlockChange {
  return { kind: "renamed", path: after.path, from: before.path, ...costOf([...before.layers.values()], [...after.layers.values()]), layers: [] };
}

function changedBlock(before: Block, after: Block): BlockChange[] {
  const layers: LayerChange[] = [];
  const renamed = renamedLayers(before, after);
  const oldNames = new Map([...renamed].map(([old, young]) => [young, old]));
  for (const name of orderedKeys([...before.layers], [...after.layers])) {
    const [own, young] = [before.layers.get(name), after.layers.get(name)];
    const oldName = oldNames.get(name);
    const old = oldName === undefined ? own : before.layers.get(oldName);
    if (old && young) layers.push(...changedLayer(name, old, young, renamed, oldName));
    else if (old && !renamed.has(name)) layers.push(wholeLayer(name, old, "removed"));
    else if (young) layers.push(wholeLayer(name, young, "added"));
  }
  if (layers.length === 0) return [];
  return [{ kind: "changed", path: after.path, from: null, ...costOf([...before.layers.values()], [...after.layers.values()]), layers }];
}

/** New names by old ones, for layers of a block that are the same but for a name: numbers move when a layer comes in between. */
function renamedLayers(before: Block, after: Block): ReadonlyMap<string, string> {
  const formOfLayer = ({ node }: Layer): string => JSON.stringify([node.op, node.attributes, parameterShapes(node), formatShape(node.outputs[0]?.type.shape ?? [])]);
  const waiting = new Map<string, string[]>();
  for (const [name, layer] of [...after.layers].reverse()) {
    if (before.layers.has(name)) continue;
    const form = formOfLayer(layer);
    const names = waiting.get(form) ?? [];
    if (names.push(name) === 1) waiting.set(form, names);
  }
  const found = new Map<string, string>();
  for (const [name, layer] of before.layers) {
    const next = after.layers.has(name) ? undefined : waiting.get(formOfLayer(layer))?.pop();
    if (next !== undefined) found.set(name, next);
  }
  return found;
}

function wholeLayer(name: string, layer: Layer, kind: "added" | "removed"): LayerChange {
  const text = textOf(layer.node);
  const added = kind === "added";
  return {
    kind,
    name,
    before: added ? null : text,
    after: added ? text : null,
    what: [],
    inserted: layer.node.origin?.inserted === true,
    ...(added ? costOf([], [layer]) : costOf([layer], [])),
  };
}

function changedLayer(name: string, before: Layer, after: Layer, renamed: ReadonlyMap<string, string>, oldName: string | undefined): LayerChange[] {
  const what = [...(oldName === undefined ? [] : [`was ${oldName}`]), ...differences(before, after, renamed)];
  if (what.length === 0) return [];
  const inserted = [before, after].some(({ node }) => node.origin?.inserted === true);
  return [{ kind: "changed", name, before: textOf(before.node), after: textOf(after.node), what, inserted, ...costOf([before], [after]) }];
}

function differences(before: Layer, after: Layer, renamed: ReadonlyMap<string, string>): string[] {
  const what: string[] = [];
  const [a, b] = [before.node, after.node];
  if (a.op !== b.op) what.push(`${a.op} -> ${b.op}`);
  else {
    for (const key of new Set([...Object.keys(a.attributes), ...Object.keys(b.attributes)])) {
      const [one, other] = [attributeText(a.attributes[key]), attributeText(b.attributes[key])];
      if (one !== other) what.push(`${key} ${one} -> ${other}`);
    }
  }
  const isOwn = what.length > 0;
  const shapes = [a, b].map((node) => formatShape(node.outputs[0]?.type.shape ?? []));
  if (shapes[0] !== shapes[1]) what.push(`output ${shapes[0]} -> ${shapes[1]}`);
  const weights = [parameterShapes(a), parameterShapes(b)];
  if (!isOwn && weights[0] !== weights[1] && a.op === b.op) what.push(`${weights[0]} -> ${weights[1]}`);
  const today = before.reads.map(({ place }) => (place.startsWith(".") ? `.${renamed.get(place.slice(1)) ?? place.slice(1)}` : place));
  if (today.join() !== after.reads.map(({ place }) => place).join()) what.push(`reads ${readText(before.reads)} -> ${readText(after.reads)}`);
  return what;
}

const readText = (reads: readonly Read[]): string => reads.map(({ name }) => name).join(" and ") || "nothing";

function attributeText(value: AttributeValue | undefined): string {
  if (value === undefined) return "none";
  if (!Array.isArray(value)) return String(value);
  return value.length > 0 && value.every((entry) => entry === value[0]) ? String(value[0]) : value.join("x");
}

function parameterShapes(node: Node): string {
  return node.inputs.flatMap(({ producer }) => (producer.kind === "parameter" ? [`${producer.parameter.role} [${producer.parameter.shape.join(", ")}]`] : [])).slice(0, 1).join(", ");
}

function textOf(node: Node): string {
  return describeLayer(node.op, node.attributes, { name: "always", stride: true });
}

function costOf(before: readonly Layer[], after: readonly Layer[]): CostChange {
  const sum = (layers: readonly Layer[], pick: (cost: NodeMeasure) => number | undefined): number | null => {
    let total: number | null = 0;
    for (const { cost } of layers) {
      const own = pick(cost);
      total = total === null || own === undefined ? null : total + own;
    }
    return layers.length === 0 ? null : total;
  };
  const field = (layers: readonly Layer[]): readonly number[] | null => layers[layers.length - 1]?.cost.receptiveField?.greatest ?? null;
  return {
    params: { before: sum(before, ({ params }) => params), after: sum(after, ({ params }) => params) },
    macs: { before: sum(before, ({ macs }) => macs), after: sum(after, ({ macs }) => macs) },
    receptiveField: { before: field(before), after: field(after) },
  };
}
