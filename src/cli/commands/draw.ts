import { extname } from "node:path";
import type { PictureForm } from "../../draw/draw.ts";
import type { PictureOptions } from "../../draw/picture.ts";
import type { Graph } from "../../ir/graph.ts";
import type { Command } from "../command.ts";
import type { CliHost } from "../host.ts";
import { UsageError } from "../host.ts";
import { addNetworkOptions, wholeNumber } from "../options.ts";
import type { NetworkOptions } from "../target.ts";
import { buildTarget } from "../target.ts";
import { writeText } from "../write-text.ts";

interface DrawOptions extends NetworkOptions, PictureOptions {
  readonly output?: string;
  readonly format?: PictureForm;
}

const DETAILS = `
Layers are boxes from top to bottom, their colour says how many channels they give; on the left are the sizes of the
maps. A convolution, the normalisation and the activation after it (before it in pre-activation nets) are one box,
as in Fig. 3 of He et al. 2015; hovering over it in a browser names every layer. Identity shortcuts are solid lines, those
that a shortcut option made of layers dotted. \`--all-layers\` draws every layer as a box.

Several networks stand side by side, layers of the same output size at the same height.

Examples:
  rnc draw ResNet34 -o ResNet34.svg
  rnc draw ResNet152 --fold -o ResNet152.svg        identical blocks once, with how often
  rnc draw VGG19 Plain34 ResNet34 -o fig3.svg       Fig. 3 of the paper
  rnc draw net.resnet#Net --depth 2 -o net.svg      one box a block
  rnc draw GoogLeNet --format dot | dot -Tpdf -o GoogLeNet.pdf

Exit codes: 0 drawn, 1 a network has errors, or the file cannot be written, 2 wrong usage.`;

const FORMS: Readonly<Record<string, PictureForm>> = { ".svg": "svg", ".dot": "dot", ".gv": "dot" };

/** `rnc draw`: networks as a picture. */
export function register(program: Command, host: CliHost): void {
  const command = program
    .command("draw")
    .argument("<networks...>", "FILE, FILE#Network, names of the standard library (ResNet34), or `-`")
    .description("networks as a picture in the form of the paper's Fig. 3: layers, widths, sizes, shortcuts")
    .option("-o, --output <file>", "the file to write: .svg, or .dot for Graphviz (default: standard output, for a file or another program)")
    .option("--format <format>", "svg or dot, where the name of the file does not say it (default: svg)", formOf)
    .option("--fold", "draw identical blocks in a row once")
    .option("--depth <n>", "one box for all layers with the first N parts of their paths in common (1: stages)", wholeNumber("--depth", 1))
    .option("--all-layers", "draw every layer as a box: normalisations, activations, inserted shortcuts")
    .addHelpText("after", DETAILS);
  addNetworkOptions(command).action((networks: string[], options: DrawOptions) => run(networks, options, host));
}

async function run(networks: readonly string[], options: DrawOptions, host: CliHost): Promise<number> {
  const { output, depth, allLayers } = options;
  if (allLayers && depth !== undefined) throw new UsageError("`--all-layers` draws every layer, and `--depth` draws many as one: choose one");
  const form = formFor(output, options.format);
  if (output === undefined && host.out.isTerminal) {
    const [first = ""] = networks;
    throw new UsageError("a picture as text is nothing to read on a terminal", { help: [`Name a file: \`rnc draw ${first} -o ${nameOf(first)}.${form}\`; \`-o -\` prints the text.`] });
  }
  const graphs: Graph[] = [];
  for (const network of networks) {
    const graph = await buildTarget(host, network, options);
    if (graph) graphs.push(graph);
  }
  if (graphs.length < networks.length) return 1;
  // Only now: what is wrong with a network is said without waiting for what draws.
  const { drawNetworks } = await import("../../draw/draw.ts");
  await writeText(output ?? "-", drawNetworks(graphs, form, options));
  if (output !== undefined && output !== "-") host.out.write(`wrote ${output}\n`);
  return 0;
}

function formOf(text: string): PictureForm {
  if (text === "svg" || text === "dot") return text;
  throw new UsageError(`there is no format \`${text}\``, { help: ["Formats are svg and dot. Graphviz makes others: `rnc draw ResNet34 --format dot | dot -Tpdf -o ResNet34.pdf`."] });
}

/** What the name of the file or `--format` says; they must not say different things. */
function formFor(output: string | undefined, format: PictureForm | undefined): PictureForm {
  if (output === undefined || output === "-") return format ?? "svg";
  const named = FORMS[extname(output).toLowerCase()];
  if (named !== undefined && format !== undefined && named !== format) throw new UsageError(`\`-o ${output}\` is the name of ${named === "svg" ? "an SVG picture" : "a DOT file"}, and \`--format ${format}\` asks for another: leave one out`);
  const form = format ?? named;
  if (form === undefined) throw new UsageError(`\`-o ${output}\`: a picture is an .svg file, or a .dot file for Graphviz`, { help: ["Give the file such a name, or say `--format svg`."] });
  return form;
}

/** A name for the picture of a network: `net` of `nets/net.resnet`, `Net` of `net.resnet#Net`. */
function nameOf(target: string): string {
  const name = /([^/#]+?)(?:\.resnet)?$/.exec(target)?.[1] ?? "";
  return name === "" || name === "-" ? "network" : name;
}
