import type { Graph } from "../../ir/graph.ts";
import { diffNetworks } from "../../program/diff.ts";
import type { NetworkDiff } from "../../program/diff.ts";
import { listNetworks } from "../../program/networks.ts";
import type { Command } from "../command.ts";
import { diffMarkdown, diffText } from "../diff-text.ts";
import type { CliHost } from "../host.ts";
import { UsageError } from "../host.ts";
import { addNetworkOptions } from "../options.ts";
import { reportProblems, writeJson } from "../report.ts";
import { withRevisions } from "../revisions.ts";
import type { NetworkOptions, Target } from "../target.ts";
import { buildOpened, openTarget } from "../target.ts";

interface DiffOptions extends NetworkOptions {
  readonly json?: boolean;
  readonly markdown?: boolean;
  readonly exitCode?: boolean;
}

const DETAILS = `
A and B are FILE, FILE#Network, names of the standard library, or files as they were in a revision of git:
REVISION:FILE, REVISION:FILE#Network. One FILE alone is held against its last commit. Files
of several networks are compared network by network, by name.

Examples:
  rnc diff ResNet50 ResNet50v1                  two networks
  rnc diff net.resnet                           what changed since the last commit
  rnc diff main:net.resnet net.resnet --markdown     a comment for a pull request
  rnc diff v1.0:net.resnet#Small HEAD:net.resnet#Small

The exit code is 0 whether they differ or not; with --exit-code it is 1 when they do.`;

/** `rnc diff A B`: what changed, by stage, block and layer. */
export function register(program: Command, host: CliHost): void {
  const command = program
    .command("diff")
    .argument("<a>", "the network or file before")
    .argument("[b]", "the one after")
    .description("what changed between two networks or two revisions of a file: stages, blocks, layers, costs")
    .option("--markdown", "print Markdown, for a comment under a pull request")
    .option("--json", "print the result as JSON (grammar/diff.schema.json)")
    .option("--exit-code", "end with 1 when there is a difference")
    .addHelpText("after", DETAILS);
  addNetworkOptions(command).action((a: string, b: string | undefined, options: DiffOptions) => run(a, b, options, host));
}

/** One pair of networks, or a network that is only on one side. */
type Outcome = { readonly names: readonly [string, string]; readonly diff: NetworkDiff } | { readonly only: "before" | "after"; readonly name: string };

async function run(a: string, b: string | undefined, options: DiffOptions, host: CliHost): Promise<number> {
  if (options.json && options.markdown) throw new UsageError("`--json` and `--markdown` are two forms of the same result: choose one");
  const world = withRevisions(host);
  const [before, after] = b === undefined ? [sinceLastCommit(a, host), a] : [a, b];
  const targets = [await openTarget(world, before), await openTarget(world, after)] as const;
  const outcomes = compareTargets(targets, [before, after], options, host);
  if (outcomes === undefined) return 1;

  if (options.json) {
    const differences = outcomes.flatMap((outcome) => ("diff" in outcome ? [{ names: outcome.names, ...outcome.diff }] : []));
    const only = (side: "before" | "after"): string[] => outcomes.flatMap((outcome) => ("only" in outcome && outcome.only === side ? [outcome.name] : []));
    writeJson(host, { networks: differences, removed: only("before"), added: only("after") });
  } else if (options.markdown) host.out.write(outcomes.map(markdownOf).join("\n"));
  else host.out.write(outcomes.map((outcome) => textOf(outcome, host)).join("\n"));
  const isSame = outcomes.every((outcome) => "diff" in outcome && outcome.diff.same);
  return options.exitCode === true && !isSame ? 1 : 0;
}

function sinceLastCommit(target: string, host: CliHost): string {
  const path = target.replace(/#[^#]*$/, "");
  if (host.pathKind(path) === "file" || host.pathKind(target) === "file") return `HEAD:${target}`;
  throw new UsageError("`rnc diff` needs two networks, or one file to hold against its last commit", { help: [`For example \`rnc diff ${target} ${target === "ResNet50" ? "ResNet101" : "ResNet50"}\`, \`rnc diff net.resnet\`.`] });
}

function compareTargets(targets: readonly [Target, Target], names: readonly [string, string], options: DiffOptions, host: CliHost): Outcome[] | undefined {
  const [one, other] = targets;
  const entries = targets.map((target) => (target.network ? [target.network] : listNetworks(target.program).filter(({ open }) => open.every(({ name }) => options.set?.[name] !== undefined)))) as [Target["network"][], Target["network"][]];
  const isPair = entries[0].length === 1 && entries[1].length === 1;
  let failed = false;
  const build = (target: Target, network: Target["network"]): Graph | undefined => {
    if (network === undefined) return undefined;
    const { value, problems } = buildOpened(target.program, network, options);
    reportProblems(host, problems);
    failed ||= value === undefined;
    return value;
  };
  // A file that cannot be read has no networks; what is wrong with it must still be said.
  targets.forEach(({ program }, side) => {
    if (entries[side]?.length === 0 && reportProblems(host, program.problems) !== 0) failed = true;
  });
  const outcomes: Outcome[] = [];
  for (const network of entries[0]) {
    const partner = isPair ? entries[1][0] : entries[1].find((entry) => entry?.name === network?.name);
    if (partner === undefined) outcomes.push({ only: "before", name: network?.name ?? "" });
    else {
      const [before, after] = [build(one, network), build(other, partner)];
      const called = (side: 0 | 1, name: string | undefined): string => (targets[side].network ? names[side] : `${names[side]}#${name ?? ""}`);
      if (before && after) outcomes.push({ names: [called(0, network?.name), called(1, partner.name)], diff: diffNetworks(before, after) });
    }
  }
  if (!isPair) for (const network of entries[1]) if (!entries[0].some((entry) => entry?.name === network?.name)) outcomes.push({ only: "after", name: network?.name ?? "" });
  if (!failed && outcomes.length === 0) throw new UsageError(`neither \`${names[0]}\` nor \`${names[1]}\` has a network that can be built as it stands`, { help: ["Give its parameters values: `--set n=3`."] });
  return failed ? undefined : outcomes;
}

function textOf(outcome: Outcome, host: CliHost): string {
  if ("diff" in outcome) return diffText(outcome.diff, outcome.names, host.out.colors);
  const { green, red } = host.out.colors;
  return outcome.only === "after" ? `${green(`+ ${outcome.name}`)}: a new network\n` : `${red(`- ${outcome.name}`)}: removed\n`;
}

function markdownOf(outcome: Outcome): string {
  if ("diff" in outcome) return diffMarkdown(outcome.diff, outcome.names);
  return `### \`${outcome.name}\`\n\n${outcome.only === "after" ? "A new network." : "Removed."}\n`;
}
