import { defineDiagnostics } from "../entry.ts";

export const shapes = defineDiagnostics({});
