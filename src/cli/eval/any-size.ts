import { InputError } from "../../base/input-error.ts";
import { hasErrors } from "../../diagnostics/problem.ts";
import type { Graph } from "../../ir/graph.ts";
import { loadProgram } from "../../program/load.ts";
import { buildNetwork, listNetworks } from "../../program/networks.ts";
import type { CliHost } from "../host.ts";
import type { NetworkOptions, Target } from "../target.ts";

/**
 * A network for images of any height and width, its fully convolutional form: an alias that restates the input, as anybody can
 * write it. Weights stay the same.
 *
 * @throws {@link InputError} where it cannot be built so, with what the compiler says
 */
export async function buildForAnySize(host: CliHost, { program, network }: Target & { readonly network: NonNullable<Target["network"]> }, input: string, { set = {} }: NetworkOptions): Promise<Graph> {
  const { name } = network;
  const alias = `${name}AnySize`;
  const given = Object.entries(set).map(([parameter, value]) => `${parameter}=${value}`).join(", ");
  const { path, text: own, standard } = program.root.source;
  const from = standard ? path : JSON.stringify(path);
  const text = `use ${from} { ${name} }\nnetwork ${alias} = ${name}${given === "" ? "" : `(${given})`} { input ${input}: float32[N, 3, H, W] }\n`;
  const aliasPath = `<${alias}>`;
  const wrapper = await loadProgram({ path: aliasPath, text, standard: false }, {
    resolve: (importer, target) => (importer === aliasPath ? target : host.files.resolve(importer, target)),
    // Standard input can be read only once.
    read: async (target) => (target === path ? own : host.files.read(target)),
  });
  const [entry] = listNetworks(wrapper);
  const built = entry && buildNetwork(wrapper, entry);
  if (built?.value !== undefined && !hasErrors(built.problems)) return built.value;
  throw new InputError(`\`${name}\` cannot be built for images of any size, and at several scales they have several`, {
    notes: (built?.problems ?? wrapper.problems).slice(0, 3).map(({ message }) => message),
    help: ["Networks that end in global pooling take any size: `globalavgpool -> linear(…)`.", `Else write that form yourself: \`network ${alias} = … { input ${input}: float32[N, 3, H, W] }\`.`],
  });
}
