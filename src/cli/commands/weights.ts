import type { Command } from "../command.ts";
import type { CliHost } from "../host.ts";
import { addNetworkOptions, collectText, wholeNumber } from "../options.ts";
import { writeJson } from "../report.ts";
import { countText, renderTable } from "../table.ts";
import type { NetworkOptions } from "../target.ts";
import { BYTES_PER_ELEMENT, elementCount } from "../../weights/element-types.ts";
import { openWeights } from "../../weights/open-weights.ts";
import { parseRename, renamed } from "../../weights/rename.ts";
import { renamedSource } from "../../weights/overlay.ts";
import { writeSafetensors } from "../../weights/safetensors-writer.ts";
import { isFloatDType } from "../../weights/element-types.ts";
import { InputError } from "../../base/input-error.ts";
import type { TensorInfo, WeightSource } from "../../weights/source.ts";
import { writeOutput } from "../write-output.ts";

interface OutputOptions {
  readonly output: string;
  readonly rename?: readonly string[];
}

interface CalibrateOptions extends NetworkOptions {
  readonly output: string;
  readonly seed?: number;
}

const OUTPUT = ["-o, --output <file>", "the safetensors file to write, `-` for standard output"] as const;

/** `rnc weights`: look into files of weights and make new ones. */
export function register(program: Command, host: CliHost): void {
  const weights = program.command("weights").description("look into files of weights (safetensors, PyTorch .pth and .pt); convert, rename, calibrate");

  weights
    .command("inspect")
    .argument("<file>", "a safetensors or PyTorch file")
    .description("list the tensors of a file: names, element types, shapes")
    .option("--json", "print the result as JSON on standard output")
    .action((file: string, options: { readonly json?: boolean }) => withWeights(file, host, (source) => inspect(file, source, options.json === true, host)));

  weights
    .command("convert")
    .argument("<file>", "a safetensors or PyTorch file")
    .description("write a file of weights as safetensors (float32)")
    .requiredOption(...OUTPUT)
    .action((file: string, options: OutputOptions) => withWeights(file, host, (source) => convert(source, options, host)));

  weights
    .command("rename")
    .argument("<file>", "a safetensors or PyTorch file")
    .description("write a file of weights as safetensors, under other names")
    .requiredOption(...OUTPUT)
    .requiredOption("--rename <old=new>", "a name, or the beginning of dotted names, and what takes its place; repeatable", collectText)
    .action((file: string, options: OutputOptions) => withWeights(file, host, (source) => convert(source, options, host)));

  const calibrate = weights
    .command("calibrate")
    .argument("<network>", "FILE, FILE#Network, or a name of the standard library")
    .description("make test weights: seeded, with running statistics measured on seeded noise (needs onnxruntime-node)")
    .requiredOption(...OUTPUT)
    .option("--seed <n>", "seed of weights and noise (default: 0)", wholeNumber("--seed", 0));
  addNetworkOptions(calibrate).action(async (network: string, options: CalibrateOptions) => {
    const { calibrateTarget } = await import("../calibrate.ts");
    return calibrateTarget(network, options, host);
  });
}

async function withWeights(file: string, host: CliHost, use: (source: WeightSource) => void | Promise<void>): Promise<number> {
  const source = await openWeights(await host.openBytes(file));
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

function inspect(file: string, source: WeightSource, json: boolean, host: CliHost): void {
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
}

/** Everything that can be a weight, as float32, under its new names; counters and other whole numbers are left out and named. */
async function convert(source: WeightSource, options: OutputOptions, host: CliHost): Promise<void> {
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
  if (left.length > 0) told.write(`left out, because they are not weights: ${left.slice(0, 5).join(", ")}${left.length > 5 ? ` and ${left.length - 5} more` : ""}\n`);
}
