/** Writes the generated pages of the language reference and of the paper's tables; tests hold them against what they are made from. */
import { writeFileSync } from "node:fs";
import { configSchema } from "./config-schema.ts";
import { PAPER_PAGE, paperPage } from "./paper-page.ts";
import { firings, PRECISION_PAGE, precisionPage } from "./precision-page.ts";
import { referencePages } from "./reference-pages.ts";

for (const [path, text] of Object.entries({ ...(await referencePages()), [PAPER_PAGE]: paperPage() })) writeFileSync(new URL(`../${path}`, import.meta.url), text);
writeFileSync(new URL(`../${PRECISION_PAGE}`, import.meta.url), precisionPage(firings()));
writeFileSync(new URL("../grammar/rnc.schema.json", import.meta.url), configSchema());
