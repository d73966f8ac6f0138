import { groupDigits } from "../base/digits.ts";
import { didYouMean } from "../base/suggest.ts";
import * as rational from "../base/rational.ts";
import type { ProblemInput } from "../diagnostics/problem.ts";
import type { Graph, Value } from "../ir/graph.ts";
import type { Measures, NodeMeasure } from "../passes/measure.ts";
import { measure, measureNodes } from "../passes/measure.ts";
import type { Expect, Identifier, Path, Relation } from "../syntax/ast.ts";
import type { Contract } from "./network.ts";
import { writingMeasured } from "./contract-value.ts";
import type { Context } from "./context.ts";
import { report } from "./context.ts";
import type { Datum } from "./data.ts";
import { describeDatum, formatDatum, number } from "./data.ts";
import { resolvePath } from "./elaborate.ts";
import { compareSizes, evaluate, ordered } from "./evaluate.ts";
import { equalData } from "./data.ts";
import { fromDim } from "./functions.ts";
import { renaming } from "./mend.ts";
import { isValue } from "./scope.ts";

/** What `expect` can measure, with the unit it is told in. */
export const QUANTITIES: Readonly<Record<string, { readonly unit: string; readonly doc: string }>> = {
  params: { unit: "parameters", doc: "Learned values: weights, biases, batch-norm scales and shifts." },
  buffers: { unit: "buffer values", doc: "State that training updates: running means and variances." },
  macs: { unit: "multiply-adds", doc: "Multiply-adds of convolutions and linear layers for one example." },
  depth: { unit: "weighted layers", doc: "Convolutions and linear layers on the longest path; inserted shortcuts do not count." },
  rf: { unit: "pixels", doc: "The greatest receptive field of a layer before global pooling." },
  "rf.min": { unit: "pixels", doc: "The greatest of the layers' receptive fields along the shortest path." },
  memory: { unit: "bytes", doc: "The greatest sum of live values: float32, batch 1, inference, parameters not counted." },
  shape: { unit: "", doc: "The shape of the output, or of a layer: `[N, 1000]`." },
};

/** Holds the contracts of a network against what was built. */
export function checkContracts(contracts: readonly Contract[], graph: Graph): void {
  if (contracts.length === 0) return;
  const each = measureNodes(graph);
  const whole = measure(graph, undefined, each);
  for (const contract of contracts) checkContract(contract, graph, whole, each);
}

function checkContract(contract: Contract, graph: Graph, whole: Measures, each: readonly NodeMeasure[]): void {
  const { item, context } = contract;
  const { name, place } = splitQuantity(item.quantity);
  const quantity = QUANTITIES[name];
  if (quantity === undefined) {
    report(context, item.quantity, {
      code: "RN0903",
      message: `\`${name}\` is nothing that can be measured`,
      label: didYouMean(name, Object.keys(QUANTITIES)),
      fixes: item.quantity.parts.length === 1 ? renaming(context, item.quantity, name, Object.keys(QUANTITIES)) : [],
      help: [`Measured are ${Object.keys(QUANTITIES).join(", ")}; of a part: \`layer1.params\`.`],
    });
    return;
  }
  const expected = evaluate(item.value, context);
  if (expected.kind === "unknown") return;
  const found = place && resolvePath(place, context);
  if (place && found === undefined) return;
  const measured = measuredValue(name, graph, whole, each, found, contract);
  const where = place ? ` of ${place.parts.map((part) => part.name).join(".")}` : "";
  if (measured === undefined) {
    const open = graph.symbols.filter((symbol) => symbol !== "N");
    report(context, item.quantity, {
      code: "RN0902",
      message: `the ${quantity.unit || name}${where} are unknown while ${open.join(" and ") || "a size"} ${open.length > 1 ? "are" : "is"} open`,
      help: ["Give sizes with `--input 1x3x224x224`, or contract `params`, `depth` or `shape`, which need none."],
    });
    return;
  }
  const verdict = holds(item.relation, measured, expected, contract);
  if (verdict === true) return;
  if (verdict === undefined) {
    report(context, item, { code: "RN0302", message: `\`${name}\` is ${describeDatum(measured)} and cannot be compared with ${describeDatum(expected)}` });
    return;
  }
  const exact = item.relation === "==";
  const difference = measured.kind === "number" && expected.kind === "number" ? differenceText(measured.value, expected.value) : "";
  report(context, item, {
    code: "RN0901",
    message: `expected ${exact ? "" : `${item.relation} `}${grouped(expected)}${unitOf(quantity.unit, expected)}${where}, measured ${grouped(measured)}${difference}`,
    label: exact ? undefined : `${name}${where} is ${grouped(measured)}`,
    notes: inserted(name, graph, each),
    ...nextStep(item, expected, measured, context),
  });
}

/** The edit that writes what was measured, or why there is none. */
function nextStep(item: Expect, expected: Datum, measured: Datum, context: Context): Pick<ProblemInput, "help" | "fixes"> {
  const holder = context.scope.owner;
  const top = context.instance?.declaration;
  if (top !== undefined && top !== holder) {
    return { help: [`This was measured of \`${top}\`: what \`${holder}\` expects in its body holds for every alias of it. Write a formula of its parameters, or move the contract into the aliases.`] };
  }
  const fixes = writingMeasured(item, expected, measured, context);
  if (fixes.length > 0 || item.value.kind === "number" || item.relation === "!=") return { fixes };
  return { help: ["The value is a formula: change it, or what it is made of."] };
}

function splitQuantity(path: Path): { readonly name: string; readonly place: Path | undefined } {
  const { parts } = path;
  const last = parts[parts.length - 1] as Identifier;
  const before = parts[parts.length - 2];
  const taken = last.name === "min" && before?.name === "rf" ? 2 : 1;
  const rest = parts.slice(0, parts.length - taken);
  const name = taken === 2 ? "rf.min" : last.name;
  return { name, place: rest.length === 0 ? undefined : { start: path.start, end: (rest[rest.length - 1] as Identifier).end, parts: rest } };
}

function measuredValue(
  name: string,
  graph: Graph,
  whole: Measures,
  each: readonly NodeMeasure[],
  found: ReturnType<typeof resolvePath>,
  contract: Contract,
): Datum | undefined {
  const value: Value | undefined = found ? (isValue(found.flow) ? found.flow : undefined) : graph.outputs[0]?.value;
  if (name === "shape") return value && { kind: "list", items: value.type.shape.map(fromDim) };
  const thing = found?.path === undefined ? undefined : contract.context.session.named.get(found.path);
  const measures = found === undefined ? whole : thing ? measure(graph, { first: thing.firstNode, end: thing.endNode }, each) : undefined;
  if (measures === undefined) return name === "params" || name === "buffers" || name === "macs" || name === "depth" ? number(0) : undefined;
  switch (name) {
    case "params":
      return number(measures.params);
    case "buffers":
      return number(measures.buffers);
    case "depth":
      return number(measures.depth);
    case "macs":
      return measures.macs === undefined ? undefined : number(measures.macs);
    case "memory":
      return measures.memoryInBytes === undefined ? undefined : number(measures.memoryInBytes);
    case "rf":
      return pixels(measures.receptiveField);
    case "rf.min":
      return pixels(measures.leastReceptiveField);
    default:
      return undefined;
  }
}

function pixels(axes: readonly number[] | undefined): Datum | undefined {
  if (axes === undefined || axes.length === 0) return undefined;
  if (axes.every((size) => size === axes[0])) return number(axes[0] as number);
  return { kind: "list", items: axes.map((size) => number(size)) };
}

function holds(relation: Relation, measured: Datum, expected: Datum, contract: Contract): boolean | undefined {
  const { context } = contract;
  if (relation === "==" || relation === "!=") {
    const equal = equalData(measured, expected, (a, b) => compareSizes(a, b, context) === 0);
    return equal === undefined ? undefined : equal === (relation === "==");
  }
  const pairs: readonly (readonly [Datum, Datum])[] = measured.kind === "list" ? measured.items.map((item) => [item, expected] as const) : [[measured, expected]];
  let result = true;
  for (const [a, b] of pairs) {
    if ((a.kind !== "number" && a.kind !== "dimension") || (b.kind !== "number" && b.kind !== "dimension")) return undefined;
    const verdict = ordered(relation, a, b, context);
    if (verdict === undefined) return undefined;
    result &&= verdict;
  }
  return result;
}

/** ` parameters`, and of one ` parameter`. */
function unitOf(unit: string, datum: Datum): string {
  return unit && ` ${datum.kind === "number" && datum.value === 1 ? unit.replace(/s$/, "") : unit}`;
}

function grouped(datum: Datum): string {
  if (datum.kind === "number" && typeof datum.value === "number") return groupDigits(datum.value);
  if (datum.kind === "list") return `[${datum.items.map(formatDatum).join(", ")}]`;
  return formatDatum(datum);
}

function differenceText(measured: rational.Rational, expected: rational.Rational): string {
  const difference = rational.subtract(measured, expected);
  if (difference === undefined || typeof difference !== "number") return "";
  return ` (${difference > 0 ? "+" : "−"}${groupDigits(Math.abs(difference))})`;
}

/** What the compiler put in is the usual reason for a count that differs. */
function inserted(name: string, graph: Graph, each: readonly NodeMeasure[]): string[] {
  if (name !== "params" && name !== "macs" && name !== "buffers") return [];
  let total = 0;
  const paths: string[] = [];
  for (const node of graph.nodes) {
    if (node.origin?.inserted !== true) continue;
    const amount = each[node.id]?.[name] ?? 0;
    total += amount;
    if (amount > 0 && node.op === "conv") paths.push(node.name);
  }
  if (total === 0) return [];
  return [`${paths.length} inserted projection${paths.length === 1 ? "" : "s"} (${paths.slice(0, 3).join(", ")}${paths.length > 3 ? ", …" : ""}) account for ${groupDigits(total)} of them.`];
}

