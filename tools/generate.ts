/** Writes what is made from other files of the repository: the standard library as one module of texts and trees. */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parse } from "../src/syntax/index.ts";
import { spanLocation } from "../src/base/source-file.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
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
