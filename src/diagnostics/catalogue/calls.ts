import { defineDiagnostics } from "../entry.ts";

export const calls = defineDiagnostics({});
