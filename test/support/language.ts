import { expect } from "chai";
import { formatShape } from "../../src/ir/tensor-type.ts";
import type { Graph } from "../../src/ir/graph.ts";
import type { Instance } from "../../src/ir/origin.ts";
import { loadProgram } from "../../src/program/load.ts";
import { buildNetwork, checkProgram, listNetworks } from "../../src/program/networks.ts";
import type { BuildOptions } from "../../src/program/networks.ts";
import { lineOf } from "./problems.ts";

/** What is looked at in a network that could be built. */
export type Look = (graph: Graph) => readonly string[];

/** The names of the layers, in order. */
export const layers: Look = (graph) => graph.nodes.map((node) => node.name);
/** The names of the parameters, in order. */
export const parameters: Look = (graph) => graph.parameters.map((parameter) => parameter.name);
/** `conv1 [N, 8, 32, 32]`, for every layer. */
export const shapes: Look = (graph) => graph.nodes.map((node) => `${node.name} ${formatShape(node.outputs[0]!.type.shape)}`);
/** `sum1 = sum(conv1, image)`: what every layer is and receives, parameters apart. */
export const flows: Look = (graph) =>
  graph.nodes.map((node) => `${node.name} = ${node.op}(${node.inputs.filter(({ producer }) => producer.kind !== "parameter").map(({ name }) => name).join(", ")})`);
/** `output = fc [N, 10]`, for every output. */
export const outputs: Look = (graph) => graph.outputs.map(({ name, value }) => `${name} = ${value.name} ${formatShape(value.type.shape)}`);

/** Looks at the network called `Net` of a text; where something is said about the text, that (place, code, message) instead. */
export async function seen(text: string, look: Look, options: BuildOptions = {}): Promise<readonly string[]> {
  const program = await loadProgram({ path: "main.resnet", text, standard: false });
  const { problems } = checkProgram(program);
  if (problems.length > 0) return problems.map(lineOf);
  const network = listNetworks(program).find(({ name }) => name === "Net");
  if (network === undefined) throw new Error("the text has no network Net");
  const built = buildNetwork(program, network, options);
  if (built.value === undefined || built.problems.length > 0) return built.problems.map(lineOf);
  return look(built.value);
}

/** A network with these items; they begin on line 3, or below what stands `before`. */
export function net(items: string, size = "3, 32, 32", before = ""): string {
  return `${before}network Net {\n  input image: float32[N, ${size}]\n  ${items}\n}\n`;
}

/** A text, what is seen in it, and why where the text does not speak for itself. */
export type Row = readonly [text: string, expected: readonly string[]];

/** One test for every line of a table. */
export function checkAll(title: string, look: Look, rows: Readonly<Record<string, Row>>): void {
  describe(title, () => {
    for (const [why, [text, expected]] of Object.entries(rows)) {
      it(why, async () => {
        expect(await seen(text, look), text).to.deep.equal(expected);
      });
    }
  });
}

/** What every residual asked of its policy and what was made: `B: 16 channels, stride 2x2: layers`, inner ones first. */
export const residuals: Look = (graph) => {
  const found = new Map<Instance, string>();
  for (const { origin } of graph.nodes) {
    for (let at = origin?.instance; at; at = at.parent) {
      const { residual } = at;
      if (residual) found.set(at, `${residual.policy}: ${residual.channels} channels, stride ${residual.stride.join("x")}: ${residual.made}`);
    }
  }
  return [...found.values()];
};
/** The layers that a shortcut policy made. */
export const inserted: Look = (graph) => graph.nodes.filter(({ origin }) => origin?.inserted).map(({ name }) => name);
