import { defineDiagnostics } from "../entry.ts";

export const limits = defineDiagnostics({});
