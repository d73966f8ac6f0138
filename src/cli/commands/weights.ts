import type { Command } from "../command.ts";
import type { CliHost } from "../host.ts";
import { UsageError } from "../host.ts";
import { openWeightsAt } from "../open-weights-at.ts";
import { addNetworkOptions, collectText, wholeNumber } from "../options.ts";
import { writeJson } from "../report.ts";
import { countText, renderTable } from "../table.ts";
import type { NetworkOptions } from "../target.ts";
import { BYTES_PER_ELEMENT, elementCount } from "../../weights/element-types.ts";
import { matchWeights } from "../../weights/match.ts";
import type { OpenedWeights } from "../../weights/open-weights.ts";
import { parseRename, renamed } from "../../weights/rename.ts";
import { renamedSource } from "../../weights/overlay.ts";
import { writeSafetensors } from "../../weights/safetensors-writer.ts";
import { isFloatDType } from "../../weights/element-types.ts";
import { InputError } from "../../base/input-error.ts";
import { didYouMean } from "../../base/suggest.ts";
import type { TensorInfo, WeightSource } from "../../weights/source.ts";
import { writeOutput } from "../write-output.ts";

interface ConvertOptions extends NetworkOptions {
  readonly output: string;
  readonly for?: string;
  readonly rename?: readonly string[];
  readonly ignore?: readonly string[];
}

/** `rnc weights --from PATH`; nothing of it is required where the command's own options do not name a task. */
interface FromOptions extends Omit<ConvertOptions, "output"> {
  readonly from?: string;
  readonly output?: string;
}

interface CalibrateOptions extends NetworkOptions {
  readonly output: string;
  readonly seed?: number;
}

const OUTPUT = ["-o, --output <file>", "the safetensors file to write, `-` for standard output"] as const;
const PATH = ["<path>", "a safetensors, PyTorch or ONNX file, or the folder of a TF.js model"] as const;
const RENAME = ["--rename <old=new>", "a name, or the beginning of dotted names, and what takes its place; repeatable", collectText] as const;

const EXAMPLES_OF = {
  inspect: `
Examples:
  rnc weights inspect net.pth
  rnc weights inspect trained --json`,
  convert: `
Examples:
  rnc weights convert resnet50.pth -o resnet50.safetensors
  rnc weights convert net.onnx -o net.safetensors --for net.resnet`,
  rename: `
Examples:
  rnc weights rename old.safetensors --rename stem.conv=conv1 -o new.safetensors`,
  calibrate: `
Examples:
  rnc weights calibrate ResNet50 -o test.safetensors --seed 1`,
} as const;

const EXAMPLES = `
Examples:
  rnc weights inspect net.pth
  rnc weights --from trained -o trained.safetensors         what TensorFlow.js trained, with the network's own names
  rnc weights --from trained --for ResNet20 -o t.safetensors  checked against a network; needed where a model lost its notes
  rnc compile ResNet20 --weights trained -o trained.onnx      and the same weights as an ONNX file

Values are copied bit for bit; only their order changes where TensorFlow.js keeps another one.`;

/** `rnc weights`: look into files of weights and make new ones. */
export function register(program: Command, host: CliHost): void {
  const weights = program
    .command("weights")
    .description("look into files of weights (safetensors, PyTorch .pth and .pt, ONNX, TF.js folders); convert, rename, calibrate")
    // What follows the name of a task belongs to the task.
    .enablePositionalOptions()
    .option("--from <path>", "as `convert`: what to read, such as the folder of a model that TensorFlow.js saved")
    .option(...OUTPUT)
    .addHelpText("after", EXAMPLES)
    .allowExcessArguments();
  addConvertOptions(weights).action((options: FromOptions, command: Command) => convertFrom(options, command, host));

  weights
    .command("inspect")
    .argument(...PATH)
    .description("list the tensors of a file: names, element types, shapes")
    .option("--json", "print the result as JSON (grammar/weights.schema.json)")
    .addHelpText("after", EXAMPLES_OF.inspect)
    .action((path: string, options: { readonly json?: boolean }) => withWeights(path, host, (source) => inspect(path, source, options.json === true, host)));

  const convertCommand = weights
    .command("convert")
    .argument(...PATH)
    .description("write weights as safetensors (float32)")
    .requiredOption(...OUTPUT);
  addConvertOptions(convertCommand).addHelpText("after", EXAMPLES_OF.convert).action((path: string, options: ConvertOptions) => convertFile(path, options, host));

  weights
    .command("rename")
    .argument(...PATH)
    .description("write weights as safetensors, under other names")
    .requiredOption(...OUTPUT)
    .requiredOption(...RENAME)
    .addHelpText("after", EXAMPLES_OF.rename)
    .action((path: string, options: ConvertOptions) => convertFile(path, options, host));

  const calibrate = weights
    .command("calibrate")
    .argument("<network>", "FILE, FILE#Network, or a name of the standard library")
    .description("make test weights: seeded, with running statistics measured on seeded noise (needs onnxruntime-node)")
    .requiredOption(...OUTPUT)
    .option("--seed <n>", "seed of weights and noise (default: 0)", wholeNumber("--seed", 0));
  addNetworkOptions(calibrate).addHelpText("after", EXAMPLES_OF.calibrate).action(async (network: string, options: CalibrateOptions) => {
    const { calibrateTarget } = await import("../calibrate.ts");
    return calibrateTarget(network, options, host);
  });
}

function addConvertOptions(command: Command): Command {
  command
    .option("--for <network>", "the network they are for: every parameter is found, and nothing is left over")
    .option(...RENAME)
    .option("--ignore <name>", "with --for: let tensors with this name or prefix be unused; repeatable", collectText);
  return addNetworkOptions(command);
}

async function convertFrom(options: FromOptions, command: Command, host: CliHost): Promise<number> {
  const [task] = command.args;
  const { from, output } = options;
  if (task !== undefined) {
    const near = didYouMean(task, command.commands.map((candidate) => candidate.name()));
    throw new UsageError(`\`rnc weights\` has no task \`${task}\`${near === undefined ? "" : `; ${near}`}`, { help: ["`rnc weights --help` lists what it does."] });
  }
  if (from === undefined && Object.keys(options).length === 0) {
    command.outputHelp();
    return 2;
  }
  if (from === undefined) throw new UsageError("`rnc weights` needs `--from PATH`, the weights to read");
  if (output === undefined) throw new UsageError("`rnc weights --from` needs `-o FILE`, the safetensors file to write");
  return convertFile(from, { ...options, output }, host);
}

async function convertFile(path: string, options: ConvertOptions, host: CliHost): Promise<number> {
  if (/\.onnx$/iu.test(options.output)) {
    throw new UsageError("weights are written as safetensors; an ONNX file is a network with its weights", {
      help: [`Write it with \`rnc compile ${options.for ?? "NETWORK"} --weights ${path} -o ${options.output}\`.`],
    });
  }
  if (options.for === undefined) {
    if (options.ignore) throw new UsageError("`--ignore` is about a network that does not take everything; name it with `--for`");
    if (options.set || options.input) throw new UsageError("`--set` and `--input` are about a network; name it with `--for`");
    return withWeights(path, host, (source) => convert(source, options, host));
  }
  const { buildTarget } = await import("../target.ts");
  const graph = await buildTarget(host, options.for, options);
  if (graph === undefined) return 1;
  const places = async () => (await import("../../program/tfjs-places.ts")).tfjsPlaces(graph);
  const renames = (options.rename ?? []).map(parseRename);
  return withWeights(
    path,
    host,
    async (opened) => {
      const { source, applied, unused } = matchWeights(graph.parameters, opened, { renames, ignore: options.ignore ?? [] });
      const { rename: _done, ...rest } = options;
      const remarks = [...(opened.remarks ?? []), ...applied, ...(unused.length > 0 ? [`not used: ${someOf(unused)}`] : [])];
      await convert({ ...source, remarks }, rest, host);
    },
    { places },
  );
}

async function withWeights(path: string, host: CliHost, use: (source: OpenedWeights) => void | Promise<void>, options: Parameters<typeof openWeightsAt>[2] = {}): Promise<number> {
  const source = await openWeightsAt(host, path, options);
  try {
    await use(source);
  } finally {
    await source.close?.();
  }
  return 0;
}

function infosOf(source: WeightSource): TensorInfo[] {
  return source.names().flatMap((name) => source.info(name) ?? []);
}

function inspect(file: string, source: OpenedWeights, json: boolean, host: CliHost): void {
  const infos = infosOf(source);
  const elements = infos.reduce((sum, { shape }) => sum + (elementCount(shape) ?? 0), 0);
  const bytes = infos.reduce((sum, { shape, dtype }) => sum + (elementCount(shape) ?? 0) * BYTES_PER_ELEMENT[dtype], 0);
  if (json) {
    writeJson(host, { file, tensors: infos.map(({ name, dtype, shape }) => ({ name, dtype, shape })), elements, bytes });
    return;
  }
  const { bold, dim } = host.out.colors;
  const rows = infos.map(({ name, dtype, shape }) => ({ cells: [name, dtype, `[${shape.join(", ")}]`, countText(elementCount(shape) ?? 0)] }));
  host.out.write(
    renderTable({ columns: [{ title: "tensor" }, { title: "type" }, { title: "shape" }, { title: "elements", align: "right" }], rows: [...rows, { cells: ["total", "", "", countText(elements)], ruled: true }] }, { title: bold, rule: dim }),
  );
  host.out.write(`\n${countText(infos.length)} tensors, ${countText(bytes)} bytes: ${source.description}\n`);
  for (const remark of source.remarks ?? []) host.out.write(`${remark}\n`);
}

/** Everything that can be a weight, as float32, under its new names; counters and other whole numbers are left out and named. */
async function convert(source: OpenedWeights, options: ConvertOptions, host: CliHost): Promise<void> {
  const rules = (options.rename ?? []).map(parseRename);
  const used = new Set<unknown>();
  const names = new Map<string, string>();
  const left: string[] = [];
  for (const { name, dtype } of infosOf(source)) {
    if (!isFloatDType(dtype)) {
      left.push(name);
      continue;
    }
    const rule = rules.find((candidate) => renamed(name, candidate) !== undefined);
    if (rule) used.add(rule);
    const to = rule ? (renamed(name, rule) ?? name) : name;
    if (to === "__metadata__") throw new InputError(`a tensor of ${source.description} would be called \`${to}\`, which safetensors keeps for itself`, { help: ["Give it another name with `--rename`."] });
    const other = names.get(to);
    if (other !== undefined) throw new InputError(`\`${other}\` and \`${name}\` would both be called \`${to}\``);
    names.set(to, name);
  }
  const idle = rules.find((rule) => !used.has(rule));
  if (idle) throw new InputError(`\`--rename ${idle.from}=${idle.to}\` fits no tensor of ${source.description}`, { help: ["`rnc weights inspect FILE` lists the names."] });
  const renamedTensors = renamedSource(source, names);
  const entries = infosOf(renamedTensors);
  const { size, chunks } = writeSafetensors(entries, renamedTensors, { format: "pt" });
  await writeOutput([{ path: "", sizeInBytes: size, chunks }], options.output, host);
  const told = options.output === "-" ? host.err : host.out;
  told.write(`wrote ${options.output}: ${countText(entries.length)} tensors, ${countText(size)} bytes\n`);
  for (const remark of source.remarks ?? []) told.write(`${remark}\n`);
  if (left.length > 0) told.write(`left out, because they are not weights: ${someOf(left)}\n`);
}

function someOf(names: readonly string[]): string {
  return `${names.slice(0, 5).join(", ")}${names.length > 5 ? ` and ${names.length - 5} more` : ""}`;
}
