import { defineDiagnostics } from "../entry.ts";

export const structure = defineDiagnostics({});
