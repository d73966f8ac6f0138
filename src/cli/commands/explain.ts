import { InputError } from "../../base/input-error.ts";
import { nearest } from "../../base/suggest.ts";
import { renderMarkdown } from "../../reference/markdown.ts";
import { documentAbout, overviewDocument, subjectNames } from "../../reference/subjects.ts";
import type { Command } from "../command.ts";
import { renderDocument } from "../document-text.ts";
import type { CliHost } from "../host.ts";
import { UsageError } from "../host.ts";

const EXAMPLES = `
Examples:
  rnc explain RN0501              a message, with a wrong program and a right one
  rnc explain RL05                a rule of the linter
  rnc explain conv                an operator: shapes, arguments, defaults
  rnc explain shortcuts           a word of the language
  rnc explain ResNet50            a part of the library: parameters, counts, how to use it
  rnc explain bottleneck --markdown`;

/** `rnc explain`: whatever has a name in the language, its library, its messages and its linter. */
export function register(program: Command, host: CliHost): void {
  program
    .command("explain")
    .argument("[name]", "what has a name: nothing means a list of everything")
    .description("explain a message, a rule of the linter, a word of the language, an operator, a function or a part of the standard library")
    .option("--markdown", "print Markdown")
    .addHelpText("after", EXAMPLES)
    // `->` is a sign to be explained, no option.
    .allowUnknownOption()
    .action(async (name: string | undefined, { markdown }: { readonly markdown?: boolean }) => {
      const document = name === undefined ? overviewDocument() : await documentAbout(name);
      if (document === undefined) throw unknownSubject(name ?? "");
      host.out.write(markdown ? `${renderMarkdown(document).trimEnd()}\n` : renderDocument(document, host.out));
      return 0;
    });
}

function unknownSubject(name: string): InputError | UsageError {
  if (name.startsWith("-")) return new UsageError(`unknown option '${name}'`);
  const near = nearest(name, subjectNames());
  return new InputError(`nothing is called \`${name}\``, {
    help: [near.length > 0 ? `Did you mean ${near.map((entry) => `\`${entry}\``).join(" or ")}?` : "`rnc explain` without a name prints everything it knows."],
  });
}
