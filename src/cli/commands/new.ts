import { mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { InputError } from "../../base/input-error.ts";
import type { Command } from "../command.ts";
import { codeOf } from "../node-host.ts";
import type { CliHost } from "../host.ts";
import { UsageError } from "../host.ts";

const HELP = `
Nothing that is there already is written over.

Examples:
  rnc new my-net`;

/** `rnc new`: a folder with a first network and a page that says what to do with it. */
export function register(program: Command, host: CliHost): void {
  program
    .command("new")
    .argument("<folder>", "the folder to make; its last part names the network's file")
    .description("start a project: a first network to change, and a README")
    .addHelpText("after", HELP)
    .action((folder: string) => start(folder, host));
}

function start(folder: string, host: CliHost): number {
  const name = basename(resolve(folder));
  if (!/^[\p{L}\p{N}][\p{L}\p{N} ._-]*$/u.test(name)) throw new UsageError(`\`${name}\` is no good name for a project`, { help: ["Use letters, digits, `-` and `_`."] });
  const kind = host.pathKind(folder);
  if (kind === "file" || kind === "other") throw new InputError(`\`${folder}\` is a file, not a folder`);
  if (kind === "folder" && readdirSync(folder).length > 0) throw new InputError(`the folder \`${folder}\` is not empty`, { help: ["Choose another name; nothing is written over."] });
  const network = networkName(name);
  const spec = `${name}.resnet`;
  write(folder, kind === "missing", { [spec]: specOf(network), "README.md": readmeOf(name, network, spec) });
  const path = join(folder, spec);
  host.out.write(`Made ${path} and ${join(folder, "README.md")}.\n\nNext:\n  rnc check "${path}"\n  rnc summary "${path}"\n  rnc compile "${path}" -o "${join(folder, `${name}.onnx`)}"\n`);
  return 0;
}

/** Both files or none: what was begun is taken away again when the second cannot be written. */
function write(folder: string, isNew: boolean, files: Readonly<Record<string, string>>): void {
  const written: string[] = [];
  try {
    if (isNew) mkdirSync(folder);
    for (const [name, text] of Object.entries(files)) {
      const path = join(folder, name);
      written.push(path);
      writeFileSync(path, text, { flag: "wx" });
    }
  } catch (error) {
    for (const path of written) rmSync(path, { force: true });
    if (codeOf(error) === "ENOENT") throw new InputError(`there is no folder \`${dirname(resolve(folder))}\` to make \`${basename(folder)}\` in`);
    if (codeOf(error) === "ENOSPC") throw new InputError("the disk is full; nothing was made");
    if (["EACCES", "EPERM", "EROFS"].includes(codeOf(error) ?? "")) throw new InputError(`\`${folder}\` cannot be written here: no permission`);
    throw error;
  }
}

/** `my-net` → `MyNet`; a name that does not begin with a Latin letter gets `Net` in front. */
function networkName(name: string): string {
  const words = name.split(/[^A-Za-z0-9]+/).filter((word) => word !== "");
  const joined = words.map((word) => word.slice(0, 1).toUpperCase() + word.slice(1)).join("");
  return /^[A-Z]/.test(joined) ? joined : `Net${joined}`;
}

function specOf(network: string): string {
  return `/// A small residual network for 32x32 images, in the form of He et al. 2015, section 4.2.

use std.blocks { basic, stage }
use std.shortcuts { A, B }

/// ${"`n`"} blocks in each of three stages: 6n+2 layers.
network ${network}(n: int = 3, option: block = A, classes: int = 10) {
  require n >= 1, "a stage has at least one block"
  input image: float32[N, 3, 32, 32]
  shortcuts option

  conv(3x3, 16) -> bn -> relu
  layer1: stage(n, basic(16))
  layer2: stage(n, basic(32), stride=2)
  layer3: stage(n, basic(64), stride=2)
  globalavgpool -> fc: linear(classes)

  expect shape == [N, classes]
}
`;
}

function readmeOf(name: string, network: string, spec: string): string {
  return `# ${name}

A network in the language of rnc: \`${spec}\`.

    rnc check ${spec}                        names, shapes, shortcuts, contracts
    rnc lint ${spec}                         what a careful colleague would say of it
    rnc summary ${spec}                      layers, sizes, parameters, multiply-adds
    rnc summary ${spec} --set n=9            the same with 56 layers
    rnc summary ${spec} --set option=B       projections where the dimensions change
    rnc compile ${spec} -o ${network}.onnx   an ONNX file with initial weights

\`rnc list\` prints what the standard library has, \`rnc explain basic\` one part of it, and
\`rnc explain RN0501\` what a message means.
`;
}
