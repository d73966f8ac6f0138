import { InputError } from "../base/input-error.ts";
import type { FloatTensor } from "../engines/engine.ts";
import type { TrainingBatch } from "../engines/training.ts";
import type { Graph, Node, Parameter, Value } from "../ir/graph.ts";
import { isLearned } from "../passes/gradient.ts";
import { blocksOf } from "./blocks.ts";
import type { Block } from "./blocks.ts";
import { differenceOf, greaterOf } from "./difference.ts";
import type { Difference } from "./difference.ts";
import { locate } from "./locate.ts";
import type { StepAnswer, StepSubject } from "./step-subject.ts";
import type { DifferenceOrigin, ParameterDifference, SubjectResult, Verification } from "./verify.ts";

export interface VerifyTrainingOptions {
  readonly graph: Graph;
  /** What makes steps; the first is what the others are compared with. */
  readonly subjects: readonly StepSubject[];
  readonly batch: TrainingBatch;
  /** See {@link TOLERANCE}; of the loss, of every gradient and of every running statistic. */
  readonly tolerance: number;
  /** Called before every step. */
  readonly onRun?: (what: string) => void;
}

/**
 * One training step of every subject on the same batch, compared: the loss, the gradient of every learned parameter, and what
 * running statistics became. An engine that refuses is a result like a difference.
 */
export async function verifyTraining({ graph, subjects, batch, tolerance, onRun }: VerifyTrainingOptions): Promise<Verification> {
  const blocks = blocksOf(graph);
  const results: SubjectResult[] = [];
  let reference: StepAnswer | undefined;
  for (const subject of subjects) {
    onRun?.(`a step of ${subject.name}`);
    const { answer, failed } = await attempt(subject, batch);
    if (answer === undefined) {
      results.push({ subject, agrees: false, ...(failed ? { failed } : {}), outputs: [], blocks: [], asked: 0 });
    } else if (reference === undefined) {
      reference = answer;
      results.unshift({ subject, agrees: true, outputs: [], blocks: [], asked: 0 });
    } else {
      results.push(resultOf(graph, blocks, { subject, answer, expected: reference, tolerance }));
    }
  }
  return { agrees: results.length > 1 && results.every(({ agrees }) => agrees), blocks, results };
}

interface Pair {
  readonly subject: StepSubject;
  readonly answer: StepAnswer;
  readonly expected: StepAnswer;
  readonly tolerance: number;
}

function resultOf(graph: Graph, blocks: readonly Block[], { subject, answer, expected, tolerance }: Pair): SubjectResult {
  const loss = differenceOf(scalar(answer.loss), scalar(expected.loss));
  const parameters = parameterDifferences(graph, answer, expected);
  const of = new Map(parameters.map(({ parameter, difference }) => [parameter, difference]));
  const differences = blocks.map(({ nodes }) => nodes.flatMap(parametersOf).map((parameter) => of.get(parameter)).reduce(greaterOf, undefined));
  const isApart = ({ relative }: Difference): boolean => relative > tolerance;
  const agrees = !isApart(loss) && !parameters.some(({ difference }) => isApart(difference));
  const origin = agrees ? undefined : originOf(graph, blocks, of, tolerance);
  return { subject: origin?.remark === undefined ? subject : { ...subject, remarks: [...subject.remarks, origin.remark] }, agrees, outputs: [loss], blocks: differences, asked: blocks.length, parameters, ...(origin?.found ? { origin: origin.found } : {}) };
}

const scalar = (value: number): FloatTensor => ({ data: Float32Array.of(value), shape: [] });

const parametersOf = ({ inputs }: Node): readonly Parameter[] => inputs.flatMap(({ producer }) => (producer.kind === "parameter" ? [producer.parameter] : []));

/** A layer whose greatest gradient is below this part of the network's has none but rounding; it is measured by a hundredth of that. */
const NOTHING = 1e-5;

/**
 * Differences of all that the reference shows. That of a gradient is relative to the greatest of its layer: of a batch norm or a
 * convolution before one the gradients by scale or bias may be the small rest of large sums, or of nothing at all.
 */
function parameterDifferences(graph: Graph, answer: StepAnswer, expected: StepAnswer): readonly ParameterDifference[] {
  const greatest = new Map<Parameter, number>();
  for (const node of graph.nodes) {
    const learned = parametersOf(node).filter(isLearned);
    const most = learned.reduce((found, { name }) => expected.tensors.get(name)?.data.reduce((one, value) => Math.max(one, Math.abs(value)), found) ?? found, 0);
    for (const parameter of learned) greatest.set(parameter, most);
  }
  const ofAll = Math.max(0, ...greatest.values());
  return graph.parameters.flatMap((parameter): ParameterDifference[] => {
    const wanted = expected.tensors.get(parameter.name);
    if (wanted === undefined) return [];
    const given = answer.tensors.get(parameter.name);
    const difference = given === undefined ? { absolute: Infinity, relative: Infinity, why: "there is none" } : differenceOf(given, wanted);
    if (!isLearned(parameter) || difference.why !== undefined || difference.absolute === 0) return [{ parameter, difference }];
    const own = greatest.get(parameter) ?? 0;
    return [{ parameter, difference: { ...difference, relative: difference.absolute / (own < NOTHING * ofAll ? ofAll / 100 : own) } }];
  });
}

interface Found {
  readonly found: DifferenceOrigin | undefined;
  readonly remark: string | undefined;
}

/** A layer on a way through the network; the way forward, or back. */
interface Passed {
  readonly node: Node;
  readonly difference: Difference | undefined;
  readonly relative: number | undefined;
  /** What comes before it on that way, by index. */
  readonly before: readonly number[];
}

/** Where a step goes apart: on the way forward where running statistics tell it, else the first layer on the way back. */
function originOf(graph: Graph, blocks: readonly Block[], of: ReadonlyMap<Parameter, Difference>, tolerance: number): Found {
  const ways = [wayForward(graph, of), wayBack(graph, of)] as const;
  for (const [index, way] of ways.entries()) {
    const at = locate(way, { tolerance });
    const origin = at === undefined ? undefined : way[at];
    if (at === undefined || origin?.difference === undefined) continue;
    const { node, difference } = origin;
    const block = blocks.find((candidate) => candidate.nodes.includes(node));
    const found = block && { block, difference, layer: { node, difference } };
    return { found, remark: remarkOn(way, at, index === 0 ? "the running statistics" : "the gradients", index === 0 ? "forward" : "back") };
  }
  return { found: undefined, remark: undefined };
}

const worstOf = (node: Node, of: ReadonlyMap<Parameter, Difference>, isWanted: (parameter: Parameter) => boolean): Difference | undefined =>
  parametersOf(node).filter(isWanted).map((parameter) => of.get(parameter)).reduce(greaterOf, undefined);

/** Layers in their order, with their running statistics. */
function wayForward({ nodes }: Graph, of: ReadonlyMap<Parameter, Difference>): readonly Passed[] {
  const place = new Map(nodes.map((node, index) => [node, index]));
  return nodes.map((node) => {
    const difference = worstOf(node, of, (parameter) => !isLearned(parameter));
    const before = node.inputs.flatMap(({ producer }) => (producer.kind === "node" ? [place.get(producer.node)] : [])).filter((index) => index !== undefined);
    return { node, difference, relative: difference?.relative, before };
  });
}

/** Layers from the last to the first, with their gradients. */
function wayBack({ nodes }: Graph, of: ReadonlyMap<Parameter, Difference>): readonly Passed[] {
  const last = nodes.length - 1;
  const readers = new Map<Value, number[]>();
  nodes.forEach(({ inputs }, index) => {
    for (const value of inputs) {
      const known = readers.get(value);
      if (known) known.push(last - index);
      else readers.set(value, [last - index]);
    }
  });
  return [...nodes].reverse().map((node) => {
    const difference = worstOf(node, of, isLearned);
    return { node, difference, relative: difference?.relative, before: node.outputs.flatMap((value) => readers.get(value) ?? []) };
  });
}

const SHOWN = 6;

/** Only layers with parameters show something: the mistake may be in one between the last that agrees and the first that differs. */
function remarkOn(way: readonly Passed[], at: number, what: string, direction: string): string {
  const agreeing = new Set<number>();
  const between = new Set<number>();
  const open = [...(way[at]?.before ?? [])];
  for (let index = open.pop(); index !== undefined; index = open.pop()) {
    if (agreeing.has(index) || between.has(index)) continue;
    if (way[index]?.relative !== undefined) agreeing.add(index);
    else {
      between.add(index);
      open.push(...(way[index]?.before ?? []));
    }
  }
  const named = (indices: ReadonlySet<number>): string => {
    const names = [...indices].sort((a, b) => a - b).map((index) => `\`${way[index]?.node.name ?? ""}\``);
    return names.length > SHOWN ? `${names.slice(0, SHOWN).join(", ")} and ${names.length - SHOWN} more` : names.join(", ");
  };
  const first = `on the way ${direction} ${what} of \`${way[at]?.node.name ?? ""}\` are the first that differ`;
  const after = agreeing.size === 0 ? "" : `, those of ${named(agreeing)} agree`;
  return `${first}${after}: the mistake is there${agreeing.size === 0 ? "" : ", in what these hand on"}${between.size === 0 ? "" : `, or between them: ${named(between)}`}`;
}

async function attempt(subject: StepSubject, batch: TrainingBatch): Promise<{ readonly answer?: StepAnswer; readonly failed?: InputError }> {
  try {
    return { answer: await subject.step(batch) };
  } catch (error) {
    if (error instanceof InputError) return { failed: error };
    throw error;
  }
}
