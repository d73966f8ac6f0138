/**
 * Writes what is made from other files of the repository: what Chevrotain finds out about the grammar, the standard library
 * as one module of texts and trees, the files of a standalone training as texts, and WebAssembly as bytes.
 */
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { spanLocation } from "../src/base/source-file.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const grammarFile = `${root}/src/syntax/grammar.generated.ts`;
const writeGrammar = (value: string): void =>
  writeFileSync(
    grammarFile,
    `// Made by tools/generate.ts from src/syntax/grammar.ts; not edited by hand.\nimport type { PreparedGrammar } from "./prepared-grammar.ts";\n\nexport const preparedGrammar: PreparedGrammar | undefined = ${value};\n`,
  );
// The parser's module names the file, so there must be one before that module can be loaded to make it.
if (!existsSync(grammarFile)) writeGrammar("undefined");
const { prepareGrammarOf } = await import("./prepare-grammar.ts");
writeGrammar(JSON.stringify(prepareGrammarOf()));

const { parse } = await import("../src/syntax/index.ts");
const entries: Record<string, { text: string; tree: string; declarations: Record<string, string> }> = {};
let failed = false;
for (const file of readdirSync(`${root}/stdlib`).sort()) {
  if (!file.endsWith(".resnet")) continue;
  const name = `std.${file.replace(/\.resnet$/, "")}`;
  const text = readFileSync(`${root}/stdlib/${file}`, "utf8");
  const { module, problems } = parse({ path: name, text, standard: true });
  for (const problem of problems) {
    console.error(`${spanLocation(problem.primary.span)}: ${problem.message}`);
    failed = true;
  }
  const { source: _source, ...tree } = module;
  const declarations = Object.fromEntries(module.items.flatMap((item) => (item.kind === "declaration" ? [[item.name.name, item.keyword]] : [])));
  entries[name] = { text, tree: JSON.stringify(tree), declarations };
}
if (failed) process.exit(1);
const body = `// Made by tools/generate.ts from stdlib/; not edited by hand.
export const sources: Readonly<Record<string, { readonly text: string; readonly tree: string; readonly declarations: Readonly<Record<string, "network" | "block" | "recipe">> }>> = ${JSON.stringify(entries, null, 1)};
`;
writeFileSync(`${root}/src/program/standard-library.generated.ts`, body);

const project: Record<string, string> = {};
for (const file of readdirSync(`${root}/templates/tfjs-training`).sort()) project[file] = readFileSync(`${root}/templates/tfjs-training/${file}`, "utf8");
writeFileSync(
  `${root}/src/program/standalone-files.generated.ts`,
  `// Made by tools/generate.ts from templates/tfjs-training/; not edited by hand.\nexport const standaloneFiles: Readonly<Record<string, string>> = ${JSON.stringify(project, null, 1)};\n`,
);

const { default: startWabt } = await import("wabt");
const wat = `${root}/src/weights/fill-normal.wat`;
const { buffer } = (await startWabt()).parseWat(wat, readFileSync(wat, "utf8"), { simd: true }).toBinary({});
writeFileSync(
  `${root}/src/weights/fill-normal.generated.ts`,
  `// Made by tools/generate.ts from src/weights/fill-normal.wat; not edited by hand.\nexport const fillNormalWasm = "${Buffer.from(buffer).toString("base64")}";\n`,
);
