/** Writes the generated pages of the language reference; a test holds them against the records they are made from. */
import { writeFileSync } from "node:fs";
import { configSchema } from "./config-schema.ts";
import { referencePages } from "./reference-pages.ts";

for (const [path, text] of Object.entries(await referencePages())) writeFileSync(new URL(`../${path}`, import.meta.url), text);
writeFileSync(new URL("../grammar/rnc.schema.json", import.meta.url), configSchema());
