/** `grammar/KEYWORDS.md`: the words and signs of the language, from their records. */
import { keywordDocument } from "../src/reference/language.ts";
import { anchorOf, inlineCode, markdownTable, renderMarkdown } from "../src/reference/markdown.ts";
import type { Keyword } from "../src/syntax/keywords.ts";
import { KEYWORDS, SIGNS } from "../src/syntax/keywords.ts";

export function keywordsPage(): string {
  const row = ([name, { form, summary }]: [string, Keyword]): readonly string[] => [/\w/.test(name) ? `[${name}](#${anchorOf(name)})` : inlineCode(name), inlineCode(form), summary];
  const part = (name: string): string => {
    const document = keywordDocument(name);
    return document === undefined ? "" : renderMarkdown({ ...document, title: /\w/.test(name) ? name : inlineCode(name) }, 2);
  };
  return [
    "# Words and signs\n\n",
    "Made from the compiler's own records by `npm run generate:reference`; not edited by hand. [LANGUAGE.md](LANGUAGE.md) has the whole of the language;\n",
    "`rnc explain WORD` prints one of these.\n\n",
    markdownTable(["word", "form", "what it does"], [...Object.entries(KEYWORDS), ...Object.entries(SIGNS)].map(row)),
    ...[...Object.keys(KEYWORDS), ...Object.keys(SIGNS)].map(part),
  ].join("");
}
