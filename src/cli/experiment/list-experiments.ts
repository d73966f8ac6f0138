import { networksOf } from "../../report/experiment.ts";
import type { CliHost } from "../host.ts";
import { findExperiment, libraryExperiments } from "./find-experiment.ts";

/** Says which experiments the library has, and what each trains. */
export async function listExperiments(host: CliHost): Promise<number> {
  const { bold, dim } = host.out.colors;
  for (const name of libraryExperiments()) {
    const { experiment } = await findExperiment(name, host);
    host.out.write(`${bold(name)}  ${experiment.title}\n`);
    host.out.write(dim(`  ${experiment.source}\n`));
    for (const length of ["small", "full"] as const) host.out.write(dim(`  ${length.padEnd(5)}  ${experiment[length].recipe}: ${networksOf(experiment[length]).map((network) => network.name).join(", ")}\n`));
  }
  return 0;
}
