import { InputError } from "../base/input-error.ts";
import type { FloatTensor } from "../engines/engine.ts";
import { formatDim, isSymbolic, substituteDim } from "../ir/dim.ts";
import type { Graph, Node, Parameter, Value } from "../ir/graph.ts";
import { elementCount } from "../ir/tensor-type.ts";
import type { Block } from "./blocks.ts";
import { blocksOf } from "./blocks.ts";
import { differenceOf, greaterOf } from "./difference.ts";
import type { Difference } from "./difference.ts";
import { locate } from "./locate.ts";
import type { RunningEngine, Shown, Subject } from "./subject.ts";

export interface VerifyOptions {
  readonly graph: Graph;
  /** What is compared; the first is what the others are compared with. */
  readonly subjects: readonly Subject[];
  /** One for every input of the network. */
  readonly inputs: readonly FloatTensor[];
  /** See {@link TOLERANCE}. */
  readonly tolerance: number;
  /** Called before every run of a model. */
  readonly onRun?: (what: string) => void;
  /** The most that is kept of one engine's values at a time. */
  readonly turnInBytes?: number;
}

/** What is said of a subject. */
export interface ToldSubject extends Pick<Subject, "name" | "path" | "remarks"> {
  readonly engine: Pick<RunningEngine, "name" | "version" | "device">;
}

/** The gradient of a parameter, or a running statistic after a training step. */
export interface ParameterDifference {
  readonly parameter: Parameter;
  readonly difference: Difference;
}

/** A subject and how far it is from the first. */
export interface SubjectResult {
  readonly subject: ToldSubject;
  readonly agrees: boolean;
  /** Why it gave no answer. */
  readonly failed?: InputError;
  /** For each output of the network, or the loss of a training step; empty for the reference. */
  readonly outputs: readonly Difference[];
  /** For each block; nothing where the model does not show it. Empty for the reference. */
  readonly blocks: readonly (Difference | undefined)[];
  /** How many blocks were to be compared: all, but in very deep networks. */
  readonly asked: number;
  /** Of a training step alone. */
  readonly parameters?: readonly ParameterDifference[];
  /** Where a difference comes from. */
  readonly origin?: DifferenceOrigin;
}

/** Where a difference comes from, as far as it could be found. */
export interface DifferenceOrigin {
  readonly block: Block;
  readonly difference: Difference;
  /** The first layer of the block that differs. */
  readonly layer?: { readonly node: Node; readonly difference: Difference };
}

export interface Verification {
  readonly agrees: boolean;
  readonly blocks: readonly Block[];
  /** The reference first. */
  readonly results: readonly SubjectResult[];
}

/** 128 MiB: two of them, and their copies on the way from another process, stay far below what a model needs. */
const TURN_IN_BYTES = 128 * 2 ** 20;

/**
 * Of more blocks than this, about a hundred are compared first, and those around a difference then: TensorFlow.js runs each
 * model that is nested in a deep one again for every output that is asked of it.
 */
const MANY_BLOCKS = 256;
const FIRST_BLOCKS = 100;

/**
 * Runs every subject on the same inputs and compares: first the models as they are, then the same with a further output for
 * what leaves each block; and where something differs, with all values of the block it comes from. One model is open at a
 * time, and large values are compared in turns.
 * An engine that refuses a model, or loses it, is a result like a difference.
 */
export async function verify(options: VerifyOptions): Promise<Verification> {
  const { graph, inputs } = options;
  const blocks = blocksOf(graph);
  const answers: { readonly subject: Subject; readonly outputs?: readonly FloatTensor[]; readonly failed?: InputError }[] = [];
  for (const subject of options.subjects) {
    options.onRun?.(`running ${subject.name}`);
    answers.push({ subject, ...(await attempt(async () => ({ outputs: (await answer(subject.show([]), subject, inputs)).outputs }))) });
  }
  const [reference, ...others] = answers.flatMap(({ subject, outputs }) => (outputs ? [{ subject, outputs }] : []));
  const results: SubjectResult[] = answers.flatMap(({ subject, failed }) => (failed ? [{ subject, agrees: false, failed, outputs: [], blocks: [], asked: 0 }] : []));
  if (reference === undefined) return { agrees: false, blocks, results };

  const found = new Map(others.map(({ subject, outputs }) => [subject, outputs.map((tensor, index) => comparedWith(tensor, reference.outputs[index]))]));
  const step = blocks.length > MANY_BLOCKS ? Math.ceil(blocks.length / FIRST_BLOCKS) : 1;
  const asked = blocks.filter((_, index) => index % step === 0 || index === blocks.length - 1);
  const shown = await compareValues(reference.subject, others.map(({ subject }) => subject), asked.flatMap((block) => block.outputs), options);
  for (const { subject } of others) {
    const outputs = found.get(subject) ?? [];
    const seen = shown.get(subject) ?? { differences: new Map<Value, Difference>() };
    const before = differencesOf(blocks, seen);
    const between = await betweenCompared(reference.subject, subject, { blocks, ofBlocks: before }, options);
    for (const [value, difference] of between) seen.differences.set(value, difference);
    const ofBlocks = between.size > 0 ? differencesOf(blocks, seen) : before;
    const origin = await originOf(reference.subject, subject, { blocks, ofBlocks }, options);
    const { failed } = seen;
    const agrees = failed === undefined && [...outputs, ...ofBlocks].every((difference) => difference === undefined || difference.relative <= options.tolerance);
    results.push({ subject, agrees, ...(failed ? { failed } : {}), outputs, blocks: ofBlocks, asked: asked.length, ...(origin ? { origin } : {}) });
  }
  results.push({ subject: reference.subject, agrees: true, outputs: [], blocks: [], asked: 0 });
  const order: readonly ToldSubject[] = [reference.subject, ...options.subjects.filter((subject) => subject !== reference.subject)];
  results.sort((a, b) => order.indexOf(a.subject) - order.indexOf(b.subject));
  return { agrees: results.length > 1 && results.every((result) => result.agrees), blocks, results };
}

const comparedWith = (ours: FloatTensor, expected: FloatTensor | undefined): Difference => differenceOf(ours, expected ?? { data: new Float32Array(0), shape: [] });

interface ComparedBlocks {
  readonly blocks: readonly Block[];
  readonly ofBlocks: readonly (Difference | undefined)[];
}

const differencesOf = (blocks: readonly Block[], { differences }: Seen): readonly (Difference | undefined)[] =>
  blocks.map((block) => block.outputs.map((value) => differences.get(value)).reduce(greaterOf, undefined));

const blockItems = ({ blocks, ofBlocks }: ComparedBlocks) => blocks.map(({ before }, at) => ({ before, relative: ofBlocks[at]?.relative }));

/** Compares the blocks between the one a difference seems to come from and the compared ones before it. */
async function betweenCompared(reference: Subject, subject: Subject, compared: ComparedBlocks, options: VerifyOptions): Promise<ReadonlyMap<Value, Difference>> {
  const { blocks, ofBlocks } = compared;
  const index = locate(blockItems(compared), { tolerance: options.tolerance });
  if (index === undefined) return new Map();
  let first = index;
  while (first > 0 && ofBlocks[first - 1] === undefined) first--;
  const values = blocks.slice(first, index).flatMap(({ outputs }) => outputs).filter((value) => subject.shows(value));
  if (values.length === 0) return new Map();
  return (await compareValues(reference, [subject], values, options)).get(subject)?.differences ?? new Map();
}

/** The block a difference comes from, and the layer in it: that needs one more run, with all values of the block. */
async function originOf(reference: Subject, subject: Subject, compared: ComparedBlocks, options: VerifyOptions): Promise<DifferenceOrigin | undefined> {
  const { tolerance } = options;
  const index = locate(blockItems(compared), { tolerance });
  const [block, difference] = index === undefined ? [] : [compared.blocks[index], compared.ofBlocks[index]];
  if (block === undefined || difference === undefined) return undefined;
  const { nodes } = block;
  const seen = await compareValues(reference, [subject], nodes.flatMap(({ outputs }) => outputs), options);
  const { differences } = seen.get(subject) ?? {};
  const own = nodes.map(({ outputs }) => outputs.map((value) => differences?.get(value)).reduce(greaterOf, undefined));
  const places = new Map(nodes.map((node, at) => [node, at]));
  const layers = nodes.map(({ inputs }, at) => ({
    relative: own[at]?.relative,
    before: inputs.flatMap(({ producer }) => (producer.kind === "node" ? [places.get(producer.node)].filter((place) => place !== undefined) : [])),
  }));
  // The mistake may show less in what leaves the block than in the layer that makes it, never much more.
  const first = locate(layers, { tolerance, threshold: Math.min(tolerance, difference.relative / 2) });
  const [node, ofLayer] = first === undefined ? [] : [nodes[first], own[first]];
  return { block, difference, ...(node && ofLayer ? { layer: { node, difference: ofLayer } } : {}) };
}

interface Seen {
  readonly differences: Map<Value, Difference>;
  failed?: InputError;
}

/** The differences of values inside the models from the reference's, for each subject; what a model does not show is missing. */
async function compareValues(reference: Subject, subjects: readonly Subject[], values: readonly Value[], options: VerifyOptions): Promise<ReadonlyMap<Subject, Seen>> {
  const seen = new Map(subjects.map((subject): readonly [Subject, Seen] => [subject, { differences: new Map() }]));
  const turns = inTurns(values, options);
  for (const [turn, part] of turns.entries()) {
    const how = turns.length > 1 ? `, part ${turn + 1} of ${turns.length}` : "";
    // What no subject shows need not be computed.
    const wanted = part.filter((value) => subjects.some((subject) => subject.shows(value)));
    if (wanted.length === 0) continue;
    options.onRun?.(`comparing blocks: ${reference.name}${how}`);
    const expected = await answer(reference.show(wanted), reference, options.inputs);
    for (const [subject, own] of seen) {
      if (own.failed) continue;
      options.onRun?.(`comparing blocks: ${subject.name}${how}`);
      const { given, failed } = await attempt(async () => ({ given: await answer(subject.show(wanted), subject, options.inputs) }));
      if (failed) own.failed = failed;
      for (const [value, tensor] of given?.values ?? []) own.differences.set(value, comparedWith(tensor, expected.values.get(value)));
    }
  }
  return seen;
}

/** Values in groups that are small enough to be kept. */
function inTurns(values: readonly Value[], { graph, inputs, turnInBytes = TURN_IN_BYTES }: VerifyOptions): readonly (readonly Value[])[] {
  const sizes = new Map<string, number>();
  graph.inputs.forEach(({ type }, index) =>
    type.shape.forEach((dim, axis) => {
      if (isSymbolic(dim)) sizes.set(formatDim(dim), inputs[index]?.shape[axis] ?? 1);
    }),
  );
  const turns: Value[][] = [];
  let sum = Infinity;
  for (const value of values) {
    const size = 4 * elementCount(value.type.shape.map((dim) => substituteDim(dim, sizes)).map((dim) => (isSymbolic(dim) ? 1 : dim)));
    if (sum + size > turnInBytes) {
      turns.push([]);
      sum = 0;
    }
    turns[turns.length - 1]?.push(value);
    sum += size;
  }
  return turns;
}

interface Answer {
  /** In the network's order. */
  readonly outputs: readonly FloatTensor[];
  readonly values: ReadonlyMap<Value, FloatTensor>;
}

async function answer({ model, inputs: ofInput, outputs, at }: Shown, { engine }: Subject, inputs: readonly FloatTensor[]): Promise<Answer> {
  const inference = await engine.open(model);
  try {
    const results = await inference.run(ofInput.map((index) => taken(inputs, index)));
    return { outputs: outputs.map((index) => taken(results, index)), values: new Map([...at].map(([value, index]) => [value, taken(results, index)])) };
  } finally {
    await inference.close();
  }
}

function taken(tensors: readonly FloatTensor[], index: number): FloatTensor {
  const tensor = tensors[index];
  if (tensor === undefined) throw new InputError(`the model gives ${tensors.length} tensors, and number ${index + 1} is needed`);
  return tensor;
}

/** An engine that refuses a model is a result, too. */
async function attempt<T extends object>(work: () => Promise<T>): Promise<Partial<T> & { readonly failed?: InputError }> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof InputError) return { failed: error } as Partial<T> & { readonly failed: InputError };
    throw error;
  }
}
