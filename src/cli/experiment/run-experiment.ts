import { existsSync, readFileSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { InputError } from "../../base/input-error.ts";
import type { Graph } from "../../ir/graph.ts";
import { measure } from "../../passes/measure.ts";
import type { ExperimentLength, ExperimentNetwork } from "../../report/experiment.ts";
import { networksOf } from "../../report/experiment.ts";
import type { ExperimentResult, ExperimentRun } from "../../report/experiment-result.ts";
import { experimentNumbers, experimentPage, experimentPicture, tableOf } from "../../report/experiment-result.ts";
import type { CliHost } from "../host.ts";
import { UsageError } from "../host.ts";
import { makeFolders } from "../make-folders.ts";
import { renderTable } from "../table.ts";
import { buildTarget } from "../target.ts";
import { readResult, readRun } from "../train/read-run.ts";
import { inspectRun } from "../train/run-folder.ts";
import { trainTarget } from "../train/train.ts";
import { writeText } from "../write-text.ts";
import { findExperiment } from "./find-experiment.ts";
import type { FoundExperiment } from "./find-experiment.ts";
import { measureResponses } from "./measure-responses.ts";

/** What `rnc experiment` was given. */
export interface ExperimentOptions {
  readonly data?: string;
  readonly full?: boolean;
  readonly resume?: boolean;
  readonly output: string;
  readonly engine?: string;
  readonly threads?: number;
  readonly seed?: number;
}

/** One training that an experiment needs, and the folder it is in. */
interface Task {
  readonly network: ExperimentNetwork;
  readonly target: string;
  readonly recipe: string;
  readonly path: string;
  readonly graph: Graph;
}

/** What `rnc experiment NAME` does: trains what is not trained yet, one network after the other, and writes table and figure. */
export async function runExperiment(name: string, options: ExperimentOptions, host: CliHost): Promise<number> {
  const found = await findExperiment(name, host);
  const length = options.full ? "full" : "small";
  const tasks = await tasksOf(found, found.experiment[length], options, host);
  if (tasks === undefined) return 1;
  const { data } = options;
  if (data === undefined) throw new UsageError("an experiment needs images", { help: ["Name their folder: `--data DIR`; `rnc data fetch cifar10 -o DIR` brings CIFAR-10."] });
  // Everything that cannot go on is told before the first of them begins.
  for (const task of tasks) refuseOthers(task, found.experiment[length], { ...options, data });
  for (const [index, task] of tasks.entries()) {
    host.out.write(`${host.out.colors.bold(`${task.network.name} (${index + 1} of ${tasks.length})`)}\n`);
    const engine = options.engine ?? engineOf(tasks);
    const exitCode = await train(task, found.experiment[length], { ...options, data, ...(engine === undefined ? {} : { engine }) }, host);
    if (exitCode !== 0) {
      host.out.write(`the experiment goes on with \`${commandOf(name, { ...options, resume: true })}\`\n`);
      return exitCode;
    }
  }
  const runs = new Map<string, ExperimentRun>();
  for (const task of tasks) runs.set(task.network.name, await measured(task, found, host));
  await writeResult({ experiment: found.experiment, length, runs }, join(options.output, length === "full" ? `${found.name}-full` : found.name), commandOf(name, options), host);
  return 0;
}

async function tasksOf({ folder }: FoundExperiment, length: ExperimentLength, { output, seed }: ExperimentOptions, host: CliHost): Promise<readonly Task[] | undefined> {
  const tasks: Task[] = [];
  for (const network of networksOf(length)) {
    const isFile = /\.resnet(#\w+)?$/.test(network.network);
    const target = isFile && folder !== undefined ? join(folder, network.network) : network.network;
    const recipe = network.recipe ?? length.recipe;
    const graph = await buildTarget(host, target, { set: network.set });
    if (graph === undefined) return undefined;
    const settings = Object.entries(network.set).map(([key, value]) => `-${key}=${value}`);
    const called = `${basename(network.network).replace("#", "-")}${settings.join("")}.${recipe}${seed === undefined ? "" : `.seed${seed}`}`;
    tasks.push({ network, target, recipe, graph, path: join(output, "runs", called.replace(/[^\w.=-]/g, "_")) });
  }
  return tasks;
}

/** What makes a training another one. */
const TITLES = { network: "network", set: "parameters", recipe: "recipe", every: "steps between two lines", evaluated: "steps between two validations", images: "images" } as const;

/** A folder of this name that has another training in it, or one that is not finished. */
function refuseOthers({ network, target, recipe, path }: Task, length: ExperimentLength, { resume, data }: ExperimentOptions & { readonly data: string }): void {
  if (!existsSync(path)) return;
  const { record, folder } = inspectRun(path);
  const asked = { network: target, set: settingsText(network.set), recipe, every: length.every ?? record.every, evaluated: length.evaluateEvery ?? "an epoch", images: resolve(data) };
  const there = { network: record.network.target, set: settingsText(record.network.set), recipe: record.recipe, every: record.every, evaluated: record.evaluateEvery ?? "an epoch", images: resolve(record.data.path) };
  const others = (Object.keys(asked) as (keyof typeof asked)[]).filter((key) => asked[key] !== there[key]).map((key) => `${TITLES[key]}: ${there[key]} there, ${asked[key]} asked for`);
  const changed = record.network.files.filter(({ path: from, copy }) => existsSync(from) && readFileSync(from, "utf8") !== readFileSync(folder.file(copy), "utf8")).map(({ path: from }) => `\`${from}\` has changed since`);
  if (others.length + changed.length > 0) throw new InputError(`\`${path}\` is another training`, { notes: [...others, ...changed], help: ["Name another folder with `-o`, or take that one away."] });
  if (!resume && readResult(path) === undefined) throw new InputError(`\`${path}\` has a training that is not finished`, { help: ["`--resume` goes on with it."] });
}

/**
 * The engine of the first of these trainings that has begun: what is compared is trained by one, where the user names none. Which is
 * the fastest may change from minute to minute.
 */
function engineOf(tasks: readonly Task[]): string | undefined {
  const begun = tasks.find(({ path }) => existsSync(path));
  return begun && inspectRun(begun.path).record.engine.name;
}

const settingsText = (set: Readonly<Record<string, string>>): string => Object.entries(set).map(([name, value]) => `${name}=${value}`).sort().join(" ") || "none";

/** Trains, goes on, or takes what is there. */
async function train({ network, target, recipe, path }: Task, { every, evaluateEvery }: ExperimentLength, options: ExperimentOptions & { readonly data: string }, host: CliHost): Promise<number> {
  const { data, engine, threads, seed } = options;
  const how = { ...(engine === undefined ? {} : { engine }), ...(threads === undefined ? {} : { threads }) };
  if (!existsSync(path)) {
    const more = { ...(every === undefined ? {} : { every }), ...(evaluateEvery === undefined ? {} : { evaluateEvery }), ...(seed === undefined ? {} : { seed }) };
    return trainTarget(target, { data, recipe, output: path, set: network.set, ...how, ...more }, host);
  }
  if (readResult(path) === undefined) return trainTarget(undefined, { resume: path, data, ...how }, host);
  host.out.write(`  trained before: \`${path}\`\n`);
  return 0;
}

async function measured({ network, path, graph }: Task, { experiment: { figure } }: FoundExperiment, host: CliHost): Promise<ExperimentRun> {
  const run = { ...readRun(path), name: network.name };
  const { params, macs } = measure(graph);
  return { run, params, multiplyAdds: macs, ...(figure.kind === "responses" ? { responses: await measureResponses(path, graph, run, figure, host) } : {}) };
}

async function writeResult(result: ExperimentResult, folder: string, command: string, host: CliHost): Promise<void> {
  makeFolders(folder);
  const figure = "figure.svg";
  await writeText(join(folder, figure), experimentPicture(result));
  await writeText(join(folder, "results.json"), `${JSON.stringify(experimentNumbers(result), null, 1)}\n`);
  await writeText(join(folder, "README.md"), experimentPage(result, figure, command));
  const { titles, rows } = tableOf(result);
  const { bold, dim } = host.out.colors;
  const table = { columns: titles.map((title, index) => ({ title, align: index === 0 ? "left" : "right" }) as const), rows: rows.map((cells) => ({ cells })) };
  host.out.write(`\n${renderTable(table, { title: bold, rule: dim })}\nwrote ${["README.md", figure, "results.json"].map((file) => join(folder, file)).join(", ")}\n`);
}

function commandOf(name: string, { data, full, resume, output, engine, threads, seed }: ExperimentOptions): string {
  const given = [["--data", data], ["-o", output], ["--engine", engine], ["--threads", threads], ["--seed", seed]].flatMap(([option, value]) => (value === undefined ? [] : [`${option} ${value}`]));
  return [`rnc experiment ${name}`, ...given, ...(full ? ["--full"] : []), ...(resume ? ["--resume"] : [])].join(" ");
}
