import { invariant } from "../../base/assert.ts";
import { valueInfo } from "./builder.ts";
import type { Lowered } from "./builder.ts";
import type { GraphMessage, NodeMessage, ValueInfo } from "./messages.ts";
import { ATTRIBUTE } from "./messages.ts";

/** What is handed on when a graph runs several times in a row. */
export interface Repetition {
  /** Outputs that are inputs of the next time. */
  readonly carried: readonly { readonly input: string; readonly output: string }[];
  /** Inputs of which every time has its own. */
  readonly each: readonly string[];
  /** Outputs that every time gives; all others are left out. */
  readonly results: readonly string[];
}

/** How the inputs and outputs of a repeated graph are called. */
export const repeatedNames = {
  /** How many times: int64. */
  count: "times",
  first: (input: string): string => `${input}.first`,
  last: (output: string): string => `${output}.last`,
  /** One after another, [times, …]. */
  each: (name: string): string => `${name}.each`,
} as const;

const [TURN, GOES_ON] = ["turn", "goes_on"];

/** The graph as the body of a `Loop` (https://onnx.ai/onnx/operators/onnx__Loop.html): what is carried stays inside between two times. */
export function repeated(lowered: Lowered, { carried, each, results }: Repetition): Lowered {
  const inputs = new Map(lowered.inputs.map((input) => [input.name, input]));
  const outputs = new Map(lowered.outputs.map((output) => [output.name, output]));
  const from = (infos: ReadonlyMap<string, ValueInfo>, name: string, as = name): ValueInfo => {
    const info = infos.get(name);
    invariant(info, `the graph has ${name}`);
    return { ...info, name: as };
  };
  const { count, first, last, each: every } = repeatedNames;
  const bare = { attribute: [], metadata: [] };
  const ofTurn = each.map((name): NodeMessage => ({ ...bare, opType: "Gather", name: `${name}.of_turn`, input: [every(name), TURN], output: [name] }));
  const [turn, before, after] = [valueInfo(TURN, { dtype: "int64", shape: [] }), valueInfo(GOES_ON, { dtype: "bool", shape: [] }), valueInfo(`${GOES_ON}.next`, { dtype: "bool", shape: [] })];
  const goesOn: NodeMessage = { ...bare, opType: "Identity", name: after.name, input: [before.name], output: [after.name] };
  const body: GraphMessage = {
    node: [...ofTurn, goesOn, ...lowered.nodes],
    name: "once",
    input: [turn, before, ...carried.map(({ input }) => from(inputs, input))],
    output: [after, ...carried.map(({ output }) => from(outputs, output)), ...results.map((name) => from(outputs, name))],
    valueInfo: [...lowered.valueInfo, ...each.map((name) => from(inputs, name))],
  };
  const inTurns = (infos: ReadonlyMap<string, ValueInfo>, name: string): ValueInfo => {
    const { type } = from(infos, name);
    return { name: every(name), type: { tensor: { ...type.tensor, shape: { dim: [{ parameter: count }, ...type.tensor.shape.dim] } } } };
  };
  const own = new Set([...carried.map(({ input }) => input), ...each]);
  const loop: NodeMessage = {
    opType: "Loop",
    name: "loop",
    input: [count, "", ...carried.map(({ input }) => first(input))],
    output: [...carried.map(({ output }) => last(output)), ...results.map(every)],
    attribute: [{ name: "body", type: ATTRIBUTE.graph, g: body }],
    metadata: [],
  };
  return {
    nodes: [loop],
    constants: lowered.constants,
    inputs: [
      valueInfo(count, { dtype: "int64", shape: [] }),
      ...carried.map(({ input }) => from(inputs, input, first(input))),
      ...each.map((name) => inTurns(inputs, name)),
      ...lowered.inputs.filter(({ name }) => !own.has(name)),
    ],
    outputs: [...carried.map(({ output }) => from(outputs, output, last(output))), ...results.map((name) => inTurns(outputs, name))],
    valueInfo: [],
    domains: lowered.domains,
  };
}
