import { groupDigits } from "../base/digits.ts";
import { InputError } from "../base/input-error.ts";
import { nearest } from "../base/suggest.ts";
import { elementCount, isFloatDType } from "./element-types.ts";
import { renamedSource } from "./overlay.ts";
import { findToolPrefix, renamed, suggestRenames, type Rename } from "./rename.ts";
import { shortened } from "./tensor-file.ts";
import type { TensorInfo, WeightSource } from "./source.ts";

/** A parameter of a network. */
export interface WantedTensor {
  readonly name: string;
  readonly shape: readonly number[];
}

/** What the user said about names. */
export interface MatchOptions {
  /** Applied to each name before and after a tool's prefix is taken off; the first rule that fits a name counts. */
  readonly renames?: readonly Rename[];
  /** Names, and beginnings of dotted names, of tensors that may stay unused. */
  readonly ignore?: readonly string[];
}

/** A source under a network's names, and everything that was decided on the way. */
export interface MatchedWeights {
  readonly source: WeightSource;
  /** Rules that changed names, as sentences to show. */
  readonly applied: readonly string[];
  /** Tensors of the file that the network does not take and that are no mistake, under the file's names. */
  readonly unused: readonly string[];
}

interface Found {
  readonly info: TensorInfo;
  /** Its name in the file. */
  readonly fileName: string;
}

/** The most names that are looked at for a near one, and the most lines of one kind in an error. */
const MAX_COMPARED = 2_000;
const MAX_LINES = 12;

/**
 * Finds every parameter of a network in a source. Names must be equal after the user's renames and the removal of a prefix
 * that a tool put before all of them; shapes must be equal; nothing may be left over but counters and what is ignored.
 *
 * @throws {@link InputError} one for all that is missing, unexpected or of another shape.
 */
export function matchWeights(wanted: readonly WantedTensor[], source: WeightSource, options: MatchOptions = {}): MatchedWeights {
  const { renames = [], ignore = [] } = options;
  const listed = source.names();
  // A source that makes what is asked of it lists nothing.
  const endless = listed.length === 0 && wanted.some(({ name }) => source.info(name) !== undefined);
  const wantedNames = new Set(wanted.map(({ name }) => name));
  const { fileNames, applied } = ourNames(endless ? [...wantedNames] : listed, wantedNames, renames, source);
  const found = new Map<string, Found>();
  for (const [name, fileName] of fileNames) {
    const info = source.info(fileName);
    if (info !== undefined) found.set(name, { info, fileName });
  }
  const extra = [...found].filter(([name]) => !wantedNames.has(name));
  const excused = new Map(extra.filter(([name, { fileName }]) => isCounter(name) || isIgnored(name, ignore) || isIgnored(fileName, ignore)));
  const unexpected = new Map(extra.filter(([name]) => !excused.has(name)));
  refuseProblems(wanted, found, unexpected, source);
  const names = new Map(wanted.map(({ name }) => [name, found.get(name)?.fileName ?? name]));
  return { source: renamedSource(source, names), applied, unused: [...excused.values()].map(({ fileName }) => fileName) };
}

/** The file's names by ours. */
function ourNames(
  listed: readonly string[],
  wanted: ReadonlySet<string>,
  renames: readonly Rename[],
  source: WeightSource,
): { fileNames: ReadonlyMap<string, string>; applied: string[] } {
  const used = new Map<Rename, number>();
  const rename = (name: string): string | undefined => {
    for (const rule of renames) {
      const to = renamed(name, rule);
      if (to === undefined) continue;
      used.set(rule, (used.get(rule) ?? 0) + 1);
      return to;
    }
    return undefined;
  };
  const first = listed.map((name) => ({ name, to: rename(name) }));
  const tool = findToolPrefix(first.map(({ name, to }) => to ?? name), wanted);
  let stripped = 0;
  const fileNames = new Map<string, string>();
  for (const { name, to } of first) {
    let ours = to ?? name;
    if (tool !== undefined && ours.startsWith(tool.prefix)) {
      ours = ours.slice(tool.prefix.length);
      stripped++;
    }
    if (to === undefined && ours !== name) ours = rename(ours) ?? ours;
    const other = fileNames.get(ours);
    if (other !== undefined) {
      throw new InputError(`two tensors of ${source.description} would both be called \`${ours}\`: \`${other}\` and \`${name}\``);
    }
    fileNames.set(ours, name);
  }
  const idle = renames.find((rule) => !used.has(rule));
  if (idle !== undefined && listed.length > 0) throw idleRename(idle, listed, source);
  const applied = renames.map((rule) => `\`${rule.from}\` renamed to \`${rule.to}\` in ${tensors(used.get(rule) ?? 0)}, as asked`);
  if (tool !== undefined) applied.unshift(`\`${tool.prefix}\` taken off ${tensors(stripped)}: ${tool.writtenBy} put it there`);
  return { fileNames, applied };
}

function idleRename(rule: Rename, listed: readonly string[], source: WeightSource): InputError {
  const beginnings = new Set(listed.slice(0, MAX_COMPARED).map(shortened).flatMap((name) => [name, name.slice(0, Math.max(0, name.lastIndexOf(".")))]));
  const near = nearest(rule.from, beginnings);
  return new InputError(`nothing in ${source.description} is called \`${rule.from}\` or begins with \`${rule.from}.\``, {
    notes: [`\`--rename ${rule.from}=${rule.to}\` asks for it`],
    help: near.length > 0 ? [`did you mean ${near.map((name) => `\`${name}\``).join(" or ")}?`] : [],
  });
}

/** Counts of training steps, which no inference needs. */
function isCounter(name: string): boolean {
  return name === "num_batches_tracked" || name.endsWith(".num_batches_tracked");
}

function isIgnored(name: string, ignore: readonly string[]): boolean {
  return ignore.some((beginning) => name === beginning || name.startsWith(`${beginning}.`));
}

function refuseProblems(
  wanted: readonly WantedTensor[],
  found: ReadonlyMap<string, Found>,
  unexpected: ReadonlyMap<string, Found>,
  source: WeightSource,
): void {
  const missing = wanted.filter(({ name }) => !found.has(name));
  const unfit = wanted.flatMap((want) => {
    const got = found.get(want.name);
    return got === undefined ? [] : [unfitness(want, got.info)].filter((line) => line !== undefined);
  });
  if (missing.length === 0 && unexpected.size === 0 && unfit.length === 0) return;
  const left = [...unexpected].map(([name, { info }]) => ({ name, shape: info.shape }));
  const candidates = left.slice(0, MAX_COMPARED).map(({ name }) => shortened(name));
  const notes = [
    ...capped(missing, (one, i) => {
      const near = i < MAX_LINES ? nearest(one.name, candidates, 2) : [];
      const hint = near.length === 0 ? "" : `; near: ${near.map((name) => `\`${name}\``).join(", ")}`;
      return `missing: \`${one.name}\` [${one.shape.join(", ")}]${hint}`;
    }),
    ...capped(unfit, (line) => line),
    ...capped(left, ({ name, shape }) => `unexpected: \`${shortened(name)}\` [${shape.join(", ")}]`),
  ];
  const suggestions = suggestRenames(missing, left);
  const help = suggestions.map(({ from, to }) => `the shapes of \`${from}\` fit \`${to}\`: --rename ${from}=${to}`);
  if (help.length === 0 && missing.length === 0 && unfit.length === 0) {
    const beginnings = [...new Set(left.map(({ name }) => name.split(".")[0] ?? name))].slice(0, 3);
    help.push(`if the network is right without them: ${beginnings.map((name) => `--ignore ${name}`).join(" ")}`);
  }
  const counts = [
    missing.length > 0 ? `${missing.length} missing` : "",
    unfit.length > 0 ? `${unfit.length} that cannot be used` : "",
    left.length > 0 ? `${left.length} unexpected` : "",
  ].filter((text) => text !== "");
  throw new InputError(`${source.description} does not fit the network: of ${tensors(wanted.length)}, ${counts.join(", ")}`, { notes, help });
}

function unfitness(want: WantedTensor, info: TensorInfo): string | undefined {
  const [wantedShape, shape] = [want.shape.join(", "), info.shape.join(", ")];
  if (wantedShape !== shape) {
    const same = elementCount(want.shape) === elementCount(info.shape) ? "; the numbers of values agree, their arrangement does not" : "";
    return `wrongly shaped: \`${want.name}\` is [${wantedShape}] in the network and [${shape}] in the file${same}`;
  }
  return isFloatDType(info.dtype) ? undefined : `no weights: \`${want.name}\` holds ${info.dtype} values`;
}

function capped<One>(all: readonly One[], line: (one: One, i: number) => string): string[] {
  const lines = all.slice(0, MAX_LINES).map(line);
  if (all.length > MAX_LINES) lines.push(`… and ${all.length - MAX_LINES} more like these`);
  return lines;
}

function tensors(count: number): string {
  return count === 1 ? "1 tensor" : `${groupDigits(count)} tensors`;
}

/** What is in a network that no file of weights tells. */
export interface SilentFacts {
  /** A shortcut that pads with zero channels (option A). */
  readonly hasZeroPadShortcut: boolean;
  /** A bottleneck whose stride could be in its 1x1 or in its 3x3 convolution. */
  readonly hasStridedBottleneck: boolean;
}

/** Sentences about choices that fit any file, so that a wrong one gives wrong answers without an error. */
export function silentChoices(facts: SilentFacts): string[] {
  const sentences: string[] = [];
  if (facts.hasZeroPadShortcut) {
    sentences.push("a file of weights does not tell where option A puts its zero channels: at the end, or half on each side");
  }
  if (facts.hasStridedBottleneck) {
    sentences.push("a file of weights does not tell whether a bottleneck's stride is in its 1x1 convolution (the paper) or its 3x3 (torchvision)");
  }
  return sentences;
}
