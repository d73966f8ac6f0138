import { defineDiagnostics } from "../entry.ts";

export const lexical = defineDiagnostics({});
