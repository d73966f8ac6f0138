import { compileOnnx } from "../../program/compile.ts";
import { loadProgram, NO_FILES } from "../../program/load.ts";
import { buildNetwork, listNetworks } from "../../program/networks.ts";
import { InternalError } from "../../base/assert.ts";
import type { Engine, EngineStatus } from "../../engines/engine.ts";
import { ENGINES } from "../../engines/registry.ts";
import type { Command } from "../command.ts";
import { probeInChildProcess } from "../engine-process.ts";
import type { CliHost } from "../host.ts";
import { wholeNumber } from "../options.ts";
import { createWaiting } from "../progress.ts";
import { writeJson } from "../report.ts";
import { renderTable } from "../table.ts";
import { VERSION } from "../version.ts";

interface DoctorOptions {
  readonly json?: boolean;
  readonly timeout: number;
}

interface Examined {
  readonly engine: Engine;
  readonly status: EngineStatus;
}

/** What an engine is wanted for, and the engines that would do it here, the first choice first. */
interface Use {
  readonly command: string;
  readonly engines: readonly string[];
}

const HELP = `
Engines run what rnc compiles; each is an optional package. Every one is started in a process
of its own and computes a small convolution, so one that fails takes nothing else along.

  works     it gave the right numbers
  missing   its package is not installed; the line that adds it is printed
  broken    its package is there and does not work; the reason is printed

Examples:
  rnc doctor
  rnc doctor --json

Exit code 0 when the compiler itself works, whatever engines there are.`;

/** `rnc doctor`: which engines are installed, what works here, how to add one. */
export function register(program: Command, host: CliHost): void {
  program
    .command("doctor")
    .description("say which engines are installed, what works here, and how to add one")
    .option("--json", "print the result as JSON (grammar/doctor.schema.json)")
    .option("--timeout <seconds>", "how long an engine may take to answer", wholeNumber("--timeout", 1), 20)
    .addHelpText("after", HELP)
    .action((options: DoctorOptions) => examine(options, host));
}

async function examine({ json, timeout }: DoctorOptions, host: CliHost): Promise<number> {
  await compileSample();
  const waiting = createWaiting(host, "starting every engine");
  const examined = await Promise.all(ENGINES.map(async (engine) => ({ engine, status: await probeInChildProcess(engine.name, timeout) }))).finally(() => waiting.end());
  const uses = usesOf(examined);
  if (json) writeJson(host, jsonOf(examined, uses));
  else host.out.write(textOf(examined, uses, host));
  return 0;
}

/** The whole way from a text to an ONNX file; what fails here is a mistake of ours. */
async function compileSample(): Promise<void> {
  const lines = ["network Sample {", "  input image: float32[N, 3, 8, 8]", "  conv(3x3, 4) -> bn -> relu", "  residual { conv(3x3, 4) }", "  globalavgpool -> fc: linear(2)", "}"];
  const program = await loadProgram({ path: "sample.resnet", text: lines.join("\n"), standard: false }, NO_FILES);
  const [network] = listNetworks(program);
  const graph = network && buildNetwork(program, network).value;
  const [file] = graph ? compileOnnx(graph, { version: VERSION }).files : [];
  let size = 0;
  for await (const chunk of file?.chunks() ?? []) size += chunk.length;
  if (file === undefined || size !== file.sizeInBytes) throw new InternalError("a sample network does not compile");
}

function usesOf(examined: readonly Examined[]): readonly Use[] {
  const working = examined.filter(({ status }) => status.kind === "works").map(({ engine }) => engine);
  const names = (wanted: (engine: Engine) => boolean): readonly string[] => working.filter(wanted).map(({ name }) => name);
  return [
    { command: "calibrate", engines: names(({ name }) => name === "onnxruntime") },
    { command: "verify", engines: names(() => true) },
    { command: "train", engines: names(({ openTraining }) => openTraining !== undefined).slice(0, 1) },
  ];
}

function jsonOf(examined: readonly Examined[], uses: readonly Use[]): object {
  return {
    version: VERSION,
    node: { version: process.versions.node, platform: process.platform, arch: process.arch, tfjsNode: nodeSuits() },
    compiler: { status: "works" },
    engines: examined.map(({ engine: { name, title, format, packageName, install }, status: { kind, ...rest } }) => ({ name, title, format, package: packageName, install, status: kind, ...rest })),
    uses: Object.fromEntries(uses.map(({ command, engines }) => [command, engines])),
  };
}

/** How this Node goes with TensorFlow.js 4.22 for Node.js: as it is, or with what rnc puts back into its `util`. */
function nodeSuits(): "suits" | "patched" {
  return Number(process.versions.node.split(".")[0]) < 23 ? "suits" : "patched";
}

function textOf(examined: readonly Examined[], uses: readonly Use[], host: CliHost): string {
  const { bold, dim, green, yellow, red, cyan } = host.out.colors;
  const lines: string[] = [`rnc ${VERSION}, Node.js ${process.versions.node}, ${process.platform} ${process.arch}: the compiler ${green("works")}`, ""];
  const rows = examined.map(({ engine, status }) => ({
    cells: [engine.name, `${engine.packageName}${status.kind === "works" ? ` ${status.version}` : ""}`, status.kind, status.kind === "works" ? status.device : ""],
  }));
  const table = renderTable({ columns: [{ title: "engine" }, { title: "package" }, { title: "here" }, { title: "device" }], rows }, { title: bold, rule: dim });
  lines.push(table.replace(/(?<=  )(works|missing|broken)(?= |$)/gm, (word) => (word === "works" ? green : word === "missing" ? yellow : red)(word)));
  for (const { engine, status } of examined) lines.push(...remarksOn(engine, status, cyan));
  if (nodeSuits() === "patched") lines.push("Node.js 23 took out functions that TensorFlow.js 4.22 for Node.js calls; rnc puts them back.", "");
  lines.push(`${bold("used for")}`);
  lines.push(`  compile    nothing but rnc`);
  for (const { command, engines } of uses) lines.push(`  ${command.padEnd(9)}  ${engines.join(", ") || dim(`no engine here can do it`)}`);
  return `${lines.join("\n")}\n`;
}

function remarksOn(engine: Engine, status: EngineStatus, mark: (text: string) => string): readonly string[] {
  const { name } = engine;
  switch (status.kind) {
    case "works":
      return status.notes.length > 0 ? [name, ...status.notes.map((note) => `  ${mark("note:")} ${note}`), ""] : [];
    case "missing":
      return [`${name}: not installed`, `  ${mark("help:")} ${engine.install}`, ""];
    case "broken":
      return [`${name}: ${status.reason.replace(/\n/g, "\n    ")}`, ...status.help.map((help) => `  ${mark("help:")} ${help}`), ""];
  }
}
