import { defineDiagnostics } from "../entry.ts";

export const names = defineDiagnostics({});
