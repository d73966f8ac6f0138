import { defineDiagnostics } from "../entry.ts";

export const shortcuts = defineDiagnostics({});
