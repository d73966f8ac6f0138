import { catalogue } from "../diagnostics/catalogue.ts";
import type { Code } from "../diagnostics/catalogue.ts";
import type { CatalogueEntry } from "../diagnostics/entry.ts";
import { loadProgram } from "../program/load.ts";
import { checkProgram } from "../program/networks.ts";
import type { Document } from "./document.ts";
import { code, document, prose, quote } from "./document.ts";

/** A message of the compiler: why it is said, a program that it is said of, with its words there, and the same program mended. */
export async function messageDocument(key: Code): Promise<Document> {
  const { slug, summary, explanation, wrong, right }: CatalogueEntry = catalogue[key];
  const { problems } = checkProgram(await loadProgram({ path: "sample.resnet", text: wrong, standard: false }));
  const [problem] = problems;
  return document(`${key} ${slug}`, [
    prose(summary),
    prose(explanation),
    code(wrong, { caption: "Wrong:", info: `resnet wrong ${key}` }),
    problem && quote(problem.message),
    code(right, { caption: "Right:" }),
  ]);
}
